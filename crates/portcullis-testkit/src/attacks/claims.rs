//! The claims. These tokens are signed by the issuer itself, unless they say otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use super::Attack;
use crate::issuer::TestIssuer;
use crate::token::TokenBuilder;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn list(base: &TokenBuilder, attacker: &TestIssuer) -> Vec<Attack> {
    [times(base), issuers(base, attacker), audiences(base), required(base), duplicates(base), texts(base)]
        .concat()
}

fn times(base: &TokenBuilder) -> Vec<Attack> {
    let why = "now is before `exp`, and not before `nbf` or `iat` (RFC 7519 §4.1.4, §4.1.5)";
    let mut attacks = vec![
        Attack::new("expired", base.clone().expired_since(HOUR).sign(), why),
        Attack::new("expired in 1970", base.clone().claim("exp", 0).sign(), why),
        Attack::new("not valid yet", base.clone().not_before_in(HOUR).sign(), why),
        Attack::new("issued in the future", base.clone().claim("iat", 4_000_000_000_u64).sign(), why),
        Attack::new("without an end", base.clone().without("exp").sign(), why),
    ];
    let why = "a NumericDate is a number that can be a date (RFC 7519 §2)";
    for name in ["exp", "nbf", "iat"] {
        for (kind, text) in [
            ("text", r#""4000000000""#),
            ("negative", "-4000000000"),
            ("null", "null"),
            ("true", "true"),
            ("list", "[4000000000]"),
            ("object", "{}"),
            ("1e400", "1e400"),
            ("1e300", "1e300"),
            ("2^64", "18446744073709551616"),
        ] {
            let claims = with_member(&base.clone().without(name), name, text);
            attacks.push(Attack::new(
                format!("{name} is {kind}"),
                base.clone().claims_text(claims).sign(),
                why,
            ));
        }
    }
    attacks
}

fn issuers(base: &TokenBuilder, attacker: &TestIssuer) -> Vec<Attack> {
    let why = "`iss` is exactly the configured issuer, and keys belong to their issuer (RFC 8725 §3.8)";
    let own = base.issuer().url();
    let slashed = if own.ends_with('/') { own.trim_end_matches('/').to_owned() } else { format!("{own}/") };
    let wrong: [(&str, Value); 8] = [
        ("another", attacker.url().into()),
        ("with or without a slash", slashed.into()),
        ("in capitals", own.to_uppercase().into()),
        ("with a suffix", format!("{own}.attacker.example").into()),
        ("list with ours in it", json!([own])),
        ("number", 7.into()),
        ("empty", "".into()),
        ("null", Value::Null),
    ];
    let mut attacks: Vec<_> = wrong
        .into_iter()
        .map(|(name, value)| {
            Attack::new(format!("iss: {name}"), base.clone().claim("iss", value).sign(), why)
        })
        .collect();
    let replayed = base.clone().claimed_issuer(attacker.url()).signed_by(attacker);
    attacks.push(Attack::new("a token of the attacker's issuer", replayed.sign(), why));
    let kid = base.issuer().keys().kid(base.issuer().algorithm());
    attacks.push(Attack::new("a token of the attacker's issuer, our kid", replayed.kid(&kid).sign(), why));
    attacks
}

fn audiences(base: &TokenBuilder) -> Vec<Attack> {
    let why = "`aud` names this API, exactly (RFC 7519 §4.1.3, RFC 8725 §3.9)";
    let own = base.issuer().audience();
    let wrong: [(&str, Value); 11] = [
        ("another", "https://other.example".into()),
        ("others", json!(["https://a.example", "https://b.example"])),
        ("empty list", json!([])),
        ("empty", "".into()),
        ("number", 7.into()),
        ("list with a number in it", json!([own, 7])),
        ("object", json!({ own: true })),
        ("null", Value::Null),
        ("in capitals", own.to_uppercase().into()),
        ("with a suffix", format!("{own}.attacker.example").into()),
        ("several in one text", format!("{own} https://other.example").into()),
    ];
    let wrong = wrong.into_iter();
    wrong
        .map(|(name, value)| {
            Attack::new(format!("aud: {name}"), base.clone().claim("aud", value).sign(), why)
        })
        .collect()
}

fn required(base: &TokenBuilder) -> Vec<Attack> {
    let why = "an access token has all that RFC 9068 §2.2 requires";
    let mut attacks = Vec::new();
    for name in ["iss", "aud", "sub"] {
        attacks.push(Attack::new(format!("{name} missing"), base.clone().without(name).sign(), why));
    }
    for name in ["client_id", "iat", "jti"] {
        let token = base.clone().without(name).sign();
        attacks.push(Attack::new(format!("{name} missing"), token, why).strict_only());
    }
    let why = "a claim has the type that its definition says (RFC 9068 §2.2)";
    for name in ["sub", "client_id", "jti", "scope"] {
        for (kind, value) in [("number", json!(7)), ("object", json!({})), ("null", Value::Null)] {
            let token = base.clone().claim(name, value).sign();
            attacks.push(Attack::new(format!("{name} is {kind}"), token, why));
        }
    }
    attacks.push(Attack::new("sub is empty", base.clone().claim("sub", "").sign(), why));
    let bound = base.clone().claim("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }));
    let why = "a token that is bound to a key is nothing without it (RFC 9449 §7.2)";
    attacks.push(Attack::new("bound to a key, sent as bearer", bound.sign(), why));
    attacks
}

fn duplicates(base: &TokenBuilder) -> Vec<Attack> {
    let why = "a member that stands twice is refused (RFC 7519 §4, RFC 8725 §2.4)";
    let json = base.claims_json();
    let members = json.trim_start_matches('{');
    [
        ("sub twice", format!(r#"{{"sub":"admin",{members}"#)),
        ("sub twice, one escaped", format!(r#"{{"\u0073ub":"admin",{members}"#)),
        ("exp twice", format!(r#"{{"exp":4000000000,{members}"#)),
        ("scope twice", format!(r#"{{"scope":"a","scope":"admin",{members}"#)),
        ("a member twice inside another", format!(r#"{{"x":{{"roles":[],"roles":["admin"]}},{members}"#)),
    ]
    .into_iter()
    .map(|(name, text)| Attack::new(format!("claims: {name}"), base.clone().claims_text(text).sign(), why))
    .collect()
}

fn texts(base: &TokenBuilder) -> Vec<Attack> {
    let json = base.claims_json();
    let members = json.trim_start_matches('{');
    let why =
        "the claims are one JSON object in UTF-8, of bounded size and depth (RFC 7519 §7.2, RFC 8725 §3.7)";
    let nested = |depth: usize| format!(r#"{{"x":{}{},{members}"#, "[".repeat(depth), "]".repeat(depth));
    let texts: [(&str, Vec<u8>); 13] = [
        ("empty", Vec::new()),
        ("no JSON", b"sub=alice".into()),
        ("list", format!("[{json}]").into()),
        ("text", b"\"sub\"".into()),
        ("text after them", format!("{json}{{}}").into()),
        ("byte-order mark", format!("\u{feff}{json}").into()),
        ("UTF-16", json.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("invalid UTF-8", [json.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat()),
        ("lone surrogate", format!(r#"{{"x":"\ud800",{members}"#).into()),
        ("a list 100 deep", nested(100).into()),
        ("a list 4000 deep", nested(4000).into()),
        ("a number of 5000 digits", format!(r#"{{"x":{},{members}"#, "9".repeat(5000)).into()),
        ("64 KiB", format!(r#"{{"x":"{}",{members}"#, "x".repeat(64 * 1024)).into()),
    ];
    let texts = texts.into_iter();
    texts
        .map(|(name, text)| {
            Attack::new(format!("claims: {name}"), base.clone().claims_text(text).sign(), why)
        })
        .collect()
}

/// The claims with one more member, whatever its text.
fn with_member(base: &TokenBuilder, name: &str, text: &str) -> String {
    format!(r#"{{"{name}":{text},{}"#, base.claims_json().trim_start_matches('{'))
}
