use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, ReplayStore, RevocationSink};

use super::receiver::{LogoutReceiver, Receiver};
use crate::bearer::{Issuer, Needs, Parts};
use crate::replay::MemoryReplay;
use crate::revocation::DEFAULT_MAX_TOKEN_LIFE;

/// The largest body that is read, in octets: 32 KiB.
pub const MAX_LOGOUT_OCTETS: usize = 32 * 1024;

/// How many logout tokens are remembered in this process until they end, so that none is taken twice. If there are
/// more, the logout is carried out, but answered as a failure.
pub const MAX_REMEMBERED_LOGOUTS: usize = 10_000;

/// A receiver of back-channel logout as it is configured. See the [module's docs](super).
#[must_use]
pub struct BackChannelLogout {
    issuer: Issuer,
    client_id: Box<str>,
    sinks: Vec<Arc<dyn RevocationSink>>,
    replays: Option<Arc<dyn ReplayStore>>,
    max_token_life: Duration,
    whole_subject: bool,
}

impl BackChannelLogout {
    /// Takes logout tokens of the issuer for the client of this id, and tells the sink. The audience of the issuer
    /// is that of access tokens and plays no part.
    pub fn new(issuer: Issuer, client_id: impl Into<Box<str>>, sink: Arc<dyn RevocationSink>) -> Self {
        Self {
            issuer,
            client_id: client_id.into(),
            sinks: vec![sink],
            replays: None,
            max_token_life: DEFAULT_MAX_TOKEN_LIFE,
            whole_subject: false,
        }
    }

    /// Tells this sink too. If one of them fails, the logout has failed.
    pub fn also(mut self, sink: Arc<dyn RevocationSink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Remembers here which logout tokens were seen, for replicas that share a store. By default, this is the memory
    /// of this process, with room for [`MAX_REMEMBERED_LOGOUTS`].
    pub fn replay_store(self, store: Arc<dyn ReplayStore>) -> Self {
        Self { replays: Some(store), ..self }
    }

    /// Sets how long an access token lives at most: that long is the end of a session remembered. By default, this
    /// is [`DEFAULT_MAX_TOKEN_LIFE`].
    pub fn max_token_life(self, max_token_life: Duration) -> Self {
        Self { max_token_life, ..self }
    }

    /// Ends all sessions of the subject, also where the logout token names one, if it names the subject too. This is
    /// for access tokens without `sid`. By default, only the named session ends.
    pub fn end_whole_subject(self) -> Self {
        Self { whole_subject: true, ..self }
    }

    /// The finished receiver.
    ///
    /// # Errors
    /// `P641` without a client id, `P110` if the end of a session is remembered for no time, and whatever is wrong
    /// with the issuer.
    pub fn build(self, clock: &Clock) -> Result<LogoutReceiver, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.client_id.is_empty() {
            let message = "the receiver of back-channel logout has no client id";
            errors.push(ConfigError::new(ConfigCode::InvalidClientAuthentication, message));
        }
        if self.max_token_life.is_zero() {
            let message = "the end of a session is remembered for no time";
            errors.push(ConfigError::new(ConfigCode::ZeroLimit, message));
        }
        let replays = match self.replays {
            Some(replays) => Some(replays),
            None => errors.take(memory(clock)),
        };
        let parts = errors.take(self.issuer.parts(clock, Needs { audience: false, keys: true }));
        let (Some(Parts { rules, keys: Some(keys), .. }), Some(replays)) = (parts, replays) else {
            return Err(errors);
        };
        errors.into_result(LogoutReceiver::new(Receiver {
            rules,
            keys,
            client_id: self.client_id,
            sinks: self.sinks,
            replays,
            max_token_life: self.max_token_life,
            whole_subject: self.whole_subject,
            clock: clock.clone(),
        }))
    }
}

fn memory(clock: &Clock) -> Result<Arc<dyn ReplayStore>, ConfigError> {
    let memory = MemoryReplay::new(clock.clone());
    // They all have one owner, the issuer.
    Ok(Arc::new(memory.with_room_for(MAX_REMEMBERED_LOGOUTS, MAX_REMEMBERED_LOGOUTS)?))
}

impl fmt::Debug for BackChannelLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackChannelLogout")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
