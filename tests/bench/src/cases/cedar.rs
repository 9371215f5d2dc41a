//! Cedar: a decision of ours over a thousand policies, and the engine itself over the ten of them that can apply.

use std::hint::black_box;

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, Schema};
use portcullis::authz::engine::{DecisionPoint, Question};
use portcullis::cedar::Cedar;
use portcullis::{CredentialMethod, Principal};
use serde_json::json;

use crate::case::Case;
use crate::cases::Entry;

pub(super) const CASES: &[Entry] = &[
    ("cedar engine 10", || engine(&policies(|kind, action| (kind, action) == (3, 3)))),
    ("cedar engine 10, entities made before", || {
        made_before(&policies(|kind, action| (kind, action) == (3, 3)))
    }),
    ("cedar engine 1000", || engine(&policies(|_, _| true))),
    ("cedar of 10", || ours(&policies(|kind, action| (kind, action) == (3, 3)))),
    ("cedar of 1000", || ours(&policies(|_, _| true))),
];

/// Ten types of resources with ten actions each.
fn schema() -> String {
    let mut schema = "entity Role; entity User in [Role] = { scopes: Set<String> };\n".to_owned();
    for kind in 0..10 {
        schema.push_str(&format!("entity Kind{kind} = {{ owner: User, level: Long }};\n"));
        for action in 0..10 {
            schema.push_str(&format!(
                "action act{kind}x{action} appliesTo {{ principal: User, resource: Kind{kind} }};\n"
            ));
        }
    }
    schema
}

/// Ten policies for each action on each type that is wanted. One of the ten permits.
fn policies(wanted: impl Fn(u32, u32) -> bool) -> String {
    let mut text = String::new();
    for kind in 0..10 {
        for action in (0..10).filter(|action| wanted(kind, *action)) {
            for role in 0..10 {
                text.push_str(&format!(
                    "permit(principal in Role::\"r{role}\", action == Action::\"act{kind}x{action}\", resource is Kind{kind})\n\
                     when {{ resource.owner == principal && resource.level > {role} }};\n"
                ));
            }
        }
    }
    text
}

/// A question to ours, entities and all.
fn ours(policies: &str) -> Case {
    let cedar =
        Cedar::builder().schema("bench", &schema()).policies("bench", policies).build().expect("policies");
    let caller = Principal::builder("alice", CredentialMethod::Jwt).role("r9").build();
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let question = Question::new(&caller, "act3x3", "Kind3", "7")
                .with_attribute("owner", json!({ "type": "User", "id": "alice" }))
                .with_attribute("level", 10);
            let decision = black_box(cedar.decide(&question)).done();
            assert!(decision.is_some_and(|decision| decision.is_allowed()));
        }
    })
}

/// The same by hand: entities and request are made and checked against the schema for each question, as the engine's
/// documentation recommends.
fn engine(policies: &str) -> Case {
    let (schema, policies) = parsed(policies);
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let (request, entities) = asked(&schema);
            let response = black_box(Authorizer::new().is_authorized(&request, &policies, &entities));
            assert_eq!(response.decision(), Decision::Allow);
        }
    })
}

/// The evaluation of policies and nothing else.
fn made_before(policies: &str) -> Case {
    let (schema, policies) = parsed(policies);
    let (request, entities) = asked(&schema);
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let response = black_box(Authorizer::new().is_authorized(&request, &policies, &entities));
            assert_eq!(response.decision(), Decision::Allow);
        }
    })
}

fn parsed(policies: &str) -> (Schema, PolicySet) {
    (schema().parse().expect("a schema"), policies.parse().expect("policies"))
}

fn asked(schema: &Schema) -> (Request, Entities) {
    let uid = |kind: &str, id: &str| {
        EntityUid::from_type_name_and_id(kind.parse().expect("a type"), id.parse().expect("an identifier"))
    };
    let (alice, document) = (uid("User", "alice"), uid("Kind3", "7"));
    let caller = json!({
        "uid": { "type": "User", "id": "alice" },
        "attrs": { "scopes": [] },
        "parents": [{ "type": "Role", "id": "r9" }],
    });
    let resource = json!({
        "uid": { "type": "Kind3", "id": "7" },
        "attrs": { "owner": { "type": "User", "id": "alice" }, "level": 10 },
        "parents": [],
    });
    let entities =
        [caller, resource].map(|json| Entity::from_json_value(json, Some(schema)).expect("an entity"));
    let entities = Entities::from_entities(entities, Some(schema)).expect("entities");
    let request = Request::new(alice, uid("Action", "act3x3"), document, Context::empty(), Some(schema));
    (request.expect("a request"), entities)
}
