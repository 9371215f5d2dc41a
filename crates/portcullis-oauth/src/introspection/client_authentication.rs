//! How this application proves itself to its issuer (RFC 7662 §2.1, OAuth 2.0 RFC 6749 §2.3).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use portcullis_core::{ConfigCode, ConfigError, Secret};
use serde_json::json;

use super::error::{IntrospectionError, Kind};
use super::signing_key::SigningKey;
use crate::form;

/// How long an assertion counts: one minute.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How this application proves itself to the introspection endpoint.
#[derive(Clone)]
pub struct ClientAuthentication {
    client_id: Option<Box<str>>,
    method: Method,
}

#[derive(Clone)]
enum Method {
    Basic(Secret),
    Bearer(Secret),
    Certificate,
    PrivateKey { key: SigningKey, audience: Option<Box<str>> },
}

impl ClientAuthentication {
    /// Client id and secret by HTTP Basic (RFC 6749 §2.3.1, `client_secret_basic`).
    #[must_use]
    pub fn basic(client_id: impl Into<Box<str>>, secret: Secret) -> Self {
        Self { client_id: Some(client_id.into()), method: Method::Basic(secret) }
    }

    /// An access token that the issuer gave to this application (RFC 7662 §2.1). It is sent as it is, and not
    /// renewed here. Signed answers cannot be asked for, since nobody knows for whom they would be.
    #[must_use]
    pub fn bearer(token: Secret) -> Self {
        Self { client_id: None, method: Method::Bearer(token) }
    }

    /// The certificate of the HTTP client
    /// ([`with_identity_pem`](portcullis_client::OutboundClientBuilder::with_identity_pem), RFC 8705 §2).
    #[must_use]
    pub fn certificate(client_id: impl Into<Box<str>>) -> Self {
        Self { client_id: Some(client_id.into()), method: Method::Certificate }
    }

    /// An assertion that is signed anew for each call and counts for a minute (RFC 7523, `private_key_jwt`). It is
    /// meant for the issuer, by its identifier.
    #[must_use]
    pub fn private_key_jwt(client_id: impl Into<Box<str>>, key: SigningKey) -> Self {
        Self { client_id: Some(client_id.into()), method: Method::PrivateKey { key, audience: None } }
    }

    /// Sets another audience of assertions, for servers that ask for the URL of an endpoint. By default, this is the
    /// issuer's identifier, which no other server can use.
    #[must_use]
    pub fn with_assertion_audience(mut self, to: impl Into<Box<str>>) -> Self {
        if let Method::PrivateKey { audience, .. } = &mut self.method {
            *audience = Some(to.into());
        }
        self
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Whether the HTTP client must have a certificate.
    pub(super) fn needs_certificate(&self) -> bool {
        matches!(self.method, Method::Certificate)
    }

    pub(super) fn fault(&self) -> Option<ConfigError> {
        let fault = match &self.method {
            _ if self.client_id.as_deref() == Some("") => "the client id is empty",
            Method::Basic(secret) if secret.expose().is_empty() => "the client secret is empty",
            Method::Basic(secret) if std::str::from_utf8(secret.expose()).is_err() => {
                "the client secret is not utf-8"
            }
            Method::Bearer(token) if bearer(token).is_none() => "the access token is empty or no token",
            _ => return None,
        };
        let message = format!("authentication of this client: {fault}");
        Some(ConfigError::new(ConfigCode::InvalidClientAuthentication, message))
    }

    /// Adds to a request what proves this application. `now` is the time since 1970.
    pub(super) fn add_to(
        &self,
        headers: &mut HeaderMap,
        form: &mut String,
        issuer: &str,
        now: Duration,
    ) -> Result<(), IntrospectionError> {
        let client_id = self.client_id().unwrap_or_default();
        match &self.method {
            Method::Basic(secret) => {
                insert(headers, basic(client_id, secret).ok_or(Kind::Assertion)?);
            }
            Method::Bearer(token) => insert(headers, bearer(token).ok_or(Kind::Assertion)?),
            // RFC 8705 §2: the id tells which client the certificate is looked up for.
            Method::Certificate => form::push(form, "client_id", client_id),
            Method::PrivateKey { key, audience } => {
                let audience = audience.as_deref().unwrap_or(issuer);
                let assertion = assertion(key, client_id, audience, now).ok_or(Kind::Assertion)?;
                form::push(form, "client_assertion_type", ASSERTION_TYPE);
                form::push(form, "client_assertion", &assertion);
            }
        }
        Ok(())
    }
}

fn insert(headers: &mut HeaderMap, mut value: HeaderValue) {
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
}

/// RFC 6749 §2.3.1: id and secret are form-encoded first, so that an id may hold a colon.
fn basic(client_id: &str, secret: &Secret) -> Option<HeaderValue> {
    let mut text = String::new();
    form::encode(&mut text, client_id);
    text.push(':');
    form::encode(&mut text, std::str::from_utf8(secret.expose()).ok()?);
    HeaderValue::try_from(format!("Basic {}", STANDARD.encode(text))).ok()
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    let token = std::str::from_utf8(token.expose()).ok()?;
    let graphic = !token.is_empty() && token.bytes().all(|octet| octet.is_ascii_graphic());
    graphic.then(|| HeaderValue::try_from(format!("Bearer {token}")).ok())?
}

/// RFC 7523 §3.
fn assertion(key: &SigningKey, client_id: &str, audience: &str, now: Duration) -> Option<String> {
    let mut identifier = [0; 16];
    getrandom::fill(&mut identifier).ok()?;
    let mut header = json!({ "alg": key.algorithm().as_str(), "typ": "JWT" });
    if let (Some(kid), Some(members)) = (key.kid(), header.as_object_mut()) {
        members.insert("kid".to_owned(), kid.into());
    }
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": URL_SAFE_NO_PAD.encode(identifier),
        "iat": now.as_secs(),
        "exp": now.saturating_add(ASSERTION_LIFETIME).as_secs(),
    });
    let encode = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())?);
    Some(format!("{signed}.{signature}"))
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.method {
            Method::Basic(_) => "basic",
            Method::Bearer(_) => "bearer",
            Method::Certificate => "certificate",
            Method::PrivateKey { .. } => "private_key_jwt",
        };
        f.debug_struct("ClientAuthentication")
            .field("client_id", &self.client_id)
            .field("method", &method)
            .finish()
    }
}
