//! Guards as arguments of handlers: loaded, decided and noted for each request.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::routing::get;
use http::{Request, StatusCode};
use portcullis::authz::{Load, Permit, Policy, Read, Resource, Source};
use portcullis::core::{Clock, Decision, Reason, StoreError, Trail};
use portcullis::{CredentialMethod, Principal};
use tower::util::MapRequestLayer;

use crate::case::Case;
use crate::cases::Entry;
use crate::drive::{PATH, Template, calls};

pub(super) const CASES: &[Entry] =
    &[("permit 10", || permit(10)), ("permit 100", || permit(100)), ("permit 1000", || permit(1_000))];

/// What a request names by a field that every request has.
struct Report {
    team: String,
}

impl Resource for Report {
    type Id = String;
    type Store = Reports;
    type Rules = Managers;
    const SOURCE: Source = Source::Header("host");
}

/// Has each report at hand.
#[derive(Clone, Copy)]
struct Reports {
    teams: usize,
}

impl Load<Report> for Reports {
    async fn load(&self, _: &String) -> Result<Option<Report>, StoreError> {
        Ok(Some(Report { team: format!("team-{}", self.teams / 2) }))
    }
}

/// Who manages each team: a rule for each.
#[derive(Clone)]
struct Managers(Arc<HashMap<String, String>>);

impl Policy<Read, Report> for Managers {
    fn decide(&self, caller: &Principal, report: &Report) -> Decision {
        let manager = self.0.get(&report.team);
        Decision::allow_if(manager.is_some_and(|manager| manager == caller.subject()), Reason::PolicyDenied)
    }
}

#[derive(Clone)]
struct Rooms(Reports, Managers);

impl FromRef<Rooms> for Reports {
    fn from_ref(rooms: &Rooms) -> Self {
        rooms.0
    }
}

impl FromRef<Rooms> for Managers {
    fn from_ref(rooms: &Rooms) -> Self {
        rooms.1.clone()
    }
}

async fn show(report: Permit<Read, Report>) -> &'static str {
    black_box(&report);
    "hello"
}

/// A guard over so many rules, behind a layer that knows the caller.
fn permit(rules: usize) -> Case {
    let managers = (0..rules).map(|number| (format!("team-{number}"), "alice".to_owned())).collect();
    let rooms = Rooms(Reports { teams: rules }, Managers(Arc::new(managers)));
    let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
    let known = move |mut request: Request<Body>| {
        let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
        trail.authenticated(alice.clone()).expect("the first");
        request
    };
    let router = Router::new().route(PATH, get(show)).with_state(rooms);
    let router = router.layer(MapRequestLayer::new(known));
    calls(router, &Template::anonymous(), StatusCode::OK)
}
