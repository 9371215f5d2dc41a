//! Deny-lists.

use std::time::{Duration, SystemTime};

use crate::{Revocation, RevocationSink, Revocations, TokenFacts};

const HOUR: Duration = Duration::from_secs(3600);

/// Revokes tokens, sessions and subjects in an empty store, and asks about them and about others.
///
/// `now` is the store's own time.
///
/// # Panics
/// If the store answers wrongly or fails.
pub async fn revocations<S: Revocations + RevocationSink>(store: &S, now: SystemTime) {
    a_token_is_revoked_by_issuer_and_identifier(store, now).await;
    a_session_is_revoked_with_all_its_tokens(store, now).await;
    a_subject_is_revoked_up_to_a_time(store, now).await;
    names_are_not_confused(store, now).await;
}

async fn a_token_is_revoked_by_issuer_and_identifier<S: Revocations + RevocationSink>(
    store: &S,
    now: SystemTime,
) {
    let token = facts("https://t.example", "alice", now);
    check(store, token, false, "nothing was revoked").await;
    let revoked = Revocation::Token { issuer: "https://t.example", token_id: "t1" };
    revoke(store, revoked, now).await;
    // Revoking twice is not an error, nor does it matter.
    revoke(store, revoked, now).await;
    check(store, TokenFacts { token_id: Some("t1"), ..token }, true, "its token").await;
    check(store, TokenFacts { token_id: Some("t2"), ..token }, false, "another token").await;
    check(store, TokenFacts { token_id: None, ..token }, false, "a token without identifier").await;
    let elsewhere = TokenFacts { issuer: Some("https://u.example"), token_id: Some("t1"), ..token };
    check(store, elsewhere, false, "that token of another issuer").await;
    check(store, TokenFacts { issuer: None, ..elsewhere }, false, "that token of no issuer").await;
    check(store, TokenFacts { session_id: Some("t1"), ..token }, false, "a session of that name").await;
    check(store, TokenFacts { subject: "t1", ..token }, false, "a subject of that name").await;
}

async fn a_session_is_revoked_with_all_its_tokens<S: Revocations + RevocationSink>(
    store: &S,
    now: SystemTime,
) {
    let token = facts("https://s.example", "alice", now);
    revoke(store, Revocation::Session { issuer: "https://s.example", session_id: "s1" }, now).await;
    for token_id in [None, Some("t1"), Some("t2")] {
        let token = TokenFacts { token_id, session_id: Some("s1"), ..token };
        check(store, token, true, "a token of the session").await;
        let later = TokenFacts { issued_at: Some(now + HOUR), ..token };
        check(store, later, true, "a token that the session brings later").await;
    }
    check(store, TokenFacts { session_id: Some("s2"), ..token }, false, "another session").await;
    check(store, token, false, "a token without a session").await;
    let elsewhere = TokenFacts { issuer: Some("https://t.example"), session_id: Some("s1"), ..token };
    check(store, elsewhere, false, "that session of another issuer").await;
    check(store, TokenFacts { token_id: Some("s1"), ..token }, false, "a token of that name").await;
}

async fn a_subject_is_revoked_up_to_a_time<S: Revocations + RevocationSink>(store: &S, now: SystemTime) {
    const SECOND: Duration = Duration::from_secs(1);
    let revoked =
        |issued_until| Revocation::Subject { issuer: "https://b.example", subject: "bob", issued_until };
    let issued =
        |at: SystemTime| TokenFacts { issued_at: Some(at), ..facts("https://b.example", "bob", now) };
    revoke(store, revoked(now), now).await;
    check(store, issued(now - HOUR), true, "a token from before").await;
    check(store, issued(now), true, "a token of that second").await;
    check(store, issued(now + SECOND), false, "a token from afterwards").await;
    check(store, TokenFacts { issued_at: None, ..issued(now) }, true, "a token of unknown age").await;
    check(store, TokenFacts { subject: "bobby", ..issued(now) }, false, "another subject").await;
    let elsewhere = TokenFacts { issuer: Some("https://t.example"), ..issued(now) };
    check(store, elsewhere, false, "that subject at another issuer").await;

    revoke(store, revoked(now - HOUR), now).await;
    check(store, issued(now), true, "an earlier revocation takes nothing back").await;
    revoke(store, revoked(now + SECOND), now).await;
    check(store, issued(now + SECOND), true, "a later revocation reaches further").await;
}

async fn names_are_not_confused<S: Revocations + RevocationSink>(store: &S, now: SystemTime) {
    let long = "x".repeat(512);
    let names = ["", " ", ":", "a:b", "a\0b", "a/b", "a\nb", "*", "a b", "%61", "ä", "A", "\u{1f511}", &long];
    for (issuer, id) in [("n:a", "b"), ("n\0a", "b"), ("n", "*"), ("n/a", "b"), ("n ", "b")] {
        revoke(store, Revocation::Token { issuer, token_id: id }, now).await;
    }
    for (issuer, id) in [("n", "a:b"), ("n", "a\0b"), ("n", "b"), ("n", "a/b"), ("n", " b"), ("n:", "a:b")] {
        let token = TokenFacts { token_id: Some(id), ..facts(issuer, "alice", now) };
        check(store, token, false, &format!("`{id}` of `{issuer}`")).await;
    }
    for name in names {
        let token = TokenFacts { session_id: Some(name), ..facts("https://n.example", "alice", now) };
        check(store, token, false, &format!("`{name}` before")).await;
        revoke(store, Revocation::Session { issuer: "https://n.example", session_id: name }, now).await;
        check(store, token, true, &format!("`{name}` afterwards")).await;
    }
    let other = TokenFacts { session_id: Some("a"), ..facts("https://n.example", "alice", now) };
    check(store, other, false, "a name in another case").await;
}

fn facts<'a>(issuer: &'a str, subject: &'a str, now: SystemTime) -> TokenFacts<'a> {
    TokenFacts {
        issuer: Some(issuer),
        subject,
        token_id: None,
        session_id: None,
        issued_at: Some(now),
        expires_at: Some(now + HOUR),
    }
}

async fn revoke<S: RevocationSink>(store: &S, revocation: Revocation<'_>, now: SystemTime) {
    let outcome = store.revoke(&revocation, now + HOUR).resolve().await;
    assert!(outcome.is_ok(), "{revocation:?}: {outcome:?}");
}

async fn check<S: Revocations>(store: &S, token: TokenFacts<'_>, revoked: bool, what: &str) {
    let answer = store.is_revoked(&token).resolve().await;
    assert!(matches!(answer, Ok(found) if found == revoked), "{what}: {answer:?} for {token:?}");
}
