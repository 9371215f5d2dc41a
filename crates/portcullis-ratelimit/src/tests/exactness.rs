use std::num::NonZeroU32;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_core::Reason;
use proptest::prelude::*;

use super::{FakeTime, allows, check, five_a_minute, from};
use crate::budget::{Budget, Verdict};
use crate::{SECOND, client_ip, per};

#[test]
fn allows_exactly_the_burst_then_one_per_interval() {
    let time = FakeTime::new();
    let limiter = per(client_ip()).requests(60).every(60 * SECOND).burst(3).build(&time.clock()).unwrap();
    let allowed = |n| (0..n).filter(|_| allows(&limiter, "192.0.2.1")).count();
    assert_eq!(allowed(10), 3);
    time.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(allowed(10), 0, "one nanosecond early");
    time.advance(Duration::from_nanos(1));
    assert_eq!(allowed(10), 1);
    time.advance(100 * SECOND);
    assert_eq!(allowed(10), 3, "an idle client has its burst again, and no more");
}

/// A11.6, A11.12.
#[test]
fn a_refusal_says_when_to_come_back_rounded_up() {
    let time = FakeTime::new();
    let limiter = five_a_minute().build(&time.clock()).unwrap();
    (0..5).for_each(|_| assert!(allows(&limiter, "192.0.2.1")));
    time.advance(Duration::from_millis(1500));
    let denial = check(&limiter, &from("192.0.2.1")).unwrap_err();
    assert_eq!((denial.reason(), denial.status().as_u16()), (Reason::QuotaExceeded, 429));
    assert_eq!(denial.retry_after_seconds(), Some(11), "12 s per request, 10.5 s of them to go");
    assert_eq!(denial.violated_policies().collect::<Vec<_>>(), ["client-ip"]);
}

#[test]
fn a_refused_request_costs_nothing() {
    let time = FakeTime::new();
    let limiter = five_a_minute().build(&time.clock()).unwrap();
    assert_eq!((0..1000).filter(|_| allows(&limiter, "192.0.2.1")).count(), 5);
    time.advance(12 * SECOND);
    assert!(allows(&limiter, "192.0.2.1"));
}

/// The concurrency race of field reports: read, decide, write admits extra.
#[test]
fn of_1000_parallel_requests_at_limit_one_exactly_one_is_allowed() {
    let limiter = per(client_ip()).requests(1).every(60 * SECOND).build(&FakeTime::new().clock()).unwrap();
    let (start, allowed) = (Barrier::new(20), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                start.wait();
                let count = (0..50).filter(|_| allows(&limiter, "192.0.2.1")).count();
                allowed.fetch_add(count, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(allowed.into_inner(), 1);
}

#[test]
fn a_request_can_cost_more_than_one() {
    let limit = five_a_minute().cost(|request| request.headers().len() as u32);
    let limiter = limit.build(&FakeTime::new().clock()).unwrap();
    let costing = |cost: u32| {
        let mut request = from("192.0.2.1");
        for _ in 0..cost {
            request.headers_mut().append("x-item", "1".parse().unwrap());
        }
        check(&limiter, &request).map_err(|denial| (denial.status().as_u16(), denial.retry_after_seconds()))
    };
    assert_eq!(costing(3), Ok(()));
    assert_eq!(costing(3), Err((429, Some(12))), "two are left, one is missing");
    assert_eq!(costing(2), Ok(()), "the refused one took nothing");
    assert_eq!(costing(0), Ok(()), "what costs nothing is always allowed");
    assert_eq!(costing(6), Err((413, None)), "what never fits is not told to come back");
}

#[test]
fn a_cost_beyond_all_bounds_is_refused_without_overflow() {
    let limit = per(client_ip()).requests(1).every(crate::MAX_WINDOW).cost(|_| u32::MAX);
    let limiter = limit.build(&FakeTime::new().clock()).unwrap();
    let denial = check(&limiter, &from("192.0.2.1")).unwrap_err();
    assert_eq!(denial.reason(), Reason::CostExceedsQuota);
}

#[test]
fn the_longest_window_and_a_clock_far_ahead_stay_within_bounds() {
    let time = FakeTime::new();
    let limiter = per(client_ip()).requests(1).every(crate::MAX_WINDOW).build(&time.clock()).unwrap();
    assert!(allows(&limiter, "192.0.2.1") && !allows(&limiter, "192.0.2.1"));
    time.advance(crate::MAX_WINDOW);
    assert!(allows(&limiter, "192.0.2.1") && !allows(&limiter, "192.0.2.1"));
}

#[test]
fn an_uptime_beyond_what_64_bits_of_nanoseconds_hold_twice_is_no_panic_and_no_pass() {
    let time = FakeTime::new();
    let limiter = per(client_ip()).requests(1).every(crate::MAX_WINDOW).build(&time.clock()).unwrap();
    (0..5).for_each(|_| time.advance(crate::MAX_WINDOW));
    assert!(allows(&limiter, "192.0.2.1") && !allows(&limiter, "192.0.2.1"));
}

#[test]
fn a_window_that_does_not_divide_evenly_is_never_exceeded() {
    let time = FakeTime::new();
    let limiter = per(client_ip()).requests(3).every(SECOND).burst(1).build(&time.clock()).unwrap();
    assert!(allows(&limiter, "192.0.2.1"));
    time.advance(Duration::from_nanos(333_333_333));
    assert!(!allows(&limiter, "192.0.2.1"));
    time.advance(Duration::from_nanos(1));
    assert!(allows(&limiter, "192.0.2.1"));
}

prop_compose! {
    fn quota()(requests in 1_u32..50, window in 1_u64..100_000, burst in 1_u32..20) -> (u32, Duration, u32) {
        (requests, Duration::from_millis(window), burst)
    }
}

proptest! {
    #[test]
    fn a_request_is_refused_until_exactly_the_time_it_was_told(
        (requests, window, burst) in quota(),
        steps in proptest::collection::vec((0_u64..5_000, 1_u32..20), 1..60),
    ) {
        let time = FakeTime::new();
        let limit = per(client_ip()).requests(requests).every(window).burst(burst).capacity(1);
        let budget = Budget::new(&limit, &time.clock()).unwrap();
        for (pause, cost) in steps {
            time.advance(Duration::from_millis(pause));
            let cost = cost.min(burst);
            if let Verdict::NotFor(wait) = budget.take(7, cost).verdict {
                prop_assert!(wait > Duration::ZERO);
                time.advance(wait - Duration::from_nanos(1));
                prop_assert_eq!(budget.take(7, cost).verdict, Verdict::NotFor(Duration::from_nanos(1)));
                time.advance(Duration::from_nanos(1));
                prop_assert_eq!(budget.take(7, cost).verdict, Verdict::Within);
            }
        }
    }

    #[test]
    fn no_window_sees_more_than_burst_and_requests(
        (requests, window, burst) in quota(),
        pauses in proptest::collection::vec(0_u64..2_000, 1..300),
    ) {
        let time = FakeTime::new();
        let limit = per(client_ip()).requests(requests).every(window).burst(burst).capacity(1);
        let budget = Budget::new(&limit, &time.clock()).unwrap();
        let (mut now, mut allowed) = (Duration::ZERO, Vec::new());
        for pause in pauses {
            let pause = Duration::from_millis(pause) / 10;
            time.advance(pause);
            now += pause;
            if budget.take(7, 1).verdict == Verdict::Within {
                allowed.push(now);
            }
        }
        for (first, start) in allowed.iter().enumerate() {
            let within = allowed[first..].iter().take_while(|at| **at - *start < window).count();
            prop_assert!(within <= (burst + requests) as usize, "{within} requests");
        }
    }

    /// What is announced is what is given: so many now, one more after so long.
    #[test]
    fn the_level_is_what_can_be_taken(
        (requests, window, burst) in quota(),
        taken in 1_u32..20,
        pause in 0_u64..10_000,
    ) {
        let time = FakeTime::new();
        let limit = per(client_ip()).requests(requests).every(window).burst(burst).capacity(1);
        let budget = Budget::new(&limit, &time.clock()).unwrap();
        budget.take(7, taken.min(burst));
        time.advance(Duration::from_millis(pause));
        let level = budget.take(7, 0).level;
        if let Some(cost) = NonZeroU32::new(level.remaining) {
            prop_assert_eq!(budget.take(7, cost.get()).verdict, Verdict::Within);
        }
        prop_assert_ne!(budget.take(7, 1).verdict, Verdict::Within);
        if let Some(next) = level.next {
            time.advance(next);
            prop_assert_eq!(budget.take(7, 1).verdict, Verdict::Within);
        } else {
            prop_assert_eq!(level.remaining, burst);
        }
    }
}
