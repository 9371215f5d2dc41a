//! What rules and guards refuse alike.

use portcullis_core::challenge::StepUp;
use portcullis_core::{Denial, ProblemType, Reason, RequestView, Scopes, Trail};

/// Adds the challenges that the problem calls for: those of the route to a caller without credentials, and to
/// one without a scope those of the schemes that carry scopes (RFC 6750 §3, RFC 9110 §15.5.2). A caller who may see why
/// is told.
pub(crate) fn with_challenges(request: &RequestView<'_>, denial: Denial, scopes: &Scopes) -> Denial {
    with_challenges_of(request.trail(), denial, scopes)
}

/// The same after a wait, when the request is out of sight.
pub(crate) fn with_challenges_of(trail: &Trail, denial: Denial, scopes: &Scopes) -> Denial {
    let denial = denial.disclosed_by(trail);
    match (denial.kind(), trail.challenges()) {
        (ProblemType::Unauthenticated, Some(challenges)) => challenges.unanswered(denial),
        (ProblemType::InsufficientScope, Some(challenges)) => challenges.insufficient_scope(denial, scopes),
        (ProblemType::InvalidToken, Some(challenges)) => challenges.invalid_token(denial),
        (ProblemType::InsufficientUserAuthentication, _) => with_step_up(trail, denial, &StepUp::new()),
        // RFC 6750 §3: a token that does not enable access is answered with a challenge, also where no scope
        // would help; §3.1 has one code for "higher privileges than provided by the access token".
        (ProblemType::Forbidden, Some(challenges)) if is_privilege(denial.reason()) => {
            challenges.insufficient_scope(denial, &Scopes::EMPTY)
        }
        _ => denial,
    }
}

/// Adds the challenges that ask for another login (RFC 9470 §3).
pub(crate) fn with_step_up(trail: &Trail, denial: Denial, step_up: &StepUp) -> Denial {
    let denial = denial.disclosed_by(trail);
    match trail.challenges() {
        Some(challenges) => challenges.insufficient_user_authentication(denial, step_up),
        None => denial,
    }
}

fn is_privilege(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::InsufficientRole
            | Reason::InsufficientPermission
            | Reason::ClaimMismatch
            | Reason::UserRequired
            | Reason::TenantMismatch
    )
}
