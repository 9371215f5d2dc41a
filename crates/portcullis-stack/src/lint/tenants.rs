//! Tenants in paths that some routes look at and others do not.

use std::collections::BTreeSet;

use portcullis_authz::Rule;
use portcullis_core::{ConfigCode, ConfigError};

use crate::security::has_parameter;
use crate::table::{RouteRow, method_name};

/// Routes that read no parameter that [`tenant_matches`](portcullis_authz::tenant_matches) of another route reads: whoever
/// wrote them forgot it. A public route has given its reason.
pub(super) fn unchecked(rows: &[RouteRow]) -> Vec<ConfigError> {
    let of_tenants: BTreeSet<&str> = rows.iter().flat_map(read_by_rule).collect();
    let mut errors = Vec::new();
    for row in rows.iter().filter(|row| row.policy.rule().is_some()) {
        let is_unread = |name: &&str| has_parameter(&row.path, name) && !is_read(row, name);
        for name in of_tenants.iter().copied().filter(is_unread) {
            let message = format!(
                "`{} {}` does not ask `tenant_matches({name})`, and other routes with `{{{name}}}` do",
                method_name(row),
                row.path
            );
            errors.push(ConfigError::new(ConfigCode::UncheckedTenant, message));
        }
    }
    errors
}

fn is_read(row: &RouteRow, name: &str) -> bool {
    let asks = row.policy.asks.iter().flat_map(|ask| ask.path_parameters());
    read_by_rule(row).into_iter().chain(asks).any(|read| read == name)
}

fn read_by_rule(row: &RouteRow) -> Vec<&str> {
    row.policy.rule().map(Rule::path_parameters).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::Method;
    use portcullis_authz::{Ask, DecisionPoint, Question, ask, role, scope, tenant_matches};
    use portcullis_core::{Decision, Reason, Step};

    use crate::{RoutePolicy, RouteTable};

    struct Nobody;

    impl DecisionPoint for Nobody {
        fn name(&self) -> &str {
            "nobody"
        }
        fn decide(&self, _: &Question<'_>) -> Step<Decision> {
            Step::Done(Decision::deny(Reason::PolicyDenied))
        }
    }

    /// Beside a route that looks at the tenant.
    #[track_caller]
    fn check(path: &str, policy: RoutePolicy, expected: &[&str]) {
        let mut table = RouteTable::new();
        let checked = RoutePolicy::requires(scope("a").and(tenant_matches("tenant")));
        table.add(Some(Method::GET), "/tenants/{tenant}/checked", checked, "handler");
        table.add(Some(Method::POST), path, policy, "handler");
        let codes: Vec<_> = table.lint().iter().map(|error| error.code().code()).collect();
        assert_eq!(codes, expected, "{path}");
    }

    #[test]
    fn a_route_that_does_not_look_at_the_tenant_is_an_error_where_others_do() {
        for path in ["/tenants/{tenant}/checked", "/tenants/{tenant}/b", "/other/{tenant}", "/rest/{*tenant}"]
        {
            check(path, RoutePolicy::requires(scope("a")), &["P229"]);
            check(path, RoutePolicy::requires(scope("a").and(tenant_matches("tenant"))), &[]);
        }
    }

    #[test]
    fn what_says_why_or_has_no_such_parameter_is_left_alone() {
        check("/tenants/{tenant}/logo", RoutePolicy::public("on every page of the tenant"), &[]);
        check("/mine", RoutePolicy::requires(scope("a")), &[]);
        check("/tenants/{tenant}", RoutePolicy::requires(scope("a")).asks(point("tenant")), &[]);
        check("/tenants/{tenant}/{id}", RoutePolicy::requires(scope("a")).asks(point("id")), &["P229"]);
        let operators = role("operator").and(tenant_matches("tenant").shadowed());
        check("/tenants/{tenant}", RoutePolicy::requires(operators), &[]);
    }

    fn point(parameter: &str) -> Ask {
        ask(Nobody).action("see").resource("tenant").id_from_path(parameter)
    }

    #[test]
    fn where_no_route_looks_at_it_a_parameter_is_no_tenant() {
        let mut table = RouteTable::new();
        table.add(Some(Method::GET), "/tenants/{tenant}", RoutePolicy::requires(scope("a")), "handler");
        assert!(table.lint().is_empty());
    }

    #[test]
    fn the_error_names_the_route_and_the_parameter() {
        let mut table = RouteTable::new();
        let rules = [("/t/{tenant}/a", tenant_matches("tenant")), ("/t/{tenant}/b", scope("b"))];
        for (path, rule) in rules {
            table.add(Some(Method::GET), path, RoutePolicy::requires(rule), "handler");
        }
        assert_eq!(
            table.lint()[0].to_string(),
            "P229: `GET /t/{tenant}/b` does not ask `tenant_matches(tenant)`, and other routes with `{tenant}` do"
        );
    }
}
