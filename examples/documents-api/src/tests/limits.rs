//! How often.

use super::*;

/// A11: the eleventh attempt on one user within a minute is refused, even with the right password.
#[tokio::test]
async fn logins_are_limited_per_user() {
    let service = Service::start().await;
    for _ in 0..10 {
        service.call(login("alice", "wrong")).await.check_problem(401);
    }
    let refused = service.call(login("alice", service.password("alice"))).await;
    refused.check_problem(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(refused.json()["violated-policies"], serde_json::json!(["login-user"]));
    // The draft's fields tell of the policy that the body names, and so does the event.
    let has = |name: &str, item: &str| {
        refused.headers.get_all(name).iter().any(|line| line.to_str().unwrap().starts_with(item))
    };
    assert!(has("ratelimit-policy", r#""login-user";q=10;w=60"#), "{:?}", refused.headers);
    assert!(has("ratelimit", r#""login-user";r=0;t="#), "{:?}", refused.headers);
    let events = service.events().await;
    let event = events.iter().find(|event| event["reason"] == "attempts_exceeded").unwrap();
    let limits = event["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["name"] == "login-user").unwrap();
    assert_eq!((&limit["remaining"], &limit["allowed"]), (&0.into(), &false.into()), "{event}");
    service.call(login("bob", "wrong")).await.check_problem(401);
}

#[tokio::test]
async fn logins_are_limited_per_client() {
    let service = Service::start().await;
    let users = ["adam", "alice", "bob", "maria", "rita"];
    for attempt in 0..30 {
        service.call(login(users[attempt % users.len()], "wrong")).await.check_problem(401);
    }
    let refused = service.call(login("alice", service.password("alice"))).await;
    refused.check_problem(429);
    assert_eq!(refused.json()["violated-policies"], serde_json::json!(["login-client"]));
    // A token is no login.
    assert_eq!(service.get_as("alice", "/me").await.status, 200);
}

fn health(forwarded_for: &str) -> Request<Body> {
    request("GET", "/health").header("x-forwarded-for", forwarded_for).body(Body::empty()).unwrap()
}

/// A11.12 and the draft's fields; A19.1: an address that a client makes up does not help.
#[tokio::test]
async fn the_rate_is_per_client_and_forwarding_fields_of_strangers_do_not_count() {
    let service = Service::with(|mut options, _| {
        options.rate = "3/60".parse().unwrap();
        options
    })
    .await;
    for n in 1..=3 {
        let answer = service.call(health(&format!("192.0.2.{n}"))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), r#""client";q=3;w=60"#);
    }
    let refused = service.call(health("192.0.2.4")).await;
    refused.check_problem(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 20);
    assert_eq!(service.call_from([127, 0, 0, 2], health("")).await.status, 200);
}

/// A1.13: the proxy says that the client used https, or the credential is refused.
#[tokio::test]
async fn behind_a_trusted_proxy_credentials_need_a_scheme() {
    let service = Service::with(|mut options, _| {
        options.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        options
    })
    .await;
    let bearer = service.bearer("alice").await;
    let me = |fields: &[(&str, &str)]| {
        let request = request("GET", "/me").header(AUTHORIZATION, &bearer);
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::empty()).unwrap()
    };
    let client = ("x-forwarded-for", "192.0.2.1");
    assert_eq!(service.call(me(&[client, ("x-forwarded-proto", "https")])).await.status, 200);
    for fields in [&[client][..], &[client, ("x-forwarded-proto", "http")], &[]] {
        service.call(me(fields)).await.check_problem(400);
    }
    assert_eq!(service.call(health("192.0.2.1")).await.status, 200);
}

/// A19.
#[tokio::test]
async fn behind_a_trusted_proxy_the_client_is_the_one_that_it_names() {
    let service = Service::with(|mut options, _| {
        options.rate = "1/60".parse().unwrap();
        options.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        options
    })
    .await;
    assert_eq!(service.call(health("192.0.2.1")).await.status, 200);
    assert_eq!(service.call(health("192.0.2.2")).await.status, 200);
    service.call(health("192.0.2.1")).await.check_problem(429);
    // The client writes to the left of the proxy; that does not count.
    service.call(health("192.0.2.3, 192.0.2.1")).await.check_problem(429);
    let malformed = service.call(health("192.0.2.4, garbage!")).await;
    assert!([400, 429].contains(&malformed.status), "{}", malformed.text);
}
