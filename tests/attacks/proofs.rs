//! Tokens that are bound to a key (RFC 9449), in the hands of somebody who has the token and not the key.

use std::net::Ipv4Addr;

use futures_util::future::join_all;
use portcullis::Clock;
use portcullis_testkit::dpop::{ProofBuilder, wrong_proofs};
use portcullis_testkit::{Algorithm, DpopClient, TestIssuer};

use super::{challenges, check_not_repeated};
use crate::support::client::{Answer, Call};
use crate::support::documents::Documents;

/// Where clients find the service, whatever the address of its socket.
const URL: &str = "https://documents.example";

/// Where a trusted proxy stands.
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// The service, and a token that is bound to the key of its holder.
struct World {
    service: Documents,
    issuer: TestIssuer,
    holder: DpopClient,
    thief: DpopClient,
    token: String,
}

impl World {
    async fn start() -> Self {
        let issuer = TestIssuer::offline("https://issuer.example");
        let service = Documents::with_key_set_and(&issuer, |options| {
            options.public_url = Some(URL.to_owned());
            options.trusted_proxies = vec![format!("{PROXY}/32").parse().unwrap()];
        })
        .await;
        let client = || DpopClient::new(Algorithm::Es256, Clock::system());
        let (holder, thief) = (client(), client());
        let token = issuer.token("alice").claim("cnf", holder.confirmation()).sign();
        Self { service, issuer, holder, thief, token }
    }

    fn proof(&self) -> ProofBuilder {
        self.holder.proof("GET", &format!("{URL}/me"), &self.token)
    }

    fn call(&self, proof: &str) -> Call {
        Call::get("/me").field("Authorization", format!("DPoP {}", self.token)).field("DPoP", proof)
    }

    async fn try_proof(&self, proof: &str) -> Answer {
        self.service.call(self.call(proof)).await
    }

    async fn check_good(&self) {
        let answer = self.try_proof(&self.proof().sign()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// A6.16, A6.17, RFC 9449 §7.1: 401, and the error stands on the challenge for DPoP alone.
#[track_caller]
fn check_refused(answer: &Answer, error: &str, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {answer:?}");
    answer.check_problem(401);
    let challenges = challenges(answer);
    let of_dpop = challenges.iter().find(|challenge| challenge.scheme == "DPoP").expect(what);
    assert_eq!(of_dpop.parameter("error"), Some(error), "{what}: {answer:?}");
    assert_eq!(of_dpop.parameter("algs"), Some("ES256 ES384 EdDSA"), "{what}");
    let others = challenges.iter().filter(|challenge| challenge.scheme != "DPoP");
    assert!(others.into_iter().all(|challenge| challenge.parameter("error").is_none()), "{what}: {answer:?}");
}

/// A6.1 to A6.7, A6.9, A6.13, over real sockets; each leaves an event, and nothing of the proof is in it.
#[tokio::test]
async fn every_wrong_proof_is_refused_and_nothing_of_it_is_kept() {
    let world = World::start().await;
    world.check_good().await;
    let wrong = wrong_proofs(&world.proof(), &world.thief);
    assert!(wrong.len() > 50, "{}", wrong.len());
    let mut answers = Vec::new();
    for wrong in &wrong {
        let answer = world.try_proof(&wrong.proof).await;
        check_refused(&answer, "invalid_dpop_proof", wrong.name);
        answers.push(answer);
    }
    world.check_good().await;
    let record = world.service.stop().await;
    assert_eq!(record.events.len(), wrong.len() + 2);
    for (index, (wrong, answer)) in wrong.iter().zip(&answers).enumerate() {
        let event = &record.events[index + 1];
        assert_eq!(
            (&event["route"], &event["status"]),
            (&"/me".into(), &401.into()),
            "{}: {event}",
            wrong.name
        );
        assert!(record.reason(index + 1).starts_with("dpop_"), "{}: {event}", wrong.name);
        assert!(event.get("principal").is_none(), "{}: {event}", wrong.name);
        check_not_repeated(&wrong.proof, answer, &record);
        check_not_repeated(&world.token, answer, &record);
    }
}

/// A6.14, A6.15, RFC 9449 §7.1, §7.2: the token alone, or with a proof of one's own, is worth nothing.
#[tokio::test]
async fn a_stolen_token_is_worth_nothing_without_the_key() {
    let world = World::start().await;
    let own = world.thief.proof("GET", &format!("{URL}/me"), &world.token).sign();
    check_refused(&world.try_proof(&own).await, "invalid_token", "a proof of the thief's key");
    let bearer = world.service.call(Call::get("/me").bearer(&world.token)).await;
    super::check_refused(&bearer, "as a bearer token");
    let bearer = world.service.call(Call::get("/me").bearer(&world.token).field("DPoP", &own)).await;
    super::check_refused(&bearer, "as a bearer token, with a proof");
    let unproven = Call::get("/me").field("Authorization", format!("DPoP {}", world.token));
    check_refused(&world.service.call(unproven).await, "invalid_dpop_proof", "no proof");
    let unbound = world.issuer.token("alice").sign();
    let proof = world.thief.proof("GET", &format!("{URL}/me"), &unbound).sign();
    let call = Call::get("/me").field("Authorization", format!("DPoP {unbound}")).field("DPoP", proof);
    check_refused(&world.service.call(call).await, "invalid_token", "a token that is bound to nothing");
    // A6.17: two methods at once.
    let two = world.call(&world.proof().sign()).bearer(&world.token);
    assert_eq!(world.service.call(two).await.status, 400);
    world.check_good().await;
    world.service.stop().await;
}

/// A6.10, RFC 9449 §11.1: whoever overhears a request cannot send it again, not even at the same moment.
#[tokio::test]
async fn a_proof_that_was_overheard_is_worth_nothing() {
    let world = World::start().await;
    let proof = world.proof().sign();
    let answers = join_all((0..40).map(|_| world.try_proof(&proof))).await;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((passed.len(), refused.len()), (1, 39));
    for answer in refused {
        check_refused(answer, "invalid_dpop_proof", "a replay");
    }
    let elsewhere = Call::get("/documents").field("Authorization", format!("DPoP {}", world.token));
    let elsewhere = world.service.call(elsewhere.field("DPoP", &proof)).await;
    check_refused(&elsewhere, "invalid_dpop_proof", "for another path");
    world.check_good().await;
    world.service.stop().await;
}

/// A6.1, RFC 9449 §4.3, §11.1: one field with one proof, of at most 8 KiB.
#[tokio::test]
async fn two_proofs_and_proofs_beyond_the_limit_are_refused() {
    let world = World::start().await;
    let padded = |octets: usize| world.proof().claim("x", "a".repeat(octets)).sign();
    for (octets, taken) in [(5_000, true), (6_000, false), (30_000, false)] {
        let proof = padded(octets);
        assert_eq!(proof.len() <= 8 * 1024, taken);
        let answer = world.try_proof(&proof).await;
        if taken {
            assert_eq!(answer.status, 200, "{octets}: {answer:?}");
        } else {
            check_refused(&answer, "invalid_dpop_proof", "too large");
        }
    }
    // Beyond what the server reads of a head there is no request at all.
    let answer = world.service.call(world.call(&padded(200_000))).await;
    assert!(answer.status == 431 && answer.is_of_the_protocol(), "{answer:?}");
    let two = world.call(&world.proof().sign()).field("DPoP", world.proof().sign());
    check_refused(&world.service.call(two).await, "invalid_dpop_proof", "two fields");
    for octets in [&b"\xff\xfe"[..], b"\xc3\xa9.\xc3\xa9.\xc3\xa9", b"..", b"....", b"e30.e30."] {
        let call = Call::get("/me").field("Authorization", format!("DPoP {}", world.token));
        let answer = world.service.call(call.field("DPoP", octets)).await;
        check_refused(&answer, "invalid_dpop_proof", "junk");
    }
    world.check_good().await;
    world.service.stop().await;
}

/// A6.8, A19.7: a proof that was made for a server of the attacker is none for this one, whatever the request says of
/// where it came to; and nothing that a stranger writes makes a good proof bad.
#[tokio::test]
async fn no_field_of_a_stranger_moves_the_url_of_a_proof() {
    let world = World::start().await;
    let evil = || world.holder.proof("GET", "https://evil.example/me", &world.token).sign();
    let fields = [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "for=203.0.113.7;host=evil.example;proto=https"),
        ("X-Forwarded-Server", "evil.example"),
        ("X-Original-URL", "https://evil.example/me"),
        ("X-Rewrite-URL", "/me"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-Port", "8443"),
    ];
    for (name, value) in fields {
        let with = |proof: &str| world.call(proof).field(name, value).field("X-Forwarded-Proto", "https");
        let refused = world.service.call(with(&evil())).await;
        check_refused(&refused, "invalid_dpop_proof", name);
        let good = world.service.call(with(&world.proof().sign())).await;
        assert_eq!(good.status, 200, "{name}: {good:?}");
    }
    let by_host = |proof: &str| world.call(proof).host("evil.example");
    check_refused(&world.service.call(by_host(&evil())).await, "invalid_dpop_proof", "Host");
    let absolute =
        Call::get("http://evil.example/me").field("Authorization", format!("DPoP {}", world.token));
    let absolute = absolute.host("evil.example").field("DPoP", evil());
    check_refused(&world.service.call(absolute).await, "invalid_dpop_proof", "the request line");

    // The proxy itself passes on what a client made up: the configured URL still counts.
    let by_proxy = |proof: &str| {
        let call = world.call(proof).from(PROXY).field("X-Forwarded-For", "203.0.113.7");
        call.field("X-Forwarded-Proto", "https").field("X-Forwarded-Host", "evil.example")
    };
    check_refused(&world.service.call(by_proxy(&evil())).await, "invalid_dpop_proof", "by the proxy");
    assert_eq!(world.service.call(by_proxy(&world.proof().sign())).await.status, 200);
    world.service.stop().await;
}
