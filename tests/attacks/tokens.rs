//! A2.25: the whole list, with keys from a file and by discovery.

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use portcullis::Clock;
use portcullis_testkit::{Attack, TestIssuer, attacks};

use super::{check_not_repeated, check_refused};
use crate::support::client::Call;
use crate::support::documents::Documents;

#[tokio::test]
async fn every_attack_on_an_issuer_with_a_key_set_file_is_refused() {
    let issuer = TestIssuer::offline("https://issuer.example");
    run(Documents::with_key_set_of(&issuer).await, &issuer).await;
}

#[tokio::test]
async fn every_attack_on_an_issuer_found_by_discovery_is_refused() {
    let issuer = TestIssuer::start().await;
    let clock = Clock::system();
    let begun = clock.monotonic();
    run(Documents::with_discovery_of(&issuer).await, &issuer).await;
    // A2.15: one fetch for the first token; for what no key verifies a burst of four, and one per cool-down of 30 s.
    let elapsed = clock.monotonic() - begun;
    let most = 5 + usize::try_from(elapsed.as_secs() / 30).unwrap();
    assert!((1..=most).contains(&issuer.requests_to("/jwks.json")), "{}", issuer.requests());
}

/// The same over HTTP/2, whose heads may be as large: what is beyond is hyper's 431 or the end of the connection, and no
/// request.
#[tokio::test]
async fn every_attack_over_http_2_is_refused_alike() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let attacker = TestIssuer::start().await;
    let service = Documents::with_key_set_of(&issuer).await;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let get = async |token: &str| {
        let request = Request::get(format!("http://{}/documents", service.address));
        let request = request.header("authorization", format!("Bearer {token}")).body(Empty::new()).unwrap();
        let response = client.request(request).await.ok().filter(|response| response.status() != 431)?;
        assert_eq!(response.version(), Version::HTTP_2);
        service.count(1);
        Some(response)
    };
    let base = issuer.token("adam").scope("documents:read documents:write").roles(["admin"]);
    let is_good = async || get(&base.sign()).await.is_some_and(|response| response.status() == 200);
    assert!(is_good().await);
    let mut long = 0;
    for attack in attacks::against(&base, &attacker) {
        let Some(response) = get(&attack.token).await else {
            assert!(attack.token.len() > HEAD, "{}", attack.name);
            continue;
        };
        long += usize::from(attack.token.len() > 16 * 1024);
        assert_eq!(response.status(), attack.status(), "{}", attack.name);
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{}", attack.name);
    }
    assert!(is_good().await);
    assert_eq!(attacker.requests(), 0);
    drop(client);
    // Tokens beyond what the stack reads are refused by the stack, with an event.
    let record = service.stop().await;
    let too_large = record.events.iter().filter(|event| event["reason"] == TOO_LARGE).count();
    assert!(long > 0 && too_large >= long, "{long} {too_large}");
}

async fn run(service: Documents, issuer: &TestIssuer) {
    let attacker = TestIssuer::start().await;
    // It would open every door: adam is an admin.
    let base = issuer.token("adam").scope("documents:read documents:write").roles(["admin"]);
    let good = || Call::get("/documents").bearer(&base.sign());
    assert_eq!(service.call(good()).await.status, 200);

    let attacks = attacks::against(&base, &attacker);
    assert!(attacks.len() > 200, "{}", attacks.len());
    let mut refused = Vec::new();
    for attack in &attacks {
        let answer = service.call(Call::get("/documents").bearer(&attack.token)).await;
        if answer.is_of_the_protocol() {
            assert!(answer.status == 431 && attack.token.len() > HEAD, "{}", attack.name);
            continue;
        }
        check_refused(&answer, &attack.name);
        assert_eq!(answer.status, attack.status(), "{}: {}", attack.name, attack.why);
        refused.push((attack, answer));
    }

    assert_eq!(service.call(good()).await.status, 200);
    service.check_alive().await;
    // A2.13: nobody asked the attacker for keys.
    assert_eq!(attacker.requests(), 0);
    let record = service.stop().await;
    // Of what was beyond the head of HTTP, nobody read the path.
    let read: Vec<_> = record.events.iter().filter(|event| event.get("path").is_some()).collect();
    for ((attack, answer), event) in refused.iter().zip(&read[1..]) {
        assert_eq!(event["status"], answer.status, "{}: {event}", attack.name);
        assert_eq!((&event["route"], &event["client"]), (&"/documents".into(), &"127.0.0.1".into()));
        assert!(event.get("principal").is_none(), "{}: {event}", attack.name);
        check_reason(attack, event["reason"].as_str().unwrap_or_default());
        check_not_repeated(&attack.token, answer, &record);
    }
    let unused = REASONS.iter().map(|(begin, _)| begin);
    let unused: Vec<_> =
        unused.filter(|begin| !attacks.iter().any(|attack| attack.name.starts_with(**begin))).collect();
    assert!(unused.is_empty(), "attacks that are gone: {unused:?}");
}

#[track_caller]
fn check_reason(attack: &Attack, reason: &str) {
    let name = attack.name.as_str();
    let begins = || REASONS.iter().find(|(begin, _)| name.starts_with(begin));
    let ends = || REASONS_BY_END.iter().find(|(end, _)| name.ends_with(end));
    let expected = begins().or_else(ends).map_or(INVALID, |(_, expected)| expected);
    assert_eq!(reason, expected, "{name}: {}", attack.why);
}

/// By the beginning of an attack's name, the reason in its event; the first that fits counts, so that the rule comes
/// after its exceptions.
const REASONS: &[(&str, &str)] = &[
    ("ES256 under", ALGORITHM),
    ("ES384 under", ALGORITHM),
    ("ES", SIGNATURE),
    ("EdDSA under", ALGORITHM),
    ("EdDSA", SIGNATURE),
    ("HS", ALGORITHM),
    ("PS", ALGORITHM),
    ("RS256 under", ALGORITHM),
    ("RS384", ALGORITHM),
    ("RS512", ALGORITHM),
    ("RS", SIGNATURE),
    ("a token of the attacker", ISSUER),
    ("alg `none`, without the last dot", MALFORMED),
    ("alg `", ALGORITHM),
    ("alg empty", ALGORITHM),
    ("alg lower case", ALGORITHM),
    ("alg unknown", ALGORITHM),
    ("alg ", MALFORMED),
    ("aud missing", MISSING),
    ("aud: another", AUDIENCE),
    ("aud: empty list", INVALID),
    ("aud: empty", AUDIENCE),
    ("aud: in capitals", AUDIENCE),
    ("aud: others", AUDIENCE),
    ("aud: several in one text", AUDIENCE),
    ("aud: with a suffix", AUDIENCE),
    ("aud: ", INVALID),
    ("b64: ", CRITICAL),
    ("base64: padding inside", CREDENTIAL),
    ("base64: percent encoding", CREDENTIAL),
    ("base64: white space", CREDENTIAL),
    ("base64: ", MALFORMED),
    ("bound to a key", BINDING),
    ("claims: 64 KiB", TOO_LARGE),
    ("claims: ", MALFORMED),
    ("crit: ", CRITICAL),
    ("cty `JWT`", TYPE),
    ("cty ", SIGNATURE),
    ("embedded ", SIGNATURE),
    ("expired", EXPIRED),
    ("expiry edited", SIGNATURE),
    ("foreign x5t", SIGNATURE),
    ("form: 27 KB", TOO_LARGE),
    ("form: five parts", "token_encrypted"),
    ("form: in quotes", CREDENTIAL),
    ("form: nothing", CREDENTIAL),
    ("form: the ", CREDENTIAL),
    ("form: two tokens", CREDENTIAL),
    ("form: ", MALFORMED),
    ("header: ", MALFORMED),
    ("issued in the future", EARLY),
    ("iss: list", INVALID),
    ("iss: null", INVALID),
    ("iss: number", INVALID),
    ("iss: ", ISSUER),
    ("jku ", SIGNATURE),
    ("kid edited", KEY),
    ("kid is a ", MALFORMED),
    ("kid of ", KEY),
    ("kid twice", MALFORMED),
    ("not valid yet", EARLY),
    ("scope edited", SIGNATURE),
    ("signature of 4096 octets", MALFORMED),
    ("signature ", SIGNATURE),
    ("signed by a stranger", SIGNATURE),
    ("subject edited", SIGNATURE),
    ("typ is a list", MALFORMED),
    ("typ ", TYPE),
    ("unknown member twice", MALFORMED),
    ("white space added", SIGNATURE),
    ("without an end", MISSING),
    ("x5u ", SIGNATURE),
    ("zip ", MALFORMED),
];

/// As [`REASONS`], by the end of the name.
const REASONS_BY_END: &[(&str, &str)] = &[(" is 1e400", MALFORMED), (" missing", MISSING)];

/// Less than the 64 KiB that the server reads of a head.
const HEAD: usize = 60_000;

const ALGORITHM: &str = "token_algorithm_refused";
const AUDIENCE: &str = "token_audience_mismatch";
const BINDING: &str = "token_binding_unproven";
const CREDENTIAL: &str = "malformed_authorization";
const CRITICAL: &str = "token_critical_header";
const EARLY: &str = "token_not_yet_valid";
const EXPIRED: &str = "token_expired";
const INVALID: &str = "token_claim_invalid";
const ISSUER: &str = "token_issuer_unknown";
const KEY: &str = "token_key_unknown";
const MALFORMED: &str = "token_malformed";
const MISSING: &str = "token_claim_missing";
const SIGNATURE: &str = "token_signature_invalid";
const TOO_LARGE: &str = "token_too_large";
const TYPE: &str = "token_type_refused";
