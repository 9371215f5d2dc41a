//! Logins that prove a key, so that the token can be bound to it (RFC 9449 §5).

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis::core::RequestView;
use portcullis::oauth::dpop::DpopKeys;
use portcullis::oauth::keys::Thumbprint;
use portcullis::{Denial, Reason};

use crate::security::REALM;

/// Whose key a login may prove.
#[derive(Clone, Debug)]
pub(crate) struct LoginKeys {
    /// `None`: no token is bound.
    pub(crate) keys: Option<DpopKeys>,
    /// Whether a login without a proof is refused.
    pub(crate) required: bool,
}

/// The key that the request proves to hold, if it proves one.
pub(crate) struct BoundTo(pub(crate) Option<Thumbprint>);

impl<S> FromRequestParts<S> for BoundTo
where
    S: Sync,
    LoginKeys: FromRef<S>,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let LoginKeys { keys, required } = LoginKeys::from_ref(state);
        let proof = parts.headers.contains_key("dpop");
        let Some(keys) = keys.filter(|_| proof || required) else {
            return if proof {
                Err(Denial::new(Reason::TokenBindingUnproven).explained("no token is bound to a key here"))
            } else {
                Ok(Self(None))
            };
        };
        let proven = keys.prove(&RequestView::of_parts(parts)?);
        let proven = proven.resolve().await;
        proven.map(|key| Self(Some(key))).map_err(|denial| {
            let challenge = keys.challenge(REALM, &denial);
            denial.challenge(&challenge)
        })
    }
}
