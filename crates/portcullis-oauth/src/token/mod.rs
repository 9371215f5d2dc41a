//! What every access token has, whatever its form: how it was verified, what it is bound to, how long it counts.

mod authenticator;
mod certificate;
mod confirmation;
mod delegation;
pub(crate) mod numeric_date;
pub(crate) mod refusal;
mod verified;

use portcullis_authn::TokenShape;
use portcullis_core::octets::Counted;
use portcullis_core::{CredentialMethod, Denial, Step};

pub(crate) use self::authenticator::TokenAuthenticator;
pub(crate) use self::confirmation::confirmation;
pub(crate) use self::delegation::actors;
pub(crate) use self::verified::{Lifetime, Verified, system_time};

/// Verifies tokens of one form: signed ones here, opaque ones at their issuer.
pub(crate) trait TokenVerifier: Send + Sync + 'static {
    /// Which tokens are its own.
    fn shape(&self) -> TokenShape;

    /// The kind of credential, for the principal and the event.
    fn method(&self) -> CredentialMethod;

    /// The authorization servers whose tokens it takes, by their issuer identifiers.
    fn authorization_servers(&self) -> Vec<Box<str>>;

    /// What the token says, once everything but its [binding](Verified::confirmation) is checked: signature or
    /// issuer's answer, claims, time, deny-list.
    fn verify(&self, token: Counted<'_>) -> Step<Result<Verified, Denial>>;

    /// The same of a token that was verified before and is remembered by its octets; by default, none is.
    fn recall(&self, token: &[u8]) -> Option<Step<Result<Verified, Denial>>> {
        let _ = token;
        None
    }
}
