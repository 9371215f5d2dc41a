//! The keys are kept fresh without a request.

use portcullis_core::Readiness;

use super::scripted::Scripted;
use super::*;

/// Lets that much time pass for the clock and for those who sleep, a second at a time.
async fn pass(scripted: &Scripted, time: Duration) {
    for _ in 0..time.as_secs() {
        scripted.time.advance(SECOND);
        tokio::time::advance(SECOND).await;
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn upkeep_fetches_at_the_start_and_then_ahead_of_time() {
    let scripted = Scripted::new();
    scripted.provider.publish(&[("a", 0)]);
    let upkeep = tokio::spawn(scripted.keys.upkeep());
    assert!(!scripted.keys.is_ready());
    pass(&scripted, 2 * SECOND).await;
    assert!(scripted.keys.is_ready());
    pass(&scripted, DEFAULT_TTL / 100 * 68).await;
    assert_eq!(scripted.provider.fetches(), 1);
    pass(&scripted, DEFAULT_TTL / 100 * 14).await;
    assert_eq!(scripted.provider.fetches(), 2);

    // Removed keys stop within the time to live, and nobody had to ask.
    scripted.provider.publish(&[("b", 1)]);
    pass(&scripted, DEFAULT_TTL).await;
    assert!(!scripted.keys.current().unwrap().knows("a"));
    assert!(!upkeep.is_finished());
}

#[tokio::test(start_paused = true)]
async fn upkeep_pauses_longer_and_longer_in_an_outage_and_recovers() {
    let scripted = Scripted::new();
    let _upkeep = tokio::spawn(scripted.keys.upkeep());
    pass(&scripted, 180 * SECOND).await;
    // At about 0, 5, 15, 35, 65, 95, .. seconds; a nap of up to ten seconds may come on top.
    let fetches = scripted.provider.fetches();
    assert!((5..=9).contains(&fetches), "{fetches}");
    scripted.provider.publish(&[("a", 0)]);
    pass(&scripted, MAX_RETRY_PAUSE + 10 * SECOND).await;
    assert!(scripted.keys.is_ready());
}

#[tokio::test(start_paused = true)]
async fn upkeep_ends_with_the_key_set() {
    let scripted = Scripted::new();
    let upkeep = tokio::spawn(Readiness::upkeep(&scripted.keys).expect("there is some"));
    pass(&scripted, 2 * SECOND).await;
    assert!(!upkeep.is_finished());
    let Scripted { keys, .. } = scripted;
    drop(keys);
    tokio::time::advance(60 * SECOND).await;
    upkeep.await.unwrap();
}

/// For those who keep many sets fresh.
#[tokio::test]
async fn a_refresh_begins_once_when_it_is_due() {
    let scripted = Scripted::new();
    scripted.provider.publish(&[("a", 0)]);
    scripted.keys.prefetch().await.unwrap();
    assert!(!scripted.keys.refresh_if_due());
    scripted.time.advance(DEFAULT_TTL / 100 * 82);
    assert!(scripted.keys.refresh_if_due() && !scripted.keys.refresh_if_due());
    let mut running = scripted.keys.shared().flights.running().expect("a fetch is in progress");
    running.wait_for(Option::is_some).await.unwrap();
    assert_eq!(scripted.provider.fetches(), 2);
    assert!(!scripted.keys.refresh_if_due());
}

#[tokio::test]
async fn readiness_has_the_issuers_name() {
    let scripted = Scripted::new();
    let readiness = scripted.keys.dependency().expect("it depends on its server");
    assert_eq!((readiness.name(), readiness.is_ready()), ("https://login.example.com", false));
    scripted.provider.publish(&[]);
    scripted.keys.prefetch().await.unwrap();
    assert!(readiness.is_ready(), "no key is known to be there, which is an answer");
    scripted.time.advance(DEFAULT_MAX_AGE);
    assert!(!readiness.is_ready());
}
