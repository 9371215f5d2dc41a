//! Bearer tokens for an OAuth 2 resource server: strict JWT checks, key sets, discovery.

mod algorithm;
mod base64url;
mod json;
pub mod keys;

#[doc(inline)]
pub use self::algorithm::Algorithm;
