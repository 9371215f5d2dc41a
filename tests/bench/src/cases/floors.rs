//! What nothing can be cheaper than: axum alone, tower alone, a signature alone.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{Request, Response, StatusCode};
use portcullis_testkit::Algorithm;
use tower::layer::util::Identity;
use tower::service_fn;

use crate::case::Case;
use crate::cases::Entry;
use crate::drive::{PATH, Template, calls};
use crate::tokens::{bearer, issuer, token};

pub(super) const CASES: &[Entry] = &[
    ("bare", || calls(router(), &with_token(), StatusCode::OK)),
    ("bare facts", || calls(router(), &with_token().with_facts(), StatusCode::OK)),
    ("bare anonymous facts", || calls(router(), &Template::anonymous().with_facts(), StatusCode::OK)),
    ("bare anonymous", || calls(router(), &Template::anonymous(), StatusCode::OK)),
    ("bare served", || calls(served(router()), &with_token().with_facts(), StatusCode::OK)),
    ("bare tower", || calls(service_fn(answer), &with_token().without_axum(), StatusCode::OK)),
    ("pass-through", || calls(router().layer(Identity::new()), &with_token(), StatusCode::OK)),
    ("pass-through served", || {
        let passing = served(router().layer(Identity::new()));
        calls(passing, &with_token().with_facts(), StatusCode::OK)
    }),
    ("raw eddsa", || raw(Algorithm::EdDsa, &ED25519)),
    ("raw es256", || raw(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED)),
    ("raw hs256", raw_hs256),
    ("raw rs256", || raw(Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256)),
];

/// A router of axum with one trivial handler.
pub(crate) fn router() -> Router {
    Router::new().route(PATH, get(hello))
}

/// The router as `axum::serve` has it: its layers are put around each handler once, rather than at every request.
pub(crate) fn served(router: Router) -> Router {
    router.with_state(())
}

/// The handler of every router.
pub(crate) async fn hello() -> &'static str {
    "hello"
}

/// The service without a router.
pub(crate) fn answer(_: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    ready(Ok(Response::new(Body::from("hello"))))
}

/// Every request has a credential of the same kind, also where nobody looks at it.
fn with_token() -> Template {
    Template::with(&bearer(Algorithm::Es256))
}

/// Verification by a key that was parsed before.
fn raw(algorithm: Algorithm, verification: &'static dyn VerificationAlgorithm) -> Case {
    let key = ParsedPublicKey::new(verification, issuer().public_key_der(algorithm)).expect("a public key");
    let (message, signature) = signed(algorithm);
    Case::new(move |iterations| {
        for _ in 0..iterations {
            key.verify_sig(black_box(&message), black_box(&signature)).expect("a valid signature");
        }
    })
}

fn raw_hs256() -> Case {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &issuer().secret());
    let (message, signature) = signed(Algorithm::Hs256);
    Case::new(move |iterations| {
        for _ in 0..iterations {
            hmac::verify(&key, black_box(&message), black_box(&signature)).expect("a valid signature");
        }
    })
}

fn signed(algorithm: Algorithm) -> (Vec<u8>, Vec<u8>) {
    let token = token(algorithm);
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    (message.as_bytes().to_vec(), BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
}
