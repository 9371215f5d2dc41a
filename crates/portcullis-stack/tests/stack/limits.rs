//! By which time requests are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use portcullis_core::{Clock, TimeSource, Trail};
use portcullis_ratelimit::{MINUTE, client_ip, per};

use crate::support::{Bench, request};

/// A clock that is moved by hand, and counts how often it is read.
#[derive(Clone)]
struct Hand {
    origin: Instant,
    seconds: Arc<AtomicUsize>,
    readings: Arc<AtomicUsize>,
}

impl Hand {
    fn new() -> Self {
        Self { origin: Clock::system().monotonic(), seconds: Arc::default(), readings: Arc::default() }
    }

    fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }
}

impl TimeSource for Hand {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn monotonic(&self) -> Instant {
        self.readings.fetch_add(1, Ordering::SeqCst);
        self.origin + Duration::from_secs(self.seconds.load(Ordering::SeqCst) as u64)
    }
}

#[tokio::test]
async fn an_audited_request_is_counted_at_the_time_at_which_it_came() {
    let readings = |limited: bool| async move {
        let hand = Hand::new();
        let bench = Bench::new(|security| {
            let security = security.clock(hand.clock());
            if limited { security.limit(per(client_ip()).requests(9).every(MINUTE)) } else { security }
        });
        hand.readings.store(0, Ordering::SeqCst);
        assert_eq!(bench.call(request("GET", "/health")).await.status(), 200);
        hand.readings.load(Ordering::SeqCst)
    };
    let (without, with) = (readings(false).await, readings(true).await);
    assert!(without > 0, "the event is dated");
    assert_eq!(with, without, "no reading more");
}

/// Whoever opened the Trail may have read a body since, which a client can send as slowly as it likes.
#[tokio::test]
async fn a_request_that_waited_further_out_is_counted_by_now() {
    let hand = Hand::new();
    let bench =
        Bench::new(|security| security.clock(hand.clock()).limit(per(client_ip()).requests(1).every(MINUTE)));
    let late = || request("GET", "/health").extension(Trail::open(&hand.clock()));
    let waiting = [late(), late()];
    assert_eq!(bench.call(late()).await.status(), 200);
    hand.seconds.store(60, Ordering::SeqCst);
    // As they came, nothing was left. By now one more is, and not two: nothing was saved up.
    let mut statuses = Vec::new();
    for request in waiting {
        statuses.push(bench.call(request).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 429]);
}
