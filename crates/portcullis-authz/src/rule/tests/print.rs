use std::time::Duration;

use portcullis_core::{Decision, Reason};
use serde_json::json;

use super::super::*;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn check(rule: Rule, text: &str, json: &serde_json::Value) {
    assert_eq!(rule.to_string(), text);
    assert_eq!(serde_json::to_value(&rule).unwrap(), *json, "{text}");
    assert_eq!(format!("{rule:?}"), format!("Rule({text})"));
}

#[test]
fn each_word_prints_as_it_is_written() {
    check(scope("documents:write"), "scope(documents:write)", &json!({"scope": "documents:write"}));
    check(any_scope(["b", "a"]), "any_scope(b, a)", &json!({"any_scope": ["b", "a"]}));
    check(all_scopes(["b", "a"]), "all_scopes(b, a)", &json!({"all_scopes": ["b", "a"]}));
    check(role("editor"), "role(editor)", &json!({"role": "editor"}));
    check(claim("n", "v"), "claim(n = \"v\")", &json!({"claim": {"name": "n", "value": "v"}}));
    check(claim("n", 7), "claim(n = 7)", &json!({"claim": {"name": "n", "value": 7}}));
    check(authenticated(), "authenticated", &json!("authenticated"));
    check(anonymous(), "anonymous", &json!("anonymous"));
    check(acr("mfa"), "acr(mfa)", &json!({"acr": "mfa"}));
    check(any_acr(["b", "a"]), "any_acr(b, a)", &json!({"any_acr": ["b", "a"]}));
    check(amr("otp"), "amr(otp)", &json!({"amr": "otp"}));
    check(max_age(Duration::from_secs(300)), "max_age(300 s)", &json!({"max_age": 300}));
    check(user_only(), "user_only", &json!("user_only"));
    let custom = rule_fn("office hours", |_| Decision::allow(Reason::PolicyAllowed));
    check(custom, "rule(office hours)", &json!({"rule": "office hours"}));
}

#[test]
fn joined_rules_print_with_just_the_parentheses_that_are_needed() {
    let [a, b, c] = ["a", "b", "c"].map(role);
    let (j, k, l) = (json!({"role": "a"}), json!({"role": "b"}), json!({"role": "c"}));
    check(
        a.clone().and(b.clone()).and(c.clone()),
        "role(a) and role(b) and role(c)",
        &json!({"all": [j, k, l]}),
    );
    check(
        a.clone().and(b.clone().and(c.clone())),
        "role(a) and role(b) and role(c)",
        &json!({"all": [j, k, l]}),
    );
    check(
        a.clone().and(b.clone()).or(c.clone()),
        "(role(a) and role(b)) or role(c)",
        &json!({"any": [{"all": [j, k]}, l]}),
    );
    check(!a.clone(), "not role(a)", &json!({"not": j}));
    check(!(a.clone().or(b)), "not (role(a) or role(b))", &json!({"not": {"any": [j, k]}}));
    check(!a.and(c), "not (role(a) and role(c))", &json!({"not": {"all": [j, l]}}));
}

#[test]
fn hostile_names_stay_on_one_line() {
    let rule = role("a\r\nb").and(claim("n\u{202e}", "v\n")).and(rule_fn("x\ny", |_| ALLOW));
    assert_eq!(rule.to_string(), r#"role(a\u{d}\u{a}b) and claim(n\u{202e} = "v\u{a}") and rule(x\u{a}y)"#);
}

const ALLOW: Decision = Decision::allow(Reason::PolicyAllowed);
