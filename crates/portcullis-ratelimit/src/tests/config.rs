use std::time::Duration;

use portcullis_core::{Clock, ConfigErrors};

use crate::{
    DAY, Limit, LimitKey, Limiters, MAX_CAPACITY, MAX_NAME_LENGTH, MAX_WINDOW, MINUTE, RateLimitLayer,
    SECOND, attempted_user, client_ip, per, principal,
};

fn five() -> Limit {
    per(client_ip()).requests(5).every(MINUTE)
}

fn codes<T>(result: Result<T, ConfigErrors>) -> Vec<&'static str> {
    result.err().map(|errors| errors.codes().collect()).unwrap_or_default()
}

#[track_caller]
fn check_codes(limit: &Limit, expected: &[&str]) {
    assert_eq!(codes(limit.build(&Clock::system())), expected, "{limit:?}");
}

#[test]
fn what_is_wrong_with_a_limit_is_found_when_it_is_built() {
    check_codes(&five(), &[]);
    check_codes(&per(client_ip()).requests(0).every(MINUTE), &["P301"]);
    check_codes(&five().burst(0), &["P301"]);
    check_codes(&five().named(""), &["P302"]);
    check_codes(&five().named("grüße"), &["P302"]);
    check_codes(&five().named("a\r\nset-cookie: b"), &["P302"]);
    check_codes(&five().named("a".repeat(MAX_NAME_LENGTH + 1)), &["P302"]);
    check_codes(&five().named("a".repeat(MAX_NAME_LENGTH)), &[]);
    check_codes(&five().capacity(0), &["P304"]);
    check_codes(&five().capacity(MAX_CAPACITY + 1), &["P306"]);
    check_codes(&five().capacity(usize::MAX), &["P306"]);
    check_codes(&five().ipv6_prefix(0), &["P306"]);
    check_codes(&five().ipv6_prefix(129), &["P306"]);
    check_codes(&per(client_ip()).requests(5).every(Duration::ZERO), &["P306"]);
    check_codes(&per(client_ip()).requests(5).every(MAX_WINDOW + SECOND), &["P306"]);
    check_codes(&per(client_ip()).requests(5).every(Duration::MAX), &["P306"]);
    check_codes(&per(client_ip()).requests(5).every(MAX_WINDOW), &[]);
    check_codes(&per(client_ip()).requests(1).every(DAY).burst(u32::MAX), &["P306"]);
    check_codes(&per(client_ip()).requests(u32::MAX).every(SECOND), &[]);
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let wrong = per(client_ip()).requests(0).every(Duration::ZERO).named("").capacity(0).ipv6_prefix(0);
    let mut found = codes(wrong.build(&Clock::system()));
    found.sort_unstable();
    assert_eq!(found, ["P301", "P302", "P304", "P306", "P306"]);

    let limits = [wrong, five(), five(), five()];
    let mut found = codes(Limiters::build(&limits, &Clock::system()));
    found.sort_unstable();
    assert_eq!(found, ["P301", "P302", "P304", "P305", "P306", "P306"]);
}

#[test]
fn quotas_of_one_request_have_names_of_their_own() {
    let named = |name: &str| five().named(name);
    assert_eq!(codes(Limiters::build(&[named("a"), named("b")], &Clock::system())), [""; 0]);
    assert_eq!(codes(Limiters::build(&[named("a"), named("b"), named("a")], &Clock::system())), ["P305"]);
}

#[test]
fn a_layer_does_not_take_a_limit_on_attempts() {
    assert_eq!(codes(RateLimitLayer::new(per(attempted_user()).requests(5).every(MINUTE))), ["P303"]);
}

#[test]
fn nothing_but_an_attempt_to_log_in_is_given_back() {
    let limit = |key: LimitKey| per(key).requests(5).every(MINUTE).refund_success();
    assert_eq!(codes(limit(client_ip()).build(&Clock::system())), ["P303"]);
    assert_eq!(codes(limit(principal()).build(&Clock::system())), ["P303"]);
    assert_eq!(codes(limit(attempted_user()).build(&Clock::system())), [""; 0]);
}

#[test]
fn debug_prints_settings_and_no_seed() {
    let limiter = five().build(&Clock::system()).unwrap();
    let printed = format!("{limiter:?} {:?}", five());
    assert!(printed.contains("client-ip") && !printed.contains("seed") && !printed.contains("RandomState"));
}

#[test]
fn a_limit_describes_itself_for_route_tables() {
    assert_eq!(five().to_string(), "5 per 60 s by client-ip");
    assert_eq!(five().named("slow").to_string(), "5 per 60 s by slow");
    assert_eq!((five().name(), five().named("slow").name()), ("client-ip", "slow"));
}
