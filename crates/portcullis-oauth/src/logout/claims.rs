//! The claims of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).

use std::time::Duration;

use portcullis_core::{Denial, Reason};

use crate::json::{Json, Members};
use crate::jwt::is_media_type;
use crate::token::numeric_date;
use crate::token::refusal::{invalid_claim, refuse};

/// The member of `events` that makes it a logout token.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a logout token says.
#[derive(Debug)]
pub(super) struct LogoutClaims<'c> {
    pub(super) subject: Option<&'c str>,
    pub(super) session_id: Option<&'c str>,
    pub(super) token_id: &'c str,
    pub(super) issued: Duration,
    pub(super) expires: Duration,
}

/// `typ` in the strict profile (§2.4: it "SHOULD" be there).
pub(super) fn is_logout_token(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| is_media_type(typ, "logout+jwt"))
}

/// The same for providers that write `JWT` everywhere.
pub(super) fn is_untyped_logout_token(typ: Option<&str>) -> bool {
    is_logout_token(typ) || typ.is_some_and(|typ| is_media_type(typ, "JWT"))
}

impl<'c> LogoutClaims<'c> {
    /// Reads and checks everything but the time.
    pub(super) fn read(claims: Members<'c, '_>, issuer: &str, client_id: &str) -> Result<Self, Denial> {
        if text(claims, "iss")?.ok_or_else(missing)? != issuer {
            return Err(refuse(Reason::TokenIssuerUnknown, "`iss` is not the issuer's identifier"));
        }
        check_audience(claims.get("aud").ok_or_else(missing)?, client_id)?;
        // §2.4: what has a nonce is an ID token.
        if claims.has("nonce") {
            return Err(refuse(Reason::TokenTypeRefused, "a logout token has no `nonce`"));
        }
        let event = claims.get("events").and_then(Json::as_object).and_then(|all| all.get(LOGOUT_EVENT));
        if !event.is_some_and(|event| matches!(event, Json::Object(_))) {
            return Err(refuse(Reason::TokenTypeRefused, "`events` tells of no logout"));
        }
        let (subject, session_id) = (text(claims, "sub")?, text(claims, "sid")?);
        if subject.is_none() && session_id.is_none() {
            return Err(missing());
        }
        Ok(Self {
            subject,
            session_id,
            token_id: text(claims, "jti")?.ok_or_else(missing)?,
            issued: date(claims, "iat")?,
            expires: date(claims, "exp")?,
        })
    }
}

fn check_audience(audience: &Json<'_>, client_id: &str) -> Result<(), Denial> {
    let meant = match audience {
        Json::Text(audience) => audience == client_id,
        Json::List(all) if all.iter().all(|one| one.as_text().is_some()) => {
            all.iter().any(|one| one.as_text() == Some(client_id))
        }
        _ => return Err(invalid_claim("`aud` is neither text nor a list of texts")),
    };
    if meant {
        Ok(())
    } else {
        Err(refuse(Reason::TokenAudienceMismatch, "the logout token is meant for another client"))
    }
}

/// Text that says something.
fn text<'c>(claims: Members<'c, '_>, name: &str) -> Result<Option<&'c str>, Denial> {
    let value = claims.get(name).map(|value| value.as_text().filter(|text| !text.is_empty()));
    value.map(|text| text.ok_or_else(|| invalid_claim("a claim has the wrong type"))).transpose()
}

fn date(claims: Members<'_, '_>, name: &str) -> Result<Duration, Denial> {
    let value = claims.get(name).ok_or_else(missing)?;
    numeric_date::read(value).ok_or_else(|| invalid_claim("a claim has the wrong type"))
}

fn missing() -> Denial {
    refuse(Reason::TokenClaimMissing, "a required claim is missing")
}
