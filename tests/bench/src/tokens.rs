//! One issuer for all cases, and its tokens.

use std::sync::OnceLock;
use std::time::Duration;

use portcullis::core::Secret;
use portcullis::oauth::{Algorithm as Served, Issuer, JwtBearer, RememberTokens, StaticKeys};
use portcullis_testkit::{Algorithm, DpopClient, TestIssuer, TokenBuilder};
use serde_json::{Value, json};

/// The issuer.
pub(crate) fn issuer() -> &'static TestIssuer {
    static ISSUER: OnceLock<TestIssuer> = OnceLock::new();
    ISSUER.get_or_init(|| TestIssuer::offline("https://login.example.com"))
}

/// A token of some 640 octets, as those of common providers are.
pub(crate) fn token(algorithm: Algorithm) -> String {
    builder(algorithm).sign()
}

fn builder(algorithm: Algorithm) -> TokenBuilder {
    let token = issuer().token("5b0fda2c-2f0c-4cc3-9a2d-6e2b1ac7a6b1").algorithm(algorithm);
    token
        .expires_in(Duration::from_secs(24 * 60 * 60))
        .scope("documents:read documents:write profile")
        .claim("email", "alice.anderson@example.com")
        .claim("name", "Alice Anderson")
        .claim("roles", json!(["editor", "reviewer"]))
}

/// The same, bound to the key of that client.
pub(crate) fn bound_token(client: &DpopClient) -> String {
    builder(Algorithm::Es256).claim("cnf", client.confirmation()).sign()
}

/// The same token each time, as a credential: a signature of ECDSA is another one each time.
pub(crate) fn same_bearer() -> &'static str {
    static BEARER: OnceLock<String> = OnceLock::new();
    BEARER.get_or_init(|| bearer(Algorithm::Es256))
}

/// The same as a credential.
pub(crate) fn bearer(algorithm: Algorithm) -> String {
    format!("Bearer {}", token(algorithm))
}

/// The same with another octet at the end of the signature that is well-formed and wrong.
pub(crate) fn badly_signed(algorithm: Algorithm) -> String {
    let token = bearer(algorithm);
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    // Near its end, so that nothing that looks at the beginning alone can tell.
    let (kept, changed) = signature.split_at(signature.len() - 8);
    let other = if changed.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{kept}{other}{}", &changed[1..])
}

/// The key of the algorithm as a JWK set, with its secret for a symmetric one.
pub(crate) fn key_set(algorithm: Algorithm) -> Value {
    json!({ "keys": [issuer().jwk(algorithm)] })
}

/// The scheme that takes the tokens of the algorithm, each as if it were the first time.
pub(crate) fn scheme(algorithm: Algorithm) -> JwtBearer {
    remembering(algorithm).remember(RememberTokens::none())
}

/// The scheme for HS256, whose key is the last of so many.
pub(crate) fn among_keys(count: usize) -> JwtBearer {
    let others = (1..count).map(|number| format!("other-{number}"));
    let kid = issuer().jwk(Algorithm::Hs256)["kid"].as_str().expect("a kid").to_owned();
    let keys = others.chain([kid]).fold(StaticKeys::new(), |keys, kid| {
        keys.secret_with_kid(&kid, Served::HS256, Secret::new(issuer().secret()))
    });
    let issuer = Issuer::new(issuer().url()).audience(issuer().audience()).keys(keys);
    JwtBearer::issuer(issuer).remember(RememberTokens::none())
}

/// The same, as it is by default: what was verified once is remembered.
pub(crate) fn remembering(algorithm: Algorithm) -> JwtBearer {
    let keys = match algorithm {
        Algorithm::Hs256 => {
            let kid = issuer().jwk(algorithm)["kid"].as_str().expect("a kid").to_owned();
            StaticKeys::new().secret_with_kid(&kid, Served::HS256, Secret::new(issuer().secret()))
        }
        _ => StaticKeys::new().jwks(key_set(algorithm).to_string()),
    };
    JwtBearer::issuer(Issuer::new(issuer().url()).audience(issuer().audience()).keys(keys))
}
