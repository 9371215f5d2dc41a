//! What is allowed, and still worth a look.

use http::Method;
use portcullis_authz::{Alternative, Demand};
use portcullis_core::{ConfigCode, ConfigError, CredentialMethod, Mode};
use portcullis_ratelimit::{Limit, Phase};

use crate::policy::RoutePolicy;
use crate::table::{Everywhere, RouteRow, method_name};

/// What the table knows of a configured scheme.
#[derive(Clone, Debug)]
pub(crate) struct KnownScheme {
    pub(crate) name: String,
    pub(crate) method: CredentialMethod,
    pub(crate) only_where_named: bool,
}

impl KnownScheme {
    fn is_taken_by(&self, policy: &RoutePolicy) -> bool {
        match (&policy.schemes, policy.rule()) {
            (_, None) => false,
            (None, _) => !self.only_where_named,
            (Some(names), _) => names.iter().any(|name| *name == self.name),
        }
    }
}

/// What each route, and then the whole, might have been meant otherwise.
pub(crate) fn advice(rows: &[RouteRow], everywhere: &Everywhere) -> Vec<ConfigError> {
    let mut advice = Vec::new();
    let has_guards = rows.iter().any(has_guard);
    for row in rows {
        let mut say = |code, message: String| {
            advice.push(ConfigError::new(code, format!("{} {}: {message}", method_name(row), row.path)));
        };
        if changes_something(row) {
            if let Some(reason) = row.policy.public_reason() {
                say(
                    ConfigCode::PublicChange,
                    format!("anybody may change something (`{}`)", reason.escape_debug()),
                );
            } else if takes_any_caller(row, everywhere) {
                say(ConfigCode::AnyCallerChanges, "every caller may change something".to_owned());
            }
        }
        if let Some(message) = row.policy.demands().iter().find_map(unenforced) {
            say(ConfigCode::UnenforcedPolicyHolds, message);
        }
        if let Some(parameter) = unguarded_parameter(row).filter(|_| has_guards) {
            say(
                ConfigCode::UnguardedParameter,
                format!(
                    "nothing but scopes is asked for, whatever `{{{parameter}}}` names; other routes have a guard"
                ),
            );
        }
        let password =
            everywhere.known.iter().find(|scheme| is_password(scheme) && scheme.is_taken_by(&row.policy));
        let counted = everywhere.counts_attempts || row.policy.limits.iter().any(counts_attempts);
        if let Some(password) = password.filter(|_| !counted) {
            say(
                ConfigCode::UnlimitedAttempts,
                format!("nobody counts how often a password is guessed by scheme `{}`", password.name),
            );
        }
    }
    let unused =
        everywhere.known.iter().filter(|scheme| !rows.iter().any(|row| scheme.is_taken_by(&row.policy)));
    advice.extend(unused.map(|scheme| {
        ConfigError::new(ConfigCode::SchemeNeverTaken, format!("no route takes scheme `{}`", scheme.name))
    }));
    advice
}

/// What becomes of a policy that is not enforced and has to wait.
fn unenforced(demand: &Demand) -> Option<String> {
    if demand.holds_requests() {
        return Some(format!(
            "requests wait for `{demand}`, though it is not enforced for all of them: make its policy `Detached`"
        ));
    }
    demand.is_polled_once().then(|| {
        format!(
            "the policy of `{demand}` is not awaited where it is not enforced, so that little is learned of it: make it \
             `Detached`"
        )
    })
}

/// RFC 9110 §9.2.1: whether the method is not known to be safe.
fn changes_something(row: &RouteRow) -> bool {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
    row.method.as_ref().is_none_or(|method| !safe.contains(method) && method.as_str() != "QUERY")
}

/// Whether a policy is asked about a resource.
fn has_guard(row: &RouteRow) -> bool {
    row.policy.demands().iter().any(Demand::asks_policy)
}

/// A parameter of the path that can name somebody else's resource: whoever has the scopes may put anything there, and no
/// guard, no decision point and no other condition of the rule looks at it.
fn unguarded_parameter(row: &RouteRow) -> Option<String> {
    let ways = row.policy.rule().and_then(|rule| rule.alternatives())?;
    let asks_scopes_alone =
        |way: &Alternative| way.roles.is_empty() && way.conditions.is_empty() && !way.anonymous;
    if has_guard(row) || !row.policy.asks.is_empty() || !ways.iter().any(asks_scopes_alone) {
        return None;
    }
    // A brace that stands twice is one that is meant as it is.
    let path = row.path.replace("{{", "").replace("}}", "");
    let (_, rest) = path.rsplit_once('{')?;
    let (name, _) = rest.split_once('}')?;
    (!name.starts_with('*')).then(|| name.to_owned())
}

/// Whether nothing is asked of a caller but to be known: not by the rule, a decision point, or what the
/// handler takes. To log in by password
/// is what a caller does who has nothing else yet.
fn takes_any_caller(row: &RouteRow, everywhere: &Everywhere) -> bool {
    let Some(ways) = row.policy.rule().and_then(|rule| rule.alternatives()) else { return false };
    let is_free = |way: &Alternative| {
        way.scopes.is_empty() && way.roles.is_empty() && way.conditions.is_empty() && !way.anonymous
    };
    let mut taken = everywhere.known.iter().filter(|scheme| scheme.is_taken_by(&row.policy)).peekable();
    let logs_in = taken.peek().is_some() && taken.all(is_password);
    // What is only watched is not demanded.
    let is_asked = row.policy.asks.iter().any(|ask| ask.mode() != Mode::Shadow);
    ways.iter().any(is_free) && !is_asked && row.policy.demands().iter().all(Demand::is_watched) && !logs_in
}

fn is_password(scheme: &KnownScheme) -> bool {
    scheme.method == CredentialMethod::Basic
}

fn counts_attempts(limit: &Limit) -> bool {
    limit.phase() == Phase::Attempt
}
