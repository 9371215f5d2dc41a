//! Tenants in paths that some routes look at and others do not.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_authz::Rule;
use portcullis_authz::engine::Ask;
use portcullis_core::{ConfigCode, ConfigError, Mode};

use crate::table::{RouteRow, method_name};

/// Routes that let callers by whom nobody asked for the tenant, by a parameter of which another route asks
/// [`tenant_matches`](portcullis_authz::tenant_matches): whoever wrote them forgot it. It is the same parameter where it has the
/// same name, and where it stands in the same place. Where all that ask only watch, a route is to watch too. A public route has
/// given its reason.
pub(super) fn unchecked(rows: &[RouteRow]) -> Vec<ConfigError> {
    let (mut enforced, mut watched) = (Tenants::default(), Tenants::default());
    for (row, rule) in ruled(rows) {
        let parameters = parameters(&row.path);
        enforced.add(&parameters, &rule.tenant_parameters());
        watched.add(&parameters, &rule.path_parameters());
    }
    let mut errors = Vec::new();
    for (row, _) in ruled(rows) {
        for parameter in parameters(&row.path) {
            let name = parameter.name;
            let forgotten = match enforced.like(&parameter) {
                Some(other) => (!is_heeded(row, name)).then_some(other),
                None => watched.like(&parameter).filter(|_| !is_read(row, name)),
            };
            let Some(other) = forgotten else { continue };
            let place = if other == name { String::new() } else { format!(" in the place of `{{{name}}}`") };
            let message = format!(
                "`{} {}` does not ask everybody `tenant_matches({name})`, and other routes look at `{{{other}}}`{place}",
                method_name(row),
                row.path
            );
            errors.push(ConfigError::new(ConfigCode::UncheckedTenant, message));
        }
    }
    errors
}

fn ruled(rows: &[RouteRow]) -> impl Iterator<Item = (&RouteRow, &Rule)> {
    rows.iter().filter_map(|row| Some((row, row.policy.rule()?)))
}

/// What rules look at as tenants.
#[derive(Default)]
struct Tenants<'a> {
    names: BTreeSet<&'a str>,
    /// The first name of each place.
    places: BTreeMap<String, &'a str>,
}

impl<'a> Tenants<'a> {
    fn add(&mut self, parameters: &[Parameter<'a>], looked_at: &[&'a str]) {
        self.names.extend(looked_at);
        for parameter in parameters.iter().filter(|parameter| looked_at.contains(&parameter.name)) {
            self.places.entry(parameter.place.clone()).or_insert(parameter.name);
        }
    }

    /// The name under which it is looked at: its own, or else another one of its place.
    fn like(&self, parameter: &Parameter<'_>) -> Option<&'a str> {
        let same = self.names.get(parameter.name);
        same.or_else(|| self.places.get(&parameter.place)).copied()
    }
}

struct Parameter<'a> {
    name: &'a str,
    /// The path before it, without the names of the parameters there.
    place: String,
}

fn parameters(path: &str) -> Vec<Parameter<'_>> {
    let mut parameters = Vec::new();
    let mut place = String::new();
    let mut rest = path;
    while let Some((literal, after)) = rest.split_once('{') {
        place.push_str(literal);
        place.push('{');
        rest = after;
        // A brace that stands twice is one that is meant as it is.
        if let Some(after) = after.strip_prefix('{') {
            rest = after;
        } else if let Some((name, after)) = after.split_once('}') {
            let name = name.strip_prefix('*').unwrap_or(name);
            parameters.push(Parameter { name, place: place.clone() });
            place.push('}');
            rest = after;
        }
    }
    parameters
}

/// Whether everybody is asked, in earnest.
fn is_heeded(row: &RouteRow, name: &str) -> bool {
    is_asked_about(row, name, |ask| ask.mode() == Mode::Enforce)
        || row.policy.rule().is_some_and(|rule| rule.heeds_tenant(name))
}

/// Whether anything looks at it, if only to watch.
fn is_read(row: &RouteRow, name: &str) -> bool {
    is_asked_about(row, name, |_| true)
        || row.policy.rule().is_some_and(|rule| rule.path_parameters().contains(&name))
}

fn is_asked_about(row: &RouteRow, name: &str, counts: impl Fn(&Ask) -> bool) -> bool {
    row.policy.asks.iter().any(|ask| counts(ask) && ask.path_parameters().any(|read| read == name))
}

#[cfg(test)]
mod tests;
