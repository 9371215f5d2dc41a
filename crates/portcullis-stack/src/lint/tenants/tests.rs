use http::Method;
use portcullis_authz::{
    Ask, DecisionPoint, Question, Rule, ask, danger_any_tenant, role, scope, tenant_matches,
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
    for path in ["/tenants/{tenant}/checked", "/tenants/{tenant}/b", "/other/{tenant}", "/rest/{*tenant}"] {
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

#[track_caller]
fn check_rule(path: &str, rule: Rule, expected: &[&str]) {
    check(path, RoutePolicy::requires(rule), expected);
}

#[test]
fn a_tenant_under_another_name_is_a_tenant_all_the_same() {
    let forgotten = || scope("a");
    for (path, name) in
        [("/tenants/{tennant}/b", "tennant"), ("/tenants/{id}", "id"), ("/tenants/{id}/of/{tenant_2}", "id")]
    {
        check_rule(path, forgotten(), &["P229"]);
        check_rule(path, forgotten().and(tenant_matches(name)), &[]);
        check_rule(path, role("operator").and(danger_any_tenant(name)), &[]);
        check_rule(path, forgotten().and(tenant_matches(name).shadowed()), &["P229"]);
        check(path, RoutePolicy::public("on every page of the tenant"), &[]);
        check(path, RoutePolicy::requires(forgotten()).asks(point(name)), &[]);
    }
}

#[test]
fn a_parameter_in_another_place_is_another_one() {
    for path in [
        "/users/{id}",
        "/tenants/checked",
        "/tenants/all/{id}",
        "/tenants-of/{id}",
        "/Tenants/{id}",
        "/tenants/x-{id}",
        "/v2/tenants/{id}",
        "/{page}",
        "/tenants/{{id}}",
    ] {
        check_rule(path, scope("a"), &[]);
    }
}

#[test]
fn what_stands_behind_other_parameters_is_in_the_same_place_whatever_these_are_called() {
    let found = |paths: [&str; 2], first: Rule| {
        let mut table = RouteTable::new();
        for (path, rule) in paths.into_iter().zip([first, scope("b")]) {
            table.add(Some(Method::GET), path, RoutePolicy::requires(rule), "handler");
        }
        table.lint().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let own = || tenant_matches("tenant");
    let told = found(["/r/{region}/t/{tenant}/a", "/r/{zone}/t/{id}/b"], own());
    assert!(told.len() == 1 && told[0].contains("(id)"), "{told:?}");
    assert!(found(["/r/{region}/t/{tenant}/a", "/r/{zone}/u/{id}/b"], own()).is_empty());
    assert!(found(["/r/{region}/t/{tenant}/a", "/r/{zone}/t/b"], own()).is_empty());
    // Each is told of once, also where its name says it already.
    assert_eq!(found(["/t/{tenant}/a", "/t/{tenant}/b"], own()).len(), 1);
    // Where all that look only watch, one is to watch.
    assert_eq!(found(["/t/{tenant}/a", "/t/{id}/b"], scope("a").and(own().shadowed())).len(), 1);
}

#[test]
fn where_all_watch_it_whatever_they_call_it_nothing_is_forgotten() {
    let mut table = RouteTable::new();
    for name in ["tenant", "id"] {
        let rule = scope("a").and(tenant_matches(name).shadowed());
        table.add(
            Some(Method::GET),
            &format!("/t/{{{name}}}/{name}"),
            RoutePolicy::requires(rule),
            "handler",
        );
    }
    assert!(table.lint().is_empty(), "{:?}", table.lint());
}

#[test]
fn the_error_names_both_parameters_of_one_place() {
    let mut table = RouteTable::new();
    let rules = [("/t/{tenant}/a", scope("a").and(tenant_matches("tenant"))), ("/t/{tennant}/b", scope("a"))];
    for (path, rule) in rules {
        table.add(Some(Method::GET), path, RoutePolicy::requires(rule), "handler");
    }
    assert_eq!(
        table.lint()[0].to_string(),
        "P229: `GET /t/{tennant}/b` does not ask everybody `tenant_matches(tennant)`, and other routes look at \
         `{tenant}` in the place of `{tennant}`"
    );
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
