//! governor's own table, and `tower_governor` on top of it.

use std::hint::black_box;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use governor::{DefaultKeyedRateLimiter, Quota};
use http::StatusCode;
use portcullis_testkit::Algorithm;
use tower_governor::GovernorLayer;
use tower_governor::governor::GovernorConfigBuilder;

use crate::case::Case;
use crate::cases::{Addresses, Entry, router};
use crate::drive::{Template, calls, calls_after_one};
use crate::tokens::bearer;

pub(super) const CASES: &[Entry] = &[
    ("governor check 1", || check(1)),
    ("governor check 64k", || check(1 << 16)),
    ("governor check 1M", || check(1 << 20)),
    ("governor limit", || admitted(governed(router(), plenty()))),
    ("governor limit fields", || {
        let config = plenty().use_headers().finish().expect("a quota");
        admitted(router().layer(GovernorLayer::new(Arc::new(config))))
    }),
    ("governor 429", || {
        let mut config = GovernorConfigBuilder::default();
        config.period(Duration::from_secs(24 * 60 * 60)).burst_size(1);
        calls_after_one(governed(router(), config), &Template::anonymous(), StatusCode::TOO_MANY_REQUESTS)
    }),
];

pub(super) type Config = GovernorConfigBuilder<
    tower_governor::key_extractor::PeerIpKeyExtractor,
    governor::middleware::NoOpMiddleware<governor::clock::QuantaInstant>,
>;

/// A quota that nobody reaches: one more request each nanosecond.
pub(super) fn plenty() -> Config {
    let mut config = GovernorConfigBuilder::default();
    config.period(Duration::from_nanos(1)).burst_size(1_000_000_000);
    config
}

/// The router with the limit in front.
pub(super) fn governed(router: Router, mut config: Config) -> Router {
    router.layer(GovernorLayer::new(Arc::new(config.finish().expect("a quota"))))
}

fn admitted(router: Router) -> Case {
    calls(router, &Template::with(&bearer(Algorithm::Es256)), StatusCode::OK)
}

fn check(keys: u32) -> Case {
    let quota = Quota::with_period(Duration::from_nanos(1)).expect("a period");
    let quota = quota.allow_burst(NonZeroU32::new(1_000_000_000).expect("a burst"));
    let limiter: DefaultKeyedRateLimiter<IpAddr> = DefaultKeyedRateLimiter::keyed(quota);
    let mut addresses = Addresses::new(keys);
    addresses.all().for_each(|address| assert!(limiter.check_key(&address).is_ok()));
    Case::new(move |iterations| {
        for _ in 0..iterations {
            assert!(black_box(limiter.check_key(&addresses.next())).is_ok());
        }
    })
}
