//! Who may do what to which document: point by point.

use super::*;

#[track_caller]
fn check(answer: &Answer, status: u16, about: &str) {
    assert_eq!(answer.status, status, "{about}: {}", answer.text);
}

#[tokio::test]
async fn each_user_reads_what_the_rules_say_and_the_rest_is_404() {
    let service = Service::start().await;
    for (title, readers) in [
        ("Welcome", &["adam", "alice", "bob", "maria", "rita"][..]),
        ("Lunch menu", &["adam", "alice", "bob", "maria", "rita"]),
        ("Diary", &["adam", "alice"]),
        ("Engine plans", &["adam", "bob", "maria"]),
        ("Budget", &["adam", "bob"]),
    ] {
        let path = service.path(title).await;
        for user in ["adam", "alice", "bob", "maria", "rita"] {
            let status = if readers.contains(&user) { 200 } else { 404 };
            check(&service.get_as(user, &path).await, status, &format!("{user} reads {title}"));
        }
    }
}

#[tokio::test]
async fn owners_and_admins_change_and_delete_and_for_everyone_else_it_is_404() {
    let service = Service::start().await;
    let body = r#"{"title":"Changed","visibility":"public"}"#;
    for (title, writers) in [("Engine plans", ["bob", "adam"]), ("Welcome", ["alice", "adam"])] {
        let path = service.path(title).await;
        for user in ["alice", "bob", "maria", "adam"] {
            let status = if writers.contains(&user) { 200 } else { 404 };
            check(
                &service.call_as(user, "PUT", &path, body).await,
                status,
                &format!("{user} writes {title}"),
            );
        }
        for user in ["alice", "bob", "maria"] {
            if !writers.contains(&user) {
                check(
                    &service.call_as(user, "DELETE", &path, "").await,
                    404,
                    &format!("{user} deletes {title}"),
                );
            }
        }
        check(&service.call_as("adam", "DELETE", &path, "").await, 204, "adam deletes");
        check(&service.call_as("adam", "DELETE", &path, "").await, 404, "adam deletes again");
        check(&service.get_as("adam", &path).await, 404, "adam reads what is gone");
    }
}

#[tokio::test]
async fn the_list_holds_what_the_caller_may_read() {
    let service = Service::start().await;
    for (user, titles) in [
        ("adam", &["Budget", "Diary", "Engine plans", "Lunch menu", "Welcome"][..]),
        ("alice", &["Diary", "Lunch menu", "Welcome"]),
        ("bob", &["Budget", "Engine plans", "Lunch menu", "Welcome"]),
        ("maria", &["Engine plans", "Lunch menu", "Welcome"]),
        ("rita", &["Lunch menu", "Welcome"]),
    ] {
        assert_eq!(service.get_as(user, "/documents").await.titles(), titles, "{user}");
    }
}

#[tokio::test]
async fn a_created_document_is_its_creators_and_private_unless_said_otherwise() {
    let service = Service::start().await;
    let created = service.call_as("bob", "POST", "/documents", r#"{"title":"Mine"}"#).await;
    check(&created, 201, "bob creates");
    let path = created.header("location").to_owned();
    let document = service.get_as("bob", &path).await.json();
    assert_eq!(document, created.json());
    assert_eq!((&document["owner"], &document["visibility"]), (&"bob".into(), &"private".into()));
    check(&service.get_as("alice", &path).await, 404, "alice reads");
    check(
        &service.call_as("bob", "PUT", &path, r#"{"title":"Mine","visibility":"public"}"#).await,
        200,
        "bob",
    );
    check(&service.get_as("alice", &path).await, 200, "alice reads what is public now");
    check(&service.call_as("bob", "DELETE", &path, "").await, 204, "bob deletes");
    check(&service.get_as("bob", &path).await, 404, "bob reads what is gone");
}

/// A1.10, RFC 6750 §3.1.
#[tokio::test]
async fn a_reader_who_writes_is_told_the_scope_that_is_missing() {
    let service = Service::start().await;
    let path = service.path("Welcome").await;
    for (method, path) in [("POST", "/documents"), ("PUT", &path), ("DELETE", &path)] {
        let answer = service.call_as("rita", method, path, r#"{"title":"x"}"#).await;
        answer.check_problem(403);
        let bearer = answer.challenges()[0];
        assert!(bearer.contains(r#"error="insufficient_scope""#), "{bearer}");
        assert!(bearer.contains(r#"scope="documents:write""#), "{bearer}");
    }
}

/// API1:2023 of OWASP: the answer does not tell whether the document exists.
#[tokio::test]
async fn hidden_and_absent_documents_are_answered_alike() {
    let service = Service::start().await;
    let hidden = service.path("Diary").await;
    let absent = "/documents/018bcfe5-6800-7abc-8def-0123456789ab";
    for method in ["GET", "PUT", "DELETE"] {
        let one = service.call_as("bob", method, &hidden, r#"{"title":"x"}"#).await;
        for other in [absent, "/documents/7", "/documents/%27%20OR%201=1"] {
            let other = service.call_as("bob", method, other, r#"{"title":"x"}"#).await;
            assert_eq!((one.status, &one.text), (404, &other.text), "{method}");
            let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&one), names(&other), "{method}");
        }
    }
    let reasons: Vec<_> = service.events().await.iter().map(|event| event["reason"].clone()).collect();
    assert!(reasons.contains(&"resource_hidden".into()) && reasons.contains(&"resource_not_found".into()));
}

#[tokio::test]
async fn an_api_key_reads_as_its_user_and_does_not_write() {
    let service = Service::start().await;
    let key = service.server.credentials().unwrap().api_key().to_owned();
    let call = |method, path: &str, key: &str| {
        with_json(request(method, path).header("x-api-key", key), r#"{"title":"x"}"#)
    };
    assert_eq!(
        service.call(call("GET", "/documents", &key)).await.titles(),
        ["Diary", "Lunch menu", "Welcome"]
    );
    service.call(call("POST", "/documents", &key)).await.check_problem(403);
    service.call(call("GET", "/documents", &key.replace('_', "-"))).await.check_problem(401);
    // RFC 6750 §2: one way to send a credential, not two.
    let both =
        request("GET", "/me").header("x-api-key", &key).header(AUTHORIZATION, service.bearer("bob").await);
    service.call(both.body(Body::empty()).unwrap()).await.check_problem(400);
}

/// RFC 8288.
#[tokio::test]
async fn a_long_list_links_to_its_next_page() {
    let service = Service::start().await;
    let mut path = "/documents?limit=2".to_owned();
    let mut titles = Vec::new();
    for _ in 0..3 {
        let page = service.get_as("adam", &path).await;
        titles.extend(page.titles());
        let Some((next, rel)) = page.header("link").split_once(">; ") else { break };
        assert_eq!(rel, r#"rel="next""#);
        path = next.trim_start_matches('<').to_owned();
    }
    titles.sort();
    assert_eq!(titles, ["Budget", "Diary", "Engine plans", "Lunch menu", "Welcome"]);
}

#[tokio::test]
async fn many_callers_at_once_all_get_their_answer() {
    const CALLERS: usize = 100;
    let service = std::sync::Arc::new(Service::start().await);
    let calls: Vec<_> = (0..CALLERS)
        .map(|n| {
            let service = std::sync::Arc::clone(&service);
            tokio::spawn(async move {
                let new = format!(r#"{{"title":"Document {n}","visibility":"public"}}"#);
                let created = service.call_as("bob", "POST", "/documents", &new).await;
                let read = service.get_as("rita", created.header("location")).await;
                (created.status, read.status, read.json()["title"] == format!("Document {n}"))
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), (201, 200, true));
    }
    assert_eq!(service.get_as("rita", "/documents").await.titles().len(), CALLERS + 2);
}
