//! Tenants in paths that some routes look at and others do not.

use std::collections::BTreeSet;

use portcullis_authz::Rule;
use portcullis_authz::engine::Ask;
use portcullis_core::{ConfigCode, ConfigError, Mode};

use crate::security::has_parameter;
use crate::table::{RouteRow, method_name};

/// Routes that let callers by whom nobody asked for the tenant, by a parameter of which another route asks
/// [`tenant_matches`](portcullis_authz::tenant_matches): whoever wrote them forgot it. Where all that ask only watch, a route is to
/// watch too. A public route has given its reason.
pub(super) fn unchecked(rows: &[RouteRow]) -> Vec<ConfigError> {
    let rules = || rows.iter().filter_map(|row| row.policy.rule());
    let enforced: BTreeSet<&str> = rules().flat_map(Rule::tenant_parameters).collect();
    let of_tenants: BTreeSet<&str> = rules().flat_map(Rule::path_parameters).collect();
    let mut errors = Vec::new();
    for row in rows.iter().filter(|row| row.policy.rule().is_some()) {
        let is_open = |name: &&str| {
            has_parameter(&row.path, name)
                && if enforced.contains(name) { !is_heeded(row, name) } else { !is_read(row, name) }
        };
        for name in of_tenants.iter().copied().filter(is_open) {
            let message = format!(
                "`{} {}` does not ask everybody `tenant_matches({name})`, and other routes look at `{{{name}}}`",
                method_name(row),
                row.path
            );
            errors.push(ConfigError::new(ConfigCode::UncheckedTenant, message));
        }
    }
    errors
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
mod tests {
    use http::Method;
    use portcullis_authz::{
        Ask, DecisionPoint, Question, ask, danger_any_tenant, role, scope, tenant_matches,
    };
    use portcullis_core::{Decision, Mode, Reason, Step};

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
    }

    #[test]
    fn a_route_for_operators_says_that_any_tenant_will_do() {
        let operators = || role("operator").and(danger_any_tenant("tenant"));
        let watched = || tenant_matches("tenant").shadowed();
        check("/tenants/{tenant}", RoutePolicy::requires(operators()), &[]);
        check("/tenants/{tenant}", RoutePolicy::requires(operators().and(watched())), &[]);
        check("/tenants/{tenant}", RoutePolicy::requires(tenant_matches("tenant").or(operators())), &[]);
        check("/tenants/{tenant}", RoutePolicy::requires(role("operator").and(watched())), &["P229"]);
    }

    #[test]
    fn what_is_watched_and_what_is_one_way_of_several_does_not_count() {
        let own = || tenant_matches("tenant");
        check("/tenants/{tenant}", RoutePolicy::requires(scope("a").and(own().shadowed())), &["P229"]);
        let half = own().in_mode(Mode::Percent(50));
        check("/tenants/{tenant}", RoutePolicy::requires(scope("a").and(half)), &["P229"]);
        check("/tenants/{tenant}", RoutePolicy::requires(scope("a").or(own())), &["P229"]);
        let watched = point("tenant").in_mode(Mode::Shadow);
        check("/tenants/{tenant}", RoutePolicy::requires(scope("a")).asks(watched), &["P229"]);
    }

    #[test]
    fn a_rollout_that_watches_it_everywhere_is_left_alone_and_one_that_forgets_a_route_is_not() {
        let mut table = RouteTable::new();
        let watched = || scope("a").and(tenant_matches("tenant").shadowed());
        for path in ["/t/{tenant}/a", "/t/{tenant}/b"] {
            table.add(Some(Method::GET), path, RoutePolicy::requires(watched()), "handler");
        }
        assert!(table.lint().is_empty());
        table.add(Some(Method::GET), "/t/{tenant}/c", RoutePolicy::requires(scope("a")), "handler");
        assert_eq!(table.lint().len(), 1);
    }

    /// Where each of the others has a way around for operators, the one that asks nobody is found all the same.
    #[test]
    fn an_alternative_for_operators_does_not_hide_the_route_that_was_forgotten() {
        let mut table = RouteTable::new();
        let operators = role("operator").and(danger_any_tenant("tenant"));
        let own = || tenant_matches("tenant");
        for (path, rule) in [
            ("/t/{tenant}/a", own().or(operators)),
            ("/t/{tenant}/b", own().or(role("operator"))),
            ("/t/{tenant}/c", scope("a")),
        ] {
            table.add(Some(Method::GET), path, RoutePolicy::requires(rule), "handler");
        }
        let found: Vec<String> = table.lint().iter().map(ToString::to_string).collect();
        assert!(found.len() == 2 && found[0].contains("/t/{tenant}/b") && found[1].contains("/t/{tenant}/c"));
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
            "P229: `GET /t/{tenant}/b` does not ask everybody `tenant_matches(tenant)`, and other routes look at `{tenant}`"
        );
    }
}
