//! What most applications write themselves: `axum::middleware::from_fn` around `jsonwebtoken`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::AUTHORIZATION;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm as Named, DecodingKey, Validation, decode};
use portcullis_testkit::Algorithm;
use serde::Deserialize;

use crate::case::Case;
use crate::cases::{Entry, router, serving};
use crate::drive::{Template, calls};
use crate::tokens::{badly_signed, bearer, issuer};

pub(super) const CASES: &[Entry] = &[
    ("jsonwebtoken 401", || {
        calls(protected(Algorithm::Es256), &Template::anonymous(), StatusCode::UNAUTHORIZED)
    }),
    ("jsonwebtoken bad es256", || bad(Algorithm::Es256)),
    ("jsonwebtoken bad hs256", || bad(Algorithm::Hs256)),
    ("jsonwebtoken eddsa", || good(Algorithm::EdDsa)),
    ("jsonwebtoken es256", || good(Algorithm::Es256)),
    ("jsonwebtoken hs256", || good(Algorithm::Hs256)),
    ("jsonwebtoken rs256", || good(Algorithm::Rs256)),
    ("loopback jsonwebtoken es256", || served(Algorithm::Es256)),
    ("loopback jsonwebtoken hs256", || served(Algorithm::Hs256)),
];

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "a handler would read them")]
struct Claims {
    sub: String,
    iss: String,
    aud: String,
    exp: u64,
    client_id: String,
    jti: String,
    scope: String,
    email: String,
    name: String,
    roles: Vec<String>,
}

struct Judge {
    key: DecodingKey,
    validation: Validation,
}

fn good(algorithm: Algorithm) -> Case {
    calls(protected(algorithm), &Template::with(&bearer(algorithm)), StatusCode::OK)
}

fn served(algorithm: Algorithm) -> Case {
    serving(protected(algorithm), &bearer(algorithm), || ())
}

fn bad(algorithm: Algorithm) -> Case {
    calls(protected(algorithm), &Template::with(&badly_signed(algorithm)), StatusCode::UNAUTHORIZED)
}

fn protected(algorithm: Algorithm) -> Router {
    let jwk: Jwk = serde_json::from_value(issuer().jwk(algorithm)).expect("a JWK");
    let mut validation = Validation::new(algorithm.name().parse::<Named>().expect("a known algorithm"));
    validation.set_audience(&[issuer().audience()]);
    validation.set_issuer(&[issuer().url()]);
    let judge = Judge { key: DecodingKey::from_jwk(&jwk).expect("a key"), validation };
    router().layer(from_fn_with_state(Arc::new(judge), authenticate))
}

async fn authenticate(State(judge): State<Arc<Judge>>, mut request: Request, next: Next) -> Response {
    let field = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = field.and_then(|value| value.strip_prefix("Bearer ")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    match decode::<Claims>(token, &judge.key, &judge.validation) {
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
        Ok(token) => {
            request.extensions_mut().insert(token.claims);
            next.run(request).await
        }
    }
}
