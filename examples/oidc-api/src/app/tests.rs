use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_testkit::{Algorithm, DpopClient, FakeClock, TestIssuer, TestProvider};
use tower::ServiceExt;

use super::*;
use crate::options::Provider;

const URL: &str = "http://127.0.0.1:8082";

fn options(issuer: &TestIssuer, provider: Provider) -> Options {
    let listen = "127.0.0.1:0".parse().unwrap();
    let mut options = Options { issuer: None, audience: None, provider, public_url: None, listen };
    options.stand_in(issuer.url(), issuer.audience());
    options
}

/// The program, and the stand-in for its provider.
struct Bench {
    issuer: TestIssuer,
    app: App,
    time: FakeClock,
}

impl Bench {
    async fn start() -> Self {
        let time = FakeClock::new();
        let issuer = TestIssuer::start().await.with_clock(time.clock());
        let app = app(&options(&issuer, Provider::Rfc9068), URL, time.clock()).unwrap();
        Self { issuer, app, time }
    }

    async fn call(&self, method: &str, path: &str, authorization: Option<&str>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[track_caller]
    fn status(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        expected: u16,
    ) -> impl Future<Output = Response<Body>> {
        let caller = std::panic::Location::caller();
        async move {
            let response = self.call(method, path, authorization).await;
            assert_eq!(response.status(), expected, "{caller}: {method} {path}");
            response
        }
    }
}

#[tokio::test]
async fn the_provider_says_who_may_do_what() {
    let bench = Bench::start().await;
    let writer = bench.issuer.token("alice").scope("notes:read notes:write").bearer();
    let reader = bench.issuer.token("rita").scope("notes:read").bearer();
    bench.status("GET", "/health", None, 200).await;
    bench.status("GET", "/me", Some(&reader), 200).await;
    bench.status("GET", "/notes", Some(&reader), 200).await;
    bench.status("POST", "/notes", Some(&writer), 201).await;

    let refused = bench.status("POST", "/notes", Some(&reader), 403).await;
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("insufficient_scope") && challenge.contains("notes:write"), "{challenge}");
    let refused = bench.status("GET", "/me", None, 401).await;
    assert!(!refused.headers()["www-authenticate"].to_str().unwrap().contains("error"));
}

#[tokio::test]
async fn tokens_of_others_and_old_ones_are_refused() {
    let bench = Bench::start().await;
    let stranger = TestIssuer::offline(bench.issuer.url());
    let token = bench.issuer.token("alice").scope("notes:read");
    for wrong in [
        token.clone().audience("https://other.example").bearer(),
        token.clone().signed_by(&stranger).bearer(),
        token.clone().typ("JWT").bearer(),
        "Bearer abc".to_owned(),
    ] {
        bench.status("GET", "/notes", Some(&wrong), 401).await;
    }
    bench.status("GET", "/notes", Some(&token.bearer()), 200).await;
    let old = token.bearer();
    bench.time.advance(std::time::Duration::from_secs(7200));
    bench.status("GET", "/notes", Some(&old), 401).await;
}

#[tokio::test]
async fn it_starts_without_the_provider_and_says_503_until_there_are_keys() {
    let bench = Bench::start().await;
    bench.issuer.go_down();
    let token = bench.issuer.token("alice").scope("notes:read").bearer();
    let refused = bench.status("GET", "/notes", Some(&token), 503).await;
    assert!(refused.headers().contains_key("retry-after"));
    bench.issuer.come_up();
    bench.time.advance(std::time::Duration::from_secs(60));
    let token = bench.issuer.token("alice").scope("notes:read").bearer();
    bench.status("GET", "/notes", Some(&token), 200).await;
}

/// A10.1, RFC 9470 §3.
#[tokio::test]
async fn what_cannot_be_undone_wants_a_fresh_login() {
    let bench = Bench::start().await;
    let token = || bench.issuer.token("alice").scope("notes:write");
    let now = bench.time.clock().wall();
    let fresh = token().auth_time(now - FRESH).bearer();
    bench.status("DELETE", "/notes/all", Some(&fresh), 204).await;
    for old in [token().auth_time(now - FRESH - Duration::from_secs(1)), token()] {
        let refused = bench.status("DELETE", "/notes/all", Some(&old.bearer()), 401).await;
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
        assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    }
}

/// A6.14-15, A10.4: bound tokens work without a setting, and clients can find out how to get one.
#[tokio::test]
async fn tokens_may_be_bound_to_a_key() {
    let bench = Bench::start().await;
    let client = DpopClient::new(Algorithm::Es256, bench.time.clock());
    let token = bench.issuer.token("alice").claim("cnf", client.confirmation()).sign();
    let proof = client.proof("GET", &format!("{URL}/me"), &token).sign();
    let request = Request::get("/me").header("authorization", format!("DPoP {token}")).header("dpop", proof);
    let answer = bench.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    bench.status("GET", "/me", Some(&format!("Bearer {token}")), 401).await;
    bench.status("GET", "/.well-known/oauth-protected-resource", None, 200).await;
}

/// Each kind of provider by its flag; without it, its tokens are not of the standard form.
#[tokio::test]
async fn each_provider_is_read_by_its_flag() {
    let issuer = TestIssuer::start().await;
    let call = async |provider, token: String| {
        let app = app(&options(&issuer, provider), URL, Clock::system()).unwrap();
        let request = Request::get("/me").header("authorization", token).body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status()
    };
    for (kind, provider) in [
        (TestProvider::Auth0, Provider::Auth0),
        (TestProvider::EntraId, Provider::EntraId),
        (TestProvider::Google, Provider::Google),
        (TestProvider::Keycloak, Provider::Keycloak),
        (TestProvider::Okta, Provider::Okta),
    ] {
        let token = || issuer.token("alice").like(kind).bearer();
        assert_eq!(call(provider, token()).await, 200, "{provider:?}");
        assert_eq!(call(Provider::Rfc9068, token()).await, 401, "{provider:?}");
    }
}

#[tokio::test]
async fn nothing_about_the_routes_is_worth_a_warning() {
    let advice = Bench::start().await.app.route_table().advice();
    assert!(advice.is_empty(), "{advice:?}");
}
