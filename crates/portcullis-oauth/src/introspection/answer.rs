//! What the issuer says of a token (RFC 7662 §2.2, RFC 9701 §5).

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use portcullis_client::Fetched;
use portcullis_core::{CredentialMethod, Denial, Reason, SourceText};

use super::error::{IntrospectionError, Kind};
use crate::bearer::IssuerRules;
use crate::json::{self, Json, Members};
use crate::jwt::{Registered, SignedAs, is_media_type, signed_claims, verified};
use crate::keys::KeySource;
use crate::token::refusal::refuse;
use crate::token::{Verified, numeric_date};

/// The largest answer that is read, in octets: 64 KiB.
pub const MAX_ANSWER_OCTETS: usize = 64 * 1024;

/// How long ago a signed answer may have been made: one minute, and the leeway.
pub const MAX_ANSWER_AGE: Duration = Duration::from_secs(60);

/// The media type of plain answers, and that of signed ones (RFC 9701 §4).
pub(super) const PLAIN: &str = "application/json";
pub(super) const SIGNED: &str = "application/token-introspection+jwt";

/// What the answers of an issuer must be.
pub(super) struct Expectation {
    pub(super) rules: IssuerRules,
    pub(super) audience_may_lack: bool,
    /// There, if signed answers are demanded.
    pub(super) signed: Option<SignedFor>,
}

/// Who signs answers, and for whom.
pub(super) struct SignedFor {
    pub(super) keys: std::sync::Arc<dyn KeySource>,
    pub(super) client_id: Box<str>,
}

impl Expectation {
    pub(super) fn media_type(&self) -> &'static str {
        if self.signed.is_some() { SIGNED } else { PLAIN }
    }

    /// What the answer says of the token: who it speaks for, or why it is refused. The time is not looked at.
    ///
    /// # Errors
    /// [`IntrospectionError`]: the answer is none.
    pub(super) async fn read(
        &self,
        answer: &Fetched,
        now: Duration,
    ) -> Result<Result<Verified, Denial>, IntrospectionError> {
        if answer.status != StatusCode::OK {
            return Err(Kind::Status(answer.status.as_u16()).into());
        }
        if answer.body.len() > MAX_ANSWER_OCTETS {
            return Err(Kind::TooLarge.into());
        }
        // A4.9: what was not asked for is not taken.
        if !is_of_type(&answer.headers, self.media_type()) {
            return Err(Kind::MediaType.into());
        }
        match &self.signed {
            None => self.judge(std::str::from_utf8(&answer.body).map_err(|_| Kind::NotJson)?),
            Some(signed) => self.judge(&self.open(signed, &answer.body, now).await?),
        }
    }

    /// RFC 9701 §5: the text of `token_introspection`.
    async fn open(
        &self,
        signed: &SignedFor,
        body: &[u8],
        now: Duration,
    ) -> Result<String, IntrospectionError> {
        let token = std::str::from_utf8(body).map_err(|_| Kind::NotJson)?;
        let expected = SignedAs {
            rules: &self.rules,
            keys: signed.keys.as_ref(),
            is_kind: |typ| typ.is_some_and(|typ| is_media_type(typ, "token-introspection+jwt")),
            max_octets: MAX_ANSWER_OCTETS,
        };
        let claims = signed_claims(token.trim_ascii(), expected).await.map_err(Kind::Signature)?;
        let object = json::object(claims.as_bytes()).ok_or(Kind::NotJson)?;
        self.check_envelope(object.members(), &signed.client_id, now).map_err(Kind::SignedClaims)?;
        // The text of one member: read once more by a reader that keeps all values as they are.
        let mut claims: serde_json::Value = serde_json::from_str(&claims).map_err(|_| Kind::NotJson)?;
        match claims.get_mut("token_introspection").map(serde_json::Value::take) {
            Some(said @ serde_json::Value::Object(_)) => Ok(said.to_string()),
            _ => Err(Kind::SignedClaims("`token_introspection` is no object").into()),
        }
    }

    fn check_envelope(
        &self,
        claims: Members<'_, '_>,
        client_id: &str,
        now: Duration,
    ) -> Result<(), &'static str> {
        if claims.get("iss").and_then(Json::as_text) != Some(&self.rules.identifier) {
            return Err("`iss` is not the issuer's identifier");
        }
        let meant = match claims.get("aud") {
            Some(Json::Text(audience)) => audience == client_id,
            Some(Json::List(all)) => all.iter().any(|one| one.as_text() == Some(client_id)),
            _ => false,
        };
        if !meant {
            return Err("`aud` is not this client");
        }
        let made = claims.get("iat").and_then(numeric_date::read).ok_or("`iat` is missing or no date")?;
        let leeway = self.rules.leeway;
        if made > now.saturating_add(leeway) {
            return Err("`iat` lies in the future");
        }
        if made.saturating_add(MAX_ANSWER_AGE).saturating_add(leeway) < now {
            return Err("it was made too long ago");
        }
        let ends = claims.get("exp").map(|value| numeric_date::read(value).ok_or("`exp` is no date"));
        if ends.transpose()?.is_some_and(|ends| now >= ends.saturating_add(leeway)) {
            return Err("`exp` has passed");
        }
        Ok(())
    }

    fn judge(&self, text: &str) -> Result<Result<Verified, Denial>, IntrospectionError> {
        let object = json::object(text.as_bytes()).ok_or(Kind::NotJson)?;
        let members = object.members();
        // A4.2: the JSON boolean alone.
        if !matches!(members.get("active"), Some(Json::Bool(true))) {
            return Ok(Err(refuse(Reason::TokenInactive, "the issuer says that the token is not active")));
        }
        let source = SourceText::new(text);
        let mut registered = Registered::default();
        let read = registered.read_introspected(members, &source, &self.rules, self.audience_may_lack);
        let method = CredentialMethod::Introspection;
        Ok(read.map(|()| verified(&mut registered, &source, &self.rules, method)))
    }
}

/// Whether the one content type is that, whatever its parameters.
pub(super) fn is_of_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return false };
    let essence = field.to_str().ok().and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected))
}
