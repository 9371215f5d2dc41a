//! What a decision says, and that nothing but a permit is a pass.

use portcullis_authz::engine::Question;
use portcullis_cedar::Cedar;
use portcullis_core::{Effect, Reason};

use crate::support::{alice, built, decide, engine};

#[track_caller]
fn check(policies: &str, reason: Reason, detail: &str) {
    let alice = alice().role("editor").build();
    let decision = decide(&engine(policies), &Question::new(&alice, "Read", "Document", "1"));
    assert_eq!((decision.reason(), decision.detail()), (reason, Some(detail)), "{decision:?}");
    assert_eq!(decision.effect() == Effect::Allow, reason == Reason::PolicyAllowed);
    assert!(decision.explanation().is_some() || reason == Reason::PolicyError);
}

#[test]
fn a_decision_names_the_policies_that_decided() {
    check("@id(\"all\") permit(principal, action, resource);", Reason::PolicyAllowed, "permitted by all");
    check(
        "@id(\"b\") permit(principal, action, resource); @id(\"a\") permit(principal in Role::\"editor\", action, resource);",
        Reason::PolicyAllowed,
        "permitted by a, b",
    );
    check(
        "permit(principal == User::\"bob\", action, resource);",
        Reason::PolicyDenied,
        "no policy permits it",
    );
    let many: String =
        (0..10).map(|number| format!("@id(\"p{number}\") permit(principal, action, resource);\n")).collect();
    check(&many, Reason::PolicyAllowed, "permitted by p0, p1, p2, p3, p4, p5, p6, p7 and 2 more");
}

/// Explicit deny beats allow.
#[test]
fn a_policy_that_forbids_beats_every_one_that_permits() {
    check(
        "@id(\"all\") permit(principal, action, resource); @id(\"frozen\") forbid(principal, action, resource is Document);",
        Reason::ExplicitlyDenied,
        "forbidden by frozen",
    );
}

/// Cedar skips a policy that fails, also one that would have forbidden.
#[test]
fn a_policy_that_fails_is_a_failure_and_never_a_pass() {
    let overflow = "9223372036854775807 + (if resource == Document::\"1\" then 1 else 0) > 0";
    for effect in ["forbid", "permit"] {
        let policies = format!(
            "@id(\"all\") permit(principal, action, resource);\n@id(\"odd\") {effect}(principal, action, resource) when {{ {overflow} }};"
        );
        let cedar = engine(&policies);
        let alice = alice().build();
        let failed = decide(&cedar, &Question::new(&alice, "Read", "Document", "1"));
        assert_eq!((failed.effect(), failed.reason()), (Effect::Deny, Reason::PolicyError), "{failed:?}");
        assert_eq!(failed.reason().problem().unwrap().status(), 503);
        assert!(failed.detail().unwrap().contains("odd"), "{failed:?}");
        let fine = decide(&cedar, &Question::new(&alice, "Read", "Document", "2"));
        assert_eq!(fine.is_allowed(), effect == "permit", "{fine:?}");
    }
}

#[test]
fn what_the_schema_does_not_know_is_refused() {
    let cedar = engine("permit(principal, action, resource);");
    let alice = alice().build();
    for (action, kind, said) in [
        ("Publish", "Document", "the schema has no action `Publish`"),
        ("read", "Document", "the schema has no action `read`"),
        ("Read", "document", "the schema has no action `Read` on `document`"),
        ("Read", "User", "the schema has no action `Read` on `User`"),
        ("Read", "", "the schema has no action `Read` on ``"),
        ("a\nb", "", r"the schema has no action `a\u{a}b`"),
    ] {
        let refused = decide(&cedar, &Question::new(&alice, action, kind, "1"));
        assert_eq!((refused.reason(), refused.detail()), (Reason::PolicyDenied, Some(said)));
    }
}

#[test]
fn an_action_may_be_called_as_policies_write_it() {
    let schema = "namespace App { entity User; entity Thing; action act appliesTo { principal: User, resource: Thing }; }
        namespace Other { action act appliesTo { principal: App::User, resource: App::Thing }; }";
    let policy = "permit(principal, action == Other::Action::\"act\", resource);";
    let cedar = built(Cedar::builder().schema("s", schema).policies("p", policy).namespace("App"));
    let alice = alice().build();
    for (action, kind, allowed) in [
        ("act", "Thing", false),
        ("App::Action::\"act\"", "App::Thing", false),
        ("Other::Action::\"act\"", "Thing", true),
        ("Other::Action::\"act\"", "App::Thing", true),
    ] {
        let decision = decide(&cedar, &Question::new(&alice, action, kind, "1"));
        assert_eq!(decision.is_allowed(), allowed, "{action} {kind}: {decision:?}");
    }
}

/// An identifier that is not on the schema's list may be the client's: it is no failure.
#[test]
fn an_identifier_that_the_schema_does_not_list_is_refused() {
    let schema = "entity User; entity Plan enum [\"free\", \"paid\"]; action Buy appliesTo { principal: User, resource: Plan };";
    let cedar =
        built(Cedar::builder().schema("s", schema).policies("p", "permit(principal, action, resource);"));
    let alice = alice().build();
    assert!(decide(&cedar, &Question::new(&alice, "Buy", "Plan", "paid")).is_allowed());
    let refused = decide(&cedar, &Question::new(&alice, "Buy", "Plan", "gold"));
    assert_eq!(refused.reason(), Reason::PolicyDenied);
}

#[test]
fn the_explanation_shows_what_decided_and_where_it_stands() {
    let cedar = engine(
        "@id(\"all\") permit(principal, action, resource);\n\n@id(\"frozen\")\nforbid(principal, action, resource is Document);",
    );
    let alice = alice().build();
    let explained = |kind: &str| {
        let decision = decide(&cedar, &Question::new(&alice, "Read", kind, "1"));
        decision.explanation().unwrap().tree(None).to_string()
    };
    assert_eq!(
        explained("Document"),
        "Read Document/1: fails\n* forbid frozen: holds, held documents.cedar:3\n"
    );
    assert_eq!(explained("Folder"), "Read Folder/1: holds\n* permit all: holds, held documents.cedar:1\n");
}

/// Attributes may be personal data, and identifiers are the client's text.
#[test]
fn a_detail_is_one_bounded_line() {
    let id = format!("a\u{202e}\n{}", "x".repeat(5_000));
    let cedar = engine("@id(\"id\u{200b}\") permit(principal, action, resource);");
    let alice = alice().build();
    let decision = decide(&cedar, &Question::new(&alice, "Read", "Document", id.as_str()));
    assert_eq!(decision.detail(), Some(r"permitted by id\u{200b}"));
    let failed =
        decide(&cedar, &Question::new(&alice, "Read", "Document", id.as_str()).with_attribute("x\ny", 1));
    let detail = failed.detail().unwrap();
    assert!(detail.len() <= 1024 && !detail.contains('\n') && !detail.contains('\u{202e}'), "{detail}");
}
