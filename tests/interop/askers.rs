//! How we prove ourselves to the provider when we ask about a token (RFC 7662 §2.1): by a key, and by a certificate.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use portcullis::client::OutboundClient;
use portcullis::oauth::introspection::{ClientAuthentication, SigningKey};
use portcullis::oauth::{Introspection, Issuer};
use portcullis::{Clock, Denial, Principal, Reason, Secret};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use serde_json::{Value, json};

use super::files::Files;
use super::opaque::OPAQUE;
use super::partner::{Partner, Provider, at_hand};

/// The provider with one more client, and a token that it issued.
struct Asked {
    provider: Provider,
    client: Partner,
    token: String,
}

impl Asked {
    async fn with(mut provider: Provider, metadata: Value) -> Self {
        provider.process.ask("client", metadata).await;
        let mut client = Partner::node("client.mjs", &[]);
        let with = json!({ "issuer": provider.issuer, "resource": OPAQUE, "scope": "documents:read" });
        let token = client.ask("token", with).await["token"].as_str().unwrap().to_owned();
        Self { provider, client, token }
    }

    async fn about(
        &self,
        token: &str,
        who: ClientAuthentication,
        by: OutboundClient,
    ) -> Result<Principal, Denial> {
        let issuer = Issuer::discover(&*self.provider.issuer).audience(OPAQUE).insecure_http_on_loopback();
        let introspection = Introspection::of(issuer, who).with_client(by).build(&Clock::system()).unwrap();
        introspection.verify(token).resolve().await
    }

    /// The provider knows who asks: the token counts, and one that was made up does not.
    async fn answers(&self, who: ClientAuthentication, by: OutboundClient) {
        let caller = self.about(&self.token, who.clone(), by.clone()).await.unwrap();
        assert!(caller.client_id() == Some("robot") && caller.has_scope("documents:read"), "{caller:?}");
        let refused = self.about("made-up", who, by).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.reason()), (401, Reason::TokenInactive));
    }

    /// It does not: that says nothing about the token.
    async fn turns_away(&self, who: ClientAuthentication, by: OutboundClient) {
        let failed = self.about(&self.token, who, by).await.unwrap_err();
        assert_eq!((failed.status().as_u16(), failed.reason()), (503, Reason::IntrospectionUnavailable));
        let said = failed.explanation().unwrap();
        assert!(said.contains("status 401"), "{said}");
    }

    async fn stop(self) {
        self.client.kill().await;
        self.provider.process.kill().await;
    }
}

/// A4.1, RFC 7523 §3: `private_key_jwt`. The assertion is for the issuer, and no assertion is sent twice, which the
/// provider would refuse.
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_knows_us_by_our_key() {
    if !at_hand() {
        return;
    }
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let metadata = json!({
        "client_id": "signing", "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [jwk(&own)] },
    });
    let asked = Asked::with(Provider::start().await, metadata).await;
    let by = || OutboundClient::builder().insecure_allow_loopback_http().build().unwrap();
    let signed = |name: &str, key: &KeyPair| {
        let key = SigningKey::from_pem(Secret::from(key.serialize_pem())).unwrap();
        ClientAuthentication::private_key_jwt(name, key)
    };
    asked.answers(signed("signing", &own), by()).await;
    asked.turns_away(signed("signing", &other), by()).await;
    asked.turns_away(signed("nobody", &own), by()).await;
    let elsewhere = signed("signing", &own).with_assertion_audience("https://other.example");
    asked.turns_away(elsewhere, by()).await;
    asked.turns_away(ClientAuthentication::basic("signing", Secret::from("guess")), by()).await;
    asked.stop().await;
}

/// A4.1, RFC 8705 §2.1, §5: a certificate of an authority that the provider trusts, over the TLS of the provider
/// itself, at the alias that its metadata names for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_knows_us_by_a_certificate_of_its_authority() {
    if !at_hand() {
        return;
    }
    let files = Files::new("askers");
    let provider = over_tls(&files).await;
    let metadata = json!({
        "client_id": "issued", "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "robot.example",
    });
    let asked = Asked::with(provider, metadata).await;
    let who = || ClientAuthentication::certificate("issued");
    let by =
        |name: &str| shown(&files, &files.text(&format!("{name}.pem")), files.text(&format!("{name}.key")));
    asked.answers(who(), by("robot")).await;
    // Of the same authority, with another name; with the right name, but of nobody; and another client's.
    asked.turns_away(who(), by("other")).await;
    let (made_up, key) = self_signed("robot.example");
    asked.turns_away(who(), shown(&files, &made_up.pem(), key.serialize_pem())).await;
    asked.turns_away(ClientAuthentication::certificate("robot"), by("robot")).await;
    asked.stop().await;
}

/// A4.1, RFC 8705 §2.2: a certificate that the provider was told of, which nobody issued.
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_knows_us_by_a_certificate_that_nobody_issued() {
    if !at_hand() {
        return;
    }
    let files = Files::new("self-signed");
    let provider = over_tls(&files).await;
    let (own, key) = self_signed("own.example");
    let mut registered = jwk(&key);
    registered["x5c"] = json!([BASE64_STANDARD.encode(own.der())]);
    let metadata = json!({
        "client_id": "own", "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": { "keys": [registered] },
    });
    let asked = Asked::with(provider, metadata).await;
    let who = || ClientAuthentication::certificate("own");
    asked.answers(who(), shown(&files, &own.pem(), key.serialize_pem())).await;
    // Another one of the same name.
    let (other, key) = self_signed("own.example");
    asked.turns_away(who(), shown(&files, &other.pem(), key.serialize_pem())).await;
    asked.stop().await;
}

async fn over_tls(files: &Files) -> Provider {
    let mut provider = Provider::start().await;
    let (certificate, key) = (files.text("server.pem"), files.text("server.key"));
    let with = json!({ "certificate": certificate, "key": key, "authority": files.text("authority.pem") });
    provider.process.ask("tls", with).await;
    provider
}

/// A client that shows this certificate. The metadata comes over http on loopback, the alias is https.
fn shown(files: &Files, certificate: &str, key: String) -> OutboundClient {
    let builder = OutboundClient::builder().with_root_pem(files.text("authority.pem"));
    let builder = builder.with_identity_pem(certificate, Secret::from(key));
    builder.insecure_allow_loopback_http().build().unwrap()
}

fn self_signed(name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap(), key)
}

/// The public half of a key of P-256 (RFC 7518 §6.2).
fn jwk(key: &KeyPair) -> Value {
    let point = key.der_bytes();
    let text = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "x": text(&point[1..33]), "y": text(&point[33..]) })
}
