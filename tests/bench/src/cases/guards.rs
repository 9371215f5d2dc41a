//! Guards over a resource that is there already, and what others would write by hand.

use std::collections::HashMap;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::Request;
use portcullis::authz::{Field, Filter, Filtered, Guard, ListPolicy, Load, Policy, Read, Resource};
use portcullis::core::{Clock, Decision, Reason, RequestView, StoreError, Trail};
use portcullis::{CredentialMethod, Principal};

use crate::case::Case;
use crate::cases::Entry;

pub(super) const CASES: &[Entry] = &[
    ("guard 10", || guarded(10)),
    ("guard 100", || guarded(100)),
    ("guard 1000", || guarded(1_000)),
    ("guard request", request),
    ("guard by hand 10", || by_hand(10)),
    ("guard by hand 1000", || by_hand(1_000)),
    ("guard hidden", || filtered(7)),
    ("guard absent", || filtered(8)),
    ("guard found", || found(7)),
];

/// What a guard is asked about: it belongs to a team, whose number of documents nobody limits.
#[derive(Debug)]
struct Document {
    team: String,
}

impl Resource for Document {
    type Id = u64;
    type Store = ();
    type Rules = Managers;
}

/// Who manages each team: a rule for each, found by its team.
struct Managers(HashMap<String, String>);

impl Managers {
    fn of(teams: usize) -> Self {
        Self((0..teams).map(|number| (team(number), "alice".to_owned())).collect())
    }

    fn allow(&self, caller: &Principal, document: &Document) -> bool {
        self.0.get(&document.team).is_some_and(|manager| manager == caller.subject())
    }
}

impl Policy<Read, Document> for Managers {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        Decision::allow_if(self.allow(caller, document), Reason::PolicyDenied)
    }
}

/// Names of one length, so that none takes longer to hash.
fn team(number: usize) -> String {
    format!("team-{number:04}")
}

/// A guard over so many rules, of which one is for the document.
fn guarded(rules: usize) -> Case {
    let managers = Managers::of(rules);
    in_requests(rules, move |view, document| {
        let permit = Guard::new(&managers).authorize::<Read, _>(view, document);
        drop(black_box(permit).expect("the manager"));
    })
}

/// The same rules asked by the handler, which hands on what it was given, and notes nothing.
fn by_hand(rules: usize) -> Case {
    let managers = Managers::of(rules);
    in_requests(rules, move |view, document| {
        let caller = view.principal().expect("a caller");
        assert!(managers.allow(caller, &document));
        drop(black_box(document));
    })
}

/// The request and its document alone.
fn request() -> Case {
    in_requests(10, |_, document| drop(black_box(document)))
}

/// What a filter of the library hides.
#[derive(Debug)]
struct Plan {
    owner: String,
    team: Option<String>,
    public: bool,
}

const OWNER: Field<Plan, str> = Field::text("owner", |plan| Some(&plan.owner));
const TEAM: Field<Plan, str> = Field::text("team", |plan| plan.team.as_deref());
const PUBLIC: Field<Plan, bool> = Field::boolean("public", |plan| Some(plan.public));

struct Plans;
struct Readers;

impl Resource for Plan {
    type Id = u64;
    type Store = Plans;
    type Rules = Filtered<Readers>;
}

impl Plans {
    /// Does the same work for what it has and for what it does not have.
    fn find(id: u64) -> Option<Plan> {
        let plan = Plan { owner: "robert".to_owned(), team: Some("finance".to_owned()), public: false };
        Some(plan).filter(|_| black_box(id) == 7)
    }
}

impl Load<Plan> for Plans {
    async fn load(&self, id: &u64) -> Result<Option<Plan>, StoreError> {
        Ok(Self::find(*id))
    }
}

impl ListPolicy<Read, Plan> for Readers {
    fn filter(&self, caller: &Principal) -> Filter<Plan> {
        OWNER.equals(caller.subject()).or(PUBLIC.equals(true)).or(TEAM.one_of(["sales", "legal"]))
    }
}

/// A guard that answers 404: what is 7 is hidden, and nothing else is there.
fn filtered(id: u64) -> Case {
    let (policy, id) = (Filtered(Readers), id.to_string());
    in_requests(10, move |view, _| {
        let guard = Guard::new(&policy);
        let permit = now(guard.load_and_authorize::<Read, Plan>(view, &Plans, black_box(&id)));
        drop(black_box(permit).expect_err("a refusal"));
    })
}

/// The request and what the store does, alone.
fn found(id: u64) -> Case {
    in_requests(10, move |_, _| drop(black_box(Plans::find(id))))
}

/// What never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn in_requests(rules: usize, ask: impl Fn(&RequestView<'_>, Document) + 'static) -> Case {
    let caller = Principal::builder("alice", CredentialMethod::Jwt).build();
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let mut request = Request::new(());
            let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
            trail.authenticated(caller.clone()).expect("the first");
            let view = RequestView::of(&request).expect("a Trail");
            let document = Document { team: team(black_box(rules) / 2) };
            ask(black_box(&view), document);
        }
    })
}
