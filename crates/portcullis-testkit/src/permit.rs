use http::Request;
use portcullis_authz::{Action, Filter, Guard, ListPolicy, Load, Permit, Policy, Resource, Visible};
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
    let request = request_of(caller);
    let view = must(RequestView::of(&request), "the Trail is missing");
    must(Guard::new(&AllowAll).check(&view, resource), "the guard refuses")
}

/// What a caller may do the action to, for unit tests of handlers that list. It is made as every other is, by a guard: here
/// with a policy that yields this filter, of what the caller reaches in the store.
///
/// ```
/// use portcullis_authz::{Field, Filter, Load, Read, Resource, Visible};
/// use portcullis_testkit::{principal, visible_to};
///
/// struct Document { owner: String }
/// # struct Documents;
/// # impl Resource for Document { type Id = u32; type Store = Documents; type Rules = (); }
/// # impl Load<Document> for Documents {
/// #     async fn load(&self, _: &u32) -> Result<Option<Document>, portcullis_core::StoreError> { Ok(None) }
/// # }
/// const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
///
/// fn count(documents: &[Document], visible: &Visible<Read, Document>) -> usize {
///     documents.iter().filter(|document| visible.filter().matches(document)).count()
/// }
///
/// let documents = ["alice", "bob"].map(|owner| Document { owner: owner.into() });
/// let alices = visible_to(OWNER.equals("alice"), principal("alice").build());
/// assert_eq!(count(&documents, &alices), 1);
/// assert_eq!(count(&documents, &visible_to(Filter::nothing(), principal("carol").build())), 0);
/// ```
#[track_caller]
pub fn visible_to<A: Action, R: Resource>(filter: Filter<R>, caller: Principal) -> Visible<A, R>
where
    R::Store: Load<R>,
{
    let request = request_of(caller);
    let view = must(RequestView::of(&request), "the Trail is missing");
    must(Guard::new(&Fixed(filter)).visible(&view), "the guard refuses")
}

fn request_of(caller: Principal) -> Request<()> {
    let mut request = Request::new(());
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
    must(trail.authenticated(caller), "the caller is not taken");
    request
}

struct Fixed<R>(Filter<R>);

impl<A, R> ListPolicy<A, R> for Fixed<R> {
    fn filter(&self, _: &Principal) -> Filter<R> {
        self.0.clone()
    }
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
