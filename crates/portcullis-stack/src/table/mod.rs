//! The table of routes: what each one demands, for people and for programs.

mod html;
mod markdown;
mod printed;
mod snapshot;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;

use http::Method;
use portcullis_authz::{Rule, Vocabulary};
use portcullis_core::ConfigError;
use portcullis_core::escape::Escaped;

use self::printed::Printed;
pub use self::snapshot::{SnapshotError, TableChange, TableDiff};
use crate::lint::{self, KnownScheme};
use crate::policy::RoutePolicy;
use crate::resource::MetadataRoute;
use crate::security::Security;

/// Every route with what it demands.
///
/// ```
/// use portcullis_authz::scope;
/// use portcullis_stack::{RoutePolicy, RouteTable};
///
/// let mut table = RouteTable::new();
/// table.add(Some(http::Method::GET), "/health", RoutePolicy::public("probe"), "health");
/// table.add(Some(http::Method::GET), "/documents", RoutePolicy::requires(scope("documents:read")), "list");
/// assert_eq!(
///     table.to_string(),
///     "METHOD  PATH        ACCESS                 SCHEMES  LIMITS\n\
///      GET     /documents  scope(documents:read)  default  -\n\
///      GET     /health     public: probe          -        -\n"
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    rows: Vec<RouteRow>,
    everywhere: Everywhere,
}

/// What holds for every route, unless the route says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Everywhere {
    /// The schemes of a route that names none; `None` if nobody knows yet.
    pub(crate) schemes: Option<String>,
    /// The configured schemes.
    pub(crate) known: Vec<KnownScheme>,
    /// Whether a limit of every route counts attempts to log in.
    pub(crate) counts_attempts: bool,
    /// The limits of every route: whether each needs an identity, and its text.
    pub(crate) limits: Vec<(bool, String)>,
    /// What every rule forbids besides.
    pub(crate) forbidden: Vec<Rule>,
    /// What scopes and roles stand for.
    pub(crate) vocabulary: Vocabulary,
}

/// One method of one path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteRow {
    /// The method; `None` stands for all.
    pub method: Option<Method>,
    /// The template of the path.
    pub path: String,
    /// What is demanded.
    pub policy: RoutePolicy,
    /// The name of the handler.
    pub handler: String,
}

impl RouteTable {
    /// A table without rows. It says `default` where a route takes the schemes of the application.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A table without rows that also says what the security holds for every route.
    #[must_use]
    pub fn of(security: &Security) -> Self {
        Self { rows: Vec::new(), everywhere: security.everywhere() }
    }

    /// Adds a row.
    pub fn add(&mut self, method: Option<Method>, path: &str, policy: RoutePolicy, handler: &str) {
        self.rows.push(RouteRow { method, path: path.to_owned(), policy, handler: handler.to_owned() });
    }

    /// Adds the rows of the metadata of protected resources; see [`Security::metadata_routes`].
    pub fn add_metadata(&mut self, routes: &[MetadataRoute]) {
        for route in routes {
            self.add(Some(Method::GET), route.path(), route.policy(), MetadataRoute::HANDLER);
        }
    }

    /// The rows in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> &[RouteRow] {
        &self.rows
    }

    /// Everything that a router would trip over: duplicates (`P201`), paths that match the same requests
    /// (`P202`), invalid paths (`P203`), and paths that can be spelt in a way that a route with another rule matches
    /// (`P210`). And what callers of another tenant would pass by: routes that let callers by without `tenant_matches`
    /// while others ask it of a parameter with the same name or in the same place (`P229`).
    #[must_use]
    pub fn lint(&self) -> Vec<ConfigError> {
        lint::lint(&self.rows)
    }

    /// What is allowed, and still worth a look: a public route that may change something (`P275`), one that every caller may
    /// change something by (`P276`), a password that may be guessed without limit (`P277`), a scheme that no route takes
    /// (`P278`), a guard that is not enforced and whose policy is not awaited there, or makes requests wait all the same (`P279`), a route beside others with guards
    /// that nothing but scopes protects whatever its path names (`P274`). Schemes and attempts are known to the table of a
    /// finished application alone.
    ///
    /// An application that starts [logs](Self::log_advice) it. Whoever wants no advice left extends the errors of a test, or of the
    /// start, by this.
    ///
    /// ```
    /// use portcullis_stack::{RoutePolicy, RouteTable};
    ///
    /// let mut table = RouteTable::new();
    /// table.add(Some(http::Method::GET), "/documents", RoutePolicy::public("everybody reads"), "list");
    /// assert!(table.advice().is_empty());
    /// table.add(Some(http::Method::DELETE), "/documents", RoutePolicy::public("so far"), "clear");
    /// assert_eq!(table.advice()[0].to_string(), "P275: DELETE /documents: anybody may change something (`so far`)");
    /// ```
    #[must_use]
    pub fn advice(&self) -> Vec<ConfigError> {
        lint::advice(&self.rows, &self.everywhere)
    }

    /// Logs each piece of [advice](Self::advice) as a warning with its `code`, under the target
    /// [`ADVICE_TARGET`](Self::ADVICE_TARGET). `SecureRouter::finish` and [`Security::protect`] do so once each, when nothing is
    /// wrong.
    pub fn log_advice(&self) {
        for advice in self.advice() {
            let text = Escaped::new(advice.message()).with_limit(usize::MAX);
            tracing::warn!(target: RouteTable::ADVICE_TARGET, code = advice.code().code(), "{text}");
        }
    }

    /// Where [`log_advice`](Self::log_advice) logs to, for a filter of those who have looked: `portcullis_stack::advice=off`.
    pub const ADVICE_TARGET: &str = "portcullis_stack::advice";

    /// What the security holds for every route, too.
    pub(crate) fn within(mut self, security: &Security) -> Self {
        self.everywhere = security.everywhere();
        self
    }

    /// The table as a GitHub-flavoured Markdown table, sorted by path. Below it, if the application has declared scopes or a role
    /// model, stands what each of them stands for, which widens what rules allow: scopes with those that they imply, wildcards
    /// among them, and roles with those that they include and with their permissions; all of it as it follows, sorted. Roles that
    /// a [loader](portcullis_authz::LoadRoles) brings are left out: no review decides about them.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        format!("{}{}", markdown::table(&self.printed()), words::sections(&self.everywhere.vocabulary))
    }

    /// The table as a JSON list of objects, one per row, sorted by path.
    ///
    /// Each has the text members `method`, `path`, `access`, `schemes`, `limits` and `handler`, and `public`, which is
    /// `true` or `false`, and the lists `asks`, of the questions to decision points, `demands`, of what the handler
    /// takes besides, and `forbids`, of what the rule or the application forbids whoever allows it, with the share
    /// if it is enforced for some requests only (`role(suspended) [10 %]`); `access` names all of them too. The list `modes` says of each of the demands how seriously it is taken: `enforced`, `shadow`, or `25 %` for a
    /// share of requests, as [`Demand::mode_text`](portcullis_authz::Demand::mode_text) tells it. Members may be added.
    #[must_use]
    pub fn to_json(&self) -> String {
        // INVARIANT: rows of text always serialise.
        serde_json::to_string_pretty(&self.printed()).unwrap_or_default()
    }

    /// The table as a page of HTML, sorted by path, in which one can search.
    ///
    /// It stands alone: it asks for nothing from anywhere, and works under the policy
    /// [`HTML_CONTENT_SECURITY_POLICY`](Self::HTML_CONTENT_SECURITY_POLICY), which it also carries itself. Whoever
    /// serves it tells every reader which rules there are: give the route a rule.
    ///
    /// ```
    /// use portcullis_stack::{RoutePolicy, RouteTable};
    ///
    /// let mut table = RouteTable::new();
    /// table.add(Some(http::Method::GET), "/health", RoutePolicy::public("<probe>"), "health");
    /// let page = table.to_html();
    /// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("&lt;probe&gt;"));
    /// ```
    #[must_use]
    pub fn to_html(&self) -> String {
        html::page(&self.printed())
    }

    fn printed(&self) -> Vec<Printed> {
        let mut rows: Vec<Printed> = self.rows.iter().map(|row| Printed::of(row, &self.everywhere)).collect();
        rows.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        rows
    }
}

/// As aligned text, sorted by path.
impl fmt::Display for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, &self.printed())
    }
}

pub(crate) fn method_name(row: &RouteRow) -> &str {
    row.method.as_ref().map_or("ANY", Method::as_str)
}
