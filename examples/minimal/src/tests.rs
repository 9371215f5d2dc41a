use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use super::*;

async fn status(path: &str, authorization: Option<&str>) -> StatusCode {
    let alice = |scope| {
        Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse(scope).unwrap()).build()
    };
    let (good, good_key) = ApiKey::generate("demo_", "good", alice("hello:read")).unwrap();
    let (weak, weak_key) = ApiKey::generate("demo_", "weak", alice("")).unwrap();
    let app = app(ApiKeySet::new([good_key, weak_key]).unwrap()).unwrap();
    let mut request = Request::get(path);
    if let Some(which) = authorization {
        let key = match which {
            "good" => String::from_utf8_lossy(good.expose()).into_owned(),
            "weak" => String::from_utf8_lossy(weak.expose()).into_owned(),
            other => other.to_owned(),
        };
        request = request.header("authorization", format!("Bearer {key}"));
    }
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn lets_in_who_may_and_nobody_else() {
    assert_eq!(status("/health", None).await, 200);
    assert_eq!(status("/hello", Some("good")).await, 200);
    assert_eq!(status("/hello", None).await, 401);
    assert_eq!(status("/hello", Some("demo_0123456789012345678901234567890123456789")).await, 401);
    assert_eq!(status("/hello", Some("weak")).await, 403);
    assert_eq!(status("/nowhere", Some("good")).await, 404);
}

#[test]
fn nothing_about_the_routes_is_worth_a_warning() {
    let app = app(ApiKeySet::new([]).unwrap()).unwrap();
    assert!(app.route_table().advice().is_empty(), "{:?}", app.route_table().advice());
}
