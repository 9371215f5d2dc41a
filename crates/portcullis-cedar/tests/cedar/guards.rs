//! Guards and routes that ask the engine.

use std::borrow::Cow;

use http::Request;
use portcullis_authz::engine::{Describe, EnginePolicy, ask};
use portcullis_authz::{Absent, Guard, Load, Permit, Read, Resource, Write};
use portcullis_cedar::Cedar;
use portcullis_core::{
    ClientAddress, Clock, Denial, Effect, Principal, Reason, RequestView, StoreError, Trail,
};
use serde_json::{Map, Value, json};

use crate::support::{alice, engine};

#[derive(Debug)]
struct Document {
    id: u32,
    owner: &'static str,
    level: i64,
}

struct Documents;

impl Resource for Document {
    type Id = u32;
    type Store = Documents;
    type Rules = EnginePolicy<Cedar>;
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self { id: *id, owner: "", level: 1 });
}

impl Load<Document> for Documents {
    async fn load(&self, id: &u32) -> Result<Option<Document>, StoreError> {
        let documents = [(1, "alice", 1), (2, "bob", 1), (3, "bob", i64::MAX)];
        let found = documents.into_iter().find(|(known, _, _)| known == id);
        Ok(found.map(|(id, owner, level)| Document { id, owner, level }))
    }
}

impl Describe for Document {
    fn kind(&self) -> Cow<'_, str> {
        "Document".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn attributes(&self) -> Map<String, Value> {
        let owner = json!({ "type": "User", "id": self.owner });
        Map::from_iter([("owner".to_owned(), owner), ("level".to_owned(), self.level.into())])
    }
}

const POLICIES: &str = r#"
    @id("owners")
    permit(principal, action, resource is Document) when { resource has owner && resource.owner == principal };
    @id("readers")
    permit(principal in Role::"reader", action == Action::"Read", resource)
    when { resource is Document && resource has level && resource.level + 1 > 0 };
"#;

fn request(caller: Principal) -> Request<()> {
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(caller).unwrap();
    request
}

fn last(request: &Request<()>) -> (Effect, Reason, String) {
    Trail::of(request.extensions()).unwrap().read(|state| {
        let entry = state.entries.last().unwrap();
        (entry.effect, entry.reason, entry.detail.as_deref().unwrap_or_default().to_owned())
    })
}

/// A21.1: refused is answered as absent; the event tells them apart and names the policy.
#[tokio::test]
async fn a_guard_asks_about_the_loaded_resource() {
    let policy = EnginePolicy::new(engine(POLICIES));
    let guard = Guard::new(&policy);
    let reader = alice().role("reader").build();

    let request = request(reader);
    let view = RequestView::of(&request).unwrap();
    let own: Permit<Write, Document> = guard.load_and_authorize(&view, &Documents, "1").await.unwrap();
    assert_eq!((own.id, own.level), (1, 1));
    assert!(last(&request).2.ends_with("permitted by owners"), "{:?}", last(&request));

    let refused: Result<Permit<Write, Document>, Denial> =
        guard.load_and_authorize(&view, &Documents, "2").await;
    assert_eq!(refused.unwrap_err().status(), 404);
    assert!(last(&request).2.ends_with("no policy permits it"), "{:?}", last(&request));

    let read: Result<Permit<Read, Document>, Denial> = guard.load_and_authorize(&view, &Documents, "2").await;
    assert!(read.is_ok());

    // A policy fails on this one: a failure, and no pass.
    let failed: Result<Permit<Read, Document>, Denial> =
        guard.load_and_authorize(&view, &Documents, "3").await;
    let failed = failed.unwrap_err();
    assert_eq!((failed.status().as_u16(), failed.reason()), (503, Reason::PolicyError));
}

/// A21.1: the engine evaluates as much for it, and the event says what for.
#[tokio::test]
async fn a_guard_asks_about_a_stand_in_for_what_does_not_exist() {
    let policy = EnginePolicy::new(engine(POLICIES));
    let (guard, request) = (Guard::new(&policy), request(alice().role("reader").build()));
    let view = RequestView::of(&request).unwrap();
    let absent = guard.load_and_authorize::<Write, Document>(&view, &Documents, "8").await.map(drop);
    assert_eq!(absent.unwrap_err().reason(), Reason::ResourceNotFound);
    let told =
        "Write Document/8: resource_not_found, nothing is there; of a stand-in: cedar: no policy permits it";
    assert_eq!(last(&request).2, told);
    // Readers may read whatever there is.
    let absent = guard.load_and_authorize::<Read, Document>(&view, &Documents, "8").await.map(drop);
    assert_eq!(absent.unwrap_err().status(), 404);
    assert!(last(&request).2.ends_with("of a stand-in: cedar: permitted by readers"), "{:?}", last(&request));
}

#[tokio::test]
async fn policies_of_a_guard_see_the_context_that_the_application_tells() {
    let engine = engine(
        "permit(principal, action, resource) when { context has network && context.network == \"office\" };",
    );
    let address = |trail: &Trail| match trail.client().ip() {
        Some(ip) if ip.is_loopback() => "office".into(),
        _ => "elsewhere".into(),
    };
    let policy = EnginePolicy::new(engine).with_context("network", address);
    for (client, status) in [("127.0.0.1", None), ("192.0.2.7", Some(404))] {
        let request = request(alice().build());
        let view = RequestView::of(&request).unwrap();
        view.trail().set_client(ClientAddress::Peer(client.parse().unwrap()));
        let asked = Guard::new(&policy).load_and_authorize::<Read, Document>(&view, &Documents, "2").await;
        assert_eq!(asked.err().map(|denial| denial.status().as_u16()), status, "{client}");
    }
}

#[tokio::test]
async fn a_route_asks_about_the_request() {
    let ask = ask(engine("@id(\"a\") permit(principal == User::\"alice\", action, resource);"));
    let ask = ask.action("Read").resource("Document").id("1");
    assert_eq!(ask.to_string(), "ask(cedar: Read Document/1)");
    let allowed = request(alice().build());
    assert!(ask.decide(&RequestView::of(&allowed).unwrap()).resolve().await.is_ok());
    assert_eq!(last(&allowed).2, "cedar: Read Document/1: permitted by a");

    let refused = request(alice().issuer("https://evil.example").build());
    let denial = ask.decide(&RequestView::of(&refused).unwrap()).resolve().await.unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (403, Reason::PolicyDenied));
}
