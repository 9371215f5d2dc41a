//! One route among many: what Portcullis adds must not grow with their number.

use axum::Router;
use http::StatusCode;
use portcullis::prelude::*;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::hello;
use crate::drive::{PATH, Template, calls};

pub(super) const CASES: &[Entry] = &[
    ("routes 10", || secured(10)),
    ("routes 1000", || secured(1_000)),
    ("routes 10000", || secured(10_000)),
    ("bare routes 10", || bare(10)),
    ("bare routes 1000", || bare(1_000)),
    ("bare routes 10000", || bare(10_000)),
];

/// Other paths, so that there are that many with the one that is asked for.
fn others(count: usize) -> impl Iterator<Item = String> {
    (1..count).map(|number| format!("/others/{number}/{{id}}"))
}

fn bare(count: usize) -> Case {
    let router = Router::new().route(PATH, axum::routing::get(hello));
    let router = others(count).fold(router, |router, path| router.route(&path, axum::routing::get(hello)));
    calls(router, &Template::anonymous(), StatusCode::OK)
}

/// The rule of each route is another one.
fn secured(count: usize) -> Case {
    let routes = Routes::new().route(PATH, get(hello).public("measured"));
    let routes = others(count).enumerate().fold(routes, |routes, (number, path)| {
        routes.route(&path, get(hello).requires(scope(format!("scope:{number}"))))
    });
    let (_, key) =
        ApiKey::generate("key_", "one", Principal::builder("alice", CredentialMethod::ApiKey).build())
            .expect("random octets");
    let keys = ApiKeys::bearer("key_").keys(ApiKeySet::new([key]).expect("one key"));
    let security = Security::builder().insecure_no_audit().scheme("key", keys).build();
    let app =
        SecureRouter::new(security.expect("a configuration")).mount(routes).finish().expect("the routes");
    calls(app, &Template::anonymous(), StatusCode::OK)
}
