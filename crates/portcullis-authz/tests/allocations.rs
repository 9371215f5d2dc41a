//! What is allowed allocates nothing: P10 and P19 of the goals.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use portcullis_authz::{
    AuthorizationLayer, Field, Filter, Filtered, Guard, ListPolicy, Load, PathParameters, Policy, Read,
    Resource, RoleModel, ScopeCatalog, ScopeSet, Scoped, Vocabulary, after, all_scopes, any_network,
    any_scope, authenticated, before, claim, client, danger_any_tenant, group, issuer, permission, role,
    scope, tenant_matches, via_method, when, within_hours,
};
use portcullis_core::{
    Claims, ClientAddress, Clock, CredentialMethod, Decision, Principal, Reason, RequestView, Scopes,
    StoreError, Trail,
};
use serde_json::json;
use tower::{Layer, Service};

/// A request of a caller with five hundred scopes.
fn request() -> Request<()> {
    let scopes = (0..500).map(|number| format!("s{number}")).collect::<Vec<_>>().join(" ");
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .scopes(Scopes::parse(&scopes).unwrap())
        .role("editor")
        .groups(["staff"])
        .tenant("a b")
        .client_id("back-office")
        .issuer("https://id.example")
        .claims(Claims::new([("groups".to_owned(), json!(["a", "b"]))].into_iter().collect()))
        .build();
    let mut request = Request::builder().uri("/tenants/a%20b/notes/7").body(()).unwrap();
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    trail.authenticated(caller).unwrap();
    trail.set_client(ClientAddress::Peer("10.1.2.3".parse().unwrap()));
    trail.set_route(Arc::from("/tenants/{tenant}/notes/{id}"));
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

/// Neither the number of scopes in a catalog nor that of roles in a model matters.
#[test]
fn a_bound_rule_that_allows_allocates_nothing_whatever_it_is_bound_to() {
    let scopes = (0..1000).map(|number| format!("s{number}"));
    let catalog = (1..1000).fold(ScopeCatalog::new(scopes), |catalog, number| {
        catalog.implies(&format!("s{number}"), [format!("s{}", number - 1)])
    });
    let model = (0..1000).fold(RoleModel::builder().role("editor").includes("r999"), |model, number| {
        let model = model.role(format!("r{number}")).permits(format!("p{number}"));
        if number > 0 { model.includes(format!("r{}", number - 1)) } else { model }
    });
    let words = Vocabulary::new().with_scopes(catalog).unwrap().with_roles(model.build().unwrap());
    for rule in [
        scope("s3"),
        any_scope(["s300"]),
        all_scopes(["s250"]),
        role("r0"),
        permission("p0").and(role("r500")).and(!role("r0").and(scope("s999"))),
    ] {
        let rule = rule.within(&words).unwrap();
        let request = request();
        let view = RequestView::of(&request).unwrap();
        // The first look at a model on a thread makes room for those that follow.
        assert!(rule.evaluate(&view).is_allowed(), "{rule}");
        check(&rule.to_string(), || assert!(rule.evaluate(&view).is_allowed()));
        check(&rule.to_string(), || rule.decide(&view).unwrap());
    }
}

#[test]
fn conditions_denies_and_what_is_watched_allocate_nothing_if_they_hold() {
    for rule in [
        tenant_matches("tenant"),
        danger_any_tenant("tenant"),
        any_network(["192.0.2.0/24", "10.0.0.0/8"]),
        client("back-office").and(group("staff")).and(issuer("https://id.example")),
        via_method(CredentialMethod::Jwt)
            .and(within_hours(0, 24))
            .and(after(UNIX_EPOCH))
            .and(!before(UNIX_EPOCH)),
        when("always", |_| true),
        scope("s7").unless(role("suspended").or(group("leavers"))),
        scope("s7").and(role("editor").shadowed()),
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

/// A future that never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let answer = match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    };
    answer.unwrap()
}

/// P19.
#[test]
fn a_guard_of_a_path_parameter_that_allows_allocates_nothing_and_the_event_has_the_identifier() {
    let mut request = request();
    request.extensions_mut().insert(PathParameters::read("/documents/{id}", "/documents/7").unwrap());
    let view = RequestView::of(&request).unwrap();
    let guard = Guard::new(&Rules);
    // Nothing known in time costs a timer, or a box.
    check("from the path", || drop(now(guard.from_request::<Read, Document>(&view, &Store)).unwrap()));
    check("once more", || drop(now(guard.from_request::<Read, Document>(&view, &Store)).unwrap()));
    view.trail().read(|state| {
        let told = state.entries[0].explained.as_ref().unwrap().tree(None).to_string();
        assert_eq!(
            (state.entries[0].detail.as_deref(), told.as_str()),
            (Some("Read"), "* Read Document/7: holds\n")
        );
    });
    // The third of one request is written out.
    drop(now(guard.from_request::<Read, Document>(&view, &Store)).unwrap());
    let third = view.trail().read(|state| state.entries[2].detail.clone());
    assert_eq!(third.as_deref(), Some("Read Document/7"));
}

struct Unlisted;
struct Plain;
struct Listed;

/// One that is there if its number is even.
#[derive(Debug)]
struct Note<P> {
    owner: String,
    team: Option<&'static str>,
    policy: std::marker::PhantomData<P>,
}

const OWNER: Field<Note<Filtered<Listed>>, str> = Field::text("owner", |note| Some(&note.owner));
const TEAM: Field<Note<Filtered<Listed>>, str> = Field::text("team", |note| note.team);

impl<P: Send + Sync + 'static> Resource for Note<P> {
    type Id = u32;
    type Store = Unlisted;
    type Rules = P;
}

impl<P: Send + Sync + 'static> Load<Note<P>> for Unlisted {
    async fn load(&self, id: &u32) -> Result<Option<Note<P>>, StoreError> {
        // The store does the same for what it has and for what it does not have.
        let owner = "somebody-with-a-rather-long-name-of-more-than-sixty-four-octets-x".to_owned();
        let note = Note { owner, team: Some("finance"), policy: std::marker::PhantomData };
        Ok(Some(note).filter(|_| id.is_multiple_of(2)))
    }
}

impl<R> Policy<Read, R> for Plain {
    fn decide(&self, _: &Principal, _: &R) -> Decision {
        Decision::deny(Reason::PolicyDenied)
    }
}

impl ListPolicy<Read, Note<Filtered<Self>>> for Listed {
    fn filter(&self, caller: &Principal) -> Filter<Note<Filtered<Self>>> {
        OWNER
            .equals(caller.subject())
            .or(TEAM.one_of(caller.groups()))
            .or(!OWNER.is_null().or(!TEAM.is_null()))
    }
}

/// A21.1: what is hidden cannot be told from what is absent by the work of the guard, whether the policy is one in plain
/// code or a filter of the library.
#[test]
fn a_hidden_resource_costs_as_many_allocations_as_an_absent_one() {
    fn check<P: Policy<Read, Note<P>> + 'static>(policy: &P) {
        let refused = |id: &'static str| {
            let mut request = request();
            request.extensions_mut().insert(PathParameters::new([("id", id)]));
            let view = RequestView::of(&request).unwrap();
            let guard = Guard::new(policy);
            let mut answer = None;
            let counted = measure(|| {
                let refused =
                    now(guard.from_request::<Read, Note<P>>(&view, &Unlisted)).map(drop).unwrap_err();
                answer = Some(refused);
            });
            assert_eq!(answer.unwrap().status(), 404);
            counted.count_total
        };
        assert_eq!(refused("8"), refused("7"));
    }
    check(&Plain);
    check(&Filtered(Listed));
}
