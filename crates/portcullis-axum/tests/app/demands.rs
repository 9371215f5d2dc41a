//! What the arguments of handlers demand, in the route table.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts, State};
use http::request::Parts;
use portcullis_authz::{
    Action, Create, Delete, Load, Permit, Policy, Read, Resource, ScopeSet, Scoped, Submitted, authenticated,
    scope,
};
use portcullis_axum::{Checked, DeclareGuards, HasRule, Routes, SecureRouter, authorize, delete, get, post};
use portcullis_core::{Decision, Denial, Principal, Reason, StoreError};
use serde::Deserialize;

use crate::support::{Bench, security};

struct Note;

#[derive(Clone)]
struct Notes;

struct Drafts;

impl Resource for Note {
    type Id = u32;
    type Store = Notes;
    type Rules = Notes;
    const PARAM: &'static str = "id";
}

impl Load<Note> for Notes {
    async fn load(&self, _: &u32) -> Result<Option<Note>, StoreError> {
        Ok(Some(Note))
    }
}

#[derive(Deserialize)]
struct NewNote;

impl Submitted for NewNote {
    type Rules = Notes;
}

impl Policy<Create, NewNote> for Notes {
    fn decide(&self, _: &Principal, _: &NewNote) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }
}

impl<A: Action> Policy<A, Note> for Notes {
    fn decide(&self, _: &Principal, _: &Note) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }
}

impl ScopeSet for Drafts {
    const SCOPES: &'static [&'static str] = &["read", "drafts"];
}

/// Another one's extractor that refuses as ours do; it must not be run when the application starts.
struct Foreign;

impl<S: Sync> FromRequestParts<S> for Foreign {
    type Rejection = Denial;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Denial> {
        std::future::pending().await
    }
}

/// A state of which the store is a part.
#[derive(Clone)]
struct App(Notes);

impl FromRef<App> for Notes {
    fn from_ref(app: &App) -> Self {
        app.0.clone()
    }
}

#[track_caller]
fn check(handlers: impl HasRule<App>, expected: &[&str]) {
    let (security, ..) = security();
    let routes = Routes::new().route("/notes/{id}", handlers).with_state(App(Notes));
    let app = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap();
    let demands = app.route_table().rows()[0].policy.demands().iter().map(ToString::to_string);
    assert_eq!(demands.collect::<Vec<_>>(), expected);
}

#[authorize(scope("read"), crate = "portcullis_axum")]
async fn annotated(_: State<App>, _: Permit<Read, Note>) {}

#[test]
fn guards_among_the_arguments_show_wherever_they_stand() {
    let rule = authenticated;
    check(get(async || ()).requires(rule()), &[]);
    check(get(async |_: State<App>| ()).requires(rule()), &[]);
    check(get(async |_: Permit<Read, Note>| ()).requires(rule()), &["permit(Read Note)"]);
    check(
        get(async |_: Principal, _: Permit<Delete, Note>, _: String| ()).requires(rule()),
        &["permit(Delete Note)"],
    );
    check(
        get(async |_: Scoped<Drafts>, _: Permit<Read, Note>| ()).requires(rule()),
        &["scopes(read drafts)", "permit(Read Note)"],
    );
    check(get(annotated), &["permit(Read Note)"]);
    check(post(async |_: Checked<Create, Json<NewNote>>| ()).requires(rule()), &["checked(Create NewNote)"]);
}

/// It refuses requests all the same.
#[test]
fn a_guard_within_something_else_does_not_show_and_extractors_of_others_are_left_alone() {
    check(get(async |_: Result<Permit<Read, Note>, Denial>| ()).requires(authenticated()), &[]);
    check(get(async |_: Foreign, _: Scoped<Drafts>| ()).requires(authenticated()), &["scopes(read drafts)"]);
}

#[test]
fn declared_guards_show_once() {
    let show = async |_: State<App>, _: Permit<Read, Note>| ();
    check(get(show).requires(authenticated()).guards::<Read, Note>(), &["permit(Read Note)"]);
    let create = post(async |_: Principal, _: Checked<Create, Json<NewNote>>| ()).requires(authenticated());
    check(create.guards::<Create, NewNote>(), &["checked(Create NewNote)"]);
    let both = async |_: Permit<Read, Note>, _: Permit<Delete, Note>| ();
    let declared =
        delete(both).requires(authenticated()).guards::<Delete, Note>().guards::<Read, Note>().via("key");
    check(declared, &["permit(Delete Note)", "permit(Read Note)"]);
    check(get(annotated).guards::<Read, Note>().via("key"), &["permit(Read Note)"]);
}

#[tokio::test]
async fn a_declared_guard_decides() {
    let show = async |_: Permit<Read, Note>| "note";
    let routes =
        Routes::new().route("/notes/{id}", get(show).requires(authenticated()).guards::<Read, Note>());
    let bench = Bench::new(routes.with_state(App(Notes)));
    for (path, status) in [("/notes/7", 200), ("/notes/x", 404)] {
        assert_eq!(bench.call(bench.as_alice("GET", path)).await.status(), status);
    }
    let table = bench.app.route_table().to_string();
    assert!(table.contains("authenticated, then permit(Read Note)"), "{table}");
}

#[test]
fn a_public_route_has_no_guard() {
    let (security, ..) = security();
    let routes = Routes::new().route("/notes/{id}", get(async |_: Permit<Read, Note>| ()).public("for all"));
    let app = SecureRouter::new(security.build().unwrap()).mount(routes.with_state(App(Notes)));
    assert_eq!(app.finish().unwrap_err().codes().collect::<Vec<_>>(), ["P243"]);
}
