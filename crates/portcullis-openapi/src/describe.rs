//! One operation, from the route that enforces.

use std::collections::BTreeSet;

use http::StatusCode;
use portcullis_authn::Requirement;
use portcullis_authz::{Alternative, Demand, MAX_ALTERNATIVES, Rule};
use portcullis_core::{ConfigErrors, Mode, ProblemType, Scope};
use portcullis_stack::{RoutePolicy, RouteRow, Security};
use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;

use crate::problems::{self, DEFAULT_PROBLEMS};
use crate::schemes::Keys;

/// The extension for what OpenAPI has no words for.
const EXTENSION: &str = "x-portcullis";

/// The extension for what is refused whoever allows it.
const FORBID: &str = "x-portcullis-forbid";

/// Describes operations, and remembers what they refer to.
pub(crate) struct Describe<'a> {
    security: &'a Security,
    keys: &'a Keys,
    /// `None` for those that are told unless others are named.
    problems: Option<&'a [StatusCode]>,
    conditions: bool,
    used_keys: BTreeSet<String>,
    used_problems: BTreeSet<StatusCode>,
}

impl<'a> Describe<'a> {
    pub(crate) fn new(
        security: &'a Security,
        keys: &'a Keys,
        problems: Option<&'a [StatusCode]>,
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
        // For people, with what is not enforced for every request.
        let marked = rule.as_ref().map(|rule| rule.marked_alternatives().unwrap_or_else(too_many));
        let mut ways = rule.map(|rule| rule.alternatives().unwrap_or_else(too_many));
        let forbids = ways.iter().flatten().any(asks_for_something) || is_asked(policy);
        let scopes: Vec<Scope> = policy.demands().iter().flat_map(Demand::scopes).cloned().collect();
        for way in ways.iter_mut().flatten() {
            add_scopes(way, &scopes);
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
                    add_new(
                        &mut requirements,
                        SecurityRequirement::new(key, scopes.iter().map(Scope::as_str)),
                    );
                }
            }
        }
        operation.security = Some(requirements);
        if let Some(mut ways) = marked.filter(|_| self.conditions) {
            let besides = besides(policy);
            for way in &mut ways {
                way.conditions.extend_from_slice(&besides);
                add_scopes(way, &scopes);
            }
            write_conditions(operation, &ways);
            if !forbidden.is_empty() {
                let extensions = operation.extensions.get_or_insert_with(Extensions::default);
                extensions.insert(FORBID.to_owned(), forbidden.into());
            }
        }
        for status in self.problems.unwrap_or(&DEFAULT_PROBLEMS) {
            let may = self.may_answer(*status, row, ways.is_some(), forbids);
            if may && problems::refer(*status, &mut operation.responses) {
                self.used_problems.insert(*status);
            }
        }
        Ok(())
    }

    /// `asks` is whether the route wants a caller, `forbids` whether its rule or a decision point wants more of them.
    fn may_answer(&self, status: StatusCode, row: &RouteRow, asks: bool, forbids: bool) -> bool {
        // What is read has a size, and a client that may send it slowly.
        let reads_body = || row.policy.handler_may_answer(ProblemType::ContentTooLarge);
        let handler = || {
            let mut problems = ProblemType::ALL.iter().filter(|problem| problem.status() == status);
            problems.any(|problem| row.policy.handler_may_answer(*problem))
        };
        match status {
            // Something may fail, whatever the route.
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => true,
            // So may the head of a request be malformed: that is told by those who want to tell it.
            StatusCode::BAD_REQUEST => self.problems.is_some() || handler(),
            StatusCode::UNAUTHORIZED => asks,
            StatusCode::FORBIDDEN => forbids || handler(),
            StatusCode::REQUEST_TIMEOUT => reads_body() || handler(),
            // What a path names may not exist, or not for this caller.
            StatusCode::NOT_FOUND => row.path.contains('{') || handler(),
            StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => handler(),
            StatusCode::TOO_MANY_REQUESTS => self.security.is_limited(&row.policy),
            _ => false,
        }
    }
}

/// Whether a request without a caller is one that the rule alone decides: decision points and handlers want a caller.
fn admits_without_caller(policy: &RoutePolicy) -> bool {
    policy.requirement() == Requirement::Optional && policy.demands().is_empty() && !is_asked(policy)
}

/// Whether a decision point keeps anybody out, if only of a share of requests.
fn is_asked(policy: &RoutePolicy) -> bool {
    policy.questions().iter().any(|ask| ask.mode() != Mode::Shadow)
}

/// What a decision point and the handler ask for, whichever way the rule is satisfied, as far as OpenAPI has no words for
/// it: it has some for scopes.
fn besides(policy: &RoutePolicy) -> Vec<String> {
    let asked = policy.questions().iter();
    let asked = asked.map(|ask| Demand::new(format!("ask({})", ask.point())).in_mode(ask.mode()).to_string());
    let demands = policy.demands().iter().filter(|demand| !demand.asks_scopes_alone());
    asked.chain(demands.map(ToString::to_string)).collect()
}

fn add_scopes(way: &mut Alternative, scopes: &[Scope]) {
    for scope in scopes {
        if !way.scopes.contains(scope) {
            way.scopes.push(scope.clone());
        }
    }
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
