//! Any schedule of rotations: overlap, sudden, under the same name.

use proptest::prelude::*;

use super::scripted::Scripted;
use super::*;

/// What an issuer does at one moment.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Publishes a new key beside the old one, which it retires later.
    Overlap,
    /// Replaces the key under the same name.
    SameName,
    /// Replaces the key under another name.
    Sudden,
}

const NAMES: [&str; 8] = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Fault table, "rotation": a token signed with the newest key is accepted within a minute of the key's first
    /// day, whatever went before; the tokens of a key that was removed stop within the time to live.
    #[test]
    fn every_rotation_succeeds_and_removed_keys_stop(
        schedule in proptest::collection::vec(
            (prop_oneof![Just(Move::Overlap), Just(Move::SameName), Just(Move::Sudden)], 1_u64..1200, any::<bool>()),
            1..7,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut published = vec![("k0", 0)];
            let scripted = Scripted::knowing(&published).await;
            for (number, (step, rest, junk)) in (1..).zip(schedule) {
                let old = *published.last().unwrap();
                match step {
                    Move::Overlap => published = vec![old, (NAMES[number], number)],
                    Move::SameName => published = vec![(old.0, number)],
                    Move::Sudden => published = vec![(NAMES[number], number)],
                }
                scripted.provider.publish(&published);
                let newest = *published.last().unwrap();

                let mut waited = 0;
                loop {
                    if junk {
                        let _ = scripted.find(&format!("junk-{number}-{waited}")).await;
                    }
                    if scripted.accepts(newest.0, newest.1).await {
                        break;
                    }
                    assert!(waited < 60, "{step:?} was not noticed");
                    scripted.time.advance(SECOND);
                    waited += 1;
                }
                if matches!(step, Move::Overlap) {
                    assert!(scripted.accepts(old.0, old.1).await, "the old key counts beside the new one");
                } else {
                    assert!(!scripted.accepts(old.0, old.1).await, "the set that brought the new key has no old one");
                }
                // Requests go on; what is removed meanwhile stops within the time to live.
                for _ in 0..rest / 60 {
                    scripted.time.advance(60 * SECOND);
                    let _ = scripted.find(newest.0).await;
                    settle(&scripted.keys).await;
                }
                assert!(scripted.accepts(newest.0, newest.1).await);
            }
            let last = *published.last().unwrap();
            scripted.provider.publish(&[("end", 7)]);
            let mut passed = Duration::ZERO;
            while passed < DEFAULT_TTL {
                scripted.time.advance(10 * SECOND);
                passed += 10 * SECOND;
                let _ = scripted.keys.find(None).resolve().await;
                settle(&scripted.keys).await;
            }
            assert!(!scripted.accepts(last.0, last.1).await, "a removed key outlives the time to live");
        });
    }
}
