//! Ten thousand callers while the provider is slow.

use super::scripted::Scripted;
use super::*;

const CALLERS: usize = 10_000;

/// Known keys never wait, also when a refresh and a fetch for a missed key take long.
#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_with_known_keys_never_wait_for_a_slow_fetch() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    scripted.provider.hold();
    scripted.time.advance(DEFAULT_TTL);
    let missed = tokio::spawn(scripted.keys.find(Some("missed")).resolve());
    let clock = portcullis_core::Clock::system();
    let begun = clock.monotonic();
    for _ in 0..CALLERS {
        assert!(!scripted.find_now("a").unwrap().is_unknown());
    }
    let each = clock.monotonic().saturating_duration_since(begun) / u32::try_from(CALLERS).unwrap();
    eprintln!("{CALLERS} callers with a known key during a slow fetch: {each:?} each");
    tokio::time::advance(2 * SECOND).await;
    for _ in 0..CALLERS {
        assert!(!scripted.find_now("a").unwrap().is_unknown());
    }
    scripted.provider.release();
    assert!(missed.await.unwrap().unwrap().is_unknown());
    eprintln!("calls to the provider: {}, the first before", scripted.provider.fetches());
    assert_eq!(scripted.provider.fetches(), 2);
}

/// Cold waiters are bounded in number and time, and make one fetch.
#[tokio::test(start_paused = true)]
async fn ten_thousand_cold_callers_make_one_fetch_and_a_bounded_queue() {
    let scripted = Scripted::new();
    scripted.provider.publish(&[("a", 0)]);
    scripted.provider.hold();
    let (mut waiting, mut refused) = (Vec::new(), 0);
    for _ in 0..CALLERS {
        match scripted.keys.find(Some("a")) {
            portcullis_core::Step::Done(answer) => {
                check_outage(answer.map(|found| !found.is_unknown()));
                refused += 1;
            }
            portcullis_core::Step::Wait(wait) => waiting.push(tokio::spawn(wait)),
        }
    }
    assert_eq!((waiting.len(), refused), (DEFAULT_MAX_WAITERS, CALLERS - DEFAULT_MAX_WAITERS));
    tokio::task::yield_now().await;
    tokio::time::advance(DEFAULT_WAIT / 2).await;
    scripted.provider.release();
    for one in waiting {
        assert!(!one.await.unwrap().unwrap().is_unknown());
    }
    assert_eq!(scripted.provider.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn cold_callers_go_when_the_wait_is_over() {
    let scripted = Scripted::new();
    scripted.provider.publish(&[("a", 0)]);
    scripted.provider.hold();
    let begun = tokio::time::Instant::now();
    let waiting: Vec<_> = (0..100).map(|_| tokio::spawn(scripted.keys.find(Some("a")).resolve())).collect();
    for one in waiting {
        check_outage(one.await.unwrap().map(|found| !found.is_unknown()));
    }
    assert_eq!(begun.elapsed(), DEFAULT_WAIT);
    // The fetch itself went on, and its keys serve those who come later.
    scripted.provider.release();
    settle(&scripted.keys).await;
    assert!(!scripted.find_now("a").unwrap().is_unknown());
    assert_eq!(scripted.provider.fetches(), 1);
}
