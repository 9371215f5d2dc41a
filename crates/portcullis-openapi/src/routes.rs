//! Whether the document and the application have the same operations.

use std::collections::BTreeSet;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError};
use portcullis_stack::{MetadataRoute, RouteRow, RouteTable};

use crate::any::{OnlyMethods, shortfall};
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
    only: &'a [OnlyMethods],
}

/// A route, and the methods by which the document has it.
pub(crate) struct Known<'a> {
    pub(crate) row: &'a RouteRow,
    pub(crate) shape: String,
    pub(crate) documented: BTreeSet<String>,
}

impl<'a> Routes<'a> {
    pub(crate) fn new(table: &'a RouteTable, internal: &'a [Internal], only: &'a [OnlyMethods]) -> Self {
        let known =
            |row: &'a RouteRow| Known { row, shape: path::shape(&row.path), documented: BTreeSet::new() };
        Self { rows: table.rows().iter().map(known).collect(), internal, only }
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
        known.documented.insert(method.to_owned());
        Ok(known.row)
    }

    /// What is wrong, when all documented operations were told.
    pub(crate) fn into_errors(self) -> Vec<ConfigError> {
        let excluded = |row: &RouteRow| {
            self.internal.iter().any(|internal| path::is_at_or_below(&row.path, &internal.path))
        };
        let wanted = |known: &&Known<'_>| known.row.handler != MetadataRoute::HANDLER && !excluded(known.row);
        let missing = self.rows.iter().filter(wanted).filter_map(|known| self.undocumented(known));
        let missing = missing.map(|message| ConfigError::new(ConfigCode::UndocumentedRoute, message));
        let mut errors: Vec<ConfigError> = missing.collect();
        errors.extend(self.only.iter().filter_map(|only| only.meaningless(&self.rows)));
        errors.extend(self.internal.iter().filter_map(|internal| self.meaningless(internal)));
        errors
    }

    /// What is not documented of a route.
    fn undocumented(&self, known: &Known<'_>) -> Option<String> {
        let is_documented = match &known.row.method {
            Some(method) => known.documented.contains(method.as_str()),
            None if known.documented.is_empty() => false,
            None => return shortfall(known, &self.rows, self.only),
        };
        (!is_documented).then(|| format!("`{}` is routed, but not documented", name(known.row)))
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
            let documented = covered.find(|known| !known.documented.is_empty())?;
            format!("`{path}` is left out of the document, which has `{}`", name(documented.row))
        };
        Some(ConfigError::new(ConfigCode::InvalidExclusion, message))
    }
}

pub(crate) fn name(row: &RouteRow) -> String {
    let method = row.method.as_ref().map_or("ANY", http::Method::as_str);
    format!("{method} {}", Escaped::new(&row.path))
}
