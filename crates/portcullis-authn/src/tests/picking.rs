use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_core::{Authentication, Effect, Room};
use proptest::prelude::*;

use super::*;
use crate::Requirement::{Optional, Required};
use crate::testing::{ask, ask_guarded, request, vectors};

#[track_caller]
fn check(fields: &[(&str, &str)], expected: Result<&str, &str>) {
    let route = every_shape().default_set(Required).unwrap();
    check_on(&route, fields, expected);
}

#[track_caller]
fn check_on(route: &crate::RouteSchemes, fields: &[(&str, &str)], expected: Result<&str, &str>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = runtime.block_on(ask(route, fields));
    assert_eq!(asked.who().as_deref().map_err(|code| *code), expected, "{fields:?}");
}

#[test]
fn each_shape_has_one_owner() {
    for (field, value, owner) in [
        ("authorization", "Bearer a.b.c", "jwt"),
        ("authorization", "Bearer a.b.c.d.e", "jwt"),
        ("authorization", "Bearer a.b", "opaque"),
        ("authorization", "Bearer a.b.c=", "opaque"),
        ("authorization", "Bearer slow", "opaque"),
        ("authorization", "Bearer pk_1234", "key"),
        ("authorization", "Bearer pk_a.b.c", "key"),
        ("authorization", "Basic YTpi", "password"),
        ("authorization", "dpop a.b.c", "dpop"),
        ("authorization", "DPoP both_a.b.c", "both"),
        ("authorization", "Bearer both_a.b.c", "both"),
        ("authorization", "slow abc", "slow"),
        ("x-api-key", "pk_1234", "header"),
    ] {
        check(&[(field, value)], Ok(owner));
    }
}

/// A1.1 and A1.2, RFC 6750 §2.1, RFC 9110 §11.1.
#[test]
fn the_scheme_is_read_without_case() {
    for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR  a.b.c"] {
        check(&[("authorization", value)], Ok("jwt"));
    }
    check(&[("authorization", "bAsIc YTpi")], Ok("password"));
    // The token itself keeps its case: the prefix is `pk_`.
    check(&[("authorization", "Bearer PK_1234")], Ok("opaque"));
}

/// A1.2 and A1.3, with the vectors of RFC 6750.
#[tokio::test]
async fn reads_the_credentials_of_the_vectors() {
    let Some(vectors) = vectors("oauth-challenges/www-authenticate.json") else { return };
    let schemes = builder().scheme("opaque", bearer(TokenShape::Opaque)).build().unwrap();
    let route = schemes.default_set(Required).unwrap();
    for value in vectors["authorization_scheme_case"].as_array().unwrap() {
        let asked = ask(&route, &[("authorization", value.as_str().unwrap())]).await;
        assert_eq!(asked.who().as_deref(), Ok("opaque"), "{value}");
    }
    for value in vectors["bad_b64token"].as_array().unwrap() {
        let asked = ask(&route, &[("authorization", value.as_str().unwrap())]).await;
        assert_eq!(asked.who(), Err("malformed_authorization"), "{value}");
        assert_eq!(asked.challenges(), [r#"Bearer realm="example", error="invalid_request""#], "{value}");
    }
}

/// A1.4, RFC 6750 §3.1.
#[test]
fn refuses_a_second_credential() {
    let bearer = ("authorization", "Bearer a.b.c");
    check(&[bearer, bearer], Err("repeated_credential_field"));
    check(&[bearer, ("authorization", "Basic YTpi")], Err("repeated_credential_field"));
    check(&[bearer, ("x-api-key", "k")], Err("multiple_credentials"));
    // A6.17, RFC 9449 §7.2.
    check(&[bearer, ("authorization", "DPoP a.b.c")], Err("repeated_credential_field"));
    check(&[("x-api-key", "k"), ("x-api-key", "k")], Err("repeated_credential_field"));
    // One that nobody takes is a credential all the same.
    check(&[("authorization", "Digest abc"), ("x-api-key", "k")], Err("multiple_credentials"));
}

/// A1.6, OAuth 2.1 §5.1, and A15.5: a query parameter is never read.
#[tokio::test]
async fn ignores_credentials_in_the_query() {
    let route = every_shape().default_set(Required).unwrap();
    let mut request = request(&[]);
    *request.uri_mut() = "/?access_token=a.b.c&api_key=k&x-api-key=k".parse().unwrap();
    assert_eq!(ask_guarded(&route, request, None).await.who(), Err("missing_credentials"));
}

#[test]
fn refuses_schemes_that_the_route_does_not_take() {
    let route = every_shape().named(&["jwt"], Required).unwrap();
    for fields in [
        ("authorization", "Basic YTpi"),
        ("authorization", "Bearer opaque"),
        ("authorization", "Bearer pk_1234"),
        ("authorization", "Digest abc"),
        ("x-api-key", "k"),
    ] {
        check_on(&route, &[fields], Err("scheme_not_accepted"));
    }
    check_on(&route, &[("authorization", "Bearer a.b.c")], Ok("jwt"));
}

#[test]
fn refuses_tokens_of_a_shape_that_nobody_owns() {
    let schemes = builder()
        .scheme("jwt", bearer(TokenShape::Jwt))
        .scheme("password", Stub(CredentialShape::Basic))
        .build()
        .unwrap();
    let opaque = [("authorization", "Bearer mF_9")];
    check_on(&schemes.default_set(Required).unwrap(), &opaque, Err("token_malformed"));
    check_on(&schemes.named(&["password"], Required).unwrap(), &opaque, Err("scheme_not_accepted"));
}

/// The opaque token of RFC 6750 §2.1 has three parts by chance.
#[test]
fn jwt_shaped_tokens_are_opaque_only_where_nobody_takes_jwt() {
    let jwt_shaped = [("authorization", "Bearer mF_9.B5f-4.1JqM")];
    check(&jwt_shaped, Ok("jwt"));
    let schemes = builder().scheme("opaque", bearer(TokenShape::Opaque)).build().unwrap();
    check_on(&schemes.default_set(Required).unwrap(), &jwt_shaped, Ok("opaque"));
    // Whoever takes JWTs keeps them, on routes that do not take them too.
    check_on(&every_shape().named(&["opaque"], Required).unwrap(), &jwt_shaped, Err("scheme_not_accepted"));
}

#[test]
fn a_scheme_for_any_token_takes_every_token() {
    let schemes = builder().scheme("any", bearer(TokenShape::Any)).build().unwrap();
    for token in ["Bearer a.b.c", "Bearer mF_9", "Bearer a+/~=="] {
        check_on(&schemes.default_set(Required).unwrap(), &[("authorization", token)], Ok("any"));
    }
}

#[test]
fn an_empty_header_is_not_a_missing_one() {
    check(&[("x-api-key", "")], Err("malformed_authorization"));
    check(&[("x-api-key", "  ")], Err("malformed_authorization"));
    check(&[("authorization", "")], Err("malformed_authorization"));
}

#[tokio::test]
async fn optional_passes_nobody_but_no_bad_credential() {
    let route = every_shape().default_set(Optional).unwrap();
    let nobody = ask(&route, &[]).await;
    assert!(nobody.answer.is_ok() && matches!(nobody.trail.authentication(), Authentication::Anonymous));
    assert_eq!(ask(&route, &[("authorization", "Bearer bad")]).await.who(), Err("token_expired"));
    assert_eq!(ask(&route, &[("authorization", "Digest abc")]).await.who(), Err("scheme_not_accepted"));
    assert_eq!(ask(&route, &[("authorization", "Bearer")]).await.who(), Err("malformed_authorization"));
    assert_eq!(ask(&route, &[("x-api-key", "k")]).await.who().as_deref(), Ok("header"));
}

/// The answer of the one owner is final: nobody else is asked.
#[tokio::test]
async fn asks_the_owner_once_and_nobody_else() {
    let (owner, other) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let schemes = builder()
        .scheme("jwt", Counting(bearer(TokenShape::Jwt), Arc::clone(&owner)))
        .scheme("opaque", Counting(bearer(TokenShape::Opaque), Arc::clone(&other)))
        .build()
        .unwrap();
    let route = schemes.default_set(Required).unwrap();
    assert!(ask(&route, &[("authorization", "Bearer a.b.bad")]).await.answer.is_err());
    assert_eq!((owner.load(Ordering::SeqCst), other.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn the_trail_tells_who_by_which_scheme_and_why() {
    let route = every_shape().default_set(Required).unwrap();
    for (value, effect, reason) in [
        ("Bearer a.b.c", Effect::Allow, "authenticated"),
        ("Bearer slow.b.c", Effect::Allow, "authenticated"),
        ("Bearer a.b.bad", Effect::Deny, "token_expired"),
        ("Bearer slow.b.bad", Effect::Deny, "token_expired"),
    ] {
        let asked = ask(&route, &[("authorization", value)]).await;
        asked.trail.read(|state| {
            assert_eq!(state.scheme.as_deref(), Some("jwt"), "{value}");
            let [entry] = &state.entries[..] else { panic!("{:?}", state.entries) };
            let found = (entry.room, entry.effect, entry.reason.code(), entry.enforced);
            assert_eq!(found, (Room::Authentication, effect, reason, true), "{value}");
        });
        assert!(asked.trail.challenges().is_some());
        assert_eq!(asked.at_once, !value.contains("slow"));
    }
}

#[tokio::test]
async fn a_second_authentication_is_misconfigured() {
    let route = every_shape().default_set(Optional).unwrap();
    for fields in [&[("authorization", &b"Bearer a.b.c"[..])][..], &[]] {
        let mut request = request(fields);
        let trail = portcullis_core::Trail::ensure(request.extensions_mut(), &Clock::system());
        trail.authenticated(principal("first")).unwrap();
        let asked = ask_guarded(&route, request, None).await;
        assert_eq!(asked.answer.as_ref().unwrap_err().status(), 500);
        assert_eq!(asked.trail.principal().unwrap().subject(), "first");
    }
}

/// Every string of the list, wherever a header can carry it: an answer, and no 5xx.
#[tokio::test]
async fn naughty_strings_are_answered() {
    let Some(strings) = vectors("naughty-strings/blns.json") else { return };
    let route = every_shape().default_set(Required).unwrap();
    for text in strings.as_array().unwrap() {
        let text = text.as_str().unwrap();
        for (name, value) in [
            ("authorization", text.to_owned()),
            ("authorization", format!("Bearer {text}")),
            ("authorization", format!("Basic {text}")),
            ("x-api-key", text.to_owned()),
        ] {
            if http::HeaderValue::from_str(&value).is_err()
                && http::HeaderValue::from_bytes(value.as_bytes()).is_err()
            {
                continue;
            }
            let asked = ask(&route, &[(name, &value)]).await;
            assert!(
                asked.answer.as_ref().is_ok_and(|()| true) || !asked.answer.unwrap_err().is_failure(),
                "{text:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_picking_panic(
        authorization in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..48)),
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..16)),
    ) {
        let schemes = every_shape();
        let mut headers = http::HeaderMap::new();
        for (name, value) in [("authorization", authorization), ("x-api-key", key)] {
            if let Some(value) = value.and_then(|value| http::HeaderValue::from_bytes(&value).ok()) {
                headers.insert(name, value);
            }
        }
        let mut request = http::Request::new(());
        *request.headers_mut() = headers;
        portcullis_core::Trail::ensure(request.extensions_mut(), &Clock::system());
        let view = RequestView::of(&request).unwrap();
        let answer = schemes.default_set(Required).unwrap().authenticate(&view).done();
        prop_assert!(!matches!(answer, Some(Err(denial)) if denial.is_failure()));
    }
}
