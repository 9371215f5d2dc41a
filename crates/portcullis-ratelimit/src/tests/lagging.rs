//! Times that lag behind the exact clock, by a tick of the kernel at most.

use std::time::Duration;

use portcullis_core::{Clock, MAX_COARSE_LAG};
use proptest::prelude::*;

use super::{FakeTime, allows};
use crate::budget::{Budget, COARSE_FROM, Verdict};
use crate::{Limit, MINUTE, SECOND, client_ip, per};

/// A budget of one bucket, and what stands beside it.
struct Lagging {
    time: FakeTime,
    budget: Budget,
}

impl Lagging {
    fn new(limit: &Limit) -> Self {
        let time = FakeTime::new();
        let budget = Budget::new(limit, &time.clock()).unwrap();
        Self { time, budget }
    }

    fn take(&self, lag: Duration, cost: u32) -> Verdict {
        let now = self.time.clock().monotonic();
        self.budget.take_at(now.checked_sub(lag).unwrap(), 7, cost).verdict
    }

    fn take_exactly(&self, cost: u32) -> Verdict {
        self.budget.take(7, cost).verdict
    }
}

fn one_a_second() -> Limit {
    per(client_ip()).requests(1).every(SECOND)
}

#[test]
fn only_a_quota_that_takes_a_second_to_fill_is_counted_by_a_time_that_may_lag() {
    for (limit, coarse) in [
        (one_a_second(), true),
        (per(client_ip()).requests(1000).every(SECOND), true),
        (per(client_ip()).requests(100).every(MINUTE).burst(2), true),
        (per(client_ip()).requests(100).every(SECOND).burst(99), false),
        (per(client_ip()).requests(5).every(COARSE_FROM - Duration::from_millis(1)), false),
    ] {
        let budget = Budget::new(&limit, &Clock::system()).unwrap();
        assert_eq!(budget.takes_coarse(), coarse, "{limit:?}");
    }
}

#[test]
fn a_limit_by_the_clock_of_the_system_refuses_what_is_too_much() {
    let limiter = one_a_second().burst(3).build(&Clock::system()).unwrap();
    assert_eq!((0..10).filter(|_| allows(&limiter, "192.0.2.1")).count(), 3);
}

#[test]
fn a_time_before_that_of_the_last_request_gains_nothing() {
    let lagging = Lagging::new(&one_a_second());
    lagging.time.advance(10 * SECOND);
    assert_eq!(lagging.take_exactly(1), Verdict::Within);
    assert_eq!(lagging.take(MAX_COARSE_LAG, 1), Verdict::NotFor(SECOND + MAX_COARSE_LAG));
    assert_eq!(lagging.take_exactly(1), Verdict::NotFor(SECOND), "what was refused cost nothing");
}

/// Time is reckoned once for all limits that read it, whenever they were built.
#[test]
fn limits_by_one_clock_fill_each_in_its_own_time() {
    let (early, late) = (Lagging::new(&one_a_second()), Lagging::new(&one_a_second()));
    early.time.advance(SECOND / 2);
    for lagging in [&early, &late] {
        assert_eq!(lagging.take_exactly(1), Verdict::Within);
        assert_eq!(lagging.take_exactly(1), Verdict::NotFor(SECOND));
    }
    early.time.advance(SECOND);
    assert_eq!((early.take_exactly(1), late.take_exactly(1)), (Verdict::Within, Verdict::NotFor(SECOND)));
}

#[test]
fn a_time_before_the_limit_was_built_is_its_beginning() {
    let lagging = Lagging::new(&one_a_second());
    assert_eq!(lagging.take(MAX_COARSE_LAG, 1), Verdict::Within);
    assert_eq!(lagging.take(MAX_COARSE_LAG, 1), Verdict::NotFor(SECOND));
}

prop_compose! {
    /// A limit that takes a second to fill, or longer.
    fn limit()(requests in 1_u32..1_000, window in 1_000_u64..100_000, burst in 1_u32..1_000) -> (u32, Duration, u32) {
        (requests, Duration::from_millis(window), burst.max(requests.div_ceil(window as u32 / 1_000)))
    }
}

fn step() -> impl Strategy<Value = (u64, u64, bool, u32)> {
    let lag = 0..=MAX_COARSE_LAG.as_nanos() as u64;
    (0_u64..2_000_000_000, lag, any::<bool>(), 1_u32..1_000)
}

/// How many requests the window sees that sees most, where each lag is so many times as long.
fn fullest_window(
    (requests, window, burst): (u32, Duration, u32),
    steps: &[(u64, u64, bool, u32)],
    hurry: u64,
    longer: u32,
) -> u32 {
    let lagging = Lagging::new(&per(client_ip()).requests(requests).every(window).burst(burst).capacity(1));
    let (mut now, mut allowed) = (Duration::ZERO, Vec::new());
    for &(pause, lag, exact, cost) in steps {
        let pause = Duration::from_nanos(pause / hurry);
        lagging.time.advance(pause);
        now += pause;
        let (lag, cost) = (Duration::from_nanos(lag) * longer, cost.min(burst));
        let verdict = if exact { lagging.take_exactly(cost) } else { lagging.take(lag, cost) };
        if verdict == Verdict::Within {
            allowed.push((now, cost));
        }
    }
    let seen_from = |first: usize| {
        let (start, _) = allowed[first];
        let within = allowed[first..].iter().take_while(|(at, _)| *at - start < window);
        within.map(|(_, cost)| cost).sum()
    };
    (0..allowed.len()).map(seen_from).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn a_lag_refuses_nobody_and_who_waits_as_told_is_served(
        (requests, window, burst) in limit(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let lagging = Lagging::new(&per(client_ip()).requests(requests).every(window).burst(burst).capacity(1));
        for (pause, lag, _, cost) in steps {
            lagging.time.advance(Duration::from_nanos(pause));
            let (lag, cost) = (Duration::from_nanos(lag), cost.min(burst));
            if let Verdict::NotFor(wait) = lagging.take(lag, cost) {
                let Verdict::NotFor(exact) = lagging.take_exactly(cost) else {
                    return Err(TestCaseError::fail("the lag alone refused it"));
                };
                prop_assert!(exact <= wait && wait <= exact + lag);
                lagging.time.advance(wait);
                prop_assert_eq!(lagging.take(MAX_COARSE_LAG, cost), Verdict::Within);
            }
        }
    }

    /// What is promised of one window, and of larger bursts what falls into the bucket during the lag.
    #[test]
    fn no_window_sees_more_than_burst_and_requests_and_a_hundredth_of_the_burst(
        (requests, window, burst) in limit(),
        steps in proptest::collection::vec(step(), 1..300),
        hurry in 1_u64..1_000,
    ) {
        let most = burst + requests + if burst > 100 { burst / 100 } else { 0 };
        let within = fullest_window((requests, window, burst), &steps, hurry, 1);
        prop_assert!(within <= most, "{within} requests of {most}");
    }

    /// A lag has no bound that the kernel keeps in any case; what it lets through has one, whatever the lag.
    #[test]
    fn a_longer_lag_lets_through_what_falls_into_the_bucket_meanwhile_and_no_more(
        (requests, window, burst) in limit(),
        steps in proptest::collection::vec(step(), 1..300),
        hurry in 1_u64..1_000,
        longer in 1_u32..500,
    ) {
        let interval = window.as_nanos().div_ceil(requests.into());
        let meanwhile = (window + MAX_COARSE_LAG * longer).as_nanos() / interval;
        let within = fullest_window((requests, window, burst), &steps, hurry, longer);
        prop_assert!(u128::from(within) <= u128::from(burst) + meanwhile, "{within} requests of {burst} and {meanwhile}");
    }
}
