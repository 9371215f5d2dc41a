//! Malformed requests, and a database that fails.

use super::*;

/// One answer with the right status and a problem body, and one event each.
#[tokio::test]
async fn each_malformed_request_is_a_problem_and_one_event() {
    let service = Service::start().await;
    let bearer = service.bearer("alice").await;
    let long = format!(r#"{{"title":"x","body":"{}"}}"#, "x".repeat(65_537));
    let huge = format!(r#"{{"title":"x","body":"{}"}}"#, "x".repeat(3 << 20));
    let deep = format!(r#"{{"title":{}"#, "[".repeat(100_000));
    let cases: &[(&str, &str, &str, u16)] = &[
        ("POST", "/documents", "not json", 400),
        ("POST", "/documents", r#"{"title":"x""#, 400),
        ("POST", "/documents", &deep, 422),
        ("POST", "/documents", "{}", 422),
        ("POST", "/documents", r#"{"title":""}"#, 422),
        ("POST", "/documents", r#"{"title":"a\u0000b"}"#, 422),
        ("POST", "/documents", r#"{"title":"x","owner":"adam"}"#, 422),
        ("POST", "/documents", r#"{"title":"x","visibility":"everyone"}"#, 422),
        ("POST", "/documents", r#"{"title":"x","team":"../etc"}"#, 422),
        ("POST", "/documents", &long, 422),
        ("POST", "/documents", &huge, 413),
        ("GET", "/documents?limit=0", "", 400),
        ("GET", "/documents?limit=1001", "", 400),
        ("GET", "/documents?limit=-1", "", 400),
        ("GET", "/documents?after=1", "", 400),
        ("GET", "/documents?unknown=1", "", 400),
        ("GET", "/documents/1", "", 404),
        ("GET", "/documents/../admin/audit", "", 400),
        ("GET", "/documents%2F1", "", 400),
        ("GET", "/nowhere", "", 404),
        ("PATCH", "/documents", "", 405),
        ("DELETE", "/health", "", 405),
    ];
    for (method, path, json, status) in cases {
        let before = service.events().await;
        let answer =
            service.call(with_json(request(method, path).header(AUTHORIZATION, &bearer), json)).await;
        assert_eq!(answer.status, *status, "{method} {path} {json:.40}: {}", answer.text);
        answer.check_problem(*status);
        let after = service.events().await;
        // The two look-ups themselves, of which one shows in the other, and the request.
        let new: Vec<_> = after
            .iter()
            .take_while(|event| Some(&event["request_id"]) != before.first().map(|e| &e["request_id"]))
            .collect();
        let new = new.iter().filter(|event| event["route"] != "/admin/audit").count();
        assert_eq!(new, 1, "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415_and_a_missing_method_names_those_there_are() {
    let service = Service::start().await;
    let bearer = service.bearer("alice").await;
    let form =
        request("POST", "/documents").header(AUTHORIZATION, &bearer).body(Body::from("title=x")).unwrap();
    service.call(form).await.check_problem(415);
    let answer = service.call_as("alice", "PATCH", "/documents", "").await;
    answer.check_problem(405);
    let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

/// The rule, and the guard of the document, come before the body is read.
#[tokio::test]
async fn who_may_not_learns_nothing_about_the_body() {
    let service = Service::start().await;
    service.call_as("rita", "POST", "/documents", "not json").await.check_problem(403);
    let path = service.path("Diary").await;
    service.call_as("bob", "PUT", &path, "not json").await.check_problem(404);
}

/// A1.2 to A1.4, A1.9.
#[tokio::test]
async fn malformed_credentials_are_refused_with_the_right_status() {
    let service = Service::start().await;
    for (value, status) in [
        ("Bearer", 400),
        ("Bearer a b", 400),
        ("Bearer garbage", 401),
        ("Bearer a.b.c", 401),
        ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGFtIn0.", 401),
        ("Digest username=adam", 401),
    ] {
        let answer = service
            .call(request("GET", "/me").header(AUTHORIZATION, value).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, status, "{value}: {}", answer.text);
        answer.check_problem(status);
    }
    let mut tampered = service.bearer("rita").await;
    tampered.truncate(tampered.len() - 4);
    tampered.push_str("AAAA");
    let answer = service
        .call(request("GET", "/me").header(AUTHORIZATION, tampered).body(Body::empty()).unwrap())
        .await;
    answer.check_problem(401);
    assert!(answer.challenges()[0].contains(r#"error="invalid_token""#));
}

#[tokio::test]
async fn a_database_that_fails_is_503_and_neither_a_pass_nor_a_refusal() {
    let service = Service::start().await;
    let bearer = service.bearer("alice").await;
    let path = service.path("Welcome").await;
    let password = login("alice", service.password("alice"));
    let key = service.server.credentials().unwrap().api_key().to_owned();
    service.server.database().close().await;
    for (method, path) in [("GET", "/me"), ("GET", "/documents"), ("POST", "/documents"), ("GET", &path)] {
        let request = with_json(request(method, path).header(AUTHORIZATION, &bearer), r#"{"title":"x"}"#);
        service.call(request).await.check_problem(503);
    }
    service.call(password).await.check_problem(503);
    let key = request("GET", "/documents").header("x-api-key", key).body(Body::empty()).unwrap();
    service.call(key).await.check_problem(503);
    assert_eq!(service.call(request("GET", "/health").body(Body::empty()).unwrap()).await.status, 200);
}
