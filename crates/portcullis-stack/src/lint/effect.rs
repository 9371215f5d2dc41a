//! Settings of a route that change nothing.

use portcullis_authn::Requirement;
use portcullis_core::{ConfigCode, ConfigError};

use crate::policy::RoutePolicy;

/// What whoever wrote the route will wait for in vain.
pub(crate) fn without_effect(policy: &RoutePolicy) -> Option<ConfigError> {
    let rule = policy.rule()?;
    let message = match (policy.requirement, rule.needs_principal()) {
        (Requirement::Optional, true) => {
            format!("credentials are optional, but `{rule}` refuses every request without a caller")
        }
        (Requirement::Required, false) => {
            format!("`{rule}` lets requests in without a caller, but credentials are not optional")
        }
        _ => return None,
    };
    Some(ConfigError::new(ConfigCode::SettingWithoutEffect, message))
}

#[cfg(test)]
mod tests {
    use portcullis_authz::{Rule, anonymous, authenticated, scope};

    use super::*;

    #[track_caller]
    fn check(rule: Rule, required: bool, optional: bool) {
        let policy = RoutePolicy::requires(rule);
        assert_eq!(without_effect(&policy).is_some(), required, "{policy}");
        let policy = policy.optional();
        assert_eq!(without_effect(&policy).is_some(), optional, "{policy}");
    }

    #[test]
    fn optional_credentials_and_a_rule_for_callers_without_go_together_or_not_at_all() {
        check(authenticated(), false, true);
        check(scope("a"), false, true);
        check(!scope("a"), false, true);
        check(anonymous().or(authenticated()), true, false);
        check(anonymous().or(scope("a")), true, false);
        check(anonymous().and(scope("a")), false, true);
    }

    #[test]
    fn a_public_route_has_neither() {
        assert!(without_effect(&RoutePolicy::public("x").optional()).is_none());
    }
}
