use std::time::Duration;

use portcullis_core::{Decision, Reason};

use super::super::*;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn check(rule: Rule, expected: &[&str]) {
    let codes: Vec<_> = rule.lint().iter().map(|error| error.code().code()).collect();
    assert_eq!(codes, expected, "{rule}: {:?}", rule.lint());
}

#[test]
fn finds_rules_that_refuse_every_request() {
    check(scope("a").and(!scope("a")), &["P204"]);
    check(!authenticated(), &["P204"]);
    check(!(role("a").or(!role("a"))), &["P204"]);
    check(anonymous().and(scope("a")), &["P204"]);
    check(anonymous().and(authenticated()), &["P204"]);
    check(all_scopes(["a", "b"]).and(!any_scope(["b", "c"])), &["P204"]);
    check(scope("a").and(!scope("a")).or(role("r").and(!role("r"))), &["P204"]);
}

#[test]
fn finds_words_that_mean_nothing_wherever_they_stand() {
    check(any_scope([""; 0]), &["P204"]);
    check(all_scopes([""; 0]), &["P204"]);
    check(role("r").or(any_scope([""; 0])), &["P204"]);
    check(!all_scopes([""; 0]), &["P204"]);
    check(role(""), &["P204"]);
    check(claim("", 1), &["P204"]);
    check(scope(""), &["P206"]);
    check(scope("two words"), &["P206"]);
    check(any_scope(["ok", "\"", "é"]), &["P206", "P206"]);
    check(scope("two words").and(role("")).and(scope("a")).and(!scope("a")), &["P206", "P204", "P204"]);
}

#[test]
fn finds_nothing_wrong_with_rules_that_somebody_satisfies() {
    let custom = || rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(scope("a").and(!scope("b")), &[]);
    check(custom().and(!custom()), &[]);
    check(anonymous(), &[]);
    check(anonymous().or(authenticated()), &[]);
    check(anonymous().and(custom()), &[]);
    check(claim("n", "a").and(claim("n", "b")), &[]);
    check(claim("n", "1").and(!claim("n", 1)), &[]);
}

#[test]
fn one_predicate_cannot_hold_and_not_hold() {
    let custom = rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(custom.clone().and(!custom), &["P204"]);
}

/// A10.1: what no challenge could carry, and what no login has.
#[test]
fn finds_logins_that_nobody_can_have() {
    let [minute, hour] = [60, 3600].map(|seconds| max_age(Duration::from_secs(seconds)));
    check(acr("two words"), &["P107"]);
    check(any_acr(["ok", "\"", "é"]), &["P107", "P107"]);
    check(any_acr([""; 0]), &["P204"]);
    check(acr(""), &["P107"]);
    check(amr(""), &["P204"]);
    check(max_age(Duration::from_millis(999)), &["P204"]);
    check(acr("a").and(!acr("a")), &["P204"]);
    // A login is of one class, and a young one is not old.
    check(acr("a").and(acr("b")), &["P204"]);
    check(acr("a").and(any_acr(["b", "c"])), &["P204"]);
    check(minute.clone().and(!hour.clone()), &["P204"]);
    check(user_only().and(!user_only()), &["P204"]);
    check(acr("a").or(acr("b")), &[]);
    check(acr("a").and(!acr("b")), &["P217"]);
    check(acr("a").and(any_acr(["a", "b"])), &["P217"]);
    check(amr("a").and(amr("b")), &[]);
    check(hour.and(!minute), &[]);
    check(user_only().and(acr("a")).and(amr("b")).and(max_age(Duration::from_secs(1))), &[]);
}

#[test]
fn examines_rules_with_more_conditions_than_it_can_combine() {
    let many: Vec<String> = (0..5000).map(|number| format!("s{number}")).collect();
    check(any_scope(&many).and(role("r")), &[]);
    check(scope("a").and(!scope("a")).and(all_scopes(&many)), &["P204"]);
    // Beyond the limit a contradiction may go unnoticed, but nothing is reported that is not there.
    check(all_scopes(&many).and(!scope("s4999")), &[]);
    check(all_scopes(&many[..12]).and(!scope("s11")), &["P204"]);
}

#[test]
fn messages_say_what_was_written_on_one_line() {
    let errors = scope("a\nb").lint();
    let message = errors[0].message();
    assert!(message.contains(r"`a\u{a}b`") && !message.contains('\n'), "{message}");
    assert!(scope("a").checked().is_ok());
    assert_eq!(scope("a b").and(role("")).checked().unwrap_err().iter().count(), 2);
}

#[test]
fn finds_alternatives_that_never_matter() {
    let custom = rule_fn("x", |_| Decision::allow(Reason::PolicyAllowed));
    check(scope("a").or(scope("a").and(role("b"))), &["P214"]);
    check(scope("a").and(role("b")).or(scope("a")), &["P214"]);
    check(authenticated().or(scope("a")), &["P214"]);
    check(scope("a").or(role("r").and(!role("r"))), &["P214"]);
    check(any_scope(["a", "b"]).or(scope("b")), &["P214"]);
    check(custom.clone().or(custom.and(role("r"))), &["P214"]);
    check(role("x").and(scope("a").or(scope("a").and(role("b")))), &["P214"]);
    check(!(scope("a").or(scope("a").and(role("b")))), &["P214"]);
}

#[test]
fn finds_conditions_without_effect() {
    check(scope("a").and(scope("a").or(role("b"))), &["P217"]);
    check(role("r").and(scope("a").or(!scope("a"))), &["P217"]);
    check(all_scopes(["a", "b"]).and(scope("b")), &["P217"]);
    let [minute, hour] = [60, 3600].map(|seconds| max_age(Duration::from_secs(seconds)));
    check(minute.and(hour), &["P217"]);
    check(scope("a").unless(!scope("a")), &["P217"]);
    // That the caller is known may be said for its own sake.
    check(authenticated().and(scope("a")), &[]);
}

#[test]
fn finds_what_stands_twice() {
    check(scope("a").and(scope("a")), &["P215"]);
    check(role("r").or(scope("a")).or(role("r")), &["P215"]);
    check(any_scope(["a", "b", "a"]), &["P215"]);
    check(scope("a").unless(role("r")).unless(role("r")), &["P215"]);
    let [one, other] = [(), ()].map(|()| when("x", |_| true));
    check(one.and(other), &[]);
}

#[test]
fn finds_rules_that_admit_everybody_without_saying_so() {
    check(scope("a").or(!scope("a")), &["P216"]);
    check(!(role("r").and(!role("r"))), &["P216"]);
    check(scope("a").or(!scope("a")).and(authenticated()), &["P217"]);
    check(authenticated(), &[]);
    check(anonymous().or(authenticated()), &[]);
    // One that may fail does not let everybody in.
    let custom = when("x", |_| true);
    check(custom.clone().or(!custom), &[]);
}

/// `(a and x) or (a and not x)` is `a` but where `x` fails.
#[test]
fn what_may_fail_is_not_taken_for_one_of_two_answers() {
    let custom = when("x", |_| true);
    check(role("a").and(custom.clone()).or(role("a").and(!custom)).or(role("a")), &["P214", "P214"]);
    let tenant = tenant_matches("t");
    let both = scope("a").and(tenant.clone()).or(scope("a").and(!tenant.clone()));
    check(both, &[]);
    let scopes = scope("a").and(role("t")).or(scope("a").and(!role("t")));
    check(scopes.and(tenant), &[]);
}

#[test]
fn knows_what_the_scopes_of_the_application_imply() {
    let catalog = crate::ScopeCatalog::new(["read", "write", "own"]).implies("write", ["read"]);
    let words = crate::Vocabulary::new().with_scopes(catalog).unwrap();
    let codes = |rule: &Rule| rule.within(&words).err().map(|errors| errors.codes().collect::<Vec<_>>());
    assert_eq!(codes(&scope("write").and(!scope("read"))), Some(vec!["P204"]));
    assert_eq!(codes(&scope("read").or(scope("write"))), Some(vec!["P214"]));
    assert_eq!(codes(&scope("read").and(scope("write"))), Some(vec!["P217"]));
    assert_eq!(codes(&scope("read").and(!scope("write"))), None);
    assert_eq!(codes(&scope("own").or(scope("write"))), None);
}

#[test]
fn finds_rules_that_only_forbid_and_modes_that_would_let_others_in() {
    check(forbid(role("r")), &["P204"]);
    check(scope("a").unless(scope("a")), &["P204"]);
    check(scope("a").unless(authenticated()), &["P204"]);
    check(scope("a").or(role("r").shadowed()), &["P219"]);
    check(!role("r").shadowed(), &["P219"]);
    check(scope("a").unless(role("r").and(scope("b").shadowed())), &["P219"]);
    check(scope("a").or(role("r").and(role("s").shadowed())), &[]);
    check(scope("a").shadowed(), &[]);
    check(scope("a").and(role("r").shadowed()).unless(role("s").shadowed()), &[]);
    // What would be wrong once it is enforced.
    check(scope("a").and(role("r").and(!role("r")).shadowed()), &["P204"]);
}

/// A request has one client, one issuer and one method: nobody could pass.
#[test]
fn finds_callers_that_nobody_can_be() {
    use portcullis_core::CredentialMethod::{Basic, Jwt};

    check(client("a").and(client("b")), &["P204"]);
    check(any_client(["a", "b"]).and(any_client(["c", "d"])), &["P204"]);
    // Each two of them have one in common.
    let [one, two, three] = [["a", "b"], ["b", "c"], ["a", "c"]].map(any_client);
    check(one.clone().and(two.clone()).and(three), &["P204"]);
    check(one.and(two), &[]);
    check(issuer("a").and(issuer("b")), &["P204"]);
    check(via_method(Basic).and(via_method(Jwt)), &["P204"]);
    check(client("a").and(!any_client(["a", "b"])), &["P204"]);
    check(any_client(["a", "b"]).or(client("a")), &["P214"]);
    check(client("a").and(!client("b")), &["P217"]);
    check((!client("a")).or(!client("b")), &["P216"]);
    check(client("a").or(client("b")).and(issuer("a").or(issuer("b"))), &[]);
    check(client("a").and(issuer("a")), &[]);
    check(group("a").and(group("b")).and(tenant_matches("t")).and(tenant_matches("u")), &[]);
}

#[test]
fn finds_moments_that_never_come() {
    let moment = |seconds: u64| std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    let [early, late] = [1_700_000_000, 1_800_000_000].map(moment);
    check(before(early).and(after(early)), &["P204"]);
    check(before(early).and(after(late)), &["P204"]);
    check(after(early).and(before(late)), &[]);
    check(after(early).and(after(late)), &["P217"]);
    check(after(early).or(after(late)), &["P214"]);
    check(before(late).or(after(early)), &["P216"]);
    check(within_hours(9, 12).and(within_hours(14, 18)), &["P204"]);
    check(within_hours(9, 12).and(within_hours(11, 18)), &[]);
    check(within_hours(22, 6).or(within_hours(23, 2)), &["P214"]);
    check(within_hours(22, 6).and(within_hours(6, 22)), &["P204"]);
    // 22:13:20 to 22:15:00 of one day.
    let [from, until] = [1_700_000_000, 1_700_000_100].map(moment);
    check(after(from).and(before(until)).and(within_hours(9, 12)), &["P204"]);
    check(after(from).and(before(until)).and(within_hours(22, 23)), &["P217"]);
    check(after(from).and(before(until + Duration::from_secs(39_000))).and(within_hours(9, 12)), &[]);
    check(before(std::time::UNIX_EPOCH).and(within_hours(0, 24)), &["P204"]);
}

#[test]
fn finds_networks_within_one_another_and_apart() {
    check(network("10.0.0.0/8").and(network("192.0.2.0/24")), &["P204"]);
    check(network("10.0.0.0/8").and(network("2001:db8::/32")), &["P204"]);
    check(network("10.0.0.0/8").or(network("10.1.0.0/16")), &["P214"]);
    check(network("10.0.0.0/8").and(network("10.1.0.0/16")), &["P217"]);
    check(network("10.0.0.0/8").and(!network("10.1.0.0/16")), &[]);
    check(network("10.0.0.0/8").unless(network("10.1.0.0/16")), &[]);
    check(network("10.0.0.0/8").or(network("192.0.2.0/24")), &[]);
    // Both halves are the whole.
    let halves = network("10.0.0.0/9").or(network("10.128.0.0/9"));
    check(halves.clone().and(!network("10.0.0.0/8")), &["P204"]);
    check(halves, &[]);
    // Of an address that is not known nothing holds, so that this is not everybody.
    check(any_network(["0.0.0.0/0", "::/0"]), &[]);
    check(network("255.255.255.255").and(network("ffff::/16")), &["P204"]);
    check(anonymous().and(network("10.0.0.0/8")).and(network("192.0.2.0/24")), &["P204"]);
    check(scope("a").and(network("10.0.0.0/8")).unless(network("192.0.2.0/24")), &["P217"]);
}

#[test]
fn finds_what_stands_twice_in_a_list() {
    check(any_client(["a", "a"]), &["P215"]);
    check(any_acr(["a", "b", "a"]), &["P215"]);
    check(any_network(["192.0.2.7", "10.0.0.0/8", "192.0.2.7/32"]), &["P215"]);
    check(any_network(["10.1.0.0/16", "10.0.0.0/8", "10.2.3.4"]), &["P214", "P214"]);
    check(role("r").and(!any_client(["a", "a", "a"])), &["P215", "P215"]);
    check(any_network(["10.0.0.0/9", "10.128.0.0/9", "::/0"]), &[]);
    assert!(
        any_network(["10.1.0.0/16", "10.0.0.0/8"]).lint()[0]
            .message()
            .contains("`10.1.0.0/16` is part of `10.0.0.0/8`")
    );
}

/// Longer lists are not compared with one another.
#[test]
fn compares_so_many_clients_and_networks() {
    let clients = |count: usize| any_client((0..count).map(|number| format!("c{number}")));
    check(clients(255).or(client("c1")), &["P214"]);
    check(clients(256).or(client("c1")), &[]);
    let networks = |count: usize| {
        any_network((0..count).map(|number| format!("10.{}.{}.1", number / 256, number % 256)))
    };
    check(networks(255).and(network("192.0.2.1")), &["P204"]);
    check(networks(256).and(network("192.0.2.1")), &[]);
}
