//! The one extension that carries everything about a request.

mod authentication;
mod counted;
mod cover;
mod finish;
mod identified;
mod late;
mod opening;
mod retired;
mod state;
mod taken;
mod upheld;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::uri::PathAndQuery;
use http::{Extensions, HeaderName, HeaderValue};

pub use self::authentication::{AlreadyAuthenticated, Authentication};
pub use self::counted::LimitFields;
pub use self::cover::Entitlements;
pub use self::finish::Finished;
use self::identified::Spoken;
pub use self::late::Awaited;
use self::opening::Birth;
pub use self::opening::{MAX_METHOD, MAX_PATH, OpenerId, Opening, RequestLine};
pub use self::retired::MAX_RETIRED_TRAILS;
pub use self::state::{Placement, ResponseFields, Room, TrailEntry, TrailLimit, TrailState};
use crate::challenge::ChallengeSet;
use crate::decision::Decision;
use crate::{ClientAddress, ClientCertificate, Clock, Denial, ExternalOrigin, Mode, Principal, RequestId};

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

/// In the order of use: memory of a Trail that comes from another thread is fetched piece by piece.
#[derive(Default)]
#[repr(C)]
struct Shared {
    clock: Clock,
    recorded: AtomicBool,
    discloses: AtomicBool,
    /// The policy that was enforced for the handler that is called next, by its address; 0 for none.
    upheld: AtomicUsize,
    opening: Opening,
    state: Mutex<TrailState>,
    /// Where the opening has none; apart, since that is seldom.
    birth: OnceLock<Box<Birth>>,
    client: OnceLock<ClientAddress>,
    origin: OnceLock<ExternalOrigin>,
    target: OnceLock<PathAndQuery>,
    certificate: OnceLock<Option<ClientCertificate>>,
    spoken: OnceLock<Spoken>,
    challenges: OnceLock<Arc<ChallengeSet>>,
    entitlements: OnceLock<Arc<dyn Entitlements>>,
}

/// Allocators have quick lists for what is no larger, and every request takes one and gives it back.
const MOST_OCTETS: usize = 1024 - 2 * size_of::<usize>();

const _: () = assert!(size_of::<Shared>() <= MOST_OCTETS);

impl Trail {
    /// The Trail of a request.
    ///
    /// # Errors
    /// 500 `misconfigured` if there is none.
    #[inline]
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
        extensions.get_or_insert_with(|| Self::open_prepared(clock, |_| ()))
    }

    /// Opens the Trail if this is the first layer, and then returns a handle: whoever opened it applies its
    /// response fields.
    pub fn open_first(extensions: &mut Extensions, clock: &Clock) -> Option<Self> {
        let mut opened = None;
        // Looked for and put in at once.
        extensions.get_or_insert_with(|| opened.insert(Self::open_prepared(clock, |_| ())).clone());
        opened
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
        self.birth().id
    }

    /// What was known when it was opened.
    #[must_use]
    #[inline]
    pub fn opening(&self) -> &Opening {
        &self.0.opening
    }

    /// When it was opened; where nobody wrote that down, when this was first asked, as who records the event does at
    /// once.
    #[must_use]
    pub fn opened_at(&self) -> SystemTime {
        self.birth().moment.wall()
    }

    /// The time, as the layer that opened it reads it.
    #[must_use]
    #[inline]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How long it has been since [`opened_at`](Self::opened_at).
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed_at(self.0.clock.monotonic())
    }

    /// How long it had been at that moment, by the same [`clock`](Self::clock).
    #[must_use]
    pub fn elapsed_at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.birth().moment.monotonic())
    }

    fn birth(&self) -> &Birth {
        let known = self.0.opening.birth.as_ref();
        known.unwrap_or_else(|| self.0.birth.get_or_init(|| Box::new(Birth::now(&self.0.clock))))
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
    #[inline]
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

    /// Says which path and query the client asked for, before anything took a prefix away. The first word counts.
    pub fn set_target(&self, target: PathAndQuery) {
        let _ = self.0.target.set(target);
    }

    /// Which path and query the client asked for; `None` if nobody said so. Layers ask
    /// [`RequestView::original_path`](crate::RequestView::original_path).
    #[must_use]
    pub fn target(&self) -> Option<&PathAndQuery> {
        self.0.target.get()
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
        if let Some(mut state) = self.lock_open() {
            state.route.get_or_insert(route);
        }
    }

    /// Says which route matched, as its template, and notes a decision about it: both under one lock.
    #[inline]
    pub fn matched(&self, route: Arc<str>, room: Room, decision: &Decision) {
        if let Some(mut state) = self.lock_open() {
            state.route.get_or_insert(route);
            state.enter_with(|| TrailEntry::decision(room, decision, true));
        }
    }

    /// The template of the route that matched; `None` if none did, or if the request is over and its event has it.
    #[must_use]
    pub fn route(&self) -> Option<Arc<str>> {
        self.lock().route.clone()
    }

    /// Says who calls.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays.
    pub fn authenticated(&self, principal: Principal) -> Result<(), AlreadyAuthenticated> {
        self.0.speak(Authentication::Known(principal), None)
    }

    /// Says that authentication was asked for, and nobody came.
    ///
    /// # Errors
    /// [`AlreadyAuthenticated`] if an authentication has spoken before; the first word stays.
    pub fn anonymous(&self) -> Result<(), AlreadyAuthenticated> {
        self.0.speak(Authentication::Anonymous, None)
    }

    /// Whether authentication was asked for, and what came of it.
    #[must_use]
    #[inline]
    pub fn authentication(&self) -> &Authentication {
        self.0.spoken.get().map_or(&Authentication::NotAsked, |spoken| &spoken.authentication)
    }

    /// The caller, if one was authenticated.
    #[must_use]
    #[inline]
    pub fn principal(&self) -> Option<&Principal> {
        match self.authentication() {
            Authentication::Known(principal) => Some(principal),
            Authentication::NotAsked | Authentication::Anonymous => None,
        }
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

    /// Notes which scheme's credential was seen.
    pub fn scheme(&self, name: Arc<str>) {
        if let Some(mut state) = self.lock_open() {
            state.scheme = Some(name);
        }
    }

    /// Adds a field to the response, whatever it will be.
    pub fn response_field(&self, name: HeaderName, value: HeaderValue, placement: Placement) {
        if let Some(mut state) = self.lock_open() {
            state.add_field(name, value, placement);
        }
    }

    /// Says that this caller may see why it is refused: the tree of what was asked and held.
    pub fn disclose(&self) {
        self.0.discloses.store(true, Ordering::Relaxed);
    }

    /// Whether this caller may see why it is refused.
    #[must_use]
    pub fn discloses(&self) -> bool {
        self.0.discloses.load(Ordering::Relaxed)
    }

    /// Whether the mode enforces a refusal of this request. Only where that depends on the request is it named.
    #[must_use]
    #[inline]
    pub fn enforces(&self, mode: Mode) -> bool {
        match mode {
            Mode::Enforce => true,
            Mode::Shadow => false,
            Mode::Percent(_) => mode.enforces(self.id().sample()),
        }
    }

    /// Lends the growing part.
    pub fn read<T>(&self, read: impl FnOnce(&TrailState) -> T) -> T {
        read(&self.lock())
    }

    #[inline]
    fn record(&self, room: Room, decision: &Decision, enforced: bool) {
        self.entry(TrailEntry::decision(room, decision, enforced));
    }

    #[inline]
    fn entry(&self, entry: TrailEntry) {
        if let Some(mut state) = self.lock_open() {
            state.enter(entry);
        }
    }

    #[inline]
    fn lock_open(&self) -> Option<MutexGuard<'_, TrailState>> {
        Some(self.lock()).filter(|state| !state.closed)
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, TrailState> {
        // A panic while the lock was held leaves facts that are still true.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
