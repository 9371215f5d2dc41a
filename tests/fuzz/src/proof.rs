//! Proofs of possession: as text that nobody signed, and as claims and header that the client itself signed, however odd
//! they are. A line of JSON: `{"header":{..},"claims":{..}}`; `null` leaves a member out.

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method};
use portcullis::core::RequestView;
use portcullis::oauth::Dpop;
use portcullis::oauth::dpop::{DEFAULT_PROOF_AGE, DpopKeys};
use portcullis_testkit::{Algorithm, DpopClient, FakeClock};
use serde_json::{Map, Value};

use super::support::request;

const NOW: u64 = 1_800_000_000;
const URL: &str = "https://api.example.com/login";

pub fn run(octets: &[u8]) {
    is_accepted(octets);
}

/// Runs the target and says what came of it.
pub fn is_accepted(octets: &[u8]) -> bool {
    let clock = FakeClock::at(UNIX_EPOCH + Duration::from_secs(NOW)).clock();
    static CLIENT: OnceLock<DpopClient> = OnceLock::new();
    let client = CLIENT.get_or_init(|| DpopClient::new(Algorithm::Es256, clock.clone()));
    let signed = serde_json::from_slice::<Map<String, Value>>(octets).ok();
    let text = match &signed {
        Some(changes) => changed(client, changes).into_bytes(),
        None => octets.to_vec(),
    };
    let Ok(field) = HeaderValue::from_bytes(&text) else { return false };
    let request = request(Method::POST, HeaderMap::from_iter([("dpop".parse().unwrap(), field)]), "/login");
    let keys = DpopKeys::new(Dpop::new().origin("https://api.example.com"), None, &clock).unwrap();
    let verdict = keys.prove(&RequestView::of(&request).unwrap()).done().expect("the store answers at once");
    match (&verdict, signed) {
        (Ok(key), Some(changes)) => {
            assert_eq!(key.to_string(), client.thumbprint());
            check_accepted(&changes);
        }
        (Ok(_), None) => panic!("a proof that nobody signed"),
        (Err(denial), _) => assert_eq!(denial.status(), 401, "{denial:?}"),
    }
    verdict.is_ok()
}

/// What is accepted was changed in nothing that matters.
fn check_accepted(changes: &Map<String, Value>) {
    let claims = changes.get("claims").and_then(Value::as_object);
    let claim = |name: &str| claims.and_then(|claims| claims.get(name));
    assert!(claim("htm").is_none_or(|method| method == "POST"), "{changes:?}");
    let url = claim("htu").map(|url| url.as_str().unwrap().to_ascii_lowercase());
    assert!(url.is_none_or(|url| url.starts_with("https://api.example.com")), "{changes:?}");
    let issued = claim("iat").map(|issued| issued.as_f64().unwrap());
    let oldest = NOW as f64 - DEFAULT_PROOF_AGE.as_secs_f64();
    assert!(issued.is_none_or(|issued| (oldest..=NOW as f64 + 5.0).contains(&issued)), "{changes:?}");
}

fn changed(client: &DpopClient, changes: &Map<String, Value>) -> String {
    let members = |name| changes.get(name).and_then(Value::as_object).into_iter().flatten();
    let proof = client.proof("POST", URL, "").without("ath");
    let proof = members("claims").fold(proof, |proof, (name, value)| match value {
        Value::Null => proof.without(name),
        value => proof.claim(name, value.clone()),
    });
    let proof = members("header").fold(proof, |proof, (name, value)| match value {
        Value::Null => proof.without_header(name),
        value => proof.header(name, value.clone()),
    });
    proof.sign()
}
