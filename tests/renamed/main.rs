//! `#[authorize(.., crate = "gate")]` where the manifest calls the facade `gate`. Issue 4, point 2.

use axum::body::Body;
use axum::extract::{FromRef, Request, State};
use gate::authz::{Load, Policy, Read, Resource};
use gate::core::StoreError;
use gate::prelude::*;
use tower::ServiceExt;

#[derive(Clone)]
struct Notes;

struct Note(u32);

impl Resource for Note {
    type Id = u32;
    type Store = Notes;
    type Rules = Notes;
    const PARAM: &'static str = "id";
}

impl Load<Note> for Notes {
    async fn load(&self, id: &u32) -> Result<Option<Note>, StoreError> {
        Ok(Some(Note(*id)))
    }
}

impl Policy<Read, Note> for Notes {
    fn decide(&self, _: &Principal, note: &Note) -> Decision {
        Decision::allow_if(note.0 == 7, Reason::PolicyDenied)
    }
}

#[authorize(scope("notes:read"), crate = "gate")]
async fn show(note: Permit<Read, Note>) -> String {
    format!("note {}", note.0)
}

/// A path, rather than a text, and a scheme.
#[gate::authorize(scope("notes:write"), via = "key", crate = gate)]
async fn create(_: State<Shared>) -> &'static str {
    "created"
}

#[authorize(public = "probe", crate = "::gate")]
async fn health() -> &'static str {
    "ok"
}

struct Api;

#[authorize]
impl Api {
    #[authorize(authenticated(), crate = "gate")]
    async fn whoami(caller: Principal) -> String {
        caller.subject().to_owned()
    }
}

#[derive(Clone)]
struct Shared;

impl FromRef<Shared> for Notes {
    fn from_ref(_: &Shared) -> Self {
        Self
    }
}

#[tokio::test]
async fn handlers_carry_their_rules_under_another_name_of_the_facade() {
    let alice =
        Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("notes:read").unwrap());
    let (secret, key) = ApiKey::generate("test_", "alice-1", alice.build()).unwrap();
    let keys = ApiKeys::bearer("test_").keys(ApiKeySet::new([key]).unwrap());
    let security = Security::builder().scheme("key", keys).audit(MemorySink::keeping(1)).build().unwrap();
    let routes = Routes::new()
        .route("/notes", post(create))
        .route("/notes/{id}", get(show))
        .route("/health", get(health))
        .route("/me", get(Api::whoami))
        .with_state(Shared);
    let app = SecureRouter::new(security).mount(routes).finish().unwrap();
    let table = app.route_table().to_string();
    for row in
        ["scope(notes:read), then permit(Read Note)", "scope(notes:write)", "public: probe", "authenticated"]
    {
        assert!(table.contains(row), "{table}");
    }
    let bearer = format!("Bearer {}", String::from_utf8_lossy(secret.expose()));
    for (method, path, expected) in [
        ("GET", "/notes/7", 200),
        ("GET", "/notes/8", 404),
        ("POST", "/notes", 403),
        ("GET", "/health", 200),
        ("GET", "/me", 200),
    ] {
        let request = Request::builder().method(method).uri(path).header("authorization", &bearer);
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{method} {path}");
    }
}
