use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_core::{Clock, Revocation, RevocationSink, Revocations, Step, StoreError, TokenFacts};
use thiserror::Error;

use super::table::{Key, Kind, Table, Until};
use crate::bearer::MAX_LEEWAY;

/// How many revocations are remembered, unless said otherwise.
pub const DEFAULT_MAX_ENTRIES: usize = 100_000;

/// How long an access token lives at most, unless said otherwise: one day.
pub const DEFAULT_MAX_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);

/// How much longer a revocation is kept than was asked for: the longest leeway.
pub const KEPT_AFTER: Duration = MAX_LEEWAY;

/// The longest issuer, subject, session or token identifier that is remembered, in octets.
pub const MAX_IDENTIFIER_OCTETS: usize = 1024;

/// The deny-list of this process. See the [module's docs](super).
pub struct DenyList {
    table: Table,
    clock: Clock,
    max_entries: usize,
    max_token_life: Duration,
}

impl DenyList {
    /// An empty list.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self {
            table: Table::new(),
            clock: clock.clone(),
            max_entries: DEFAULT_MAX_ENTRIES,
            max_token_life: DEFAULT_MAX_TOKEN_LIFE,
        }
    }

    /// Sets how many revocations are remembered. By default, this is [`DEFAULT_MAX_ENTRIES`]. An entry takes about
    /// 150 octets and its identifiers.
    #[must_use]
    pub fn with_max_entries(self, max_entries: usize) -> Self {
        Self { max_entries, ..self }
    }

    /// Sets how long an access token lives at most: that long are subjects and sessions remembered. By default,
    /// this is [`DEFAULT_MAX_TOKEN_LIFE`].
    #[must_use]
    pub fn with_max_token_life(self, max_token_life: Duration) -> Self {
        Self { max_token_life, ..self }
    }

    /// Revokes one token, which expires then (`exp`).
    ///
    /// # Errors
    /// [`DenyListError`]: it is not revoked.
    pub fn revoke_token(&self, issuer: &str, token_id: &str, until: SystemTime) -> Result<(), DenyListError> {
        self.insert(Key { kind: Kind::Token, issuer, id: token_id }, since_epoch(until), 0)
    }

    /// Revokes all tokens of a subject that were issued at that second or before, by the issuer's clock.
    ///
    /// # Errors
    /// [`DenyListError`]: they are not revoked.
    pub fn revoke_subject(
        &self,
        issuer: &str,
        subject: &str,
        issued_until: SystemTime,
    ) -> Result<(), DenyListError> {
        let issued_until = since_epoch(issued_until).as_secs();
        self.insert(Key { kind: Kind::Subject, issuer, id: subject }, self.longest(), issued_until)
    }

    /// Revokes all tokens of a login session.
    ///
    /// # Errors
    /// [`DenyListError`]: they are not revoked.
    pub fn revoke_session(&self, issuer: &str, session_id: &str) -> Result<(), DenyListError> {
        self.insert(Key { kind: Kind::Session, issuer, id: session_id }, self.longest(), 0)
    }

    /// How many revocations are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert(&self, key: Key<'_>, until: Duration, issued_until: u64) -> Result<(), DenyListError> {
        if key.issuer.len() > MAX_IDENTIFIER_OCTETS || key.id.len() > MAX_IDENTIFIER_OCTETS {
            return Err(DenyListError::IdentifierTooLong);
        }
        // Rounded up, so that the last second counts in full.
        let until = until.saturating_add(KEPT_AFTER).as_secs().saturating_add(1);
        let entered = self.table.insert(
            key,
            Until { until, issued_until },
            self.max_entries,
            self.clock.unix_time().as_secs(),
        );
        if entered { Ok(()) } else { Err(DenyListError::Full) }
    }

    fn longest(&self) -> Duration {
        self.clock.unix_time().saturating_add(self.max_token_life)
    }

    fn holds(&self, token: &TokenFacts<'_>) -> bool {
        // A token without an issuer is that of no issuer that was named.
        let Some(issuer) = token.issuer else { return false };
        let find = |kind, id| self.table.find(Key { kind, issuer, id });
        if let Some(id) = token.token_id
            && find(Kind::Token, id).is_some()
        {
            return true;
        }
        if let Some(id) = token.session_id
            && find(Kind::Session, id).is_some()
        {
            return true;
        }
        find(Kind::Subject, token.subject).is_some_and(|entry| match token.issued_at {
            Some(issued) => since_epoch(issued).as_secs() <= entry.issued_until,
            None => true,
        })
    }
}

impl Revocations for DenyList {
    fn is_revoked(&self, token: &TokenFacts<'_>) -> Step<Result<bool, StoreError>> {
        Step::Done(Ok(self.holds(token)))
    }
}

impl RevocationSink for DenyList {
    fn revoke(&self, revocation: &Revocation<'_>, until: SystemTime) -> Step<Result<(), StoreError>> {
        let until = since_epoch(until);
        let entered = match *revocation {
            Revocation::Session { issuer, session_id } => {
                self.insert(Key { kind: Kind::Session, issuer, id: session_id }, until, 0)
            }
            Revocation::Subject { issuer, subject, issued_until } => {
                let issued_until = since_epoch(issued_until).as_secs();
                self.insert(Key { kind: Kind::Subject, issuer, id: subject }, until, issued_until)
            }
            Revocation::Token { issuer, token_id } => {
                self.insert(Key { kind: Kind::Token, issuer, id: token_id }, until, 0)
            }
            _ => Err(DenyListError::Unknown),
        };
        Step::Done(entered.map_err(StoreError::new))
    }
}

impl fmt::Debug for DenyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DenyList")
            .field("len", &self.len())
            .field("max_entries", &self.max_entries)
            .finish_non_exhaustive()
    }
}

/// Why something was not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DenyListError {
    /// The list is full of revocations that still count.
    #[error("the deny-list is full")]
    Full,
    /// An identifier is longer than [`MAX_IDENTIFIER_OCTETS`].
    #[error("an identifier has more than {MAX_IDENTIFIER_OCTETS} octets")]
    IdentifierTooLong,
    /// A kind of revocation that this list does not know.
    #[error("the deny-list does not know this kind of revocation")]
    Unknown,
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
