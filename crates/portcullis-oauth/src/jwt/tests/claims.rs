//! What the claims must say (A2.18 to A2.22, A3).

use std::time::Duration;

use portcullis_core::Reason;
use portcullis_testkit::{FakeClock, TestIssuer};
use serde_json::json;

use super::{AUDIENCE, Bench, ISSUER};
use crate::{Profile, StaticKeys};

fn now() -> u64 {
    FakeClock::START.as_secs()
}

fn exact() -> Bench {
    Bench::with(|issuer| issuer.leeway(Duration::ZERO))
}

fn untyped() -> Bench {
    Bench::with(|issuer| issuer.profile(Profile::UntypedJwt))
}

/// A3.7, RFC 9068 §2.2: one test per claim that is missing, and per wrong type.
#[test]
fn refuses_tokens_without_a_claim_that_rfc_9068_requires() {
    let bench = Bench::new();
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        bench.check(|token| token.without(name), Reason::TokenClaimMissing);
        let number = json!(1);
        let wrong = [json!(null), json!(true), json!({}), json!([1]), json!([])];
        let numeric = matches!(name, "exp" | "iat");
        for value in wrong.into_iter().chain((!numeric).then_some(number)) {
            bench.check(|token| token.claim(name, value.clone()), Reason::TokenClaimInvalid);
        }
        let empty = if name == "iss" { Reason::TokenIssuerUnknown } else { Reason::TokenClaimInvalid };
        let empty = if name == "aud" { Reason::TokenAudienceMismatch } else { empty };
        bench.check(|token| token.claim(name, ""), empty);
    }
}

#[test]
fn refuses_optional_claims_of_the_wrong_type() {
    let bench = Bench::new();
    for (name, value) in [
        ("nbf", json!("1")),
        ("auth_time", json!("1")),
        ("acr", json!(1)),
        ("amr", json!("pwd")),
        ("amr", json!([1])),
        ("sid", json!(1)),
        ("scope", json!(["a"])),
        ("scope", json!("a\tb")),
        ("act", json!("a")),
        ("authorization_details", json!({})),
    ] {
        bench.check(|token| token.claim(name, value.clone()), Reason::TokenClaimInvalid);
    }
}

/// A2.18, RFC 7519 §4.1.4: equal is expired.
#[test]
fn a_token_lives_until_exp_and_not_a_moment_longer() {
    let bench = exact();
    let token = bench.token().expires_in(Duration::from_secs(10)).sign();
    bench.time.advance(Duration::from_secs(10) - Duration::from_nanos(1));
    assert!(bench.verify(&token).is_ok());
    bench.time.advance(Duration::from_nanos(1));
    bench.refuses(&token, Reason::TokenExpired);
}

/// A2.18, RFC 7519 §4.1.5.
#[test]
fn a_token_counts_from_nbf_on() {
    let bench = exact();
    let token = bench.token().not_before_in(Duration::from_secs(10)).sign();
    bench.time.advance(Duration::from_secs(10) - Duration::from_nanos(1));
    bench.refuses(&token, Reason::TokenNotYetValid);
    bench.time.advance(Duration::from_nanos(1));
    assert!(bench.verify(&token).is_ok());
}

/// A2.18, A3.6: by default 30 s each way.
#[test]
fn leeway_bridges_clocks_that_differ_a_little() {
    let bench = Bench::new();
    let ago = |seconds| bench.token().expired_since(Duration::from_secs(seconds)).sign();
    assert!(bench.verify(&ago(29)).is_ok());
    bench.refuses(&ago(30), Reason::TokenExpired);
    let early = |name: &str, seconds| bench.token().claim(name, now() + seconds).sign();
    for name in ["nbf", "iat"] {
        assert!(bench.verify(&early(name, 30)).is_ok(), "{name}");
        bench.refuses(&early(name, 31), Reason::TokenNotYetValid);
    }
}

/// A2.19, RFC 7519 §2.
#[test]
fn dates_may_be_fractional_and_are_refused_when_they_are_impossible() {
    let bench = exact();
    let start = now() as f64;
    assert!(bench.verify(&bench.token().claim("exp", start + 0.5).sign()).is_ok());
    bench.check(|token| token.claim("exp", start - 0.5), Reason::TokenExpired);
    bench.check(|token| token.claim("exp", 0), Reason::TokenExpired);
    for value in
        [json!(-1), json!(1e300), json!(9_007_199_254_740_993_u64), json!(u64::MAX), json!("9999999999")]
    {
        bench.check(|token| token.claim("exp", value.clone()), Reason::TokenClaimInvalid);
        bench.check(|token| token.claim("nbf", value.clone()), Reason::TokenClaimInvalid);
    }
    assert!(bench.verify(&bench.token().claim("exp", 9_007_199_254_740_992_u64).sign()).is_ok());
}

/// A2.20, A3.4, RFC 7519 §4.1.3.
#[test]
fn the_audience_is_one_of_ours_as_text_or_in_a_list() {
    let bench = Bench::with(|issuer| issuer.audience("urn:second"));
    for audience in
        [json!(AUDIENCE), json!("urn:second"), json!([AUDIENCE]), json!(["https://x.example", "urn:second"])]
    {
        bench.accepts(&bench.token().claim("aud", audience));
    }
    for audience in [
        json!("https://x.example"),
        json!(["https://x.example"]),
        json!("https://api.example/"),
        json!("HTTPS://api.example"),
        json!("https://api.example https://x.example"),
    ] {
        bench.check(|token| token.claim("aud", audience.clone()), Reason::TokenAudienceMismatch);
    }
    for audience in [json!([]), json!(7), json!({}), json!(null), json!([AUDIENCE, 7]), json!([[AUDIENCE]])] {
        bench.check(|token| token.claim("aud", audience.clone()), Reason::TokenClaimInvalid);
    }
    bench.check(|token| token.without("aud"), Reason::TokenClaimMissing);
}

/// A3.1, A2.21, A2.22.
#[test]
fn only_access_tokens_are_taken() {
    let bench = Bench::new();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        bench.accepts(&bench.token().typ(typ));
    }
    for typ in ["JWT", "dpop+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt", ""] {
        bench.check(|token| token.typ(typ), Reason::TokenTypeRefused);
    }
    bench.check(|token| token.without_header("typ"), Reason::TokenTypeRefused);
    bench.check(|token| token.header("typ", 1), Reason::TokenMalformed);
}

/// A2.22, RFC 8725 §3.12: also where an older provider writes no `typ`.
#[test]
fn other_kinds_are_refused_in_the_profile_for_older_providers_too() {
    let bench = untyped();
    for typ in ["at+jwt", "JWT", "application/jwt"] {
        bench.accepts(&bench.token().typ(typ));
    }
    bench.accepts(&bench.token().without_header("typ"));
    for (name, value) in [
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ("htm", json!("GET")),
        ("token_introspection", json!({"active": true})),
        ("typ", json!("Refresh")),
        ("typ", json!("ID")),
        ("token_use", json!("id")),
    ] {
        bench.check(|token| token.typ("JWT").claim(name, value.clone()), Reason::TokenTypeRefused);
    }
    bench.check(|token| token.typ("logout+jwt"), Reason::TokenTypeRefused);
}

#[test]
fn the_profile_for_older_providers_asks_for_less_and_still_for_the_most_important() {
    let bench = untyped();
    let plain = bench.token().without("client_id").without("iat").without("jti").without_header("typ");
    assert_eq!(bench.accepts(&plain).client_id(), None);
    for name in ["azp", "cid", "appid"] {
        assert_eq!(bench.accepts(&plain.clone().claim(name, "app")).client_id(), Some("app"), "{name}");
    }
    for name in ["iss", "exp", "aud", "sub"] {
        bench.check(|token| token.without(name), Reason::TokenClaimMissing);
    }
    bench.check(|token| token.claim("jti", 1), Reason::TokenClaimInvalid);
}

#[test]
fn further_claims_can_be_required() {
    let bench = Bench::with(|issuer| issuer.require_claim("sid"));
    bench.check(|token| token, Reason::TokenClaimMissing);
    bench.accepts(&bench.token().claim("sid", "s"));
}

/// RFC 7800 §3, RFC 8705 §3, RFC 9449 §6: no binding is ever ignored.
#[test]
fn refuses_bound_tokens_whose_binding_nobody_checks() {
    let bench = Bench::new();
    for cnf in [json!({"jkt": "a"}), json!({"x5t#S256": "a"}), json!({}), json!(null), json!("a")] {
        bench.check(|token| token.claim("cnf", cnf.clone()), Reason::TokenBindingUnproven);
    }
}

/// A3.3: the time is judged after the signature, so that a forged token learns nothing of the clock.
#[test]
fn the_signature_is_judged_before_the_claims() {
    let bench = Bench::new();
    let other = TestIssuer::offline(ISSUER);
    bench.check(
        |token| token.signed_by(&other).expired_since(Duration::from_secs(900)),
        Reason::TokenSignatureInvalid,
    );
    bench.check(|token| token.signed_by(&other).audience("https://x.example"), Reason::TokenSignatureInvalid);
}

#[test]
fn a_clock_before_1970_expires_nothing_and_admits_nothing_early() {
    let bench = Bench::new();
    bench.time.set(std::time::UNIX_EPOCH);
    bench.check(|token| token.claim("iat", now()).claim("exp", now()), Reason::TokenNotYetValid);
}

#[test]
fn debug_of_a_verifier_shows_its_issuers_and_no_key() {
    let secret = portcullis_core::Secret::new((0..64).collect::<Vec<u8>>());
    let bench = Bench::with(|issuer| issuer.keys(StaticKeys::new().secret(crate::Algorithm::HS256, secret)));
    assert_eq!(format!("{:?}", bench.verifier), r#"JwtVerifier { issuers: ["https://issuer.example"], .. }"#);
}
