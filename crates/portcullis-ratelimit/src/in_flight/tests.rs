use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use http::Request;
use portcullis_core::{Denial, Mode, Reason, RequestView, Trail};
use proptest::prelude::*;

use super::places::{Places, Taken};
use super::{InFlight, InFlightLimiter, Permit, in_flight};
use crate::tests::{all, by_principal, fields, from};
use crate::{MINUTE, UnknownClient, attempted_user, client_ip, principal};

mod layer;

fn limiter(at_most: u32, total: u32) -> InFlightLimiter {
    in_flight(client_ip()).at_most(at_most).total(total).build().unwrap()
}

fn enter(limiter: &InFlightLimiter, request: &Request<()>) -> Result<Option<Permit>, Denial> {
    limiter.enter(&RequestView::of(request).unwrap())
}

/// A permit for a request of the client at that address, or why there is none.
fn permit(limiter: &InFlightLimiter, ip: &str) -> Result<Permit, Reason> {
    enter(limiter, &from(ip)).map(|permit| permit.unwrap()).map_err(|denial| denial.reason())
}

/// A21.4.
#[test]
fn a_client_has_exactly_as_many_requests_in_flight_as_it_may() {
    let limiter = limiter(3, 100);
    let mut held: Vec<Permit> = (0..3).map(|_| permit(&limiter, "192.0.2.1").unwrap()).collect();
    assert_eq!(permit(&limiter, "192.0.2.1").unwrap_err(), Reason::InFlightExceeded);
    assert_eq!(limiter.serving(), 3, "what is refused takes nothing");
    drop(held.pop());
    held.push(permit(&limiter, "192.0.2.1").unwrap());
    assert_eq!(permit(&limiter, "192.0.2.1").unwrap_err(), Reason::InFlightExceeded);
    drop(held);
    assert!(limiter.serving() == 0 && limiter.0.places.is_empty());
}

/// A21.4.
#[test]
fn a_client_that_holds_all_it_may_takes_nothing_from_another() {
    let limiter = limiter(2, 100);
    let _held = [(); 2].map(|()| permit(&limiter, "192.0.2.1").unwrap());
    assert!(permit(&limiter, "192.0.2.1").is_err());
    assert!(permit(&limiter, "192.0.2.2").is_ok() && permit(&limiter, "2001:db8::1").is_ok());
}

/// A19.6.
#[test]
fn the_networks_of_one_customer_are_one_client() {
    let limiter = limiter(1, 100);
    let _held = permit(&limiter, "2001:db8:0:1::1").unwrap();
    assert!(permit(&limiter, "2001:db8:0:ff::2").is_err() && permit(&limiter, "2001:db8:0:100::1").is_ok());

    let narrow = in_flight(client_ip()).at_most(1).ipv6_prefix(64).build().unwrap();
    let _held = permit(&narrow, "2001:db8:0:1::1").unwrap();
    assert!(permit(&narrow, "2001:db8:0:2::1").is_ok());
}

/// A21.4.
#[test]
fn all_clients_together_have_exactly_as_many_requests_in_flight_as_they_may() {
    let limiter = limiter(10, 3);
    let mut held: Vec<Permit> = (1..=3).map(|n| permit(&limiter, &format!("192.0.2.{n}")).unwrap()).collect();
    assert_eq!(permit(&limiter, "192.0.2.4").unwrap_err(), Reason::CapacityExhausted);
    drop(held.pop());
    held.push(permit(&limiter, "192.0.2.4").unwrap());
    assert_eq!(permit(&limiter, "192.0.2.3").unwrap_err(), Reason::CapacityExhausted);
    drop(held);
    assert!(limiter.serving() == 0 && limiter.0.places.is_empty(), "a refusal counts nothing");
}

#[test]
fn who_holds_too_much_is_told_so_even_if_nothing_is_left() {
    let limiter = limiter(2, 2);
    let _held = [(); 2].map(|()| permit(&limiter, "192.0.2.1").unwrap());
    assert_eq!(permit(&limiter, "192.0.2.1").unwrap_err(), Reason::InFlightExceeded);
    assert_eq!(permit(&limiter, "192.0.2.2").unwrap_err(), Reason::CapacityExhausted);
}

#[track_caller]
fn check_refusal(cap: &InFlight, ip: &str, status: u16, retry_after: u64, policy: &[&str], left: &[&str]) {
    let limiter = cap.build().unwrap();
    let _held = permit(&limiter, "192.0.2.1").unwrap();
    let request = from(ip);
    let denial = enter(&limiter, &request).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.retry_after_seconds()), (status, Some(retry_after)));
    assert_eq!(denial.violated_policies().collect::<Vec<_>>(), [limiter.name().as_ref()]);
    let headers = fields(&request);
    assert_eq!((&*all(&headers, "ratelimit-policy"), &*all(&headers, "ratelimit")), (policy, left));
    let noted = Trail::of(request.extensions()).unwrap().read(|state| {
        (
            state.limits[0].allowed,
            state.limits[0].remaining,
            state.entries[0].reason,
            state.entries[0].enforced,
        )
    });
    assert_eq!(noted, (false, 0, denial.reason(), true));
}

/// A11.2, A11.12: the unit is that of the draft.
#[test]
fn a_refusal_says_what_is_used_up_and_when_to_come_back() {
    let cap = in_flight(client_ip()).at_most(1);
    let policy = r#""in-flight";q=1;qu="concurrent-requests""#;
    check_refusal(&cap, "192.0.2.1", 429, 1, &[policy], &[r#""in-flight";r=0"#]);
    check_refusal(&cap.clone().retry_after(MINUTE).without_fields(), "192.0.2.1", 429, 60, &[], &[]);
    let named = cap.clone().named("streams");
    let policy = r#""streams";q=1;qu="concurrent-requests""#;
    check_refusal(&named, "192.0.2.1", 429, 1, &[policy], &[r#""streams";r=0"#]);
    // Of what the client itself may do, nothing is used up.
    check_refusal(&cap.total(1), "192.0.2.2", 503, 1, &[], &[]);
}

#[test]
fn a_request_that_is_served_leaves_nothing_on_the_trail() {
    let request = from("192.0.2.1");
    let _held = enter(&limiter(1, 1), &request).unwrap();
    let trail = Trail::of(request.extensions()).unwrap();
    assert!(
        trail.read(|state| state.limits.is_empty() && state.entries.is_empty() && state.fields.is_empty())
    );
}

#[test]
fn a_cap_that_is_only_watched_serves_everybody_and_says_whom_it_would_not() {
    let limiter = in_flight(client_ip()).at_most(1).mode(Mode::Shadow).build().unwrap();
    let _held = permit(&limiter, "192.0.2.1").unwrap();
    let request = from("192.0.2.1");
    assert!(enter(&limiter, &request).unwrap().is_none());
    assert_eq!(limiter.serving(), 1, "it is not counted");
    assert!(fields(&request).is_empty());
    let noted = Trail::of(request.extensions()).unwrap();
    let noted = noted.read(|state| (state.entries[0].reason, state.entries[0].enforced));
    assert_eq!(noted, (Reason::InFlightExceeded, false));
}

/// A19.2.
#[test]
fn clients_without_an_address_are_one_client_or_refused() {
    let limiter = limiter(1, 10);
    let _held = permit(&limiter, "unknown").unwrap();
    assert!(permit(&limiter, "unknown").is_err() && permit(&limiter, "0.0.0.0").is_ok());

    let strict = in_flight(client_ip()).unknown_client(UnknownClient::Refuse).build().unwrap();
    assert_eq!(permit(&strict, "unknown").unwrap_err(), Reason::Misconfigured);
    assert_eq!(strict.serving(), 0);
}

#[test]
fn requests_can_be_counted_by_caller() {
    let limiter = in_flight(principal()).at_most(1).build().unwrap();
    let alice = by_principal("https://a.example", "alice");
    let _held = enter(&limiter, &alice).unwrap();
    assert!(enter(&limiter, &alice).is_err());
    assert!(enter(&limiter, &by_principal("https://a.example", "bob")).is_ok());
}

#[track_caller]
fn check_configuration(cap: &InFlight, codes: &[&str]) {
    let errors = cap.build().err().map(|errors| errors.codes().collect::<Vec<_>>());
    assert_eq!(errors.unwrap_or_default(), codes);
}

#[test]
fn everything_that_is_wrong_with_a_cap_is_reported_at_once() {
    let cap = || in_flight(client_ip());
    check_configuration(&cap().at_most(1).total(super::MAX_TOTAL_AT_ONCE.min(1 << 10)), &[]);
    check_configuration(&cap().at_most(0), &["P301"]);
    check_configuration(&cap().total(0), &["P301"]);
    check_configuration(&cap().total(super::MAX_TOTAL_AT_ONCE + 1), &["P306"]);
    check_configuration(&cap().ipv6_prefix(0), &["P306"]);
    check_configuration(&cap().named("é"), &["P302"]);
    check_configuration(&in_flight(attempted_user()), &["P303"]);
    let wrong = in_flight(attempted_user()).at_most(0).total(u32::MAX).ipv6_prefix(129).named("");
    check_configuration(&wrong, &["P301", "P306", "P306", "P303", "P302"]);
}

#[test]
fn the_table_never_grows_and_takes_18_octets_for_each_request_in_flight() {
    for total in [1, 100, super::DEFAULT_TOTAL_AT_ONCE, 1_000_000] {
        let bytes = Places::new(total).bytes();
        assert!(bytes <= (19 * total as usize).max(64), "{total} requests: {bytes} octets");
    }
}

/// One set of seven: hashes below 2^32 that differ are different keys.
#[test]
fn an_eighth_key_of_a_full_set_is_served_but_not_counted() {
    let places = Places::new(3);
    for key in 1..=7 {
        assert_eq!(places.take(key, 1), Taken::Counted(1));
    }
    assert_eq!(places.take(7, 1), Taken::Full);
    assert_eq!(places.take(8, 1), Taken::Uncounted);
    places.give_back(1);
    assert_eq!(places.take(8, 1), Taken::Counted(1), "a place is free as soon as nothing is in flight");
    assert_eq!(places.take(8, 1), Taken::Full);
}

/// A21.4: what an attacker with many addresses could try.
#[test]
fn what_is_not_counted_by_key_is_still_among_the_total() {
    let limiter = limiter(1, 3);
    let held: Vec<Permit> = (0..3).map(|n| permit(&limiter, &format!("10.0.0.{n}")).unwrap()).collect();
    for n in 3..=255 {
        assert_eq!(permit(&limiter, &format!("10.0.0.{n}")).unwrap_err(), Reason::CapacityExhausted);
    }
    drop(held);
    assert_eq!(limiter.serving(), 0);
}

#[test]
fn as_many_clients_as_the_total_are_counted_apart_from_a_few_unlucky_ones() {
    let limiter = limiter(1, 10_000);
    let address = |n: u32| std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
    let _held: Vec<Permit> = (0..9_000).map(|n| permit(&limiter, &address(n)).unwrap()).collect();
    let uncounted = (0..1_000).filter(|n| permit(&limiter, &address(*n)).is_ok()).count();
    assert!(uncounted < 10, "{uncounted} of 1,000 clients are not counted");
}

#[test]
fn of_many_parallel_requests_never_more_are_in_flight_than_may() {
    let limiter = limiter(2, 3);
    let (serving, own) = (AtomicU32::new(0), [AtomicU32::new(0), AtomicU32::new(0)]);
    thread::scope(|scope| {
        for thread in 0..8_usize {
            let (limiter, serving, own) = (&limiter, &serving, &own[thread % 2]);
            let ip = ["192.0.2.1", "192.0.2.2"][thread % 2];
            scope.spawn(move || {
                for _ in 0..500 {
                    if let Ok(permit) = permit(limiter, ip) {
                        assert!(serving.fetch_add(1, Ordering::SeqCst) < 3, "more than all may");
                        assert!(own.fetch_add(1, Ordering::SeqCst) < 2, "more than one client may");
                        thread::yield_now();
                        own.fetch_sub(1, Ordering::SeqCst);
                        serving.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    assert!(limiter.serving() == 0 && limiter.0.places.is_empty());
}

#[test]
fn clones_share_their_counts() {
    let limiter = limiter(1, 10);
    let twin = limiter.clone();
    let _held = permit(&limiter, "192.0.2.1").unwrap();
    assert!(permit(&twin, "192.0.2.1").is_err() && twin.serving() == 1);
}

proptest! {
    /// Whatever comes and goes, in whatever order, is counted as a simple model counts it.
    #[test]
    fn counts_as_the_model_does(steps in proptest::collection::vec((0_u8..4, any::<bool>()), 1..200)) {
        let limiter = limiter(3, 8);
        let mut held: HashMap<u8, Vec<Permit>> = HashMap::new();
        for (client, comes) in steps {
            let all: usize = held.values().map(Vec::len).sum();
            let own = held.entry(client).or_default();
            if comes {
                let expected = match own.len() {
                    3 => Err(Reason::InFlightExceeded),
                    _ if all == 8 => Err(Reason::CapacityExhausted),
                    _ => Ok(()),
                };
                let entered = permit(&limiter, &format!("192.0.2.{client}"));
                prop_assert_eq!(entered.as_ref().map(|_| ()).map_err(|reason| *reason), expected);
                own.extend(entered);
            } else {
                own.pop();
            }
            prop_assert_eq!(limiter.serving() as usize, held.values().map(Vec::len).sum::<usize>());
        }
        held.clear();
        prop_assert!(limiter.0.places.is_empty());
    }
}
