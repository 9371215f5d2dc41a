//! What is allowed allocates nothing: P10 and P19 of the goals.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::convert::Infallible;
use std::hint::black_box;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use portcullis_authz::{
    AuthorizationLayer, Guard, Load, Policy, Read, Resource, ScopeSet, Scoped, all_scopes, any_scope,
    authenticated, claim, role, scope,
};
use portcullis_core::{
    Claims, Clock, CredentialMethod, Decision, Principal, Reason, RequestView, Scopes, StoreError, Trail,
};
use serde_json::json;
use tower::{Layer, Service};

/// A request of a caller with five hundred scopes.
fn request() -> Request<()> {
    let scopes = (0..500).map(|number| format!("s{number}")).collect::<Vec<_>>().join(" ");
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .scopes(Scopes::parse(&scopes).unwrap())
        .role("editor")
        .claims(Claims::new([("groups".to_owned(), json!(["a", "b"]))].into_iter().collect()))
        .build();
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(caller).unwrap();
    request
}

#[track_caller]
fn check(what: &str, work: impl FnOnce()) {
    let allocations = measure(work).count_total;
    assert_eq!(allocations, 0, "{what}");
}

#[test]
fn a_rule_that_allows_allocates_nothing_however_many_scopes_it_has() {
    let many: Vec<String> = (0..500).map(|number| format!("s{number}")).collect();
    for rule in [
        authenticated(),
        scope("s7"),
        any_scope(&many),
        all_scopes(&many),
        scope("s7").and(role("editor").or(role("admin"))).and(!role("suspended")).and(claim("groups", "b")),
    ] {
        let request = request();
        let view = RequestView::of(&request).unwrap();
        check(&rule.to_string(), || assert!(rule.evaluate(&view).is_allowed()));
        check(&rule.to_string(), || rule.decide(&view).unwrap());
    }
}

#[test]
fn the_layer_adds_no_allocation_to_a_request_that_it_forwards() {
    struct Inner;
    impl Service<Request<()>> for Inner {
        type Response = Response<Bytes>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Bytes>, Infallible>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            black_box(&request);
            // Dropped elsewhere: only what the layer itself does is counted.
            std::mem::forget(request);
            std::future::ready(Ok(Response::new(Bytes::new())))
        }
    }
    impl Clone for Inner {
        fn clone(&self) -> Self {
            Self
        }
    }
    let mut service = AuthorizationLayer::new(scope("s7")).unwrap().layer(Inner);
    let request = request();
    check("layer", || drop(black_box(service.call(request))));
}

#[derive(Debug)]
struct Document;
struct Store;
struct Rules;
struct Seven;

impl Resource for Document {
    type Id = u32;
    type Store = Store;
    type Rules = Rules;
    const PARAM: &'static str = "id";
}

impl Load<Document> for Store {
    async fn load(&self, _: &u32) -> Result<Option<Document>, StoreError> {
        Ok(Some(Document))
    }
}

impl Policy<Read, Document> for Rules {
    fn decide(&self, caller: &Principal, _: &Document) -> Decision {
        Decision::allow_if(caller.has_role("editor"), Reason::PolicyDenied)
    }
}

impl ScopeSet for Seven {
    const SCOPES: &'static [&'static str] = &["s7", "s77"];
}

#[test]
fn a_guard_that_allows_allocates_nothing_without_an_identifier_to_note() {
    let request = request();
    let view = RequestView::of(&request).unwrap();
    check("guard", || drop(Guard::new(&Rules).authorize::<Read, _>(&view, Document).unwrap()));
    check("scoped", || drop(Scoped::<Seven>::check(&view).unwrap()));
}
