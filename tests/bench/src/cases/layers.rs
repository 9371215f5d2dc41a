//! Layers that stand alone, as users of tower put them up.

use std::hint::black_box;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use portcullis::audit::{Audit, AuditLayer, IntoSink, JsonLines, MemorySink};
use portcullis::authn::{AuthenticationLayer, IntoScheme, Requirement, Schemes};
use portcullis::core::Clock;
use portcullis::ratelimit::{DAY, Limit, RateLimitLayer, SECOND, client_ip, per};
use portcullis_testkit::Algorithm;
use tower::Layer;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::{router, served};
use crate::drive::{Template, calls, calls_after_one};
use crate::tokens::{among_keys, badly_signed, bearer, remembering, scheme, token};

pub(super) const CASES: &[Entry] = &[
    ("401", || {
        let protected = authentication(Algorithm::Es256).layer(router());
        calls(protected, &Template::anonymous(), StatusCode::UNAUTHORIZED)
    }),
    ("401 routed", || {
        let protected = router().layer(authentication(Algorithm::Es256));
        calls(protected, &Template::anonymous(), StatusCode::UNAUTHORIZED)
    }),
    ("429", || {
        let limited = RateLimitLayer::new(one_a_day()).expect("a limit").layer(router());
        calls_after_one(limited, &Template::anonymous().with_facts(), StatusCode::TOO_MANY_REQUESTS)
    }),
    ("429 routed", || exceeded(router().layer(RateLimitLayer::new(one_a_day()).expect("a limit")))),
    ("429 served", || exceeded(served(router().layer(RateLimitLayer::new(one_a_day()).expect("a limit"))))),
    ("audit", || audit(JsonLines::to_writer(std::io::sink()))),
    ("audit memory", || audit(MemorySink::default())),
    ("bad eddsa", || bad(Algorithm::EdDsa)),
    ("bad es256", || bad(Algorithm::Es256)),
    ("bad hs256", || bad(Algorithm::Hs256)),
    ("bad rs256", || bad(Algorithm::Rs256)),
    ("hit eddsa", || hit(Algorithm::EdDsa)),
    ("hit es256", || hit(Algorithm::Es256)),
    ("hit hs256", || hit(Algorithm::Hs256)),
    ("hit rs256", || hit(Algorithm::Rs256)),
    ("hit es256 routed", || hit_routed(Algorithm::Es256)),
    ("hit hs256 routed", || hit_routed(Algorithm::Hs256)),
    ("jwt eddsa", || jwt(Algorithm::EdDsa)),
    ("jwt es256", || jwt(Algorithm::Es256)),
    ("jwt hs256", || jwt(Algorithm::Hs256)),
    ("jwt hs256, 100 keys", || {
        let template = Template::with(&bearer(Algorithm::Hs256));
        calls(layer(among_keys(100)).layer(router()), &template, StatusCode::OK)
    }),
    ("jwt rs256", || jwt(Algorithm::Rs256)),
    ("limit", || limit(plenty().without_fields())),
    ("limit fields", || limit(plenty())),
    ("limit around", || limit_around(plenty().without_fields())),
    ("limit fields around", || limit_around(plenty())),
    ("limit fields around in a hurry", || limit_around(much_a_day())),
    ("limit fields served", || limit_served(plenty())),
    ("limit served", || limit_served(plenty().without_fields())),
    ("verify hs256", || {
        let verifier = scheme(Algorithm::Hs256).build(&Clock::system()).expect("a verifier");
        let token = token(Algorithm::Hs256);
        Case::new(move |iterations| {
            for _ in 0..iterations {
                let verified = verifier.verify(black_box(&token)).done().expect("an answer at once");
                black_box(verified.expect("a valid token"));
            }
        })
    }),
];

/// A limit per client that nobody reaches: one more request each nanosecond.
pub(super) fn plenty() -> Limit {
    per(client_ip()).requests(1_000_000_000).every(SECOND)
}

/// A limit per client that the second request reaches.
pub(super) fn one_a_day() -> Limit {
    per(client_ip()).requests(1).every(DAY)
}

/// A limit per client that fills so slowly that each request is told another number.
fn much_a_day() -> Limit {
    per(client_ip()).requests(1_000_000).every(DAY)
}

/// Authentication around the router, where nothing is routed before it is known who calls.
fn jwt(algorithm: Algorithm) -> Case {
    let template = Template::with(&bearer(algorithm));
    calls(authentication(algorithm).layer(router()), &template, StatusCode::OK)
}

/// The same token each time, which is remembered.
fn hit(algorithm: Algorithm) -> Case {
    let template = Template::with(&bearer(algorithm));
    calls(layer(remembering(algorithm)).layer(router()), &template, StatusCode::OK)
}

fn hit_routed(algorithm: Algorithm) -> Case {
    let template = Template::with(&bearer(algorithm));
    calls(router().layer(layer(remembering(algorithm))), &template, StatusCode::OK)
}

fn bad(algorithm: Algorithm) -> Case {
    let template = Template::with(&badly_signed(algorithm));
    calls(authentication(algorithm).layer(router()), &template, StatusCode::UNAUTHORIZED)
}

fn authentication(algorithm: Algorithm) -> AuthenticationLayer {
    layer(scheme(algorithm))
}

pub(super) fn layer(scheme: impl IntoScheme) -> AuthenticationLayer {
    let schemes = Schemes::builder("api", Clock::system()).scheme("token", scheme);
    let schemes = schemes.build().expect("a scheme").default_set(Requirement::Required);
    AuthenticationLayer::new(schemes.expect("a default set"))
}

fn limit(limit: Limit) -> Case {
    let template = Template::with(&bearer(Algorithm::Es256)).with_facts();
    calls(router().layer(RateLimitLayer::new(limit).expect("a limit")), &template, StatusCode::OK)
}

fn limit_served(limit: Limit) -> Case {
    let template = Template::with(&bearer(Algorithm::Es256)).with_facts();
    calls(served(router().layer(RateLimitLayer::new(limit).expect("a limit"))), &template, StatusCode::OK)
}

fn exceeded(limited: Router) -> Case {
    calls_after_one(limited, &Template::anonymous().with_facts(), StatusCode::TOO_MANY_REQUESTS)
}

/// Limits by address need no route: around the router, they spare axum's charge for a layer.
fn limit_around(limit: Limit) -> Case {
    let template = Template::with(&bearer(Algorithm::Es256)).with_facts();
    calls(RateLimitLayer::new(limit).expect("a limit").layer(router()), &template, StatusCode::OK)
}

fn audit(sink: impl IntoSink) -> Case {
    let audit = Audit::builder().sink(sink).build().expect("a sink");
    let template = Template::with(&bearer(Algorithm::Es256)).with_facts();
    let case = calls(AuditLayer::new(audit.clone()).layer(router()), &template, StatusCode::OK);
    case.settling(move || settle(&audit))
}

/// Waits for the queue to be empty, so that no measurement meets a full one.
pub(super) fn settle(audit: &Audit) {
    audit.drain_blocking(Duration::from_secs(10)).expect("every event is taken");
}
