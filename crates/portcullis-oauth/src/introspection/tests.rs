//! Introspection against a server that fails in every way, under a clock that only the tests move: `requests` is about
//! what is asked, `answers` about what is believed, `signed` about RFC 9701, `failures` about what is no answer, `memory`
//! about what is remembered, `crowds` about many requests at once.

mod answers;
mod crowds;
mod failures;
mod memory;
mod requests;
mod signed;

use std::time::Duration;

use portcullis_client::OutboundClient;
use portcullis_core::{Denial, Principal, Reason, Secret};
use portcullis_testkit::{FakeClock, TestIntrospection};
use serde_json::{Value, json};

use super::*;
use crate::Issuer;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";
const CLIENT: &str = "documents-api";
const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
const SECOND: Duration = Duration::from_secs(1);

/// An endpoint, the time, and whoever asks there.
struct Bench {
    server: TestIntrospection,
    time: FakeClock,
    introspector: Introspector,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    async fn with(change: impl FnOnce(Introspection) -> Introspection) -> Self {
        let (server, time) = (TestIntrospection::start().await, FakeClock::new());
        let introspector = change(patient(&server)).build(&time.clock()).unwrap();
        Self { server, time, introspector }
    }

    async fn verify(&self, token: &str) -> Result<Principal, Denial> {
        self.introspector.verify(token).resolve().await
    }

    /// The answer of a token that is not asked about.
    #[track_caller]
    fn verify_now(&self, token: &str) -> Result<Principal, Denial> {
        self.introspector.verify(token).done().expect("it waits")
    }

    fn calls(&self) -> usize {
        self.server.requests().len()
    }

    /// Members of a good answer, and those of the change.
    fn members(&self, change: &Value) -> Value {
        let now = FakeClock::START.as_secs();
        let mut members = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "client_id": "web", "scope": "documents:read",
            "iat": now, "exp": now + 300, "token_type": "Bearer",
        });
        for (name, value) in change.as_object().unwrap() {
            let all = members.as_object_mut().unwrap();
            match value {
                Value::Null => all.remove(name),
                value => all.insert(name.clone(), value.clone()),
            };
        }
        members
    }

    fn activate(&self, token: &str) {
        self.server.activate(token, self.members(&json!({})));
    }
}

/// Settings whose waits do not end because the machine is busy: only the tests' clock moves the time.
fn patient(server: &TestIntrospection) -> Introspection {
    let issuer = Issuer::new(ISSUER).audience(AUDIENCE).leeway(30 * SECOND);
    let client = ClientAuthentication::basic(CLIENT, Secret::from("s3cret"));
    Introspection::of(issuer, client).at(server.url()).wait(60 * SECOND).with_client(http())
}

fn http() -> OutboundClient {
    let client = OutboundClient::builder().with_deadline(60 * SECOND).insecure_allow_loopback_http();
    client.build().unwrap()
}

/// A4.4: 503 with a reason and a time, never 401.
#[track_caller]
fn check_failure(answer: Result<Principal, Denial>, why: &str) {
    let denial = answer.unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (503, Reason::IntrospectionUnavailable));
    assert!(denial.retry_after_seconds().is_some());
    let said = denial.explanation().unwrap().to_owned();
    assert!(said.contains(why), "{said}");
    // A4.7.
    assert!(!format!("{denial:?} {denial} {said}").contains(TOKEN));
}

#[track_caller]
fn check_refused(answer: Result<Principal, Denial>, reason: Reason) {
    let denial = answer.unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (401, reason));
    assert!(!format!("{denial:?} {denial} {:?}", denial.explanation()).contains(TOKEN));
}
