//! What is believed of an answer.

use std::sync::Arc;

use portcullis_core::CredentialMethod;

use super::*;
use crate::DenyList;

const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

/// RFC 7662 §2.2.
#[tokio::test]
async fn an_active_token_speaks_for_its_subject() {
    let bench = Bench::with(|settings| settings.audience("https://second.example")).await;
    bench.server.activate(
        TOKEN,
        bench.members(&json!({ "aud": ["x", "https://second.example"], "jti": "j", "acr": "mfa" })),
    );
    let caller = bench.verify(TOKEN).await.unwrap();
    assert_eq!((caller.subject(), caller.issuer(), caller.client_id()), ("alice", Some(ISSUER), Some("web")));
    assert_eq!((caller.method(), caller.token_id()), (CredentialMethod::Introspection, Some("j")));
    assert!(caller.has_scope("documents:read"));
    assert_eq!(caller.assurance().acr.as_deref(), Some("mfa"));
    assert_eq!(caller.claims().text("scope"), Some("documents:read"));
}

/// A4.2.
#[tokio::test]
async fn only_the_json_boolean_true_is_active() {
    let bench = Bench::new().await;
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    for active in [json!("true"), json!(1), json!(null), json!(false), json!([true]), json!({}), json!("")] {
        let mut body = bench.members(&json!({}));
        body["active"] = active.clone();
        bench.server.answer_with(200, "application/json", body.to_string());
        check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
    }
    bench.server.answer_with(200, "application/json", bench.members(&json!({})).to_string());
    check_refused(bench.verify(TOKEN).await, Reason::TokenInactive);
}

/// A4.3, A5.1, A6.14, A6.15.
#[tokio::test]
async fn checks_what_the_answer_says_of_the_token() {
    let bench = Bench::new().await;
    let now = FakeClock::START.as_secs();
    let x5t = json!({ "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" });
    for (change, reason) in [
        (json!({ "iss": "https://other.example" }), Reason::TokenIssuerUnknown),
        (json!({ "iss": 1 }), Reason::TokenClaimInvalid),
        (json!({ "aud": "https://other.example" }), Reason::TokenAudienceMismatch),
        (json!({ "aud": null }), Reason::TokenClaimMissing),
        (json!({ "aud": [] }), Reason::TokenClaimInvalid),
        (json!({ "exp": now - 30 }), Reason::TokenExpired),
        (json!({ "exp": "soon" }), Reason::TokenClaimInvalid),
        (json!({ "nbf": now + 31 }), Reason::TokenNotYetValid),
        (json!({ "iat": now + 31 }), Reason::TokenNotYetValid),
        (json!({ "sub": "" }), Reason::TokenClaimInvalid),
        (json!({ "sub": null, "client_id": null }), Reason::TokenClaimMissing),
        (json!({ "scope": ["documents:read"] }), Reason::TokenClaimInvalid),
        (json!({ "scope": "a\"b" }), Reason::TokenClaimInvalid),
        (json!({ "token_type": "refresh_token" }), Reason::TokenTypeRefused),
        (json!({ "token_type": 1 }), Reason::TokenTypeRefused),
        (json!({ "token_use": "refresh_token" }), Reason::TokenTypeRefused),
        (json!({ "typ": "Refresh" }), Reason::TokenTypeRefused),
        (json!({ "at_hash": "x" }), Reason::TokenTypeRefused),
        (json!({ "token_type": "DPoP" }), Reason::TokenBindingUnproven),
        (json!({ "cnf": { "jkt": JKT } }), Reason::TokenBindingUnproven),
        (json!({ "cnf": { "jkt": JKT }, "token_type": "DPoP" }), Reason::TokenBindingUnproven),
        (json!({ "cnf": x5t }), Reason::TokenBindingUnproven),
        (json!({ "cnf": { "kid": "x" } }), Reason::TokenBindingUnproven),
        (json!({ "act": "bob" }), Reason::TokenClaimInvalid),
    ] {
        bench.server.activate(TOKEN, bench.members(&change));
        let denial = bench.verify(TOKEN).await.unwrap_err();
        assert_eq!((denial.status().as_u16(), denial.reason()), (401, reason), "{change}");
    }
    for change in [
        json!({ "iss": null, "exp": null, "iat": null, "scope": null, "token_type": null }),
        json!({ "exp": now - 29 }),
        json!({ "nbf": now + 30 }),
        json!({ "token_type": "bearer", "token_use": "access_token", "typ": "Bearer", "nonce": "n" }),
        json!({ "act": { "sub": "service" } }),
    ] {
        bench.server.activate(TOKEN, bench.members(&change));
        assert!(bench.verify(TOKEN).await.is_ok(), "{change}");
    }
}

/// A12.1-A12.3: who acts is told apart from for whom, as in a JWT.
#[tokio::test]
async fn keeps_who_acts_apart_from_whom_it_acts_for() {
    let bench = Bench::new().await;
    let nested = json!({ "act": { "sub": "service", "act": { "sub": "admin", "scope": "everything" } } });
    bench.server.activate(TOKEN, bench.members(&nested));
    let caller = bench.verify(TOKEN).await.unwrap();
    assert_eq!(caller.subject(), "alice");
    assert!(!caller.has_scope("everything"));
    assert_eq!(caller.claims().at(&["act", "sub"]), Some(&json!("service")));
}

/// A4.3: without a user the token speaks for its client.
#[tokio::test]
async fn a_token_without_a_subject_speaks_for_its_client() {
    let bench = Bench::new().await;
    bench.server.activate(TOKEN, bench.members(&json!({ "sub": null })));
    assert_eq!(bench.verify(TOKEN).await.unwrap().subject(), "web");
}

#[tokio::test]
async fn an_audience_may_lack_where_that_was_chosen_and_is_checked_where_it_is_there() {
    let bench = Bench::with(Introspection::danger_audience_may_lack).await;
    bench.server.activate(TOKEN, bench.members(&json!({ "aud": null })));
    assert!(bench.verify(TOKEN).await.is_ok());
    bench.server.activate(TOKEN, bench.members(&json!({ "aud": "https://other.example" })));
    check_refused(bench.verify(TOKEN).await, Reason::TokenAudienceMismatch);
}

#[tokio::test]
async fn a_long_token_is_refused_unasked() {
    let bench = Bench::with(|settings| settings.max_token_octets(22)).await;
    bench.activate(TOKEN);
    assert!(bench.verify(TOKEN).await.is_ok());
    check_refused(bench.verify_now(&format!("{TOKEN}x")), Reason::TokenTooLarge);
    assert_eq!(bench.calls(), 1);
}

/// The deny-list is asked about remembered answers too.
#[tokio::test]
async fn asks_the_deny_list_each_time() {
    let list = Arc::new(DenyList::new(&FakeClock::new().clock()));
    let bench = Bench::with(|settings| settings.revocations(list.clone()).remember_for(60 * SECOND)).await;
    bench.server.activate(TOKEN, bench.members(&json!({ "sid": "s1" })));
    assert!(bench.verify(TOKEN).await.is_ok());
    assert!(bench.verify_now(TOKEN).is_ok());
    list.revoke_session(ISSUER, "s1").unwrap();
    check_refused(bench.verify_now(TOKEN), Reason::TokenRevoked);
    assert_eq!(bench.calls(), 1);
}
