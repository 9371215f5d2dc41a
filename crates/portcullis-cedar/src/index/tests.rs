use std::sync::LazyLock;

use cedar_policy::{Authorizer, Context, Entities, EntityId, EntityUid, Request};
use portcullis_authz::engine::{DecisionPoint, Question};
use portcullis_core::{CredentialMethod, Principal};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Cedar;

/// Actions in groups, resources in folders that are in folders, callers of two types in roles and teams.
const SCHEMA: &str = r#"
    entity Role; entity Team in [Team];
    entity User in [Role, Team] = { "level"?: Long };
    entity Client in [Role];
    entity Folder in [Folder];
    entity Document in [Folder] = { "level"?: Long };
    entity Photo in [Folder];
    action look; action change in [look];
    action read in [look] appliesTo { principal: [User, Client], resource: [Document, Photo, Folder], context: { one: Long } };
    action write in [change] appliesTo { principal: [User, Client], resource: [Document, Folder], context: { one: Long } };
    action erase in [change] appliesTo { principal: [User], resource: [Document, Photo], context: { one: Long } };
"#;

const CALLERS: &[&str] = &[
    "principal",
    "principal is User",
    "principal is Client",
    r#"principal == User::"alice""#,
    r#"principal == Client::"robot""#,
    r#"principal in Role::"editor""#,
    r#"principal in Team::"red""#,
    r#"principal is User in Role::"editor""#,
];
const ACTIONS: &[&str] = &[
    "action",
    r#"action == Action::"read""#,
    r#"action == Action::"write""#,
    r#"action in Action::"look""#,
    r#"action in [Action::"change"]"#,
    r#"action in [Action::"erase", Action::"read"]"#,
];
const RESOURCES: &[&str] = &[
    "resource",
    "resource is Document",
    "resource is Folder",
    r#"resource == Document::"1""#,
    r#"resource == Photo::"1""#,
    r#"resource in Folder::"top""#,
    r#"resource in Folder::"7""#,
    r#"resource in Folder::"1""#,
    r#"resource is Photo in Folder::"top""#,
];

#[derive(Clone, Debug)]
struct Asked {
    caller: usize,
    action: usize,
    kind: usize,
    id: usize,
    inner: bool,
}

/// Every scope that can apply to something: sets with one that cannot are refused, and need no index.
fn scopes() -> &'static [String] {
    static SCOPES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for caller in CALLERS {
            for action in ACTIONS {
                all.extend(RESOURCES.iter().map(|resource| format!("({caller}, {action}, {resource})")));
            }
        }
        let text: String = all.iter().map(|scope| format!("permit{scope};\n")).collect();
        let errors = Cedar::builder().schema("s", SCHEMA).policies("p", &text).build().unwrap_err();
        let never: HashSet<usize> = errors
            .iter()
            .filter_map(|error| error.message().strip_prefix("`p:")?.split_once('`')?.0.parse().ok())
            .collect();
        let possible = all.into_iter().zip(1..).filter(|(_, line)| !never.contains(line));
        possible.map(|(scope, _)| scope).collect()
    });
    &SCOPES
}

fn policies() -> impl Strategy<Value = String> {
    // Now and then one whose condition fails: a decision that leaves it out would differ.
    let policy = (any::<bool>(), 0..scopes().len(), proptest::bool::weighted(0.1));
    proptest::collection::vec(policy, 1..24).prop_map(|policies| {
        let mut text = String::new();
        for (number, (permits, scope, fails)) in policies.into_iter().enumerate() {
            let effect = if permits { "permit" } else { "forbid" };
            let when = match (fails, number % 4) {
                (true, _) => " when { 9223372036854775807 + context.one > 0 }",
                // Asks about an action that is not the one of the request, and about the one that is.
                (false, 0) => " when { Action::\"erase\" in Action::\"look\" && action in Action::\"look\" }",
                (false, 1) => " unless { action in Action::\"change\" && context.one == 1 }",
                (false, _) => "",
            };
            text.push_str(&format!("@id(\"p{number}\") {effect}{}{when};\n", scopes()[scope]));
        }
        text
    })
}

fn questions() -> impl Strategy<Value = Asked> {
    (0..3_usize, 0..3_usize, 0..3_usize, 0..2_usize, any::<bool>())
        .prop_map(|(caller, action, kind, id, inner)| Asked { caller, action, kind, id, inner })
}

fn caller(number: usize) -> Principal {
    match number {
        0 => Principal::builder("alice", CredentialMethod::Jwt).role("editor").build(),
        1 => Principal::builder("bob", CredentialMethod::Jwt).groups(["red"]).build(),
        _ => Principal::builder("robot", CredentialMethod::Jwt).role("editor").as_client().build(),
    }
}

/// What the engine says of all policies: who decided, and whether any failed.
fn whole(cedar: &Cedar, asked: &Asked, question: &Question<'_>) -> Option<(bool, bool, Vec<String>)> {
    let current = cedar.store().current();
    let schema = &current.vocabulary.schema;
    let (action, bucket) = current.index.find(question.action(), question.kind()).ok()?;
    let caller = current.callers.entity(question.caller()).ok()?;
    let uid = EntityUid::from_type_name_and_id(bucket.entity_type.clone(), EntityId::new(question.id()));
    let context = serde_json::Value::Object(question.context().clone());
    let context = Context::from_json_value(context, Some((schema, action))).ok()?;
    let request = Request::new(caller.uid(), action.clone(), uid.clone(), context, Some(schema)).ok()?;
    let mut entities = crate::resource::entities(question, &uid, bucket, &current.vocabulary).ok()?;
    entities.push(caller);
    let entities =
        Entities::from_entities(entities, Some(schema)).unwrap_or_else(|error| panic!("{asked:?}: {error}"));
    let response = Authorizer::new().is_authorized(&request, &current.whole, &entities);
    let mut decided: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    decided.sort();
    let allowed = response.decision() == cedar_policy::Decision::Allow;
    Some((allowed, response.diagnostics().errors().next().is_some(), decided))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Leaving out what cannot apply changes neither the answer nor who decided nor what failed.
    #[test]
    fn the_index_answers_as_the_whole_set_does(
        text in policies(),
        questions in proptest::collection::vec(questions(), 1..12),
    ) {
        let cedar = Cedar::builder().schema("s", SCHEMA).policies("p", &text).build();
        let cedar = cedar.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        for asked in questions {
            let caller = caller(asked.caller);
            let kind = ["Document", "Photo", "Folder"][asked.kind];
            let folder = if asked.inner { "7" } else { "top" };
            let question = Question::new(&caller, ["read", "write", "erase"][asked.action], kind, ["1", "2"][asked.id])
                .with_attribute(crate::PARENTS, json!([{ "type": "Folder", "id": "within" }]))
                .with_attribute(
                    crate::ENTITIES,
                    json!([{ "uid": { "type": "Folder", "id": "within" }, "attrs": {}, "parents": [{ "type": "Folder", "id": folder }] }]),
                )
                .with_context("one", i64::from(asked.inner));
            let Some((allowed, failed, decided)) = whole(&cedar, &asked, &question) else { continue };
            let decision = cedar.decide(&question).done().unwrap();
            let is_failure = decision.reason().problem().is_some_and(|problem| problem.status().is_server_error());
            prop_assert_eq!(is_failure, failed, "{:?}\n{}", &asked, &text);
            if !failed {
                prop_assert_eq!(decision.is_allowed(), allowed, "{:?}\n{}", &asked, &text);
                let named = decision.explanation().unwrap().tree(None);
                let mut named: Vec<String> = named
                    .children()
                    .iter()
                    .filter_map(|node| node.asked().split_once(' '))
                    .filter(|(effect, _)| *effect != "any")
                    .map(|(_, id)| id.to_owned())
                    .collect();
                named.sort();
                prop_assert_eq!(named, decided, "{:?}\n{}", &asked, &text);
            }
        }
    }
}

/// One thousand policies of which ten can apply to each action on each type (P20).
pub(crate) fn thousand() -> (String, String) {
    let mut schema = "entity Role; entity User in [Role];\n".to_owned();
    let mut policies = String::new();
    for number in 0..10 {
        schema.push_str(&format!("entity Kind{number} = {{ owner: User }};\n"));
        for action in 0..10 {
            schema.push_str(&format!(
                "action act{number}x{action} appliesTo {{ principal: User, resource: Kind{number} }};\n"
            ));
            for policy in 0..10 {
                policies.push_str(&format!(
                    "permit(principal in Role::\"r{policy}\", action == Action::\"act{number}x{action}\", \
                     resource is Kind{number}) when {{ resource.owner == principal }};\n"
                ));
            }
        }
    }
    (schema, policies)
}

/// P20: the engine is given the ten that can apply, however many there are.
#[test]
fn a_decision_evaluates_those_policies_alone_that_can_apply() {
    let (schema, policies) = thousand();
    let cedar = Cedar::builder().schema("s", &schema).policies("p", &policies).build().unwrap();
    assert_eq!(cedar.policy_count(), 1_000);
    assert_eq!(cedar.store().current().index.largest(), 10);
}

/// Sets beyond the bound are answered by the whole set, and rightly.
#[test]
fn an_index_that_would_grow_beyond_its_bound_falls_back_to_the_whole_set() {
    // Each of 40 actions has a set of its own with half of all policies in it.
    let mut schema = "entity User; entity Thing;\n".to_owned();
    let mut policies = String::new();
    for number in 0..40 {
        schema.push_str(&format!("action a{number} appliesTo {{ principal: User, resource: Thing }};\n"));
    }
    for number in 0..40 {
        let actions: Vec<String> =
            (0..20).map(|step| format!("Action::\"a{}\"", (number + step) % 40)).collect();
        let line = format!(
            "permit(principal == User::\"u{number}\", action in [{}], resource);\n",
            actions.join(", ")
        );
        policies.push_str(&line);
    }
    let cedar = Cedar::builder().schema("s", &schema).policies("p", &policies).build().unwrap();
    let store = cedar.store().current();
    let sizes: Vec<usize> = (0..40)
        .map(|number| {
            let (_, bucket) = store.index.find(&format!("a{number}"), "Thing").unwrap();
            bucket.policies.num_of_policies()
        })
        .collect();
    let held: usize = sizes.iter().filter(|size| **size < 40).sum();
    assert_eq!(held, 40 * MAX_GROWTH, "{sizes:?}");
    assert!(sizes.contains(&40), "{sizes:?}");
    for action in [0, 39] {
        let caller = Principal::builder("u0", CredentialMethod::Jwt).build();
        let question = Question::new(&caller, format!("a{action}"), "Thing", "1");
        assert_eq!(cedar.decide(&question).done().unwrap().is_allowed(), action == 0);
    }
}
