//! Many requests at once.

use super::*;

/// A4.6.
#[tokio::test]
async fn concurrent_look_ups_of_one_token_are_one_request() {
    let bench = Bench::new().await;
    bench.activate(TOKEN);
    bench.server.hold();
    let waiting: Vec<_> =
        (0..100).map(|_| tokio::spawn(bench.introspector.verify(TOKEN).resolve())).collect();
    bench.server.wait_for_requests(1).await;
    assert_eq!(bench.introspector.in_progress(), 1);
    bench.server.release();
    for waiting in waiting {
        assert!(waiting.await.unwrap().is_ok());
    }
    assert_eq!((bench.calls(), bench.introspector.in_progress()), (1, 0));
}

/// A4.6.
#[tokio::test]
async fn a_waiter_that_goes_away_harms_nobody() {
    let bench = Bench::with(|settings| settings.remember_for(60 * SECOND)).await;
    bench.activate(TOKEN);
    bench.server.hold();
    let first = tokio::spawn(bench.introspector.verify(TOKEN).resolve());
    let second = tokio::spawn(bench.introspector.verify(TOKEN).resolve());
    bench.server.wait_for_requests(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bench.server.release();
    assert!(second.await.unwrap().is_ok());
    assert_eq!(bench.calls(), 1);

    // Also the last one: what was asked is remembered.
    bench.activate("other");
    bench.server.hold();
    let only = tokio::spawn(bench.introspector.verify("other").resolve());
    bench.server.wait_for_requests(2).await;
    only.abort();
    assert!(only.await.unwrap_err().is_cancelled());
    let again = tokio::spawn(bench.introspector.verify("other").resolve());
    bench.server.release();
    assert!(again.await.unwrap().is_ok());
    assert_eq!(bench.calls(), 2);
}

/// A flood of junk: bounded calls in progress, bounded waiters, and the rest is told at once.
#[tokio::test]
async fn a_flood_of_junk_makes_no_more_than_the_calls_and_waiters_that_are_allowed() {
    let bench = Bench::with(|settings| settings.max_calls(4).max_waiters(20)).await;
    bench.server.hold();
    let step = |number: usize| bench.introspector.verify(&format!("junk-{number}"));
    let waiting: Vec<_> = (0..20).map(|number| tokio::spawn(step(number).resolve())).collect();
    bench.server.wait_for_requests(4).await;
    for number in 20..500 {
        check_failure(
            step(number).done().expect("it waits").map(|_| unreachable()),
            "too many requests wait",
        );
    }
    assert_eq!((bench.calls(), bench.introspector.in_progress()), (4, 20));
    bench.server.release();
    for waiting in waiting {
        check_refused(waiting.await.unwrap(), Reason::TokenInactive);
    }
    assert_eq!((bench.calls(), bench.introspector.in_progress()), (20, 0));
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
}

fn unreachable() -> Principal {
    panic!("it was verified")
}

/// A look-up in the queue that nobody waits for is not made.
#[tokio::test]
async fn nobody_is_asked_for_those_who_went_away_before() {
    let bench = Bench::with(|settings| settings.max_calls(1)).await;
    bench.server.hold();
    let first = tokio::spawn(bench.introspector.verify("first").resolve());
    bench.server.wait_for_requests(1).await;
    let queued: Vec<_> = (0..10)
        .map(|number| tokio::spawn(bench.introspector.verify(&format!("{number}")).resolve()))
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(bench.introspector.in_progress(), 11);
    for queued in queued {
        queued.abort();
        assert!(queued.await.unwrap_err().is_cancelled());
    }
    while bench.introspector.in_progress() > 1 {
        tokio::task::yield_now().await;
    }
    bench.server.release();
    check_refused(first.await.unwrap(), Reason::TokenInactive);
    assert_eq!(bench.calls(), 1);
}

/// What was decided while it was in the queue counts: a server that failed meanwhile is left alone.
#[tokio::test]
async fn the_queue_does_not_hammer_a_server_that_failed_meanwhile() {
    let bench = Bench::with(|settings| settings.max_calls(1)).await;
    bench.server.answer_with(500, "text/plain", "");
    bench.server.hold();
    let waiting: Vec<_> = (0..50)
        .map(|number| tokio::spawn(bench.introspector.verify(&format!("{number}")).resolve()))
        .collect();
    bench.server.wait_for_requests(1).await;
    bench.server.release();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap_err().status(), 503);
    }
    assert_eq!(bench.calls(), FAILURES as usize);
}
