use portcullis_core::Clock;

use super::{FakeTime, allows, five_a_minute};
use crate::budget::{Budget, Verdict};
use crate::table::Table;
use crate::{DEFAULT_CAPACITY, Limit, MINUTE, SECOND, client_ip, per};

fn budget(limit: &Limit, clock: &Clock) -> Budget {
    Budget::new(limit, clock).unwrap()
}

/// An evenly spread number per index (the finalizer of SplitMix64): what a seeded hash would be.
fn spread(index: u64) -> u64 {
    let z = (index ^ (index >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// P14.
#[test]
fn a_key_takes_less_than_40_bytes_and_the_table_never_grows() {
    for capacity in [1, DEFAULT_CAPACITY, 1_000_000] {
        let bytes = Table::new(capacity).bytes();
        assert!(bytes <= (40 * capacity).max(256), "{capacity} keys: {bytes} bytes");
    }
}

#[test]
fn as_many_keys_as_the_capacity_are_kept_apart_from_a_few_unlucky_ones() {
    let time = FakeTime::new();
    let budget = budget(&five_a_minute().burst(1).capacity(10_000), &time.clock());
    (0..10_000).for_each(|key| assert_eq!(budget.take(spread(key), 1).verdict, Verdict::Within));
    let forgotten = (0..10_000).filter(|key| budget.take(spread(*key), 1).verdict == Verdict::Within).count();
    assert!(forgotten < 100, "{forgotten} of 10,000 keys were forgotten");
}

/// A full set gives up the bucket that is full first, and only if it must.
#[test]
fn the_key_with_the_least_debt_is_forgotten_first() {
    let time = FakeTime::new();
    // One set of ten.
    let budget = budget(&per(client_ip()).requests(60).every(MINUTE).capacity(5), &time.clock());
    for key in 1..=10 {
        assert_eq!(budget.take(key, 10 + key as u32).level.remaining, 50 - key as u32);
    }
    assert_eq!(budget.take(11, 30).level.remaining, 30, "the eleventh takes the place of the first");
    assert_eq!(budget.take(10, 1).level.remaining, 39, "the others are as they were");
    assert_eq!(budget.take(2, 1).level.remaining, 47);
    assert_eq!(budget.take(1, 1).level.remaining, 59, "the first has its whole quota again");
}

#[test]
fn a_bucket_that_is_full_again_gives_its_place_away_before_any_other() {
    let time = FakeTime::new();
    let budget = budget(&per(client_ip()).requests(60).every(MINUTE).capacity(5), &time.clock());
    budget.take(1, 1);
    (2..=10).for_each(|key| assert_eq!(budget.take(key, 60).verdict, Verdict::Within));
    time.advance(SECOND);
    budget.take(11, 60);
    for key in 2..=11 {
        assert_ne!(budget.take(key, 60).verdict, Verdict::Within, "{key} is still in debt");
    }
}

/// What the store's bound must not be good for: an attacker's own limit.
#[test]
fn a_client_in_debt_does_not_wash_itself_clean_by_a_flood_of_fresh_addresses() {
    let limiter = five_a_minute().capacity(100).build(&FakeTime::new().clock()).unwrap();
    (0..5).for_each(|_| assert!(allows(&limiter, "192.0.2.1")));
    for address in 0..20_000_u32 {
        let [.., a, b, c] = address.to_be_bytes();
        allows(&limiter, &format!("10.{a}.{b}.{c}"));
    }
    assert!(!allows(&limiter, "192.0.2.1"));
}

#[test]
fn giving_back_to_a_forgotten_key_does_nothing() {
    let budget = budget(&five_a_minute().capacity(5), &FakeTime::new().clock());
    assert_eq!(budget.give_back(1, 3).remaining, 5);
    budget.take(1, 2);
    assert_eq!(budget.give_back(1, u32::MAX).remaining, 5, "never more than the bucket holds");
    assert_eq!(budget.take(1, 5).verdict, Verdict::Within);
    assert_ne!(budget.take(1, 1).verdict, Verdict::Within);
}
