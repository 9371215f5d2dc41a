use proptest::prelude::*;

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
    check(&format!(r#"{{"a":{{"{DISGUISED_NUMBER}":"1e400"}}}}"#), !numbers_are_disguised());
    check(&format!(r#"{{"a":{{"{DISGUISED_NUMBER}":"1","b":2}}}}"#), !numbers_are_disguised());
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

    #[test]
    fn agrees_with_serde_json_on_what_it_reads(text in "\\{(\"[a-d]\":(1|\"x\"|\\[2\\]|\\{\"e\":1\\}),?){0,4}\\}") {
        if object(text.as_bytes()).is_some() {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert!(value.is_object());
        }
    }
}
