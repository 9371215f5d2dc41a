//! One operation, from the route that enforces.

use std::collections::BTreeSet;

use http::StatusCode;
use portcullis_authn::Requirement;
use portcullis_authz::{Alternative, MAX_ALTERNATIVES, Rule};
use portcullis_core::{ConfigErrors, Mode};
use portcullis_stack::{RoutePolicy, RouteRow, Security};
use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;

use crate::problems;
use crate::schemes::Keys;

/// The extension for what OpenAPI has no words for.
const EXTENSION: &str = "x-portcullis";

/// The extension for what is refused whoever allows it.
const FORBID: &str = "x-portcullis-forbid";

/// Describes operations, and remembers what they refer to.
pub(crate) struct Describe<'a> {
    security: &'a Security,
    keys: &'a Keys,
    problems: &'a [StatusCode],
    conditions: bool,
    used_keys: BTreeSet<String>,
    used_problems: BTreeSet<StatusCode>,
}

impl<'a> Describe<'a> {
    pub(crate) fn new(
        security: &'a Security,
        keys: &'a Keys,
        problems: &'a [StatusCode],
        conditions: bool,
    ) -> Self {
        let (used_keys, used_problems) = (BTreeSet::new(), BTreeSet::new());
        Self { security, keys, problems, conditions, used_keys, used_problems }
    }

    /// The keys of the schemes and the problem responses that operations refer to.
    pub(crate) fn into_used(self) -> (BTreeSet<String>, BTreeSet<StatusCode>) {
        (self.used_keys, self.used_problems)
    }

    /// Whatever the operation said of security before is replaced.
    pub(crate) fn operation(
        &mut self,
        operation: &mut Operation,
        row: &RouteRow,
    ) -> Result<(), ConfigErrors> {
        let policy = &row.policy;
        let schemes = self.security.route_schemes(policy)?;
        let rule = self.security.route_rule(&row.path, policy)?;
        let forbidden = rule.as_ref().map(Rule::forbidden).unwrap_or_default();
        let mut ways = rule.map(|rule| rule.alternatives().unwrap_or_else(too_many));
        // What a decision point and the handler ask for holds whichever way the rule is satisfied.
        let asked = policy.questions().iter().filter(|ask| ask.mode() != Mode::Shadow);
        let asked = asked.map(|ask| format!("ask({})", ask.point()));
        let asked: Vec<String> = asked.chain(policy.demands().iter().cloned()).collect();
        for way in ways.iter_mut().flatten() {
            way.conditions.extend_from_slice(&asked);
        }
        let mut requirements = Vec::new();
        if let (Some(schemes), Some(ways)) = (&schemes, &ways) {
            let names: Vec<&str> = schemes.iter().map(|(name, _)| name).collect();
            for way in ways.iter().filter(|way| !way.anonymous) {
                for key in names.iter().flat_map(|name| self.keys.of(name)) {
                    self.used_keys.insert(key.to_owned());
                    let scopes = way.scopes.iter().map(|scope| scope.as_str());
                    add_new(&mut requirements, SecurityRequirement::new(key, scopes));
                }
            }
            if admits_without_caller(policy) && ways.iter().any(|way| way.anonymous) {
                requirements.push(SecurityRequirement::default());
            }
            // An empty list would say that everybody may.
            if requirements.is_empty() {
                for key in names.iter().flat_map(|name| self.keys.of(name)) {
                    self.used_keys.insert(key.to_owned());
                    add_new(&mut requirements, SecurityRequirement::new(key, [] as [&str; 0]));
                }
            }
        }
        operation.security = Some(requirements);
        if let Some(ways) = ways.as_deref().filter(|_| self.conditions) {
            write_conditions(operation, ways);
            if !forbidden.is_empty() {
                let extensions = operation.extensions.get_or_insert_with(Extensions::default);
                extensions.insert(FORBID.to_owned(), forbidden.into());
            }
        }
        for status in self.problems {
            let may = self.may_answer(*status, row, ways.as_deref());
            if may && problems::refer(*status, &mut operation.responses) {
                self.used_problems.insert(*status);
            }
        }
        Ok(())
    }

    fn may_answer(&self, status: StatusCode, row: &RouteRow, ways: Option<&[Alternative]>) -> bool {
        match status {
            // The head of a request may be malformed, and something may fail, whatever the route.
            StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
                true
            }
            StatusCode::UNAUTHORIZED => ways.is_some(),
            StatusCode::FORBIDDEN => ways.is_some_and(|ways| ways.iter().any(asks_for_something)),
            // What a path names may not exist, or not for this caller.
            StatusCode::NOT_FOUND => row.path.contains('{') || !row.policy.demands().is_empty(),
            StatusCode::TOO_MANY_REQUESTS => self.security.is_limited(&row.policy),
            _ => false,
        }
    }
}

/// Whether a request without a caller is one that the rule alone decides: decision points and handlers want a caller.
fn admits_without_caller(policy: &RoutePolicy) -> bool {
    policy.requirement() == Requirement::Optional
        && policy.demands().is_empty()
        && !policy.questions().iter().any(|ask| ask.mode() == Mode::Enforce)
}

fn asks_for_something(way: &Alternative) -> bool {
    !way.scopes.is_empty() || has_conditions(way)
}

fn has_conditions(way: &Alternative) -> bool {
    !way.roles.is_empty() || !way.conditions.is_empty()
}

fn too_many() -> Vec<Alternative> {
    let mut way = Alternative::default();
    way.conditions.push(format!("one of more than {MAX_ALTERNATIVES} ways to satisfy the rule"));
    vec![way]
}

fn add_new(list: &mut Vec<SecurityRequirement>, requirement: SecurityRequirement) {
    if !list.contains(&requirement) {
        list.push(requirement);
    }
}

/// `{"demands": [{"scopes": [..], "roles": [..], "conditions": [..]}, ..]}`, if there is more than scopes.
fn write_conditions(operation: &mut Operation, ways: &[Alternative]) {
    if !ways.iter().any(has_conditions) {
        return;
    }
    let demands: Vec<Value> = ways.iter().map(demand).collect();
    let extensions = operation.extensions.get_or_insert_with(Extensions::default);
    extensions.insert(EXTENSION.to_owned(), json!({ "demands": demands }));
}

fn demand(way: &Alternative) -> Value {
    let mut demand = Map::new();
    let scopes: Vec<&str> = way.scopes.iter().map(|scope| scope.as_str()).collect();
    let roles: Vec<&str> = way.roles.iter().map(AsRef::as_ref).collect();
    let conditions: Vec<&str> = way.conditions.iter().map(String::as_str).collect();
    for (member, list) in [("scopes", scopes), ("roles", roles), ("conditions", conditions)] {
        if !list.is_empty() {
            demand.insert(member.to_owned(), list.into());
        }
    }
    if way.anonymous {
        demand.insert("anonymous".to_owned(), true.into());
    }
    demand.into()
}
