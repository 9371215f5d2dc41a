//! Tokens that a scheme took before, and answers before they are read.

use super::*;
use crate::Requirement::Required;
use crate::RouteSchemes;
use crate::testing::ask;

/// Remembers `a.b.c`, whose caller is `remembered`, and `a.b.bad`, which has expired since.
struct Remembering;

impl Authenticator for Remembering {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Dpop(TokenShape::Jwt), CredentialShape::Bearer(TokenShape::Jwt)]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("remembering")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        Step::Done(Ok(principal(credential.expose())))
    }

    fn recall(&self, octets: &[u8], _: &RequestView<'_>) -> Option<Step<Result<Principal, Denial>>> {
        match octets {
            b"a.b.c" => Some(Step::Done(Ok(principal("remembered")))),
            b"a.b.bad" => Some(Step::Done(Err(Denial::new(Reason::TokenExpired)))),
            _ => None,
        }
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        Stub(shape.clone()).challenge(shape, realm, refused)
    }
}

fn schemes() -> Schemes {
    builder()
        .scheme("token", Remembering)
        .scheme("opaque", bearer(TokenShape::Opaque))
        .scheme("header", header("x-api-key"))
        .build()
        .unwrap()
}

#[track_caller]
fn check(route: &RouteSchemes, fields: &[(&str, &str)], expected: Result<&str, &str>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = runtime.block_on(ask(route, fields));
    assert_eq!(asked.who().as_deref().map_err(|code| *code), expected, "{fields:?}");
}

#[test]
fn what_is_remembered_is_answered_and_everything_else_is_read() {
    let route = schemes().default_set(Required).unwrap();
    for (value, expected) in [
        ("Bearer a.b.c", Ok("remembered")),
        ("bearer a.b.c", Ok("remembered")),
        ("Bearer a.b.d", Ok("a.b.d")),
        // With two spaces these are other octets, which mean the same.
        ("Bearer  a.b.c", Ok("a.b.c")),
        // A proof is asked for each time.
        ("DPoP a.b.c", Ok("a.b.c")),
        ("Bearer a.b", Ok("opaque")),
        ("Bearer a.b.c d", Err("malformed_authorization")),
    ] {
        check(&route, &[("authorization", value)], expected);
    }
}

/// RFC 6750 §2, RFC 9110 §11.6.2.
#[test]
fn a_remembered_token_beside_another_credential_is_refused() {
    let route = schemes().default_set(Required).unwrap();
    let token = ("authorization", "Bearer a.b.c");
    check(&route, &[token, ("x-api-key", "k")], Err("multiple_credentials"));
    check(&route, &[token, token], Err("repeated_credential_field"));
}

#[test]
fn a_route_that_does_not_take_the_scheme_refuses_what_it_remembers() {
    let route = schemes().named(&["opaque"], Required).unwrap();
    check(&route, &[("authorization", "Bearer a.b.c")], Err("scheme_not_accepted"));
}

#[tokio::test]
async fn a_refusal_of_a_remembered_token_names_its_scheme() {
    let route = schemes().named(&["token"], Required).unwrap();
    let asked = ask(&route, &[("authorization", "Bearer a.b.bad")]).await;
    assert_eq!(asked.who(), Err("token_expired"));
    let challenges = asked.challenges();
    let with_error: Vec<_> = challenges.iter().filter(|value| value.contains("error=")).collect();
    assert!(matches!(&with_error[..], [one] if one.starts_with("Bearer")), "{challenges:?}");
}
