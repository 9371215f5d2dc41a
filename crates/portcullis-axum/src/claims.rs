//! The caller's claims as a type of the application's own.

use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_core::{Denial, Principal, Reason, Trail};
use serde::de::DeserializeOwned;

/// The caller's claims, read into a type of one's own, as an argument of a handler.
///
/// ```
/// use axum::extract::FromRequestParts;
/// use portcullis_axum::Claims;
/// use portcullis_core::{Clock, CredentialMethod, Denial, Principal, Trail};
///
/// #[derive(serde::Deserialize)]
/// struct Employee { department: String, desk: Option<u32> }
///
/// async fn desk(Claims(employee): Claims<Employee>) -> String {
///     employee.desk.map_or(employee.department.clone(), |desk| format!("{}, desk {desk}", employee.department))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// /// Stands for a route whose authentication found Alice, with a token that says this of her.
/// async fn ask(claims: &str) -> Result<String, Denial> {
///     let mut request = axum::http::Request::new(());
///     let claims = portcullis_core::Claims::from_checked_json(claims);
///     let alice = Principal::builder("alice", CredentialMethod::Jwt).claims(claims).build();
///     Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
///     let mut parts = request.into_parts().0;
///     Ok(desk(Claims::from_request_parts(&mut parts, &()).await?).await)
/// }
/// assert_eq!(ask(r#"{"sub":"alice","department":"law"}"#).await.unwrap(), "law");
/// assert_eq!(ask(r#"{"department":"law","desk":7}"#).await.unwrap(), "law, desk 7");
/// // Refused: claims that do not fit.
/// for claims in ["{}", r#"{"department":7}"#, r#"{"department":"law","desk":"7"}"#] {
///     let refused = ask(claims).await.unwrap_err();
///     assert_eq!((refused.status().as_u16(), refused.reason().code()), (403, "claim_mismatch"), "{claims}");
/// }
/// # });
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
