//! The receiver of OpenID Connect Back-Channel Logout 1.0: the provider tells that a session has ended, and its
//! tokens count no longer.
//!
//! ```
//! use std::sync::Arc;
//! use portcullis_core::Clock;
//! use portcullis_oauth::{BackChannelLogout, DenyList, Issuer, JwtBearer, StaticKeys};
//! use portcullis_testkit::TestIssuer;
//!
//! # let server = TestIssuer::offline("https://login.example.com").with_audience("https://api.example.com");
//! # let jwks = || StaticKeys::new().jwks(server.jwks_json());
//! let clock = Clock::system();
//! let revoked = Arc::new(DenyList::new(&clock));
//! let issuer = || Issuer::new("https://login.example.com").audience("https://api.example.com").keys(jwks());
//! let tokens = JwtBearer::issuer(issuer()).revocations(revoked.clone()).build(&clock)?;
//! let receiver = BackChannelLogout::new(issuer(), "documents-web", revoked).build(&clock)?;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let access = server.token("alice").claim("sid", "session-1").sign();
//! assert!(tokens.verify(&access).resolve().await.is_ok());
//!
//! let event = serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
//! let logout = server.token("alice").typ("logout+jwt").audience("documents-web").claim("sid", "session-1");
//! let body = format!("logout_token={}", logout.claim("events", event).sign());
//! let answer = receiver.receive(Some("application/x-www-form-urlencoded"), body.as_bytes()).resolve().await;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(tokens.verify(&access).resolve().await.unwrap_err().reason().code(), "token_revoked");
//!
//! // Refused: an access token is no logout token.
//! let body = format!("logout_token={access}");
//! let answer = receiver.receive(Some("application/x-www-form-urlencoded"), body.as_bytes()).resolve().await;
//! assert_eq!(answer.status(), 400);
//! # });
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! Customised: a provider whose access tokens name no session, so that all of the user's end, and a store of seen logout
//! tokens with room for more.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use portcullis_core::Clock;
//! use portcullis_oauth::replay::MemoryReplay;
//! use portcullis_oauth::{BackChannelLogout, DenyList, Issuer, JwtBearer, StaticKeys};
//! use portcullis_testkit::TestIssuer;
//!
//! # let server = TestIssuer::offline("https://login.example.com").with_audience("https://api.example.com");
//! # let jwks = || StaticKeys::new().jwks(server.jwks_json());
//! # let issuer = || Issuer::new("https://login.example.com").audience("https://api.example.com").keys(jwks());
//! let clock = Clock::system();
//! let revoked = Arc::new(DenyList::new(&clock));
//! let seen = MemoryReplay::new(clock.clone()).with_room_for(50_000, 50_000)?;
//! let receiver = BackChannelLogout::new(issuer(), "documents-web", revoked.clone())
//!     .end_whole_subject()
//!     .max_token_life(Duration::from_secs(600))
//!     .replay_store(Arc::new(seen))
//!     .build(&clock)?;
//! let tokens = JwtBearer::issuer(issuer()).revocations(revoked.clone()).build(&clock)?;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let access = server.token("alice").sign(); // without `sid`
//! let event = serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
//! let logout = server.token("alice").typ("logout+jwt").audience("documents-web").claim("sid", "session-1");
//! let body = format!("logout_token={}", logout.claim("events", event).sign());
//! receiver.receive(Some("application/x-www-form-urlencoded"), body.as_bytes()).resolve().await;
//! assert_eq!(tokens.verify(&access).resolve().await.unwrap_err().reason().code(), "token_revoked");
//! # });
//!
//! // No configuration: nobody knows for whom logout tokens are.
//! let nobody = BackChannelLogout::new(issuer(), "", revoked).build(&clock).unwrap_err();
//! assert_eq!(nobody.codes().collect::<Vec<_>>(), ["P641"]);
//! # Ok::<(), portcullis_core::ConfigErrors>(())
//! ```
//!
//! [`LogoutReceiver`] is a [`tower_service::Service`] too: mount it where the provider was told to `POST`, as a public
//! route, since the logout token proves itself.
//!
//! # How it decides
//!
//! 1. The method is `POST`, the content type `application/x-www-form-urlencoded`, the body at most
//!    [`MAX_LOGOUT_OCTETS`] long, and just one parameter `logout_token` stands in it. Others are passed over (§2.5).
//! 2. The token is signed by a key of the issuer, by an algorithm that is allowed for it; `none` is none. `typ` is
//!    `logout+jwt` where it is there; for [`Profile::UntypedJwt`](crate::Profile::UntypedJwt) also `JWT`.
//! 3. `iss` is the issuer, `aud` holds the client id, `exp` has not passed, `iat` does not lie in the future, `jti` is
//!    there (§2.4, §2.6).
//! 4. `events` has the member `http://schemas.openid.net/event/backchannel-logout`, an object. `sub` or `sid` is there,
//!    or both. `nonce` is not: that would be an ID token.
//! 5. With `sid`, the tokens of this session are revoked. Without it, or with
//!    [`BackChannelLogout::end_whole_subject`], those of the subject that were issued up to the logout token's `iat`.
//! 6. A `jti` that was seen before is refused ([`BackChannelLogout::replay_store`]), after the revocation was made once
//!    more: a provider that tries again after a failure must not find that nothing ended. A replay reaches no further than
//!    the first time, since whom it ends, and up to when, stands in the token.
//!
//! The answer is 200, or 400 with a JSON error, never to be stored by caches (§2.8). 400 is also the answer if the
//! issuer's keys or a store cannot be had, for that is what the specification says of a logout that failed. The
//! [`Denial`](portcullis_core::Denial) in the response's extensions has the true reason.
//!
//! # What it does not do
//!
//! An access token without `sid` does not end with its session: let the provider put `sid` into access tokens, or set
//! [`BackChannelLogout::end_whole_subject`].

mod answer;
mod claims;
mod receiver;
mod service;
mod settings;

pub use self::answer::LogoutAnswer;
pub use self::receiver::LogoutReceiver;
pub use self::service::{BODY_DEADLINE, ResponseFuture};
pub use self::settings::{BackChannelLogout, MAX_LOGOUT_OCTETS, MAX_REMEMBERED_LOGOUTS};

#[cfg(test)]
mod tests;
