//! The service from outside, without a socket unless it is about sockets.

mod bad_input;
mod bound;
mod discovery;
mod documents;
mod explained;
mod limits;
mod login;
mod openapi;
mod outside;
mod readiness;
mod restart;

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::request::Builder;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use portcullis::authn::insecure_fast_hash;
use portcullis::core::ConnectionFacts;
use portcullis::{Clock, Denial};
use serde_json::Value;
use tower::ServiceExt;

use crate::options::Options;
use crate::server::Server;
use crate::start_error::{StartError, StartErrors};
use crate::testing::Folder;

/// A service that listens and is called in process.
struct Service {
    server: Server,
    folder: Folder,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Service {
    async fn start() -> Self {
        Self::with(|options, _| options).await
    }

    /// With other options than the defaults.
    async fn with(change: impl FnOnce(Options, &Folder) -> Options) -> Self {
        let folder = Folder::new();
        let options = change(Options::in_folder(folder.path()), &folder);
        Self { server: start(&options).await.unwrap(), folder }
    }

    /// The same folder, started again.
    async fn again(self) -> Self {
        let Self { server, folder } = self;
        server.database().close().await;
        drop(server);
        Self { server: start(&Options::in_folder(folder.path())).await.unwrap(), folder }
    }

    /// Calls from a client on this machine.
    async fn call(&self, request: Request<Body>) -> Answer {
        self.call_from([127, 0, 0, 1], request).await
    }

    async fn call_from(&self, client: [u8; 4], mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from((client, 50_000));
        request.extensions_mut().insert(ConnectionFacts::plain(peer));
        request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static("127.0.0.1:8080"));
        let response = self.server.app().clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        // Whatever a test is about: the audit can explain every refusal.
        if let Some(denial) = head.extensions.get::<Denial>() {
            assert!(denial.is_explained(), "{denial}");
        }
        let body = to_bytes(body, 4 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// Calls with a fresh token of the user.
    async fn call_as(&self, user: &str, method: &str, path: &str, json: &str) -> Answer {
        let request = with_json(request(method, path).header(AUTHORIZATION, self.bearer(user).await), json);
        self.call(request).await
    }

    async fn get_as(&self, user: &str, path: &str) -> Answer {
        self.call_as(user, "GET", path, "").await
    }

    async fn bearer(&self, user: &str) -> String {
        format!("Bearer {}", self.server.token_for(user).await.unwrap().unwrap().access_token)
    }

    fn password(&self, user: &str) -> &str {
        self.server.credentials().unwrap().password(user).unwrap()
    }

    /// The path of the demo document with that title.
    async fn path(&self, title: &str) -> String {
        let all = self.get_as("adam", "/documents").await.json();
        let found = all.as_array().unwrap().iter().find(|document| document["title"] == title).unwrap();
        format!("/documents/{}", found["id"].as_str().unwrap())
    }

    /// The audit events, the newest first.
    async fn events(&self) -> Vec<Value> {
        self.get_as("adam", "/admin/audit").await.json().as_array().unwrap().clone()
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn titles(&self) -> Vec<String> {
        let mut titles: Vec<_> =
            self.json().as_array().unwrap().iter().map(|d| d["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn challenges(&self) -> Vec<&str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// A9.1, RFC 9457: a problem whose `status` is the status.
    #[track_caller]
    fn check_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.json()["status"], status);
    }
}

async fn start(options: &Options) -> Result<Server, StartErrors> {
    Server::start_with(options, Clock::system(), insecure_fast_hash).await
}

fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path)
}

fn with_json(builder: Builder, json: &str) -> Request<Body> {
    if json.is_empty() {
        return builder.body(Body::empty()).unwrap();
    }
    builder.header(CONTENT_TYPE, "application/json").body(Body::from(json.to_owned())).unwrap()
}

fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {encoded}")
}

fn login(user: &str, password: &str) -> Request<Body> {
    request("POST", "/login").header(AUTHORIZATION, basic(user, password)).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn everyone_may_ask_for_health_and_no_credential_is_looked_at() {
    let service = Service::start().await;
    let answer = service.call(request("GET", "/health").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    let garbage = request("GET", "/health").header(AUTHORIZATION, "Bearer garbage").body(Body::empty());
    assert_eq!(service.call(garbage.unwrap()).await.status, 200);
    let head = service.call(request("HEAD", "/health").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

/// A1.7, A1.8, RFC 6750 §3.1.
#[tokio::test]
async fn without_a_credential_every_other_route_is_401_with_challenges_that_name_no_error() {
    let service = Service::start().await;
    let id = "/documents/018bcfe5-6800-7abc-8def-0123456789ab";
    for (method, path) in [
        ("GET", "/me"),
        ("GET", "/documents"),
        ("POST", "/documents"),
        ("GET", id),
        ("PUT", id),
        ("DELETE", id),
        ("GET", "/admin/audit"),
    ] {
        let answer = service.call(with_json(request(method, path), "not json")).await;
        answer.check_problem(401);
        let metadata = format!("{}/.well-known/oauth-protected-resource", service.server.url());
        let expected = [
            format!(r#"Bearer realm="documents", resource_metadata="{metadata}""#),
            format!(r#"DPoP realm="documents", algs="ES256 ES384 EdDSA", resource_metadata="{metadata}""#),
            r#"ApiKey realm="documents", header="x-api-key""#.to_owned(),
        ];
        assert_eq!(answer.challenges(), expected, "{method} {path}");
    }
    let answer = service.call(request("POST", "/login").body(Body::empty()).unwrap()).await;
    answer.check_problem(401);
    assert_eq!(answer.challenges(), [r#"Basic realm="documents", charset="UTF-8""#]);
}

#[tokio::test]
async fn me_shows_the_caller() {
    let service = Service::start().await;
    let me = service.get_as("maria", "/me").await;
    assert_eq!(me.status, 200);
    let me = me.json();
    assert_eq!((&me["subject"], &me["method"]), (&"maria".into(), &"jwt".into()));
    assert_eq!(me["scopes"], serde_json::json!(["documents:read", "documents:write"]));
    assert_eq!(me["roles"], serde_json::json!(["editor"]));
    assert_eq!(me["groups"], serde_json::json!(["engineering"]));
}

#[tokio::test]
async fn only_admins_see_the_audit_and_it_tells_refusals_with_their_reason() {
    let service = Service::start().await;
    for user in ["alice", "maria", "rita"] {
        service.get_as(user, "/admin/audit").await.check_problem(403);
    }
    let events = service.events().await;
    assert_eq!(events.len(), 3);
    assert_eq!((&events[0]["status"], &events[0]["reason"]), (&403.into(), &"insufficient_role".into()));
    assert_eq!(events[0]["principal"]["subject"], "rita");
}

#[tokio::test]
async fn the_tour_names_every_route_and_its_lines_can_be_pasted() {
    let service = Service::start().await;
    let tour = service.server.tour().await.unwrap();
    for row in service.server.app().route_table().rows() {
        assert!(tour.contains(&row.path), "{}", row.path);
    }
    let lines: Vec<_> = tour.lines().filter(|line| line.trim_start().starts_with("curl ")).collect();
    let url = format!("http://{}/", service.server.address());
    assert!(lines.len() > 12 && lines.iter().all(|line| line.contains(&url)), "{tour}");
    assert!(tour.contains(&format!("-u alice:{}", service.password("alice"))));
}

/// A1.13, RFC 6750 §5.3: on any wire but loopback, plain HTTP must not carry a credential.
#[tokio::test]
async fn credentials_over_plain_http_are_refused_unless_the_client_is_on_this_machine() {
    let service = Service::start().await;
    let token = request("GET", "/me").header(AUTHORIZATION, service.bearer("alice").await);
    let answer = service.call_from([192, 0, 2, 1], token.body(Body::empty()).unwrap()).await;
    answer.check_problem(400);
    let key = service.server.credentials().unwrap().api_key();
    let key = request("GET", "/me").header("x-api-key", key).body(Body::empty()).unwrap();
    service.call_from([192, 0, 2, 1], key).await.check_problem(400);
    let health = request("GET", "/health").body(Body::empty()).unwrap();
    assert_eq!(service.call_from([192, 0, 2, 1], health).await.status, StatusCode::OK.as_u16());
}
