//! Everything else that a header may say. These tokens are signed by the issuer itself.

use serde_json::{Value, json};

use super::Attack;
use crate::keys::Algorithm;
use crate::token::{TokenBuilder, tamper};

pub(super) fn list(base: &TokenBuilder) -> Vec<Attack> {
    let mut attacks = Vec::new();

    let why = "what is critical must be understood, and the list must be well-formed (RFC 7515 §4.1.11)";
    let lists: [(&str, Value); 8] = [
        ("unknown extension", json!(["urn:example:x"])),
        ("absent extension", json!(["urn:example:absent"])),
        ("empty list", json!([])),
        ("text", json!("urn:example:x")),
        ("null", Value::Null),
        ("registered name", json!(["alg"])),
        ("name twice", json!(["urn:example:x", "urn:example:x"])),
        ("number", json!([1])),
    ];
    for (name, crit) in lists {
        let token = base.clone().header("urn:example:x", true).header("crit", crit).sign();
        attacks.push(Attack::new(format!("crit: {name}"), token, why));
    }
    let unencoded = base.clone().header("b64", false).header("crit", json!(["b64"])).sign();
    attacks.push(Attack::new("b64: false", unencoded, "a JWT is always encoded (RFC 7797 §7)"));

    let why = "a token of another kind is no access token (RFC 8725 §3.12)";
    for typ in [
        "dpop+jwt",
        "logout+jwt",
        "token-introspection+jwt",
        "secevent+jwt",
        "application/dpop+jwt",
        "kb+jwt",
        "oauth-authz-req+jwt",
    ] {
        attacks.push(Attack::new(format!("typ `{typ}`"), base.clone().typ(typ).sign(), why));
    }
    let why = "an access token says so: `at+jwt` (RFC 9068 §4)";
    for typ in ["JWT", "jwt", "JOSE", "", "at+jwt ", "at jwt", "text/at+jwt"] {
        attacks.push(Attack::new(format!("typ `{typ}`"), base.clone().typ(typ).sign(), why).strict_only());
    }
    let untyped = base.clone().without_header("typ").sign();
    attacks.push(Attack::new("typ missing", untyped, why).strict_only());
    let listed = base.clone().header("typ", json!(["at+jwt"])).sign();
    attacks.push(Attack::new("typ is a list", listed, "`typ` is one text (RFC 7515 §4.1.9)"));

    let why = "the header is what was signed (RFC 7515 §5.2)";
    let valid = base.sign();
    for (name, value) in
        [("cty", "text/xml"), ("cty", "application/x-java-serialized-object"), ("zip", "DEF")]
    {
        let token = tamper::with_header(&valid, name, value);
        attacks.push(Attack::new(format!("{name} `{value}` added"), token, why));
    }
    let nested = base.clone().header("cty", "JWT").sign();
    attacks.push(Attack::new("cty `JWT`", nested, "a token in a token is no access token (RFC 7519 §5.2)"));

    let why = "a member that stands twice is refused (RFC 7515 §4, RFC 8725 §2.4)";
    let json = base.header_json();
    let members = json.trim_start_matches('{');
    for (name, text) in [
        ("alg twice, `none` first", format!(r#"{{"alg":"none",{members}"#)),
        ("alg twice, `none` last", format!(r#"{},"alg":"none"}}"#, json.trim_end_matches('}'))),
        ("alg twice, one escaped", format!(r#"{{"\u0061lg":"none",{members}"#)),
        ("kid twice", format!(r#"{{"kid":"x",{members}"#)),
        ("unknown member twice", format!(r#"{{"x":1,"x":2,{members}"#)),
    ] {
        attacks.push(Attack::new(name, base.clone().header_text(text).sign(), why));
    }

    let why = "the header is one JSON object in UTF-8 (RFC 7515 §4)";
    let es256 = Algorithm::Es256.name();
    let texts: [(&str, Vec<u8>); 8] = [
        ("empty", Vec::new()),
        ("no JSON", b"alg".into()),
        ("list", format!(r#"["{es256}"]"#).into()),
        ("null", b"null".into()),
        ("text after it", format!("{json} {{}}").into()),
        ("byte-order mark", format!("\u{feff}{json}").into()),
        ("invalid UTF-8", [json.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat()),
        ("lone surrogate", format!(r#"{{"x":"\ud800",{members}"#).into()),
    ];
    for (name, text) in texts {
        attacks.push(Attack::new(format!("header: {name}"), base.clone().header_text(text).sign(), why));
    }
    attacks
}
