//! Hashing off the async threads, a few at a time.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError, Denial, Reason, Secret};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::hash::PasswordHashString;
use super::new::hash_password;

/// How many callers wait for a turn, per hash that is computed at once, unless said otherwise.
pub const DEFAULT_WAITING_PER_CORE: usize = 32;

/// Computes password hashes on blocking threads: so many at once, so many waiting, and the rest is turned away.
///
/// Clones share the limits; give one to every scheme and to the code that registers users. By default
/// ([`Hashing::default`]), as many hashes are computed at once as there are cores, and
/// [`DEFAULT_WAITING_PER_CORE`] callers wait for each: at 30 ms a hash, the last of them waits for one second. A caller that goes away gives its place up at once; a hash
/// that has been started is finished, and holds its place until then.
#[derive(Clone)]
pub struct Hashing(Arc<Inner>);

struct Inner {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
}

impl Hashing {
    /// At most so many hashes at once, and so many callers that wait for a turn.
    ///
    /// # Errors
    /// [`ConfigCode::ZeroLimit`] if nothing could ever be computed.
    pub fn new(at_once: usize, waiting: usize) -> Result<Self, ConfigError> {
        match NonZeroUsize::new(at_once) {
            Some(at_once) => Ok(Self::with(at_once, waiting)),
            None => Err(ConfigError::new(ConfigCode::ZeroLimit, "no password hash can be computed at once")),
        }
    }

    fn with(at_once: NonZeroUsize, max_waiting: usize) -> Self {
        let permits = Arc::new(Semaphore::new(at_once.get().min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner { permits, waiting: AtomicUsize::new(0), max_waiting }))
    }

    /// Whether the password has this hash.
    ///
    /// # Errors
    /// [`HashingError::Saturated`] if too many wait already, [`HashingError::Stopped`] outside a tokio runtime or
    /// while it shuts down.
    pub async fn verify(&self, password: Secret, hash: PasswordHashString) -> Result<bool, HashingError> {
        self.run(move || text_of(&password).is_some_and(|text| hash.verify_blocking(text))).await
    }

    /// Hashes a password as [`hash_password`] does.
    ///
    /// # Errors
    /// As [`hash_password`] and [`verify`](Self::verify).
    pub async fn hash(&self, password: Secret) -> Result<PasswordHashString, HashingError> {
        self.run(move || text_of(&password).ok_or(HashingError::Failed).and_then(hash_password)).await?
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let permit = self.permit().await?;
        let runtime = Handle::try_current().map_err(|_| HashingError::Stopped)?;
        let task = runtime.spawn_blocking(move || {
            // The permit lives as long as the work, whatever becomes of the caller.
            let _permit = permit;
            job()
        });
        task.await.map_err(|_| HashingError::Stopped)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        if let Ok(permit) = Arc::clone(&self.0.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.0)?;
        Arc::clone(&self.0.permits).acquire_owned().await.map_err(|_| HashingError::Stopped)
    }

    /// How many callers wait for a turn just now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// How many more hashes could be started just now.
    #[must_use]
    pub fn available(&self) -> usize {
        self.0.permits.available_permits()
    }
}

impl Default for Hashing {
    fn default() -> Self {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::with(cores, cores.get().saturating_mul(DEFAULT_WAITING_PER_CORE))
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a>(&'a Inner);

impl<'a> Place<'a> {
    fn take(inner: &'a Inner) -> Result<Self, HashingError> {
        let one_more = |waiting| (waiting < inner.max_waiting).then_some(waiting + 1);
        match inner.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Self(inner)),
            Err(_) => Err(HashingError::Saturated),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn text_of(password: &Secret) -> Option<&str> {
    std::str::from_utf8(password.expose()).ok()
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing")
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .field("max_waiting", &self.0.max_waiting)
            .finish()
    }
}

/// No hash could be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashingError {
    /// The algorithm refused its input.
    Failed,
    /// The password is longer than [`MAX_PASSWORD_LEN`](crate::MAX_PASSWORD_LEN).
    PasswordTooLong,
    /// The operating system gives no randomness.
    RandomnessUnavailable,
    /// Too many callers wait for a hash already.
    Saturated,
    /// There is no tokio runtime, or it shuts down.
    Stopped,
}

impl fmt::Display for HashingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "password hashing failed",
            Self::PasswordTooLong => "password is too long",
            Self::RandomnessUnavailable => "the operating system gives no randomness",
            Self::Saturated => "too many passwords are being hashed",
            Self::Stopped => "no tokio runtime is there to hash on",
        })
    }
}

impl Error for HashingError {}

impl From<HashingError> for Denial {
    fn from(error: HashingError) -> Self {
        let denial = match error {
            HashingError::Saturated => {
                Self::new(Reason::HashingSaturated).retry_after(Duration::from_secs(1))
            }
            HashingError::PasswordTooLong => Self::new(Reason::CredentialMalformed),
            HashingError::Stopped => Self::misconfigured("password hashing needs a running tokio runtime"),
            HashingError::Failed | HashingError::RandomnessUnavailable => Self::new(Reason::InternalError),
        };
        denial.caused_by(error)
    }
}
