//! Tokens that are bound to a client certificate (RFC 8705), in the hands of somebody who can write `Client-Cert`
//! (RFC 9440) as well as a proxy can: a certificate is no secret.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portcullis_testkit::TestIssuer;
use serde_json::json;

use super::check_refused;
use crate::support::client::{Answer, Call};
use crate::support::documents::Documents;
use crate::support::vectors::vectors;

/// Where the proxy stands that may tell of certificates.
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

struct World {
    service: Documents,
    token: String,
    /// As `Client-Cert` has it.
    own: String,
}

impl World {
    /// With the certificate of RFC 8705 Appendix A; `None`, visibly, where it is not at hand.
    async fn start() -> Option<Self> {
        let example = vectors("rfc8705/appendix-a.json")?;
        let issuer = TestIssuer::offline("https://issuer.example");
        let service = Documents::with_key_set_and(&issuer, |options| {
            options.tokens.client_cert_from = vec![format!("{PROXY}/32").parse().unwrap()];
        })
        .await;
        let cnf = json!({ "x5t#S256": example["cnf"]["x5t#S256"] });
        let token = issuer.token("robot").claim("cnf", cnf).sign();
        let pem = example["certificate_pem"].as_str().unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
        Some(Self { service, token, own: format!(":{base64}:") })
    }

    fn call(&self, fields: &[(&str, &str)]) -> Call {
        let call = Call::get("/me").bearer(&self.token);
        fields.iter().fold(call, |call, (name, value)| call.field(name, value))
    }

    async fn by_proxy(&self, fields: &[(&str, &str)]) -> Answer {
        self.service.call(self.call(fields).from(PROXY)).await
    }

    async fn check_good(&self) {
        let answer = self.by_proxy(&[("Client-Cert", &self.own)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// A5.5, RFC 9440 §4.
#[tokio::test]
async fn a_certificate_that_a_stranger_writes_is_refused() {
    let Some(world) = World::start().await else { return };
    world.check_good().await;
    let own = world.own.as_str();
    let mut sent = 1;
    for fields in [
        &[("Client-Cert", own)][..],
        &[("client-cert", own)],
        &[("Client-Cert", own), ("X-Forwarded-For", "127.0.0.9")],
        &[("Client-Cert", own), ("Forwarded", "for=127.0.0.9")],
        &[("Client-Cert", own), ("Client-Cert-Chain", own)],
        &[("Client-Cert-Chain", own)],
        &[("Client-Cert", "")],
    ] {
        let answer = world.service.call(world.call(fields)).await;
        answer.check_problem(400);
        sent += 1;
    }
    // Fields in the manner of other proxies are text like any other: the token lacks its certificate.
    for name in ["X-SSL-Client-Cert", "X-Forwarded-Client-Cert", "Client_Cert", "SSL_CLIENT_CERT"] {
        check_refused(&world.service.call(world.call(&[(name, own)])).await, name);
    }
    world.check_good().await;
    let record = world.service.stop().await;
    for event in &record.events[1..sent] {
        assert_eq!(event["reason"], "forged_client_certificate", "{event}");
        assert!(event.get("principal").is_none(), "{event}");
    }
    assert!(!record.text.contains(&world.own[1..60]), "the certificate is in the audit");
}

/// A5.1, A5.4, RFC 9440 §2.2: what the proxy passes on broken is no certificate, and another certificate is not the
/// one.
#[tokio::test]
async fn broken_fields_of_the_proxy_itself_prove_nothing() {
    let Some(world) = World::start().await else { return };
    let own = world.own.as_str();
    let bare = own.trim_matches(':');
    let (two, half) = (format!("{own}, {own}"), format!(":{}:", &bare[..bare.len() / 2]));
    let huge = format!(":{}:", "A".repeat(40_000));
    let edited = own.replacen('A', "!", 1);
    for fields in [
        &[("Client-Cert", two.as_str())][..],
        &[("Client-Cert", own), ("Client-Cert", own)],
        &[("Client-Cert", bare)],
        &[("Client-Cert", &edited)],
        &[("Client-Cert", "::")],
        &[("Client-Cert", &huge)],
        &[("Client-Cert", &half)],
        &[("Client-Cert-Chain", own)],
    ] {
        let answer = world.by_proxy(fields).await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        answer.check_problem(answer.status);
    }
    check_refused(&world.by_proxy(&[("Client-Cert", &another())]).await, "another one");
    check_refused(&world.by_proxy(&[]).await, "none");
    world.check_good().await;
    world.service.stop().await;
}

/// Another certificate, as `Client-Cert` has it.
fn another() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    format!(":{}:", BASE64_STANDARD.encode(certificate.der()))
}
