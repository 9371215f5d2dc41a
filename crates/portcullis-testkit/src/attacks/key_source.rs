//! Keys that the token brings along or sends for.

use serde_json::{Value, json};

use super::Attack;
use crate::issuer::TestIssuer;
use crate::token::TokenBuilder;

pub(super) fn list(base: &TokenBuilder, attacker: &TestIssuer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let forged = base.clone().signed_by(attacker);
    let key_set = format!("{}/jwks.json", attacker.url());
    let jwk = attacker.jwk(base.issuer().algorithm());

    let why = "no header parameter is a source of keys, and nothing is asked of the network (RFC 8725 §3.10)";
    let sources: [(&str, &str, Value); 9] = [
        ("embedded jwk", "jwk", jwk),
        ("jku to the attacker", "jku", key_set.clone().into()),
        ("x5u to the attacker", "x5u", key_set.clone().into()),
        ("jku with the issuer as user name", "jku", key_set.replace("://", "://issuer.example@").into()),
        ("jku to a metadata service", "jku", "http://169.254.169.254/latest/meta-data/".into()),
        ("jku to a file", "jku", "file:///etc/passwd".into()),
        ("x5u to this machine", "x5u", "http://127.0.0.1:22/".into()),
        ("embedded x5c", "x5c", json!(["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"])),
        ("foreign x5t", "x5t#S256", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd28".into()),
    ];
    for (name, parameter, value) in sources {
        attacks.push(Attack::new(name, forged.clone().header(parameter, value.clone()).sign(), why));
        let nameless = forged.clone().header(parameter, value).without_header("kid").sign();
        attacks.push(Attack::new(format!("{name}, without kid"), nameless, why));
    }

    let why = "`kid` is compared with known names and nothing else (RFC 8725 §3.10)";
    let names: [(&str, &str, &str); 10] = [
        ("path traversal", "../../../../../../dev/null", ""),
        ("null device", "/dev/null", ""),
        ("static file", "../../css/main.css", "body{}"),
        ("SQL", "x' UNION SELECT 'secret' -- ", "secret"),
        ("command", "key.pem|sleep 10", "secret"),
        ("CRLF", "key\r\nSet-Cookie: a=b", "secret"),
        ("NUL", "key\0.pem", "secret"),
        ("URL", &key_set, "secret"),
        ("LDAP", "*)(uid=*))(|(uid=*", "secret"),
        ("template", "{{7*7}}${jndi:ldap://127.0.0.1/a}", "secret"),
    ];
    for (name, kid, secret) in names {
        let token = base.clone().kid(kid).hmac_signed(secret).sign();
        attacks.push(Attack::new(format!("kid of {name}, HMAC"), token, why));
        attacks.push(Attack::new(format!("kid of {name}, foreign key"), forged.clone().kid(kid).sign(), why));
    }
    let long = "k".repeat(4096);
    attacks.push(Attack::new("kid of 4096 characters", forged.clone().kid(&long).sign(), why));
    for (name, value) in [("number", json!(1)), ("null", Value::Null), ("list", json!(["es256-1"]))] {
        attacks.push(Attack::new(
            format!("kid is a {name}"),
            forged.clone().header("kid", value).sign(),
            why,
        ));
    }
    attacks
}
