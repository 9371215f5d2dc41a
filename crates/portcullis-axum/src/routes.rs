//! A flat list of routes.

use std::fmt;

use portcullis_authz::Rule;

use crate::entry::Entry;
use crate::guarded::HasRule;

/// Collects routes, nests, merges and takes state. It holds no security: only a
/// [`SecureRouter`](crate::SecureRouter) does.
///
/// `S` is the state that handlers still miss; [`with_state`](Self::with_state) fills it in.
#[must_use = "routes are served only by a SecureRouter"]
pub struct Routes<S = ()> {
    pub(crate) entries: Vec<(String, Entry<S>)>,
    /// What every route of the list demands beside its own rule.
    shared: Vec<Rule>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No route yet.
    pub fn new() -> Self {
        Self { entries: Vec::new(), shared: Vec::new() }
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
        self.extend(handlers.entries().into_iter().map(|entry| (path.to_owned(), entry)));
        self
    }

    /// Hands a whole subtree to a tower service, under one rule: `path` itself and everything below it.
    ///
    /// The service sees the full path.
    pub fn service(mut self, path: &str, handlers: impl HasRule<S>) -> Self {
        let path = path.trim_end_matches('/');
        for entry in handlers.entries() {
            let paths = [path.to_owned(), format!("{path}/"), format!("{path}/{{*rest}}")];
            self.extend(paths.into_iter().filter(|p| !p.is_empty()).map(|p| (p, entry.clone())));
        }
        self
    }

    /// Adds the routes of another list.
    pub fn merge(mut self, other: Self) -> Self {
        self.extend(other.entries);
        self
    }

    /// Adds the routes of another list below a prefix. Handlers see the full path.
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let nested = other.entries.into_iter().map(|(path, entry)| {
            let path = if path == "/" && !prefix.is_empty() { String::new() } else { path };
            (format!("{prefix}{path}"), entry)
        });
        self.extend(nested);
        self
    }

    /// Demands the rule of every route of this list, beside its own: of those that are in it, and of those that are
    /// added later, merged and nested ones too. Where routes share a condition, such as the tenant in their path, none of
    /// them can be without it. (A route elsewhere with such a tenant in its path, which lets callers by without it, is an error of
    /// [`finish`](crate::SecureRouter::finish) too: `P229`.)
    ///
    /// A public route in such a list is an error of [`finish`](crate::SecureRouter::finish) (`P240`).
    ///
    /// ```
    /// # use portcullis_authz::{scope, tenant_matches};
    /// # use portcullis_axum::{Routes, SecureRouter, get};
    /// # use portcullis_stack::Security;
    /// # async fn list() {}
    /// # let (_, key) = portcullis_authn::ApiKey::generate("demo_", "key",
    /// #     portcullis_core::Principal::builder("a", portcullis_core::CredentialMethod::ApiKey).build()).unwrap();
    /// # let keys = portcullis_authn::ApiKeys::bearer("demo_").keys(portcullis_authn::ApiKeySet::new([key]).unwrap());
    /// # let security = Security::builder().scheme("key", keys).insecure_no_audit().build()?;
    /// let invoices = Routes::new()
    ///     .all_require(tenant_matches("tenant"))
    ///     .route("/invoices", get(list).requires(scope("invoices:read")));
    /// let app = SecureRouter::new(security).mount(Routes::new().nest("/tenants/{tenant}", invoices)).finish()?;
    /// let rule = app.route_table().rows()[0].policy.rule().unwrap().to_string();
    /// assert_eq!(rule, "scope(invoices:read) and tenant_matches(tenant)");
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    pub fn all_require(mut self, rule: Rule) -> Self {
        for (_, entry) in &mut self.entries {
            entry.shared.push(rule.clone());
        }
        self.shared.push(rule);
        self
    }

    /// Fills in the state of all handlers so far.
    pub fn with_state<S2>(self, state: S) -> Routes<S2>
    where
        S2: Clone + Send + Sync + 'static,
    {
        let with_state = |(path, entry): (String, Entry<S>)| (path, entry.with_state(state.clone()));
        Routes { entries: self.entries.into_iter().map(with_state).collect(), shared: self.shared }
    }

    fn extend(&mut self, entries: impl IntoIterator<Item = (String, Entry<S>)>) {
        for (path, mut entry) in entries {
            entry.shared.extend_from_slice(&self.shared);
            self.entries.push((path, entry));
        }
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
