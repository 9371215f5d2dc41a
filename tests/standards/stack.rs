//! An application in process, with a scheme of each kind.

use axum::Json;
use axum::body::{Body, to_bytes};
use http::request::Builder;
use http::{HeaderMap, HeaderValue, Request};
use portcullis::audit::MemorySink;
use portcullis::authn::{StaticUsers, User, insecure_fast_hash};
use portcullis::oauth::StaticKeys;
use portcullis::prelude::*;
use portcullis_testkit::{TEST_AUDIENCE, TestIssuer};
use serde_json::Value;
use tower::ServiceExt;

use crate::support::challenges::{self, Challenge};

/// `GET /me` wants the scope `read`, by token or API key. `POST /login` takes passwords. `POST /echo` wants a caller
/// and JSON.
pub struct Stack {
    app: App,
    pub events: MemorySink,
    pub issuer: TestIssuer,
    api_key: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Stack {
    pub fn new() -> Self {
        Self::with_users(&[("alice", "secret")])
    }

    pub fn with_users(users: &[(&str, &str)]) -> Self {
        let issuer = TestIssuer::offline("https://issuer.example");
        let known = Issuer::new(issuer.url()).audience(TEST_AUDIENCE);
        let tokens = JwtBearer::issuer(known.keys(StaticKeys::new().jwks(issuer.jwks_json())));
        let reader =
            Principal::builder("key", CredentialMethod::ApiKey).scopes(Scopes::parse("read").unwrap());
        let (api_key, key) = ApiKey::generate("test_", "key-1", reader.build()).unwrap();
        let events = MemorySink::keeping(10_000);
        let security = Security::builder()
            .realm("example")
            .scheme("token", tokens)
            .scheme("key", ApiKeys::bearer("test_").keys(ApiKeySet::new([key]).unwrap()))
            .scheme("password", Basic::new(known_users(users)).only_where_named())
            .audit(events.clone())
            .build()
            .unwrap();
        let app = SecureRouter::new(security).mount(routes()).finish().unwrap();
        let api_key = String::from_utf8(api_key.expose().to_vec()).unwrap();
        Self { app, events, issuer, api_key }
    }

    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// `GET /me` with this `Authorization`, which must be able to stand in a field.
    pub async fn me(&self, authorization: impl AsRef<[u8]>) -> Answer {
        self.call(authorized("GET", "/me", authorization).body(Body::empty()).unwrap()).await
    }

    pub async fn login(&self, authorization: impl AsRef<[u8]>) -> Answer {
        self.call(authorized("POST", "/login", authorization).body(Body::empty()).unwrap()).await
    }

    /// Why the last request was refused, or nothing.
    pub fn last_reason(&self) -> &'static str {
        self.events.events().pop().unwrap().reason().map_or("", |reason| reason.code())
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// In the order of the fields.
    #[track_caller]
    pub fn challenges(&self) -> Vec<Challenge> {
        let fields = self.headers.get_all("www-authenticate").iter();
        fields.flat_map(|field| challenges::parse(field.to_str().unwrap()).expect("well-formed")).collect()
    }
}

pub fn authorized(method: &str, path: &str, authorization: impl AsRef<[u8]>) -> Builder {
    let value = HeaderValue::from_bytes(authorization.as_ref()).unwrap();
    Request::builder().method(method).uri(path).header("authorization", value)
}

fn routes() -> Routes {
    async fn me(caller: Principal) -> Json<Principal> {
        Json(caller)
    }
    async fn echo(Json(body): Json<Value>) -> Json<Value> {
        Json(body)
    }
    Routes::new()
        .route("/me", get(me).requires(scope("read")))
        .route("/login", post(me).requires(authenticated()).via("password"))
        .route("/echo", post(echo).requires(authenticated()))
        .route("/things/{name}", get(me).requires(authenticated()))
}

fn known_users(users: &[(&str, &str)]) -> StaticUsers {
    let mut known = StaticUsers::builder();
    for (name, password) in users {
        let hash = insecure_fast_hash(password).unwrap();
        let principal = Principal::builder(*name, CredentialMethod::Basic).build();
        known = known.add(name, User::new(hash, principal));
    }
    known.build().unwrap()
}
