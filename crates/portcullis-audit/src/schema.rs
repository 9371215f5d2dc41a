//! How an event is written: the schema that readers of the audit trail rely on.

use std::fmt::{self, Write};

use portcullis_core::escape::Escaped;
use portcullis_core::{
    Actor, Authentication, ClientAddress, Confirmation, Effect, Principal, Room, TrailEntry, TrailLimit,
    TrailState,
};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use crate::event::AuditEvent;
use crate::timestamp::Timestamp;

/// The version of the schema. It rises when a member changes its meaning or goes away, not when one is added.
pub const SCHEMA: u32 = 1;

/// How many characters of a name (subject, issuer, tenant, client, token, scheme, quota) are written.
pub const MAX_TEXT: usize = 256;

/// How many of those who act for a caller are written, the outermost first.
pub const MAX_ACTORS: usize = 16;

/// How many characters of a decision's detail are written.
pub const MAX_DETAIL: usize = 512;

impl Serialize for AuditEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let trail = self.trail();
        trail.read(|state| {
            let mut event = serializer.serialize_struct("AuditEvent", 22)?;
            event.serialize_field("schema", &SCHEMA)?;
            event.serialize_field("kind", "request")?;
            event.serialize_field("time", &Printed(Timestamp(self.time())))?;
            event.serialize_field("request_id", &Printed(self.request_id()))?;
            optional(&mut event, "method", self.line().map(|line| Printed(&line.method)))?;
            optional(&mut event, "route", self.route())?;
            optional(&mut event, "path", self.line().map(|line| Printed(&line.path)))?;
            optional(&mut event, "peer", self.peer().map(Printed))?;
            optional(&mut event, "client", self.client().ip().map(Printed))?;
            optional(&mut event, "client_source", client_source(self.client()))?;
            optional(&mut event, "https", self.https())?;
            event.serialize_field("authentication", authentication(self.authentication(), state))?;
            optional(&mut event, "scheme", state.scheme.as_deref().map(name))?;
            optional(&mut event, "principal", self.principal().map(Caller))?;
            event.serialize_field("decisions", &Decisions(state, self.principal()))?;
            event.serialize_field("limits", &Limits(state))?;
            optional(&mut event, "overflow", (state.overflow > 0).then_some(state.overflow))?;
            optional(&mut event, "reason", self.reason().map(|reason| reason.code()))?;
            optional(&mut event, "cause", self.answer().cause.as_ref().map(Printed))?;
            optional(&mut event, "status", self.status().map(|status| status.as_u16()))?;
            let micros = u64::try_from(self.duration().as_micros()).unwrap_or(u64::MAX);
            event.serialize_field("duration_us", &micros)?;
            event.serialize_field("outcome", self.outcome().as_str())?;
            event.end()
        })
    }
}

/// A decision that came after the event of its request, as a line of its own.
pub(crate) struct LateDecision<'a>(pub(crate) &'a AuditEvent, pub(crate) &'a TrailEntry);

impl Serialize for LateDecision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(event, decision) = self;
        let mut line = serializer.serialize_struct("LateDecision", 6)?;
        line.serialize_field("schema", &SCHEMA)?;
        line.serialize_field("kind", "late_decision")?;
        line.serialize_field("time", &Printed(Timestamp(event.time())))?;
        line.serialize_field("request_id", &Printed(event.request_id()))?;
        optional(&mut line, "route", event.route())?;
        line.serialize_field("decisions", &[Entry(decision, event.principal())])?;
        line.end()
    }
}

/// The word for what came of authentication. The Trail itself does not tell one that refused from none: its
/// refusal does.
fn authentication(authentication: &Authentication, state: &TrailState) -> &'static str {
    match authentication {
        Authentication::NotAsked if state.entries.iter().any(is_refusal_of_authentication) => "refused",
        Authentication::NotAsked => "not_asked",
        Authentication::Anonymous => "anonymous",
        Authentication::Known(_) => "known",
    }
}

fn is_refusal_of_authentication(entry: &TrailEntry) -> bool {
    entry.room == Room::Authentication && entry.enforced && entry.effect == Effect::Deny
}

/// The word for an effect.
pub(crate) const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    }
}

const fn client_source(client: ClientAddress) -> Option<&'static str> {
    match client {
        ClientAddress::Peer(_) => Some("peer"),
        ClientAddress::Forwarded(_) => Some("forwarded"),
        _ => None,
    }
}

fn optional<S: SerializeStruct>(
    fields: &mut S,
    name: &'static str,
    value: Option<impl Serialize>,
) -> Result<(), S::Error> {
    match value {
        Some(value) => fields.serialize_field(name, &value),
        None => fields.skip_field(name),
    }
}

/// Text from outside: escaped (OWASP ASVS 16.4.1) and bounded.
fn name(text: &str) -> Printed<Escaped<'_>> {
    Printed(Escaped::new(text).with_limit(MAX_TEXT))
}

/// Serialises what something prints, without a string in between: what is short at once, and the rest in the pieces in
/// which it is printed, each of which the serializer looks through by itself.
struct Printed<T>(T);

impl<T: fmt::Display> Serialize for Printed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut short = Short { octets: [0; MAX_SHORT], length: 0 };
        match write!(short, "{}", self.0) {
            Ok(()) => serializer.serialize_str(short.as_str()),
            Err(fmt::Error) => serializer.collect_str(&self.0),
        }
    }
}

/// Most of what events print fits: times, names, addresses, paths.
const MAX_SHORT: usize = 128;

/// Takes text while there is room.
struct Short {
    octets: [u8; MAX_SHORT],
    length: usize,
}

impl Short {
    fn as_str(&self) -> &str {
        // INVARIANT: it was put together of whole texts.
        self.octets.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let end = self.length + piece.len();
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(piece.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Who, and by which credential: no scopes, no claims, nothing that is secret or long.
struct Caller<'a>(&'a Principal);

impl Serialize for Caller<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut caller = serializer.serialize_struct("Principal", 8)?;
        caller.serialize_field("subject", &name(self.0.subject()))?;
        optional(&mut caller, "issuer", self.0.issuer().map(name))?;
        optional(&mut caller, "tenant", self.0.tenant().map(name))?;
        optional(&mut caller, "client_id", self.0.client_id().map(name))?;
        caller.serialize_field("method", self.0.method().as_str())?;
        optional(&mut caller, "token_id", self.0.token_id().map(name))?;
        optional(&mut caller, "confirmation", self.0.confirmation().and_then(confirmation))?;
        optional(&mut caller, "actor", Delegate::of(self.0.actor_chain()))?;
        caller.end()
    }
}

/// To what the credential is bound: the name of the confirmation method (RFC 7800 §6.2).
const fn confirmation(confirmation: &Confirmation) -> Option<&'static str> {
    match confirmation {
        Confirmation::DpopKey(_) => Some("jkt"),
        Confirmation::Certificate(_) => Some("x5t#S256"),
        _ => None,
    }
}

/// Who acts for the caller, with whoever acts for that one inside (RFC 8693 §4.1).
struct Delegate<'a>(&'a Actor, &'a [Actor]);

impl<'a> Delegate<'a> {
    fn of(chain: &'a [Actor]) -> Option<Self> {
        // An authenticator of the application's own may have put anybody there.
        let (outermost, inner) = chain.get(..chain.len().min(MAX_ACTORS))?.split_first()?;
        Some(Self(outermost, inner))
    }
}

impl Serialize for Delegate<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut actor = serializer.serialize_struct("Actor", 4)?;
        optional(&mut actor, "subject", self.0.subject_name().map(name))?;
        optional(&mut actor, "issuer", self.0.issuer_name().map(name))?;
        optional(&mut actor, "client_id", self.0.client_name().map(name))?;
        optional(&mut actor, "actor", Delegate::of(self.1))?;
        actor.end()
    }
}

struct Decisions<'a>(&'a TrailState, Option<&'a Principal>);

impl Serialize for Decisions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.entries.len()))?;
        self.0.entries.iter().try_for_each(|entry| list.serialize_element(&Entry(entry, self.1)))?;
        list.end()
    }
}

struct Entry<'a>(&'a TrailEntry, Option<&'a Principal>);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(decided, caller) = *self;
        let mut entry = serializer.serialize_struct("Decision", 6)?;
        entry.serialize_field("room", decided.room.as_str())?;
        entry.serialize_field("effect", effect(decided.effect))?;
        entry.serialize_field("reason", decided.reason.code())?;
        entry.serialize_field("enforced", &decided.enforced)?;
        let detail = decided.detail.as_deref().map(|text| Printed(Escaped::new(text).with_limit(MAX_DETAIL)));
        optional(&mut entry, "detail", detail)?;
        let tree = decided.explained.as_ref().map(|explained| explained.tree(caller));
        optional(&mut entry, "explanation", tree.as_deref())?;
        entry.end()
    }
}

struct Limits<'a>(&'a TrailState);

impl Serialize for Limits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.limits.len()))?;
        self.0.limits.iter().try_for_each(|limit| list.serialize_element(&Limit(limit)))?;
        list.end()
    }
}

struct Limit<'a>(&'a TrailLimit);

impl Serialize for Limit<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut limit = serializer.serialize_struct("Limit", 3)?;
        limit.serialize_field("name", &name(&self.0.name))?;
        limit.serialize_field("remaining", &self.0.remaining)?;
        limit.serialize_field("allowed", &self.0.allowed)?;
        limit.end()
    }
}
