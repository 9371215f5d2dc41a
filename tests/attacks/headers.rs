//! Header fields that are too large, malformed, repeated, or that pretend to be the request line.

use super::{challenges, check_refused};
use crate::support::client::Call;
use crate::support::documents::Documents;

/// A2.24: a long token is refused unread; a head beyond the server's bounds is 431.
#[tokio::test]
async fn refuses_oversized_authorization_fields() {
    let service = Documents::start().await;
    for (octets, reason) in
        [(8_000, "token_malformed"), (20_000, "token_too_large"), (50_000, "token_too_large")]
    {
        let part = "A".repeat(octets / 3);
        let answer = service.call(Call::get("/me").bearer(&format!("{part}.{part}.{part}"))).await;
        check_refused(&answer, reason);
    }
    for octets in [100_000, 4 << 20] {
        let huge = service.call(Call::get("/me").bearer(&"A".repeat(octets))).await;
        assert_eq!((huge.status, huge.is_of_the_protocol()), (431, true));
    }
    let many = (0..2_000).fold(Call::get("/me"), |call, n| call.field(&format!("X-{n}"), "x"));
    let many = service.call(many).await;
    assert_eq!((many.status, many.is_of_the_protocol()), (431, true));
    service.check_alive().await;
    let record = service.stop().await;
    let reasons: Vec<_> = (0..3).map(|index| record.reason(index)).collect();
    assert_eq!(reasons, ["token_malformed", "token_too_large", "token_too_large"]);
}

/// A1.3, A1.4, RFC 6750 §3.1: one field with one credential, by one method.
#[tokio::test]
async fn refuses_malformed_and_repeated_credentials() {
    let service = Documents::start().await;
    let good = format!("Bearer {}", service.token("alice"));
    let values: [&[u8]; 9] = [
        b"Bearer",
        b"Bearer a b",
        b"Bearer a,b",
        b"Bearer =abc",
        b"Bearer a=b",
        b"Bearer \"abc\"",
        b"Bearer abc\xc3\xa9",
        b"Bearer\ta.b.c",
        b"@ abc",
    ];
    for value in values {
        let answer = service.call(Call::get("/me").field("Authorization", value)).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(value));
        check_refused(&answer, "malformed");
    }
    for second in [good.as_str(), "Basic YTpi", "x"] {
        let call = Call::get("/me").field("Authorization", &good).field("authorization", second);
        let answer = service.call(call).await;
        assert_eq!(answer.status, 400, "{second}");
        check_refused(&answer, second);
    }
    let both =
        service.call(Call::get("/me").field("Authorization", &good).field("X-Api-Key", "docs_x")).await;
    both.check_problem(400);
    let keys = Call::get("/me").field("X-Api-Key", "docs_x").field("X-Api-Key", "docs_y");
    service.call(keys).await.check_problem(400);
    service.check_alive().await;
    let record = service.stop().await;
    assert!(record.events[9..12].iter().all(|event| event["reason"] == "repeated_credential_field"));
    assert_eq!(record.reason(12), "multiple_credentials");
}

/// A1.5, A1.6: a token in the query or in a form is no token; nothing was sent, so no error is named (A1.8).
#[tokio::test]
async fn ignores_tokens_outside_of_the_authorization_field() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let calls = [
        Call::get(format!("/me?access_token={token}")),
        Call::get("/me").field("Cookie", format!("access_token={token}; Authorization=Bearer {token}")),
        Call::get("/me").field("X-Authorization", format!("Bearer {token}")),
        Call::get("/me").field("Proxy-Authorization", format!("Bearer {token}")),
        Call::new("POST", "/documents")
            .json(format!("access_token={token}"))
            .field("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let count = calls.len();
    for call in calls {
        let answer = service.call(call).await;
        answer.check_problem(401);
        assert!(challenges(&answer).iter().all(|challenge| challenge.parameter("error").is_none()));
    }
    let record = service.stop().await;
    assert!((0..count).all(|index| record.reason(index) == "missing_credentials"));
    assert!(!record.text.contains(&token));
}

/// A21.5: the rule is that of the method and path that are executed; no header field changes either.
#[tokio::test]
async fn ignores_headers_that_pretend_another_method_or_path() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let list = service.call(Call::get("/documents").bearer(&token)).await.json();
    let own = list.as_array().unwrap().iter().find(|document| document["title"] == "Diary").unwrap();
    let path = format!("/documents/{}", own["id"].as_str().unwrap());
    for name in
        ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "_method"]
    {
        let get = Call::get(format!("{path}?_method=DELETE")).bearer(&token).field(name, "DELETE");
        assert_eq!(service.call(get).await.json()["title"], "Diary", "{name}");
        let post = Call::new("POST", &path).bearer(&token).field(name, "PUT").json(r#"{"title":"x"}"#);
        service.call(post).await.check_problem(405);
    }
    for name in ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-URI", "X-Forwarded-Prefix", "X-Override-URL"]
    {
        let public = service.call(Call::get("/health").field(name, "/admin/audit")).await;
        assert_eq!((public.status, public.body.as_str()), (200, "ok"), "{name}");
        let guarded = service.call(Call::get("/admin/audit").bearer(&token).field(name, "/health")).await;
        guarded.check_problem(403);
    }
    let record = service.stop().await;
    let routes: Vec<_> = record.events.iter().filter_map(|event| event["route"].as_str()).collect();
    assert_eq!(routes.iter().filter(|route| **route == "/health").count(), 5);
}

/// ASVS 4.4.2, RFC 9112 §3.2: of two hosts none is believed.
#[tokio::test]
async fn a_second_host_opens_no_websocket_to_a_foreign_page() {
    let service = Documents::start().await;
    let upgrade = |origin: &str| {
        let call = Call::get("/me").bearer(service.token("alice")).field("Origin", origin);
        call.field("Upgrade", "websocket").field("Sec-WebSocket-Version", "13")
    };
    // The client adds `Host: documents.example`.
    let own = service.call(upgrade("http://documents.example")).await;
    assert_eq!(own.status, 200, "{own:?}");
    for origin in ["http://evil.example", "http://documents.example"] {
        service.call(upgrade(origin).field("Host", "evil.example")).await.check_problem(400);
    }
    let record = service.stop().await;
    assert!((1..3).all(|index| record.reason(index) == "malformed_request"));
}

/// A21.5, ASVS 13.4.4: a rule is for exactly the methods it names, spelt as they are (RFC 9110 §9.1).
#[tokio::test]
async fn methods_that_no_route_has_are_405_and_echo_nothing() {
    let service = Documents::start().await;
    let token = service.token("adam").to_owned();
    let long = "X".repeat(2_000);
    let methods =
        ["TRACE", "TRACK", "DEBUG", "PROPFIND", "get", "Get", "GETS", "PATCH", "X-!#$%&'*+.^_`|~", &long];
    for method in methods {
        for path in ["/admin/audit", "/health"] {
            let call = Call::new(method, path).bearer(&token).field("X-Canary", "canary");
            let answer = service.call(call).await;
            answer.check_problem(405);
            assert!(!answer.body.contains("canary") && !answer.field("allow").is_empty(), "{answer:?}");
        }
    }
    let record = service.stop().await;
    assert!(record.events.iter().all(|event| event["reason"] == "method_not_allowed"));
    assert!(record.events.iter().all(|event| event["method"].as_str().is_some_and(|m| m.len() < 100)));
}
