//! The claims, checked against what the issuer is configured for (RFC 7519 §4.1, RFC 9068 §2.2, §4).

use std::time::Duration;

use portcullis_core::{Actor, Confirmation, Denial, Reason, Scope, Scopes, SourceText};
use smallvec::SmallVec;

use super::kind;
use crate::bearer::{ClaimPath, IssuerRules, Profile};
use crate::json::{Json, Members};
use crate::token::refusal::{invalid_claim, refuse};
use crate::token::{actors, confirmation, numeric_date};

/// A list of names; one of the usual length costs no allocation.
type Texts<'c> = SmallVec<[&'c str; 4]>;

/// What is read of the claims; everything else stays in the principal's claims. It is large, so that it is filled where it
/// stands, and lent.
#[derive(Debug, Default)]
pub(crate) struct Registered<'c> {
    pub(super) issuer: Option<&'c str>,
    pub(super) subject: &'c str,
    pub(super) client_id: Option<&'c str>,
    pub(super) token_id: Option<&'c str>,
    pub(super) session_id: Option<&'c str>,
    pub(super) tenant: Option<&'c str>,
    pub(super) expires: Option<Duration>,
    pub(super) not_before: Option<Duration>,
    pub(super) issued: Option<Duration>,
    pub(super) auth_time: Option<Duration>,
    pub(super) acr: Option<&'c str>,
    pub(super) amr: Texts<'c>,
    pub(super) scopes: Scopes,
    pub(super) roles: Texts<'c>,
    pub(super) groups: Texts<'c>,
    /// Who acts for the caller, the outermost first.
    pub(super) actors: Vec<Actor>,
    /// Whether the issuer marks the token as one of a client on its own behalf.
    pub(super) acts_as_client: bool,
    /// What the token is bound to, which is not proven yet.
    pub(super) confirmation: Option<Confirmation>,
}

impl<'c> Registered<'c> {
    /// Reads and checks everything but the time, which a remembered token is asked about again. The source is the text
    /// of the claims.
    pub(super) fn read(
        &mut self,
        claims: Members<'c, '_>,
        source: &SourceText,
        rules: &IssuerRules,
    ) -> Result<(), Denial> {
        // RFC 8725 §3.8, RFC 9068 §4: the exact text, by which the keys were picked already.
        let issuer = required(claims, "iss", Json::as_text)?;
        if issuer != &*rules.identifier {
            return Err(refuse(Reason::TokenIssuerUnknown, "`iss` is not the issuer's identifier"));
        }
        self.issuer = Some(issuer);
        check_audience(claims, rules)?;
        let is_of_dpop = kind::check_claims(claims)?;
        let strict = rules.profile == Profile::Rfc9068;
        self.subject = required(claims, "sub", text)?;
        self.expires = Some(required(claims, "exp", numeric_date::read)?);
        self.read_other(claims, source, rules, strict)?;
        kind::check_key(is_of_dpop, self.confirmation.as_ref())
    }

    /// Reads what an authorization server says of a token, in which RFC 7662 §2.2 requires nothing of this; what
    /// is there is checked all the same.
    #[cfg(feature = "introspection")]
    pub(crate) fn read_introspected(
        &mut self,
        claims: Members<'c, '_>,
        source: &SourceText,
        rules: &IssuerRules,
        audience_may_lack: bool,
    ) -> Result<(), Denial> {
        self.issuer = optional(claims, "iss", text)?;
        if self.issuer.is_some_and(|issuer| issuer != &*rules.identifier) {
            return Err(refuse(Reason::TokenIssuerUnknown, "`iss` is not the issuer's identifier"));
        }
        if !audience_may_lack || claims.has("aud") {
            check_audience(claims, rules)?;
        }
        kind::check_introspected(claims)?;
        // RFC 9068 §2.2: where no user takes part, the subject is the client.
        self.subject = match optional(claims, "sub", text)? {
            Some(subject) => subject,
            None => client(claims, false)?.ok_or_else(missing)?,
        };
        self.expires = optional(claims, "exp", numeric_date::read)?;
        self.read_other(claims, source, rules, false)?;
        self.acts_as_client |= !claims.has("sub");
        kind::check_presentation(claims, self.confirmation.as_ref())
    }

    fn read_other(
        &mut self,
        claims: Members<'c, '_>,
        source: &SourceText,
        rules: &IssuerRules,
        strict: bool,
    ) -> Result<(), Denial> {
        self.client_id = client(claims, strict)?;
        self.token_id = when(strict, claims, "jti", text)?;
        self.session_id = optional(claims, "sid", text)?;
        self.tenant = mapped_text(claims, rules.mapping.tenant.as_ref())?;
        self.not_before = optional(claims, "nbf", numeric_date::read)?;
        self.issued = when(strict, claims, "iat", numeric_date::read)?;
        self.auth_time = optional(claims, "auth_time", numeric_date::read)?;
        self.acr = optional(claims, "acr", text)?;
        if let Some(methods) = optional(claims, "amr", texts)? {
            self.amr = methods;
        }
        self.scopes = scopes(claims, source, &rules.mapping.scopes)?;
        mapped_names(claims, &rules.mapping.roles, &mut self.roles)?;
        mapped_names(claims, &rules.mapping.groups, &mut self.groups)?;
        self.actors = actors(claims, rules.mapping.max_actors)?;
        self.acts_as_client = rules.mapping.tells_client(claims);
        self.confirmation = confirmation(claims)?;
        // RFC 9396 §2: passed on to guards, once it has the form that they may rely on.
        optional(claims, "authorization_details", authorization_details)?;
        for name in &rules.required_claims {
            if !claims.has(name) {
                return Err(refuse(Reason::TokenClaimMissing, "a claim that the issuer must set is missing"));
            }
        }
        Ok(())
    }
}

/// RFC 7519 §4.1.3: one text or a list of texts, in which one of ours must stand.
fn check_audience(claims: Members<'_, '_>, rules: &IssuerRules) -> Result<(), Denial> {
    let is_ours = |audience: &str| rules.audiences.iter().any(|own| own.as_ref() == audience);
    let meant = match claims.get("aud") {
        None if rules.mapping.client_is_audience => is_ours(required(claims, "client_id", text)?),
        None => return Err(missing()),
        Some(Json::Text(audience)) => is_ours(audience),
        Some(value) => {
            let audiences = texts(value).filter(|list| !list.is_empty());
            audiences
                .ok_or_else(|| invalid_claim("`aud` is neither text nor a list of texts"))?
                .into_iter()
                .any(is_ours)
        }
    };
    if meant {
        Ok(())
    } else {
        Err(refuse(Reason::TokenAudienceMismatch, "the token is meant for another audience"))
    }
}

/// `client_id` (RFC 9068 §2.2); outside the profile also what providers wrote before it.
fn client<'c>(claims: Members<'c, '_>, strict: bool) -> Result<Option<&'c str>, Denial> {
    if strict {
        return required(claims, "client_id", text).map(Some);
    }
    for name in ["client_id", "azp", "cid", "appid"] {
        if let Some(client) = optional(claims, name, text)? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// RFC 9068 §2.2.3: `scope` is one text, unless the issuer is configured to write it elsewhere.
fn scopes(claims: Members<'_, '_>, source: &SourceText, paths: &[ClaimPath]) -> Result<Scopes, Denial> {
    let invalid = || invalid_claim("a scope is malformed");
    if paths.is_empty() {
        let text = optional(claims, "scope", Json::as_text)?;
        let parse = |text| Scopes::parse_from(source, text).map_err(|_| invalid());
        return text.map_or(Ok(Scopes::EMPTY), parse);
    }
    let mut scopes: Vec<Scope> = Vec::new();
    for value in paths.iter().filter_map(|path| claims.at(path)) {
        match value {
            Json::Text(text) => {
                let read = Scopes::parse_from(source, text).map_err(|_| invalid())?;
                scopes.extend(read.iter().cloned());
            }
            _ => {
                for token in texts(value).ok_or_else(invalid)? {
                    scopes.push(Scope::new(token).map_err(|_| invalid())?);
                }
            }
        }
        if scopes.len() > portcullis_core::MAX_SCOPES {
            return Err(invalid());
        }
    }
    Ok(scopes.into_iter().collect())
}

/// Roles and groups in the shapes of SCIM (RFC 9068 §2.2.3.1, RFC 7643 §2.4): a list of texts or of objects with
/// a text `value`; also one text.
fn mapped_names<'c>(
    claims: Members<'c, '_>,
    paths: &[ClaimPath],
    names: &mut Texts<'c>,
) -> Result<(), Denial> {
    for value in paths.iter().filter_map(|path| claims.at(path)) {
        match value {
            Json::Text(name) => names.push(name.as_ref()),
            Json::List(list) => {
                for entry in list {
                    let name = entry.as_object().map_or(Some(entry), |object| object.get("value"));
                    let name = name.and_then(text);
                    names.push(name.ok_or_else(|| invalid_claim("a role or group is malformed"))?);
                }
            }
            _ => return Err(invalid_claim("roles or groups are neither text nor a list")),
        }
    }
    Ok(())
}

fn mapped_text<'c>(claims: Members<'c, '_>, path: Option<&ClaimPath>) -> Result<Option<&'c str>, Denial> {
    let value = path.and_then(|path| claims.at(path));
    value.map(|value| text(value).ok_or_else(|| invalid_claim("the tenant is no text"))).transpose()
}

/// RFC 9396 §2: a list of objects, each of a type.
fn authorization_details(value: &Json<'_>) -> Option<()> {
    let is_typed = |detail: &Json<'_>| detail.as_object()?.get("type").and_then(text).map(drop);
    value.as_list()?.iter().try_for_each(is_typed)
}

/// Text that says something: an empty name would be everybody's.
fn text<'c>(value: &'c Json<'_>) -> Option<&'c str> {
    value.as_text().filter(|text| !text.is_empty())
}

fn texts<'c>(value: &'c Json<'_>) -> Option<Texts<'c>> {
    value.as_list()?.iter().map(text).collect()
}

/// Inlined, as those below, so that the place of the name is known when this is compiled.
#[inline(always)]
fn optional<'c, 'a: 'c, T>(
    claims: Members<'c, 'a>,
    name: &str,
    read: impl FnOnce(&'c Json<'a>) -> Option<T>,
) -> Result<Option<T>, Denial> {
    let value = claims.get(name);
    value.map(|value| read(value).ok_or_else(|| invalid_claim("a claim has the wrong type"))).transpose()
}

#[inline(always)]
fn required<'c, 'a: 'c, T>(
    claims: Members<'c, 'a>,
    name: &str,
    read: impl FnOnce(&'c Json<'a>) -> Option<T>,
) -> Result<T, Denial> {
    optional(claims, name, read)?.ok_or_else(missing)
}

/// Required in the strict profile, else optional.
#[inline(always)]
fn when<'c, 'a: 'c, T>(
    strict: bool,
    claims: Members<'c, 'a>,
    name: &str,
    read: impl FnOnce(&'c Json<'a>) -> Option<T>,
) -> Result<Option<T>, Denial> {
    if strict { required(claims, name, read).map(Some) } else { optional(claims, name, read) }
}

fn missing() -> Denial {
    refuse(Reason::TokenClaimMissing, "a required claim is missing")
}
