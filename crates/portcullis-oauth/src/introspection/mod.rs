//! Opaque tokens, looked up at their issuer (RFC 7662, RFC 9701).
//!
//! ```
//! use portcullis_authn::Schemes;
//! use portcullis_core::{Clock, Secret};
//! use portcullis_oauth::Introspection;
//! use portcullis_oauth::introspection::ClientAuthentication;
//!
//! # let root = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../portcullis-client/src/client/root.pem"));
//! # let client = portcullis_client::OutboundClient::builder().with_root_pem(root).build()?;
//! let secret = Secret::from("gX1fBat3bV"); // from the environment
//! let tokens = Introspection::discover(
//!     "https://login.example.com",
//!     ClientAuthentication::basic("documents-api", secret),
//! )
//! .audience("https://api.example.com");
//! # let tokens = tokens.with_client(client);
//! // Nothing is asked before the first token comes: a provider that is down does not keep this server from starting.
//! let schemes = Schemes::builder("documents", Clock::system()).scheme("token", tokens).build()?;
//! assert!(schemes.contains("token"));
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! Customised: an endpoint at a fixed URL, a private key in place of a secret, answers that the issuer signs and that
//! are remembered for half a minute. Refused: plain HTTP.
//!
//! ```
//! use std::time::Duration;
//! use portcullis_core::Clock;
//! use portcullis_oauth::introspection::{ClientAuthentication, SigningKey};
//! use portcullis_oauth::{Introspection, Issuer};
//!
//! # let root = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../portcullis-client/src/client/root.pem"));
//! # let client = portcullis_client::OutboundClient::builder().with_root_pem(root).build()?;
//! # let jwk = r#"{"kty":"EC","crv":"P-256","kid":"1","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
//! #     "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
//! let key = SigningKey::from_jwk(jwk)?;
//! let issuer = Issuer::discover("https://login.example.com").audience("https://api.example.com");
//! # let issuer = issuer.keys(portcullis_oauth::remote::RemoteKeys::discover().with_client(client.clone()));
//! let tokens = Introspection::of(issuer, ClientAuthentication::private_key_jwt("documents-api", key))
//!     .at("https://login.example.com/introspect")
//!     .signed_answers()
//!     .remember_for(Duration::from_secs(30));
//! # let tokens = tokens.with_client(client);
//! assert!(tokens.build(&Clock::system()).is_ok());
//!
//! let secret = ClientAuthentication::basic("documents-api", "gX1fBat3bV".into());
//! let tokens = Introspection::discover("https://login.example.com", secret).audience("https://api.example.com");
//! let refused = tokens.at("http://login.example.com/introspect").build(&Clock::system()).unwrap_err();
//! assert_eq!(refused.codes().collect::<Vec<_>>(), ["P640"]);
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! # How it decides
//!
//! 1. A token longer than [`DEFAULT_MAX_TOKEN_OCTETS`](crate::DEFAULT_MAX_TOKEN_OCTETS) is refused unasked. The scheme
//!    takes opaque tokens; with [`Introspection::every_token`] it takes JWTs too.
//! 2. An answer that is remembered and fresh is taken, without waiting.
//! 3. Else the issuer is asked: `POST`, with the token in a form, this application proving itself
//!    ([`ClientAuthentication`]), over https, redirects not followed. Those who come meanwhile with the same token wait
//!    for the same answer; whoever goes away harms nobody. [`DEFAULT_MAX_CALLS`] calls are in progress at once, others
//!    queue; [`DEFAULT_MAX_WAITERS`] requests wait, [`DEFAULT_WAIT`] each. What is beyond that is 503.
//! 4. The answer is 200, of the right media type, at most [`MAX_ANSWER_OCTETS`] long, and one JSON object without
//!    duplicate members. **Everything else is a failure: 503 with `Retry-After`, never a pass and never 401.** So are
//!    timeouts and refused connections. After [`FAILURES`] failures in a row of which no token can be the cause, nothing
//!    is asked for a second, then for two, at most for [`LONGEST_PAUSE`], and then by one request first.
//! 5. With [`Introspection::signed_answers`] the answer is a JWT of the type `token-introspection+jwt`, signed by the
//!    issuer, for this client, made within [`MAX_ANSWER_AGE`]; plain JSON is a failure then. Without it a JWT is one.
//! 6. `active` is the JSON boolean `true`. Anything else in its place, or nothing: 401.
//! 7. What else the answer says is checked as claims are: `iss`, `aud`, `exp`, `nbf`, `iat`, `scope`, `token_type`, `cnf`,
//!    all with their types. `aud` must be there, unless [`Introspection::danger_audience_may_lack`]. A token without `sub`
//!    speaks for its client (`client_id`).
//! 8. The deny-list, if there is one, is asked each time.
//!
//! # What is remembered
//!
//! Nothing, unless [`Introspection::remember_for`] says how long: so long may a token count that was revoked meanwhile.
//! An answer is never remembered beyond the token's `exp`. The memory is bounded by number and octets and holds no
//! token, but a keyed hash of it. That a token is *not* active is remembered for [`Introspection::remember_refusals`],
//! by default not at all. [`Introspection::stale_if_error`] lets a remembered answer count while the issuer cannot be
//! asked, up to a ceiling and never beyond `exp`; once the issuer has said that the token is not active, nothing
//! brings it back. [`Introspector::forget`] drops an answer at once, also one that is on its way.

mod answer;
mod call;
mod client_authentication;
mod endpoint;
mod error;
mod flights;
mod introspector;
mod memory;
mod settings;
mod shared;
mod signing_key;

pub use self::answer::{MAX_ANSWER_AGE, MAX_ANSWER_OCTETS};
pub use self::client_authentication::ClientAuthentication;
pub use self::error::IntrospectionError;
pub use self::introspector::Introspector;
pub use self::settings::{
    DEFAULT_MAX_CALLS, DEFAULT_MAX_REMEMBERED, DEFAULT_MAX_REMEMBERED_OCTETS, DEFAULT_MAX_WAITERS,
    DEFAULT_WAIT, FAILURES, Introspection, LONGEST_LIFE, LONGEST_PAUSE, LONGEST_REFUSAL, LONGEST_STALE,
};
pub use self::signing_key::{SigningKey, UnusableSigningKey};

#[cfg(test)]
mod tests;
