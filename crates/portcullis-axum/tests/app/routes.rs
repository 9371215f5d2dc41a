//! Lists of routes: nested, merged, with state, with foreign services, printed.

use axum::extract::{Path, State};
use axum::response::Response;
use portcullis_authz::{authenticated, scope};
use portcullis_axum::{Routes, SecureRouter, delete, get, put, service};
use portcullis_ratelimit::{MINUTE, client_ip, per, principal};

use crate::support::{Bench, request, security, text};

#[tokio::test]
async fn nested_and_merged_routes_are_one_flat_list_with_full_paths() {
    let inner = Routes::new()
        .route("/", get(async || "root").requires(authenticated()))
        .route("/{id}", get(async |id: Path<String>| id.0).requires(authenticated()));
    let routes = Routes::new()
        .nest("/teams/{team}/notes", Routes::new().route("/x", get(async || "x").requires(authenticated())))
        .nest("/documents", inner)
        .merge(Routes::new().route("/other", get(async || "other").requires(authenticated())));
    let bench = Bench::new(routes);
    for (path, expected) in
        [("/documents", "root"), ("/documents/7", "7"), ("/other", "other"), ("/teams/a/notes/x", "x")]
    {
        let response = bench.call(bench.as_alice("GET", path)).await;
        assert_eq!((response.status().as_u16(), text(response).await.as_str()), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn state_reaches_the_handlers_that_asked_for_it() {
    async fn show(State(text): State<&'static str>) -> &'static str {
        text
    }
    let one = Routes::new().route("/one", get(show).requires(authenticated())).with_state("one");
    let two = Routes::new().route("/two", get(show).requires(authenticated())).with_state("two");
    let bench = Bench::new(one.merge(two));
    for path in ["/one", "/two"] {
        let response = bench.call(bench.as_alice("GET", path)).await;
        assert_eq!(text(response).await, path.trim_start_matches('/'));
    }
}

#[tokio::test]
async fn a_foreign_service_takes_a_subtree_under_one_rule() {
    let foreign = axum::Router::new().fallback(async |uri: http::Uri| uri.path().to_owned());
    let bench = Bench::new(Routes::new().service("/docs", service(foreign).requires(scope("read"))));
    for path in ["/docs", "/docs/", "/docs/a/b"] {
        let response = bench.call(bench.as_alice("GET", path)).await;
        assert_eq!((response.status().as_u16(), text(response).await.as_str()), (200, path));
        assert_eq!(bench.call(request("DELETE", path)).await.status(), 401);
    }
    assert_eq!(bench.call(bench.as_alice("GET", "/docsx")).await.status(), 404);
}

/// A21.5: the method that is routed is the method of the request line.
#[tokio::test]
async fn method_override_headers_are_ignored() {
    let routes = Routes::new().route(
        "/a",
        get(async || "get").requires(authenticated()).delete(async || "delete").requires(scope("admin")),
    );
    let bench = Bench::new(routes);
    let overridden = bench.as_alice("GET", "/a").header("x-http-method-override", "DELETE");
    let response: Response = bench.call(overridden).await;
    assert_eq!(text(response).await, "get");
}

#[tokio::test]
async fn a_limit_holds_for_its_route_alone_and_is_told_in_fields() {
    let limit = || per(principal()).requests(2).every(MINUTE).named("writes");
    let routes = Routes::new()
        .route("/a", put(async || ()).requires(authenticated()).limit(limit()))
        .route("/b", delete(async || ()).requires(authenticated()));
    let everything = per(client_ip()).requests(100).every(MINUTE).named("all");
    let bench = Bench::with(routes, |security| security.limit(everything));
    for expected in [200, 200, 429] {
        let response = bench.call(bench.as_alice("PUT", "/a")).await;
        assert_eq!(response.status(), expected);
        let policies = response.headers().get_all("ratelimit-policy").iter().count();
        assert_eq!(policies, 2, "one item of each limiter");
        assert_eq!(response.headers().contains_key("retry-after"), expected == 429);
    }
    assert_eq!(bench.last_reason(), "quota_exceeded");
    assert_eq!(bench.call(bench.as_alice("DELETE", "/b")).await.status(), 200);
}

#[test]
fn the_table_prints_itself_as_text_markdown_and_json() {
    let routes = Routes::new()
        .route("/health", get(async || ()).public("probe"))
        .route("/a|b", get(async || ()).requires(scope("x").or(scope("y"))).via("key"));
    let (security, ..) = security();
    let app = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap();
    let table = app.route_table();
    assert!(table.to_string().contains("GET     /health  public: probe"), "{table}");
    assert!(table.to_markdown().contains("| GET | `/a\\|b` | `scope(x) or scope(y)` | key | - |"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&table.to_json()).unwrap();
    assert_eq!(json[1]["public"], true);
}
