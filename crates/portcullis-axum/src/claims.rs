//! The caller's claims as a type of the application's own.

use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_core::{Denial, Principal, Reason, Trail};
use serde::de::DeserializeOwned;

/// The caller's claims, read into a type of one's own, as an argument of a handler.
///
/// ```
/// use portcullis_axum::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Employee { department: String }
///
/// async fn desk(Claims(employee): Claims<Employee>) -> String { employee.department }
/// # let _ = desk;
/// ```
///
/// - Claims that do not fit the type are refused with 403 `claim_mismatch`, as the rule `claim(..)` is: the credential
///   is good, so that another one of the same kind would not help, and what it says is not what this route wants. What
///   may be absent is an `Option` in the type.
/// - Without a caller it is 401 with the challenges of the route, and 500 where no authentication ran.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it is taken apart in the arguments of handlers")]
pub struct Claims<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Claims<T> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let caller = <Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        caller.claims().deserialize().map(Self).map_err(|error| {
            let denial = Denial::new(Reason::ClaimMismatch).explained(error.to_string());
            match Trail::of(&parts.extensions).ok().and_then(Trail::challenges) {
                Some(challenges) => challenges.insufficient_scope(denial, &portcullis_core::Scopes::EMPTY),
                None => denial,
            }
        })
    }
}
