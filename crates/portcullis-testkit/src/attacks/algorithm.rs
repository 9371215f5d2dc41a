//! `alg` itself.

use serde_json::{Value, json};

use super::Attack;
use crate::keys::Algorithm;
use crate::token::{TokenBuilder, tamper};

pub(super) fn list(base: &TokenBuilder) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let valid = base.sign();

    let why = "`none` is no algorithm, in no spelling (RFC 8725 §3.2)";
    for name in ["none", "None", "NONE", "nOnE", "none ", "\u{0}none"] {
        let unsigned = base.clone().header("alg", name);
        let shown = name.escape_default();
        attacks.push(Attack::new(
            format!("alg `{shown}`, unsigned"),
            unsigned.clone().signature([]).sign(),
            why,
        ));
        let borrowed = unsigned.signature(tamper::signature_of(&valid)).sign();
        attacks.push(Attack::new(format!("alg `{shown}`, another signature"), borrowed, why));
    }
    let two_parts = base.clone().header("alg", "none").signature([]).sign();
    attacks.push(Attack::new("alg `none`, without the last dot", two_parts.trim_end_matches('.'), why));

    let why = "`alg` is there, one text, and known by exactly its name (RFC 7515 §4.1.1)";
    let wrong: [(&str, Value); 7] = [
        ("null", Value::Null),
        ("empty", "".into()),
        ("number", 256.into()),
        ("list", json!(["none", base.issuer().algorithm().name()])),
        ("object", json!({ "alg": "none" })),
        ("lower case", base.issuer().algorithm().name().to_ascii_lowercase().into()),
        ("unknown", "XS256".into()),
    ];
    for (name, value) in wrong {
        attacks.push(Attack::new(format!("alg {name}"), base.clone().header("alg", value).sign(), why));
    }
    attacks.push(Attack::new("alg missing", base.clone().without_header("alg").sign(), why));

    let why = "one key serves one algorithm (RFC 8725 §3.1)";
    for (key, algorithm) in [
        (Algorithm::Rs256, Algorithm::Ps256),
        (Algorithm::Rs256, Algorithm::Rs512),
        (Algorithm::Ps256, Algorithm::Rs256),
        (Algorithm::Es256, Algorithm::Es384),
        (Algorithm::Es384, Algorithm::Es256),
        (Algorithm::EdDsa, Algorithm::Es256),
        (Algorithm::Rs256, Algorithm::EdDsa),
    ] {
        let kid = base.issuer().keys().kid(key);
        let name = format!("{} under the kid of {}", algorithm.name(), key.name());
        attacks.push(Attack::new(name, base.clone().algorithm(algorithm).kid(&kid).sign(), why));
    }
    attacks
}
