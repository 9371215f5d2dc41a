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

/// Where an attribute can hold an action, every group of actions is known to policies.
#[test]
fn an_attribute_that_is_an_action_is_in_its_groups() {
    let schema = "entity User; entity Job = { does: Action, tags: Set<String>, count: Long, late: Bool, note: String };
        action change; action Write in [change] appliesTo { principal: User, resource: Job };
        action Run appliesTo { principal: User, resource: Job };";
    let policy = "permit(principal, action == Action::\"Run\", resource) when { resource.does in Action::\"change\" \
        && resource.tags.contains(\"a\") && resource.count == 3 && !resource.late && resource.note == \"x\" };";
    let cedar =
        crate::support::built(portcullis_cedar::Cedar::builder().schema("s", schema).policies("p", policy));
    let alice = alice().build();
    let of = |does: &str, tags: Value| {
        let question = Question::new(&alice, "Run", "Job", "1")
            .with_attribute("does", json!({ "type": "Action", "id": does }))
            .with_attribute("tags", tags)
            .with_attribute("count", 3)
            .with_attribute("late", false)
            .with_attribute("note", "x");
        decide(&cedar, &question).reason()
    };
    assert_eq!(of("Write", json!(["a"])), Reason::PolicyAllowed);
    assert_eq!(of("Run", json!(["a"])), Reason::PolicyDenied);
    assert_eq!(of("Write", json!([])), Reason::PolicyDenied);
    assert_eq!(of("Write", json!([1])), Reason::PolicyError);
}
