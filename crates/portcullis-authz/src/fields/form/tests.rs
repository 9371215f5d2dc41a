//! Forms by the deserializer of maps that serde_urlencoded has beneath.

use std::collections::BTreeMap;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::{Value, json};

use crate::{Assigned, FieldSet};

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
struct Patch {
    name: String,
    budget: Option<u64>,
    on: bool,
    shift: i8,
    ratio: f64,
    initial: char,
    size: Option<Size>,
    level: Level,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
enum Size {
    Small,
    Custom(u8),
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
struct Level(u8);

fn form<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<Assigned<T>, Error> {
    Assigned::deserialize(MapDeserializer::new(pairs.iter().copied()))
}

#[test]
fn values_of_a_form_are_what_is_wanted_of_them() {
    let patch: Assigned<Patch> = form(&[
        ("name", "5"),
        ("budget", "5"),
        ("on", "true"),
        ("shift", "-3"),
        ("ratio", "0.5"),
        ("initial", "x"),
        ("size", "Small"),
        ("level", "7"),
        ("unknown", "1"),
    ])
    .unwrap();
    let expected = Patch {
        name: "5".to_owned(),
        budget: Some(5),
        on: true,
        shift: -3,
        ratio: 0.5,
        initial: 'x',
        size: Some(Size::Small),
        level: Level(7),
    };
    assert_eq!(*patch, expected);
    let numbers: Assigned<BTreeMap<u8, u8>> = form(&[("1", "2")]).unwrap();
    assert_eq!(numbers.into_inner(), BTreeMap::from([(1, 2)]));
}

#[test]
fn what_is_written_as_text_of_another_kind_is_refused() {
    for (name, value) in [
        ("budget", ""),
        ("budget", "x"),
        ("budget", "-1"),
        ("budget", "5.0"),
        ("budget", " 5"),
        ("on", "on"),
        ("on", "1"),
        ("shift", "128"),
        ("ratio", "half"),
        ("initial", "xy"),
        ("size", "Custom"),
        ("size", "small"),
        ("level", "256"),
    ] {
        assert!(form::<Patch>(&[(name, value)]).is_err(), "{name}={value}");
    }
}

/// OWASP API3 (A21.3): the names are looked at as in JSON.
#[test]
fn the_fields_of_a_form_are_those_that_were_written() {
    let own = FieldSet::new(["name", "budget"]).unwrap();
    let decides = |pairs: &[(&str, &str)]| form::<Patch>(pairs).unwrap().decide(&own).is_allowed();
    assert!(decides(&[("name", "a"), ("budget", "5")]));
    assert!(!decides(&[("name", "a"), ("on", "true")]));
    assert!(!decides(&[("name", "a"), ("unknown", "1")]));
    assert!(!decides(&[("name", "a"), ("budget.x", "5")]));
    // The last of two counts for the value, as it does for the list.
    let patch = form::<Patch>(&[("budget", "1"), ("budget", "2")]).unwrap();
    assert_eq!((patch.budget, patch.has("budget"), patch.has("on")), (Some(2), true, false));
}

#[test]
fn text_in_json_stays_text() {
    for wrong in [
        json!({ "budget": "5" }),
        json!({ "on": "true" }),
        json!({ "ratio": "0.5" }),
        json!({ "level": "7" }),
    ] {
        assert!(serde_json::from_value::<Assigned<Patch>>(wrong.clone()).is_err(), "{wrong}");
        assert!(serde_json::from_str::<Assigned<Patch>>(&wrong.to_string()).is_err(), "{wrong}");
        assert!(serde_json::from_slice::<Assigned<Patch>>(wrong.to_string().as_bytes()).is_err(), "{wrong}");
    }
}

/// Where it is a part of something else, too.
#[test]
fn text_in_json_stays_text_wherever_it_is_written() {
    #[derive(Debug, serde::Deserialize)]
    struct Batch {
        patches: Vec<Assigned<Patch>>,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Flat {
        #[expect(dead_code, reason = "what stands beside the patch")]
        reason: String,
        #[serde(flatten)]
        patch: Assigned<Patch>,
    }
    let batch = |budget: Value| serde_json::from_value::<Batch>(json!({ "patches": [{ "budget": budget }] }));
    assert_eq!(batch(json!(5)).unwrap().patches[0].budget, Some(5));
    assert!(batch(json!("5")).is_err());
    let flat = |budget: Value| serde_json::from_value::<Flat>(json!({ "reason": "x", "budget": budget }));
    assert_eq!(flat(json!(5)).unwrap().patch.budget, Some(5));
    assert!(flat(json!("5")).is_err());
}

/// As it is in a map that code wrote.
#[test]
fn a_map_with_values_of_other_types_is_no_form() {
    let numbers = MapDeserializer::<_, Error>::new([("budget", 5_u64)].into_iter());
    assert_eq!(Assigned::<Patch>::deserialize(numbers).unwrap().budget, Some(5));
}
