//! The decisions of the OpenID AuthZEN interoperability scenario, by policies of our own.

use std::path::Path;

use portcullis_authz::engine::Question;
use portcullis_cedar::Cedar;
use portcullis_core::{CredentialMethod, Principal};
use serde_json::Value;

use crate::support::{built, decide};

fn vectors() -> Option<(Value, Value)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/authzen-todo"));
    let read =
        |name: &str| std::fs::read(folder.join(name)).ok().map(|text| serde_json::from_slice(&text).unwrap());
    Some((read("decisions.json")?, read("subjects.json")?))
}

#[test]
fn decides_the_todo_scenario_of_authzen_as_expected() {
    let Some((decisions, subjects)) = vectors() else {
        eprintln!("SKIPPED: the vectors authzen-todo are missing");
        return;
    };
    let cedar = built(Cedar::builder().directory(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/authzen-todo")));
    let mut count = 0;
    for case in decisions["evaluation"].as_array().unwrap() {
        let request = &case["request"];
        let id = request["subject"]["id"].as_str().unwrap();
        let roles = subjects["subjects"][id]["roles"].as_array().unwrap();
        let roles = roles.iter().map(|role| role.as_str().unwrap());
        let caller = Principal::builder(id, CredentialMethod::Jwt).roles(roles).build();
        let resource = &request["resource"];
        let question = Question::new(
            &caller,
            request["action"]["name"].as_str().unwrap(),
            resource["type"].as_str().unwrap(),
            resource["id"].as_str().unwrap(),
        );
        let decision = decide(&cedar, &question);
        assert_eq!(decision.is_allowed(), case["expected"].as_bool().unwrap(), "{request}: {decision:?}");
        count += 1;
    }
    assert_eq!(count, 25);
}
