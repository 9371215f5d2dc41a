//! Back-channel logouts: bodies of strangers, and logout tokens that the issuer signed, however odd they are. A line of JSON:
//! `{"claims":{..}}`; `null` leaves a claim out.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use portcullis::oauth::logout::LogoutReceiver;
use portcullis::oauth::{BackChannelLogout, DenyList, Issuer, StaticKeys};
use portcullis_testkit::{FakeClock, TestIssuer};
use serde_json::{Map, Value, json};

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://login.example.com";
const FORM: &str = "application/x-www-form-urlencoded";

pub fn run(octets: &[u8]) {
    is_accepted(octets);
}

/// Runs the target and says what came of it.
pub fn is_accepted(octets: &[u8]) -> bool {
    static SETUP: OnceLock<(TestIssuer, LogoutReceiver)> = OnceLock::new();
    let (issuer, receiver) = SETUP.get_or_init(setup);
    let signed = serde_json::from_slice::<Map<String, Value>>(octets).ok();
    let body = match &signed {
        Some(changes) => format!("logout_token={}", changed(issuer, changes)).into_bytes(),
        None => octets.to_vec(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(receiver.receive(Some(FORM), &body).resolve());
    let status = answer.status().as_u16();
    assert!(matches!(status, 200 | 400), "{status}");
    assert!(status == 400 || signed.is_some(), "a logout that nobody signed");
    status == 200
}

fn changed(issuer: &TestIssuer, changes: &Map<String, Value>) -> String {
    let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let token = issuer.token("alice").typ("logout+jwt").audience("web").claim("events", event);
    let claims = changes.get("claims").and_then(Value::as_object).into_iter().flatten();
    let token = claims.fold(token, |token, (name, value)| match value {
        Value::Null => token.without(name),
        value => token.claim(name, value.clone()),
    });
    token.sign()
}

fn setup() -> (TestIssuer, LogoutReceiver) {
    let clock = FakeClock::at(UNIX_EPOCH + Duration::from_secs(NOW)).clock();
    let issuer = TestIssuer::offline(ISSUER).with_clock(clock.clone());
    let keys = Issuer::new(ISSUER).audience("web").keys(StaticKeys::new().jwks(issuer.jwks_json()));
    let receiver =
        BackChannelLogout::new(keys, "web", Arc::new(DenyList::new(&clock))).build(&clock).unwrap();
    (issuer, receiver)
}
