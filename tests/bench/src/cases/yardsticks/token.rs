//! A token that is verified each time: its form, its signature and what it says.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Request;
use http::header::AUTHORIZATION;
use serde::Deserialize;

use super::service::Context;
use crate::tokens::issuer;

/// The longest token that is looked at, and how far the clocks may differ.
const MOST_OCTETS: usize = 16 * 1024;
const LEEWAY: u64 = 30;

/// One issuer and one key.
#[derive(Clone)]
pub(super) struct Verifier(Arc<Settings>);

struct Settings {
    key: hmac::Key,
    issuer: String,
    audience: String,
}

#[derive(Deserialize)]
struct Header<'h> {
    alg: &'h str,
    typ: &'h str,
}

/// Everything that the token says.
#[derive(Deserialize)]
#[expect(dead_code, reason = "a handler would read them")]
pub(super) struct Claims {
    sub: String,
    iss: String,
    aud: String,
    exp: u64,
    iat: u64,
    client_id: String,
    jti: String,
    scope: String,
    email: String,
    name: String,
    roles: Vec<String>,
}

impl Verifier {
    pub(super) fn new() -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &issuer().secret());
        let (issuer, audience) = (issuer().url().to_owned(), issuer().audience().to_owned());
        Self(Arc::new(Settings { key, issuer, audience }))
    }

    pub(super) fn verifies(&self, request: &Request<Body>, context: &Context) -> bool {
        let mut fields = request.headers().get_all(AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return false };
        let Some((scheme, token)) = field.to_str().ok().and_then(|field| field.split_once(' ')) else {
            return false;
        };
        let Some(claims) = scheme.eq_ignore_ascii_case("bearer").then(|| self.claims(token)).flatten() else {
            return false;
        };
        context.claims(Arc::new(claims));
        context.note("authenticated");
        true
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let Settings { key, issuer, audience } = &*self.0;
        let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= MOST_OCTETS)?;
        let (header, payload) = signed.split_once('.')?;
        let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        if header.alg != "HS256" || !header.typ.eq_ignore_ascii_case("at+jwt") {
            return None;
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(key, signed.as_bytes(), &signature).ok()?;
        let claims: Claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now: Duration| now.as_secs());
        let counts = claims.iss == *issuer
            && claims.aud == *audience
            && now < claims.exp.saturating_add(LEEWAY)
            && claims.iat <= now.saturating_add(LEEWAY);
        counts.then_some(claims)
    }
}
