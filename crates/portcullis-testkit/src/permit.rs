use http::Request;
use portcullis_authz::{Action, Guard, Permit, Policy};
use portcullis_core::{Clock, Decision, Principal, Reason, RequestView, Trail};

use crate::must::must;

/// A permit for the action on the resource, for unit tests of handlers. It is made as every permit is, by a guard:
/// here with a policy that allows everything.
///
/// ```
/// use portcullis_authz::{Permit, Read};
/// use portcullis_testkit::{permit_for, principal};
///
/// struct Document { title: String }
///
/// fn show(document: Permit<Read, Document>) -> String {
///     document.title.clone()
/// }
///
/// let document = Document { title: "Plan".into() };
/// let permit = permit_for::<Read, _>(document, principal("alice").build());
/// assert_eq!(show(permit), "Plan");
/// ```
#[track_caller]
pub fn permit_for<A: Action, R>(resource: R, caller: Principal) -> Permit<A, R> {
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system());
    let view = must(RequestView::of(&request), "the Trail is missing");
    must(view.trail().authenticated(caller), "the caller is not taken");
    must(Guard::new(&AllowAll).check(&view, resource), "the guard refuses")
}

struct AllowAll;

impl<A, R> Policy<A, R> for AllowAll {
    fn decide(&self, _: &Principal, _: &R) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_authz::Write;

    use super::*;
    use crate::principal;

    #[test]
    fn a_permit_holds_the_resource_and_the_caller() {
        let permit = permit_for::<Write, _>(7, principal("alice").build());
        assert_eq!(permit.principal().subject(), "alice");
        assert_eq!(permit.into_inner(), 7);
    }
}
