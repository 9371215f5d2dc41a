//! Proofs of possession (RFC 9449 §7.1) for pages of another origin, through a whole stack.

use axum::body::Body;
use http::request::Builder;
use http::{HeaderMap, Request};
use portcullis::Clock;
use portcullis::audit::MemorySink;
use portcullis::oauth::{Dpop, StaticKeys};
use portcullis::prelude::*;
use portcullis_testkit::{Algorithm, DpopClient, TEST_AUDIENCE, TestIssuer};
use tower::ServiceExt;

use crate::support::challenges::{self, Challenge};

const PAGE: &str = "https://app.example.com";
const URL: &str = "https://api.example";

/// `GET /me` wants a token, and proofs want a nonce.
struct World {
    app: App,
    client: DpopClient,
    token: String,
}

impl World {
    fn new() -> Self {
        async fn me(caller: Principal) -> String {
            caller.subject().to_owned()
        }
        let issuer = TestIssuer::offline("https://issuer.example");
        let known = Issuer::new(issuer.url()).audience(TEST_AUDIENCE);
        let tokens = JwtBearer::issuer(known.keys(StaticKeys::new().jwks(issuer.jwks_json())));
        let security = Security::builder()
            .public_url(URL)
            .scheme("token", tokens.dpop(Dpop::new().nonces()))
            .cors(Cors::allow(PAGE))
            .audit(MemorySink::keeping(100))
            .build()
            .unwrap();
        let routes = Routes::new().route("/me", get(me).requires(authenticated()));
        let app = SecureRouter::new(security).mount(routes).finish().unwrap();
        let client = DpopClient::new(Algorithm::Es256, Clock::system());
        let token = issuer.token("alice").claim("cnf", client.confirmation()).sign();
        Self { app, client, token }
    }

    async fn send(&self, request: Builder) -> (u16, HeaderMap) {
        let answer = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status().as_u16(), answer.headers().clone())
    }

    /// A request with a proof, from a page.
    async fn ask(&self, origin: &str, nonce: Option<&str>) -> (u16, HeaderMap) {
        let proof = self.client.proof("GET", &format!("{URL}/me"), &self.token);
        let proof = nonce.map_or(proof.clone(), |nonce| proof.nonce(nonce)).sign();
        let request = Request::get("/me").header("origin", origin).header("dpop", proof);
        self.send(request.header("authorization", format!("DPoP {}", self.token))).await
    }
}

fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let fields = headers.get_all(name).iter().map(|value| value.to_str().unwrap());
    fields.flat_map(|field| field.split(',')).map(|item| item.trim().to_ascii_lowercase()).collect()
}

fn challenges_of(headers: &HeaderMap) -> Vec<Challenge> {
    let fields = headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap());
    fields.flat_map(|field| challenges::parse(field).expect("well-formed")).collect()
}

/// A6.11, A6.12, A6.18, RFC 9449 §7.1, §9: what the page needs in order to try again can be read by it.
#[tokio::test]
async fn a_page_of_another_origin_reads_nonce_and_challenge() {
    let world = World::new();
    let (status, headers) = world.ask(PAGE, None).await;
    assert_eq!(status, 401);
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    let exposed = list(&headers, "access-control-expose-headers");
    assert!(exposed.contains(&"dpop-nonce".to_owned()) && exposed.contains(&"www-authenticate".to_owned()));
    let challenges = challenges_of(&headers);
    let of_dpop = challenges.iter().find(|challenge| challenge.scheme == "DPoP").unwrap();
    assert_eq!(of_dpop.parameter("error"), Some("use_dpop_nonce"));

    let nonce = headers["dpop-nonce"].to_str().unwrap().to_owned();
    let (status, headers) = world.ask(PAGE, Some(&nonce)).await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    assert_eq!(list(&headers, "access-control-expose-headers"), exposed);

    // A page of somebody else learns nothing, with a good proof or without.
    for nonce in [None, Some(nonce.as_str())] {
        let (_, headers) = world.ask("https://evil.example", nonce).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{headers:?}");
        assert!(!headers.contains_key("access-control-expose-headers"), "{headers:?}");
    }
}

/// A6.18: the browser asks first whether the page may send them.
#[tokio::test]
async fn a_preflight_allows_proofs_and_credentials() {
    let world = World::new();
    let preflight = |origin: &str| {
        let request = Request::options("/me").header("origin", origin);
        let request = request.header("access-control-request-method", "GET");
        request.header("access-control-request-headers", "authorization,dpop")
    };
    let (status, headers) = world.send(preflight(PAGE)).await;
    assert!(matches!(status, 200 | 204), "{status}");
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    let allowed = list(&headers, "access-control-allow-headers");
    assert!(
        allowed.contains(&"dpop".to_owned()) && allowed.contains(&"authorization".to_owned()),
        "{allowed:?}"
    );
    assert!(list(&headers, "access-control-allow-methods").contains(&"get".to_owned()));
    let (_, headers) = world.send(preflight("https://evil.example")).await;
    assert!(!headers.contains_key("access-control-allow-origin"), "{headers:?}");
}

/// A6.18, RFC 9449 §7.1: to the stack it is as if nothing had been sent.
#[tokio::test]
async fn proxy_authorization_is_no_place_for_a_token() {
    let world = World::new();
    let proof = world.client.proof("GET", &format!("{URL}/me"), &world.token).sign();
    let request = Request::get("/me").header("dpop", proof);
    let (status, headers) =
        world.send(request.header("proxy-authorization", format!("DPoP {}", world.token))).await;
    assert_eq!(status, 401);
    let challenges = challenges_of(&headers);
    let schemes: Vec<_> = challenges.iter().map(|challenge| challenge.scheme.as_str()).collect();
    assert!(schemes.contains(&"DPoP") && schemes.contains(&"Bearer"), "{schemes:?}");
    assert!(challenges.iter().all(|challenge| challenge.parameter("error").is_none()));
    assert!(!headers.contains_key("proxy-authenticate"), "{headers:?}");
}
