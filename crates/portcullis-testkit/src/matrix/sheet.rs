use std::fmt;

use http::Method;

use super::cell::Cell;

/// The file: the table, and what stands around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) before: Vec<String>,
    pub(super) personas: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) exempt: Vec<Exempt>,
    pub(super) after: Vec<String>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) label: Label,
    /// In the order of the personas.
    pub(super) cells: Vec<Cell>,
    /// From 1; 0 for a row that is not in the file yet.
    pub(super) line: usize,
}

/// A path whose refusals are compared with nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exempt {
    pub(super) path: String,
    pub(super) reason: String,
    /// From 1; 0 for one that is not in the file yet.
    pub(super) line: usize,
}

/// What stands above them, below the table.
pub(super) const EXEMPT: &str = "Not compared with what is absent:";

impl Exempt {
    /// Reads ``- `/docs/{file}`: they are no secret``.
    pub(super) fn parse(text: &str, line: usize) -> Option<Self> {
        let (path, reason) = text.strip_prefix("- `")?.split_once("`: ")?;
        let is_right = path.starts_with('/') && is_reason(reason);
        is_right.then(|| Self { path: path.to_owned(), reason: reason.to_owned(), line })
    }
}

impl fmt::Display for Exempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "- `{}`: {}", self.path, self.reason)
    }
}

/// Whether it says something, on one line.
pub(super) fn is_reason(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(['\n', '\r'])
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) route: RouteName,
    pub(super) relation: Option<String>,
}

/// One method of one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RouteName {
    pub(super) path: String,
    /// `ANY` for all of them.
    pub(super) method: String,
}

const ANY: &str = "ANY";

impl RouteName {
    pub(super) fn new(method: Option<&Method>, path: &str) -> Self {
        Self { path: path.to_owned(), method: method.map_or(ANY, Method::as_str).to_owned() }
    }

    /// Reads `GET /documents/{id}`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        let path = path.trim();
        let is_method =
            !method.is_empty() && method.bytes().all(|octet| octet.is_ascii_uppercase() || octet == b'-');
        let is_path = path.starts_with('/') && !path.contains(char::is_whitespace);
        (is_method && is_path).then(|| Self { path: path.to_owned(), method: method.to_owned() })
    }

    /// Whether it answers to every method.
    pub(super) fn is_any(&self) -> bool {
        self.method == ANY
    }

    /// The method to ask by; `None` for a route of all methods.
    pub(super) fn method(&self) -> Option<Method> {
        if self.is_any() { None } else { Method::from_bytes(self.method.as_bytes()).ok() }
    }
}

impl Label {
    /// Reads `GET /documents/{id} (own)`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_suffix(')') else {
            return Some(Self { route: RouteName::parse(text)?, relation: None });
        };
        let (route, relation) = inner.rsplit_once(" (")?;
        let relation = is_name(relation).then(|| relation.to_owned())?;
        Some(Self { route: RouteName::parse(route.trim())?, relation: Some(relation) })
    }
}

/// Whether a relation can be called so.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(['(', ')', '|', '\n', '\r'])
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.route.fmt(f)?;
        match &self.relation {
            Some(relation) => write!(f, " ({relation})"),
            None => Ok(()),
        }
    }
}
