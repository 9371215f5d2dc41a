use std::sync::Arc;
use std::time::Duration;

use portcullis_authn::{IntoScheme, SchemeContext};
use portcullis_core::{Clock, ConfigErrors};
use portcullis_testkit::TestIssuer;

use crate::bearer::{Issuer, JwtBearer, MAX_LEEWAY};
use crate::{Algorithm, Dpop, KeySet, StaticKeys};

const ISSUER: &str = "https://issuer.example";

fn keys() -> StaticKeys {
    StaticKeys::new().jwks(TestIssuer::offline(ISSUER).jwks_json())
}

fn issuer() -> Issuer {
    Issuer::new(ISSUER).audience("https://api.example").keys(keys())
}

#[track_caller]
fn check(scheme: JwtBearer, expected: &[&str]) {
    let errors = scheme.build(&Clock::system()).map_or_else(|errors| errors, |_| ConfigErrors::new());
    assert_eq!(errors.codes().collect::<Vec<_>>(), expected, "{errors}");
}

#[test]
fn an_issuer_with_audience_and_keys_is_enough() {
    check(JwtBearer::issuer(issuer()), &[]);
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let wrong = Issuer::new("login.example").leeway(Duration::from_secs(301)).algorithms([]);
    check(JwtBearer::issuer(wrong), &["P602", "P601", "P608", "P607", "P605"]);
    let twice = JwtBearer::issuer(issuer()).or_issuer(issuer()).max_token_octets(0);
    check(twice, &["P110", "P603"]);
}

/// RFC 8414 §2, A2.12.
#[test]
fn an_issuer_is_an_https_url_without_query_and_fragment() {
    let with = |identifier: &str| JwtBearer::issuer(Issuer::new(identifier).audience("a").keys(keys()));
    for good in
        ["https://a.example", "https://a.example/", "https://a.example:8443/realms/x", "https://[::1]"]
    {
        check(with(good), &[]);
    }
    for bad in [
        "",
        "a.example",
        "//a.example",
        "http://a.example",
        "http://127.0.0.1",
        "https://",
        "https:a.example",
        "https://a.example?x",
        "https://a.example#x",
        "https://user@a.example",
        "ftp://a.example",
        "urn:a",
    ] {
        check(with(bad), &["P602"]);
    }
}

#[test]
fn plain_http_is_taken_on_loopback_alone_and_only_if_asked_for() {
    let with = |identifier: &str| {
        let issuer = Issuer::new(identifier).audience("a").keys(keys());
        JwtBearer::issuer(issuer.insecure_http_on_loopback())
    };
    for good in ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:1", "https://a.example"] {
        check(with(good), &[]);
    }
    for bad in
        ["http://a.example", "http://10.0.0.1", "http://localhost.a.example", "http://127.0.0.1.nip.io"]
    {
        check(with(bad), &["P602"]);
    }
}

#[test]
fn leeway_may_be_as_large_as_the_limit_and_no_larger() {
    check(JwtBearer::issuer(issuer().leeway(MAX_LEEWAY)), &[]);
    check(JwtBearer::issuer(issuer().leeway(MAX_LEEWAY + Duration::from_nanos(1))), &["P608"]);
}

/// A2.4, A2.5, RFC 8725 §3.1.
#[test]
fn an_algorithm_that_no_key_serves_is_a_mistake() {
    check(JwtBearer::issuer(issuer().algorithms([Algorithm::ES256, Algorithm::PS512])), &[]);
    check(JwtBearer::issuer(issuer().algorithms([Algorithm::ES256, Algorithm::HS256])), &["P607"]);
}

#[test]
fn an_issuer_without_a_usable_key_is_a_mistake() {
    let with = |keys: StaticKeys| JwtBearer::issuer(Issuer::new(ISSUER).audience("a").keys(keys));
    check(with(StaticKeys::new()), &["P605"]);
    check(with(StaticKeys::new().jwks(r#"{"keys":[]}"#)), &["P605"]);
    check(with(StaticKeys::new().jwks(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#)), &["P605"]);
    check(with(StaticKeys::new().jwks("{")), &["P606"]);
    check(with(StaticKeys::new().jwks_file("no/such/file.json")), &["P606"]);
}

#[test]
fn any_source_of_keys_can_be_configured() {
    let set = KeySet::from_jwks_json(TestIssuer::offline(ISSUER).jwks_json().as_bytes()).unwrap().0;
    let with = |issuer: Issuer| JwtBearer::issuer(issuer.audience("a"));
    check(with(Issuer::new(ISSUER).keys(set.clone())), &[]);
    check(with(Issuer::new(ISSUER).keys(Arc::new(set))), &[]);
}

/// A10.7, RFC 9728 §2: the metadata is made from what is enforced.
#[test]
fn a_scheme_tells_whose_tokens_it_takes() {
    let other = Issuer::new("https://other.example").audience("https://api.example").keys(keys());
    let context = SchemeContext::new("token", "r", Clock::system());
    let parts = JwtBearer::issuer(issuer()).or_issuer(other).into_scheme(&context).unwrap();
    let support = parts.authenticator().token_support().unwrap();
    assert_eq!(support.authorization_servers().collect::<Vec<_>>(), [ISSUER, "https://other.example"]);
    assert!(support.takes_certificate_bound() && !support.requires_dpop());
    let dpop = Dpop::new().origin("https://api.example").algorithms([Algorithm::ES256]).required();
    let parts = JwtBearer::issuer(issuer()).dpop(dpop).into_scheme(&context).unwrap();
    let support = parts.authenticator().token_support().unwrap();
    assert!(support.requires_dpop());
    assert_eq!(support.dpop_algorithms().collect::<Vec<_>>(), ["ES256"]);
}
