//! The key set against a server that fails in every way, under a clock that only the tests move.

mod attacks;
mod crowds;
mod discovery;
mod editions;
mod faults;
mod missed;
mod outages;
mod reads;
mod refresh;
mod rotation;
mod scripted;
mod upkeep;

use std::time::Duration;

use portcullis_client::OutboundClient;
use portcullis_core::{ConfigErrors, Denial, Reason};
use portcullis_testkit::{FakeClock, TestIssuer};

use super::*;
use crate::keys::{KeySource, KeySourceContext};

const JWKS: &str = "/jwks.json";
const SECOND: Duration = Duration::from_secs(1);

/// An issuer, the time, and a key set that fetches from it.
struct Fixture {
    issuer: TestIssuer,
    time: FakeClock,
    keys: RemoteKeySet,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    async fn with(change: impl FnOnce(RemoteKeys) -> RemoteKeys) -> Self {
        let (issuer, time) = (TestIssuer::start().await, FakeClock::new());
        let keys = change(patient()).build(&context(issuer.url(), &time)).unwrap();
        Self { issuer, time, keys }
    }

    /// Whether a key of that name is found, waiting if need be.
    async fn find(&self, kid: &str) -> Result<bool, Denial> {
        self.keys.find(Some(kid)).resolve().await.map(|found| !found.is_unknown())
    }

    /// Whether a key of that name is found without waiting.
    #[track_caller]
    fn find_now(&self, kid: &str) -> Result<bool, Denial> {
        self.keys.find(Some(kid)).done().expect("it waits").map(|found| !found.is_unknown())
    }

    fn fetches(&self) -> usize {
        self.issuer.requests_to(JWKS)
    }

    /// Lets the fetch in progress end.
    async fn settle(&self) {
        settle(&self.keys).await;
    }
}

/// Settings whose waits do not end because the machine is busy: only the tests' clock moves the time.
fn patient() -> RemoteKeys {
    let client = OutboundClient::builder().with_deadline(60 * SECOND).insecure_allow_loopback_http();
    RemoteKeys::discover().with_wait(60 * SECOND).with_client(client.build().unwrap())
}

fn context(issuer: &str, time: &FakeClock) -> KeySourceContext {
    KeySourceContext::new(issuer, time.clock()).insecure_http_on_loopback(true)
}

async fn settle(keys: &RemoteKeySet) {
    if let Some(mut running) = keys.shared().flights.running() {
        let _ = running.wait_for(Option::is_some).await;
    }
}

#[track_caller]
fn check_outage(answer: Result<bool, Denial>) -> Denial {
    let denial = answer.unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::KeySetUnavailable));
    assert!(denial.retry_after_seconds().is_some());
    denial
}

fn codes(settings: RemoteKeys, issuer: &str) -> Vec<&'static str> {
    let errors: ConfigErrors = settings.build(&context(issuer, &FakeClock::new())).map(drop).unwrap_err();
    errors.codes().collect()
}

#[test]
fn all_that_is_wrong_with_the_settings_is_said_at_once() {
    let settings = RemoteKeys::at("http://keys.example/")
        .with_ttl(SECOND)
        .with_max_age(Duration::ZERO)
        .with_cooldown(Duration::ZERO)
        .with_burst(0)
        .with_wait(Duration::MAX)
        .with_max_waiters(0);
    let expected = ["P610", "P610", "P610", "P610", "P610", "P610", "P602"];
    assert_eq!(codes(settings, "https://a.example"), expected);
}

#[test]
fn the_least_and_the_most_of_each_setting_are_taken() {
    let time = FakeClock::new();
    let day = Duration::from_secs(24 * 3600);
    let build = |settings: RemoteKeys| settings.build(&context("https://a.example", &time)).is_ok();
    assert!(build(
        RemoteKeys::discover().with_ttl(MIN_TTL).with_max_age(MIN_TTL).with_cooldown(MIN_COOLDOWN)
    ));
    assert!(build(RemoteKeys::discover().with_max_age(day).with_ttl(day)));
    assert!(build(RemoteKeys::discover().with_ttl(day).with_min_ttl(day).with_max_age(day)));
    assert!(build(RemoteKeys::discover().with_burst(MAX_BURST).with_absence(Duration::ZERO)));
    assert!(!build(RemoteKeys::discover().with_burst(MAX_BURST + 1)));
    assert!(!build(RemoteKeys::discover().with_min_ttl(DEFAULT_TTL + SECOND)));
    assert!(!build(RemoteKeys::discover().with_absence(day + SECOND)));
    assert!(!build(RemoteKeys::discover().with_max_age(day + SECOND)));
    assert!(!build(RemoteKeys::discover().with_ttl(MIN_TTL - SECOND)));
    assert!(!build(RemoteKeys::discover().with_max_age(DEFAULT_TTL - SECOND)));
}

/// A13.3, A21.6.
#[test]
fn urls_that_may_not_be_asked_are_refused_at_build_time() {
    for url in [
        "http://keys.example/",
        "http://127.0.0.1.example/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://user@keys.example/",
        "https://keys.example/#a",
        "keys.example",
        "",
    ] {
        assert_eq!(codes(RemoteKeys::at(url), "https://a.example"), ["P602"], "{url}");
        assert_eq!(codes(RemoteKeys::discover(), url), ["P602"], "{url}");
    }
    assert_eq!(codes(RemoteKeys::discover(), "https://a.example/?a=b"), ["P602"]);
}

#[test]
fn loopback_http_is_refused_unless_the_issuer_allows_it() {
    let root = include_str!("../../../portcullis-client/src/client/root.pem");
    let client = OutboundClient::builder().with_root_pem(root).build().unwrap();
    assert_eq!(codes(RemoteKeys::discover().with_client(client), "http://127.0.0.1:1"), ["P602"]);
    let allowed = RemoteKeys::discover().build(&context("http://127.0.0.1:1", &FakeClock::new()));
    assert!(allowed.is_ok());
}

#[test]
fn building_and_asking_without_a_runtime_neither_waits_nor_panics() {
    let keys = RemoteKeys::discover().build(&context("http://127.0.0.1:1", &FakeClock::new())).unwrap();
    assert!(!keys.is_ready() && keys.current().is_none());
    // The fetch ends before it began; those who ask again are told so.
    drop(keys.find(None));
    let denial = keys.find(None).done().unwrap().unwrap_err();
    assert_eq!(denial.reason(), Reason::KeySetUnavailable);
}
