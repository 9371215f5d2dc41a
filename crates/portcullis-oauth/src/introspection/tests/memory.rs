//! What is remembered, and for how long.

use super::*;

fn remembering(settings: Introspection) -> Introspection {
    settings.remember_for(60 * SECOND)
}

/// field-notes: off by default.
#[tokio::test]
async fn nothing_is_remembered_by_default() {
    let bench = Bench::new().await;
    bench.activate(TOKEN);
    for calls in 1..=3 {
        assert!(bench.verify(TOKEN).await.is_ok());
        assert_eq!((bench.calls(), bench.introspector.remembered()), (calls, (0, 0)));
    }
}

/// A4.5.
#[tokio::test]
async fn an_answer_counts_for_its_life_and_a_revocation_is_seen_after_it() {
    let bench = Bench::with(remembering).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.server.revoke(TOKEN);
    bench.time.advance(59 * SECOND);
    assert!(bench.verify_now(TOKEN).is_ok());
    bench.time.advance(SECOND);
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    assert_eq!(bench.calls(), 2);
}

/// A4.5, RFC 7662 §4.
#[tokio::test]
async fn no_answer_counts_beyond_the_end_of_its_token() {
    let bench = Bench::with(|settings| remembering(settings).stale_if_error(60 * SECOND)).await;
    let exp = FakeClock::START.as_secs() + 10;
    bench.server.activate(TOKEN, bench.members(&json!({ "exp": exp })));
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.time.advance(9 * SECOND);
    assert!(bench.verify_now(TOKEN).is_ok());
    bench.time.advance(SECOND);
    // The leeway is for clocks, not for the memory: the issuer is asked.
    bench.server.revoke(TOKEN);
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    bench.server.activate(TOKEN, bench.members(&json!({ "exp": exp })));
    assert!(bench.verify(TOKEN).await.is_ok(), "within the leeway, by the issuer's own word");
    bench.server.answer_with(500, "text/plain", "");
    check_failure(bench.verify(TOKEN).await, "status 500");
}

/// A4.5: refusals for a shorter time, or not at all.
#[tokio::test]
async fn a_refusal_is_remembered_only_where_that_was_chosen() {
    let bench = Bench::with(remembering).await;
    for calls in 1..=2 {
        check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
        assert_eq!(bench.calls(), calls);
    }
    let bench = Bench::with(|settings| settings.remember_refusals(5 * SECOND)).await;
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    bench.activate(TOKEN);
    bench.time.advance(4 * SECOND);
    check_refused(bench.verify_now(TOKEN), Reason::TokenInactive);
    bench.time.advance(SECOND);
    assert!(bench.verify(TOKEN).await.is_ok());
    assert!(bench.verify(TOKEN).await.is_ok());
    assert_eq!(bench.calls(), 3, "what is active is not remembered here");
}

/// A4.4, A4.5: what is no answer is not remembered.
#[tokio::test]
async fn a_failure_is_not_remembered() {
    let bench = Bench::with(|settings| remembering(settings).remember_refusals(60 * SECOND)).await;
    bench.activate(TOKEN);
    bench.server.answer_with(500, "text/plain", "");
    check_failure(bench.verify(TOKEN).await, "status 500");
    bench.server.answer_as_usual();
    assert!(bench.verify(TOKEN).await.is_ok());
}

/// A4.5: bounded by number, and by octets.
#[tokio::test]
async fn the_memory_is_bounded_by_number_and_by_octets() {
    let bench = Bench::with(|settings| remembering(settings).max_remembered(8)).await;
    for number in 0..40 {
        let token = format!("token-{number}");
        bench.activate(&token);
        assert!(bench.verify(&token).await.is_ok());
        assert!(bench.introspector.remembered().0 <= 8);
    }
    assert!(bench.introspector.remembered().0 > 0);

    let octets = 64 * 1024;
    let bench = Bench::with(|settings| remembering(settings).max_remembered_octets(octets)).await;
    for number in 0..40 {
        let token = format!("token-{number}");
        bench.server.activate(&token, bench.members(&json!({ "x": "x".repeat(1000) })));
        assert!(bench.verify(&token).await.is_ok());
        assert!(bench.introspector.remembered().1 <= octets as u64);
    }
    assert!(bench.introspector.remembered().0 < 40);
    // One that is larger than all of it is not remembered, nor is what was known before.
    let bench = Bench::with(|settings| remembering(settings).max_remembered_octets(8 * 1024)).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok() && bench.verify_now(TOKEN).is_ok());
    bench.time.advance(60 * SECOND);
    bench.server.activate(TOKEN, bench.members(&json!({ "x": "x".repeat(8 * 1024), "sub": "bob" })));
    for _ in 0..2 {
        assert_eq!(bench.verify(TOKEN).await.unwrap().subject(), "bob");
    }
    assert_eq!((bench.calls(), bench.introspector.remembered().0), (3, 0));
}

/// A4.5: by the whole token.
#[tokio::test]
async fn answers_of_different_tokens_are_never_mistaken() {
    let bench = Bench::with(remembering).await;
    for subject in ["alice", "bob"] {
        bench.server.activate(subject, bench.members(&json!({ "sub": subject })));
    }
    for subject in ["alice", "bob", "alice", "bob"] {
        assert_eq!(bench.verify(subject).await.unwrap().subject(), subject);
    }
    assert_eq!(bench.calls(), 2);
    for other in ["Alice", "alice ", "alic", "alicf"] {
        check_refused(bench.verify(other).await, Reason::TokenInactive);
    }
}

/// Fault table: an outage, with a ceiling.
#[tokio::test]
async fn a_stale_answer_counts_during_an_outage_up_to_the_ceiling() {
    let bench = Bench::with(|settings| remembering(settings).stale_if_error(30 * SECOND)).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.server.answer_with(500, "text/plain", "");
    bench.time.advance(60 * SECOND);
    assert!(bench.verify(TOKEN).await.is_ok(), "one of three failures");
    assert!(bench.verify(TOKEN).await.is_ok());
    assert!(bench.verify(TOKEN).await.is_ok());
    assert!(bench.verify_now(TOKEN).is_ok(), "the server is left alone");
    check_failure(bench.verify_now("another"), "left alone");
    bench.time.advance(29 * SECOND);
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.time.advance(SECOND);
    assert_eq!(bench.verify(TOKEN).await.unwrap_err().status(), 503);
}

/// Fault table: outage and revocation.
#[tokio::test]
async fn an_outage_does_not_bring_a_revoked_token_back() {
    for refusals in [Duration::ZERO, 5 * SECOND] {
        let settings = |settings: Introspection| {
            remembering(settings).stale_if_error(600 * SECOND).remember_refusals(refusals)
        };
        let bench = Bench::with(settings).await;
        bench.activate(TOKEN);
        assert!(bench.verify(TOKEN).await.is_ok());
        bench.server.revoke(TOKEN);
        bench.time.advance(60 * SECOND);
        check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
        bench.server.answer_with(500, "text/plain", "");
        bench.time.advance(10 * SECOND);
        check_failure(bench.verify(TOKEN).await, "status 500");
    }
}

/// A12.4: what was revoked here is forgotten at once, also while its look-up is on the way.
#[tokio::test]
async fn what_is_forgotten_is_asked_anew_and_no_answer_on_its_way_is_kept() {
    let bench = Bench::with(|settings| remembering(settings).stale_if_error(60 * SECOND)).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.server.revoke(TOKEN);
    bench.introspector.forget(TOKEN);
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);

    bench.activate(TOKEN);
    bench.server.hold();
    let before = tokio::spawn(bench.introspector.verify(TOKEN).resolve());
    bench.server.wait_for_requests(3).await;
    // The server has decided that the token is active; then it is revoked.
    bench.server.revoke(TOKEN);
    bench.introspector.forget(TOKEN);
    let after = tokio::spawn(bench.introspector.verify(TOKEN).resolve());
    bench.server.wait_for_requests(4).await;
    bench.server.release();
    assert!(before.await.unwrap().is_ok(), "it came before the revocation");
    check_refused(after.await.unwrap(), Reason::TokenInactive);
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    assert_eq!(bench.introspector.remembered().0, 0);
}

/// A4.7: what is printed of it holds no token and no secret.
#[tokio::test]
async fn nothing_prints_a_token() {
    let bench = Bench::with(remembering).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
    let printed = format!("{:?} {:?}", bench.introspector, patient(&bench.server));
    assert!(!printed.contains(TOKEN) && !printed.contains("s3cret"), "{printed}");
}

/// Answers of the usual size, up to the default number: they weigh what they take at most.
#[test]
fn a_full_memory_takes_no_more_than_it_is_reckoned_at() {
    use super::super::call::Said;
    use super::super::memory::{Lives, Memory};
    use crate::token::{Lifetime, Verified};
    use portcullis_core::{Claims, CredentialMethod};

    let time = FakeClock::new();
    let lives = Lives {
        active: 60 * SECOND,
        refused: SECOND,
        stale: SECOND,
        max_entries: DEFAULT_MAX_REMEMBERED,
        max_octets: DEFAULT_MAX_REMEMBERED_OCTETS,
    };
    let memory = Memory::new(lives, time.clock());
    let answer = |number: usize| {
        let text = json!({
            "active": true, "iss": ISSUER, "aud": AUDIENCE, "sub": format!("alice-{number:06}"), "client_id": "web",
            "scope": "documents:read documents:write profile", "exp": 1_900_000_000, "token_type": "Bearer",
            "email": "alice.anderson@example.com",
        });
        let text = text.to_string();
        let caller = Principal::builder(format!("alice-{number:06}"), CredentialMethod::Introspection);
        let caller = caller.issuer(ISSUER).claims(Claims::from_checked_json(text.as_str())).build();
        let lifetime = Lifetime { expires: None, not_before: None, issued: None, leeway: SECOND };
        Said { octets: text.len(), answer: Ok(Verified::new(caller, lifetime)) }
    };
    let fill = || {
        for number in 0..DEFAULT_MAX_REMEMBERED {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&(number as u64).to_be_bytes());
            memory.keep(token, time.clock().monotonic(), &answer(number));
        }
    };
    let held = u64::try_from(allocation_counter::measure(fill).bytes_current).unwrap();
    let (answers, reckoned) = memory.size();
    eprintln!("{answers} answers take {held} octets, {} each; reckoned at {reckoned}", held / answers as u64);
    assert!(answers > DEFAULT_MAX_REMEMBERED / 2, "{answers}");
    assert!(held <= reckoned && reckoned <= DEFAULT_MAX_REMEMBERED_OCTETS as u64, "{held} {reckoned}");
}
