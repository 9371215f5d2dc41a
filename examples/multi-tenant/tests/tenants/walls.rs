//! What the matrix does not look at: what answers hold, and how limits are shared.

use http::StatusCode;
use multi_tenant::{Limits, app, issuer};
use portcullis::Clock;
use serde_json::json;

use super::support::{Api, Tokens};

fn api(limits: Limits) -> Api {
    let issuer = issuer();
    let app = app(&issuer.jwks_json(), Clock::system(), limits).expect("the application is whole");
    Api::new(&app, &Tokens::new(&issuer))
}

#[tokio::test]
async fn the_same_number_is_another_project_in_another_tenant() {
    let api = api(Limits::default());
    for (name, tenant, title) in [("ann", "acme", "Rockets"), ("gus", "globex", "Hammocks")] {
        let body = json!({ "name": title }).to_string();
        let (status, created) = api.call(name, "POST", &format!("/tenants/{tenant}/projects"), &body).await;
        assert_eq!(status, StatusCode::CREATED);
        assert_eq!(
            created,
            json!({ "id": 1, "tenant": tenant, "owner": name, "name": title, "budget": null })
        );
    }
    for (name, title) in [("ann", "Rockets"), ("amy", "Rockets"), ("gus", "Hammocks"), ("gia", "Hammocks")] {
        let (status, shown) = api.call(name, "GET", "/mine/projects/1", "").await;
        assert_eq!((status, &shown["name"]), (StatusCode::OK, &json!(title)), "{name}");
    }
}

#[tokio::test]
async fn a_list_holds_what_the_tenant_of_the_token_has() {
    let api = api(Limits::default());
    let (first, second) = (api.create("ann").await, api.create("amy").await);
    let (_, listed) = api.call("ann", "GET", "/mine/projects", "").await;
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|project| project["id"].as_u64()).collect();
    assert_eq!(ids, [Some(first), Some(second)]);
    assert_eq!(api.call("gus", "GET", "/tenants/globex/projects", "").await, (StatusCode::OK, json!([])));
}

#[tokio::test]
async fn no_body_names_a_tenant() {
    let api = api(Limits::default());
    let body = r#"{"name":"Mine","tenant":"globex"}"#;
    let (status, _) = api.call("ann", "POST", "/mine/projects", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(api.call("gus", "GET", "/mine/projects", "").await.1, json!([]));
}

#[tokio::test]
async fn a_tenant_uses_up_its_own_requests_and_no_others() {
    let api = api(Limits { per_tenant: 2 });
    for (name, status) in [("ann", 200), ("amy", 200), ("ann", 429), ("gus", 200), ("amy", 429)] {
        assert_eq!(api.call(name, "GET", "/mine/projects", "").await.0.as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn an_admin_is_one_within_the_tenant_of_the_token() {
    let api = api(Limits::default());
    let id = api.create("ann").await;
    let path = format!("/mine/projects/{id}");
    assert_eq!(api.call("gia", "DELETE", &path, "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.call("otto", "DELETE", &path, "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.call("amy", "DELETE", &path, "").await.0, StatusCode::NO_CONTENT);
}

#[test]
fn every_route_below_a_tenant_demands_that_it_is_the_callers() {
    let app = app(&issuer().jwks_json(), Clock::system(), Limits::default()).unwrap();
    let rows = app.route_table().rows().iter().filter(|row| row.path.contains("{tenant}"));
    let rules: Vec<String> = rows.map(|row| row.policy.rule().unwrap().to_string()).collect();
    assert!(
        rules.len() == 5 && rules.iter().all(|rule| rule.contains("tenant_matches(tenant)")),
        "{rules:?}"
    );
}

/// A21.1: single reads and lists alike.
#[test]
fn every_guard_is_one_of_the_callers_tenant() {
    let app = app(&issuer().jwks_json(), Clock::system(), Limits::default()).unwrap();
    let demands: Vec<&str> = app
        .route_table()
        .rows()
        .iter()
        .flat_map(|row| row.policy.demands())
        .map(|demand| demand.name())
        .collect();
    let of_projects = |demand: &&str| demand.contains(" Project");
    assert!(demands.contains(&"visible(Read Project of the caller's tenant)"), "{demands:?}");
    assert!(demands.contains(&"permit(Delete Project of the caller's tenant)"), "{demands:?}");
    assert!(demands.into_iter().filter(of_projects).all(|demand| demand.contains(" of the caller's tenant")));
}

#[test]
fn nothing_about_the_routes_is_worth_a_warning() {
    let app = app(&issuer().jwks_json(), Clock::system(), Limits::default()).unwrap();
    assert!(app.route_table().advice().is_empty(), "{:?}", app.route_table().advice());
}
