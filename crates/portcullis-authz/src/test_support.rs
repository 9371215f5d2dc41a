//! Requests as an authentication layer leaves them.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use portcullis_core::challenge::{Challenge, ChallengeSet};
use portcullis_core::{
    Assurance, Claims, Clock, CredentialMethod, Denial, Effect, Principal, Reason, Refuse, RefusedRequest,
    Room, Scopes, Trail,
};
use serde_json::{Value, json};

/// Who calls.
#[derive(Clone)]
pub(crate) enum Who {
    Anonymous,
    Known(Principal),
    NotAsked,
}

/// A caller with these scopes, these roles and the claim `department`.
pub(crate) fn known(scopes: &str, roles: &[&str]) -> Who {
    with_claim(scopes, roles, "department", json!("sales"))
}

pub(crate) fn with_claim(scopes: &str, roles: &[&str], name: &str, value: Value) -> Who {
    with_login(scopes, roles, name, value, None)
}

/// The same, by a login of that class.
pub(crate) fn with_login(scopes: &str, roles: &[&str], name: &str, value: Value, class: Option<&str>) -> Who {
    let mut login = Assurance::default();
    login.acr = class.map(Into::into);
    let claims = [(name.to_owned(), value)].into_iter().collect();
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .scopes(Scopes::parse(scopes).unwrap())
        .roles(roles.iter().copied())
        .assurance(login)
        .claims(Claims::new(claims));
    Who::Known(caller.build())
}

/// A request of that caller to a route that takes Basic and Bearer.
pub(crate) fn request(who: &Who) -> Request<()> {
    let mut request = Request::new(());
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    match who {
        Who::NotAsked => return request,
        Who::Anonymous => trail.anonymous().unwrap(),
        Who::Known(caller) => trail.authenticated(caller.clone()).unwrap(),
    }
    trail
        .set_challenges(Arc::new(ChallengeSet::new(vec![Challenge::basic("app"), Challenge::bearer("app")])));
    request
}

pub(crate) fn challenges(denial: &Denial) -> Vec<&str> {
    denial.challenges().map(|value| value.to_str().unwrap()).collect()
}

/// What the caller sees of a refusal, octet by octet.
pub(crate) fn response(denial: Denial) -> Response<Bytes> {
    Refuse::new().response(denial, &RefusedRequest::of(&Request::new(())))
}

/// A decision as the audit event would show it: effect, reason, whether it counts, and the detail.
pub(crate) type Noted = (Effect, Reason, bool, String);

/// What the room noted in the Trail.
pub(crate) fn noted(request: &Request<()>, room: Room) -> Vec<Noted> {
    Trail::of(request.extensions()).unwrap().read(|state| {
        let entries = state.entries.iter().filter(|entry| entry.room == room);
        let detail =
            |detail: &Option<std::borrow::Cow<'static, str>>| detail.as_deref().unwrap_or("").to_owned();
        entries.map(|entry| (entry.effect, entry.reason, entry.enforced, detail(&entry.detail))).collect()
    })
}

/// The big list of naughty strings, or nothing where it is not at hand.
pub(crate) fn naughty_strings() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/naughty-strings/blns.json");
    match std::fs::read(path) {
        Ok(content) => serde_json::from_slice(&content).unwrap(),
        Err(_) => {
            eprintln!("SKIPPED: the list of naughty strings is not beside the checkout");
            Vec::new()
        }
    }
}
