mod absent;
mod awaited;
mod explained;
mod modes;
mod nested;
mod sources;
mod tenant_lists;
mod tenants;
mod unenforced;

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use portcullis_core::{Decision, Denial, Effect, Principal, Reason, RequestView, Room, StoreError};

use super::*;
use crate::test_support::{Noted, Who, challenges, known, naughty_strings, noted, request, response};

#[derive(Debug)]
struct Document {
    owner: String,
}

/// Like a document, but everybody may learn that it exists.
#[derive(Debug)]
struct Announcement;

#[derive(Default)]
struct Store {
    loads: AtomicU32,
}

struct Rules;

impl Resource for Document {
    type Id = String;
    type Store = Store;
    type Rules = Rules;
    const PARAM: &'static str = "id";
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self { owner: format!("nobody has {id}") });
}

impl Resource for Announcement {
    type Id = u32;
    type Store = Store;
    type Rules = Rules;
    const PARAM: &'static str = "number";
    const ON_DENY: OnDeny = OnDeny::Forbid;

    fn kind() -> &'static str {
        "announcements"
    }
}

impl Load<Document> for Store {
    async fn load(&self, id: &String) -> Result<Option<Document>, StoreError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        match id.as_str() {
            "broken" => Err(StoreError::new(io::Error::other("SECRET connection string"))),
            "absent" => Ok(None),
            owner => Ok(Some(Document { owner: owner.to_owned() })),
        }
    }
}

impl Load<Announcement> for Store {
    async fn load(&self, number: &u32) -> Result<Option<Announcement>, StoreError> {
        Ok((*number == 1).then_some(Announcement))
    }
}

impl Policy<Read, Document> for Rules {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        match document.owner.as_str() {
            "failing" => Decision::deny(Reason::StoreUnavailable),
            "confused" => Decision::deny(Reason::PolicyAllowed),
            "shared" => Decision::allow(Reason::PolicyAllowed).because("shared with all"),
            owner => Decision::allow_if(owner == caller.subject(), Reason::PolicyDenied),
        }
    }
}

impl Policy<Create, Document> for Rules {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        Decision::allow_if(document.owner == caller.subject(), Reason::PolicyDenied)
    }
}

impl Policy<Read, Announcement> for Rules {
    fn decide(&self, caller: &Principal, _: &Announcement) -> Decision {
        Decision::allow_if(caller.has_scope("news"), Reason::InsufficientScope).because("subscribers")
    }
}

async fn load<R: Resource<Store = Store>>(request: &Request<()>, id: &str) -> Result<Permit<Read, R>, Denial>
where
    Store: Load<R>,
    Rules: Policy<Read, R>,
{
    let view = RequestView::of(request).unwrap();
    Guard::new(&Rules).load_and_authorize(&view, &Store::default(), id).await
}

async fn refused<R: Resource<Store = Store>>(who: &Who, id: &str) -> (Denial, Noted)
where
    Store: Load<R>,
    Rules: Policy<Read, R>,
{
    let request = request(who);
    let denial = load::<R>(&request, id).await.map(|_| ()).unwrap_err();
    let mut noted = noted(&request, Room::Guard);
    assert_eq!(noted.len(), 1, "{noted:?}");
    (denial, noted.remove(0))
}

#[tokio::test]
async fn lets_the_owner_have_the_resource_and_notes_which() {
    let request = request(&known("", &[]));
    let permit = load::<Document>(&request, "alice").await.unwrap();
    assert_eq!((permit.owner.as_str(), permit.principal().subject()), ("alice", "alice"));
    assert!(format!("{permit:?}").starts_with(r#"Permit { action: "Read", principal: "#));
    assert_eq!(permit.into_inner().owner, "alice");
    let expected = "Read Document/alice".to_owned();
    assert_eq!(noted(&request, Room::Guard), [(Effect::Allow, Reason::PolicyAllowed, true, expected)]);
}

#[tokio::test]
async fn notes_what_the_policy_said() {
    let request = request(&known("", &[]));
    let _ = load::<Document>(&request, "shared").await.unwrap();
    assert_eq!(noted(&request, Room::Guard)[0].3, "Read Document/shared: shared with all");
}

/// A21.1.
#[tokio::test]
async fn hidden_and_absent_are_the_same_answer_with_different_reasons() {
    let alice = known("", &[]);
    let seen =
        |response: &Response<Bytes>| (response.status(), response.headers().clone(), response.body().clone());
    let (hidden, hidden_noted) = refused::<Document>(&alice, "bob").await;
    let (absent, absent_noted) = refused::<Document>(&alice, "absent").await;
    assert_eq!(seen(&response(hidden)), seen(&response(absent)));
    assert_eq!(
        [hidden_noted, absent_noted],
        [
            (Effect::Deny, Reason::ResourceHidden, true, "Read Document/bob: policy_denied".to_owned()),
            (
                Effect::Deny,
                Reason::ResourceNotFound,
                true,
                "Read Document/absent: resource_not_found".to_owned()
            ),
        ]
    );
}

#[tokio::test]
async fn an_identifier_that_does_not_parse_is_the_same_answer_again() {
    let news = known("news", &[]);
    let (malformed, noted) = refused::<Announcement>(&news, "one").await;
    let (absent, _) = refused::<Announcement>(&news, "2").await;
    assert_eq!(response(malformed).body(), response(absent).body());
    assert_eq!(noted.3, "Read announcements/one: the identifier does not parse");
}

#[tokio::test]
async fn a_resource_that_does_not_hide_answers_403_with_the_reason_of_the_policy() {
    let (denial, noted) = refused::<Announcement>(&known("", &[]), "1").await;
    assert_eq!((denial.status().as_u16(), denial.reason()), (403, Reason::InsufficientScope));
    assert_eq!(challenges(&denial), [r#"Bearer realm="app", error="insufficient_scope""#]);
    assert_eq!(noted.3, "Read announcements/1: insufficient_scope, subscribers");
}

/// A1.7, A1.8, invariant 5.
#[tokio::test]
async fn nothing_is_loaded_for_a_caller_who_is_not_known() {
    for (who, status, challenges_expected) in [(Who::Anonymous, 401, 2), (Who::NotAsked, 500, 0)] {
        let (request, store) = (request(&who), Store::default());
        let view = RequestView::of(&request).unwrap();
        let guard = Guard::new(&Rules);
        let denial =
            guard.load_and_authorize::<Read, Document>(&view, &store, "alice").await.map(|_| ()).unwrap_err();
        assert_eq!((denial.status().as_u16(), challenges(&denial).len()), (status, challenges_expected));
        assert_eq!(store.loads.load(Ordering::Relaxed), 0);
        assert!(matches!(noted(&request, Room::Guard).as_slice(), [(Effect::Deny, ..)]));
    }
}

/// Invariant 4: a failure is neither absent nor refused, also where resources hide.
#[tokio::test]
async fn failures_are_answered_as_failures_and_tell_nothing() {
    let alice = known("", &[]);
    for (id, status, reason) in [
        ("broken", 503, Reason::StoreUnavailable),
        ("failing", 503, Reason::StoreUnavailable),
        ("confused", 500, Reason::InternalError),
    ] {
        let (denial, noted) = refused::<Document>(&alice, id).await;
        assert_eq!((denial.status().as_u16(), denial.reason(), noted.1), (status, reason, reason));
        let body = response(denial).into_body();
        assert!(!String::from_utf8_lossy(&body).contains("SECRET"));
    }
}

#[test]
fn authorizes_a_resource_that_was_loaded_by_other_means() {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let document = |owner: &str| Document { owner: owner.to_owned() };
    let guard = Guard::new(&Rules);
    assert!(guard.authorize::<Read, _>(&view, document("alice")).is_ok());
    assert_eq!(guard.authorize::<Read, _>(&view, document("bob")).unwrap_err().status(), 404);
    let details: Vec<_> = noted(&request, Room::Guard).into_iter().map(|noted| noted.3).collect();
    assert_eq!(details, ["Read", "Read Document: policy_denied"]);
}

#[test]
fn a_value_that_came_with_the_request_has_nothing_to_hide() {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let guard = Guard::new(&Rules);
    let document = |owner: &str| Document { owner: owner.to_owned() };
    assert!(guard.check::<Create, _>(&view, document("alice")).is_ok());
    let denial = guard.check::<Create, _>(&view, document("bob")).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (403, Reason::PolicyDenied));
    assert_eq!(noted(&request, Room::Guard)[1].3, "Create: policy_denied");
}

/// How tests of handlers make a permit, without a door in the constructor.
#[test]
fn a_policy_that_allows_everything_makes_any_permit() {
    struct AllowAll;
    impl<A, R> Policy<A, R> for AllowAll {
        fn decide(&self, _: &Principal, _: &R) -> Decision {
            Decision::allow(Reason::PolicyAllowed)
        }
    }
    fn permit<A: Action, R>(who: &Who, value: R) -> Permit<A, R> {
        let request = request(who);
        Guard::new(&AllowAll).check(&RequestView::of(&request).unwrap(), value).unwrap()
    }
    let permit: Permit<Delete, _> = permit(&known("", &[]), Document { owner: "bob".to_owned() });
    assert_eq!(permit.owner, "bob");
}

#[tokio::test]
async fn naughty_identifiers_are_refused_quietly_and_noted_on_one_line() {
    let alice = known("", &[]);
    for text in naughty_strings().iter().chain(&["\r\nSet-Cookie: a=b".to_owned(), "x".repeat(100_000)]) {
        let (denial, noted) = refused::<Document>(&alice, text).await;
        assert_eq!(denial.status(), 404, "{text:?}");
        assert!(noted.3.chars().count() < 1000 && !noted.3.contains(portcullis_core::escape::is_unprintable));
    }
}

#[test]
fn the_kind_of_a_resource_is_the_name_of_its_type() {
    #[derive(Debug)]
    struct Boxed<T>(T);
    impl<T: Send + Sync + 'static> Resource for Boxed<T> {
        type Id = u32;
        type Store = Empty;
        type Rules = Rules;
        const PARAM: &'static str = "id";
    }
    struct Empty;
    impl<T: Send + Sync + 'static> Load<Boxed<T>> for Empty {
        async fn load(&self, _: &u32) -> Result<Option<Boxed<T>>, StoreError> {
            Ok(None)
        }
    }
    assert_eq!((Document::kind(), Boxed::<Document>::kind()), ("Document", "Boxed"));
}

#[test]
fn path_parameters_print_no_value() {
    let parameters = PathParameters::new([("id", "SECRET"), ("id", "second")]);
    assert_eq!(format!("{parameters:?}"), r#"{"id", "id"}"#);
    assert_eq!(parameters.get("id"), Some("SECRET"));
}
