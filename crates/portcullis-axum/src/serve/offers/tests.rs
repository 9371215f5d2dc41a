use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use portcullis_core::TimeSource;
use tokio::sync::watch;

use super::super::connection::Phase;
use super::*;

/// Seconds after the first reading.
struct Seconds(Instant, Arc<AtomicU64>);

impl TimeSource for Seconds {
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn monotonic(&self) -> Instant {
        self.0 + Duration::from_secs(self.1.load(Ordering::Relaxed))
    }
}

fn traffic() -> (Traffic, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = Clock::new(Seconds(Clock::system().monotonic(), Arc::clone(&seconds)));
    let pace = Pace { pause: Duration::from_secs(30), rate: Some(240) };
    (Traffic::new(watch::channel(Phase::Serving).1, Offers::new(pace, clock)), seconds)
}

#[test]
fn an_offer_is_late_after_the_longest_pause() {
    let (traffic, seconds) = traffic();
    let late = |at| {
        seconds.store(at, Ordering::Relaxed);
        traffic.offers().late() > 0
    };
    let mut offer = Offer::new(traffic.clone());
    assert!(!late(1_000), "nothing is offered");
    offer.waits(2_400);
    assert_eq!([late(1_029), late(1_030)], [false, true]);
    offer.taken();
    assert!(!late(2_000), "the application has nothing to say");
    // The 2400 octets before are under way, for 10 seconds at the least rate.
    offer.waits(1);
    assert_eq!([late(2_039), late(2_040)], [false, true]);
    drop(offer);
    assert!(!late(3_000), "the stream is over");
}

#[test]
fn there_are_no_more_places_than_streams_at_once() {
    let (traffic, _) = traffic();
    for _ in 0..100 {
        let offers = [Offer::new(traffic.clone()), Offer::new(traffic.clone())];
        assert_ne!(offers[0].place, offers[1].place);
    }
    assert_eq!(traffic.offers().with(|places| places.len()), 2);
}
