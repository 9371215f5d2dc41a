//! Access tokens of the service's own (RFC 9068).

use std::time::Duration;

use portcullis::Clock;
use portcullis::oauth::keys::Thumbprint;
use serde::Serialize;
use utoipa::ToSchema;

use crate::signing_key::{KeyError, SigningKey};
use crate::users::User;

/// The `iss` of the service's own tokens. Nobody resolves it: the key is at hand.
pub(crate) const OWN_ISSUER: &str = "https://documents-api.localhost";
/// The `aud` of the service's own tokens.
pub(crate) const OWN_AUDIENCE: &str = "https://documents-api.localhost/documents";
/// How long a token lives.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Issues access tokens to users who logged in.
#[derive(Debug)]
pub struct TokenIssuer {
    key: SigningKey,
    clock: Clock,
}

/// The answer to a login (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessToken {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u64,
    pub scope: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    jti: &'a str,
    iat: u64,
    auth_time: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// RFC 9449 §6.1.
#[derive(Serialize)]
struct Confirmation {
    jkt: String,
}

impl TokenIssuer {
    pub fn new(key: SigningKey, clock: Clock) -> Self {
        Self { key, clock }
    }

    /// A token for the user, with all the scopes that the user may have. Roles and teams are not in it: they
    /// are looked up on every request, so that taking one away works at once. With a key, the token is bound to it: it
    /// counts with proofs by that key alone.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot sign.
    pub fn issue(&self, user: &User, key: Option<&Thumbprint>) -> Result<AccessToken, KeyError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| KeyError::Signing)?;
        let now = self.clock.unix_time().as_secs();
        let scope = user.scopes().to_string();
        let claims = Claims {
            iss: OWN_ISSUER,
            aud: OWN_AUDIENCE,
            sub: &user.name,
            client_id: "documents-api",
            scope: &scope,
            jti: &format!("{:032x}", u128::from_be_bytes(id)),
            iat: now,
            auth_time: now,
            exp: now + LIFETIME.as_secs(),
            cnf: key.map(|key| Confirmation { jkt: key.to_string() }),
        };
        let access_token = self.key.sign("at+jwt", &claims)?;
        let token_type = if key.is_some() { "DPoP" } else { "Bearer" };
        Ok(AccessToken { access_token, token_type, expires_in: LIFETIME.as_secs(), scope })
    }

    /// The key that verifies these tokens, as a JWK set.
    pub fn jwks(&self) -> String {
        self.key.jwks()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::*;
    use crate::testing::Folder;

    /// A3.7, RFC 9068 §2.2.
    #[test]
    fn a_token_has_every_claim_that_rfc_9068_asks_for_and_no_role() {
        let folder = Folder::new();
        let key = SigningKey::load_or_create(&folder.path().join("key.p8")).unwrap();
        let issuer = TokenIssuer::new(key, Clock::system());
        let roles = BTreeSet::from(["admin".to_owned()]);
        let user = User { name: "adam".into(), roles, manages: BTreeSet::new() };
        let token = issuer.issue(&user, None).unwrap();

        let parts: Vec<_> = token.access_token.split('.').collect();
        let part = |n: usize| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap()
        };
        assert_eq!(part(0)["typ"], "at+jwt");
        let claims = part(1);
        for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
            assert!(claims.get(name).is_some(), "{name}");
        }
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 900);
        assert_eq!(claims["scope"], "documents:read documents:write");
        assert!(claims.get("roles").is_none());
    }
}
