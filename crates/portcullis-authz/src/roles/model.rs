//! The handle to a role model.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Principal, Readiness, Wait};

use super::asked::Asked;
use super::definition::RoleModelBuilder;
use super::load::{ErasedLoad, LoadRoles, RoleModelError};
use super::snapshot::Snapshot;
use crate::meaning::RoleMeaning;

/// How often a role model that is kept elsewhere is read again, unless said otherwise.
pub const DEFAULT_RELOAD_INTERVAL: Duration = Duration::from_secs(10);

/// How long one reading may take while requests are served, unless said otherwise.
pub const DEFAULT_RELOAD_DEADLINE: Duration = Duration::from_secs(5);

/// Roles, which others they include, and what they permit (RBAC). Clones share the same model: all of them see what
/// [`reload`](Self::reload) brings.
///
/// Bound to a rule by [`Rule::within`](crate::Rule::within), it makes `role("viewer")` hold for a caller whose role
/// includes `viewer`, and gives [`permission`](crate::permission) a meaning. A role that the model does not have
/// includes and permits nothing.
///
/// ```
/// use portcullis_authz::RoleModel;
/// use portcullis_core::{CredentialMethod, Principal};
///
/// let model = RoleModel::builder()
///     .role("viewer").permits("documents:read")
///     .role("editor").includes("viewer").permits("documents:write")
///     .build()?;
///
/// let bob = Principal::builder("bob", CredentialMethod::Jwt).role("editor").build();
/// assert!(model.has_role(&bob, "viewer") && model.permits(&bob, "documents:read"));
/// assert!(!model.permits(&bob, "documents:delete"));
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct RoleModel {
    shared: Arc<Shared>,
    interval: Duration,
    deadline: Duration,
}

struct Shared {
    current: ArcSwap<Snapshot>,
    source: Option<Source>,
    /// How many times the model was read.
    readings: AtomicU64,
    /// How many readings in a row have failed.
    failures: AtomicU32,
    in_use: Mutex<InUse>,
}

#[derive(Default)]
struct InUse {
    /// The number of the reading: an older one never follows a newer one.
    reading: u64,
    /// What no later model may be without.
    asked: Asked,
}

/// Where the model is kept.
#[derive(Clone)]
pub(super) enum Source {
    #[cfg(feature = "toml")]
    File(Arc<std::path::Path>),
    Loader(Arc<dyn ErasedLoad>),
}

impl RoleModel {
    /// Starts a model that is written in the program.
    pub fn builder() -> RoleModelBuilder {
        RoleModelBuilder::default()
    }

    /// Reads a model that is kept elsewhere, such as in a database.
    ///
    /// # Errors
    /// If it cannot be read, or is wrong; see [`RoleModelBuilder::build`].
    pub async fn load(loader: impl LoadRoles) -> Result<Self, RoleModelError> {
        let loader: Arc<dyn ErasedLoad> = Arc::new(loader);
        let definition = Arc::clone(&loader).load().await?;
        Ok(Self::new(Snapshot::new(definition)?, Some(Source::Loader(loader))))
    }

    pub(super) fn new(snapshot: Snapshot, source: Option<Source>) -> Self {
        let shared = Shared {
            current: ArcSwap::from_pointee(snapshot),
            source,
            readings: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            in_use: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            interval: DEFAULT_RELOAD_INTERVAL,
            deadline: DEFAULT_RELOAD_DEADLINE,
        }
    }

    /// Sets how often the model is read again while requests are served (feature `reload`). By default, this is
    /// [`DEFAULT_RELOAD_INTERVAL`]; less than a second counts as one.
    #[must_use]
    pub fn with_reload_interval(self, interval: Duration) -> Self {
        Self { interval: interval.max(Duration::from_secs(1)), ..self }
    }

    /// Sets how long one reading may take while requests are served (feature `reload`): one that takes longer has failed, and
    /// the next one is made after the interval. By default, this is [`DEFAULT_RELOAD_DEADLINE`]; less than a second counts as
    /// one.
    #[must_use]
    pub fn with_reload_deadline(self, deadline: Duration) -> Self {
        Self { deadline: deadline.max(Duration::from_secs(1)), ..self }
    }

    /// Reads the model anew from where it is kept, and says whether it has changed. Requests in flight see the old
    /// one or the new one, never none. A model that was written in the program never changes.
    ///
    /// What a file holds at this moment is taken at once, and there is no deadline: what is read
    /// [again and again](Readiness::upkeep) is taken once two readings in a row find the same.
    ///
    /// # Errors
    /// If it cannot be read, is wrong, or lacks what a rule asks for, as for [`replace`](Self::replace); the old one stays
    /// in use.
    pub async fn reload(&self) -> Result<bool, RoleModelError> {
        let outcome = self.read().await;
        self.note(&outcome);
        outcome
    }

    /// How many readings in a row have failed, by [`reload`](Self::reload) or while requests are served: the model in use is
    /// so many [intervals](Self::with_reload_interval) old, at least. 0 after one that brought a model which could be used.
    ///
    /// The old model stays in use however often that fails, and the server stays ready: a probe of one's own may see
    /// it otherwise.
    #[must_use]
    pub fn failed_reloads(&self) -> u32 {
        self.shared.failures.load(Ordering::Relaxed)
    }

    /// Counts failures; says how many there are now.
    pub(super) fn note(&self, outcome: &Result<bool, RoleModelError>) -> u32 {
        let failures = &self.shared.failures;
        let next = |before: u32| if outcome.is_ok() { 0 } else { before.saturating_add(1) };
        let update = failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(next(before)));
        update.map_or(0, next)
    }

    pub(super) async fn read(&self) -> Result<bool, RoleModelError> {
        let reading = self.begin();
        let definition = match &self.shared.source {
            None => return Ok(false),
            #[cfg(feature = "toml")]
            Some(Source::File(path)) => super::file::read(path)?,
            Some(Source::Loader(loader)) => Arc::clone(loader).load().await?,
        };
        Ok(self.take(reading, definition)?)
    }

    /// Takes this model in place of the one in use, and says whether it differs.
    ///
    /// # Errors
    /// If it is wrong, has no role where the one in use has some (`P227`: nobody empties a model on purpose), or lacks a role
    /// or a permission that a [bound](crate::Rule::within) rule asks for (`P224`, `P225`):
    /// with it the program would not start, and what a rule forbids, `forbid(permission("p"))`, would be forbidden no
    /// more. The old one stays in use. A permission that nobody is to have any longer stays in the model, permitted by a
    /// role that nobody has.
    pub fn replace(&self, model: RoleModelBuilder) -> Result<bool, ConfigErrors> {
        self.take(self.begin(), model)
    }

    /// Whether the caller has the role, or one that includes it.
    #[must_use]
    pub fn has_role(&self, caller: &Principal, role: &str) -> bool {
        caller.has_role(role) || self.shared.current.load().has_role(caller, role)
    }

    /// Whether a role of the caller, or one that it includes, has the permission.
    #[must_use]
    pub fn permits(&self, caller: &Principal, permission: &str) -> bool {
        self.shared.current.load().permits(caller, permission)
    }

    /// What each role stands for now, in the order in which they were written.
    pub(crate) fn meanings(&self) -> Vec<RoleMeaning> {
        self.shared.current.load().meanings()
    }

    /// Whether it is written in the program or a file, and so reviewed with it.
    #[must_use]
    pub fn is_written(&self) -> bool {
        !matches!(self.shared.source, Some(Source::Loader(_)))
    }

    /// Whether the model has the role.
    pub(crate) fn knows_role(&self, role: &str) -> bool {
        self.shared.current.load().knows_role(role)
    }

    /// Whether a role of the caller has the permission; `None` if no role of the model has it.
    pub(crate) fn permission(&self, caller: &Principal, permission: &str) -> Option<bool> {
        self.shared.current.load().permission(caller, permission)
    }

    /// A rule asks for the role: from now on, no other model is without it.
    pub(crate) fn ask_for_role(&self, role: &str) -> Result<(), ConfigError> {
        let mut in_use = self.in_use();
        in_use.asked.role(&self.shared.current.load(), role)
    }

    /// A rule asks for the permission: from now on, no other model is without it.
    pub(crate) fn ask_for_permission(&self, permission: &str) -> Result<(), ConfigError> {
        let mut in_use = self.in_use();
        in_use.asked.permission(&self.shared.current.load(), permission)
    }

    /// Whether the model is kept elsewhere, so that [`reload`](Self::reload) may bring another one.
    #[must_use]
    pub fn is_reloadable(&self) -> bool {
        self.shared.source.is_some()
    }

    #[cfg(feature = "reload")]
    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    #[cfg(feature = "reload")]
    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The file that the model is kept in.
    #[cfg(all(feature = "reload", feature = "toml"))]
    pub(super) fn path(&self) -> Option<Arc<std::path::Path>> {
        match &self.shared.source {
            Some(Source::File(path)) => Some(Arc::clone(path)),
            _ => None,
        }
    }

    pub(super) fn begin(&self) -> u64 {
        self.shared.readings.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A reading that began before the one in use is not taken, nor one that is the same.
    pub(super) fn take(&self, reading: u64, definition: RoleModelBuilder) -> Result<bool, ConfigErrors> {
        let mut in_use = self.in_use();
        if reading < in_use.reading {
            return Ok(false);
        }
        let current = self.shared.current.load();
        let changed = current.definition != definition;
        if changed {
            if definition.roles.is_empty() && !current.definition.roles.is_empty() {
                let message = "the model has no role, but the one in use has some";
                return Err(ConfigError::new(ConfigCode::RoleModelUnreadable, message).into());
            }
            let snapshot = Snapshot::new(definition)?;
            in_use.asked.check(&snapshot)?;
            self.shared.current.store(Arc::new(snapshot));
        }
        in_use.reading = reading;
        Ok(changed)
    }

    fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.shared.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A model is there from the beginning, and [stays in use](RoleModel::failed_reloads) when it cannot be read again; it is kept
/// fresh with the feature `reload` alone.
impl Readiness for RoleModel {
    fn name(&self) -> &'static str {
        "role model"
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn upkeep(&self) -> Option<Wait<()>> {
        #[cfg(feature = "reload")]
        if self.is_reloadable() {
            return Some(Box::pin(super::upkeep::keep_fresh(self.clone())));
        }
        None
    }
}

/// Prints how many roles there are.
impl fmt::Debug for RoleModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = self.shared.current.load().definition.roles.len();
        f.debug_struct("RoleModel")
            .field("roles", &roles)
            .field("interval", &self.interval)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
