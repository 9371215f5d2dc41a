//! The question as AuthZEN writes it.

use std::time::SystemTime;

use portcullis_core::Principal;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::question::Question;

/// The body of an evaluation request (AuthZEN Authorization API 1.0 §6.1).
///
/// The subject's `id` is the caller's subject; its `type` is `user`, or `client` for a client on its own behalf. Its
/// properties are `issuer`, `tenant`, `client_id`, `method`, `scopes`, `roles`, `groups`, `acr`, `amr`, `auth_time`
/// (in seconds since 1970) and `actor` (who acts for the caller: `id`, `issuer`, `client_id`), as far as they are known:
/// two issuers may give the same `id` to two people.
/// The caller's other claims stay here, unless they are [named](Self::with_claims).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Evaluation<'q> {
    question: &'q Question<'q>,
    subject_type: Option<&'q str>,
    claims: &'q [Box<str>],
    properties: Option<&'q Map<String, Value>>,
}

impl<'q> Evaluation<'q> {
    pub(super) fn new(question: &'q Question<'q>) -> Self {
        Self { question, subject_type: None, claims: &[], properties: None }
    }

    /// Calls every subject of this type. By default, users are `user` and clients `client`.
    pub fn with_subject_type(self, subject_type: &'q str) -> Self {
        Self { subject_type: Some(subject_type), ..self }
    }

    /// Sends the caller's claims of these names along, as properties in `claims`. By default, none.
    pub fn with_claims(self, claims: &'q [Box<str>]) -> Self {
        Self { claims, ..self }
    }

    /// Adds to the subject's properties what an engine wants to have by names of its own. What has one of the names
    /// above is left out. By default, there is nothing.
    pub fn with_properties(self, properties: &'q Map<String, Value>) -> Self {
        Self { properties: Some(properties), ..self }
    }
}

impl Serialize for Evaluation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let question = self.question;
        let caller = question.caller();
        let subject_type = self.subject_type.unwrap_or(if caller.is_client() { "client" } else { "user" });
        let subject = Entity {
            kind: subject_type,
            id: caller.subject(),
            properties: Some(SubjectProperties { caller, claims: self.claims, own: self.properties }),
        };
        let attributes = Some(question.attributes()).filter(|attributes| !attributes.is_empty());
        let resource = Entity { kind: question.kind(), id: question.id(), properties: attributes };
        let context = Some(question.context()).filter(|context| !context.is_empty());
        let action = Action { name: question.action() };
        Request { subject, action, resource, context }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Request<'q> {
    subject: Entity<'q, SubjectProperties<'q>>,
    action: Action<'q>,
    resource: Entity<'q, &'q Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'q Map<String, Value>>,
}

#[derive(Serialize)]
struct Entity<'q, P> {
    #[serde(rename = "type")]
    kind: &'q str,
    id: &'q str,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<P>,
}

#[derive(Serialize)]
struct Action<'q> {
    name: &'q str,
}

struct SubjectProperties<'q> {
    caller: &'q Principal,
    claims: &'q [Box<str>],
    own: Option<&'q Map<String, Value>>,
}

/// What is said of every caller, as far as it is known.
const NAMES: [&str; 12] = [
    "method",
    "issuer",
    "tenant",
    "client_id",
    "acr",
    "scopes",
    "roles",
    "groups",
    "amr",
    "auth_time",
    "actor",
    "claims",
];

impl Serialize for SubjectProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let caller = self.caller;
        let assurance = caller.assurance();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", caller.method().as_str())?;
        let texts = [
            ("issuer", caller.issuer()),
            ("tenant", caller.tenant()),
            ("client_id", caller.client_id()),
            ("acr", assurance.acr.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        let lists: [(&str, Vec<&str>); 4] = [
            ("scopes", caller.scopes().iter().map(|scope| scope.as_str()).collect()),
            ("roles", caller.roles().collect()),
            ("groups", caller.groups().collect()),
            ("amr", assurance.amr.iter().map(AsRef::as_ref).collect()),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                map.serialize_entry(name, &list)?;
            }
        }
        let auth_time = assurance.auth_time.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        if let Some(auth_time) = auth_time {
            map.serialize_entry("auth_time", &auth_time.as_secs())?;
        }
        if let Some(actor) = caller.actor() {
            let names = [
                ("id", actor.subject_name()),
                ("issuer", actor.issuer_name()),
                ("client_id", actor.client_name()),
            ];
            let known: Vec<_> = names.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
            map.serialize_entry("actor", &Members(&known))?;
        }
        let claims: Vec<(&str, &Value)> =
            self.claims.iter().filter_map(|name| Some((&**name, caller.claims().get(name)?))).collect();
        if !claims.is_empty() {
            map.serialize_entry("claims", &Members(&claims))?;
        }
        let own = self.own.into_iter().flatten().filter(|(name, _)| !NAMES.contains(&name.as_str()));
        for (name, value) in own {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

struct Members<'q, V>(&'q [(&'q str, V)]);

impl<V: Serialize> Serialize for Members<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
