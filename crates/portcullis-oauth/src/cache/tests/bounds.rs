use std::sync::Arc;

use allocation_counter::measure;
use portcullis_core::Reason;

use super::super::recognition::{Recognition, Shown, Sight};
use super::super::settings::Form;
use super::Bench;
use crate::{DEFAULT_REMEMBERED_OCTETS, RememberTokens};

/// P1: nothing is allocated for a token that is remembered.
#[test]
fn a_hit_allocates_nothing() {
    for remember in [RememberTokens::whole(), RememberTokens::hashed()] {
        let bench = Bench::new(remember);
        let token = bench.token().scope("documents:read").sign();
        bench.check(&token, Ok(()), true);
        let allocated = measure(|| assert!(bench.verifier.verify(&token).done().unwrap().is_ok()));
        assert_eq!(allocated.count_total, 0, "{remember:?}");
    }
}

#[test]
fn no_more_tokens_are_remembered_than_the_limit() {
    for most in [1, 2, 10] {
        let bench = Bench::new(RememberTokens::whole().max_tokens(most));
        for number in 0..3 * most {
            assert!(bench.verify(&bench.token().scope(&format!("s{number}")).sign()).is_ok());
            assert!(bench.cache().len() <= most);
        }
        assert_eq!(bench.cache().len(), most);
    }
}

#[test]
fn no_more_memory_is_taken_than_the_limit() {
    let limit = 128 * 1024;
    let bench = Bench::new(RememberTokens::whole().max_octets(limit));
    let padding = "x".repeat(2000);
    let tokens: Vec<String> =
        (0..100).map(|number| bench.token().claim("pad", format!("{padding}{number}")).sign()).collect();
    let verify_all = || tokens.iter().for_each(|token| assert!(bench.verify(token).is_ok()));
    let held = measure(verify_all).bytes_current;
    let kept = bench.cache().len();
    assert!((5..tokens.len()).contains(&kept), "{kept}");
    assert!(usize::try_from(held).unwrap() <= limit, "{held} octets held by {kept} tokens");
}

/// The longest token that is taken is remembered; one that would push out too many others is not, and is taken.
#[test]
fn a_long_token_takes_its_share_and_not_more() {
    let bench = Bench::new(RememberTokens::whole());
    let long = bench.token().claim("pad", "x".repeat(11_400)).sign();
    assert!((15 * 1024..=16 * 1024).contains(&long.len()), "{}", long.len());
    bench.check(&long, Ok(()), true);
    bench.check(&long, Ok(()), false);
    // Claims that take much more memory than their text once they are read.
    let deep = bench.token().claim("pad", vec![serde_json::json!({"a": 0}); 1450]).sign();
    assert!((15 * 1024..=16 * 1024).contains(&deep.len()), "{}", deep.len());
    bench.check(&deep, Ok(()), true);
    let few = Bench::new(RememberTokens::whole().max_octets(256 * 1024));
    let deep = few.token().claim("pad", vec![serde_json::json!({"a": 0}); 1450]).sign();
    few.check(&deep, Ok(()), true);
    few.check(&deep, Ok(()), true);
    assert_eq!(few.cache().len(), 0);
}

/// A flood of valid tokens costs the others at most that they are verified again.
#[test]
fn a_flood_of_tokens_of_one_client_refuses_no_other() {
    let bench = Bench::new(RememberTokens::whole().max_tokens(8));
    let other = bench.server.token("bob").sign();
    assert!(bench.verify(&other).is_ok());
    for number in 0..50 {
        assert!(bench.verify(&bench.token().scope(&format!("s{number}")).sign()).is_ok());
        assert_eq!(bench.verify(&other).unwrap().subject(), "bob");
    }
    assert!(bench.cache().len() <= 8);
}

/// The memory that a token takes is counted as it is, also once its claims were read.
#[test]
fn what_a_token_weighs_is_what_it_takes_at_most() {
    let claims = [
        serde_json::json!({}),
        serde_json::json!([1, 2, 3, 4, 5, 6, 7, 8]),
        serde_json::json!(vec![serde_json::json!({"a": {"b": {}}}); 50]),
        serde_json::json!((0..200).map(|i| (format!("n{i}"), i.into())).collect::<serde_json::Map<_, _>>()),
        serde_json::json!("x".repeat(2000)),
        serde_json::json!(vec!["x"; 500]),
    ];
    for claim in claims {
        let bench = Bench::new(RememberTokens::whole());
        let token = bench.token().roles(["a", "b", "c"]).scope("a b c d e").claim("more", claim);
        let token = token.sign();
        // The table itself grows once.
        assert!(bench.verify(&bench.token().sign()).is_ok());
        let before = bench.cache().octets();
        let held = measure(|| assert!(!bench.verify(&token).unwrap().claims().is_empty())).bytes_current;
        let weighed = bench.cache().octets() - before;
        assert!(i128::from(held) <= i128::from(weighed), "{held} octets held, {weighed} weighed");
    }
}

/// Nobody who does not know the seeds can tell where a token lies: they differ from cache to cache.
#[test]
fn each_cache_has_seeds_of_its_own() {
    for form in [Form::Hashed, Form::Whole] {
        let place = || Recognition::new(form).unwrap().look(b"a.b.c").place;
        let places: std::collections::HashSet<u64> = (0..64).map(|_| place()).collect();
        assert_eq!(places.len(), 64, "{form:?}");
    }
}

/// A token that lies in the place of another is still told from it.
#[test]
fn a_token_is_compared_as_a_whole() {
    let bench = Bench::new(RememberTokens::whole());
    let token = bench.token().sign();
    bench.check(&token, Ok(()), true);
    let place = bench.cache().place(&bench.cache().find(token.as_bytes()).expect("remembered"));
    let mut changed = token.clone().into_bytes();
    for index in 0..token.len() {
        changed[index] ^= 1;
        let shown = Shown::Token(&changed);
        assert!(bench.cache().at(&Sight { place, shown }).is_none(), "{index}");
        changed[index] ^= 1;
    }
    let (shorter, longer) = (token.get(1..).unwrap(), format!("{token}A"));
    for other in [shorter, &longer, ""] {
        assert!(bench.cache().at(&Sight { place, shown: Shown::Token(other.as_bytes()) }).is_none());
    }
    assert!(bench.cache().at(&Sight { place, shown: Shown::Token(token.as_bytes()) }).is_some());

    let bench = Bench::new(RememberTokens::hashed());
    bench.check(&bench.token().sign(), Ok(()), true);
    let other = Sight { place: 7, shown: Shown::Hash((7_u128 | 1 << 64).to_le_bytes()) };
    let entry = bench.cache().find(bench.token().sign().as_bytes());
    assert!(entry.is_none_or(|entry| !entry.is(&other)));
}

/// Where a token lies is told by its end alone.
#[test]
fn a_token_that_ends_like_a_remembered_one_is_another_all_the_same() {
    let bench = Bench::new(RememberTokens::whole());
    let saying =
        |word| bench.token().claim("aaa", format!("{word}, and at its end as the other does")).sign();
    let (token, other) = (saying("one"), saying("two"));
    bench.check(&token, Ok(()), true);
    let (message, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    bench.check(&format!("{message}.{signature}"), Err(Reason::TokenSignatureInvalid), true);
    bench.check(&token, Ok(()), false);
}

/// A1.14: neither the token nor what it says is in what is printed.
#[test]
fn nothing_that_is_remembered_is_printed() {
    for remember in [RememberTokens::whole(), RememberTokens::hashed()] {
        let bench = Bench::new(remember);
        let token = bench.token().sign();
        bench.check(&token, Ok(()), true);
        let entry = bench.cache().find(token.as_bytes()).unwrap();
        let said = format!("{:?} {:?} {entry:?}", bench.verifier, bench.cache());
        assert!(said.contains("tokens: 1,"), "{said}");
        assert!(!said.contains("alice") && !token.split('.').any(|part| said.contains(part)), "{said}");
    }
}

/// What was evicted is held by nobody, so that it is overwritten ([`Secret`](portcullis_core::Secret)).
#[test]
fn a_token_that_leaves_is_dropped_at_once() {
    let bench = Bench::new(RememberTokens::whole().max_tokens(1));
    let token = bench.token().sign();
    bench.check(&token, Ok(()), true);
    let held = Arc::downgrade(&bench.cache().find(token.as_bytes()).unwrap());
    assert_eq!(held.strong_count(), 1);
    bench.check(&bench.token().scope("other").sign(), Ok(()), true);
    assert_eq!(held.strong_count(), 0);
}

#[test]
fn a_cache_without_room_is_a_mistake() {
    use crate::{Issuer, JwtBearer};

    let codes = |remember| {
        let issuer = Issuer::new("https://a.example").audience("a");
        let built = JwtBearer::issuer(issuer).remember(remember).build(&portcullis_core::Clock::system());
        built.unwrap_err().codes().filter(|code| *code == "P110").count()
    };
    assert_eq!(codes(RememberTokens::whole().max_tokens(0)), 1);
    assert_eq!(codes(RememberTokens::hashed().max_octets(0)), 1);
    assert_eq!(codes(RememberTokens::none().max_octets(0)), 0);
    assert_eq!(codes(RememberTokens::whole().max_octets(DEFAULT_REMEMBERED_OCTETS)), 0);
}

/// A longer token than is taken is not looked for either.
#[test]
fn a_token_beyond_the_limit_is_refused_though_it_was_never_seen() {
    let bench = Bench::with(false, |scheme| scheme.max_token_octets(100));
    bench.check(&"a".repeat(101), Err(Reason::TokenTooLarge), false);
    bench.check(&bench.token().sign(), Err(Reason::TokenTooLarge), false);
}
