//! Bodies that a policy has checked.

use std::fmt;
use std::ops::Deref;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::Limited;
use portcullis_authz::{Action, Demand, Demands, Guard, Inquiry, Permit, Policy, Proof, Submitted};
use portcullis_core::{Denial, Principal, ProblemType, Reason, Trail};

use crate::content;

/// The body of a request, read and checked by a policy before the handler sees it.
///
/// ```
/// use axum::Json;
/// use portcullis_authz::{Create, Policy, Submitted};
/// use portcullis_axum::Checked;
/// use portcullis_core::{Decision, Principal, Reason};
///
/// #[derive(serde::Deserialize)]
/// struct NewDocument { team: String, title: String }
///
/// #[derive(Clone)]
/// struct Rules;
///
/// impl Submitted for NewDocument {
///     type Rules = Rules; // from the application's state, by `FromRef`
///     const MAX_BODY_BYTES: usize = 16 * 1024;
/// }
///
/// impl Policy<Create, NewDocument> for Rules {
///     fn decide(&self, caller: &Principal, new: &NewDocument) -> Decision {
///         Decision::allow_if(caller.groups().any(|group| group == new.team), Reason::PolicyDenied)
///     }
/// }
///
/// async fn create(new: Checked<Create, Json<NewDocument>>) -> String {
///     format!("{} for {}", new.title, new.team)
/// }
///
/// # use axum::body::Body;
/// # use axum::extract::{FromRef, FromRequest};
/// # use portcullis_core::{Clock, CredentialMethod, Trail};
/// # impl FromRef<()> for Rules { fn from_ref(_: &()) -> Self { Self } }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// /// Stands for a route whose authentication found Alice of the lawyers.
/// async fn post(body: String) -> Result<String, u16> {
///     let mut request = axum::http::Request::post("/documents").header("content-type", "application/json");
///     let alice = Principal::builder("alice", CredentialMethod::Jwt).groups(["law"]).build();
///     let trail = Trail::ensure(request.extensions_mut().unwrap(), &Clock::system());
///     trail.authenticated(alice).unwrap();
///     let request = request.body(Body::from(body)).unwrap();
///     match Checked::from_request(request, &()).await {
///         Ok(new) => Ok(create(new).await),
///         Err(refused) => Err(refused.status().as_u16()),
///     }
/// }
/// assert_eq!(post(r#"{"team":"law","title":"Plan"}"#.into()).await.unwrap(), "Plan for law");
/// // Refused: by the policy, by the format, by the size.
/// assert_eq!(post(r#"{"team":"sales","title":"Plan"}"#.into()).await, Err(403));
/// assert_eq!(post(r#"{"team":"law"}"#.into()).await, Err(422));
/// assert_eq!(post(format!(r#"{{"team":"law","title":"{}"}}"#, "x".repeat(16 * 1024))).await, Err(413));
/// # });
/// ```
///
/// 1. The caller must be known: else 401, or 500 where no authentication ran. The route's rule was asked before.
/// 2. At most [`Submitted::MAX_BODY_BYTES`] of the body are read, whatever other limits say: 413 beyond that, at once if
///    the request says how much there is.
/// 3. The body is read by the format: malformed is 400, of another media type 415, of another form 422.
/// 4. The policy is asked about the value. Refused: 403, late: 503, as it is for a resource.
///
/// It is proof, as a [`Permit`] is: [`into_permit`](Self::into_permit).
#[must_use]
pub struct Checked<A, F: Content>(Permit<A, F::Value>);

/// A format of bodies that [`Checked`] reads: [`Json`] and [`Form`].
///
/// Read the body by axum's means, so that a body over the limit is 413.
pub trait Content {
    /// What is in the body.
    type Value;

    /// How bodies are refused that are not of the format, for those who describe routes. By default, nothing is said of it.
    const PROBLEMS: &'static [ProblemType] = &[];

    /// Takes it out.
    fn into_value(self) -> Self::Value;
}

impl<T> Content for Json<T> {
    type Value = T;
    const PROBLEMS: &'static [ProblemType] = content::TYPED;

    fn into_value(self) -> T {
        self.0
    }
}

impl<T> Content for Form<T> {
    type Value = T;
    const PROBLEMS: &'static [ProblemType] = content::TYPED;

    fn into_value(self) -> T {
        self.0
    }
}

impl<A, F: Content> Checked<A, F> {
    /// The caller who may.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.0.principal()
    }

    /// The proof, for functions that take it.
    pub fn into_permit(self) -> Permit<A, F::Value> {
        self.0
    }

    /// The value, without the proof.
    #[must_use]
    pub fn into_inner(self) -> F::Value {
        self.0.into_inner()
    }
}

/// For unit tests of handlers: a permit is proof, wherever it came from.
impl<A, F: Content> From<Permit<A, F::Value>> for Checked<A, F> {
    fn from(permit: Permit<A, F::Value>) -> Self {
        Self(permit)
    }
}

impl<A, F: Content> Deref for Checked<A, F> {
    type Target = F::Value;

    fn deref(&self) -> &F::Value {
        &self.0
    }
}

impl<A, F, S> FromRequest<S> for Checked<A, F>
where
    A: Action,
    F: Content + FromRequest<S>,
    F::Value: Submitted,
    <F::Value as Submitted>::Rules: FromRef<S> + Policy<A, F::Value>,
    S: Send + Sync,
{
    /// A refusal, or what the format says of a body that it cannot read.
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let trail = Trail::of(&parts.extensions).cloned();
        let trail = trail.map_err(|denial| {
            Inquiry::answer_with(&parts.extensions, || {
                Self::demands().asking::<A, F::Value>(&<F::Value as Submitted>::Rules::from_ref(state))
            });
            denial.into_response()
        })?;
        let caller = <Principal as FromRequestParts<S>>::from_request_parts(&mut parts, state).await;
        caller.map_err(Denial::into_response)?;
        let limit = F::Value::MAX_BODY_BYTES;
        if is_declared_larger(&parts.headers, limit) {
            let said = format!("more than {limit} octets are announced");
            return Err(Denial::new(Reason::BodyTooLarge).explained(said).into_response());
        }
        let mut request = Request::from_parts(parts, Body::new(Limited::new(body, limit)));
        DefaultBodyLimit::disable().apply(&mut request);
        let content = F::from_request(request, state).await.map_err(F::Rejection::into_response)?;
        let rules = <F::Value as Submitted>::Rules::from_ref(state);
        let permit = Guard::new(&rules).submitted(&trail, content.into_value()).await;
        permit.map(Self).map_err(Denial::into_response)
    }
}

impl<A: Action, F: Content> Demands for Checked<A, F>
where
    F::Value: Submitted,
{
    fn demands() -> Demand {
        let problems = [F::PROBLEMS, &[ProblemType::Forbidden, ProblemType::ContentTooLarge]].concat();
        Demand::new(format!("checked({} {})", A::NAME, F::Value::kind())).refusing_with(problems).by_policy()
    }
}

impl<A: Action, F: Content> Proof for Checked<A, F>
where
    F::Value: Submitted,
{
    type Action = A;
    type Resource = F::Value;
}

/// Prints who may do what; the body may hold what does not belong in a log.
impl<A: Action, F: Content> fmt::Debug for Checked<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checked").field(&self.0).finish()
    }
}

fn is_declared_larger(headers: &HeaderMap, limit: usize) -> bool {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    declared.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
}
