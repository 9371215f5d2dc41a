//! Fields that not everybody sees, and fields that not everybody sets.

use http::StatusCode;
use multi_tenant::{Limits, app, issuer};
use portcullis::Clock;
use serde_json::{Value, json};

use super::support::{Api, Tokens};

/// An API, and the path of a project of ann's with a budget, which the admin has set.
async fn funded() -> (Api, String) {
    let issuer = issuer();
    let app = app(&issuer.jwks_json(), Clock::system(), Limits::default()).expect("the application is whole");
    let api = Api::new(&app, &Tokens::new(&issuer));
    let path = format!("/mine/projects/{}", api.create("ann").await);
    let (status, changed) = api.call("amy", "PUT", &path, r#"{"name":"Rockets","budget":100}"#).await;
    assert_eq!((status, changed.get("budget")), (StatusCode::OK, Some(&json!(100))));
    (api, path)
}

/// A21.3 (OWASP API3): excessive data exposure.
#[tokio::test]
async fn the_budget_is_shown_to_the_owner_and_the_admins_alone() {
    let (api, path) = funded().await;
    // A project that is not ann's.
    let other = format!("/mine/projects/{}", api.create("amy").await);
    assert_eq!(api.call("amy", "PUT", &other, r#"{"name":"Anvils","budget":7}"#).await.0, StatusCode::OK);
    for (name, path, budget) in [
        ("ann", &path, json!(100)),
        ("amy", &path, json!(100)),
        ("ann", &other, Value::Null),
        ("amy", &other, json!(7)),
    ] {
        let (status, shown) = api.call(name, "GET", path, "").await;
        assert_eq!((status, &shown["budget"]), (StatusCode::OK, &budget), "{name} {path}");
        // What is hidden is not there, not even by its name.
        assert_eq!(shown.as_object().unwrap().contains_key("budget"), !budget.is_null(), "{name} {path}");
    }
    for list in ["/mine/projects", "/tenants/acme/projects"] {
        let budgets = async |name| {
            let (_, listed) = api.call(name, "GET", list, "").await;
            let listed = listed.as_array().unwrap();
            listed.iter().map(|project| project.get("budget").cloned()).collect::<Vec<_>>()
        };
        assert_eq!(budgets("ann").await, [Some(json!(100)), None], "{list}");
        assert_eq!(budgets("amy").await, [Some(json!(100)), Some(json!(7))], "{list}");
    }
}

/// A21.3 (OWASP API3): mass assignment.
#[tokio::test]
async fn owner_and_budget_are_for_admins_to_set() {
    let (api, path) = funded().await;
    for body in [
        json!({ "name": "Mine", "owner": "ann" }),
        json!({ "name": "Mine", "budget": 1_000_000 }),
        json!({ "name": "Mine", "owner": null }),
    ] {
        let (status, problem) = api.call("ann", "PUT", &path, &body.to_string()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
        // Which field it was is for the event.
        assert!(
            !problem.to_string().contains("budget") && !problem.to_string().contains("owner"),
            "{problem}"
        );
    }
    let (_, shown) = api.call("ann", "GET", &path, "").await;
    assert_eq!((&shown["name"], &shown["budget"]), (&json!("Rockets"), &json!(100)), "nothing was changed");

    assert_eq!(api.call("ann", "PUT", &path, r#"{"name":"Engines"}"#).await.0, StatusCode::OK);
    let (status, given) = api.call("amy", "PUT", &path, r#"{"name":"Engines","owner":"bob"}"#).await;
    assert_eq!((status, &given["owner"], &given["budget"]), (StatusCode::OK, &json!("bob"), &json!(100)));
    assert_eq!(api.call("ann", "PUT", &path, r#"{"name":"Mine"}"#).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_has_another_form_is_refused_whoever_writes_it() {
    let (api, path) = funded().await;
    // Members by their position would be looked at by no name.
    for body in [r#"["Mine","eve",7]"#, r#"{"name":"Mine","tenant":"globex"}"#, r#"{"owner":"amy"}"#] {
        for name in ["ann", "amy"] {
            let (status, _) = api.call(name, "PUT", &path, body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {body}");
        }
    }
}
