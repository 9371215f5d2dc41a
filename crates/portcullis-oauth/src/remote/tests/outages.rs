use std::error::Error as _;

use super::*;

#[tokio::test]
async fn an_issuer_that_is_down_at_the_start_keeps_nobody_from_starting() {
    let fixture = Fixture::new().await;
    fixture.issuer.go_down();
    assert!(!fixture.keys.is_ready());
    let denial = check_outage(fixture.find("es256-1").await);
    assert!(denial.source().is_some() && denial.explanation().is_some());

    // No fetch within the pause, however many ask.
    for _ in 0..100 {
        let denial = check_outage(fixture.find_now("es256-1"));
        assert_eq!(denial.retry_after_seconds(), Some(RETRY_PAUSE.as_secs()));
    }
    fixture.issuer.come_up();
    fixture.time.advance(RETRY_PAUSE - SECOND);
    assert_eq!(check_outage(fixture.find_now("es256-1")).retry_after_seconds(), Some(1));
    fixture.time.advance(SECOND);
    assert!(fixture.find("es256-1").await.unwrap());
    assert!(fixture.keys.is_ready());
}

#[tokio::test]
async fn nobody_listens_at_all() {
    let url = TestIssuer::start().await.url().to_owned();
    let keys = RemoteKeys::discover().build(&context(&url, &FakeClock::new())).unwrap();
    assert!(keys.prefetch().await.unwrap_err().is_outage());
}

/// A2.15, bounded: the last good keys serve through an outage, then 503 and never 401.
#[tokio::test]
async fn an_outage_keeps_the_good_keys_until_they_are_too_old() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.issuer.go_down();

    fixture.time.advance(DEFAULT_TTL);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    fixture.time.advance(DEFAULT_MAX_AGE - DEFAULT_TTL - SECOND);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;

    fixture.time.advance(SECOND);
    check_outage(fixture.find("es256-1").await);
    assert!(!fixture.keys.is_ready());

    fixture.issuer.come_up();
    fixture.time.advance(MAX_RETRY_PAUSE);
    assert!(fixture.find("es256-1").await.unwrap());
}

#[tokio::test]
async fn an_unknown_name_in_an_outage_is_503_and_not_401() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.issuer.go_down();
    check_outage(fixture.find("new").await);
    // Within the pause nobody knows either, and nobody asks.
    let denial = check_outage(fixture.find_now("new"));
    assert_eq!(denial.retry_after_seconds(), Some(RETRY_PAUSE.as_secs()));
    assert!(fixture.find_now("es256-1").unwrap());
}

#[tokio::test]
async fn waiters_go_when_the_wait_is_over_and_the_fetch_goes_on() {
    let fixture = Fixture::with(|settings| settings.with_wait(Duration::from_millis(20))).await;
    fixture.issuer.hold();
    check_outage(fixture.find("es256-1").await);
    fixture.issuer.come_up();
    fixture.keys.prefetch().await.unwrap();
    assert!(fixture.find_now("es256-1").unwrap());
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn as_many_wait_as_may_and_not_one_more() {
    let fixture = Fixture::with(|settings| settings.with_max_waiters(2)).await;
    fixture.issuer.hold();
    let waiting = [fixture.keys.find(Some("es256-1")), fixture.keys.find(None)];
    check_outage(fixture.find_now("es256-1"));
    fixture.issuer.come_up();
    for step in waiting {
        assert!(!step.resolve().await.unwrap().is_unknown());
    }
    // The seats are free again.
    assert!(!fixture.find("no such key").await.unwrap());
}

#[tokio::test]
async fn a_waiter_that_goes_away_harms_nobody() {
    let fixture = Fixture::new().await;
    fixture.issuer.hold();
    let first = fixture.keys.find(Some("es256-1"));
    let second = tokio::spawn(fixture.keys.find(Some("es256-1")).resolve());
    fixture.issuer.wait_for_requests(1).await;
    drop(first);
    fixture.issuer.come_up();
    assert!(!second.await.unwrap().unwrap().is_unknown());
    assert_eq!(fixture.fetches(), 1);
}

#[test]
fn a_runtime_that_ends_during_the_fetch_leaves_nothing_stuck() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fixture = server.block_on(Fixture::new());
    fixture.issuer.hold();
    let first = runtime();
    first.block_on(async {
        drop(fixture.keys.find(None));
        fixture.issuer.wait_for_requests(1).await;
    });
    drop(first);
    fixture.issuer.come_up();
    check_outage(fixture.find_now("es256-1"));
    fixture.time.advance(RETRY_PAUSE);
    assert!(runtime().block_on(fixture.find("es256-1")).unwrap());
}
