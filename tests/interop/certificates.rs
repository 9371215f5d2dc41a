//! Tokens that are bound to a client certificate (RFC 8705), which a proxy passes on (RFC 9440).

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::files::Files;
use super::partner::at_hand;
use super::{SIGNED, World};
use crate::support::client::Call;

/// A5.1, A5.4-5: the provider binds the token to the certificate, and it counts with that certificate alone, as told by
/// a proxy that is believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_with_its_certificate_alone() {
    let proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let world = World::with(SIGNED, |options| options.tokens.client_cert_from = proxies).await;
    let Some(mut world) = world else { return };
    let (own, other) = (certificate("robot"), certificate("other"));
    let token = world.token(json!({ "client": "certified", "certificate": own })).await;
    let call = |field: Option<&str>| {
        let call = Call::get("/me").bearer(&token);
        field.map_or(call.clone(), |field| call.field("Client-Cert", format!(":{field}:")))
    };
    for (field, status) in [(Some(&own), 200), (Some(&other), 401), (None, 401)] {
        let answer = world.documents.call(call(field.map(String::as_str))).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    // The same from somebody who is no proxy of ours.
    let stranger = call(Some(&own)).from(Ipv4Addr::new(127, 0, 0, 9));
    let answer = world.documents.call(stranger).await;
    assert!(matches!(answer.status, 400 | 401), "{answer:?}");
    world.documents.stop().await;
}

/// A5.1 without a proxy: curl proves its certificate in the handshake, and the token counts with it alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_with_the_certificate_of_the_connection() {
    if !at_hand() {
        return;
    }
    let files = Files::new("certificates");
    let world = World::with(SIGNED, |options| {
        options.tls.certificate = Some(files.path("server.pem"));
        options.tls.key = Some(files.path("server.key"));
        options.tls.client_ca = Some(files.path("authority.pem"));
    })
    .await;
    let Some(mut world) = world else { return };
    let certificate = BASE64_STANDARD.encode(&files.robot);
    let token = world.token(json!({ "client": "certified", "certificate": certificate })).await;
    let me = |identity: Option<&str>| {
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["--silent", "--max-time", "30", "--noproxy", "*", "--output", "/dev/null"]);
        curl.args(["--write-out", "%{http_code}", "--cacert"]).arg(files.path("authority.pem"));
        curl.args(["--header", &format!("Authorization: Bearer {token}")]);
        if let Some(name) = identity {
            curl.arg("--cert").arg(files.path(&format!("{name}.pem")));
            curl.arg("--key").arg(files.path(&format!("{name}.key")));
        }
        curl.arg(format!("https://localhost:{}/me", world.documents.address.port()));
        async move { String::from_utf8(curl.output().await.unwrap().stdout).unwrap() }
    };
    assert_eq!(me(Some("robot")).await, "200");
    assert_eq!(me(Some("other")).await, "401");
    assert_eq!(me(None).await, "401");
    world.documents.count(3);
    world.client.kill().await;
    world.documents.stop().await;
}

/// A self-signed certificate as DER in base64.
fn certificate(name: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    BASE64_STANDARD.encode(parameters.self_signed(&key).unwrap().der())
}
