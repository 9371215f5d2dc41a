//! A flat list of routes.

use std::fmt;

use crate::entry::Entry;
use crate::guarded::HasRule;

/// Collects routes, nests, merges and takes state. It holds no security: only a
/// [`SecureRouter`](crate::SecureRouter) does.
///
/// `S` is the state that handlers still miss; [`with_state`](Self::with_state) fills it in.
#[must_use = "routes are served only by a SecureRouter"]
pub struct Routes<S = ()> {
    pub(crate) entries: Vec<(String, Entry<S>)>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No route yet.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds the handlers of a path, in axum's syntax: `/documents/{id}`, `/files/{*path}`.
    ///
    /// ```
    /// # use portcullis_authz::scope;
    /// # use portcullis_axum::{Routes, get};
    /// # async fn list() {}
    /// let routes: Routes = Routes::new().route("/documents", get(list).requires(scope("documents:read")));
    /// ```
    ///
    /// Without a rule, it does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use portcullis_authz::scope;
    /// # use portcullis_axum::{Routes, get};
    /// # async fn list() {}
    /// let routes: Routes = Routes::new().route("/documents", get(list));
    /// ```
    pub fn route(mut self, path: &str, handlers: impl HasRule<S>) -> Self {
        self.entries.extend(handlers.entries().into_iter().map(|entry| (path.to_owned(), entry)));
        self
    }

    /// Hands a whole subtree to a tower service, under one rule: `path` itself and everything below it.
    ///
    /// The service sees the full path.
    pub fn service(mut self, path: &str, handlers: impl HasRule<S>) -> Self {
        let path = path.trim_end_matches('/');
        for entry in handlers.entries() {
            let paths = [path.to_owned(), format!("{path}/"), format!("{path}/{{*rest}}")];
            self.entries.extend(paths.into_iter().filter(|p| !p.is_empty()).map(|p| (p, entry.clone())));
        }
        self
    }

    /// Adds the routes of another list.
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// Adds the routes of another list below a prefix. Handlers see the full path.
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let nested = other.entries.into_iter().map(|(path, entry)| {
            let path = if path == "/" && !prefix.is_empty() { String::new() } else { path };
            (format!("{prefix}{path}"), entry)
        });
        self.entries.extend(nested);
        self
    }

    /// Fills in the state of all handlers so far.
    pub fn with_state<S2>(self, state: S) -> Routes<S2>
    where
        S2: Clone + Send + Sync + 'static,
    {
        let with_state = |(path, entry): (String, Entry<S>)| (path, entry.with_state(state.clone()));
        Routes { entries: self.entries.into_iter().map(with_state).collect() }
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(path, _)| path)).finish()
    }
}
