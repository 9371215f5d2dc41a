//! Guards over a resource that is there already, and what others would write by hand.

use std::collections::HashMap;
use std::hint::black_box;

use http::Request;
use portcullis::authz::{Guard, Load, Policy, Read, Resource};
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
];

/// What a guard is asked about: it belongs to a team, whose number of documents nobody limits.
#[derive(Debug)]
pub(super) struct Document {
    team: String,
}

impl Resource for Document {
    type Id = u64;
    type Store = Documents;
    type Rules = Managers;
}

/// Everybody reaches what is there.
pub(super) struct Documents;

impl Load<Document> for Documents {
    async fn load(&self, _: &u64) -> Result<Option<Document>, StoreError> {
        Ok(None)
    }
}

/// Who manages each team: a rule for each, found by its team.
pub(super) struct Managers(HashMap<String, String>);

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

/// A case whose iterations each have a request and a document of their own.
pub(super) fn in_requests(rules: usize, ask: impl Fn(&RequestView<'_>, Document) + 'static) -> Case {
    let caller = Principal::builder("alice", CredentialMethod::Jwt).tenant("red").build();
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
