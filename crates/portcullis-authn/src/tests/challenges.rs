use std::collections::BTreeSet;
use std::convert::Infallible;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::AuthenticationLayer;
use crate::Requirement::Required;
use crate::testing::{ask, request, vectors};

const BASIC: &str = r#"Basic realm="example", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="example""#;
const DPOP: &str = r#"DPoP realm="example", algs="ES256""#;
const DPOP_INVALID_REQUEST: &str = r#"DPoP realm="example", algs="ES256", error="invalid_request""#;
const DPOP_INVALID_TOKEN: &str = r#"DPoP realm="example", algs="ES256", error="invalid_token""#;
const EXPIRED: &str =
    r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
const INVALID_REQUEST: &str = r#"Bearer realm="example", error="invalid_request""#;
const SLOW: &str = r#"Slow realm="example""#;
const INVALID_TOKEN: &str = r#"Bearer realm="example", error="invalid_token""#;

#[track_caller]
fn check(schemes: &[&str], fields: &[(&str, &str)], status: u16, challenges: &[&str]) {
    let route = every_shape().named(schemes, Required).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = runtime.block_on(ask(&route, fields));
    assert_eq!(asked.answer.as_ref().unwrap_err().status(), status, "{fields:?}");
    let mut found = asked.challenges();
    found.sort();
    assert_eq!(found, challenges, "{fields:?}");
}

/// A1.8, RFC 6750 §3.1, and A1.15, RFC 9110 §11.6.1: schemes with the same challenge say it once.
#[test]
fn without_a_credential_every_scheme_challenges_and_none_names_an_error() {
    check(&["jwt"], &[], 401, &[BEARER]);
    check(&["jwt", "opaque", "key"], &[], 401, &[BEARER]);
    check(&["jwt", "password", "dpop", "header"], &[], 401, &[BASIC, BEARER, DPOP]);
}

/// A1.9, RFC 6750 §3.1, and A6.17, RFC 9449 §7.2.
#[test]
fn the_error_stands_on_the_challenge_of_the_tried_scheme_alone() {
    let all = ["jwt", "password", "dpop"];
    check(&all, &[("authorization", "Bearer a.b.bad")], 401, &[BASIC, EXPIRED, DPOP]);
    check(&all, &[("authorization", "Bearer slow.b.bad")], 401, &[BASIC, EXPIRED, DPOP]);
    check(&all, &[("authorization", "DPoP a.b.bad")], 401, &[BASIC, BEARER, DPOP_INVALID_TOKEN]);
    // One scheme that takes tokens in both ways: the way that was tried.
    let both = ["both", "password"];
    check(&both, &[], 401, &[BASIC, BEARER, DPOP]);
    check(&both, &[("authorization", "Bearer both_bad")], 401, &[BASIC, EXPIRED, DPOP]);
    check(&both, &[("authorization", "DPoP both_bad")], 401, &[BASIC, BEARER, DPOP_INVALID_TOKEN]);
    // A scheme that never challenges leaves the challenges of the others.
    check(&["jwt", "header"], &[("x-api-key", "bad")], 401, &[BEARER]);
}

/// A1.3 and A1.4, RFC 6750 §3.1.
#[test]
fn a_malformed_request_is_answered_to_the_tried_scheme_alone() {
    let all = ["jwt", "password", "dpop"];
    check(&all, &[("authorization", "Bearer a b")], 400, &[INVALID_REQUEST]);
    check(&all, &[("authorization", "Basic a b")], 400, &[BASIC]);
    check(&all, &[("authorization", "DPoP")], 400, &[DPOP_INVALID_REQUEST]);
    check(&["both"], &[("authorization", "DPoP a b")], 400, &[DPOP_INVALID_REQUEST]);
}

/// What the route does not take has no challenge there that could name the error.
#[test]
fn a_malformed_request_to_a_scheme_that_the_route_does_not_take_is_told_what_it_takes() {
    check(&["password"], &[("authorization", "Bearer a b")], 400, &[BASIC]);
    check(&["jwt", "slow"], &[("authorization", "Basic a b")], 400, &[BEARER, SLOW]);
    check(&["jwt", "header"], &[("x-api-key", "")], 400, &[BEARER]);
    check(&["jwt", "header"], &[("x-api-key", "k"), ("x-api-key", "k")], 400, &[BEARER]);
    // A scheme without challenges alone: there is nothing to say.
    check(&["header"], &[("x-api-key", "")], 400, &[]);
}

/// RFC 9110 §11.6.1: two fields, an empty one, or a second credential, on a route without tokens.
#[test]
fn what_no_single_scheme_was_tried_by_is_answered_to_each_scheme_of_the_route() {
    let basic = ("authorization", "Basic YTpi");
    for fields in [
        &[basic, basic][..],
        &[("authorization", "")],
        &[("authorization", "=")],
        &[basic, ("x-api-key", "k")],
    ] {
        check(&["password"], fields, 400, &[BASIC]);
        check(&["password", "slow"], fields, 400, &[BASIC, SLOW]);
        check(&["password", "jwt"], fields, 400, &[BASIC, INVALID_REQUEST]);
    }
}

/// A6.17, RFC 9449 §7.2: with two credentials nobody can say which was meant.
#[test]
fn two_credentials_are_answered_to_every_scheme_and_name_the_error_for_tokens() {
    let all = ["jwt", "password", "dpop"];
    for fields in [
        [("authorization", "Bearer a.b.c"), ("authorization", "DPoP a.b.c")],
        [("authorization", "DPoP a.b.c"), ("authorization", "DPoP a.b.c")],
        [("authorization", "Bearer a.b.c"), ("x-api-key", "k")],
        [("authorization", "DPoP a.b.c"), ("x-api-key", "k")],
    ] {
        check(&all, &fields, 400, &[BASIC, INVALID_REQUEST, DPOP_INVALID_REQUEST]);
    }
}

/// A6.17: whoever lacks a scope is told by the scheme that brought the token.
#[tokio::test]
async fn a_missing_scope_is_named_by_the_scheme_that_was_tried() {
    let route = every_shape().named(&["both", "password"], Required).unwrap();
    for (value, scheme) in [("Bearer both_good", "Bearer"), ("DPoP both_good", "DPoP")] {
        let asked = ask(&route, &[("authorization", value)]).await;
        assert!(asked.answer.is_ok());
        let denial = Denial::new(Reason::InsufficientScope);
        let scopes = portcullis_core::Scopes::parse("a").unwrap();
        let denial = asked.trail.challenges().unwrap().insufficient_scope(denial, &scopes);
        let [challenge] = &denial.challenges().collect::<Vec<_>>()[..] else { panic!("{denial:?}") };
        assert!(challenge.to_str().unwrap().starts_with(scheme), "{challenge:?}");
    }
}

/// A1.9: a bearer token that cannot be for this route is an invalid token.
#[test]
fn a_token_that_the_route_does_not_take_is_invalid() {
    check(&["jwt", "password"], &[("authorization", "Bearer pk_1")], 401, &[BASIC, INVALID_TOKEN]);
    check(&["jwt"], &[("authorization", "Basic YTpi")], 401, &[BEARER]);
    check(&["password"], &[("authorization", "Bearer a.b.c")], 401, &[BASIC]);
    check(&["password"], &[("authorization", "DPoP a.b.c")], 401, &[BASIC]);
    check(&["jwt", "dpop"], &[("authorization", "DPoP both_1")], 401, &[BEARER, DPOP_INVALID_TOKEN]);
    // Nobody takes opaque tokens with a proof.
    check(&["jwt", "dpop"], &[("authorization", "DPoP mF_9")], 401, &[BEARER, DPOP_INVALID_TOKEN]);
    check(&["jwt"], &[("authorization", "DPoP mF_9")], 401, &[BEARER]);
    check(&["jwt"], &[("authorization", "Digest abc")], 401, &[BEARER]);
}

/// What a service with a scheme of each shape answers.
async fn answered(fields: &[(&str, &str)]) -> (u16, Vec<String>) {
    let layer = AuthenticationLayer::new(every_shape().default_set(Required).unwrap());
    let service =
        layer.layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new()))));
    let fields: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let response = service.oneshot(request(&fields)).await.unwrap();
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    (response.status().as_u16(), challenges.map(|value| value.to_str().unwrap().to_owned()).collect())
}

/// The names of a challenge's parameters. A comma within quotes parts nothing.
fn parameters(challenge: &str) -> Vec<String> {
    let (_, parameters) = challenge.split_once(' ').unwrap_or_else(|| panic!("a bare scheme: {challenge}"));
    let mut quoted = false;
    let split = parameters.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    split.map(|parameter| parameter.split_once('=').unwrap().0.trim().to_ascii_lowercase()).collect()
}

/// A1.7 and A1.11, RFC 6750 §3, RFC 9110 §11.2: no bare scheme, no parameter twice.
#[tokio::test]
async fn every_challenge_has_parameters_and_each_once() {
    let mut schemes = BTreeSet::new();
    let mut errors = BTreeSet::new();
    for fields in [
        &[][..],
        &[("authorization", "Bearer a.b.bad")],
        &[("authorization", "Bearer slow.b.bad")],
        &[("authorization", "Bearer pk_bad")],
        &[("authorization", "Bearer opaque_bad")],
        &[("authorization", "Bearer both_bad")],
        &[("authorization", "Bearer a b")],
        &[("authorization", "Bearer")],
        &[("authorization", "DPoP a.b.bad")],
        &[("authorization", "DPoP both_bad")],
        &[("authorization", "DPoP opaque")],
        &[("authorization", "DPoP a b")],
        &[("authorization", "Basic bad")],
        &[("authorization", "Basic a b")],
        &[("authorization", "Slow bad")],
        &[("authorization", "Digest a")],
        &[("x-api-key", "bad")],
        &[("authorization", "Bearer a.b.c"), ("authorization", "DPoP a.b.c")],
        &[("authorization", "Bearer a.b.c"), ("x-api-key", "k")],
        &[("authorization", "Basic YTpi"), ("authorization", "Basic YTpi")],
        &[("authorization", "Basic YTpi"), ("x-api-key", "k")],
        &[("authorization", "")],
        &[("authorization", "=")],
        &[("x-api-key", "")],
        &[("x-api-key", "k"), ("x-api-key", "k")],
    ] {
        let (status, challenges) = answered(fields).await;
        assert!([400, 401].contains(&status) && !challenges.is_empty(), "{fields:?}: {status}");
        for challenge in challenges {
            let names = parameters(&challenge);
            let once: BTreeSet<&String> = names.iter().collect();
            assert!(once.len() == names.len() && names.contains(&"realm".to_owned()), "{challenge}");
            errors.extend(challenge.contains("error=").then(|| challenge.clone()));
            schemes.extend(challenge.split(' ').next().map(str::to_owned));
        }
    }
    assert!(schemes.iter().eq(["Basic", "Bearer", "DPoP", "Slow"]), "{schemes:?}");
    assert!(
        errors.iter().eq([EXPIRED, INVALID_REQUEST, DPOP_INVALID_REQUEST, DPOP_INVALID_TOKEN]
            .iter()
            .collect::<BTreeSet<_>>()),
        "{errors:?}"
    );
}

#[tokio::test]
async fn the_challenges_of_the_vectors_are_rendered_alike() {
    let Some(vectors) = vectors("oauth-challenges/www-authenticate.json") else { return };
    let value = |id: &str| {
        let cases = vectors["cases"].as_array().unwrap();
        cases.iter().find(|case| case["id"] == id).unwrap()["value"].as_str().unwrap().to_owned()
    };
    let route = every_shape().named(&["jwt"], Required).unwrap();
    assert_eq!(ask(&route, &[]).await.challenges(), [value("6750 no credentials")]);
    let expired = ask(&route, &[("authorization", "Bearer a.b.bad")]).await;
    assert_eq!(expired.challenges(), [value("6750 expired")]);
}

/// A failure of the server is not a challenge, and a scheme's own challenge is not doubled.
#[tokio::test]
async fn a_scheme_may_dress_its_denial_itself_and_a_failure_stays_bare() {
    struct Own(Reason);

    impl Authenticator for Own {
        fn shapes(&self) -> Vec<CredentialShape> {
            vec![CredentialShape::Bearer(TokenShape::Any)]
        }

        fn method(&self) -> CredentialMethod {
            CredentialMethod::Introspection
        }

        fn authenticate(&self, _: &Credential<'_>, _: &RequestView<'_>) -> Step<Result<Principal, Denial>> {
            let denial = Denial::new(self.0);
            Step::Done(Err(match self.0 {
                Reason::TokenBindingUnproven => denial.challenge(&Challenge::new("DPoP", "own")),
                _ => denial,
            }))
        }

        fn challenge(&self, _: &CredentialShape, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
            Some(Challenge::bearer(realm))
        }
    }

    for (reason, challenges) in [
        (Reason::TokenBindingUnproven, &[r#"DPoP realm="own""#, BASIC][..]),
        (Reason::TokenExpired, &[BEARER, BASIC]),
        (Reason::InsufficientScope, &[BEARER]),
        (Reason::KeySetUnavailable, &[]),
        (Reason::QuotaExceeded, &[]),
    ] {
        let schemes = builder().scheme("own", Own(reason)).scheme("password", Stub(CredentialShape::Basic));
        let route = schemes.build().unwrap().default_set(Required).unwrap();
        let asked = ask(&route, &[("authorization", "Bearer x")]).await;
        assert_eq!(asked.who(), Err(reason.code()));
        assert_eq!(asked.challenges(), challenges, "{reason:?}");
    }
}
