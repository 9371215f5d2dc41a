use std::time::Duration;

use serde_json::{Value, json};

use super::{DpopClient, ProofBuilder};

/// A proof that must be refused. A server that forgets one check takes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrongProof {
    /// What it is called; no two have the same name.
    pub name: &'static str,
    /// The value of the field `DPoP`.
    pub proof: String,
    /// What stops it, in RFC 9449.
    pub why: &'static str,
}

/// Every way in which a good proof can be wrong; `other` is a client with another key.
#[must_use]
pub fn wrong_proofs(good: &ProofBuilder, other: &DpopClient) -> Vec<WrongProof> {
    let mut wrong = Vec::new();
    let mut add = |name, why, proof: String| wrong.push(WrongProof { name, proof, why });
    let proof = || good.clone();
    let text = good.sign();

    // The form.
    add("empty", "§4.3 well-formed JWT", String::new());
    add("comma list", "§4.3 one JWT", format!("{text}, {text}"));
    add("two parts", "§4.3 well-formed JWT", text.rsplit_once('.').map_or("", |(two, _)| two).to_owned());
    add("padded", "RFC 7515 §2", format!("{text}="));
    add("huge", "§11.1 a limit", proof().claim("x", "a".repeat(20_000)).sign());
    add("no proof but text", "§4.3 well-formed JWT", "proof".to_owned());

    // The header.
    add("typ missing", "§4.2 typ", proof().without_header("typ").sign());
    add("typ of a jwt", "§4.2 typ", proof().header("typ", "JWT").sign());
    add("typ of an access token", "§4.2 typ", proof().header("typ", "at+jwt").sign());
    add("alg none", "§4.3 asymmetric", proof().header("alg", "none").signature([]).sign());
    add("alg HS256", "§4.3 asymmetric", proof().header("alg", "HS256").sign());
    add("alg missing", "§4.2 alg", proof().without_header("alg").sign());
    add("alg of another key", "§4.3 the key fits", proof().header("alg", "EdDSA").sign());
    add("alg not allowed", "§4.3 acceptable", proof().header("alg", "RS512").sign());
    add("crit", "RFC 7515 §4.1.11", proof().header("crit", json!(["x"])).header("x", 1).sign());
    add("jwk missing", "§4.2 jwk", proof().without_header("jwk").sign());
    add("jwk is text", "§4.2 jwk", proof().header("jwk", good.header_of("jwk").to_string()).sign());
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        let title = match name {
            "d" => "jwk with d",
            "p" => "jwk with p",
            "q" => "jwk with q",
            "dp" => "jwk with dp",
            "dq" => "jwk with dq",
            "qi" => "jwk with qi",
            _ => "jwk with k",
        };
        add(title, "§4.3 no private key", proof().header("jwk", with(good, name, "AQAB".into())).sign());
    }
    add(
        "jwk of a secret",
        "§4.3 asymmetric",
        proof().header("jwk", json!({"kty": "oct", "k": "AAAA"})).sign(),
    );
    add(
        "crv of another curve",
        "§4.3 the key fits",
        proof().header("jwk", with(good, "crv", "P-384".into())).sign(),
    );
    add("x is short", "RFC 7518 §6.2.1.2", proof().header("jwk", with(good, "x", "AQAB".into())).sign());
    add(
        "jwk is not for signatures",
        "RFC 7517 §4.2",
        proof().header("jwk", with(good, "use", "enc".into())).sign(),
    );
    add(
        "jwk names another alg",
        "RFC 7517 §4.4",
        proof().header("jwk", with(good, "alg", "ES384".into())).sign(),
    );
    let elsewhere = proof().without_header("jwk").header("jku", "https://attacker.example/jwks.json");
    add("jku in place of jwk", "§4.2 jwk", elsewhere.sign());
    add("jku beside the wrong jwk", "§4.3 the key of jwk", {
        proof().header("jku", "https://attacker.example/jwks.json").signed_by(other).sign()
    });

    // The signature.
    add("signed by another", "§4.3 signature", proof().signed_by(other).sign());
    add("no signature", "§4.3 signature", proof().signature([]).sign());
    add("blank signature", "§4.3 signature", proof().signature([0; 64]).sign());

    // The claims.
    for (missing, typed, name) in [
        ("jti missing", "jti is a number", "jti"),
        ("htm missing", "htm is a number", "htm"),
        ("htu missing", "htu is a number", "htu"),
        ("ath missing", "ath is a number", "ath"),
    ] {
        add(missing, "§4.2 required", proof().without(name).sign());
        add(typed, "§4.2 a text", proof().claim(name, 1).sign());
    }
    add("iat missing", "§4.2 required", proof().without("iat").sign());
    add("iat is text", "§4.2 a number", proof().claim("iat", "1").sign());
    add("iat is negative", "§4.2 a date", proof().claim("iat", -1).sign());
    add("iat is huge", "§4.2 a date", proof().claim("iat", 1e300).sign());
    add("nonce is a number", "§4.2 a text", proof().claim("nonce", 1).sign());
    add("jti empty", "§4.2 unique", proof().claim("jti", "").sign());
    add("jti huge", "§11.1 a limit", proof().claim("jti", "a".repeat(300)).sign());
    add("other method", "§4.3 htm", proof().claim("htm", "PATCH").sign());
    let lower = good.text_claim("htm").to_ascii_lowercase();
    add("method in lower case", "§4.3 htm has case", proof().claim("htm", lower).sign());
    let url = good.text_claim("htu");
    add("other path", "§4.3 htu", proof().claim("htu", format!("{url}/more")).sign());
    add("other host", "§4.3 htu", proof().claim("htu", url.replacen("://", "://evil.", 1)).sign());
    add("other scheme", "§4.3 htu", proof().claim("htu", url.replacen("https://", "http://", 1)).sign());
    add("user information", "§4.3 htu", proof().claim("htu", url.replacen("://", "://user@", 1)).sign());
    add("path alone", "§4.2 an absolute url", proof().claim("htu", "/").sign());
    add(
        "other token",
        "§4.3 ath",
        proof().claim("ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo").sign(),
    );
    add("ath padded", "§4.2 base64url", proof().claim("ath", format!("{}=", good.text_claim("ath"))).sign());
    add("too old", "§11.1 a window", proof().issued_ago(Duration::from_secs(3600)).sign());
    add("from the future", "§11.1 a window", proof().issued_in(Duration::from_secs(3600)).sign());
    wrong
}

fn with(good: &ProofBuilder, name: &str, value: Value) -> Value {
    let mut jwk = good.header_of("jwk");
    if let Value::Object(members) = &mut jwk {
        members.insert(name.to_owned(), value);
    }
    jwk
}
