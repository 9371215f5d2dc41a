use super::*;
use crate::Requirement::Required;
use crate::testing::{ask, vectors};

const BASIC: &str = r#"Basic realm="example", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="example""#;
const DPOP: &str = r#"DPoP realm="example""#;
const EXPIRED: &str =
    r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
const INVALID_REQUEST: &str = r#"Bearer realm="example", error="invalid_request""#;
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
    check(&all, &[("authorization", "DPoP bad")], 401, &[BASIC, BEARER, DPOP]);
    // A scheme that never challenges leaves the challenges of the others.
    check(&["jwt", "header"], &[("x-api-key", "bad")], 401, &[BEARER]);
}

/// A1.3 and A1.4, RFC 6750 §3.1.
#[test]
fn a_malformed_request_is_answered_to_the_tried_scheme_alone() {
    let all = ["jwt", "password", "dpop"];
    check(&all, &[("authorization", "Bearer a b")], 400, &[INVALID_REQUEST]);
    check(&all, &[("authorization", "Basic a b")], 400, &[BASIC]);
    check(&all, &[("authorization", "DPoP")], 400, &[DPOP]);
    check(&all, &[("authorization", "Bearer a.b.c"), ("x-api-key", "k")], 400, &[INVALID_REQUEST]);
    check(&["password"], &[("authorization", "Bearer a b")], 400, &[]);
}

/// A1.9: a bearer token that cannot be for this route is an invalid token.
#[test]
fn a_token_that_the_route_does_not_take_is_invalid() {
    check(&["jwt", "password"], &[("authorization", "Bearer pk_1")], 401, &[BASIC, INVALID_TOKEN]);
    check(&["jwt"], &[("authorization", "Basic YTpi")], 401, &[BEARER]);
    check(&["password"], &[("authorization", "Bearer a.b.c")], 401, &[BASIC]);
    check(&["jwt"], &[("authorization", "Digest abc")], 401, &[BEARER]);
}

/// A1.7 and A1.11, RFC 6750 §3: no bare scheme, no parameter twice.
#[test]
fn every_challenge_has_parameters_and_each_once() {
    for challenge in [BASIC, BEARER, EXPIRED, INVALID_REQUEST, INVALID_TOKEN] {
        let (_, parameters) = challenge.split_once(' ').unwrap();
        let names: Vec<&str> = parameters.split(", ").map(|p| p.split_once('=').unwrap().0).collect();
        let once: std::collections::BTreeSet<&&str> = names.iter().collect();
        assert_eq!(once.len(), names.len());
    }
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

        fn challenge(&self, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
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
