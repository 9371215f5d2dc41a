use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use portcullis_core::{
    Attempt, AttemptGuard, AttemptOutcome, ClientAddress, ConfigErrors, Denial, Mode, Reason, Room, Trail,
    TrailLimit,
};

use super::{FakeTime, all, five_a_minute};
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

/// An attempt on alice, let through or not, whose request keeps a Trail.
fn traced(guard: &impl AttemptGuard) -> (bool, Trail) {
    let trail = Trail::open(&FakeTime::new().clock());
    let attempt = attempt("alice").with_trail(trail.clone());
    (guard.before(&attempt).done().unwrap().is_ok(), trail)
}

/// The lines of both fields that the answer will have.
fn sent(trail: &Trail) -> (Vec<String>, Vec<String>) {
    let mut headers = HeaderMap::new();
    trail.apply_fields(&mut headers);
    let lines = |name| all(&headers, name).into_iter().map(str::to_owned).collect();
    (lines("ratelimit-policy"), lines("ratelimit"))
}

/// The names of the limits in the Trail, what is left of them, and whether the attempt was within.
fn counted(trail: &Trail) -> Vec<(String, u64, bool)> {
    let limit = |limit: &TrailLimit| (limit.name.to_string(), limit.remaining, limit.allowed);
    trail.read(|state| state.limits.iter().map(limit).collect())
}

/// A11.13: an item for each policy, those that a 429 names among them.
#[test]
fn a_limit_on_attempts_is_told_to_the_client_and_to_the_trail() {
    let limits = [
        per(attempted_user()).requests(2).every(MINUTE).named("user"),
        per(attempted_user()).requests(9).every(HOUR).named("slow"),
        five_a_minute(),
    ];
    let guard = Limiters::build(&limits, &FakeTime::new().clock()).unwrap();
    let policies = vec![r#""user";q=2;w=60"#.to_owned(), r#""slow";q=9;w=3600"#.to_owned()];
    for (user, slow) in [(1, 8), (0, 7)] {
        let (allowed, trail) = traced(&guard);
        assert!(allowed);
        assert_eq!(counted(&trail), [("user".into(), user, true), ("slow".into(), slow, true)]);
        let (policy, levels) = sent(&trail);
        assert_eq!(policy, policies);
        assert!(levels[0].starts_with(&format!(r#""user";r={user};t="#)), "{levels:?}");
    }
    // What is refused takes nothing, also from the other.
    for _ in 0..2 {
        let (allowed, trail) = traced(&guard);
        assert!(!allowed);
        assert_eq!(counted(&trail), [("user".into(), 0, false), ("slow".into(), 7, true)]);
        let refused = vec![r#""user";r=0;t=30"#.to_owned(), r#""slow";r=7;t=400"#.to_owned()];
        assert_eq!(sent(&trail), (policies.clone(), refused));
    }
}

#[test]
fn a_limit_on_attempts_without_fields_is_told_to_the_trail_alone() {
    let guard = build(&limit().without_fields()).unwrap();
    let (_, trail) = traced(&guard);
    assert_eq!(sent(&trail), (vec![], vec![]));
    assert_eq!(counted(&trail), [("attempted-user".into(), 4, true)]);
}

#[test]
fn a_shadow_limit_on_attempts_changes_no_response_and_leaves_a_trace() {
    let guard = build(&per(attempted_user()).requests(1).every(MINUTE).mode(Mode::Shadow)).unwrap();
    assert!(traced(&guard).0);
    let (allowed, trail) = traced(&guard);
    assert!(allowed);
    assert_eq!(sent(&trail), (vec![], vec![]));
    assert_eq!(counted(&trail), [("attempted-user".into(), 0, false)]);
    trail.read(|state| {
        let entry = &state.entries[0];
        assert_eq!(
            (entry.room, entry.reason, entry.enforced),
            (Room::Limit, Reason::AttemptsExceeded, false)
        );
        assert_eq!(entry.detail.as_deref(), Some("attempted-user"));
    });
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
