//! How surely the caller is known (A10, RFC 9470).

use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use portcullis_core::{
    Assurance, Challenge, ChallengeSet, Clock, CredentialMethod, Principal, PrincipalBuilder, Reason, Scopes,
    TimeSource, Trail,
};

use super::super::*;
use crate::test_support::{Who, challenges, known, request};

/// 2026-10-01T12:00:00Z.
const NOW: u64 = 1_790_856_000;

/// A clock that stands still.
struct Still;

impl TimeSource for Still {
    fn wall(&self) -> std::time::SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }

    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn monotonic(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
}

/// A login of that class by those methods, so many seconds ago.
fn login(acr: &str, amr: &[&str], ago: Option<i64>) -> Assurance {
    let mut assurance = Assurance::default();
    assurance.acr = Some(acr).filter(|acr| !acr.is_empty()).map(Into::into);
    assurance.amr = amr.iter().map(|method| (*method).into()).collect();
    let time = |ago: i64| UNIX_EPOCH + Duration::from_secs(NOW.saturating_add_signed(-ago));
    assurance.auth_time = ago.map(time);
    assurance
}

fn caller() -> PrincipalBuilder {
    Principal::builder("alice", CredentialMethod::Jwt).scopes(Scopes::parse("a").unwrap())
}

/// A request to a route that takes Basic and tokens of both schemes.
fn request_of(caller: PrincipalBuilder) -> Request<()> {
    let mut request = Request::new(());
    let trail = Trail::ensure(request.extensions_mut(), &Clock::new(Still));
    trail.authenticated(caller.build()).unwrap();
    let schemes = vec![Challenge::basic("app"), Challenge::bearer("app"), Challenge::new("DPoP", "app")];
    trail.set_challenges(Arc::new(ChallengeSet::new(schemes)));
    request
}

#[track_caller]
fn check(rule: &Rule, login: &Assurance, expected: Reason) {
    for method in [CredentialMethod::Jwt, CredentialMethod::Introspection] {
        let caller = Principal::builder("alice", method).assurance(login.clone());
        let request = request_of(caller);
        assert_eq!(rule.evaluate(&RequestView::of(&request).unwrap()).reason(), expected, "{rule} {login:?}");
    }
}

/// What the client is told: status, and the parameters after the realm, which are those of both token schemes.
#[track_caller]
fn check_challenge(rule: &Rule, login: Assurance, status: u16, expected: &str) {
    let request = request_of(caller().assurance(login));
    let denial = rule.decide(&RequestView::of(&request).unwrap()).unwrap_err();
    let expected = ["Bearer", "DPoP"].map(|scheme| format!(r#"{scheme} realm="app", {expected}"#));
    assert_eq!(
        (denial.status().as_u16(), challenges(&denial)),
        (status, expected.each_ref().map(String::as_str).to_vec()),
        "{rule}"
    );
}

/// A10.2 and A10.3: whatever told the class, a signed token or an introspection answer; none is not enough.
#[test]
fn a_login_is_of_one_of_the_classes_or_too_weak() {
    use Reason::{AuthenticationTooWeak, RuleSatisfied};

    for (rule, held, expected) in [
        (acr("mfa"), "mfa", RuleSatisfied),
        (acr("mfa"), "MFA", AuthenticationTooWeak),
        (acr("mfa"), "pwd", AuthenticationTooWeak),
        (acr("mfa"), "", AuthenticationTooWeak),
        (any_acr(["phr", "mfa"]), "mfa", RuleSatisfied),
        (any_acr(["phr", "mfa"]), "phr mfa", AuthenticationTooWeak),
        (any_acr(["phr", "mfa"]), "", AuthenticationTooWeak),
        (!acr("pwd"), "mfa", RuleSatisfied),
        (!acr("pwd"), "pwd", Reason::ExplicitlyDenied),
    ] {
        check(&rule, &login(held, &[], None), expected);
    }
    check(&amr("otp"), &login("", &["pwd", "otp"], None), RuleSatisfied);
    check(&amr("otp"), &login("otp", &["pwd"], None), AuthenticationTooWeak);
    check(&amr("otp"), &login("", &[], None), AuthenticationTooWeak);
}

/// A10.2 and A10.3: by `auth_time`; a missing one and one of the future are not recent.
#[test]
fn a_login_is_recent_to_the_second_or_too_old() {
    use Reason::{AuthenticationTooOld, RuleSatisfied};

    let leeway = i64::try_from(AUTH_TIME_LEEWAY.as_secs()).unwrap();
    for (ago, expected) in [
        (Some(0), RuleSatisfied),
        (Some(300), RuleSatisfied),
        (Some(301), AuthenticationTooOld),
        (Some(1 << 40), AuthenticationTooOld),
        (Some(-leeway), RuleSatisfied),
        (Some(-leeway - 1), AuthenticationTooOld),
        (None, AuthenticationTooOld),
    ] {
        check(&max_age(Duration::from_secs(300)), &login("mfa", &["otp"], ago), expected);
    }
}

/// A10.1, RFC 9470 §3: 401 on every scheme that carries tokens, with all that the new login must bring.
#[test]
fn the_challenge_names_what_the_new_login_must_bring() {
    let weak = || login("pwd", &["pwd"], Some(1000));
    let [phr, five_minutes] = [any_acr(["phr", "mfa"]), max_age(Duration::from_secs(300))];
    let error = r#"error="insufficient_user_authentication""#;
    check_challenge(&phr, weak(), 401, &format!(r#"{error}, acr_values="phr mfa""#));
    check_challenge(&five_minutes, weak(), 401, &format!(r#"{error}, max_age="300""#));
    check_challenge(&amr("otp"), weak(), 401, error);
    // What the login has is asked for again, since the next one must have it too.
    let both = phr.and(five_minutes);
    let expected = format!(r#"{error}, acr_values="phr mfa", max_age="300""#);
    check_challenge(&both, weak(), 401, &expected);
    check_challenge(&both, login("mfa", &[], Some(1000)), 401, &expected);
    check_challenge(&both, login("pwd", &[], Some(1)), 401, &expected);
    // The narrowest of several.
    let narrow = both.and(acr("mfa")).and(max_age(Duration::from_secs(60)));
    check_challenge(&narrow, weak(), 401, &format!(r#"{error}, acr_values="mfa", max_age="60""#));
}

/// A10.1: scopes are named only where they are missing too.
#[test]
fn a_missing_scope_is_named_beside_the_login() {
    let weak = || login("pwd", &[], Some(1));
    let error = r#"error="insufficient_user_authentication", acr_values="mfa""#;
    check_challenge(&scope("a").and(acr("mfa")), weak(), 401, error);
    check_challenge(&scope("b").and(acr("mfa")), weak(), 401, &format!(r#"{error}, scope="b""#));
    check_challenge(
        &all_scopes(["a", "b"]).and(acr("mfa")),
        weak(),
        401,
        &format!(r#"{error}, scope="a b""#),
    );
    // Where the login is good enough, or another way needs none, it is a matter of scopes.
    let scopes = r#"error="insufficient_scope", scope="b""#;
    check_challenge(&scope("b").and(acr("mfa")), login("mfa", &[], None), 403, scopes);
    check_challenge(&scope("b").or(acr("mfa")), weak(), 403, scopes);
}

/// Another login would not help, so none is asked for.
#[test]
fn what_no_login_mends_is_named_before_it() {
    let weak = || login("pwd", &[], None);
    check_challenge(&acr("mfa").and(role("admin")), weak(), 403, r#"error="insufficient_scope""#);
    let request = request_of(caller().assurance(weak()));
    let denial = acr("mfa").and(!acr("pwd")).decide(&RequestView::of(&request).unwrap()).unwrap_err();
    assert_eq!((denial.reason(), denial.challenges().count()), (Reason::ExplicitlyDenied, 0));
    // Of alternatives, another login is easier to get than a role.
    let expected = r#"error="insufficient_user_authentication", acr_values="mfa""#;
    check_challenge(&acr("mfa").or(role("admin")), weak(), 401, expected);
    check_challenge(&acr("mfa").or(acr("phr")), weak(), 401, expected);
}

#[test]
fn a_predicate_may_ask_for_another_login() {
    let rule = rule_fn("large sums", |_| Decision::deny(Reason::AuthenticationTooOld));
    check_challenge(&rule, login("", &[], None), 401, r#"error="insufficient_user_authentication""#);
    check(&!rule, &login("", &[], None), Reason::RuleSatisfied);
}

/// A caller of another scheme has no login to speak of, and a 401 has a challenge all the same.
#[test]
fn callers_without_a_login_are_refused() {
    for rule in [acr("mfa"), amr("otp"), max_age(Duration::from_secs(60))] {
        let request = request(&known("", &[]));
        let denial = rule.decide(&RequestView::of(&request).unwrap()).unwrap_err();
        assert_eq!((denial.status().as_u16(), denial.challenges().count()), (401, 1), "{rule}");
        for who in [Who::Anonymous, Who::NotAsked] {
            let request = crate::test_support::request(&who);
            assert!(!rule.evaluate(&RequestView::of(&request).unwrap()).is_allowed(), "{rule}");
            assert!(!(!rule.clone()).evaluate(&RequestView::of(&request).unwrap()).is_allowed(), "{rule}");
        }
    }
}

/// A3.11, RFC 9068 §5, OWASP ASVS 10.3.3.
#[test]
fn a_client_on_its_own_behalf_is_no_user() {
    let reason = |caller: PrincipalBuilder| {
        let request = request_of(caller);
        user_only().evaluate(&RequestView::of(&request).unwrap()).reason()
    };
    assert_eq!(reason(caller().client_id("app")), Reason::RuleSatisfied);
    assert_eq!(reason(caller().client_id("alice")), Reason::UserRequired);
    assert_eq!(reason(caller().as_client()), Reason::UserRequired);
    let request = request_of(caller().as_client());
    let denial = user_only().decide(&RequestView::of(&request).unwrap()).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.challenges().count()), (403, 2));
}
