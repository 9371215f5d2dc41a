//! Strings that break careless code, in every place that a client can write to.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::support::client::{Answer, Call};
use crate::support::documents::{Documents, Record};
use crate::support::vectors::naughty_strings;

/// Whatever it is, the service answers, and it is not the service that failed.
#[track_caller]
fn check(answer: &Answer, what: &str) {
    assert!((200..500).contains(&answer.status), "{what}: {answer:?}");
    if answer.status >= 400 && !answer.is_of_the_protocol() {
        answer.check_problem(answer.status);
    }
}

/// One object a line was read already; no line has characters that move a terminal's cursor.
async fn stop(service: Documents) -> Record {
    service.check_alive().await;
    let record = service.stop().await;
    let controls =
        record.text.chars().filter(|character| character.is_control() && *character != '\n').count();
    assert_eq!(controls, 0);
    assert!(record.events.iter().all(|event| event["outcome"] == "answered"));
    record
}

/// RFC 3986 §2.1, for all but unreserved characters.
fn encoded(text: &str) -> String {
    let encode = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[tokio::test]
async fn naughty_strings_in_path_and_query_are_answered() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    for text in naughty_strings() {
        let encoded = encoded(&text);
        for target in [
            format!("/documents/{encoded}"),
            format!("/{encoded}"),
            format!("/documents?after={encoded}"),
            format!("/documents?{encoded}=1"),
            // As it is: most of these are no HTTP at all.
            format!("/documents/{text}"),
        ] {
            let answer = service.call(Call::get(&target).bearer(&token)).await;
            check(&answer, &target);
        }
    }
    stop(service).await;
}

#[tokio::test]
async fn naughty_strings_in_header_fields_are_answered() {
    let service = Documents::start().await;
    for text in naughty_strings() {
        let fields =
            ["User-Agent", "Cookie", "Origin", "Referer", "X-Forwarded-For", "Forwarded", "X-Request-Id"];
        let many = fields.iter().fold(Call::get("/health"), |call, name| call.field(name, &text));
        check(&service.call(many).await, &text);
        for call in [
            Call::get("/me").field("Authorization", &text),
            Call::get("/me").field("Authorization", format!("Bearer {text}")),
            Call::get("/me").field("X-Api-Key", &text),
            Call::get("/me").field("X-Api-Key", format!("docs_{text}")),
        ] {
            let answer = service.call(call).await;
            check(&answer, &text);
            assert!((400..500).contains(&answer.status), "{text}: {answer:?}");
        }
    }
    stop(service).await;
}

#[tokio::test]
async fn naughty_strings_in_user_names_and_passwords_are_answered() {
    let service = Documents::start().await;
    for (index, text) in naughty_strings().iter().enumerate() {
        // Thirty logins a client: of each two hundred strings, the first are judged to the end.
        let client = Ipv4Addr::new(127, 0, 1, u8::try_from(index / 200 + 1).unwrap());
        for (user, password) in [(text.as_str(), "x"), ("alice", text.as_str())] {
            let answer = service.call(Call::new("POST", "/login").basic(user, password).from(client)).await;
            check(&answer, text);
            assert!([400, 401, 429].contains(&answer.status), "{text}: {answer:?}");
        }
    }
    stop(service).await;
}

#[tokio::test]
async fn naughty_strings_in_bodies_are_answered_and_those_that_are_kept_come_back_as_they_were() {
    let service = Documents::start().await;
    let token = service.token("alice").to_owned();
    let mut kept = 0;
    for text in naughty_strings() {
        // Not every string can be a title; as a body it can.
        for title in [text.as_str(), "x"] {
            let document = json!({"title": title, "body": text}).to_string();
            let answer = service.call(Call::new("POST", "/documents").bearer(&token).json(document)).await;
            check(&answer, &text);
            if answer.status == 201 {
                kept += 1;
                let document = answer.json();
                assert_eq!((&document["title"], &document["body"]), (&json!(title), &json!(text)));
                break;
            }
        }
        for body in [json!({(text.clone()): 1}).to_string(), text.clone()] {
            let answer = service.call(Call::new("POST", "/documents").bearer(&token).json(body)).await;
            check(&answer, &text);
            assert!((400..500).contains(&answer.status), "{text}: {answer:?}");
        }
    }
    let record = stop(service).await;
    assert!(record.sent == 1 || kept > 300, "{kept}");
}
