use std::sync::Arc;

use super::*;

#[tokio::test]
async fn fetches_once_for_many_who_wait() {
    let fixture = Arc::new(Fixture::new().await);
    fixture.issuer.hold();
    let waiting: Vec<_> =
        (0..500).map(|_| tokio::spawn(fixture.keys.find(Some("es256-1")).resolve())).collect();
    fixture.issuer.wait_for_requests(1).await;
    fixture.issuer.come_up();
    for one in waiting {
        assert!(!one.await.unwrap().unwrap().is_unknown());
    }
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn known_keys_are_found_without_waiting_and_without_a_fetch() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.keys.prefetch().await.unwrap();
    for _ in 0..1000 {
        assert!(fixture.find_now("es256-1").unwrap());
    }
    fixture.time.advance(DEFAULT_TTL / 100 * 69);
    assert!(fixture.find_now("rs256-1").unwrap());
    let all = fixture.keys.find(None).done().unwrap().unwrap();
    assert_eq!(all.keys().len(), fixture.keys.current().unwrap().len());
    assert_eq!(fixture.fetches(), 1);
}

/// A13.5.
#[tokio::test]
async fn new_keys_are_found_by_their_unknown_name() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.issuer.rotate_with_overlap();
    assert!(fixture.find("es256-2").await.unwrap());
    assert!(fixture.find_now("es256-1").unwrap());
    assert_eq!(fixture.fetches(), 2);
}

/// A13.5: keys that are gone from the set no longer verify.
#[tokio::test]
async fn keys_that_are_gone_are_dropped_with_the_next_fetch() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.issuer.rotate();
    fixture.time.advance(DEFAULT_TTL);
    // Served once more, while the new set comes in the background.
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    assert!(!fixture.find("es256-1").await.unwrap());
    assert!(fixture.find_now("es256-2").unwrap());
}

#[tokio::test]
async fn new_keys_under_old_names_are_taken_within_the_ttl() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    let before = fixture.keys.current().unwrap();
    fixture.issuer.rotate_keeping_kids();
    fixture.time.advance(DEFAULT_TTL);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    let after = fixture.keys.current().unwrap();
    assert!(before.keys().iter().zip(after.keys()).all(|(old, new)| old.thumbprint() != new.thumbprint()));
}

#[tokio::test]
async fn an_old_set_is_refreshed_once_in_the_background() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.time.advance(DEFAULT_TTL);
    fixture.issuer.hold();
    for _ in 0..100 {
        assert!(fixture.find_now("es256-1").unwrap());
    }
    fixture.issuer.wait_for_requests(3).await;
    fixture.issuer.come_up();
    fixture.settle().await;
    assert_eq!(fixture.fetches(), 2);
    assert!(fixture.find_now("es256-1").unwrap());
    assert_eq!(fixture.fetches(), 2);
}

#[tokio::test]
async fn a_refresh_that_fails_is_tried_again_after_pauses_that_double_up_to_a_bound() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.issuer.answer_with(JWKS, 500, "text/plain", "");
    fixture.time.advance(DEFAULT_TTL);
    for pause in [5, 10, 20, 30, 30] {
        let before = fixture.fetches();
        for _ in 0..100 {
            assert!(fixture.find_now("es256-1").unwrap());
        }
        fixture.settle().await;
        assert_eq!(fixture.fetches(), before + 1);
        fixture.time.advance(pause * SECOND - SECOND);
        assert!(fixture.find_now("es256-1").unwrap());
        assert!(fixture.keys.shared().flights.running().is_none(), "{pause}");
        fixture.time.advance(SECOND);
    }
    // One success, and the next failure counts as the first.
    fixture.issuer.answer_as_usual();
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    fixture.issuer.go_down();
    check_outage(fixture.find("new").await);
    assert_eq!(check_outage(fixture.find_now("new")).retry_after_seconds(), Some(RETRY_PAUSE.as_secs()));
}

/// A13.5: `max-age` counts within our own bounds.
#[tokio::test]
async fn max_age_of_the_answer_shortens_the_ttl_within_bounds() {
    for (field, fresh_for) in [
        ("max-age=15", MIN_TTL),
        ("max-age=0", MIN_TTL),
        ("public, max-age=120", Duration::from_secs(120)),
        ("max-age=86400", DEFAULT_TTL),
        ("no-store", MIN_TTL),
        ("no-cache", MIN_TTL),
        ("s-maxage=60", DEFAULT_TTL),
    ] {
        let fixture = Fixture::new().await;
        let answer = http::Response::builder()
            .header("content-type", "application/json")
            .header("cache-control", field)
            .body(fixture.issuer.jwks_json())
            .unwrap();
        fixture.issuer.answer(JWKS, answer);
        fixture.keys.prefetch().await.unwrap();
        fixture.time.advance(fresh_for / 100 * 69);
        assert!(fixture.find_now("es256-1").unwrap());
        assert!(fixture.keys.shared().flights.running().is_none(), "{field}");
        fixture.time.advance(fresh_for / 100 * 11);
        assert!(fixture.find_now("es256-1").unwrap());
        fixture.settle().await;
        assert_eq!(fixture.fetches(), 2, "{field}");
    }
}

/// The wall clock does not matter to what is measured.
#[tokio::test]
async fn a_wall_clock_that_goes_back_changes_nothing() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    fixture.time.set(std::time::UNIX_EPOCH);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.time.advance(DEFAULT_TTL);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    assert_eq!(fixture.fetches(), 2);
}
