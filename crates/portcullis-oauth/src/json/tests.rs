use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;

#[track_caller]
fn check(text: &str, accepted: bool) {
    assert_eq!(object(text.as_bytes()).is_some(), accepted, "{text}");
}

#[test]
fn reads_one_object_with_all_kinds_of_values() {
    let text = r#" {"a":"x","b":"\u0079","c":[1,-2,1.5],"d":{"e":null},"f":true} "#;
    let object = object(text.as_bytes()).unwrap();
    let read = object.members();
    assert_eq!(read.get("a"), Some(&Json::Text(Cow::Borrowed("x"))));
    assert_eq!(read.get("b").and_then(Json::as_text), Some("y"));
    assert_eq!(read.get("c").and_then(Json::as_list).map(<[_]>::len), Some(3));
    assert_eq!(read.at(&["d", "e"]), Some(&Json::Null));
    assert_eq!(read.at(&["a", "e"]), None);
    assert!(read.has("f") && !read.has("g"));
}

/// A2.3, RFC 7515 §4, RFC 7519 §4.
#[test]
fn refuses_a_name_that_stands_twice_at_any_depth_however_it_is_written() {
    check(r#"{"a":1,"a":1}"#, false);
    check(r#"{"a":1,"\u0061":2}"#, false);
    check(r#"{"x":{"a":1,"b":2,"a":3}}"#, false);
    check(r#"{"x":[{"a":1,"a":3}]}"#, false);
    check(r#"{"x":{"a":1},"y":{"a":1},"A":1}"#, true);
    let many = |last: &str| {
        let members: Vec<String> = (0..100).map(|i| format!("\"m{i}\":{i}")).collect();
        format!("{{{},\"{last}\":0}}", members.join(","))
    };
    check(&many("m100"), true);
    check(&many("m7"), false);
}

/// A2.19, A2.24. Run with `--features serde_json/arbitrary_precision` too, which any crate in a tree can turn on
/// for all.
#[test]
fn numbers_are_numbers_whatever_features_serde_json_has() {
    let object =
        object(br#"{"a":1.5,"b":-2e3,"c":7,"d":-0,"e":12345678901234567890123,"f":[-1,0.0]}"#).unwrap();
    let read = object.members();
    let double = |name| match read.get(name) {
        Some(Json::Number(number)) => number.as_f64(),
        _ => None,
    };
    let doubles = ["a", "b", "c", "d", "e"].map(double);
    assert_eq!(
        doubles,
        [Some(1.5), Some(-2e3), Some(7.0), Some(0.0), Some(12_345_678_901_234_567_890_123.0)]
    );
    let list = read.get("f").and_then(Json::as_list).unwrap();
    assert!(list.iter().all(|value| matches!(value, Json::Number(_))));
    // At the limit a number is no level of its own.
    check(&format!("{{\"a\":{}0.5{}}}", "[".repeat(MAX_DEPTH - 1), "]".repeat(MAX_DEPTH - 1)), true);
    for number in ["1e400", "-1e400", "1.5e99999", "\"x\",\"b\":1e400"] {
        check(&format!("{{\"a\":{number}}}"), false);
    }
}

/// A2.24, RFC 8725 §3.7.
#[test]
fn refuses_what_is_not_one_json_object_in_utf_8() {
    for text in [
        "",
        "null",
        "[]",
        "\"a\"",
        "{}{}",
        "{} x",
        "{,}",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":NaN}",
        "{\"a\":1e400}",
        "{\"a\":-1e400}",
        "{\"a\":01}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"\\ud800\":1}",
        "{\"a\":\"\u{1}\"}",
        "\u{feff}{}",
        "// c\n{}",
    ] {
        check(text, false);
    }
    assert!(object(b"{\"a\":\"\xff\"}").is_none());
    check("{\"a\":\"\\ud83d\\ude00\"}", true);
}

/// A2.24. With its features `arbitrary_precision` and `raw_value`, which any crate in a tree can turn on for all,
/// serde_json takes an object that begins with such a name for something else than an object, or for none: whoever
/// may write one into a claim, as into the metadata of a user, would choose what the others read.
#[test]
fn refuses_names_by_which_serde_json_talks_to_itself() {
    for name in ["$serde_json::private::Number", "$serde_json::private::RawValue", "$serde_json::private::"] {
        check(&format!("{{\"{name}\":\"1\"}}"), false);
        check(&format!("{{\"user_metadata\":[{{\"{name}\":\"x\"}}],\"suspended\":true}}"), false);
        check(&format!("{{\"a\":{{\"\\u0024{}\":\"x\"}}}}", name.trim_start_matches('$')), false);
        check(&format!("{{\"a\":\"{name}\"}}"), true);
    }
    check(r#"{"$ref":1,"$":{"$serde_json":2}}"#, true);
}

/// A2.24, at the limit.
#[test]
fn reads_as_deep_as_the_limit_and_not_one_deeper() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    check(&nested(MAX_DEPTH), true);
    check(&nested(MAX_DEPTH + 1), false);
    check(&format!("{{\"a\":{}", "[".repeat(100_000)), false);
    check(&"{\"a\":".repeat(100_000), false);
}

proptest! {
    #[test]
    fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = object(&octets);
    }

    /// Texts that are JSON, or nearly.
    #[test]
    fn reads_what_serde_json_reads_and_refuses_what_it_refuses(text in nearly_json(), flip in any::<(u16, u8)>()) {
        compare(text.as_bytes())?;
        let mut changed = text.into_bytes();
        let (place, octet) = (usize::from(flip.0) % changed.len().max(1), flip.1);
        if let Some(at) = changed.get_mut(place) {
            *at = octet;
        }
        compare(&changed)?;
        changed.truncate(place);
        compare(&changed)?;
    }

    #[test]
    fn reads_numbers_as_serde_json_does(number in "-?[0-9]{1,25}(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?") {
        compare(format!("{{\"a\":{number}}}").as_bytes())?;
    }

    #[test]
    fn reads_text_as_serde_json_does(text in "(\\\\u?[0-9a-fD-d\"\\\\/bnrtu]{0,4}|[ -~]|\\PC|\u{1f}){0,24}") {
        compare(format!("{{\"a\":\"{text}\",\"{text}\":1}}").as_bytes())?;
    }
}

/// Names, text, numbers, nesting, space, and what is none of these.
fn nearly_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "\"[a-c]{0,2}\"",
        "\"\\PC{0,12}\"",
        "\"(\\\\[\"\\\\/bfnrtux]|\\\\u[dD][89abcCdDeE][0-9a-f]{2}|\\\\u00[0-7][0-9a-f]|[a-z]){0,8}\"",
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        "[-+.0-9eE]{1,4}",
        "true|false|null|nul|tru",
    ];
    let value = leaf.prop_recursive(20, 64, 6, |inner| {
        let name = prop_oneof![4 => "\"[a-e]{1,2}\"", 1 => "\"\\\\u006[1-5]\"", 1 => "[a-c]"];
        let member = (name, "[ \t\n]{0,1}", inner.clone())
            .prop_map(|(name, space, value)| format!("{name}{space}:{space}{value}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            proptest::collection::vec(member, 0..20)
                .prop_map(|members| format!("{{{}}}", members.join(" ,"))),
        ]
    });
    let member = ("\"[a-z]{1,3}\"", value).prop_map(|(name, value)| format!("{name}:{value}"));
    proptest::collection::vec(member, 0..20).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// Both readers say the same.
fn compare(octets: &[u8]) -> Result<(), TestCaseError> {
    // With its feature `arbitrary_precision` serde_json hands numbers over in disguise, and is no judge of them.
    if serde_json::from_str::<Number>("1e400").is_ok() {
        return Ok(());
    }
    let ours = object(octets).map(|object| Json::Object(object.members.into_vec()));
    let theirs = oracle::object(octets).map(Json::Object);
    let said = || format!("{:?}\n{ours:?}\n{theirs:?}", String::from_utf8_lossy(octets));
    let same = match (&ours, &theirs) {
        (Some(ours), Some(theirs)) => is_same(ours, theirs),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    };
    prop_assert!(same, "{}", said());
    Ok(())
}

fn is_same(one: &Json<'_>, other: &Json<'_>) -> bool {
    match (one, other) {
        (Json::List(ones), Json::List(others)) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| is_same(one, other))
        }
        (Json::Object(ones), Json::Object(others)) => {
            let same = |((name, value), (other, others)): (&Member<'_>, &Member<'_>)| {
                name == other && is_same(value, others)
            };
            ones.len() == others.len() && ones.iter().zip(others).all(same)
        }
        (Json::Number(one), Json::Number(other)) => {
            // serde_json does not always find the nearest double.
            let near = |one: f64, other: f64| (one - other).abs() <= one.abs() * 8.0 * f64::EPSILON;
            one == other
                || (one.is_f64()
                    && one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| near(one, other)))
        }
        (one, other) => one == other,
    }
}

/// A2.24: the time that a text takes grows as it does.
#[test]
fn many_members_are_compared_by_sorting_them() {
    let names: Vec<String> = (0..20_000).map(|number| format!("\"a{number:05}z\":1")).collect();
    check(&format!("{{{}}}", names.join(",")), true);
    check(&format!("{{{},\"a00017z\":2}}", names.join(",")), false);
    check(&format!("{{\"x\":{{{},\"a19999z\":2}}}}", names.join(",")), false);
}

/// At the number of members from which on they are compared in another way.
#[test]
fn a_name_that_stands_twice_is_seen_wherever_it_stands() {
    for count in 2..2 * FEW + 2 {
        let names: Vec<String> = (0..count).map(|number| format!("\"n{number}\":0")).collect();
        check(&format!("{{{}}}", names.join(",")), true);
        for first in 0..count {
            for second in first + 1..count {
                let mut names = names.clone();
                names[second] = names[first].clone();
                check(&format!("{{{}}}", names.join(",")), false);
            }
        }
    }
}

#[test]
fn a_name_is_found_among_others_and_no_other_is() {
    let names =
        ["", "a", "iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "cnf", "ä", "a\u{0}"];
    let text: Vec<String> = names.iter().map(|name| serde_json::json!(name).to_string() + ":1").collect();
    let text = format!("{{{}}}", text.join(","));
    let object = object(text.as_bytes()).unwrap();
    assert!(names.iter().all(|name| object.members().has(name)));
    for other in ["b", "ist", "isss", "bss", "act", "acr", "\u{0}", "aa"] {
        assert!(!object.members().has(other), "{other}");
    }
}
