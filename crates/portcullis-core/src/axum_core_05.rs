//! The extractor and response traits of axum-core 0.5, beside the types as the orphan rule wants it.

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use crate::{Authentication, Denial, Principal, Reason, Refuse, RefusedRequest, Trail};

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let request = RefusedRequest::of(&http::Request::new(()));
        Refuse::new().response::<Body>(self, &request)
    }
}

/// The caller. A route that may be called anonymously takes `Option<Principal>`.
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let trail = Trail::of(&parts.extensions)?;
        match trail.authentication() {
            Authentication::Known(principal) => Ok(principal.clone()),
            Authentication::Anonymous => {
                let denial =
                    Denial::new(Reason::MissingCredentials).explained("the handler asks for the caller");
                Err(match trail.challenges() {
                    Some(challenges) => challenges.unanswered(denial),
                    None => denial,
                })
            }
            Authentication::NotAsked => Err(not_asked()),
        }
    }
}

/// The caller, if one sent credentials; a bad credential was refused before.
impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Denial> {
        match Trail::of(&parts.extensions)?.authentication() {
            Authentication::Known(principal) => Ok(Some(principal.clone())),
            Authentication::Anonymous => Ok(None),
            Authentication::NotAsked => Err(not_asked()),
        }
    }
}

fn not_asked() -> Denial {
    Denial::misconfigured("the handler asks for the caller, but no authentication ran: the route is public")
}
