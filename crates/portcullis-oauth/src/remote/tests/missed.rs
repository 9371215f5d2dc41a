//! Keys that tokens name and the set does not have, and keys that do not verify.

use super::super::fetcher::Wish;
use super::scripted::{Scripted, is};
use super::*;
use crate::keys::KeyLookup;

/// A2.15: a storm of invented names makes a burst of fetches, and then one per cool-down.
#[tokio::test]
async fn a_storm_of_unknown_names_makes_a_burst_and_then_one_fetch_per_cooldown() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    for n in 0..1000 {
        assert!(scripted.find(&format!("junk-{n}")).await.unwrap().is_unknown());
    }
    let burst = usize::try_from(DEFAULT_BURST).unwrap();
    assert_eq!(scripted.provider.fetches(), 1 + burst);
    for round in 1..=20 {
        scripted.time.advance(DEFAULT_COOLDOWN - SECOND);
        assert!(scripted.find(&format!("early-{round}")).await.unwrap().is_unknown());
        scripted.time.advance(SECOND);
        for n in 0..100 {
            assert!(scripted.find(&format!("junk-{round}-{n}")).await.unwrap().is_unknown());
            assert!(!scripted.find_now("a").unwrap().is_unknown());
        }
    }
    // The ten minutes brought one refresh besides.
    let fetches = scripted.provider.fetches();
    eprintln!("3,020 invented names in ten minutes: {fetches} calls to the provider");
    assert!(fetches <= 1 + burst + 20 + 2, "{fetches}");
}

/// A2.15: junk can never starve a rotation, at any moment of the storm.
#[tokio::test]
async fn a_new_key_is_accepted_within_60_s_under_a_storm_of_junk() {
    for rotated_at in 0..45_u64 {
        let scripted = Scripted::knowing(&[("old", 0)]).await;
        let mut accepted_at = None;
        for second in 0..rotated_at + 61 {
            if second == rotated_at {
                scripted.provider.publish(&[("new", 1)]);
            }
            for n in 0..20 {
                let _ = scripted.find(&format!("junk-{second}-{n}")).await;
                // Signatures that no key verifies, under a name that is known.
                let _ = scripted.accepts("old", 7).await;
            }
            if accepted_at.is_none() && second >= rotated_at && scripted.accepts("new", 1).await {
                accepted_at = Some(second);
            }
            scripted.time.advance(SECOND);
        }
        let waited = accepted_at.expect("it is never accepted") - rotated_at;
        assert!(waited <= 60, "rotated at {rotated_at} s, accepted {waited} s later");
    }
}

#[tokio::test]
async fn the_next_fetch_of_whoever_asks_brings_the_key_for_everyone() {
    let scripted = Scripted::knowing(&[("old", 0)]).await;
    assert!(scripted.find("new").await.unwrap().is_unknown());
    scripted.provider.publish(&[("new", 1)]);
    // Its own name was found to be absent a moment ago; junk makes the fetch.
    assert!(scripted.find_now("new").unwrap().is_unknown());
    assert!(scripted.find("junk").await.unwrap().is_unknown());
    assert!(!scripted.find_now("new").unwrap().is_unknown());
}

#[tokio::test]
async fn one_name_makes_one_fetch_in_its_absence_and_leaves_the_burst_to_others() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    assert!(scripted.find("stray").await.unwrap().is_unknown());
    for _ in 0..1000 {
        assert!(scripted.find_now("stray").unwrap().is_unknown());
    }
    assert_eq!(scripted.provider.fetches(), 2);
    scripted.provider.publish(&[("a", 0), ("b", 1)]);
    assert!(!scripted.find("b").await.unwrap().is_unknown());
    scripted.time.advance(DEFAULT_ABSENCE);
    assert!(scripted.find("stray").await.unwrap().is_unknown());
    assert_eq!(scripted.provider.fetches(), 4);
}

#[tokio::test]
async fn a_missed_key_is_asked_for_past_every_cache() {
    let scripted = Scripted::new();
    scripted.provider.publish_with(&[("a", 0)], &[("etag", "\"1\"")]);
    scripted.keys.prefetch().await.unwrap();
    assert!(matches!(scripted.provider.last_wish(), Some(Wish::Whole)));
    let _ = scripted.find("b").await;
    assert!(matches!(scripted.provider.last_wish(), Some(Wish::Anew)));
}

#[tokio::test]
async fn a_fetch_for_a_missed_key_that_fails_loses_nothing_and_says_that_nobody_knows() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    scripted.provider.go_down();
    check_outage(scripted.find("b").await.map(|found| !found.is_unknown()));
    assert!(!scripted.find_now("a").unwrap().is_unknown());
    scripted.provider.publish(&[("b", 1)]);
    scripted.time.advance(RETRY_PAUSE);
    assert!(!scripted.find("b").await.unwrap().is_unknown());
}

#[tokio::test]
async fn a_new_key_under_an_old_name_is_found_when_its_signature_fails() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    scripted.provider.publish(&[("a", 1)]);
    let tried = scripted.find_now("a").unwrap();
    let again = scripted.keys.look_again(Some("a"), &tried).expect("it looks").resolve().await.unwrap();
    assert!(is(&again.keys()[0], 1) && !again.is_same_as(&tried));
    assert_eq!(scripted.provider.fetches(), 2);
    // Whoever tried the old key meanwhile is told the new one at once.
    let at_once = scripted.keys.look_again(Some("a"), &tried).expect("it knows").done().expect("it waits");
    assert!(at_once.unwrap().is_same_as(&again));
    assert_eq!(scripted.provider.fetches(), 2);
}

/// Everyone can send signatures that do not verify.
#[tokio::test]
async fn a_storm_of_bad_signatures_makes_one_fetch_per_name_in_its_absence() {
    let scripted = Scripted::knowing(&[("a", 0), ("b", 1)]).await;
    for kid in ["a", "b"] {
        let tried = scripted.find_now(kid).unwrap();
        let again = scripted.keys.look_again(Some(kid), &tried).expect("it looks").resolve().await;
        assert!(again.unwrap().is_unknown());
        for _ in 0..1000 {
            assert!(scripted.keys.look_again(Some(kid), &tried).is_none());
        }
    }
    assert_eq!(scripted.provider.fetches(), 3);
    for n in 0..2 {
        let _ = scripted.find(&format!("junk-{n}")).await;
    }
    // The bucket is one for both.
    scripted.time.advance(SECOND);
    assert!(scripted.find_now("junk").unwrap().is_unknown());
    assert_eq!(scripted.provider.fetches(), 1 + usize::try_from(DEFAULT_BURST).unwrap());
}

#[tokio::test]
async fn what_known_keys_refuse_stays_refused_in_an_outage() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    scripted.provider.go_down();
    let tried = scripted.find_now("a").unwrap();
    let again = scripted.keys.look_again(Some("a"), &tried).expect("it looks").resolve().await;
    assert!(again.unwrap().is_unknown());
    assert!(scripted.keys.look_again(Some("a"), &tried).is_none(), "the pause after a failure");
    assert!(Scripted::new().keys.look_again(Some("a"), &KeyLookup::UNKNOWN).is_none(), "nothing is known");
}

/// A set whose keys have no names serves every name.
#[tokio::test]
async fn keys_without_names_serve_any_name_at_once() {
    let fixture = Fixture::new().await;
    let nameless = fixture.issuer.jwks_json().replace("\"kid\"", "\"x-kid\"");
    fixture.issuer.answer_with(JWKS, 200, "application/json", nameless);
    fixture.keys.prefetch().await.unwrap();
    for n in 0..100 {
        assert!(fixture.find_now(&format!("name-{n}")).unwrap());
    }
    assert_eq!(fixture.fetches(), 1);
}
