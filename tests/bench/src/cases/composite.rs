//! Everything in order, as an application has it: `SecureRouter` over axum, `Security::protect` over tower.

use http::{Method, StatusCode};
use portcullis::audit::JsonLines;
use portcullis::axum::App;
use portcullis::prelude::*;
use portcullis::stack::SecurityBuilder;
use portcullis_testkit::Algorithm;
use tower::service_fn;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::{answer, hello};
use crate::cases::layers::{one_a_day, plenty, settle};
use crate::drive::{PATH, Template, calls, calls_after_one};
use crate::tokens::{bearer, remembering, scheme};

pub(super) const CASES: &[Entry] = &[
    ("composite", || calls(public(unaudited()), &with_token(), StatusCode::OK)),
    ("composite uncapped", || {
        calls(public(unaudited().insecure_unlimited_in_flight()), &with_token(), StatusCode::OK)
    }),
    ("composite 401", || {
        let app = app(unaudited().scheme("token", scheme(Algorithm::Es256)), authenticated());
        calls(app, &Template::anonymous(), StatusCode::UNAUTHORIZED)
    }),
    ("composite 429", || {
        let app = public(unaudited().limit(one_a_day()));
        calls_after_one(app, &with_token(), StatusCode::TOO_MANY_REQUESTS)
    }),
    ("composite audit", || {
        let app = public(Security::builder().audit(JsonLines::to_writer(std::io::sink())));
        settling(app.clone(), calls(app, &with_token(), StatusCode::OK))
    }),
    ("composite hit hs256", || {
        let app = app(unaudited().scheme("token", remembering(Algorithm::Hs256)), authenticated());
        calls(app, &Template::with(&bearer(Algorithm::Hs256)), StatusCode::OK)
    }),
    ("composite jwt es256", || jwt(Algorithm::Es256)),
    ("composite jwt hs256", || jwt(Algorithm::Hs256)),
    ("composite key", || key(authenticated())),
    ("composite key scope", || key(scope(READ))),
    ("composite limit", || {
        calls(public(unaudited().limit(plenty().without_fields())), &with_token(), StatusCode::OK)
    }),
    ("composite limit fields", || calls(public(unaudited().limit(plenty())), &with_token(), StatusCode::OK)),
    ("full es256", || full(Algorithm::Es256)),
    ("full hs256", || full(Algorithm::Hs256)),
    ("protect", || protect(unaudited(), RoutePolicy::public("measured")).1),
    ("protect full es256", || {
        let (security, case) = protect(full_security(Algorithm::Es256), RoutePolicy::requires(scope(READ)));
        case.settling(move || settle(security.audit()))
    }),
];

const READ: &str = "documents:read";

fn with_token() -> Template {
    Template::with(&bearer(Algorithm::Es256))
}

fn unaudited() -> SecurityBuilder {
    Security::builder().insecure_no_audit()
}

/// A public route, so that only what stands around every route is measured.
fn public(security: SecurityBuilder) -> App {
    finish(security, Routes::new().route(PATH, get(hello).public("measured")))
}

fn app(security: SecurityBuilder, rule: Rule) -> App {
    finish(security, Routes::new().route(PATH, get(hello).requires(rule)))
}

fn finish(security: SecurityBuilder, routes: Routes) -> App {
    let security = security.build().expect("a configuration");
    SecureRouter::new(security).mount(routes).finish().expect("a route")
}

fn jwt(algorithm: Algorithm) -> Case {
    let app = app(unaudited().scheme("token", scheme(algorithm)), authenticated());
    calls(app, &Template::with(&bearer(algorithm)), StatusCode::OK)
}

fn key(rule: Rule) -> Case {
    let alice = Principal::builder("alice", CredentialMethod::ApiKey)
        .scopes(Scopes::parse("documents:read documents:write").expect("scopes"));
    let (key, api_key) = ApiKey::generate("key_", "alice-1", alice.build()).expect("random octets");
    let keys = ApiKeys::bearer("key_").keys(ApiKeySet::new([api_key]).expect("one key"));
    let authorization = format!("Bearer {}", String::from_utf8_lossy(key.expose()));
    calls(app(unaudited().scheme("key", keys), rule), &Template::with(&authorization), StatusCode::OK)
}

/// A limit per client with its fields, a token that is remembered, a scope, an audit record that is queued.
fn full(algorithm: Algorithm) -> Case {
    let app = full_app(algorithm);
    settling(app.clone(), calls(app, &Template::with(&bearer(algorithm)), StatusCode::OK))
}

pub(super) fn full_app(algorithm: Algorithm) -> App {
    app(full_security(algorithm), scope(READ))
}

fn full_security(algorithm: Algorithm) -> SecurityBuilder {
    Security::builder()
        .scheme("token", remembering(algorithm))
        .limit(plenty())
        .audit(JsonLines::to_writer(std::io::sink()))
}

/// The same without axum: a list of routes is the only authority over a service of tower.
fn protect(security: SecurityBuilder, policy: RoutePolicy) -> (Security, Case) {
    let security = security.build().expect("a configuration");
    let routes = RouteList::new().route(Method::GET, PATH, "hello", policy);
    let service = security.protect(&routes, service_fn(answer)).expect("a route");
    (security, calls(service, &with_token().without_axum(), StatusCode::OK))
}

fn settling(app: App, case: Case) -> Case {
    case.settling(move || settle(app.security().audit()))
}
