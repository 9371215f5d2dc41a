use std::path::Path;
use std::sync::Arc;

use portcullis_core::{
    Attempt, AttemptGuard, AttemptOutcome, ClientAddress, ConfigErrors, Denial, Mode, Reason,
};

use super::{FakeTime, five_a_minute};
use crate::{HOUR, Limit, Limiter, Limiters, MINUTE, SECOND, attempted_user, per};

fn attempt(user: &str) -> Attempt {
    Attempt::new(Arc::from("password"), user, ClientAddress::Unknown)
}

fn before(guard: &impl AttemptGuard, user: &str) -> Result<(), Denial> {
    guard.before(&attempt(user)).done().unwrap()
}

fn limit() -> Limit {
    per(attempted_user()).requests(5).every(MINUTE)
}

fn build(limit: &Limit) -> Result<Limiter, ConfigErrors> {
    limit.build(&FakeTime::new().clock())
}

#[test]
fn attempts_on_one_user_are_limited_and_others_are_not_touched() {
    let time = FakeTime::new();
    let guard = limit().build(&time.clock()).unwrap();
    for _ in 0..5 {
        before(&guard, "alice").unwrap();
        guard.after(&attempt("alice"), AttemptOutcome::Failed);
    }
    let denial = before(&guard, "alice").unwrap_err();
    assert_eq!((denial.reason(), denial.status().as_u16()), (Reason::AttemptsExceeded, 429));
    assert_eq!(denial.retry_after_seconds(), Some(12));
    assert_eq!(denial.violated_policies().collect::<Vec<_>>(), ["attempted-user"]);
    assert!(before(&guard, "bob").is_ok());
    time.advance(12 * SECOND);
    assert!(before(&guard, "alice").is_ok());
}

#[test]
fn spelling_does_not_make_another_user() {
    for other in ["ALICE", " alice", "Alice\t", "aLiCe  "] {
        let guard = build(&per(attempted_user()).requests(1).every(MINUTE)).unwrap();
        before(&guard, "alice").unwrap();
        assert!(before(&guard, other).is_err(), "{other:?}");
    }
    let guard = build(&per(attempted_user()).requests(1).every(MINUTE)).unwrap();
    before(&guard, "ÄNNE").unwrap();
    assert!(before(&guard, "änne").is_err());
    assert!(before(&guard, "anne").is_ok());
    assert!(before(&guard, "").is_ok(), "nobody is somebody too");
    assert!(before(&guard, " ").is_err());
}

#[test]
fn every_attempt_costs_one_unless_success_is_refunded() {
    for (limit, refunds) in [(limit(), false), (limit().refund_success(), true)] {
        let guard = build(&limit).unwrap();
        let succeed = || {
            before(&guard, "alice")?;
            guard.after(&attempt("alice"), AttemptOutcome::Succeeded);
            Ok::<_, Denial>(())
        };
        assert_eq!((0..50).filter(|_| succeed().is_ok()).count(), if refunds { 50 } else { 5 });
    }
}

#[test]
fn what_failed_or_ended_in_nothing_is_not_refunded() {
    for outcome in [AttemptOutcome::Failed, AttemptOutcome::Unknown] {
        let guard = build(&limit().refund_success()).unwrap();
        for _ in 0..5 {
            before(&guard, "alice").unwrap();
            guard.after(&attempt("alice"), outcome);
        }
        assert!(before(&guard, "alice").is_err(), "{outcome:?}");
    }
}

#[test]
fn several_limits_on_attempts_count_all_or_none() {
    let time = FakeTime::new();
    let limits = [limit().named("short"), per(attempted_user()).requests(2).every(HOUR).named("long")];
    let guard = Limiters::build(&limits, &time.clock()).unwrap();
    before(&guard, "alice").unwrap();
    before(&guard, "alice").unwrap();
    (0..20).for_each(|_| {
        let denial = before(&guard, "alice").unwrap_err();
        assert_eq!(denial.violated_policies().collect::<Vec<_>>(), ["long"]);
    });
    time.advance(HOUR / 2);
    assert!(before(&guard, "alice").is_ok());
}

#[test]
fn a_limit_of_another_kind_counts_no_attempts() {
    let guard = build(&five_a_minute()).unwrap();
    (0..100).for_each(|_| assert!(before(&guard, "alice").is_ok()));
}

#[test]
fn a_shadow_limit_on_attempts_refuses_nobody() {
    let guard = build(&limit().mode(Mode::Shadow)).unwrap();
    (0..100).for_each(|_| assert!(before(&guard, "alice").is_ok()));
}

#[test]
fn a_name_of_any_length_and_content_is_counted() {
    let guard = build(&per(attempted_user()).requests(1).every(MINUTE)).unwrap();
    for name in ["a".repeat(1_000_000), "\u{0}\u{202e}\u{fffd}".into(), "İ".repeat(1000)] {
        assert!(before(&guard, &name).is_ok());
        assert!(before(&guard, &name).is_err());
    }
}

#[test]
fn a_refused_attempt_names_every_quota_and_the_longest_wait() {
    let limits = [
        per(attempted_user()).requests(1).every(MINUTE).named("short"),
        per(attempted_user()).requests(1).every(HOUR).named("long"),
    ];
    let guard = Limiters::build(&limits, &FakeTime::new().clock()).unwrap();
    before(&guard, "alice").unwrap();
    let denial = before(&guard, "alice").unwrap_err();
    assert_eq!(denial.violated_policies().collect::<Vec<_>>(), ["short", "long"]);
    assert_eq!(denial.retry_after_seconds(), Some(3600));
}

#[test]
fn naughty_names_are_counted_like_any_other() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/naughty-strings/blns.json");
    if !Path::new(path).exists() {
        eprintln!("SKIPPED: no vectors at {path}");
        return;
    }
    let names: Vec<String> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(names.len() > 400);
    for name in names {
        let guard = build(&per(attempted_user()).requests(1).every(MINUTE).capacity(1)).unwrap();
        assert!(before(&guard, &name).is_ok(), "{name:?}");
        assert!(before(&guard, &name).is_err(), "{name:?}");
    }
}
