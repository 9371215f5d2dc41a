//! Which kind of token it is: access tokens are taken, every other kind is refused (RFC 8725 §3.12).

use portcullis_core::{Confirmation, Denial, Reason};

use crate::bearer::Profile;
use crate::json::{Json, Members, Name};
use crate::token::refusal::refuse;

/// Claims that only other kinds have: ID tokens (OpenID Connect Core §2, §3.3.2.11), logout tokens and security
/// events (RFC 8417 §2.2), DPoP proofs (RFC 9449 §4.2), signed introspection answers (RFC 9701 §5).
static FOREIGN_CLAIMS: [Name; 8] = [
    Name::new("at_hash"),
    Name::new("c_hash"),
    Name::new("s_hash"),
    Name::new("nonce"),
    Name::new("events"),
    Name::new("htm"),
    Name::new("htu"),
    Name::new("token_introspection"),
];

/// Claims in which providers without media types write the kind, and what they write into access tokens
/// (Keycloak `typ`, Amazon Cognito `token_use`).
static KIND_CLAIMS: [(Name, &[&str]); 3] = [
    (Name::new("typ"), &["Bearer", "DPoP", "at+jwt"]),
    (Name::new("token_use"), &["access"]),
    (Name::new("token_type"), &["Bearer", "DPoP", "access_token"]),
];

/// RFC 9068 §4: the header's `typ`.
pub(super) fn check_typ(typ: Option<&str>, profile: Profile) -> Result<(), Denial> {
    if is_access_token(typ, profile) {
        Ok(())
    } else {
        Err(refuse(Reason::TokenTypeRefused, "the header's `typ` is not that of an access token"))
    }
}

pub(super) fn is_access_token(typ: Option<&str>, profile: Profile) -> bool {
    let is = |expected| typ.is_some_and(|typ| is_media_type(typ, expected));
    match profile {
        Profile::Rfc9068 => is("at+jwt"),
        Profile::UntypedJwt => is("at+jwt") || is("JWT") || typ.is_none(),
    }
}

/// Marks of other kinds in the claims, for tokens whose header does not tell. `true` if the token calls itself one
/// of DPoP there.
pub(super) fn check_claims(claims: Members<'_, '_>) -> Result<bool, Denial> {
    if FOREIGN_CLAIMS.iter().any(|name| claims.get_known(name).is_some()) {
        return Err(refuse(Reason::TokenTypeRefused, "a claim belongs to another kind of token"));
    }
    let mut is_of_dpop = false;
    for (name, accepted) in &KIND_CLAIMS {
        if let Some(kind) = claims.get_known(name) {
            if !is_one_of(kind, accepted) {
                return Err(refuse(Reason::TokenTypeRefused, "the claims name another kind of token"));
            }
            is_of_dpop |= is_one_of(kind, &["DPoP"]);
        }
    }
    Ok(is_of_dpop)
}

/// RFC 9449 §6: what is of DPoP is bound to a key. Without the key it would count for whoever holds the token.
pub(super) fn check_key(is_of_dpop: bool, bound: Option<&Confirmation>) -> Result<(), Denial> {
    if !is_of_dpop || matches!(bound, Some(Confirmation::DpopKey(_))) {
        Ok(())
    } else {
        Err(refuse(Reason::TokenBindingUnproven, "the token calls itself DPoP, and is bound to no key"))
    }
}

/// What an authorization server says of a token: it is told there in words of its own which kind it is.
#[cfg(feature = "introspection")]
pub(super) fn check_introspected(claims: Members<'_, '_>) -> Result<(), Denial> {
    const KINDS: [(&str, &[&str]); 3] = [
        // Keycloak.
        ("typ", &["Bearer", "DPoP", "at+jwt"]),
        // Amazon Cognito, Ory Hydra.
        ("token_use", &["access", "access_token"]),
        // RFC 7662 §2.2, RFC 9449 §6.2: a type of RFC 6749 §5.1.
        ("token_type", &["Bearer", "DPoP", "access_token"]),
    ];
    if FOREIGN_CLAIMS.iter().any(|name| name.as_str() != "nonce" && claims.get_known(name).is_some()) {
        return Err(refuse(Reason::TokenTypeRefused, "a claim belongs to another kind of token"));
    }
    for (name, accepted) in KINDS {
        if claims.get(name).is_some_and(|kind| !is_one_of(kind, accepted)) {
            return Err(refuse(Reason::TokenTypeRefused, "the answer names another kind of token"));
        }
    }
    Ok(())
}

/// RFC 9449 §6.2: a token of the type DPoP is bound to a key, and one that is bound to a key is of no other type.
#[cfg(feature = "introspection")]
pub(super) fn check_presentation(
    claims: Members<'_, '_>,
    bound: Option<&Confirmation>,
) -> Result<(), Denial> {
    let Some(kind) = claims.get("token_type") else { return Ok(()) };
    if is_one_of(kind, &["DPoP"]) == matches!(bound, Some(Confirmation::DpopKey(_))) {
        Ok(())
    } else {
        Err(refuse(Reason::TokenBindingUnproven, "`token_type` and `cnf` contradict each other"))
    }
}

fn is_one_of(kind: &Json<'_>, accepted: &[&str]) -> bool {
    kind.as_text().is_some_and(|kind| accepted.iter().any(|known| known.eq_ignore_ascii_case(kind)))
}

/// RFC 7515 §4.1.9: compared as media types, without case, `application/` may be left out.
pub(crate) fn is_media_type(value: &str, expected: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match value.split_at_checked(PREFIX.len()) {
        Some((prefix, short)) if prefix.eq_ignore_ascii_case(PREFIX) => short,
        _ => value,
    };
    short.eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[track_caller]
    fn check(typ: Option<&str>, strict: bool, untyped: bool) {
        assert_eq!(check_typ(typ, Profile::Rfc9068).is_ok(), strict, "strict {typ:?}");
        assert_eq!(check_typ(typ, Profile::UntypedJwt).is_ok(), untyped, "untyped {typ:?}");
    }

    /// A2.21, A3.1, RFC 7515 §4.1.9, RFC 9068 §4.
    #[test]
    fn typ_compares_as_a_media_type() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            check(Some(typ), true, true);
        }
        for typ in ["JWT", "jwt", "application/jwt"] {
            check(Some(typ), false, true);
        }
        check(None, false, true);
    }

    /// A2.22, RFC 8725 §3.12.
    #[test]
    fn other_kinds_are_refused_in_either_profile() {
        for typ in [
            "dpop+jwt",
            "logout+jwt",
            "token-introspection+jwt",
            "secevent+jwt",
            "id+jwt",
            "rt+jwt",
            "oauth-authz-req+jwt",
            "text/at+jwt",
            "at+jwt;a=b",
            "application/application/at+jwt",
            " at+jwt",
            "at",
            "JOSE",
            "",
            "é",
        ] {
            check(Some(typ), false, false);
        }
    }

    /// A2.22, RFC 8725 §3.12.
    #[test]
    fn claims_of_other_kinds_are_refused_even_where_typ_says_nothing() {
        let reason = |claims: &str| {
            let claims = json::object(claims.as_bytes()).expect("a JSON object");
            check_claims(claims.members()).map_err(|denial| denial.reason())
        };
        for name in FOREIGN_CLAIMS.map(Name::as_str) {
            assert_eq!(reason(&format!("{{\"{name}\":1}}")), Err(Reason::TokenTypeRefused), "{name}");
        }
        for claims in [
            r#"{"typ":"ID"}"#,
            r#"{"typ":"Refresh"}"#,
            r#"{"typ":"Offline"}"#,
            r#"{"typ":1}"#,
            r#"{"token_use":"id"}"#,
            r#"{"token_type":"refresh_token"}"#,
        ] {
            assert_eq!(reason(claims), Err(Reason::TokenTypeRefused), "{claims}");
        }
        for claims in [r#"{"typ":"Bearer"}"#, r#"{"token_use":"access"}"#, r#"{"act":{"sub":"a"}}"#, "{}"] {
            assert_eq!(reason(claims), Ok(false), "{claims}");
        }
    }
}
