//! Entity tags, dates, and answers that come out of order.

use super::super::fetcher::Wish;
use super::scripted::{Scripted, is};
use super::*;

const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";
const ONE: &str = "Sun, 06 Nov 1994 13:00:00 GMT";

impl Scripted {
    async fn refreshed(&self) {
        self.time.advance(DEFAULT_TTL / 100 * 80);
        let _ = self.keys.find(None);
        settle(&self.keys).await;
    }
}

/// RFC 9110 §13.1.2, RFC 9111 §4.3.
#[tokio::test]
async fn a_set_that_has_not_changed_is_not_sent_again_and_its_age_is_renewed() {
    let scripted = Scripted::new();
    scripted.provider.publish_with(&[("a", 0)], &[("etag", "\"1\"")]);
    scripted.keys.prefetch().await.unwrap();
    let before = scripted.keys.current().unwrap();
    for _ in 0..5 {
        scripted.refreshed().await;
        assert!(matches!(scripted.provider.last_wish(), Some(Wish::UnlessStill(etag)) if etag == "\"1\""));
    }
    // 40 minutes: it would soon be too old without the renewals.
    scripted.provider.go_down();
    scripted.time.advance(DEFAULT_MAX_AGE - SECOND);
    assert!(!scripted.find_now("a").unwrap().is_unknown());
    assert!(before.keys()[0].is_same_as(&scripted.keys.current().unwrap().keys()[0]));
}

#[tokio::test]
async fn a_changed_set_is_taken_with_its_new_tag() {
    let scripted = Scripted::new();
    scripted.provider.publish_with(&[("a", 0)], &[("etag", "\"1\"")]);
    scripted.keys.prefetch().await.unwrap();
    scripted.provider.publish_with(&[("b", 1)], &[("etag", "\"2\"")]);
    scripted.refreshed().await;
    assert!(!scripted.find_now("b").unwrap().is_unknown());
    scripted.refreshed().await;
    assert!(matches!(scripted.provider.last_wish(), Some(Wish::UnlessStill(etag)) if etag == "\"2\""));
}

/// A server whose entity tag never changes cannot keep old keys alive for ever.
#[tokio::test]
async fn the_whole_set_is_asked_for_now_and_then_whatever_its_tag_says() {
    let scripted = Scripted::new();
    scripted.provider.publish_with(&[("a", 0)], &[("etag", "\"stuck\"")]);
    scripted.keys.prefetch().await.unwrap();
    scripted.provider.publish_with(&[("b", 1)], &[("etag", "\"stuck\"")]);
    let mut refreshes = 0;
    while scripted.keys.find(Some("a")).done().is_some_and(|found| !found.unwrap().is_unknown()) {
        scripted.refreshed().await;
        refreshes += 1;
        assert!(refreshes <= 8, "the old key counts for longer than an hour");
    }
    assert!(!scripted.find("b").await.unwrap().is_unknown());
}

/// A lagging replica or a cache on the way answers with what was before.
#[tokio::test]
async fn an_older_answer_after_a_newer_one_does_not_replace_it() {
    for field in ["last-modified", "date"] {
        let scripted = Scripted::new();
        scripted.provider.publish_with(&[("new", 1)], &[(field, ONE)]);
        scripted.keys.prefetch().await.unwrap();
        scripted.provider.publish_with(&[("old", 0)], &[(field, NOON)]);
        scripted.refreshed().await;
        assert!(!scripted.find_now("new").unwrap().is_unknown(), "{field}");
        // It tells nothing about other keys either.
        check_outage(scripted.find_now("old").map(|found| !found.is_unknown()));

        // When nothing newer comes for as long as the keys are fresh, it is what the issuer has.
        scripted.time.advance(DEFAULT_TTL);
        let _ = scripted.keys.find(None);
        settle(&scripted.keys).await;
        assert!(!scripted.find_now("old").unwrap().is_unknown(), "{field}");
    }
}

#[tokio::test]
async fn answers_of_one_edition_or_of_none_are_taken_as_they_come() {
    for fields in [&[("last-modified", NOON)][..], &[("date", "yesterday")], &[]] {
        let scripted = Scripted::new();
        scripted.provider.publish_with(&[("a", 0)], fields);
        scripted.keys.prefetch().await.unwrap();
        scripted.provider.publish_with(&[("a", 1)], fields);
        scripted.refreshed().await;
        let found = scripted.find_now("a").unwrap();
        assert!(is(&found.keys()[0], 1), "{fields:?}");
    }
}

/// The age that an answer gained in caches on the way counts (RFC 9111 §4.2.3).
#[tokio::test]
async fn time_that_an_answer_spent_in_caches_shortens_its_freshness() {
    let scripted = Scripted::new();
    scripted.provider.publish_with(&[("a", 0)], &[("cache-control", "max-age=500"), ("age", "400")]);
    scripted.keys.prefetch().await.unwrap();
    scripted.time.advance(80 * SECOND);
    assert!(!scripted.find_now("a").unwrap().is_unknown());
    assert!(scripted.keys.shared().flights.running().is_some());
}

/// Over the wire: one document, and 304 from then on.
#[tokio::test]
async fn a_server_with_entity_tags_sends_its_set_once() {
    let fixture = Fixture::new().await;
    fixture.keys.prefetch().await.unwrap();
    for _ in 0..3 {
        fixture.time.advance(DEFAULT_TTL / 100 * 80);
        assert!(fixture.find_now("es256-1").unwrap());
        fixture.settle().await;
    }
    assert_eq!((fixture.fetches(), fixture.issuer.unchanged_answers()), (4, 3));
    fixture.issuer.rotate();
    fixture.time.advance(DEFAULT_TTL / 100 * 80);
    assert!(fixture.find_now("es256-1").unwrap());
    fixture.settle().await;
    assert!(fixture.find_now("es256-2").unwrap());
    assert_eq!(fixture.issuer.unchanged_answers(), 3);
}
