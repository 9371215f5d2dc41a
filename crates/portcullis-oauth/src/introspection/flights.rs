//! The look-ups in progress, one for each token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_core::Denial;
use tokio::sync::watch;

use super::error::IntrospectionError;
use super::memory::TokenHash;
use crate::token::Verified;

/// How a look-up ended.
pub(super) type Outcome = Result<Result<Verified, Denial>, Arc<IntrospectionError>>;

/// Tells those who wait how it ended; `None` until then.
pub(super) type Waiter = watch::Receiver<Option<Outcome>>;

/// The sending half: a look-up is known by it.
pub(super) type Line = Arc<watch::Sender<Option<Outcome>>>;

#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<TokenHash, Line>>);

impl Flights {
    /// Joins the look-up of the token, or begins one: then whoever holds the line makes it.
    pub(super) fn board(&self, token: &TokenHash) -> (Waiter, Option<Line>) {
        let mut lines = self.lines();
        if let Some(line) = lines.get(token) {
            return (line.subscribe(), None);
        }
        let (sender, waiter) = watch::channel(None);
        let line = Arc::new(sender);
        lines.insert(*token, Arc::clone(&line));
        (waiter, Some(line))
    }

    /// Ends a look-up. Unless it was forgotten meanwhile, what it brought is handed over first, so that nobody
    /// can forget it in between.
    pub(super) fn land(&self, token: &TokenHash, line: &Line, keep: impl FnOnce()) {
        let mut lines = self.lines();
        if lines.get(token).is_some_and(|known| Arc::ptr_eq(known, line)) {
            lines.remove(token);
            keep();
        }
    }

    /// Ends a look-up that nobody waits for any more; `false` if somebody does after all.
    pub(super) fn abandon(&self, token: &TokenHash, line: &Line) -> bool {
        let mut lines = self.lines();
        if line.receiver_count() > 0 {
            return false;
        }
        if lines.get(token).is_some_and(|known| Arc::ptr_eq(known, line)) {
            lines.remove(token);
        }
        true
    }

    /// Lets a look-up in progress bring nothing to anybody who comes from now on.
    pub(super) fn forget(&self, token: &TokenHash, also: impl FnOnce()) {
        let mut lines = self.lines();
        lines.remove(token);
        also();
    }

    pub(super) fn len(&self) -> usize {
        self.lines().len()
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<TokenHash, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
