//! Guards that ask a decision point.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use portcullis_core::{Decision, Denial, Effect, Mode, Reason, RequestView, Room, Step, StoreError, Trail};
use serde_json::{Map, Value, json};

use crate::engine::{DecisionPoint, Describe, EnginePolicy, Question, unavailable};
use crate::test_support::{known, noted, request};
use crate::{Absent, Guard, Load, OnDeny, Permit, Policy, Read, Resource, Write};

#[derive(Debug)]
struct Document(u32);

struct Documents;

impl Resource for Document {
    type Id = u32;
    type Store = Documents;
    type Rules = EnginePolicy<Owners>;
    const PARAM: &'static str = "id";
    const ON_DENY: OnDeny = OnDeny::Hide;
    const ABSENT: Absent<Self> = Absent::AskedAs(|id| Self(*id));
}

impl Load<Document> for Documents {
    async fn load(&self, id: &u32) -> Result<Option<Document>, StoreError> {
        Ok((*id < 100).then_some(Document(*id)))
    }
}

impl Describe for Document {
    fn kind(&self) -> Cow<'_, str> {
        "document".into()
    }

    fn id(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }

    fn attributes(&self) -> Map<String, Value> {
        [("even".to_owned(), self.0.is_multiple_of(2).into())].into_iter().collect()
    }
}

/// Even documents may be read; document 9 is more than the engine can bear.
struct Owners {
    waits: bool,
}

impl DecisionPoint for Owners {
    fn name(&self) -> &str {
        "owners"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        assert_eq!(question.kind(), "document");
        let even = question.attributes().get("even") == Some(&json!(true));
        let absent = question.is_about_absent();
        assert_eq!(absent, question.id().len() > 2, "what is not there is told apart");
        let decision = match question.id() {
            "9" | "109" => unavailable("it broke"),
            _ => Decision::allow_if(even && question.action() == "Read", Reason::PolicyDenied)
                .because("policy0"),
        };
        if self.waits { Step::wait(async move { decision }) } else { Step::Done(decision) }
    }
}

async fn read(policy: &EnginePolicy<Owners>, id: &str) -> (Result<Permit<Read, Document>, Denial>, String) {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let answer = Guard::new(policy).load_and_authorize(&view, &Documents, id).await;
    let (_, _, _, detail) = noted(&request, Room::Guard).remove(0);
    (answer, detail)
}

#[tokio::test]
async fn a_guard_asks_the_engine_about_the_loaded_resource_and_waits_for_it() {
    for waits in [false, true] {
        let policy = EnginePolicy::new(Owners { waits });
        let (allowed, detail) = read(&policy, "4").await;
        assert_eq!(allowed.unwrap().0, 4);
        assert!(detail.contains("owners: policy0"), "{detail}");
        let (refused, detail) = read(&policy, "5").await;
        assert_eq!(refused.unwrap_err().status(), 404);
        assert!(detail.contains("owners: policy0"), "{detail}");
    }
}

#[tokio::test]
async fn an_engine_that_fails_is_503_also_where_refusals_hide() {
    for waits in [false, true] {
        for id in ["9", "109"] {
            let (failed, detail) = read(&EnginePolicy::new(Owners { waits }), id).await;
            let denial = failed.unwrap_err();
            assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::DecisionPointUnavailable));
            assert!(detail.contains("it broke"), "{detail}");
        }
    }
}

/// Of even ones the engine would allow it.
#[tokio::test]
async fn the_engine_is_asked_about_what_does_not_exist_and_changes_nothing_there() {
    for id in ["104", "105"] {
        let (absent, detail) = read(&EnginePolicy::new(Owners { waits: true }), id).await;
        assert_eq!(absent.unwrap_err().reason(), Reason::ResourceNotFound);
        assert!(detail.ends_with("nothing is there; of a stand-in: owners: policy0"), "{detail}");
    }
}

#[tokio::test]
async fn a_shadow_hands_the_resource_over_whatever_the_engine_says() {
    let policy = EnginePolicy::new(Owners { waits: true }).with_mode(Mode::Shadow);
    for id in ["4", "5", "9"] {
        assert!(read(&policy, id).await.0.is_ok(), "{id}");
    }
}

/// AuthZEN Authorization API 1.0 §10.1.3: the engine's log can be read beside the event.
#[tokio::test]
async fn the_engine_is_told_of_the_request_by_whichever_way_it_is_asked() {
    struct Curious(Arc<Mutex<Vec<String>>>);
    impl DecisionPoint for Curious {
        fn name(&self) -> &str {
            "curious"
        }
        fn decide(&self, question: &Question<'_>) -> Step<Decision> {
            let id = question.request_id().map(|id| id.to_string()).unwrap_or_default();
            let told = format!("{} {id} {}", question.id(), json!(question.context()));
            self.0.lock().unwrap().push(told);
            Step::Done(Decision::allow(Reason::PolicyAllowed))
        }
    }
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    view.trail().set_route("/documents/{id}".into());
    let told = Arc::new(Mutex::default());
    let with_context = |mode| {
        let route = |trail: &Trail| trail.route().map(|route| route.to_string()).into();
        EnginePolicy::new(Curious(Arc::clone(&told))).with_mode(mode).with_context("route", route)
    };
    let (policy, watched) = (with_context(Mode::Enforce), with_context(Mode::Shadow));
    let guard = Guard::new(&policy);
    let permit = guard.load_and_authorize::<Read, Document>(&view, &Documents, "1").await.unwrap();
    assert!(guard.load_and_authorize::<Read, Document>(&view, &Documents, "102").await.is_err());
    assert!(guard.check::<Read, _>(&view, Document(3)).is_ok());
    assert!(permit.also::<Write, _>(&policy).await.is_ok());
    let watching = Guard::new(&watched);
    assert!(watching.load_and_authorize::<Read, Document>(&view, &Documents, "4").await.is_ok());
    assert!(watching.check::<Read, _>(&view, Document(5)).is_ok());

    let id = view.trail().id();
    let of = |document| format!(r#"{document} {id} {{"route":"/documents/{{id}}"}}"#);
    assert_eq!(*told.lock().unwrap(), [of(1), of(102), of(3), of(1), of(4), of(5)]);
    // Without a guard there is no request.
    assert!(Policy::<Read, _>::decide(&policy, view.principal().unwrap(), &Document(6)).is_allowed());
    assert_eq!(told.lock().unwrap()[6], "6  {}");
}

/// A stand-in cannot know the identifier that a store gives.
#[tokio::test]
async fn a_stand_in_without_an_identifier_is_asked_about_by_what_the_client_calls_it() {
    struct Page {
        row: String,
    }
    impl Resource for Page {
        type Id = String;
        type Store = Documents;
        type Rules = EnginePolicy<Rows>;
        const ABSENT: Absent<Self> = Absent::AskedAs(|_| Self { row: String::new() });
    }
    impl Load<Page> for Documents {
        async fn load(&self, slug: &String) -> Result<Option<Page>, StoreError> {
            Ok((slug == "plan").then(|| Page { row: "7".to_owned() }))
        }
    }
    impl Describe for Page {
        fn kind(&self) -> Cow<'_, str> {
            "page".into()
        }
        fn id(&self) -> Cow<'_, str> {
            self.row.as_str().into()
        }
    }
    struct Rows(Mutex<Vec<String>>);
    impl DecisionPoint for Rows {
        fn name(&self) -> &str {
            "rows"
        }
        fn decide(&self, question: &Question<'_>) -> Step<Decision> {
            assert!(question.hides());
            self.0.lock().unwrap().push(question.id().to_owned());
            Step::Done(Decision::deny(Reason::PolicyDenied))
        }
    }
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let rows = Arc::new(Rows(Mutex::default()));
    let policy = EnginePolicy::new(Arc::clone(&rows));
    for slug in ["plan", "draft"] {
        let asked = Guard::new(&policy).load_and_authorize::<Read, Page>(&view, &Documents, slug).await;
        assert_eq!(asked.map(drop).unwrap_err().status(), 404);
    }
    assert_eq!(*rows.0.lock().unwrap(), ["7", "draft"]);
}

#[test]
fn an_engine_that_must_be_waited_for_is_a_mistake_where_nobody_can() {
    let caller = portcullis_core::Principal::builder("alice", portcullis_core::CredentialMethod::Jwt).build();
    let decide = |policy: &EnginePolicy<Owners>| Policy::<Read, _>::decide(policy, &caller, &Document(4));
    assert_eq!(decide(&EnginePolicy::new(Owners { waits: false })).effect(), Effect::Allow);
    assert_eq!(decide(&EnginePolicy::new(Owners { waits: true })).reason(), Reason::Misconfigured);
    let shared: Arc<dyn DecisionPoint> = Arc::new(Owners { waits: false });
    assert_eq!(
        Policy::<Write, _>::decide(&EnginePolicy::new(shared), &caller, &Document(4)).effect(),
        Effect::Deny
    );
}
