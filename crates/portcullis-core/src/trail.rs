//! The one extension that carries everything about a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

use crate::challenge::ChallengeSet;
use crate::decision::{Decision, Effect};
use crate::registry::Reason;
use crate::{ClientAddress, Clock, Denial, ExternalOrigin, Principal, RequestId};

/// How many decisions one Trail keeps; later ones are counted, not kept.
pub const MAX_ENTRIES: usize = 32;

/// How many response fields one Trail keeps; later ones are counted, not kept.
pub const MAX_FIELDS: usize = 32;

/// Facts that layers write and the audit layer turns into one event: who, by which method, each decision and
/// its reason, each limit, and fields to add to the response, whatever it will be.
///
/// The outermost layer opens it; nothing on the wire can create one. Clones share the same facts.
#[derive(Clone)]
pub struct Trail(Arc<Shared>);

struct Shared {
    id: RequestId,
    clock: Clock,
    opened_at: SystemTime,
    opened: Instant,
    client: OnceLock<ClientAddress>,
    origin: OnceLock<ExternalOrigin>,
    route: OnceLock<Arc<str>>,
    authentication: OnceLock<Authentication>,
    challenges: OnceLock<Arc<ChallengeSet>>,
    state: Mutex<TrailState>,
}

/// Whether authentication was asked for, and what came of it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every caller must tell these three apart")]
pub enum Authentication {
    /// No authentication layer ran, or the route is public.
    NotAsked,
    /// The layer ran; no credential was sent, and none was required.
    Anonymous,
    /// The caller is known.
    Known(Principal),
}

/// The part of a Trail that grows.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct TrailState {
    /// The decisions, in order.
    pub entries: SmallVec<[TrailEntry; 4]>,
    /// The limits that were counted, in order.
    pub limits: SmallVec<[TrailLimit; 2]>,
    /// Fields to add to the response.
    pub fields: SmallVec<[(HeaderName, HeaderValue, Placement); 4]>,
    /// The scheme whose credential was seen, by its configured name.
    pub scheme: Option<Arc<str>>,
    /// How many entries, limits and fields were not kept for want of room.
    pub overflow: u32,
    /// Whether the request is over: nothing is kept or counted any more.
    pub closed: bool,
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

/// A second authentication tried to say who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlreadyAuthenticated;

impl From<AlreadyAuthenticated> for Denial {
    fn from(_: AlreadyAuthenticated) -> Self {
        Self::misconfigured("two authentication layers ran for one request: Security stands within Security")
    }
}

impl Trail {
    /// Opens a Trail with a fresh request id.
    #[must_use]
    pub fn open(clock: &Clock) -> Self {
        Self(Arc::new(Shared {
            id: RequestId::generate(),
            opened_at: clock.wall(),
            opened: clock.monotonic(),
            clock: clock.clone(),
            client: OnceLock::new(),
            origin: OnceLock::new(),
            route: OnceLock::new(),
            authentication: OnceLock::new(),
            challenges: OnceLock::new(),
            state: Mutex::new(TrailState::default()),
        }))
    }

    /// The Trail of a request.
    ///
    /// # Errors
    /// 500 `misconfigured` if there is none.
    pub fn of(extensions: &Extensions) -> Result<&Self, Denial> {
        extensions.get::<Self>().ok_or_else(|| {
            Denial::misconfigured(
                "no Trail: no Portcullis layer stands around this one, or two versions of portcullis-core are in \
                 the dependency tree",
            )
        })
    }

    /// The Trail of a request, opened if this is the first layer.
    pub fn ensure<'a>(extensions: &'a mut Extensions, clock: &Clock) -> &'a Self {
        extensions.get_or_insert_with(|| Self::open(clock))
    }

    /// Opens the Trail if this is the first layer, and then returns a handle: whoever opened it applies its
    /// response fields.
    pub fn open_first(extensions: &mut Extensions, clock: &Clock) -> Option<Self> {
        if extensions.get::<Self>().is_some() {
            return None;
        }
        let trail = Self::open(clock);
        extensions.insert(trail.clone());
        Some(trail)
    }

    /// The request's name.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.0.id
    }

    /// When it was opened.
    #[must_use]
    pub fn opened_at(&self) -> SystemTime {
        self.0.opened_at
    }

    /// How long it has been open.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.clock.monotonic().saturating_duration_since(self.0.opened)
    }

    /// Says who sent the request. The first word counts.
    pub fn set_client(&self, client: ClientAddress) {
        let _ = self.0.client.set(client);
    }

    /// Who sent the request.
    #[must_use]
    pub fn client(&self) -> ClientAddress {
        self.0.client.get().copied().unwrap_or_default()
    }

    /// Who sent the request, as somebody resolved it; `None` if nobody did, which is not the same as a client
    /// whose address was found to be unknown.
    #[must_use]
    pub fn resolved_client(&self) -> Option<ClientAddress> {
        self.0.client.get().copied()
    }

    /// Says which scheme, host and port the client used. The first word counts.
    pub fn set_origin(&self, origin: ExternalOrigin) {
        let _ = self.0.origin.set(origin);
    }

    /// Which scheme, host and port the client used; `None` if nobody resolved it.
    #[must_use]
    pub fn origin(&self) -> Option<&ExternalOrigin> {
        self.0.origin.get()
    }

    /// Says which route matched, as its template. The first word counts.
    pub fn set_route(&self, route: Arc<str>) {
        let _ = self.0.route.set(route);
    }

    /// The template of the route that matched.
    #[must_use]
    pub fn route(&self) -> Option<&Arc<str>> {
        self.0.route.get()
    }

    /// Says who calls.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays.
    pub fn authenticated(&self, principal: Principal) -> Result<(), AlreadyAuthenticated> {
        self.0.authentication.set(Authentication::Known(principal)).map_err(|_| AlreadyAuthenticated)
    }

    /// Says that authentication was asked for, and nobody came.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays.
    pub fn anonymous(&self) -> Result<(), AlreadyAuthenticated> {
        self.0.authentication.set(Authentication::Anonymous).map_err(|_| AlreadyAuthenticated)
    }

    /// Whether authentication was asked for, and what came of it.
    #[must_use]
    pub fn authentication(&self) -> &Authentication {
        self.0.authentication.get().unwrap_or(&Authentication::NotAsked)
    }

    /// The caller, if one was authenticated.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        match self.authentication() {
            Authentication::Known(principal) => Some(principal),
            Authentication::NotAsked | Authentication::Anonymous => None,
        }
    }

    /// Leaves the challenges of the route for whoever refuses later. The first word counts.
    pub fn set_challenges(&self, challenges: Arc<ChallengeSet>) {
        let _ = self.0.challenges.set(challenges);
    }

    /// The challenges of the route.
    #[must_use]
    pub fn challenges(&self) -> Option<&Arc<ChallengeSet>> {
        self.0.challenges.get()
    }

    /// Notes a decision that counts.
    pub fn decided(&self, room: Room, decision: &Decision) {
        self.record(room, decision, true);
    }

    /// Notes a decision that does not change the response.
    pub fn shadowed(&self, room: Room, decision: &Decision) {
        self.record(room, decision, false);
    }

    /// Notes a refusal.
    pub fn denied(&self, room: Room, denial: &Denial) {
        let detail = denial.explanation().map(|text| Cow::Owned(text.to_owned()));
        self.entry(TrailEntry {
            room,
            effect: Effect::Deny,
            reason: denial.reason(),
            enforced: true,
            detail,
        });
    }

    /// Notes what a limit counted.
    pub fn limited(&self, limit: TrailLimit) {
        if let Some(mut state) = self.lock_open() {
            if state.limits.len() < MAX_ENTRIES { state.limits.push(limit) } else { state.overflow += 1 }
        }
    }

    /// Notes which scheme's credential was seen.
    pub fn scheme(&self, name: Arc<str>) {
        if let Some(mut state) = self.lock_open() {
            state.scheme = Some(name);
        }
    }

    /// Adds a field to the response, whatever it will be.
    pub fn response_field(&self, name: HeaderName, value: HeaderValue, placement: Placement) {
        let Some(mut state) = self.lock_open() else {
            return;
        };
        if state.fields.len() < MAX_FIELDS {
            state.fields.push((name, value, placement));
        } else {
            state.overflow += 1;
        }
    }

    /// Moves the collected fields into the response's headers. The outermost layer calls it once.
    pub fn apply_fields(&self, headers: &mut HeaderMap) {
        let fields = std::mem::take(&mut self.lock().fields);
        for (name, value, placement) in fields {
            match placement {
                Placement::Append => drop(headers.append(name, value)),
                Placement::Default => drop(headers.entry(name).or_insert(value)),
                Placement::Replace => drop(headers.insert(name, value)),
            }
        }
    }

    /// Ends the collection of decisions, limits and fields: the audit event is made, and what comes later, such
    /// as from a task that outlives the request, does not change it. Fields that no response took are dropped,
    /// since they may hold secrets, such as a cookie.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.fields.clear();
    }

    /// Lends the growing part.
    pub fn read<T>(&self, read: impl FnOnce(&TrailState) -> T) -> T {
        read(&self.lock())
    }

    fn record(&self, room: Room, decision: &Decision, enforced: bool) {
        let detail = decision.detail_cow().cloned();
        self.entry(TrailEntry {
            room,
            effect: decision.effect(),
            reason: decision.reason(),
            enforced,
            detail,
        });
    }

    fn entry(&self, entry: TrailEntry) {
        if let Some(mut state) = self.lock_open() {
            if state.entries.len() < MAX_ENTRIES { state.entries.push(entry) } else { state.overflow += 1 }
        }
    }

    fn lock_open(&self) -> Option<MutexGuard<'_, TrailState>> {
        Some(self.lock()).filter(|state| !state.closed)
    }

    fn lock(&self) -> MutexGuard<'_, TrailState> {
        // A panic while the lock was held leaves facts that are still true.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").field("id", &self.0.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CredentialMethod;

    #[test]
    fn takes_one_principal_the_first() {
        let trail = Trail::open(&Clock::system());
        assert!(matches!(trail.authentication(), Authentication::NotAsked));
        trail.authenticated(Principal::builder("alice", CredentialMethod::Basic).build()).unwrap();
        assert_eq!(trail.anonymous(), Err(AlreadyAuthenticated));
        let mallory = Principal::builder("mallory", CredentialMethod::Basic).build();
        let denial = Denial::from(trail.authenticated(mallory).unwrap_err());
        assert_eq!((denial.status().as_u16(), trail.principal().unwrap().subject()), (500, "alice"));
    }

    #[test]
    fn keeps_entries_and_fields_up_to_the_limit_and_counts_the_rest() {
        let trail = Trail::open(&Clock::system());
        for _ in 0..=MAX_ENTRIES {
            trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
        }
        for _ in 0..=MAX_FIELDS {
            trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
        }
        let counted = trail.read(|state| (state.entries.len(), state.fields.len(), state.overflow));
        assert_eq!(counted, (MAX_ENTRIES, MAX_FIELDS, 2));
    }

    #[test]
    fn a_closed_trail_keeps_what_it_has_and_takes_nothing_more() {
        let trail = Trail::open(&Clock::system());
        trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
        trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
        trail.close();
        trail.decided(Room::Rule, &Decision::deny(Reason::InsufficientScope));
        trail.limited(TrailLimit::new("late".into(), 0, false));
        trail.scheme("late".into());
        trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
        let kept =
            trail.read(|state| (state.entries.len(), state.limits.len(), state.fields.len(), state.overflow));
        assert_eq!(kept, (1, 0, 0, 0));
        assert!(trail.read(|state| state.scheme.is_none()));
    }

    #[test]
    fn fields_are_appended_replaced_or_only_filled_in() {
        let trail = Trail::open(&Clock::system());
        let name = |name| HeaderName::from_static(name);
        for (field, placement) in
            [("a", Placement::Append), ("b", Placement::Default), ("c", Placement::Replace)]
        {
            trail.response_field(name(field), HeaderValue::from_static("new"), placement);
        }
        let mut headers: HeaderMap =
            ["a", "b", "c"].into_iter().map(|n| (name(n), HeaderValue::from_static("old"))).collect();
        trail.apply_fields(&mut headers);
        let all =
            |n: &str| headers.get_all(n).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>().join(",");
        assert_eq!((all("a"), all("b"), all("c")), ("old,new".into(), "old".into(), "new".into()));
    }
}
