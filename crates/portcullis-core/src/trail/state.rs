//! The part of a Trail that grows, and what it is made of.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

use super::late::Late;
use super::{MAX_ENTRIES, MAX_FIELDS};
use crate::Denial;
use crate::decision::{Decision, Effect};
use crate::explanation::Explained;
use crate::registry::Reason;

/// The part of a Trail that grows.
// In the order of use: what every request needs stands together.
#[derive(Default)]
#[non_exhaustive]
#[repr(C)]
pub struct TrailState {
    /// Whether the request is over: nothing is kept or counted any more.
    pub closed: bool,
    /// How many entries, limits and fields were not kept for want of room.
    pub overflow: u32,
    /// Fields to add to the response.
    pub fields: Vec<(HeaderName, HeaderValue, Placement)>,
    /// The template of the route that matched.
    pub route: Option<Arc<str>>,
    /// The scheme whose credential was seen, by its configured name.
    pub scheme: Option<Arc<str>>,
    /// What is known of decisions that are awaited beside the request.
    pub(super) late: Option<Box<Late>>,
    /// The limits that were counted, in order.
    pub limits: SmallVec<[TrailLimit; 2]>,
    /// The decisions, in order.
    pub entries: SmallVec<[TrailEntry; 3]>,
}

thread_local! {
    /// The empty list of a request that this thread answered, for the next one: most have as many fields.
    static SPARE: Cell<Vec<(HeaderName, HeaderValue, Placement)>> = const { Cell::new(Vec::new()) };
}

impl TrailState {
    /// Keeps a decision, if there is room.
    #[inline]
    pub(super) fn enter(&mut self, entry: TrailEntry) {
        if self.entries.len() < MAX_ENTRIES { self.entries.push(entry) } else { self.overflow += 1 }
    }

    /// Keeps a decision that is made where it is kept, if there is room.
    #[inline]
    pub(super) fn enter_with(&mut self, entry: impl FnOnce() -> TrailEntry) {
        if self.entries.len() < MAX_ENTRIES { self.entries.push(entry()) } else { self.overflow += 1 }
    }

    /// Keeps a response field, if there is room.
    #[inline]
    pub(super) fn add_field(&mut self, name: HeaderName, value: HeaderValue, placement: Placement) {
        let kept = self.fields.len();
        if kept < MAX_FIELDS && kept < self.fields.capacity() || self.makes_room_for_a_field() {
            self.fields.push((name, value, placement));
        }
    }

    /// Stands apart: most fields are not the first.
    #[inline(never)]
    fn makes_room_for_a_field(&mut self) -> bool {
        if self.fields.len() >= MAX_FIELDS {
            self.overflow += 1;
            return false;
        }
        if self.fields.capacity() == 0 {
            self.fields = SPARE.try_with(Cell::take).unwrap_or_default();
        }
        true
    }

    /// Whether the last refusal was for the same reason.
    pub(super) fn notes(&self, denial: &Denial) -> bool {
        let last = self.entries.iter().rev().find(|entry| entry.enforced && entry.effect == Effect::Deny);
        last.is_some_and(|entry| entry.reason == denial.reason())
    }
}

/// Prints none of the values of response fields, which may hold secrets.
impl fmt::Debug for TrailState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrailState")
            .field("entries", &self.entries)
            .field("limits", &self.limits)
            .field("route", &self.route)
            .field("scheme", &self.scheme)
            .field("overflow", &self.overflow)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// One decision.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrailEntry {
    /// Who decided.
    pub room: Room,
    /// Allowed or refused.
    pub effect: Effect,
    /// Why.
    pub reason: Reason,
    /// Whether the decision counts; a shadow decision does not.
    pub enforced: bool,
    /// What else there is to say; may hold text of the client, so escape it.
    pub detail: Option<Cow<'static, str>>,
    /// The tree of what was asked and held.
    pub explained: Option<Explained>,
}

impl TrailEntry {
    /// What decided, by a name for metrics: see [`Explain::part`](crate::Explain::part).
    #[must_use]
    pub fn part(&self) -> Option<Cow<'_, str>> {
        self.explained.as_ref()?.part()
    }

    #[inline]
    pub(super) fn decision(room: Room, decision: &Decision, enforced: bool) -> Self {
        let detail = decision.detail_cow().cloned();
        let explained = decision.explanation().cloned();
        Self { room, effect: decision.effect(), reason: decision.reason(), enforced, detail, explained }
    }

    pub(super) fn refusal(room: Room, denial: &Denial) -> Self {
        let detail = denial.detail();
        let explained = denial.explanation_tree().cloned();
        Self { room, effect: Effect::Deny, reason: denial.reason(), enforced: true, detail, explained }
    }
}

/// What a limit counted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrailLimit {
    /// The name of the quota.
    pub name: Arc<str>,
    /// How much of it is left.
    pub remaining: u64,
    /// Whether the request was within it.
    pub allowed: bool,
}

impl TrailLimit {
    /// What the quota of that name counted.
    #[must_use]
    pub fn new(name: Arc<str>, remaining: u64, allowed: bool) -> Self {
        Self { name, remaining, allowed }
    }
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Room {
    /// Client address, external URL, CORS, transport.
    Edge,
    /// Authentication.
    Authentication,
    /// A rule over the request.
    Rule,
    /// A guard over a resource.
    Guard,
    /// A limit.
    Limit,
    /// Routing: no such path, no such method.
    Routing,
    /// The handler, its extractors, or the code around them.
    Handler,
}

impl Room {
    /// A short, stable name for events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Authentication => "authentication",
            Self::Rule => "rule",
            Self::Guard => "guard",
            Self::Limit => "limit",
            Self::Routing => "routing",
            Self::Handler => "handler",
        }
    }
}

/// The fields that a Trail collected. They may hold secrets, such as a cookie.
#[derive(Default)]
#[must_use = "fields that no response gets are lost"]
pub struct ResponseFields(pub(super) Vec<(HeaderName, HeaderValue, Placement)>);

impl ResponseFields {
    /// Moves them into the response's headers.
    #[inline]
    pub fn apply(self, headers: &mut HeaderMap) {
        if !self.0.is_empty() {
            self.apply_some(headers);
        }
    }

    fn apply_some(mut self, headers: &mut HeaderMap) {
        for (name, value, placement) in self.0.drain(..) {
            match placement {
                Placement::Append => drop(headers.append(name, value)),
                Placement::Default => drop(headers.entry(name).or_insert(value)),
                Placement::Replace => drop(headers.insert(name, value)),
            }
        }
        // A thread that is about to end keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(self.0));
    }
}

/// Prints the names alone.
impl fmt::Debug for ResponseFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _, _)| name)).finish()
    }
}

/// How a response field is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// Beside fields of the same name.
    Append,
    /// Only if the response has none of that name.
    Default,
    /// In place of all fields of the same name.
    Replace,
}
