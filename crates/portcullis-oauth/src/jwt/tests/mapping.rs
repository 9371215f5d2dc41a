//! Claims become a principal (A3.9 to A3.14).

use std::time::{Duration, UNIX_EPOCH};

use portcullis_core::{Actor, CredentialMethod, Principal, Reason};
use portcullis_testkit::FakeClock;
use serde_json::json;

use super::{Bench, ISSUER};

fn roles(principal: &Principal) -> Vec<&str> {
    principal.roles().collect()
}

/// A3.11, A3.12, A3.14, RFC 9068 §2.2.
#[test]
fn the_principal_has_what_the_claims_say() {
    let bench = Bench::new();
    let details = json!([{"type": "payment"}]);
    let token = bench
        .token()
        .scope("documents:read documents:write")
        .claim("jti", "token-7")
        .claim("sid", "session-1")
        .claim("acr", "urn:example:silver")
        .claim("amr", json!(["pwd", "otp"]))
        .claim("auth_time", 1_700_000_000)
        .claim("act", json!({"sub": "service"}))
        .claim("authorization_details", details.clone());
    let caller = bench.accepts(&token);
    assert_eq!((caller.subject(), caller.issuer()), ("alice", Some(ISSUER)));
    assert_eq!(caller.method(), CredentialMethod::Jwt);
    assert_eq!(caller.client_id(), Some("test-client"));
    assert_eq!((caller.token_id(), caller.session_id()), (Some("token-7"), Some("session-1")));
    assert_eq!(caller.scopes().to_string(), "documents:read documents:write");
    assert_eq!(caller.assurance().acr.as_deref(), Some("urn:example:silver"));
    assert_eq!(caller.assurance().amr.len(), 2);
    assert_eq!(caller.assurance().auth_time, Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    assert_eq!(caller.expires_at(), Some(UNIX_EPOCH + FakeClock::START + Duration::from_secs(300)));
    assert_eq!(caller.claims().get("authorization_details"), Some(&details));
    assert_eq!(caller.actor().and_then(Actor::subject_name), Some("service"));
    assert!(!caller.is_client());
    assert!(caller.confirmation().is_none());
}

/// A3.9, RFC 9068 §2.2.3.
#[test]
fn nothing_but_scope_counts_without_being_named() {
    let bench = Bench::new();
    let token = bench
        .token()
        .claim("scp", json!(["admin"]))
        .claim("roles", json!(["admin"]))
        .claim("groups", json!(["admin"]))
        .claim("tid", "t1");
    let caller = bench.accepts(&token);
    assert!(caller.scopes().is_empty() && roles(&caller).is_empty());
    assert_eq!((caller.groups().count(), caller.tenant()), (0, None));
    assert!(bench.accepts(&bench.token().scope("")).scopes().is_empty());
}

/// A3.9.
#[test]
fn scopes_are_read_from_where_they_are_said_to_be() {
    let bench = Bench::with(|issuer| issuer.scopes_from(["scp"]).scopes_from(["permissions"]));
    let scopes = |token| bench.accepts(&token).scopes().to_string();
    assert_eq!(scopes(bench.token().claim("scp", json!(["b", "a"])).scope("ignored")), "a b");
    assert_eq!(scopes(bench.token().claim("scp", "b a").claim("permissions", json!(["c"]))), "a b c");
    assert_eq!(scopes(bench.token()), "");
    for scp in [json!(["a b"]), json!([1]), json!({"a": 1}), json!([""]), json!("a\"b"), json!(7)] {
        bench.check(|token| token.claim("scp", scp.clone()), Reason::TokenClaimInvalid);
    }
}

/// A3.10, RFC 9068 §2.2.3.1, RFC 7643 §2.4.
#[test]
fn roles_and_groups_have_the_shapes_of_scim() {
    let bench = Bench::with(|issuer| {
        issuer.roles_from(["realm_access", "roles"]).roles_from(["entitlements"]).groups_from(["groups"])
    });
    let caller = bench.accepts(
        &bench
            .token()
            .claim("realm_access", json!({"roles": ["editor", "admin"]}))
            .claim("entitlements", json!([{"value": "export", "display": "Export"}, "print"]))
            .claim("groups", "staff"),
    );
    assert_eq!(roles(&caller), ["admin", "editor", "export", "print"]);
    assert!(caller.in_group("staff"));
    assert!(roles(&bench.accepts(&bench.token())).is_empty());
    for groups in
        [json!([{"display": "x"}]), json!([1]), json!([{"value": 1}]), json!({"value": "a"}), json!(1)]
    {
        bench.check(|token| token.claim("groups", groups.clone()), Reason::TokenClaimInvalid);
    }
}

#[test]
fn the_tenant_is_read_from_where_it_is_said_to_be() {
    let bench = Bench::with(|issuer| issuer.tenant_from(["org", "id"]));
    assert_eq!(bench.accepts(&bench.token().claim("org", json!({"id": "t1"}))).tenant(), Some("t1"));
    assert_eq!(bench.accepts(&bench.token()).tenant(), None);
    bench.check(|token| token.claim("org", json!({"id": 1})), Reason::TokenClaimInvalid);
}

/// A3.11, RFC 9068 §5.
#[test]
fn a_subject_that_is_the_client_is_no_user() {
    let bench = Bench::new();
    assert!(bench.accepts(&bench.token().claim("sub", "robot").claim("client_id", "robot")).is_client());
    assert!(!bench.accepts(&bench.token()).is_client());
}

/// A3.14, RFC 9396 §2.
#[test]
fn authorization_details_are_a_list_of_typed_objects() {
    let bench = Bench::new();
    let details = json!([{"type": "payment", "amount": 5}, {"type": "account"}]);
    let caller = bench.accepts(&bench.token().claim("authorization_details", details));
    let payments = caller.claims().authorization_details::<serde_json::Value>("payment").unwrap();
    assert_eq!(payments, [json!({"type": "payment", "amount": 5})]);
    assert!(
        bench.accepts(&bench.token().claim("authorization_details", json!([]))).claims().get("x").is_none()
    );
    for details in
        [json!({}), json!("a"), json!([1]), json!([{}]), json!([{"type": 1}]), json!([{"type": ""}])]
    {
        bench.check(|token| token.claim("authorization_details", details.clone()), Reason::TokenClaimInvalid);
    }
}

/// A12.1, A12.2 and A12.3, RFC 8693 §4.1.
#[test]
fn a_chain_of_actors_is_kept_up_to_its_limit_and_decides_by_its_outermost() {
    let chain = |length: usize| {
        (0..length).fold(json!(null), |inner, number| match inner {
            serde_json::Value::Null => json!({"sub": format!("actor-{number}")}),
            inner => json!({"sub": format!("actor-{number}"), "act": inner}),
        })
    };
    let bench = Bench::new();
    let caller = bench.accepts(&bench.token().claim("act", chain(crate::DEFAULT_MAX_ACTORS)));
    assert_eq!(caller.actor().and_then(Actor::subject_name), Some("actor-3"));
    assert_eq!((caller.subject(), caller.actor_chain().len()), ("alice", crate::DEFAULT_MAX_ACTORS));
    assert!(caller.is_delegated() && !bench.accepts(&bench.token()).is_delegated());
    bench.check(|token| token.claim("act", chain(crate::DEFAULT_MAX_ACTORS + 1)), Reason::TokenClaimInvalid);
    bench.check(|token| token.claim("act", "service"), Reason::TokenClaimInvalid);

    let bench = Bench::with(|issuer| issuer.max_actors(0));
    bench.check(|token| token.claim("act", chain(1)), Reason::TokenClaimInvalid);
    assert!(!bench.accepts(&bench.token().claim("may_act", json!({"sub": "x"}))).is_delegated());
}
