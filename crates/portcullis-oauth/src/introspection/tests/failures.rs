//! What is no answer.

use super::*;

/// A4.4.
#[tokio::test]
async fn whatever_is_no_answer_is_503_and_neither_a_pass_nor_a_401() {
    let active = json!({ "active": true, "aud": AUDIENCE, "sub": "alice" }).to_string();
    let huge = format!("{{\"active\":true,\"x\":\"{}\"}}", "x".repeat(MAX_ANSWER_OCTETS));
    let json = "application/json";
    for (status, content_type, body, why) in [
        (500, json, active.as_str(), "status 500"),
        (503, json, &active, "status 503"),
        (400, json, r#"{"error":"unsupported_token_type"}"#, "status 400"),
        (401, json, &active, "status 401"),
        (404, json, &active, "status 404"),
        (201, json, &active, "status 201"),
        (302, json, &active, "redirected"),
        (304, json, "", "redirected"),
        (200, "text/html", &active, "media type"),
        (200, "application/jwt", &active, "media type"),
        (200, "", &active, "media type"),
        (200, json, "", "JSON"),
        (200, json, "true", "JSON"),
        (200, json, "[]", "JSON"),
        (200, json, r#"{"active":true"#, "JSON"),
        (200, json, r#"{"active":false,"active":true}"#, "JSON"),
        (200, json, r#"{"active":true} x"#, "JSON"),
        (200, json, "\u{feff}{\"active\":true}", "JSON"),
        (200, json, &huge, "too large"),
    ] {
        let bench = Bench::new().await;
        bench.server.answer_with(status, content_type, body.to_owned());
        check_failure(bench.verify(TOKEN).await, why);
    }
    let bench = Bench::new().await;
    bench.server.answer_with(200, "Application/JSON; charset=utf-8", active);
    assert!(bench.verify(TOKEN).await.is_ok());
}

/// A4.4: at the limit.
#[tokio::test]
async fn an_answer_may_be_as_large_as_the_limit() {
    let begin = json!({ "active": true, "aud": AUDIENCE, "sub": "alice" }).to_string();
    let begin = begin.strip_suffix('}').unwrap();
    let body = |length: usize| format!("{begin},\"x\":\"{}\"}}", "x".repeat(length - begin.len() - 8));
    let bench = Bench::new().await;
    assert_eq!(body(MAX_ANSWER_OCTETS).len(), MAX_ANSWER_OCTETS);
    bench.server.answer_with(200, "application/json", body(MAX_ANSWER_OCTETS));
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.server.answer_with(200, "application/json", body(MAX_ANSWER_OCTETS + 1));
    check_failure(bench.verify(TOKEN).await, "too large");
}

/// A4.4, A4.7: no connection, and none that is redirected.
#[tokio::test]
async fn a_server_that_is_down_or_slow_is_503() {
    let bench = Bench::new().await;
    bench.activate(TOKEN);
    bench.server.go_down();
    assert_eq!(bench.verify(TOKEN).await.unwrap_err().status(), 503);
    bench.server.come_up();
    assert!(bench.verify(TOKEN).await.is_ok());

    let slow = Bench::with(|settings| settings.wait(Duration::from_millis(1))).await;
    slow.server.hold();
    check_failure(slow.verify(TOKEN).await, "within the wait");
}

/// Outages: a server that fails is left alone, and asked by one request when the pause is over.
#[tokio::test]
async fn a_server_that_fails_again_and_again_is_left_alone_for_a_while() {
    let bench = Bench::new().await;
    bench.activate(TOKEN);
    bench.server.answer_with(503, "text/plain", "");
    for _ in 0..FAILURES {
        check_failure(bench.verify(TOKEN).await, "status 503");
    }
    for number in 0..100 {
        check_failure(bench.verify_now(&format!("junk-{number}")), "left alone");
    }
    assert_eq!(bench.calls(), FAILURES as usize);
    bench.time.advance(SECOND);
    check_failure(bench.verify(TOKEN).await, "status 503");
    check_failure(bench.verify_now(TOKEN), "left alone");
    assert_eq!(bench.verify_now(TOKEN).unwrap_err().retry_after_seconds(), Some(2));
    bench.time.advance(2 * SECOND);
    bench.server.answer_as_usual();
    assert!(bench.verify(TOKEN).await.is_ok());
    assert!(bench.verify(TOKEN).await.is_ok(), "a success ends it");
}

/// A token that the server cannot stand must not shut out all others.
#[tokio::test]
async fn a_bad_answer_for_one_token_leaves_the_others_alone() {
    let bench = Bench::new().await;
    bench.activate(TOKEN);
    for (status, body) in [(400, "{}"), (200, "broken")] {
        bench.server.answer_with(status, "application/json", body);
        for number in 0..2 * FAILURES {
            assert_eq!(bench.verify(&format!("bad-{number}")).await.unwrap_err().status(), 503);
        }
    }
    bench.server.answer_as_usual();
    assert!(bench.verify(TOKEN).await.is_ok());
}

#[test]
fn without_a_runtime_it_is_503() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    let step = bench.introspector.verify(TOKEN);
    assert_eq!(bench.introspector.in_progress(), 0);
    check_failure(runtime.block_on(step.resolve()), "interrupted");
}
