//! A rule that many routes share, beside the rule of each.

use portcullis_authz::Rule;
use portcullis_core::{ConfigCode, ConfigError};

use crate::carried::implies;
use crate::policy::{Access, Carried, RoutePolicy};

impl RoutePolicy {
    /// This policy, and callers must satisfy the rule, too. Of two rules of which one implies the other
    /// ([`Rule::implies`]) the stricter one alone is kept.
    ///
    /// # Errors
    /// `P240`, if the route is public.
    ///
    /// ```
    /// use portcullis_authz::{scope, tenant_matches};
    /// use portcullis_stack::RoutePolicy;
    ///
    /// let read = RoutePolicy::requires(scope("invoices:read")).and_requires(&tenant_matches("tenant"))?;
    /// assert_eq!(read.to_string(), "scope(invoices:read) and tenant_matches(tenant)");
    ///
    /// let error = RoutePolicy::public("for all").and_requires(&tenant_matches("tenant")).unwrap_err();
    /// assert_eq!(error.code().code(), "P240");
    /// # Ok::<(), portcullis_core::ConfigError>(())
    /// ```
    pub fn and_requires(self, rule: &Rule) -> Result<Self, ConfigError> {
        let own = match self.access {
            Access::Public(reason) => {
                let message =
                    format!("the route is public ({reason}), but all routes beside it require `{rule}`");
                return Err(ConfigError::new(ConfigCode::PublicAgainstRule, message));
            }
            Access::Rule(own) => own,
        };
        let (rule, carried) = match self.carried {
            // Joined to what the handler carries as soon as that is known.
            Carried::Awaited => (rule.clone(), Carried::Apart),
            carried if implies(&own, rule) => (own, carried),
            // Both together would be a rule of which a part has no effect.
            Carried::Contained if implies(rule, &own) => (rule.clone(), Carried::Implied),
            carried if implies(rule, &own) => (rule.clone(), carried),
            carried => (own.and(rule.clone()), carried),
        };
        Ok(Self { access: Access::Rule(rule), carried, ..self })
    }
}

#[cfg(test)]
mod tests {
    use portcullis_authz::{anonymous, authenticated, role, scope, tenant_matches};

    use super::*;

    #[track_caller]
    fn check(own: Rule, shared: &Rule, expected: &str) {
        let policy = RoutePolicy::requires(own).and_requires(shared).unwrap();
        assert_eq!(policy.to_string(), expected);
        assert_eq!(policy.rule().unwrap().lint(), []);
    }

    #[test]
    fn both_rules_must_be_satisfied_and_none_is_written_twice() {
        check(scope("a"), &tenant_matches("t"), "scope(a) and tenant_matches(t)");
        check(scope("a").and(tenant_matches("t")), &tenant_matches("t"), "scope(a) and tenant_matches(t)");
        check(scope("a"), &authenticated(), "scope(a)");
        check(authenticated(), &role("r"), "role(r)");
    }

    #[test]
    fn an_alternative_of_the_route_is_no_way_around() {
        let own = scope("a").or(role("admin"));
        check(own, &tenant_matches("t"), "(scope(a) or role(admin)) and tenant_matches(t)");
    }

    /// The gate reports the alternative that the shared rule leaves without effect; the rule does not vanish.
    #[test]
    fn whoever_does_not_log_in_is_refused_where_the_shared_rule_says_so() {
        let own = RoutePolicy::requires(scope("a").or(anonymous()));
        let policy = own.and_requires(&authenticated()).unwrap();
        assert_eq!(policy.to_string(), "(scope(a) or anonymous) and authenticated");
        let codes: Vec<_> = policy.rule().unwrap().lint().iter().map(|error| error.code().code()).collect();
        assert_eq!(codes, ["P214"]);
    }

    #[test]
    fn a_handler_whose_rule_was_left_out_asks_it_itself() {
        let carried = RoutePolicy::requires(authenticated());
        let both = || RoutePolicy::left_to(&carried).with_carried(&carried).unwrap();
        assert!(both().contains_carried());
        assert!(both().and_requires(&authenticated()).unwrap().contains_carried());
        assert!(!both().and_requires(&role("r")).unwrap().contains_carried());
    }

    #[test]
    fn what_the_handler_carries_comes_on_top() {
        let carried = RoutePolicy::requires(scope("a"));
        let left = RoutePolicy::left_to(&carried).and_requires(&tenant_matches("t")).unwrap();
        let whole = left.with_carried(&carried).unwrap();
        assert_eq!(whole.to_string(), "scope(a) and tenant_matches(t)");
    }
}
