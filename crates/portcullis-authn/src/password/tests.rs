use std::sync::{Arc, Barrier, mpsc};

use portcullis_core::{ConfigCode, Secret};
use proptest::prelude::*;

use super::*;
use crate::testing::vectors;

const BCRYPT: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
const FAST: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

#[track_caller]
fn check(text: &str, valid: bool) {
    assert_eq!(PasswordHashString::parse(text).is_ok(), valid, "{text}");
}

/// A20.3, with the vectors of the reference implementation.
#[test]
fn verifies_the_argon2_vectors() {
    let Some(vectors) = vectors("argon2/argon2id.json") else { return };
    for row in vectors["positive"].as_array().unwrap() {
        let (text, password) = (row["encoded"].as_str().unwrap(), row["password"].as_str().unwrap());
        let hash = PasswordHashString::parse(text).unwrap();
        assert!(hash.verify_blocking(password), "{text}");
        assert!(!text.contains("m=256,") || !hash.verify_blocking("another"), "{text}");
    }
    for row in vectors["negative"].as_array().unwrap() {
        check(row["encoded"].as_str().unwrap(), false);
    }
}

/// A20.2 and A20.3: hashes that were made elsewhere.
#[test]
fn verifies_scrypt_and_bcrypt() {
    let bcrypt = PasswordHashString::parse(BCRYPT).unwrap();
    assert!(bcrypt.verify_blocking("a") && !bcrypt.verify_blocking("b"));
    let scrypt = PasswordHashString::parse(&scrypt(10, 8, 1)).unwrap();
    assert!(scrypt.verify_blocking("pleaseletmein") && !scrypt.verify_blocking("pleaseletmeout"));
    assert!(bcrypt.needs_rehash() && scrypt.needs_rehash());
}

fn scrypt(ln: u8, r: u32, p: u32) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut out = [0; 32];
    let params = scrypt::Params::new(ln, r, p).unwrap();
    scrypt::scrypt(b"pleaseletmein", b"SodiumChloride", &params, &mut out).unwrap();
    let (salt, hash) = (STANDARD_NO_PAD.encode("SodiumChloride"), STANDARD_NO_PAD.encode(out));
    format!("$scrypt$ln={ln},r={r},p={p}${salt}${hash}")
}

/// A20.2: bcrypt looks at 72 bytes; a longer password is refused, not cut.
#[test]
fn bcrypt_refuses_what_it_would_cut() {
    let long = "0123456789".repeat(8);
    let cut: String = long.chars().take(72).collect();
    let text = ::bcrypt::hash(&cut, 4).unwrap();
    let hash = PasswordHashString::parse(&text).unwrap();
    assert!(hash.verify_blocking(&cut));
    assert!(!hash.verify_blocking(&long) && !hash.verify_blocking(cut.trim_end_matches("1")));
}

/// A20.3: parsed strictly.
#[test]
fn refuses_malformed_hashes() {
    check(FAST, true);
    for (old, new) in [
        ("$argon2id", "argon2id"),
        ("argon2id", "argon2i"),
        ("argon2id", "argon2d"),
        ("v=19$", ""),
        ("v=19", "v=16"),
        ("m=256", "m=0256"),
        ("m=256", "m=+256"),
        ("m=256", "m=7"),
        ("m=256", "m="),
        ("m=256,t=2", "t=2,m=256"),
        (",p=1", ""),
        (",p=1", ",p=1,p=1"),
        (",p=1", ",p=1,keyid=AA"),
        ("t=2", "t=0"),
        ("p=1", "p=0"),
        ("c29tZXNhbHQ", "c29tZXNhbHQ="),
        ("c29tZXNhbHQ", "c29tZXNhbHR"),
        ("c29tZXNhbHQ", "c29t"),
        ("c29tZXNhbHQ", "c29tZXNhb-Q"),
        ("nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "nf65EOgLrQMR"),
        ("nf65", "$nf65"),
        ("Gi/4", "Gi/4$"),
    ] {
        assert!(FAST.contains(old));
        check(&FAST.replacen(old, new, 1), false);
    }
    check(BCRYPT, true);
    for (old, new) in
        [("2a", "2x"), ("2a", "1"), ("06", "6"), ("06", "+6"), ("06", "03"), ("fxe", "fx"), ("fxe", "fxé")]
    {
        check(&BCRYPT.replacen(old, new, 1), false);
    }
    for text in ["", "$", "$$$$$", "plain", "$scrypt$", "$2b$", "$2b$12$", "{SSHA}AAAA", "$6$salt$hash"] {
        check(text, false);
    }
    check(&"$argon2id".repeat(1000), false);
}

/// A20.3: what stands in a store must not exhaust memory or time. The test is at the limit.
#[test]
fn refuses_parameters_beyond_the_caps() {
    let argon2 = |m: u32, t: u32, p: u32| FAST.replace("m=256,t=2,p=1", &format!("m={m},t={t},p={p}"));
    check(&argon2(262_144, 16, 16), true);
    check(&argon2(262_145, 16, 16), false);
    check(&argon2(256, 17, 1), false);
    check(&argon2(4096, 1, 17), false);
    check(&argon2(u32::MAX, u32::MAX, u32::MAX), false);
    check(&FAST.replace("m=256", "m=4294967296"), false);
    let scrypt =
        |ln: u32, r: u32, p: u32| scrypt(4, 8, 1).replace("ln=4,r=8,p=1", &format!("ln={ln},r={r},p={p}"));
    check(&scrypt(18, 8, 16), true);
    check(&scrypt(19, 8, 1), false);
    check(&scrypt(18, 9, 1), false);
    check(&scrypt(16, 32, 1), true);
    check(&scrypt(10, 33, 1), false);
    check(&scrypt(10, 8, 17), false);
    check(&scrypt(63, 8, 1), false);
    check(&scrypt(0, 8, 1), false);
    let bcrypt = |cost: &str| BCRYPT.replace("06", cost);
    check(&bcrypt("16"), true);
    check(&bcrypt("17"), false);
    check(&bcrypt("31"), false);
}

/// A20.1 and A20.4, and with them the form of new hashes.
#[test]
fn new_hashes_are_argon2id_with_a_salt_of_their_own() {
    let hash = hash_password("open sesame").unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    assert!(!hash.needs_rehash() && hash.verify_blocking("open sesame"));
    let (one, two) = (insecure_fast_hash("a").unwrap(), insecure_fast_hash("a").unwrap());
    assert_ne!(one.expose(), two.expose());
    assert_eq!(one.expose().split('$').nth(4).unwrap().len(), 22);
    assert_eq!(PasswordHashString::parse(one.expose()).unwrap().expose(), one.expose());
}

/// A20.1: the equals that OWASP names stay as they are; less, and legacy, is replaced.
#[test]
fn old_parameters_need_a_rehash() {
    let salt = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (m, t, old) in [
        (47_104, 1, false),
        (19_456, 2, false),
        (12_288, 3, false),
        (9_216, 4, false),
        (7_168, 5, false),
        (19_456, 1, true),
        (4_096, 16, true),
        (262_144, 2, false),
    ] {
        let hash = PasswordHashString::parse(&format!("$argon2id$v=19$m={m},t={t},p=1${salt}")).unwrap();
        assert_eq!(hash.needs_rehash(), old, "{m} {t}");
    }
    let short_salt = PasswordHashString::parse(&FAST.replace("m=256", "m=19456")).unwrap();
    assert!(short_salt.needs_rehash());
}

/// A15.2, RFC 7617 §2.1: how an accent was typed makes no difference.
#[test]
fn passwords_are_compared_in_normalization_form_c() {
    let hash = insecure_fast_hash("caf\u{e9}").unwrap();
    assert!(hash.verify_blocking("cafe\u{301}") && !hash.verify_blocking("cafe"));
}

/// A15.4: a limit on the length before anything is hashed; the test is at the limit.
#[test]
fn passwords_are_limited_before_hashing() {
    let longest = "x".repeat(MAX_PASSWORD_LEN);
    let hash = insecure_fast_hash(&longest).unwrap();
    assert!(hash.verify_blocking(&longest));
    let longer = longest + "x";
    assert!(!hash.verify_blocking(&longer));
    assert_eq!(insecure_fast_hash(&longer).unwrap_err(), HashingError::PasswordTooLong);
}

#[test]
fn nothing_prints_a_hash() {
    let hash = PasswordHashString::parse(FAST).unwrap();
    let error = PasswordHashString::parse("$argon2id$s3cr3t").unwrap_err();
    let printed = format!("{hash:?} {error} {error:?}");
    assert!(!printed.contains("nf65") && !printed.contains("s3cr3t"), "{printed}");
}

/// A20.4: so many at once, so many waiting, and the next one is told.
#[tokio::test]
async fn the_queue_for_hashing_is_bounded() {
    let hashing = Hashing::new(1, 1).unwrap();
    let (release, hold) = mpsc::channel::<()>();
    let barrier = Arc::new(Barrier::new(2));
    let started = Arc::clone(&barrier);
    let running = tokio::spawn({
        let hashing = hashing.clone();
        async move {
            hashing
                .run(move || {
                    started.wait();
                    hold.recv().unwrap();
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || barrier.wait()).await.unwrap();
    assert_eq!(hashing.available(), 0);

    let mut waiting = Box::pin(hashing.run(|| ()));
    assert!(futures_poll(&mut waiting).is_pending());
    assert_eq!(hashing.waiting(), 1);
    assert_eq!(hashing.run(|| ()).await, Err(HashingError::Saturated));

    // A caller that goes away gives its place to the next.
    drop(waiting);
    assert_eq!(hashing.waiting(), 0);
    let mut waiting = Box::pin(hashing.run(|| ()));
    assert!(futures_poll(&mut waiting).is_pending());

    release.send(()).unwrap();
    assert_eq!((running.await.unwrap(), waiting.await), (Ok(()), Ok(())));
    assert_eq!((hashing.waiting(), hashing.available()), (0, 1));
}

fn futures_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

/// A cancelled request does not leak its permit, and a hash that has begun keeps it to its end.
#[tokio::test]
async fn a_caller_that_goes_away_leaks_no_permit() {
    let hashing = Hashing::new(1, 0).unwrap();
    let (release, hold) = mpsc::channel::<()>();
    let mut running = Box::pin(hashing.run(move || hold.recv().unwrap()));
    assert!(futures_poll(&mut running).is_pending());
    drop(running);
    assert_eq!(hashing.run(|| ()).await, Err(HashingError::Saturated));
    release.send(()).unwrap();
    while hashing.available() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hashing.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn a_panic_while_hashing_is_an_error_and_frees_the_place() {
    let hashing = Hashing::new(1, 0).unwrap();
    assert_eq!(hashing.run(|| panic!("boom")).await, Err::<(), _>(HashingError::Stopped));
    assert_eq!(hashing.available(), 1);
}

#[tokio::test]
async fn hashes_and_verifies_off_the_async_thread() {
    let hashing = Hashing::new(1, 0).unwrap();
    let here = std::thread::current().id();
    assert_ne!(hashing.run(|| std::thread::current().id()).await.unwrap(), here);
    let hash = insecure_fast_hash("right").unwrap();
    assert_eq!(hashing.verify(Secret::from("right"), hash.clone()).await, Ok(true));
    assert_eq!(hashing.verify(Secret::from("wrong"), hash.clone()).await, Ok(false));
    assert_eq!(hashing.verify(Secret::new(vec![0xff]), hash).await, Ok(false));
}

#[test]
fn hashing_needs_a_runtime_and_a_thread() {
    let hashing = Hashing::new(1, 0).unwrap();
    let mut verifying = Box::pin(hashing.run(|| ()));
    assert_eq!(futures_poll(&mut verifying), std::task::Poll::Ready(Err(HashingError::Stopped)));
    assert_eq!(Hashing::new(0, 9).unwrap_err().code(), ConfigCode::ZeroLimit);
    assert!(Hashing::new(usize::MAX, 0).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\$(argon2id|scrypt|2b|2a))?(\\$|,|=|[a-z0-9./é]){0,40}") {
        if let Ok(hash) = PasswordHashString::parse(&text) {
            prop_assert_eq!(hash.expose(), text);
        }
    }

    #[test]
    fn what_was_damaged_is_refused_or_another_hash(at in 0..FAST.len(), with in "[!-~]") {
        let mut text = FAST.to_owned();
        text.replace_range(at..=at, &with);
        if let Ok(hash) = PasswordHashString::parse(&text) {
            prop_assert_eq!(hash.expose(), text);
        }
    }
}
