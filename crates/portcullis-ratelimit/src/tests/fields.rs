use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::{FakeTime, all, check, fields, five_a_minute, from};
use crate::{DAY, Limit, MAX_NAME_LENGTH, MINUTE, SECOND, client_ip, per};

/// A member of either field: its name and its parameters.
type Item = (String, Vec<(String, String)>);

/// Reads either field. What is not of the draft's form is `None`.
///
/// Just enough of RFC 9651 for these two fields: a List of Strings with Integer, String and Byte Sequence
/// parameters.
fn parse(field: &str) -> Option<Vec<Item>> {
    let mut rest = field.trim_matches(' ');
    let mut members = Vec::new();
    loop {
        let (name, after) = string(rest)?;
        rest = after;
        let mut parameters = Vec::new();
        while let Some(after) = rest.strip_prefix(';') {
            let (key, after) = after.trim_start_matches(' ').split_once('=')?;
            let (value, after) = match after.as_bytes().first()? {
                b'"' => string(after)?,
                b':' => after
                    .strip_prefix(':')?
                    .split_once(':')
                    .map(|(bytes, after)| (bytes.to_owned(), after))?,
                _ => {
                    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
                    let (digits, after) = after.split_at(end);
                    ((1..=15).contains(&digits.len())).then(|| (digits.to_owned(), after))?
                }
            };
            parameters.push((key.to_owned(), value));
            rest = after;
        }
        members.push((name, parameters));
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Some(members);
        }
        rest = rest.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

/// RFC 9651 §4.2.5.
fn string(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut value = String::new();
    while let Some(c) = characters.next() {
        match c {
            '\\' => value.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return Some((value, characters.as_str())),
            ' '..='~' => value.push(c),
            _ => return None,
        }
    }
    None
}

/// The two fields of the first answer.
fn answer(limit: &Limit) -> (String, String) {
    let request = from("192.0.2.1");
    check(&limit.build(&FakeTime::new().clock()).unwrap(), &request).unwrap();
    let headers = fields(&request);
    (all(&headers, "ratelimit-policy").join(","), all(&headers, "ratelimit").join(","))
}

/// A11.1, A11.2, A11.3: the examples of the draft are read by the parser that reads ours below.
#[test]
fn the_draft_s_own_examples_parse_as_it_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/ratelimit-draft/fields.json");
    if !Path::new(path).exists() {
        eprintln!("SKIPPED: no vectors at {path}");
        return;
    }
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let value = case["value"].as_str().unwrap();
        let parsed = parse(value);
        assert_eq!(parsed.is_some(), case["conforms"].as_bool().unwrap(), "{value}");
        for ((name, parameters), expected) in parsed.iter().flatten().zip(case["items"].as_array().unwrap()) {
            assert_eq!(name, expected["name"].as_str().unwrap());
            for (key, value) in parameters.iter().filter(|(key, _)| key != "pk") {
                let expected = &expected["params"][key];
                assert_eq!(*value, expected.as_str().map_or(expected.to_string(), str::to_owned), "{key}");
            }
        }
    }
    let quota_exceeded = &vectors["problem_types"][0];
    assert_eq!(quota_exceeded["type"], portcullis_core::ProblemType::QuotaExceeded.uri());
    assert_eq!(quota_exceeded["status"], portcullis_core::ProblemType::QuotaExceeded.status().as_u16());
    let reduced_capacity = &vectors["problem_types"][1];
    assert_eq!(reduced_capacity["type"], portcullis_core::ProblemType::ReducedCapacity.uri());
    assert_eq!(reduced_capacity["status"], portcullis_core::ProblemType::ReducedCapacity.status().as_u16());
}

#[track_caller]
fn check_fields(limit: &Limit, policy: &str, rate_limit: &str) {
    assert_eq!(answer(limit), (policy.to_owned(), rate_limit.to_owned()));
    assert!(parse(policy).is_some() && parse(rate_limit).is_some());
}

/// A11.1, A11.2, A11.3, A11.5, A11.7.
#[test]
fn the_fields_have_the_draft_s_form() {
    check_fields(&five_a_minute(), r#""client-ip";q=5;w=60"#, r#""client-ip";r=4;t=12"#);
    check_fields(&five_a_minute().named("default"), r#""default";q=5;w=60"#, r#""default";r=4;t=12"#);
    check_fields(
        &five_a_minute().named(r#"a "b" \c"#),
        r#""a \"b\" \\c";q=5;w=60"#,
        r#""a \"b\" \\c";r=4;t=12"#,
    );
    check_fields(
        &per(client_ip()).requests(7).every(DAY),
        r#""client-ip";q=7;w=86400"#,
        r#""client-ip";r=6;t=12343"#,
    );
    // No burst beyond the policy is invited.
    check_fields(&five_a_minute().burst(50), r#""client-ip";q=5;w=60"#, r#""client-ip";r=5;t=12"#);
    // A window that is no whole number of seconds cannot be named (w is an Integer).
    let odd = per(client_ip()).requests(10).every(Duration::from_millis(1500));
    check_fields(&odd, r#""client-ip";q=10"#, r#""client-ip";r=9;t=1"#);
    let largest = per(client_ip()).requests(u32::MAX).every(SECOND);
    check_fields(&largest, r#""client-ip";q=4294967295;w=1"#, r#""client-ip";r=4294967294;t=1"#);
}

#[test]
fn the_longest_name_fits() {
    let name = "\\".repeat(MAX_NAME_LENGTH);
    let limit = per(client_ip()).requests(2).every(crate::MAX_WINDOW).named(name.as_str());
    let (policy, rate_limit) = answer(&limit);
    assert_eq!(parse(&policy).unwrap()[0].0, name);
    let parsed = parse(&rate_limit).unwrap();
    assert_eq!((parsed[0].0.as_str(), parsed[0].1[1].1.as_str()), (name.as_str(), "1576800000"));
}

/// A11.9.
#[test]
fn fields_can_be_left_out_and_never_name_who_is_counted() {
    let (policy, rate_limit) = answer(&five_a_minute());
    assert!(!policy.contains("192.0.2.1") && !rate_limit.contains("192.0.2.1"));
    assert_eq!(answer(&five_a_minute().without_fields()), (String::new(), String::new()));
}

/// What a client in no hurry is told was written before; every other value is written for the one request.
#[test]
fn the_fields_follow_the_bucket_from_full_to_empty_and_back() {
    let time = FakeTime::new();
    let limiter = per(client_ip()).requests(3).every(MINUTE).build(&time.clock()).unwrap();
    let told = || {
        let request = from("192.0.2.1");
        let _ = check(&limiter, &request);
        let headers = fields(&request);
        assert_eq!(all(&headers, "ratelimit-policy"), [r#""client-ip";q=3;w=60"#]);
        all(&headers, "ratelimit")[0].to_owned()
    };
    let first = r#""client-ip";r=2;t=20"#;
    assert_eq!(told(), first);
    time.advance(Duration::from_secs(19));
    assert_eq!(told(), r#""client-ip";r=1;t=1"#);
    assert_eq!(told(), r#""client-ip";r=0;t=1"#);
    assert_eq!(told(), r#""client-ip";r=0;t=1"#, "refused");
    time.advance(MINUTE);
    assert_eq!(told(), first);
    time.advance(Duration::from_millis(500));
    assert_eq!(told(), r#""client-ip";r=1;t=20"#);
}

/// A request that costs nothing may find a full bucket: then there is no `t`.
#[test]
fn a_full_quota_has_no_window_to_wait_for() {
    check_fields(&five_a_minute().cost(|_| 0), r#""client-ip";q=5;w=60"#, r#""client-ip";r=5"#);
}

proptest! {
    /// A11.4, A11.6: `t` is never zero while a retry would be refused, and Retry-After is not before it.
    #[test]
    fn who_waits_as_long_as_told_is_served(
        requests in 1_u32..100, milliseconds in 1_u64..200_000, burst in 1_u32..10, pause in 0_u64..1000,
    ) {
        let time = FakeTime::new();
        let limit = per(client_ip()).requests(requests).every(Duration::from_millis(milliseconds)).burst(burst);
        let limiter = limit.capacity(1).build(&time.clock()).unwrap();
        (0..burst).for_each(|_| check(&limiter, &from("192.0.2.1")).unwrap());
        time.advance(Duration::from_nanos(pause));
        let request = from("192.0.2.1");
        let Err(denial) = check(&limiter, &request) else { return Ok(()) };
        let headers = fields(&request);
        let parsed = parse(all(&headers, "ratelimit")[0]).unwrap();
        let number = |at: usize| parsed[0].1[at].1.parse::<u64>().unwrap();
        prop_assert_eq!(number(0), 0);
        prop_assert!(number(1) >= 1 && denial.retry_after_seconds().unwrap() >= number(1));
        time.advance(Duration::from_secs(number(1)));
        prop_assert!(check(&limiter, &from("192.0.2.1")).is_ok());
    }

    #[test]
    fn every_name_survives_the_wire(name in "[ -~]{1,64}") {
        let (policy, rate_limit) = answer(&per(client_ip()).requests(1).every(MINUTE).capacity(1).named(name.as_str()));
        prop_assert_eq!(&parse(&policy).unwrap()[0].0, &name);
        prop_assert_eq!(&parse(&rate_limit).unwrap()[0].0, &name);
    }
}
