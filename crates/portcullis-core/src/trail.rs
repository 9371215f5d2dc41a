//! The one extension that carries everything about a request.

mod counted;
mod opening;
mod state;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

pub use self::opening::{MAX_METHOD, MAX_PATH, Opening, RequestLine};
pub use self::state::{Placement, ResponseFields, Room, TrailEntry, TrailLimit, TrailState};
use crate::challenge::ChallengeSet;
use crate::decision::Decision;
use crate::{ClientAddress, ClientCertificate, Clock, Denial, ExternalOrigin, Principal, RequestId};

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
    opening: Opening,
    times: OnceLock<(SystemTime, Instant)>,
    client: OnceLock<ClientAddress>,
    origin: OnceLock<ExternalOrigin>,
    certificate: OnceLock<Option<ClientCertificate>>,
    route: OnceLock<Arc<str>>,
    authentication: OnceLock<Authentication>,
    challenges: OnceLock<Arc<ChallengeSet>>,
    recorded: AtomicBool,
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
    /// Opens a Trail with a fresh request id, for a request that arrived now.
    #[must_use]
    pub fn open(clock: &Clock) -> Self {
        Self::open_with(clock, Opening::default().dated(clock))
    }

    /// Opens a Trail with a fresh request id and what is known already.
    #[must_use]
    pub fn open_with(clock: &Clock, opening: Opening) -> Self {
        Self(Arc::new(Shared {
            id: RequestId::generate(),
            clock: clock.clone(),
            times: OnceLock::new(),
            recorded: AtomicBool::new(opening.recorded),
            opening,
            client: OnceLock::new(),
            origin: OnceLock::new(),
            certificate: OnceLock::new(),
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
        extensions.get_or_insert_with(|| Self::open_with(clock, Opening::default()))
    }

    /// Opens the Trail if this is the first layer, and then returns a handle: whoever opened it applies its
    /// response fields.
    pub fn open_first(extensions: &mut Extensions, clock: &Clock) -> Option<Self> {
        if extensions.get::<Self>().is_some() {
            return None;
        }
        let trail = Self::open_with(clock, Opening::default());
        extensions.insert(trail.clone());
        Some(trail)
    }

    /// Takes on the recording of the request's event, which is not the business of whoever opened the Trail.
    /// `false` if somebody did so before: there is one event per request.
    #[must_use]
    pub fn claim_event(&self) -> bool {
        !self.0.recorded.swap(true, Ordering::Relaxed)
    }

    /// The request's name.
    #[must_use]
    pub fn id(&self) -> RequestId {
        self.0.id
    }

    /// What was known when it was opened.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.0.opening
    }

    /// When it was opened; where nobody wrote that down, when this was first asked, as who records the event does at
    /// once.
    #[must_use]
    pub fn opened_at(&self) -> SystemTime {
        self.times().0
    }

    /// How long it has been since [`opened_at`](Self::opened_at).
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let (_, opened) = self.times();
        self.0.clock.monotonic().saturating_duration_since(opened)
    }

    fn times(&self) -> (SystemTime, Instant) {
        self.0.opening.times.unwrap_or_else(|| *self.0.times.get_or_init(|| self.0.clock.both()))
    }

    /// Says who sent the request. The first word counts.
    pub fn set_client(&self, client: ClientAddress) {
        let _ = self.0.client.set(client);
    }

    /// Who sent the request.
    #[must_use]
    pub fn client(&self) -> ClientAddress {
        self.resolved_client().unwrap_or_default()
    }

    /// Who sent the request, as somebody resolved it; `None` if nobody did, which is not the same as a client
    /// whose address was found to be unknown.
    #[must_use]
    pub fn resolved_client(&self) -> Option<ClientAddress> {
        self.0.opening.client.or_else(|| self.0.client.get().copied())
    }

    /// Says which scheme, host and port the client used. The first word counts.
    pub fn set_origin(&self, origin: ExternalOrigin) {
        let _ = self.0.origin.set(origin);
    }

    /// Which scheme, host and port the client used; `None` if nobody resolved it.
    #[must_use]
    pub fn origin(&self) -> Option<&ExternalOrigin> {
        self.0.opening.origin.as_ref().or_else(|| self.0.origin.get())
    }

    /// Says which certificate the client proved to hold, or that there is none, for a connection whose own one is
    /// that of a proxy. The first word counts.
    pub fn set_client_certificate(&self, certificate: Option<ClientCertificate>) {
        let _ = self.0.certificate.set(certificate);
    }

    /// Which certificate the client proved to hold, as somebody resolved it; `None` if nobody did. Layers ask
    /// [`RequestView::client_certificate`](crate::RequestView::client_certificate).
    #[must_use]
    pub fn resolved_client_certificate(&self) -> Option<Option<&ClientCertificate>> {
        self.0.certificate.get().map(Option::as_ref)
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
        self.entry(TrailEntry::refusal(room, denial));
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
        self.take_fields().apply(headers);
    }

    /// Takes the collected fields, for whoever does not know yet which response gets them.
    pub fn take_fields(&self) -> ResponseFields {
        ResponseFields(std::mem::take(&mut self.lock().fields))
    }

    /// Ends the collection of decisions, limits and fields: the audit event is made, and what comes later, such
    /// as from a task that outlives the request, does not change it. Fields that no response took are dropped,
    /// since they may hold secrets, such as a cookie.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.fields.clear();
    }

    /// Ends the collection as [`close`](Self::close) does, and takes the collected fields.
    ///
    /// Notes the refusal that was answered, unless whoever refused has done so.
    pub fn finish(&self, refused: Option<(Room, &Denial)>) -> ResponseFields {
        let mut state = self.lock();
        if let Some((room, denial)) = refused
            && !state.closed
            && !state.notes(denial)
        {
            state.enter(TrailEntry::refusal(room, denial));
        }
        state.closed = true;
        ResponseFields(std::mem::take(&mut state.fields))
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
            state.enter(entry);
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
mod tests;
