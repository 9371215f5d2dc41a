//! Passwords for tokens.

use super::*;

#[tokio::test]
async fn a_password_gives_a_token_that_the_other_routes_take() {
    let service = Service::start().await;
    let answer = service.call(login("alice", service.password("alice"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // RFC 6749 §5.1.
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.json();
    assert_eq!((&token["token_type"], &token["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(token["scope"], "documents:read documents:write");
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let me = request("GET", "/me").header(AUTHORIZATION, bearer).body(Body::empty()).unwrap();
    assert_eq!(service.call(me).await.json()["subject"], "alice");
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_are_refused_alike() {
    let service = Service::start().await;
    let wrong = service.call(login("alice", "wrong")).await;
    wrong.check_problem(401);
    assert_eq!(wrong.challenges(), [r#"Basic realm="documents", charset="UTF-8""#]);
    let unknown = service.call(login("nobody", "wrong")).await;
    assert_eq!((unknown.status, unknown.text), (wrong.status, wrong.text));
    let bobs = service.call(login("alice", service.password("bob"))).await;
    bobs.check_problem(401);
}

#[tokio::test]
async fn a_password_opens_nothing_but_the_login_and_a_token_not_the_login() {
    let service = Service::start().await;
    let password = basic("alice", service.password("alice"));
    for path in ["/me", "/documents", "/admin/audit"] {
        let request = request("GET", path).header(AUTHORIZATION, &password).body(Body::empty()).unwrap();
        service.call(request).await.check_problem(401);
    }
    service.call_as("alice", "POST", "/login", "").await.check_problem(401);
}

#[tokio::test]
async fn neither_passwords_nor_tokens_reach_the_audit() {
    let service = Service::start().await;
    let password = service.password("alice").to_owned();
    let token = service.call(login("alice", &password)).await.json()["access_token"].to_string();
    let _ = service.call(login("alice", "CANARY-PASSWORD")).await;
    let query = request("GET", "/documents?access_token=CANARY-TOKEN").body(Body::empty()).unwrap();
    let _ = service.call(query).await;
    let events = serde_json::to_string(&service.events().await).unwrap();
    assert!(
        !events.contains("CANARY")
            && !events.contains(&password)
            && !events.contains(token.trim_matches('"'))
    );
    assert!(events.contains("wrong_password"));
}
