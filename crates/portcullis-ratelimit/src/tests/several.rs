use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Instant, SystemTime};

use http::Request;
use portcullis_core::{Clock, Denial, Reason, RequestView, TimeSource, Trail};

use super::{FakeTime, all, by_principal, check, fields, five_a_minute};
use crate::{HOUR, Limit, Limiters, MINUTE, Phase, SECOND, attempted_user, client_ip, per, principal};

fn together(limits: &[Limit], time: &FakeTime) -> Limiters {
    Limiters::build(limits, &time.clock()).unwrap()
}

fn check_all(limiters: &Limiters, request: &Request<()>) -> Result<(), Denial> {
    limiters.check_all(&RequestView::of(request).unwrap()).done().unwrap()
}

fn alice() -> Request<()> {
    by_principal("https://login.example", "alice")
}

/// All or nothing.
#[test]
fn a_request_refused_by_one_limit_is_counted_by_none() {
    let time = FakeTime::new();
    let limiters = together(&[five_a_minute(), per(principal()).requests(1).every(MINUTE)], &time);
    assert!(check_all(&limiters, &alice()).is_ok());
    (0..100).for_each(|_| assert!(check_all(&limiters, &alice()).is_err()));
    // Four of five are left to others at the same address.
    for name in ["bob", "carol", "dave", "erin"] {
        assert!(check_all(&limiters, &by_principal("https://login.example", name)).is_ok(), "{name}");
    }
    assert!(check_all(&limiters, &by_principal("https://login.example", "frank")).is_err());
}

#[test]
fn parallel_refusals_give_back_exactly_what_they_took() {
    let time = FakeTime::new();
    let limits = [per(client_ip()).requests(1000).every(HOUR), per(principal()).requests(10).every(HOUR)];
    let limiters = together(&limits, &time);
    let allowed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let count = (0..200).filter(|_| check_all(&limiters, &alice()).is_ok()).count();
                allowed.fetch_add(count, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(allowed.into_inner(), 10);
    let request = by_principal("https://login.example", "bob");
    check_all(&limiters, &request).unwrap();
    assert_eq!(all(&fields(&request), "ratelimit")[0], "\"client-ip\";r=989;t=4");
}

/// A11.6, A11.7, A11.10.
#[test]
fn a_refusal_names_every_quota_that_is_used_up_and_the_longest_wait() {
    let time = FakeTime::new();
    let limits = [
        per(client_ip()).requests(1).every(SECOND).named("burst"),
        per(client_ip()).requests(1).every(HOUR).named("hourly"),
        per(client_ip()).requests(100).every(HOUR).named("wide"),
    ];
    let limiters = together(&limits, &time);
    check_all(&limiters, &alice()).unwrap();
    let request = alice();
    let denial = check_all(&limiters, &request).unwrap_err();
    assert_eq!(denial.violated_policies().collect::<Vec<_>>(), ["burst", "hourly"]);
    assert_eq!((denial.reason(), denial.retry_after_seconds()), (Reason::QuotaExceeded, Some(3600)));

    let headers = fields(&request);
    assert_eq!(
        all(&headers, "ratelimit"),
        ["\"burst\";r=0;t=1", "\"hourly\";r=0;t=3600", "\"wide\";r=99;t=36"]
    );
    assert_eq!(
        all(&headers, "ratelimit-policy"),
        ["\"burst\";q=1;w=1", "\"hourly\";q=1;w=3600", "\"wide\";q=100;w=3600"]
    );
}

#[test]
fn the_trail_keeps_what_each_limit_counted_and_the_refusal() {
    let limiters = together(&[five_a_minute(), per(principal()).requests(1).every(MINUTE)], &FakeTime::new());
    check_all(&limiters, &alice()).unwrap();
    let request = alice();
    check_all(&limiters, &request).unwrap_err();
    Trail::of(request.extensions()).unwrap().read(|state| {
        let limits: Vec<_> = state.limits.iter().map(|l| (l.name.as_ref(), l.remaining, l.allowed)).collect();
        assert_eq!(limits, [("client-ip", 4, true), ("principal", 0, false)]);
        let entries: Vec<_> = state.entries.iter().map(|e| (e.reason, e.enforced)).collect();
        assert_eq!(entries, [(Reason::QuotaExceeded, true)]);
    });
}

#[test]
fn limits_that_are_split_by_phase_share_their_buckets() {
    let limits = [
        five_a_minute(),
        per(principal()).requests(1).every(MINUTE),
        per(attempted_user()).requests(1).every(MINUTE),
    ];
    let limiters = together(&limits, &FakeTime::new());
    let names = |phase| limiters.of_phase(phase).iter().map(|l| l.name().to_string()).collect::<Vec<_>>();
    assert_eq!(names(Phase::Anonymous), ["client-ip"]);
    assert_eq!(names(Phase::Identity), ["principal"]);
    assert_eq!(names(Phase::Attempt), ["attempted-user"]);
    check_all(&limiters.of_phase(Phase::Identity), &alice()).unwrap();
    assert!(check_all(&limiters.of_phase(Phase::Identity), &alice()).is_err());
    assert!(Limiters::new([]).unwrap().is_empty());
}

#[test]
fn clones_share_their_buckets() {
    let limiter = per(principal()).requests(1).every(MINUTE).build(&FakeTime::new().clock()).unwrap();
    let clone = limiter.clone();
    check(&limiter, &alice()).unwrap();
    assert!(check(&clone, &alice()).is_err());
}

/// A clock that counts how often it is read.
#[derive(Clone)]
struct Counting(FakeTime, Arc<AtomicUsize>);

impl TimeSource for Counting {
    fn wall(&self) -> SystemTime {
        self.0.wall()
    }

    fn monotonic(&self) -> Instant {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.monotonic()
    }
}

#[test]
fn limits_that_share_a_clock_read_it_once_for_a_request() {
    let time = Counting(FakeTime::new(), Arc::default());
    let (clock, readings) = (Clock::new(time.clone()), Arc::clone(&time.1));
    let limit = |name| five_a_minute().named(name).build(&clock).unwrap();
    let other = Clock::new(time);
    let mixed = Limiters::new([limit("a"), limit("b"), five_a_minute().build(&other).unwrap()]).unwrap();
    for (limiters, expected) in
        [(Limiters::new([limit("a"), limit("b"), limit("c")]).unwrap(), 1), (mixed, 2)]
    {
        readings.store(0, Ordering::SeqCst);
        check_all(&limiters, &alice()).unwrap();
        assert_eq!(readings.load(Ordering::SeqCst), expected);
    }
}

/// What lags does not serve a limit that needs more, and what is exact serves all.
#[test]
fn limits_that_fill_at_once_read_the_clock_anew_unless_it_was_read_exactly() {
    let time = Counting(FakeTime::new(), Arc::default());
    let (clock, readings) = (Clock::new(time.clone()), Arc::clone(&time.1));
    let limit = |name, window| per(client_ip()).requests(5).every(window).named(name).build(&clock).unwrap();
    let (slow, quick) = (limit("slow", SECOND), limit("quick", SECOND / 2));
    for (limiters, expected) in [([&slow, &quick], 2), ([&quick, &slow], 1)] {
        let limiters = Limiters::new(limiters.map(Clone::clone)).unwrap();
        readings.store(0, Ordering::SeqCst);
        check_all(&limiters, &alice()).unwrap();
        assert_eq!(readings.load(Ordering::SeqCst), expected);
    }
}

#[test]
fn a_request_is_counted_at_its_arrival_if_that_is_known_by_the_same_clock() {
    let time = Counting(FakeTime::new(), Arc::default());
    let (clock, readings) = (Clock::new(time.clone()), Arc::clone(&time.1));
    let limit = |name| five_a_minute().named(name).build(&clock).unwrap();
    let dated = |clock: &Clock| {
        let mut request = Request::new(());
        request.extensions_mut().insert(Trail::open(clock));
        request
    };
    let undated = || super::from("192.0.2.1");
    let one = Limiters::new([limit("a")]).unwrap();
    let several = Limiters::new([limit("a"), limit("b")]).unwrap();
    let other = Clock::new(time);
    for (request, expected) in [(dated(&clock), 0), (dated(&other), 1), (undated(), 1)] {
        for limiters in [&one, &several] {
            readings.store(0, Ordering::SeqCst);
            let view = RequestView::of(&request).unwrap();
            assert!(limiters.check_arrival(&view).done().unwrap().is_ok());
            assert_eq!(readings.load(Ordering::SeqCst), expected);
        }
    }
}
