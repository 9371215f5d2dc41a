//! What must be there before requests can be served.

use crate::step::Wait;

/// Something outside the process that a server needs and may have to wait for, such as the keys of an issuer: the
/// probe of a load balancer asks all of them.
///
/// A server that is not ready serves all the same: it answers 503 where it needs what is missing.
pub trait Readiness: Send + Sync + 'static {
    /// What it is, for whoever looks why a server is not ready: an issuer's identifier, the name of a store.
    fn name(&self) -> &str;

    /// Whether requests that need it can be served now. Takes no lock and does not wait.
    fn is_ready(&self) -> bool;

    /// Work that keeps it fresh ahead of requests, to be run in a task of its own for as long as requests are served.
    /// Without it, requests set it off.
    ///
    /// By default, there is none.
    fn upkeep(&self) -> Option<Wait<()>> {
        None
    }
}
