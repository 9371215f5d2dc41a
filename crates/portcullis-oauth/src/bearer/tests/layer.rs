use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_body_util::Full;
use portcullis_authn::{AuthenticationLayer, Requirement, Schemes};
use portcullis_core::{CredentialMethod, Denial, Reason, Revocations, Step, StoreError, TokenFacts, Trail};
use portcullis_testkit::{FakeClock, TestIssuer};
use tower::{Layer as _, ServiceExt as _};

use crate::bearer::{Issuer, JwtBearer};
use crate::keys::StaticKeys;

const ISSUER: &str = "https://issuer.example";

fn server(time: &FakeClock) -> TestIssuer {
    TestIssuer::offline(ISSUER).with_clock(time.clock())
}

fn scheme(server: &TestIssuer) -> JwtBearer {
    let keys = StaticKeys::new().jwks(server.jwks_json());
    JwtBearer::issuer(Issuer::new(ISSUER).audience("https://api.example").keys(keys))
}

/// Sends a request through the layer; the handler answers with the name of the caller.
async fn send(scheme: JwtBearer, time: &FakeClock, authorization: &[&str]) -> Response<Full<Bytes>> {
    let schemes = Schemes::builder("documents", time.clock()).scheme("token", scheme).build().unwrap();
    let layer = AuthenticationLayer::new(schemes.default_set(Requirement::Required).unwrap());
    let service = layer.layer(tower::service_fn(async |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        let caller = trail.principal().unwrap().subject().to_owned();
        Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(caller))))
    }));
    let mut request = Request::get("/documents").body(()).unwrap();
    for value in authorization {
        request.headers_mut().append(AUTHORIZATION, value.parse().unwrap());
    }
    service.oneshot(request).await.unwrap()
}

#[track_caller]
fn check(response: &Response<Full<Bytes>>, status: u16, reason: Option<Reason>, challenges: &[&str]) {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.extensions().get::<Denial>().map(Denial::reason), reason);
    let sent = response.headers().get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap());
    assert_eq!(sent.collect::<Vec<_>>(), challenges);
}

/// A1.1, A1.2, RFC 6750 §2.1.
#[tokio::test]
async fn a_valid_token_names_the_caller_whatever_the_case_of_the_scheme() {
    let time = FakeClock::new();
    let server = server(&time);
    let token = server.token("alice").sign();
    for name in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let response = send(scheme(&server), &time, &[&format!("{name} {token}")]).await;
        check(&response, 200, None, &[]);
    }
}

/// A1.8, RFC 6750 §3.1.
#[tokio::test]
async fn a_request_without_a_token_is_challenged_without_an_error() {
    let time = FakeClock::new();
    let response = send(scheme(&server(&time)), &time, &[]).await;
    check(&response, 401, Some(Reason::MissingCredentials), &[r#"Bearer realm="documents""#]);
}

/// A1.9, A3.8, RFC 6750 §3.1, RFC 9068 §4: whatever is wrong, the caller is told the same.
#[tokio::test]
async fn every_token_that_is_refused_is_invalid_token() {
    let time = FakeClock::new();
    let server = server(&time);
    let invalid = [r#"Bearer realm="documents", error="invalid_token""#];
    for (token, reason) in [
        (server.token("alice").claim("exp", 1), Reason::TokenExpired),
        (server.token("alice").signature([0; 64]), Reason::TokenSignatureInvalid),
        (server.token("alice").header("alg", "none").signature([]), Reason::TokenAlgorithmRefused),
        (server.token("alice").audience("https://x.example"), Reason::TokenAudienceMismatch),
        (server.token("alice").kid("other"), Reason::TokenKeyUnknown),
        (server.token("alice").claims_text("{"), Reason::TokenMalformed),
        (server.token("alice").typ("JWT"), Reason::TokenTypeRefused),
    ] {
        let response = send(scheme(&server), &time, &[&token.bearer()]).await;
        check(&response, 401, Some(reason), &invalid);
    }
    let encrypted = send(scheme(&server), &time, &["Bearer a.b.c.d.e"]).await;
    check(&encrypted, 401, Some(Reason::TokenEncrypted), &invalid);
}

/// A1.3, A1.4, RFC 6750 §3.1.
#[tokio::test]
async fn a_malformed_or_repeated_field_is_400() {
    let time = FakeClock::new();
    let server = server(&time);
    let bearer = server.token("alice").bearer();
    for fields in [&[&*bearer, &*bearer][..], &["Bearer a b"], &["Bearer "], &["Bearer \"a\""]] {
        let response = send(scheme(&server), &time, fields).await;
        assert_eq!(response.status(), 400, "{fields:?}");
    }
}

/// A1.14: neither the token nor a part of it is in what the caller or the log sees.
#[tokio::test]
async fn a_refusal_repeats_nothing_of_the_token() {
    let time = FakeClock::new();
    let server = server(&time);
    let token = server.token("alice").signature([7; 64]).sign();
    let response = send(scheme(&server), &time, &[&format!("Bearer {token}")]).await;
    let said = format!("{response:?}");
    assert!(token.split('.').all(|part| !said.contains(part)), "{said}");
}

struct Down;

impl Revocations for Down {
    fn is_revoked(&self, _: &TokenFacts<'_>) -> Step<Result<bool, StoreError>> {
        Step::Done(Err(StoreError::new("down")))
    }
}

/// A failure of the server's is no challenge to the caller.
#[tokio::test]
async fn a_deny_list_that_fails_is_503_without_a_challenge() {
    let time = FakeClock::new();
    let server = server(&time);
    let scheme = scheme(&server).revocations(Arc::new(Down));
    let response = send(scheme, &time, &[&server.token("alice").bearer()]).await;
    check(&response, 503, Some(Reason::StoreUnavailable), &[]);
}

#[test]
fn the_scheme_says_what_it_is_and_stands_beside_others() {
    let time = FakeClock::new();
    let server = server(&time);
    let schemes = Schemes::builder("documents", time.clock())
        .scheme("token", scheme(&server))
        .scheme("named", scheme(&server))
        .build();
    assert_eq!(schemes.unwrap_err().codes().collect::<Vec<_>>(), ["P103"]);

    let only = Schemes::builder("documents", time.clock())
        .scheme("token", scheme(&server).only_where_named())
        .build()
        .unwrap();
    assert_eq!(only.iter().collect::<Vec<_>>(), [("token", CredentialMethod::Jwt)]);
    assert!(only.default_set(Requirement::Required).is_err());
    assert!(only.named(&["token"], Requirement::Required).is_ok());
}
