//! What policies see of a resource and of the circumstances.

use portcullis_authz::engine::Question;
use portcullis_cedar::{ENTITIES, PARENTS};
use portcullis_core::{Decision, Reason};
use serde_json::{Value, json};

use crate::support::{alice, decide, engine};

#[track_caller]
fn check(condition: &str, attributes: &Value, expected: bool) {
    let policy = format!("permit(principal, action, resource is Document) when {{ {condition} }};");
    let decision = ask(&policy, attributes);
    assert_eq!(decision.is_allowed(), expected, "{condition}: {decision:?}");
    assert!(expected || decision.reason() == Reason::PolicyDenied, "{decision:?}");
}

#[track_caller]
fn ask(policy: &str, attributes: &Value) -> Decision {
    let alice = alice().build();
    let attributes = attributes.as_object().unwrap().clone();
    decide(&engine(policy), &Question::new(&alice, "Read", "Document", "1").with_attributes(attributes))
}

#[test]
fn policies_see_attributes_and_parents() {
    let owned = json!({ "owner": { "type": "User", "id": "alice" }, "level": 3 });
    check("resource has owner && resource.owner == principal", &owned, true);
    check("resource has level && resource.level == 3", &owned, true);
    check("resource has tenant", &owned, false);
    check("resource has tenant", &json!({ "tenant": null }), false);
    let inside = json!({ PARENTS: [{ "type": "Folder", "id": "7" }] });
    check("resource in Folder::\"7\"", &inside, true);
    check("resource in Folder::\"8\"", &inside, false);
}

#[test]
fn policies_see_the_entities_that_the_question_describes() {
    let nested = json!({
        PARENTS: [{ "type": "Folder", "id": "7" }],
        ENTITIES: [
            { "uid": { "type": "Folder", "id": "7" }, "attrs": { "public": true }, "parents": [{ "type": "Folder", "id": "top" }] },
        ],
    });
    check("resource in Folder::\"top\"", &nested, true);
    check("Folder::\"7\" has public && Folder::\"7\".public", &nested, true);
}

/// What the schema does not provide for is no silence on which a policy that forbids could hang.
#[test]
fn a_resource_that_does_not_fit_the_schema_is_a_failure() {
    for attributes in [
        json!({ "ovner": "alice" }),
        json!({ "level": "3" }),
        json!({ "level": 1.5 }),
        json!({ "owner": { "type": "Robot", "id": "1" } }),
        json!({ "owner": "alice" }),
        json!({ PARENTS: "Folder" }),
        json!({ PARENTS: [{ "type": "User", "id": "alice" }] }),
        json!({ PARENTS: [7] }),
        json!({ ENTITIES: [{ "uid": { "type": "Robot", "id": "1" }, "attrs": {}, "parents": [] }] }),
        json!({ ENTITIES: [{ "uid": { "type": "Document", "id": "1" }, "attrs": { "level": 1 }, "parents": [] }] }),
        json!({
            PARENTS: [{ "type": "Folder", "id": "7" }],
            ENTITIES: [{ "uid": { "type": "Folder", "id": "7" }, "attrs": {}, "parents": [{ "type": "Folder", "id": "7" }] }],
        }),
    ] {
        let decision = ask("permit(principal, action, resource);", &attributes);
        assert_eq!(decision.reason(), Reason::PolicyError, "{attributes}: {decision:?}");
        assert!(decision.detail().is_some_and(|detail| !detail.is_empty()), "{attributes}");
    }
}

#[test]
fn policies_see_the_context_that_the_schema_declares() {
    let cedar = engine(
        "permit(principal, action, resource) when { context has network && context.network == \"office\" };",
    );
    let alice = alice().build();
    let ask = |name: &str, value: Value| {
        decide(&cedar, &Question::new(&alice, "Read", "Document", "1").with_context(name, value))
    };
    assert!(ask("network", json!("office")).is_allowed());
    assert_eq!(ask("network", json!("café")).reason(), Reason::PolicyDenied);
    assert_eq!(ask("network", json!(1)).reason(), Reason::PolicyError);
    assert_eq!(ask("nettwork", json!("office")).reason(), Reason::PolicyError);
}

/// What a caller is known to be cannot be said otherwise by what is known of the resource.
#[test]
fn a_caller_who_asks_about_itself_stays_who_it_is() {
    let schema = "entity Role; entity User in [Role] = { tenant?: String, note?: String };
        action Read appliesTo { principal: User, resource: User };";
    let policies = "permit(principal, action, resource) when { resource == principal && principal has tenant \
        && principal.tenant == \"acme\" && resource has note && resource.note == \"hello\" && principal in Role::\"a\" };";
    let cedar =
        crate::support::built(portcullis_cedar::Cedar::builder().schema("s", schema).policies("p", policies));
    let caller = alice().tenant("acme").role("a").build();
    let of = |tenant: &str| {
        let question = Question::new(&caller, "Read", "User", "alice");
        decide(&cedar, &question.with_attribute("note", "hello").with_attribute("tenant", tenant))
    };
    assert!(of("acme").is_allowed());
    assert!(of("other").is_allowed());
    let stranger = alice().tenant("other").role("a").build();
    let question = Question::new(&stranger, "Read", "User", "alice").with_attribute("tenant", "acme");
    assert!(!decide(&cedar, &question.with_attribute("note", "hello")).is_allowed());
}
