use std::collections::BTreeSet;

use portcullis_core::Reason;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn fields(paths: &[&str]) -> FieldSet {
    FieldSet::new(paths).unwrap()
}

#[track_caller]
fn shows(paths: &[&str], value: &Value, expected: &Value) {
    let shown = serde_json::to_value(Redacted::new(value, &fields(paths))).unwrap();
    assert_eq!(&shown, expected, "{paths:?} of {value}");
}

#[test]
fn shows_what_is_in_the_list_and_nothing_else() {
    let value = json!({ "a": 1, "b": { "c": 2, "d": { "e": 3 } }, "l": [{ "x": 1, "y": 2 }, 7, [8]] });
    shows(&[], &value, &json!({}));
    shows(&["a", "nowhere"], &value, &json!({ "a": 1 }));
    shows(&["b.c"], &value, &json!({ "b": { "c": 2 } }));
    shows(&["b.*"], &value, &json!({ "b": { "c": 2, "d": { "e": 3 } } }));
    shows(&["l.x"], &value, &json!({ "l": [{ "x": 1 }, []] }));
    shows(&["*"], &value, &value);
}

#[test]
fn a_name_alone_does_not_stand_for_an_object() {
    let value = json!({ "a": { "new": 1 }, "l": [1, { "new": 1 }, "x"] });
    shows(&["a"], &value, &json!({}));
    shows(&["l"], &value, &json!({ "l": [1, "x"] }));
    // Nor does what lies below stand for a value that is none.
    shows(&["a.b"], &json!({ "a": "SECRET" }), &json!({}));
    shows(&["a.b"], &json!({ "a": null }), &json!({}));
}

#[test]
fn values_that_are_no_objects_are_shown_as_a_whole_or_not_at_all() {
    shows(&["a"], &json!("SECRET"), &Value::Null);
    shows(&["*"], &json!("shown"), &json!("shown"));
    shows(&["a"], &json!([{ "a": 1, "b": 2 }, { "b": 3 }]), &json!([{ "a": 1 }, {}]));
    shows(&[], &json!(["SECRET"]), &Value::Null);
}

#[test]
fn what_lies_too_deep_is_hidden() {
    let deep = |levels: usize| (0..levels).fold(json!(1), |value, _| json!({ "a": value }));
    shows(&["*"], &deep(MAX_REDACTED_DEPTH), &deep(MAX_REDACTED_DEPTH));
    let shown = serde_json::to_string(&Redacted::new(deep(MAX_REDACTED_DEPTH + 1), &fields(&["*"]))).unwrap();
    assert!(!shown.contains('1'), "{shown}");
}

#[test]
fn neither_debug_nor_a_mask_shows_what_is_hidden() {
    let value = json!({ "a": "SECRET", "b": { "c": "SECRET" } });
    let redacted = Redacted::new(value, &fields(&["b.d"])).hidden(Hidden::Null);
    assert_eq!(serde_json::to_value(&redacted).unwrap(), json!({ "a": null, "b": { "c": null } }));
    assert_eq!(format!("{redacted:?}"), r#"Redacted { fields: {"b.d"}, .. }"#);
    assert_eq!(redacted.into_inner()["a"], "SECRET");
}

#[track_caller]
fn refuses(paths: &[&str], value: &Value, expected: Option<&str>) {
    assert_eq!(fields(paths).refused(value).as_deref(), expected, "{paths:?} of {value}");
}

#[test]
fn tells_the_first_field_that_is_not_in_the_list() {
    refuses(&["a", "b.c"], &json!({ "a": 1, "b": { "c": [1, 2] } }), None);
    refuses(&["a", "b.c"], &json!({ "a": null, "b": {} }), None);
    refuses(&["a"], &json!({ "a": 1, "b": null }), Some("b"));
    refuses(&["a"], &json!({ "a": { "b": 1 } }), Some("a"));
    refuses(&["a"], &json!({ "a": {} }), Some("a"));
    refuses(&["a.b"], &json!({ "a": null }), Some("a"));
    refuses(&["a.b"], &json!({ "a": { "b": 1, "c": 2 } }), Some("a.c"));
    refuses(&["a.b"], &json!({ "a": [{ "b": 1 }, { "c": 2 }] }), Some("a.c"));
    refuses(&["a"], &json!({ "a": [[1]] }), Some("a"));
    refuses(&["a.*"], &json!({ "a": [[{ "b": {} }]] }), None);
    refuses(&[], &json!({}), None);
    refuses(&[], &json!(7), Some(""));
    refuses(&["*"], &json!(7), None);
    // Names are compared as they are.
    refuses(&["admin"], &json!({ "Admin": 1 }), Some("Admin"));
    refuses(&["a.b"], &json!({ "a.b": 1 }), Some("a.b"));
}

/// OWASP API3 (A21.3): one value decides what is looked at and what is read.
#[test]
fn the_last_of_two_members_counts_for_both() {
    #[derive(serde::Deserialize)]
    struct Patch {
        role: Option<Value>,
    }
    let patch: Assigned<Patch> =
        serde_json::from_str(r#"{ "role": { "admin": true }, "role": "user" }"#).unwrap();
    assert!(patch.decide(&fields(&["role"])).is_allowed());
    assert_eq!(patch.role, Some(json!("user")));
    let patch: Assigned<Patch> =
        serde_json::from_str(r#"{ "role": "user", "role": { "admin": true } }"#).unwrap();
    assert!(!patch.decide(&fields(&["role"])).is_allowed());
    assert!(patch.has("role") && !patch.has("name"));
    assert_eq!(patch.into_inner().role, Some(json!({ "admin": true })));
}

#[test]
fn a_refusal_names_the_field_for_the_event_on_one_line() {
    let patch: Assigned<Value> = serde_json::from_str(r#"{ "a\nb": 1 }"#).unwrap();
    let decision = patch.decide(&FieldSet::none());
    assert_eq!(decision.reason(), Reason::FieldNotAllowed);
    assert_eq!(decision.detail(), Some(r"`a\u{a}b` must not be set"));
    assert_eq!(format!("{patch:?}"), "Assigned(..)");
    assert!(serde_json::from_str::<Assigned<u32>>("\"x\"").is_err());
}

#[track_caller]
fn invalid(paths: &[String], errors: usize) {
    match FieldSet::new(paths) {
        Ok(fields) => assert_eq!(errors, 0, "{fields:?}"),
        Err(found) => assert_eq!(found.codes().collect::<Vec<_>>(), vec!["P230"; errors], "{found}"),
    }
}

#[test]
fn what_is_no_path_is_an_error_and_so_are_too_many() {
    for bad in ["", ".", "a.", ".a", "a..b", "*.a", "a.*.b", "a.*.*"] {
        invalid(&[bad.to_owned()], 1);
    }
    invalid(&["a.", "b", ".c"].map(str::to_owned), 2);
    invalid(&[vec!["a"; MAX_FIELD_DEPTH].join(".")], 0);
    invalid(&[vec!["a"; MAX_FIELD_DEPTH + 1].join(".")], 1);
    invalid(&(0..MAX_FIELD_PATHS).map(|number| number.to_string()).collect::<Vec<_>>(), 0);
    invalid(&(0..=MAX_FIELD_PATHS).map(|number| number.to_string()).collect::<Vec<_>>(), 1);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The paths of every leaf that is no object and no list: what a reader of the answer learns.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, &format!("{path}{name}."), found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| leaves(value, path, found)),
        _ => drop(found.insert(path.trim_end_matches('.').to_owned())),
    }
}

fn is_listed(paths: &BTreeSet<String>, leaf: &str) -> bool {
    let below = |path: &str| {
        path.strip_suffix('*').is_some_and(|prefix| leaf.starts_with(prefix) || format!("{leaf}.") == prefix)
    };
    paths.iter().any(|path| path == leaf || below(path))
}

proptest! {
    #[test]
    fn no_field_is_shown_that_is_not_in_the_list(
        value in value(),
        paths in prop::collection::btree_set("[abc](\\.[abc]){0,3}(\\.\\*)?", 0..6),
    ) {
        let fields = FieldSet::new(&paths).unwrap();
        let shown = serde_json::to_value(Redacted::new(&value, &fields)).unwrap();
        let mut found = BTreeSet::new();
        leaves(&shown, "", &mut found);
        // What is hidden as a whole is `null`.
        for leaf in found.iter().filter(|leaf| !leaf.is_empty()) {
            prop_assert!(is_listed(&paths, leaf), "{leaf} of {value} by {fields:?}");
        }
        prop_assert!(!found.contains("") || shown.is_null());
    }

    #[test]
    fn what_is_not_refused_has_no_leaf_that_is_not_in_the_list(
        value in value(),
        paths in prop::collection::btree_set("[abc](\\.[abc]){0,3}(\\.\\*)?", 0..6),
    ) {
        let fields = FieldSet::new(&paths).unwrap();
        let mut found = BTreeSet::new();
        leaves(&value, "", &mut found);
        let strange = found.iter().any(|leaf| !is_listed(&paths, leaf));
        if strange {
            prop_assert!(fields.refused(&value).is_some(), "{value} by {fields:?}");
        }
    }

    #[test]
    fn never_panics(text in "\\PC{0,64}") {
        let _ = FieldSet::new([&text]);
        let _ = serde_json::from_str::<Assigned<Value>>(&text);
    }
}

/// serde reads a struct from a list, too: only a name alone, which stands for lists, lets one through.
#[test]
fn a_list_in_the_place_of_an_object_is_refused_where_its_members_are_named() {
    let written = serde_json::json!({ "notes": [["alice", true]], "owner": ["alice", true] });
    for (paths, refused) in [
        (["owner.name", "notes.*"], "owner"),
        (["owner.name", "notes.author"], "notes"),
        (["owner.name", "notes"], "notes"),
    ] {
        assert_eq!(FieldSet::new(paths).unwrap().refused(&written).unwrap(), refused, "{paths:?}");
    }
}

/// OWASP API3 (A21.3): what has no name was not looked at by its name.
#[test]
fn a_struct_is_never_read_by_position() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Owner {
        name: String,
        admin: bool,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Shape {
        Dot,
        Round(u8),
        Pair(u8, u8),
        Box { width: u8 },
        Owned(Owner),
    }
    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Patch {
        owner: Option<Owner>,
        owners: Vec<Owner>,
        by_name: std::collections::BTreeMap<String, Owner>,
        by_number: std::collections::BTreeMap<u32, bool>,
        pair: (u8, u8),
        shape: Option<Shape>,
        tags: Vec<String>,
        ratio: Option<f64>,
    }
    let read = |value: Value| serde_json::from_value::<Assigned<Patch>>(value);
    let positional = json!(["eve", true]);
    for written in [
        json!([{ "name": "eve", "admin": true }]),
        json!([]),
        json!({ "owner": positional }),
        json!({ "owners": [positional] }),
        json!({ "by_name": { "a": positional } }),
        json!({ "shape": { "Box": [1] } }),
        json!({ "shape": { "Owned": positional } }),
    ] {
        let error = read(written.clone()).unwrap_err().to_string();
        assert!(error.contains("by their names"), "{written}: {error}");
    }
    for wrong in [
        json!({ "shape": { "Pair": { "0": 1 } } }),
        json!({ "shape": { "Dot": 1 } }),
        json!({ "shape": { "Round": 1, "Dot": null } }),
        json!({ "shape": {} }),
        json!({ "by_number": { "x": true } }),
        json!({ "owner": "eve" }),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
    let owner = || Owner { name: "eve".to_owned(), admin: true };
    let named = json!({ "name": "eve", "admin": true });
    let patch = read(json!({
        "owner": named, "owners": [named], "by_name": { "a": named }, "by_number": { "7": true }, "pair": [1, 2],
        "tags": ["a"], "ratio": 0.5, "shape": { "Owned": named }, "unknown": [[1]],
    }));
    let patch = patch.unwrap().into_inner();
    assert_eq!((patch.owner, patch.owners), (Some(owner()), vec![owner()]));
    assert_eq!((&patch.by_name["a"], patch.by_number[&7], patch.pair), (&owner(), true, (1, 2)));
    assert_eq!(
        (patch.tags, patch.ratio, patch.shape),
        (vec!["a".to_owned()], Some(0.5), Some(Shape::Owned(owner())))
    );
    for (written, shape) in [
        (json!("Dot"), Shape::Dot),
        (json!({ "Dot": null }), Shape::Dot),
        (json!({ "Round": 1 }), Shape::Round(1)),
        (json!({ "Pair": [1, 2] }), Shape::Pair(1, 2)),
        (json!({ "Box": { "width": 3 } }), Shape::Box { width: 3 }),
    ] {
        assert_eq!(read(json!({ "shape": written })).unwrap().into_inner().shape, Some(shape));
    }
    assert!(read(json!({ "owner": null, "shape": null })).unwrap().into_inner().owner.is_none());
}

/// As serde_json refuses it.
#[test]
fn a_list_is_read_to_its_end_or_refused() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Shape {
        Pair(u8, u8),
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Triple(u8, u8, u8);
    let pair = |value: Value| serde_json::from_value::<Assigned<(u8, u8)>>(value);
    assert_eq!(pair(json!([1, 2])).unwrap().into_inner(), (1, 2));
    let triple: Assigned<Triple> = serde_json::from_value(json!([1, 2, 3])).unwrap();
    let shape: Assigned<Shape> = serde_json::from_value(json!({ "Pair": [1, 2] })).unwrap();
    assert_eq!((triple.into_inner(), shape.into_inner()), (Triple(1, 2, 3), Shape::Pair(1, 2)));
    for (wrong, error) in [
        (pair(json!([1, 2, 99])).unwrap_err(), "length 3"),
        (pair(json!([1])).unwrap_err(), "length 1"),
        (serde_json::from_value::<Assigned<Triple>>(json!([1, 2, 3, 4])).unwrap_err(), "length 4"),
        (serde_json::from_value::<Assigned<Shape>>(json!({ "Pair": [1, 2, 3] })).unwrap_err(), "length 3"),
        (
            serde_json::from_value::<Assigned<Vec<(u8, u8)>>>(json!([[1, 2], [1, 2, 3]])).unwrap_err(),
            "length 3",
        ),
    ] {
        assert!(wrong.to_string().contains(error), "{wrong}");
    }
}

/// Whoever reads a map may stop before its end.
#[test]
fn an_object_is_read_to_its_end_or_refused() {
    struct First;
    impl<'d> serde::Deserialize<'d> for First {
        fn deserialize<D: serde::Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reader;
            impl<'d> serde::de::Visitor<'d> for Reader {
                type Value = First;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<M: serde::de::MapAccess<'d>>(self, mut members: M) -> Result<First, M::Error> {
                    members.next_entry::<String, u8>().map(|_| First)
                }
            }
            deserializer.deserialize_map(Reader)
        }
    }
    assert!(serde_json::from_value::<Assigned<First>>(json!({ "a": 1 })).is_ok());
    let error = serde_json::from_value::<Assigned<First>>(json!({ "a": 1, "b": 2 })).err().unwrap();
    assert!(error.to_string().contains("length 2"), "{error}");
}

proptest! {
    /// Where there is no struct, it is what serde_json reads.
    #[test]
    fn values_and_maps_are_read_as_ever(value in value()) {
        let read: Assigned<Value> = serde_json::from_value(value.clone()).unwrap();
        prop_assert_eq!(read.into_inner(), value);
    }
}
