//! The table of routes: what each one demands, for people and for programs.

use std::fmt::{self, Write as _};

use http::Method;
use portcullis_core::ConfigError;
use serde::Serialize;

use crate::lint;
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
    /// The limits of every route: whether each needs an identity, and its text.
    pub(crate) limits: Vec<(bool, String)>,
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

/// A row as it is printed.
#[derive(Serialize)]
struct Printed {
    method: String,
    path: String,
    access: String,
    public: bool,
    schemes: String,
    limits: String,
    handler: String,
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
    /// (`P210`).
    #[must_use]
    pub fn lint(&self) -> Vec<ConfigError> {
        lint::lint(&self.rows)
    }

    /// The table as a Markdown table.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text =
            "| Method | Path | Access | Schemes | Limits |\n| --- | --- | --- | --- | --- |\n".to_owned();
        for row in self.printed() {
            let cell = |text: &str| text.replace('|', "\\|");
            let cells = [row.method, format!("`{}`", row.path), row.access, row.schemes, row.limits];
            let _ = writeln!(text, "| {} |", cells.map(|c| cell(&c)).join(" | "));
        }
        text
    }

    /// The table as a JSON list of objects, one per row.
    #[must_use]
    pub fn to_json(&self) -> String {
        // INVARIANT: rows of text always serialise.
        serde_json::to_string_pretty(&self.printed()).unwrap_or_default()
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
        let head = ["METHOD", "PATH", "ACCESS", "SCHEMES", "LIMITS"].map(str::to_owned);
        let rows = self.printed().into_iter().map(|r| [r.method, r.path, r.access, r.schemes, r.limits]);
        let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

impl Printed {
    fn of(row: &RouteRow, everywhere: &Everywhere) -> Self {
        let policy = &row.policy;
        let public = policy.public_reason();
        let access = match (public, policy.rule()) {
            (Some(reason), _) => format!("public: {reason}"),
            (None, rule) => rule.map(ToString::to_string).unwrap_or_default(),
        };
        let everywhere_limits =
            everywhere.limits.iter().filter(|(identity, _)| public.is_none() || !identity);
        let limits = everywhere_limits.map(|(_, text)| text.clone());
        let limits: Vec<String> = limits.chain(policy.limits.iter().map(ToString::to_string)).collect();
        Self {
            method: method_name(row).to_owned(),
            path: row.path.clone(),
            access,
            public: public.is_some(),
            schemes: policy.schemes_text(everywhere.schemes.as_deref()),
            limits: if limits.is_empty() { "-".to_owned() } else { limits.join(", ") },
            handler: row.handler.clone(),
        }
    }
}

pub(crate) fn method_name(row: &RouteRow) -> &str {
    row.method.as_ref().map_or("ANY", Method::as_str)
}
