//! Invariant 11: exactly one scheme owns the credential of a request.

use http::HeaderName;
use portcullis_core::{ClientAddress, Clock, CredentialMethod};

use super::*;
use crate::Requirement::{Optional, Required};
use crate::{ApiKey, ApiKeySet, ApiKeys};

/// Certificates beside keys in both places. Each key's holder is called `robot`.
struct World {
    schemes: Schemes,
    key: String,
    alice: Vec<u8>,
    expired: Vec<u8>,
}

fn world() -> World {
    let robot = || Principal::builder("robot", CredentialMethod::ApiKey).build();
    let (secret, key) = ApiKey::generate("docs_", "key-1", robot()).unwrap();
    let secret = String::from_utf8(secret.expose().to_vec()).unwrap();
    let keys = ApiKeySet::new([key]).unwrap();
    let schemes = at(IN_2025)
        .scheme("key", ApiKeys::bearer("docs_").keys(keys.clone()))
        .scheme("header", ApiKeys::header(HeaderName::from_static("x-api-key")).keys(keys))
        .scheme("certificate", ClientCertificates::by_dns_name())
        .build()
        .unwrap();
    let mut expired = params(vec![dns("mallory")]);
    expired.not_after = date_time_ymd(2024, 1, 1);
    World { schemes, key: secret, alice: der(&params(vec![dns("alice")])), expired: der(&expired) }
}

async fn check(route: &RouteSchemes, der: &[u8], fields: &[(&str, &str)], expected: Result<&str, &str>) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let asked = ask_guarded(route, over_tls(der.to_vec(), true, &fields), None).await;
    assert_eq!(asked.who().as_deref().map_err(|code| *code), expected, "{fields:?}");
}

/// A certificate beside another credential is none: at most it binds that one, and it never takes its place.
#[tokio::test]
async fn a_certificate_counts_only_where_nothing_else_was_sent() {
    let World { schemes, key, alice, expired } = world();
    let route = schemes.default_set(Required).unwrap();
    let bearer = format!("Bearer {key}");
    check(&route, &alice, &[], Ok("alice")).await;
    check(&route, &alice, &[("authorization", &bearer)], Ok("robot")).await;
    check(&route, &alice, &[("x-api-key", &key)], Ok("robot")).await;
    check(&route, &expired, &[("authorization", &bearer)], Ok("robot")).await;
    for bad in ["Bearer docs_0", "Bearer nobody-owns-this", "Basic YTpi", "Bearer"] {
        let fields = [("authorization", bad)];
        let asked =
            ask_guarded(&route, over_tls(alice.clone(), true, &[("authorization", bad.as_bytes())]), None);
        assert!(asked.await.answer.is_err(), "{fields:?}: the certificate must not stand in for it");
    }
    check(&route, &alice, &[("x-api-key", "docs_0")], Err("api_key_unknown")).await;
    check(&route, &expired, &[], Err("certificate_expired")).await;
}

/// It comes with the connection, whatever the request is about.
#[tokio::test]
async fn a_certificate_is_no_credential_on_routes_that_take_none() {
    let World { schemes, alice, expired, .. } = world();
    let keys = schemes.named(&["key"], Required).unwrap();
    check(&keys, &alice, &[], Err("missing_credentials")).await;
    let keys = schemes.named(&["key"], Optional).unwrap();
    check(&keys, &alice, &[], Ok("")).await;
    check(&keys, &expired, &[], Ok("")).await;
    // Where it is one, a bad one is never ignored.
    let certificates = schemes.named(&["certificate"], Optional).unwrap();
    check(&certificates, &alice, &[], Ok("alice")).await;
    check(&certificates, &expired, &[], Err("certificate_expired")).await;
    let only_where_named = at(IN_2025)
        .scheme("key", ApiKeys::bearer("docs_").keys(ApiKeySet::new([]).unwrap()))
        .scheme("certificate", ClientCertificates::by_dns_name().only_where_named())
        .build()
        .unwrap();
    check(&only_where_named.default_set(Required).unwrap(), &alice, &[], Err("missing_credentials")).await;
    let named = only_where_named.named(&["certificate"], Required).unwrap();
    check(&named, &alice, &[], Ok("alice")).await;
}

#[tokio::test]
async fn without_a_certificate_nobody_is_there() {
    let World { schemes, .. } = world();
    let certificates = schemes.named(&["certificate"], Required).unwrap();
    let asked = ask_guarded(&certificates, request(&[]), None).await;
    assert_eq!(asked.who(), Err("missing_credentials"));
    // There is no scheme of HTTP to ask with.
    assert!(asked.challenges().is_empty());
    let all = ask_guarded(&schemes.default_set(Required).unwrap(), request(&[]), None).await;
    assert_eq!(all.challenges().len(), 2);
}

#[tokio::test]
async fn behind_a_proxy_the_clients_certificate_counts_and_never_that_of_the_proxy() {
    let World { schemes, alice, .. } = world();
    let route = schemes.default_set(Required).unwrap();
    let proxy = || {
        let mut request = over_tls(der(&params(vec![dns("proxy")])), true, &[]);
        Trail::ensure(request.extensions_mut(), &Clock::system());
        trail(&request).set_client(ClientAddress::Forwarded([203, 0, 113, 9].into()));
        request
    };
    assert_eq!(ask_guarded(&route, proxy(), None).await.who(), Err("missing_credentials"));
    for (verified, expected) in [(true, Ok("alice".to_owned())), (false, Err("certificate_unverified"))] {
        let request = proxy();
        let certificate = forwarded(alice.clone()).with_verified(verified);
        trail(&request).set_client_certificate(Some(certificate));
        assert_eq!(ask_guarded(&route, request, None).await.who(), expected);
    }
}

/// A5.6, RFC 9440 §2.4.
#[tokio::test]
async fn an_answer_to_a_certificate_is_private() {
    let World { schemes, alice, .. } = world();
    let route = schemes.default_set(Required).unwrap();
    let asked = ask_guarded(&route, over_tls(alice, true, &[]), None).await;
    let mut headers = http::HeaderMap::new();
    asked.trail.apply_fields(&mut headers);
    assert_eq!(headers["cache-control"], "private");
}

#[test]
fn two_schemes_of_certificates_are_a_mistake() {
    let schemes = at(IN_2025)
        .scheme("one", ClientCertificates::by_dns_name())
        .scheme("two", ClientCertificates::by_email())
        .scheme("three", ClientCertificates::by_spiffe_id("Example.org"))
        .build();
    assert_eq!(schemes.unwrap_err().codes().collect::<Vec<_>>(), ["P113", "P103"]);
}
