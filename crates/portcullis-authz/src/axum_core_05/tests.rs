use http::Request;
use portcullis_core::{Decision, Principal, Reason, StoreError};

use super::*;
use crate::test_support::{Who, known, request};
use crate::{Filter, PathParameters, Read, Write};

#[derive(Debug)]
struct Note(u32);

#[derive(Clone)]
struct Notes;

#[derive(Clone)]
struct Rules;

#[derive(Clone)]
struct App;

struct NotesRead;

impl Resource for Note {
    type Id = u32;
    type Store = Notes;
    type Rules = Rules;
    const PARAM: &'static str = "id";
}

impl Load<Note> for Notes {
    async fn load(&self, id: &u32) -> Result<Option<Note>, StoreError> {
        Ok((*id < 10).then_some(Note(*id)))
    }
}

impl Policy<Read, Note> for Rules {
    fn decide(&self, caller: &Principal, note: &Note) -> Decision {
        Decision::allow_if(caller.subject() == "alice" && note.0 == 7, Reason::PolicyDenied)
    }
}

impl FromRef<App> for Notes {
    fn from_ref(_: &App) -> Self {
        Self
    }
}

impl FromRef<App> for Rules {
    fn from_ref(_: &App) -> Self {
        Self
    }
}

impl ScopeSet for NotesRead {
    const SCOPES: &'static [&'static str] = &["notes:read"];
}

async fn extracted<E: FromRequestParts<App, Rejection = Denial>>(request: Request<()>) -> Result<E, Denial> {
    E::from_request_parts(&mut request.into_parts().0, &App).await
}

async fn note(who: &Who, parameters: Option<PathParameters>) -> Result<u32, Denial> {
    let mut request = request(who);
    if let Some(parameters) = parameters {
        request.extensions_mut().insert(parameters);
    }
    extracted::<Permit<Read, Note>>(request).await.map(|permit| permit.0)
}

#[tokio::test]
async fn a_handler_gets_a_permit_or_is_not_reached() {
    let alice = known("", &[]);
    let id = |text: &str| Some(PathParameters::new([("id", text)]));
    assert_eq!(note(&alice, id("7")).await.unwrap(), 7);
    for (who, parameters, status) in [
        (&alice, id("8"), 404),
        (&alice, id("99"), 404),
        (&alice, id("x"), 404),
        (&alice, PathParameters::read("/notes/{id}", "/notes/%FF"), 404),
        (&alice, Some(PathParameters::new([("other", "7")])), 500),
        (&alice, None, 500),
        (&Who::Anonymous, id("7"), 401),
        (&Who::Anonymous, None, 401),
        (&Who::NotAsked, id("7"), 500),
    ] {
        assert_eq!(note(who, parameters.clone()).await.unwrap_err().status(), status, "{parameters:?}");
    }
    // No layer of ours stands around the handler.
    assert_eq!(extracted::<Permit<Read, Note>>(Request::new(())).await.unwrap_err().status(), 500);
}

fn printed(inquiry: &Inquiry) -> Vec<String> {
    inquiry.answers().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn arguments_say_what_they_demand_when_they_are_asked_and_refuse_all_the_same() {
    let inquiry = Inquiry::new();
    let ask = || inquiry.request();
    assert_eq!(extracted::<Permit<Read, Note>>(ask()).await.unwrap_err().status(), 500);
    assert_eq!(extracted::<Scoped<NotesRead>>(ask()).await.unwrap_err().status(), 500);
    assert_eq!(printed(&inquiry), ["permit(Read Note)", "scopes(notes:read)"]);
}

#[tokio::test]
async fn a_handler_gets_proof_of_scopes_or_is_not_reached() {
    let scoped =
        async |who: Who| extracted::<Scoped<NotesRead>>(request(&who)).await.map(Scoped::into_principal);
    assert_eq!(scoped(known("notes:read", &[])).await.unwrap().subject(), "alice");
    assert_eq!(scoped(known("notes", &[])).await.unwrap_err().status(), 403);
    assert_eq!(scoped(Who::Anonymous).await.unwrap_err().status(), 401);
    assert_eq!(extracted::<Scoped<NotesRead>>(Request::new(())).await.unwrap_err().status(), 500);
}

/// A line of a note: `/notes/{id}/lines/{line}`. Note 7 has lines 70 to 79.
#[derive(Debug)]
struct Line(u32);

impl Resource for Line {
    type Id = u32;
    type Store = Notes;
    type Rules = Rules;
    const PARAM: &'static str = "line";
}

impl ChildOf<Note> for Line {
    type Through = Read;
}

impl LoadWithin<Note, Line> for Notes {
    async fn load_within(&self, note: &Note, line: &u32) -> Result<Option<Line>, StoreError> {
        Ok((line / 10 == note.0).then_some(Line(*line)))
    }
}

impl Policy<Write, Line> for Rules {
    fn decide(&self, _: &Principal, line: &Line) -> Decision {
        Decision::allow_if(line.0 != 79, Reason::PolicyDenied)
    }
}

impl ListPolicy<Read, Note> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Note> {
        Filter::all_if(caller.subject() == "alice")
    }
}

/// A21.1.
#[tokio::test]
async fn a_handler_gets_a_child_within_its_parent_or_is_not_reached() {
    let line = async |who: Who, note: &str, line: &str| {
        let mut request = request(&who);
        request.extensions_mut().insert(PathParameters::new([("id", note), ("line", line)]));
        let permit = extracted::<PermitWithin<Write, Line, Note>>(request).await;
        permit.map(|permit| permit.0).map_err(|denial| denial.status().as_u16())
    };
    let alice = || known("", &[]);
    assert_eq!(line(alice(), "7", "71").await, Ok(71));
    assert_eq!(line(alice(), "7", "81").await, Err(404));
    assert_eq!(line(alice(), "7", "79").await, Err(404));
    assert_eq!(line(alice(), "8", "81").await, Err(404));
    assert_eq!(line(Who::Anonymous, "7", "71").await, Err(401));
    assert_eq!(line(Who::NotAsked, "7", "71").await, Err(500));
}

#[tokio::test]
async fn a_handler_that_lists_gets_its_filter_or_is_not_reached() {
    let visible = async |who: Who| extracted::<Visible<Read, Note>>(request(&who)).await;
    let seen = visible(known("", &[])).await.unwrap();
    assert!(seen.filter().is_all() && seen.principal().subject() == "alice");
    assert_eq!(visible(Who::Anonymous).await.unwrap_err().status(), 401);
    assert_eq!(visible(Who::NotAsked).await.unwrap_err().status(), 500);
    let inquiry = Inquiry::new();
    assert!(extracted::<Visible<Read, Note>>(inquiry.request()).await.is_err());
    assert!(extracted::<PermitWithin<Write, Line, Note>>(inquiry.request()).await.is_err());
    assert_eq!(printed(&inquiry), ["visible(Read Note)", "permit(Write Line within Read Note)"]);
    assert!(inquiry.answers().iter().all(Demand::is_told));
}
