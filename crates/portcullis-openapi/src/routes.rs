//! Whether the document and the application have the same operations.

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError};
use portcullis_stack::{MetadataRoute, RouteRow, RouteTable};

use crate::path;

/// A path that is left out of the document, and why.
#[derive(Clone, Debug)]
pub(crate) struct Internal {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// The routes, and which of them the document has.
pub(crate) struct Routes<'a> {
    rows: Vec<Known<'a>>,
    internal: &'a [Internal],
}

struct Known<'a> {
    row: &'a RouteRow,
    shape: String,
    documented: bool,
}

impl<'a> Routes<'a> {
    pub(crate) fn new(table: &'a RouteTable, internal: &'a [Internal]) -> Self {
        let known = |row: &'a RouteRow| Known { row, shape: path::shape(&row.path), documented: false };
        Self { rows: table.rows().iter().map(known).collect(), internal }
    }

    /// The route of a documented operation.
    pub(crate) fn documented(&mut self, path: &str, method: &str) -> Result<&'a RouteRow, ConfigError> {
        let shape = path::shape(path);
        let mut best: Option<(u8, &mut Known<'a>)> = None;
        for known in self.rows.iter_mut().filter(|known| known.shape == shape) {
            // RFC 9110 §9.3.2: a route for `GET` takes `HEAD` too, unless `HEAD` has one of its own.
            let rank = match known.row.method.as_ref().map(http::Method::as_str) {
                Some(own) if own == method => 3,
                Some("GET") if method == "HEAD" => 2,
                None => 1,
                Some(_) => continue,
            };
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, known));
            }
        }
        let Some((_, known)) = best else {
            let message =
                format!("`{} {}` is documented, but not routed", Escaped::new(method), Escaped::new(path));
            return Err(ConfigError::new(ConfigCode::UnroutedOperation, message));
        };
        known.documented = true;
        Ok(known.row)
    }

    /// What is wrong, when all documented operations were told.
    pub(crate) fn into_errors(self) -> Vec<ConfigError> {
        let excluded = |row: &RouteRow| {
            self.internal.iter().any(|internal| path::is_at_or_below(&row.path, &internal.path))
        };
        let undocumented = self.rows.iter().filter(|known| !known.documented);
        let missing =
            undocumented.filter(|known| known.row.handler != MetadataRoute::HANDLER && !excluded(known.row));
        let mut errors: Vec<ConfigError> = missing
            .map(|known| {
                let message = format!("`{}` is routed, but not documented", name(known.row));
                ConfigError::new(ConfigCode::UndocumentedRoute, message)
            })
            .collect();
        errors.extend(self.internal.iter().filter_map(|internal| self.meaningless(internal)));
        errors
    }

    fn meaningless(&self, internal: &Internal) -> Option<ConfigError> {
        let path = Escaped::new(&internal.path);
        let mut covered =
            self.rows.iter().filter(|known| path::is_at_or_below(&known.row.path, &internal.path));
        let message = if internal.reason.trim().is_empty() {
            format!("`{path}` is left out of the document without a reason")
        } else if covered.clone().next().is_none() {
            format!("`{path}` is left out of the document, but no route is there or below")
        } else {
            let documented = covered.find(|known| known.documented)?;
            format!("`{path}` is left out of the document, which has `{}`", name(documented.row))
        };
        Some(ConfigError::new(ConfigCode::InvalidExclusion, message))
    }
}

fn name(row: &RouteRow) -> String {
    let method = row.method.as_ref().map_or("ANY", http::Method::as_str);
    format!("{method} {}", Escaped::new(&row.path))
}
