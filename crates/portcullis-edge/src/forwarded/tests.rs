use proptest::prelude::*;

use super::*;
use crate::testing::vectors;

#[test]
fn reads_the_examples_of_the_rfc_and_refuses_the_invalid_ones() {
    let Some(vectors) = vectors("rfc7239/forwarded.json") else { return };
    for case in vectors["cases"].as_array().unwrap() {
        let value = case["value"].as_str().unwrap();
        let read = |element: &Element<'_>| {
            let parameters = [
                ("for", element.client()),
                ("by", element.by()),
                ("host", element.host()),
                ("proto", element.scheme()),
            ];
            let present =
                parameters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
            serde_json::Value::Object(present.collect())
        };
        let found: Vec<_> = parse(value).unwrap().iter().map(read).collect();
        assert_eq!(serde_json::Value::Array(found), case["elements"], "{value}");
        for element in parse(value).unwrap() {
            assert!(element.client().is_none_or(|node| Node::parse(node).is_some()), "{value}");
        }
    }
    for case in vectors["invalid"].as_array().unwrap() {
        assert_eq!(parse(case["value"].as_str().unwrap()), Err(InvalidForwarded), "{}", case["why"]);
    }
}

/// A19.1, RFC 7239 §4, RFC 9110 §5.6.4.
#[test]
fn refuses_what_the_grammar_does_not_have() {
    for bad in [
        "for",
        "=x",
        "for=1.2.3.4;",
        ";for=1.2.3.4",
        "for =1.2.3.4",
        "for= 1.2.3.4",
        "for=a b",
        "for=\"a\"b",
        "for=\"a",
        "for=\"\u{e4}\"",
        "for=a;FOR=b",
        "host=a;Host=b",
        "by=\"a\";by=b",
        "proto=https;proto=http",
        "for=192.0.2.1;ext=a;EXT=b",
        "ext=a;for=192.0.2.1;ext=a",
        "a=1;b=2;c=3;A=4",
        "for=a;;by=b",
        "for=[::1]",
        "for=\"\\\"",
        "\"for\"=a",
        "f\u{f6}r=a",
        "for=\"a\u{1}\"",
        "for=a=b",
    ] {
        assert_eq!(parse(bad), Err(InvalidForwarded), "{bad}");
    }
}

#[test]
fn reads_names_without_case_unknown_parameters_escapes_and_commas_in_quotes() {
    let elements = parse(r#"FOR="a,b\"c\\";x-y="z;,";Proto=https , ,by=_b"#).unwrap();
    assert_eq!(elements.len(), 2);
    assert_eq!((elements[0].client(), elements[0].scheme()), (Some(r#"a,b"c\"#), Some("https")));
    assert_eq!(elements[1].by(), Some("_b"));
    assert_eq!(parse("").unwrap(), []);
}

/// Linear time: more names than an element may have are not compared.
#[test]
fn takes_so_many_unknown_parameters_in_an_element_and_no_more() {
    let with = |extensions: usize| {
        (0..extensions).fold("for=_a".to_owned(), |text, number| format!("{text};x{number}=1"))
    };
    let most = with(Element::MAX_EXTENSIONS);
    // Each element counts for itself, and what is known does not count.
    assert_eq!(parse(&format!("{most};by=_b,{most};host=c")).map(|elements| elements.len()), Ok(2));
    assert_eq!(parse(&with(Element::MAX_EXTENSIONS + 1)), Err(InvalidForwarded));
    assert_eq!(parse(&with(100_000)), Err(InvalidForwarded));
}

#[test]
fn reads_nodes() {
    let address = |text: &str| Some(Node::Address(text.parse().unwrap()));
    for (text, expected) in [
        ("192.0.2.1", address("192.0.2.1")),
        ("192.0.2.1:80", address("192.0.2.1")),
        ("192.0.2.1:_http", address("192.0.2.1")),
        ("[2001:db8::1]", address("2001:db8::1")),
        ("[2001:db8::1]:65535", address("2001:db8::1")),
        ("[::ffff:192.0.2.1]", address("192.0.2.1")),
        ("unknown:80", Some(Node::Unknown)),
        ("_x:_y", Some(Node::Obfuscated)),
        ("2001:db8::1", None),
        ("192.0.2.1:", None),
        ("192.0.2.1:123456", None),
        ("192.0.2.01", None),
        ("192.0.2", None),
        ("[192.0.2.1]", None),
        ("[::1]80", None),
        ("[::1%]", None),
        ("_", None),
        ("_a b", None),
        ("unknowns", None),
        ("", None),
    ] {
        assert_eq!(Node::parse(text), expected, "{text}");
    }
}

/// A quote that is left open at the left cannot reach what stands at the right.
#[test]
fn splits_from_the_right() {
    let split = |text: &'static str| -> Vec<&str> {
        elements_from_the_right(text.as_bytes()).map(|part| std::str::from_utf8(part).unwrap()).collect()
    };
    assert_eq!(split("a,b"), ["b", "a"]);
    assert_eq!(split(r#"a="1,2",b"#), ["b", r#"a="1,2""#]);
    assert_eq!(split(r#"a="\",\\",b"#), ["b", r#"a="\",\\""#]);
    assert_eq!(split(r#"a=",b="1,2""#), [r#"b="1,2""#, r#"a=""#]);
    assert_eq!(split(""), [""]);
}

fn parameter() -> impl Strategy<Value = String> {
    "[ -~]{0,12}"
}

fn written(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    #[test]
    fn octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        for element in elements_from_the_right(&octets) {
            let _ = Element::parse(element);
        }
        if let Ok(text) = std::str::from_utf8(&octets) {
            let _ = (parse(text), Node::parse(text), Node::parse_lenient(text));
        }
    }

    #[test]
    fn near_misses_never_panic(text in "[-for=\",;\\\\ 1:.a_]{0,60}") {
        let _ = (parse(&text), Node::parse(&text), Node::parse_lenient(&text));
    }

    #[test]
    fn what_is_written_is_read_again(elements in proptest::collection::vec((parameter(), parameter()), 1..5)) {
        let line: Vec<_> = elements
            .iter()
            .map(|(client, host)| format!("for={};host={}", written(client), written(host)))
            .collect();
        let line = line.join(", ");
        let read = parse(&line).unwrap();
        let read: Vec<_> = read.iter().map(|e| (e.client().unwrap().to_owned(), e.host().unwrap().to_owned())).collect();
        prop_assert_eq!(read, elements);
    }

    #[test]
    fn no_prefix_changes_the_last_element(prefix in "[ -~]{0,40}", client in parameter()) {
        let line = format!("{prefix}, for={}", written(&client));
        let last = elements_from_the_right(line.as_bytes()).next().unwrap();
        let element = Element::parse(last.trim_ascii()).unwrap();
        prop_assert_eq!(element.client(), Some(client.as_str()));
    }

    #[test]
    fn addresses_are_read_in_every_form(address in any::<IpAddr>(), port in any::<u16>()) {
        let expected = Some(Node::Address(address.to_canonical()));
        let bracketed = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        prop_assert_eq!(Node::parse(&bracketed), expected);
        prop_assert_eq!(Node::parse(&format!("{bracketed}:{port}")), expected);
        prop_assert_eq!(Node::parse_lenient(&address.to_string()), expected);
    }
}
