//! The right to be served, as long as it is held.

use std::fmt;
use std::sync::Arc;

use super::limiter::Shared;

/// A place among the requests in flight, given back when this is dropped.
///
/// Hold it until the response is over: [`HeldBody`](crate::HeldBody) holds it as long as a body,
/// [`HoldFuture`](crate::HoldFuture) as long as a future.
#[must_use = "the place is given back at once"]
pub struct Permit {
    shared: Arc<Shared>,
    /// The key's, if its requests are counted.
    hash: Option<u64>,
}

impl Permit {
    /// For what was counted already.
    pub(super) fn new(shared: Arc<Shared>, hash: Option<u64>) -> Self {
        Self { shared, hash }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.leave(self.hash);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
