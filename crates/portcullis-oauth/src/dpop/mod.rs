//! Tokens that are bound to a key of the client, and the proof of it in each request (RFC 9449).
//!
//! [`Dpop`] is an option of the schemes for tokens. The client sends `Authorization: DPoP <token>` and, in the field
//! `DPoP`, a JWT of its own making: the *proof*, signed with the key whose thumbprint stands in the token's `cnf`.
//!
//! ```
//! use http::{Request, Response};
//! use portcullis_authn::{AuthenticationLayer, Requirement, Schemes};
//! use portcullis_oauth::{Dpop, Issuer, JwtBearer, StaticKeys};
//! use portcullis_testkit::{Algorithm, DpopClient, FakeClock, TestIssuer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let time = FakeClock::new();
//! let login = TestIssuer::offline("https://login.example").with_clock(time.clock());
//! let issuer = Issuer::new("https://login.example")
//!     .audience("https://api.example")
//!     .keys(StaticKeys::new().jwks(login.jwks_json()));
//! let schemes = Schemes::builder("documents", time.clock())
//!     .scheme("token", JwtBearer::issuer(issuer).dpop(Dpop::new()))
//!     .build()
//!     .unwrap();
//! let service = ServiceBuilder::new()
//!     .layer(AuthenticationLayer::new(schemes.default_set(Requirement::Required).unwrap()))
//!     .service(service_fn(async |_: Request<()>| Ok::<_, std::convert::Infallible>(Response::new(bytes::Bytes::new()))));
//!
//! let client = DpopClient::new(Algorithm::Es256, time.clock());
//! let token = login.token("alice").claim("cnf", client.confirmation()).sign();
//! let proof = client.proof("GET", "https://api.example/documents", &token).sign();
//! let request = |scheme: &str| {
//!     Request::get("/documents").header("authorization", format!("{scheme} {token}")).header("dpop", &proof).body(()).unwrap()
//! };
//! assert_eq!(service.clone().oneshot(request("DPoP")).await.unwrap().status(), 200);
//!
//! // Refused: the same proof again, and the token without its scheme.
//! assert_eq!(service.clone().oneshot(request("DPoP")).await.unwrap().status(), 401);
//! let refused = service.oneshot(request("Bearer")).await.unwrap();
//! let challenges: Vec<_> = refused.headers().get_all("www-authenticate").iter().collect();
//! assert_eq!(challenges[0], r#"Bearer realm="documents", error="invalid_token""#);
//! assert_eq!(challenges[1], r#"DPoP realm="documents", algs="ES256 ES384 EdDSA""#);
//! # });
//! ```
//!
//! Customised: nothing but bound tokens, and a nonce of the server in each proof.
//!
//! ```
//! use std::time::Duration;
//!
//! use portcullis_core::{Clock, Secret};
//! use portcullis_oauth::{Dpop, Issuer, JwtBearer, StaticKeys};
//! use portcullis_testkit::TestIssuer;
//!
//! let login = TestIssuer::offline("https://login.example");
//! let issuer = Issuer::new("https://login.example").audience("documents").keys(StaticKeys::new().jwks(login.jwks_json()));
//! let dpop = Dpop::new()
//!     .required()
//!     .origin("https://api.example.com")
//!     .nonces()
//!     .nonce_secret(Secret::from("the same 32 random octets or more to each replica"))
//!     .max_age(Duration::from_secs(60));
//! assert!(JwtBearer::issuer(issuer).dpop(dpop).build(&Clock::system()).is_ok());
//!
//! // No configuration: nobody said where this API is, and its audience is no URL.
//! let issuer = Issuer::new("https://login.example").audience("documents").keys(StaticKeys::new().jwks(login.jwks_json()));
//! let refused = JwtBearer::issuer(issuer).dpop(Dpop::new()).build(&Clock::system()).unwrap_err();
//! assert_eq!(refused.codes().collect::<Vec<_>>(), ["P620"]);
//! ```
//!
//! # How it decides
//!
//! 1. There is exactly one field `DPoP`, of at most [`MAX_PROOF_OCTETS`], and it is one compact JWT.
//! 2. Its header has `typ` `dpop+jwt`, an `alg` of the list ([`DEFAULT_PROOF_ALGORITHMS`]), no `crit`, and a public
//!    `jwk` that fits the `alg`. No other key is looked at, and none is fetched.
//! 3. `jti`, `htm`, `htu`, `iat` and `ath` are there and have the right types; `htm` is the method; `ath` is the hash of
//!    the token.
//! 4. `htu` is the URL of the request, compared as RFC 3986 §6.2.2 and §6.2.3 say, without query and fragment. The
//!    origin is one that was configured, never one that a client names in a field; the path is the one that the client
//!    asked for, also where a router has taken a prefix away (put the edge's layer around that router).
//! 5. Without nonces, `iat` lies at most [`DEFAULT_PROOF_AGE`] back and [`DEFAULT_PROOF_SKEW`] ahead. With nonces,
//!    the nonce must be one of this server's last, and its time takes the place of `iat`'s, so that clients whose
//!    clocks are wrong get in (RFC 9449 §11.1).
//! 6. The signature verifies with the `jwk`.
//! 7. The token is verified, and is bound to that very key. A token that is bound to nothing is refused here, and one
//!    that is bound to a key is refused as `Bearer`. One whose claims call it `DPoP` (`typ`, `token_type`) and that is
//!    bound to no key is refused either way.
//! 8. The proof did not expire while the token was verified, and was not used before: the store is asked last, so that
//!    nothing but good requests fill it. If it is full or fails, the answer is 503.
//!
//! # What it does not do
//!
//! - It does not ask for a nonce before a token is shown, so that a client's first request costs a round trip.
//! - [`MemoryReplay`](crate::replay::MemoryReplay), the default store, knows the requests of this process alone.
//!   Several replicas need a store that they share, or a proof can be shown to each of them once.

mod keys;
mod nonce;
mod origin;
mod path;
mod proof;
mod settings;
mod verifier;

pub use self::keys::DpopKeys;
pub use self::settings::{
    DEFAULT_NONCE_PERIOD, DEFAULT_PROOF_AGE, DEFAULT_PROOF_ALGORITHMS, DEFAULT_PROOF_SKEW, Dpop,
    MAX_NONCE_PERIOD, MAX_PROOF_AGE, MAX_PROOF_ID_OCTETS, MAX_PROOF_OCTETS, MAX_PROOF_SKEW, MIN_NONCE_PERIOD,
    MIN_NONCE_SECRET_OCTETS,
};

pub(crate) use self::verifier::DpopVerifier;

#[cfg(test)]
mod tests;
