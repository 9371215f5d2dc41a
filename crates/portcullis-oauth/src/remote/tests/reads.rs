//! What a known key costs.

use allocation_counter::measure;

use super::scripted::{Scripted, key_set};
use super::*;
use crate::keys::{KeyStanding, VerifyingKey};

#[tokio::test]
async fn a_known_key_is_found_without_an_allocation() {
    let scripted = Scripted::knowing(&[("a", 0), ("b", 1)]).await;
    let key = scripted.find_now("a").unwrap().keys()[0].clone();
    let counted = measure(|| {
        for _ in 0..100 {
            assert!(!scripted.find_now("a").unwrap().is_unknown());
            assert!(!scripted.keys.find(None).done().unwrap().unwrap().is_unknown());
            assert_eq!(scripted.keys.standing(&key), KeyStanding::Current);
            assert!(scripted.keys.is_ready());
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[tokio::test]
async fn neither_does_a_known_key_while_a_refresh_is_in_progress_or_pausing() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    let reads = || {
        let counted = measure(|| (0..100).for_each(|_| drop(scripted.find_now("a").unwrap())));
        assert_eq!(counted.count_total, 0);
    };
    scripted.provider.hold();
    scripted.time.advance(DEFAULT_TTL);
    drop(scripted.find_now("a"));
    reads();
    scripted.provider.go_down();
    scripted.provider.release();
    settle(&scripted.keys).await;
    reads();
}

#[tokio::test]
async fn a_key_stands_while_the_set_holds_it_and_is_not_too_old() {
    let scripted = Scripted::knowing(&[("a", 0), ("b", 1)]).await;
    let standing = |key: &VerifyingKey| scripted.keys.standing(key);
    let (a, b) = (scripted.find_now("a").unwrap(), scripted.find_now("b").unwrap());
    let (a, b) = (&a.keys()[0], &b.keys()[0]);
    assert_eq!((standing(a), standing(b)), (KeyStanding::Current, KeyStanding::Current));
    // The same key read elsewhere stands too; another under its name and the same under another do not.
    assert_eq!(standing(&key_set(&[("a", 0)]).keys()[0]), KeyStanding::Current);
    assert_eq!(standing(&key_set(&[("a", 2)]).keys()[0]), KeyStanding::Ask);
    assert_eq!(standing(&key_set(&[("c", 0)]).keys()[0]), KeyStanding::Ask);

    // A removed key no longer stands after the refresh that asking sets off; the other one does.
    scripted.provider.publish(&[("b", 1)]);
    scripted.time.advance(DEFAULT_TTL / 100 * 80);
    assert_eq!(standing(a), KeyStanding::Current);
    settle(&scripted.keys).await;
    assert_eq!((standing(a), standing(b)), (KeyStanding::Ask, KeyStanding::Current));

    scripted.provider.go_down();
    scripted.time.advance(DEFAULT_MAX_AGE - SECOND);
    assert_eq!(standing(b), KeyStanding::Current);
    scripted.time.advance(SECOND);
    assert_eq!(standing(b), KeyStanding::Ask);
    assert_eq!(Scripted::new().keys.standing(b), KeyStanding::Ask);
}

/// A fetch that brings the same keys gives them the place that they had.
#[tokio::test]
async fn a_key_that_comes_again_stays_the_same_object() {
    let scripted = Scripted::knowing(&[("a", 0)]).await;
    let before = scripted.find_now("a").unwrap();
    scripted.provider.publish(&[("b", 1), ("a", 0)]);
    assert!(!scripted.find("b").await.unwrap().is_unknown());
    let after = scripted.find_now("a").unwrap();
    assert!(std::ptr::eq(before.keys()[0].thumbprint(), after.keys()[0].thumbprint()));
}
