//! How seriously guards are taken, in the route table: nobody puts one into the shadow unseen.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use portcullis_authz::{
    AsyncPolicy, Awaited, ChildOf, Create, Delete, Detached, Filter, Filtered, ListPolicy, Load, LoadWithin,
    OnDeny, Permit, PermitWithin, Policy, Read, Resource, ScopeSet, Scoped, Source, Submitted, Visible,
    Write, authenticated, scope,
};
use portcullis_axum::{Checked, DeclareGuards, HasRule, Routes, SecureRouter, authorize, get, post};
use portcullis_core::{Decision, Mode, Principal, ProblemType, Reason, StoreError};
use portcullis_stack::RouteTable;
use serde::Deserialize;

use crate::support::{Bench, security};

/// Each kind of resource has a mode of its own.
#[derive(Clone)]
struct Modes {
    note: Mode,
    line: Mode,
    new: Mode,
}

const ENFORCED: Modes = Modes { note: Mode::Enforce, line: Mode::Enforce, new: Mode::Enforce };

#[derive(Clone)]
struct Store;

#[derive(Clone)]
struct NoteRules(Mode);

#[derive(Clone)]
struct LineRules(Mode);

#[derive(Clone)]
struct NewRules(Mode);

#[derive(Clone)]
struct Note;

/// A line of a note; callers may learn that it exists.
#[derive(Clone)]
struct Line;

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

impl Resource for Note {
    type Id = u32;
    type Store = Store;
    type Rules = Filtered<NoteRules>;
    const PARAM: &'static str = "id";
}

impl ListPolicy<Read, Note> for NoteRules {
    fn filter(&self, _: &Principal) -> Filter<Note> {
        Filter::all_if(false)
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

impl Load<Note> for Store {
    async fn load(&self, id: &u32) -> Result<Option<Note>, StoreError> {
        Ok((*id == 7).then_some(Note))
    }
}

impl Resource for Line {
    type Id = u32;
    type Store = Store;
    type Rules = Awaited<LineRules>;
    const SOURCE: Source = Source::Query("line");
    const ON_DENY: OnDeny = OnDeny::Forbid;
}

impl ChildOf<Note> for Line {
    type Through = Read;
}

impl AsyncPolicy<Write, Line> for LineRules {
    async fn decide(&self, _: &Principal, _: &Line) -> Decision {
        Decision::deny(Reason::PolicyDenied)
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

/// The same rules for those who do not wait.
impl AsyncPolicy<Delete, Line> for LineRules {
    async fn decide(&self, _: &Principal, _: &Line) -> Decision {
        Decision::deny(Reason::PolicyDenied)
    }

    fn waits_with_resource(&self) -> bool {
        false
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

/// The same rules for those who wait all the same.
impl AsyncPolicy<Create, Line> for LineRules {
    async fn decide(&self, _: &Principal, _: &Line) -> Decision {
        Decision::deny(Reason::PolicyDenied)
    }

    fn danger_await_unenforced(&self) -> bool {
        true
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

impl LoadWithin<Note, Line> for Store {
    async fn load_within(&self, _: &Note, _: &u32) -> Result<Option<Line>, StoreError> {
        Ok(Some(Line))
    }
}

impl Submitted for NewNote {
    type Rules = NewRules;
}

impl Policy<Create, NewNote> for NewRules {
    fn decide(&self, _: &Principal, new: &NewNote) -> Decision {
        Decision::allow_if(new.text.is_empty(), Reason::PolicyDenied)
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

struct Drafts;

impl ScopeSet for Drafts {
    const SCOPES: &'static [&'static str] = &["drafts"];
}

macro_rules! parts {
    ($( $part:ty: $modes:ident => $value:expr; )+) => { $(
        impl FromRef<Modes> for $part {
            fn from_ref($modes: &Modes) -> Self {
                $value
            }
        }
    )+ };
}

parts! {
    Store: _modes => Self;
    Filtered<NoteRules>: modes => Self(NoteRules(modes.note));
    Awaited<LineRules>: modes => Self(LineRules(modes.line));
    NewRules: modes => Self(modes.new);
}

#[authorize(scope("read"), crate = "portcullis_axum")]
async fn annotated(_: Permit<Read, Note>) {}

fn table(path: &str, handlers: impl HasRule<Modes>, modes: &Modes) -> RouteTable {
    let (security, ..) = security();
    let routes = Routes::new().route(path, handlers).with_state(modes.clone());
    let app = SecureRouter::new(security.build().unwrap()).mount(routes).finish().unwrap();
    app.route_table().clone()
}

#[track_caller]
fn check(handlers: impl HasRule<Modes>, modes: &Modes, expected: &[&str]) -> RouteTable {
    let table = table("/notes/{id}", handlers, modes);
    let demands = table.rows()[0].policy.demands().iter().map(ToString::to_string);
    assert_eq!(demands.collect::<Vec<_>>(), expected);
    table
}

#[test]
fn a_guard_shows_how_seriously_it_is_taken_whatever_it_guards() {
    let rule = authenticated;
    let note = |mode| Modes { note: mode, ..ENFORCED };
    let show = async |_: Permit<Read, Note>| ();
    check(get(show).requires(rule()), &ENFORCED, &["permit(Read Note)"]);
    check(get(show).requires(rule()), &note(Mode::Shadow), &["permit(Read Note) [shadow]"]);
    check(get(show).requires(rule()), &note(Mode::Percent(25)), &["permit(Read Note) [25 %]"]);
    check(get(show).requires(rule()), &note(Mode::Percent(100)), &["permit(Read Note)"]);
    check(get(annotated), &note(Mode::Shadow), &["permit(Read Note) [shadow]"]);
    let list = get(async |_: Visible<Read, Note>, _: State<Store>| ()).requires(rule());
    check(list, &note(Mode::Shadow), &["visible(Read Note) [shadow]"]);
    let create = || post(async |_: Scoped<Drafts>, _: Checked<Create, Json<NewNote>>| ()).requires(rule());
    let new = Modes { new: Mode::Shadow, ..ENFORCED };
    check(create(), &new, &["scopes(drafts)", "checked(Create NewNote) [shadow]"]);
    check(create(), &ENFORCED, &["scopes(drafts)", "checked(Create NewNote)"]);
}

#[test]
fn a_guard_within_another_one_tells_of_both() {
    let write = || post(async |_: PermitWithin<Write, Line, Note>| ()).requires(authenticated());
    let name = "permit(Write Line within Read Note)";
    for (note, line, marks) in [
        (Mode::Enforce, Mode::Enforce, ""),
        (Mode::Shadow, Mode::Enforce, " [parent shadow]"),
        (Mode::Enforce, Mode::Shadow, " [shadow]"),
        (Mode::Percent(5), Mode::Shadow, " [shadow, parent 5 %]"),
    ] {
        check(write(), &Modes { note, line, ..ENFORCED }, &[&format!("{name}{marks}")]);
    }
}

/// A declared guard is known before its policy is; it stands there once.
#[test]
fn a_declared_guard_shows_the_mode_that_it_has() {
    let show = || get(async |_: Permit<Read, Note>| ()).requires(authenticated()).guards::<Read, Note>();
    let modes = Modes { note: Mode::Shadow, ..ENFORCED };
    check(show(), &modes, &["permit(Read Note) [shadow]"]);
    check(show(), &ENFORCED, &["permit(Read Note)"]);
    let annotated = get(annotated).guards::<Read, Note>().via("key");
    check(annotated, &modes, &["permit(Read Note) [shadow]"]);
}

/// Issue 4, points 5 and 7.
#[test]
fn a_guard_that_was_put_into_the_shadow_is_a_difference_in_every_format() {
    let show = || get(async |_: Permit<Read, Note>| ()).requires(scope("read"));
    let enforced = table("/notes/{id}", show(), &ENFORCED);
    let watched = table("/notes/{id}", show(), &Modes { note: Mode::Shadow, ..ENFORCED });
    assert_eq!(
        watched.diff(&enforced.to_snapshot()).to_string(),
        "~ GET `/notes/{id}`\n    access: `scope(read), then permit(Read Note)` -> `scope(read), then permit(Read Note) [shadow]`\n"
    );
    assert!(!enforced.diff(&watched.to_snapshot()).is_empty());
    for printed in [watched.to_string(), watched.to_markdown(), watched.to_html()] {
        assert!(printed.contains("then permit(Read Note) [shadow]"), "{printed}");
    }
    let json = |table: &RouteTable| serde_json::from_str::<serde_json::Value>(&table.to_json()).unwrap();
    assert_eq!(json(&watched)[0]["demands"], serde_json::json!(["permit(Read Note) [shadow]"]));
    assert_eq!(json(&watched)[0]["modes"], serde_json::json!(["shadow"]));
    assert_eq!(json(&enforced)[0]["modes"], serde_json::json!(["enforced"]));
}

/// The table says what is enforced, and nothing else.
#[tokio::test]
async fn what_is_printed_as_in_the_shadow_refuses_nobody() {
    for (mode, status) in [(Mode::Enforce, 404), (Mode::Shadow, 200)] {
        let show = get(async |_: Permit<Read, Note>| "note").requires(authenticated());
        let routes = Routes::new().route("/notes/{id}", show);
        let bench = Bench::new(routes.with_state(Modes { note: mode, ..ENFORCED }));
        assert_eq!(bench.call(bench.as_alice("GET", "/notes/7")).await.status(), status);
        let text = bench.app.route_table().to_string();
        assert_eq!(text.contains("[shadow]"), mode == Mode::Shadow, "{text}");
    }
}

/// Issue 4, point 5: never affects a response.
#[test]
fn a_policy_that_waits_and_is_not_enforced_is_worth_a_look() {
    fn advice(handlers: impl HasRule<Modes>, line: Mode) -> Vec<String> {
        let table = table("/notes/{id}", handlers, &Modes { line, ..ENFORCED });
        let advice = table.advice().into_iter().filter(|advice| advice.code().code() == "P279");
        advice.map(|advice| advice.to_string()).collect()
    }
    let write = || post(async |_: PermitWithin<Write, Line, Note>| ()).requires(scope("read"));
    assert!(advice(write(), Mode::Enforce).is_empty());
    let told = advice(write(), Mode::Shadow);
    let expected =
        "POST /notes/{id}: the policy of `permit(Write Line within Read Note) [shadow]` is not awaited";
    assert!(
        matches!(told.as_slice(), [told] if told.contains(expected) && told.contains("`Detached`")),
        "{told:?}"
    );
    let create = post(async |_: PermitWithin<Create, Line, Note>| ()).requires(scope("read"));
    let told = advice(create, Mode::Shadow);
    assert!(
        matches!(told.as_slice(), [told] if told.contains("requests wait for `permit(Create Line")),
        "{told:?}"
    );
    assert_eq!(advice(write(), Mode::Percent(99)).len(), 1);
}

#[test]
fn a_policy_that_can_be_asked_without_the_resource_is_none() {
    let modes = Modes { line: Mode::Shadow, ..ENFORCED };
    let itself = post(async |_: PermitWithin<Delete, Line, Note>| ()).requires(scope("read"));
    let table = table("/notes/{id}", itself, &modes);
    assert!(table.to_string().contains("[shadow]") && table.advice().is_empty(), "{:?}", table.advice());
    let wrapped: &dyn Fn() -> bool =
        &|| Policy::<Write, Line>::waits_with_resource(&Detached::new(LineRules(Mode::Shadow)));
    assert!(!wrapped() && Policy::<Write, Line>::waits_with_resource(&Awaited(LineRules(Mode::Shadow))));
}

#[test]
fn the_table_knows_how_a_handler_may_refuse_as_far_as_its_arguments_tell() {
    #[track_caller]
    fn check(handlers: impl HasRule<Modes>, modes: &Modes, expected: &[u16]) {
        let table = table("/notes/{id}", handlers, modes);
        let policy = &table.rows()[0].policy;
        let problems = ProblemType::ALL.iter().filter(|problem| policy.handler_may_answer(**problem));
        let mut statuses: Vec<u16> = problems.map(|problem| problem.status().as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, expected);
    }
    let rule = authenticated;
    let watched = &Modes { note: Mode::Shadow, line: Mode::Shadow, new: Mode::Shadow };
    check(get(async || ()).requires(rule()), &ENFORCED, &[]);
    check(get(async |_: Scoped<Drafts>| ()).requires(rule()), &ENFORCED, &[403]);
    // A list has what the caller may see. What is hidden is not found, and so is what is absent, also in the shadow.
    check(get(async |_: Visible<Read, Note>| ()).requires(rule()), &ENFORCED, &[]);
    check(get(async |_: Permit<Read, Note>| ()).requires(rule()), &ENFORCED, &[404]);
    check(get(async |_: Permit<Read, Note>| ()).requires(rule()), watched, &[404]);
    let write = || post(async |_: PermitWithin<Write, Line, Note>| ()).requires(rule());
    check(write(), &ENFORCED, &[400, 403, 404]);
    check(write(), watched, &[400, 404]);
    let create = || post(async |_: Checked<Create, Json<NewNote>>| ()).requires(rule());
    check(create(), &ENFORCED, &[400, 403, 413, 415, 422]);
    check(create(), watched, &[400, 413, 415, 422]);
    check(post(async |_: Json<NewNote>| ()).requires(rule()), &ENFORCED, &[400, 413, 415, 422]);
    check(post(async |_: Path<u32>, _: String| ()).requires(rule()), &ENFORCED, &[400, 413]);
    check(get(async |_: Path<u32>| ()).requires(rule()), &ENFORCED, &[400]);
    check(get(async |_: Query<NewNote>, _: State<Store>| ()).requires(rule()), &ENFORCED, &[400]);
}
