//! ASVS 16.4.1: whatever the client sends, an event is one line that parses back.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use portcullis_core::{
    Actor, ClientAddress, Confirmation, ConnectionFacts, CredentialMethod, Decision, Denial, ExternalOrigin,
    Principal, PrincipalBuilder, Reason, Room, Trail, TrailLimit,
};
use serde_json::{Value, json};

use super::*;
use crate::MAX_ACTORS;

/// The event of a request to the path, with the text wherever a client's text can be.
async fn event(path: &str, text: &str) -> AuditEvent {
    let (audit, memory) = audit();
    let text = text.to_owned();
    let handler = service_fn(move |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        trail.set_route("/documents/{id}".into());
        trail.set_client(ClientAddress::Forwarded(IpAddr::from([192, 0, 2, 7])));
        trail.set_origin(ExternalOrigin::new(true, None, false));
        trail.scheme(text.as_str().into());
        let principal = Principal::builder(text.as_str(), CredentialMethod::Jwt)
            .issuer(text.as_str())
            .tenant(text.as_str())
            .client_id(text.as_str())
            .token_id(text.as_str())
            .actors([actor(&text), actor(&text)]);
        trail.authenticated(principal.build()).unwrap();
        trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
        trail.shadowed(Room::Guard, &Decision::deny(Reason::PolicyDenied).because(text.clone()));
        trail.limited(TrailLimit::new(text.as_str().into(), 9, true));
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    let mut request = get(path);
    request.extensions_mut().insert(ConnectionFacts::plain(SocketAddr::from(([10, 0, 0, 1], 4711))));
    answer(&audit, handler, request).await.unwrap();
    only(&memory)
}

fn actor(name: &str) -> Actor {
    Actor::new().subject(name).issuer(name).client_id(name)
}

/// A12.1 and A12.3, RFC 8693 §4.1: also those whom no decision looks at.
#[tokio::test]
async fn an_event_tells_everybody_who_acted_for_the_caller() {
    for (number, written) in [(0, 0), (1, 1), (2, 2), (MAX_ACTORS, MAX_ACTORS), (MAX_ACTORS + 1, MAX_ACTORS)]
    {
        let (audit, memory) = audit();
        let handler = service_fn(move |request: Request<()>| {
            let actors = (0..number).map(|number| Actor::new().subject(number.to_string()));
            let caller = Principal::builder("alice", CredentialMethod::Jwt).actors(actors).build();
            Trail::of(request.extensions()).unwrap().authenticated(caller).unwrap();
            async { Answer::Ok(Response::new(Bytes::new())) }
        });
        answer(&audit, handler, get("/")).await.unwrap();
        let event = serde_json::to_value(only(&memory)).unwrap();
        let innermost = std::iter::successors(event["principal"].get("actor"), |actor| actor.get("actor"));
        let subjects: Vec<String> =
            innermost.map(|actor| actor["subject"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (0..written).map(|number| number.to_string()).collect();
        assert_eq!(subjects, expected);
    }
}

#[tokio::test]
async fn what_a_credential_is_bound_to_is_told_and_no_thumbprint() {
    for (confirmation, expected) in [
        (Some(Confirmation::DpopKey([7; 32])), json!("jkt")),
        (Some(Confirmation::Certificate([7; 32])), json!("x5t#S256")),
        (None, Value::Null),
    ] {
        let (audit, memory) = audit();
        let handler = service_fn(move |request: Request<()>| {
            let alice = Principal::builder("alice", CredentialMethod::Jwt);
            let alice = confirmation.clone().into_iter().fold(alice, PrincipalBuilder::confirmation);
            Trail::of(request.extensions()).unwrap().authenticated(alice.build()).unwrap();
            async { Answer::Ok(Response::new(Bytes::new())) }
        });
        answer(&audit, handler, get("/")).await.unwrap();
        assert_eq!(serde_json::to_value(only(&memory)).unwrap()["principal"]["confirmation"], expected);
    }
}

#[tokio::test]
async fn an_event_has_every_member_of_the_schema() {
    let mut written = serde_json::to_value(event("/documents/7?q=1", "alice").await).unwrap();
    let id = written["request_id"].take();
    assert_eq!(id.as_str().unwrap().len(), 32);
    let expected = json!({
        "schema": 1,
        "kind": "request",
        "time": "2026-10-01T12:00:00.000Z",
        "request_id": null,
        "method": "GET",
        "route": "/documents/{id}",
        "path": "/documents/7",
        "peer": "10.0.0.1:4711",
        "client": "192.0.2.7",
        "client_source": "forwarded",
        "https": true,
        "authentication": "known",
        "scheme": "alice",
        "principal": {
            "subject": "alice", "issuer": "alice", "tenant": "alice", "client_id": "alice", "method": "jwt",
            "token_id": "alice",
            "actor": {
                "subject": "alice", "issuer": "alice", "client_id": "alice",
                "actor": { "subject": "alice", "issuer": "alice", "client_id": "alice" }
            }
        },
        "decisions": [
            { "room": "rule", "effect": "allow", "reason": "rule_satisfied", "enforced": true },
            {
                "room": "guard", "effect": "deny", "reason": "policy_denied", "enforced": false, "detail": "alice"
            },
        ],
        "limits": [{ "name": "alice", "remaining": 9, "allowed": true }],
        "status": 200,
        "duration_us": 0,
        "outcome": "answered",
    });
    assert_eq!(written, expected);
    for member in written.as_object().unwrap().keys() {
        assert!(
            include_str!("../../README.md").contains(&format!("`{member}`")),
            "{member} is not documented"
        );
    }
}

#[tokio::test]
async fn what_is_not_known_is_absent() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| -> Answer { pending().await });
    poll_once(answer(&audit, handler, get("/")));
    let written = serde_json::to_value(only(&memory)).unwrap();
    let members: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "authentication",
        "decisions",
        "duration_us",
        "kind",
        "limits",
        "method",
        "outcome",
        "path",
        "request_id",
        "schema",
        "time",
    ];
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(written["authentication"], "not_asked");
}

/// What the event says of authentication, if the layers wrote this to the Trail.
async fn authentication(write: impl Fn(&Trail)) -> Value {
    let (audit, memory) = audit();
    let handler = service_fn(move |request: Request<()>| {
        write(Trail::of(request.extensions()).unwrap());
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(&audit, handler, get("/")).await.unwrap();
    serde_json::to_value(only(&memory)).unwrap()["authentication"].take()
}

/// ASVS 16.3.1: that authentication was tried and failed is not that nobody asked for it.
#[tokio::test]
async fn authentication_that_refused_is_told_from_none() {
    let expired = Denial::new(Reason::TokenExpired);
    let missing = Denial::new(Reason::MissingCredentials);
    let known = || Principal::builder("alice", CredentialMethod::Jwt).build();
    assert_eq!(authentication(|trail| trail.denied(Room::Authentication, &expired)).await, "refused");
    assert_eq!(authentication(|trail| trail.denied(Room::Authentication, &missing)).await, "refused");
    // A decision that does not count, and one of another room.
    let shadow = Decision::deny(Reason::TokenExpired);
    assert_eq!(authentication(|trail| trail.shadowed(Room::Authentication, &shadow)).await, "not_asked");
    assert_eq!(authentication(|trail| trail.denied(Room::Limit, &expired)).await, "not_asked");
    // What authentication said before stays said.
    let anonymous = |room| {
        let missing = &missing;
        authentication(move |trail| {
            trail.anonymous().unwrap();
            trail.denied(room, missing);
        })
    };
    assert_eq!(anonymous(Room::Rule).await, "anonymous");
    assert_eq!(anonymous(Room::Authentication).await, "anonymous");
    let twice = |trail: &Trail| {
        trail.authenticated(known()).unwrap();
        trail.denied(Room::Authentication, &expired);
    };
    assert_eq!(authentication(twice).await, "known");
}

#[track_caller]
fn check_one_line(event: &AuditEvent, text: &str) {
    let line = serde_json::to_string(event).unwrap();
    assert!(!line.chars().any(portcullis_core::escape::is_unprintable), "{text:?}: {line}");
    let written: Value = serde_json::from_str(&line).unwrap();
    let subject = written["principal"]["subject"].as_str().unwrap();
    assert_eq!(subject, portcullis_core::escape::Escaped::new(text).to_string());
    assert_eq!(written["decisions"].as_array().unwrap().len(), 2);
}

/// The naughty strings, as subject, issuer, tenant, client, scheme, quota, detail and, where a URI can hold them, path.
#[tokio::test]
async fn naughty_strings_stay_on_one_line() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/naughty-strings/blns.json");
    let Ok(strings) = std::fs::read(file) else {
        eprintln!("SKIPPED: no test vectors beside the checkout");
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&strings).unwrap();
    assert!(strings.len() > 500);
    let mut paths = 0;
    for text in &strings {
        let path = format!("/{text}");
        let parsed = path.parse::<Uri>().ok().filter(|uri| uri.authority().is_none());
        paths += usize::from(parsed.is_some());
        check_one_line(&event(parsed.map_or("/", |_| path.as_str()), text).await, text);
    }
    assert!(paths > 100, "{paths}");
}

#[tokio::test]
async fn characters_that_forge_lines_are_escaped() {
    for text in
        ["a\r\n{\"schema\":1}", "\u{2028}\u{2029}\u{85}", "\u{202e}\u{200b}", "\u{1b}[2J", "\0", "\\n", "\""]
    {
        check_one_line(&event("/", text).await, text);
    }
}

#[tokio::test]
async fn long_text_is_cut_and_marked() {
    let long = "x".repeat(100_000);
    let path = format!("/{}", "p".repeat(60_000));
    let written = serde_json::to_value(event(&path, &long).await).unwrap();
    let length = |text: &Value| {
        let text = text.as_str().unwrap();
        assert!(text.ends_with('…'));
        text.chars().count() - 1
    };
    assert_eq!(length(&written["path"]), crate::MAX_PATH);
    assert_eq!(length(&written["principal"]["subject"]), crate::MAX_TEXT);
    assert_eq!(length(&written["decisions"][1]["detail"]), crate::MAX_DETAIL);
    assert!(serde_json::to_string(&written).unwrap().len() < 8 * 1024);
}

proptest::proptest! {
    #[test]
    fn any_text_stays_on_one_line(text in ".*|(?s).{0,300}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        check_one_line(&runtime.block_on(event("/", &text)), &text);
    }
}
