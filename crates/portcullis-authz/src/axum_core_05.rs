//! The extractor traits of axum-core 0.5, beside the types as the orphan rule wants it.

use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis_core::{Denial, RequestView};

use crate::{
    Action, ChildOf, Demands, Guard, Inquiry, ListPolicy, Load, LoadWithin, Permit, PermitWithin, Policy,
    Resource, ScopeSet, Scoped, Visible,
};

/// Loads the resource that the request names from the store in the application's state, and asks the policy in the
/// state. For a path parameter the router must leave [`PathParameters`](crate::PathParameters); `portcullis-axum` does.
impl<A, R, S> FromRequestParts<S> for Permit<A, R>
where
    A: Action,
    R: Resource,
    R::Store: Load<R> + FromRef<S>,
    R::Rules: FromRef<S> + Policy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let request = view::<Self>(parts)?;
        let (store, rules) = (R::Store::from_ref(state), R::Rules::from_ref(state));
        Guard::new(&rules).from_request(&request, &store).await
    }
}

/// Loads the parent, asks whether the caller may go through it, loads the child within it, and asks about the child.
impl<A, R, P, S> FromRequestParts<S> for PermitWithin<A, R, P>
where
    A: Action,
    P: Resource,
    P::Store: Load<P> + FromRef<S>,
    P::Rules: FromRef<S> + Policy<R::Through, P>,
    R: ChildOf<P>,
    R::Store: LoadWithin<P, R> + FromRef<S>,
    R::Rules: FromRef<S> + Policy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        view::<Self>(parts)?;
        let parent = Permit::<R::Through, P>::from_request_parts(parts, state).await?;
        let (store, rules) = (R::Store::from_ref(state), R::Rules::from_ref(state));
        Guard::new(&rules).within(&RequestView::of_parts(parts)?, parent, &store).await
    }
}

/// Asks the policy in the application's state what a list may show.
impl<A, R, S> FromRequestParts<S> for Visible<A, R>
where
    A: Action,
    R: Resource,
    R::Rules: FromRef<S> + ListPolicy<A, R>,
    S: Send + Sync,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let request = view::<Self>(parts)?;
        Guard::new(&R::Rules::from_ref(state)).visible(&request)
    }
}

/// Checks the caller's scopes.
impl<C: ScopeSet, S: Sync> FromRequestParts<S> for Scoped<C> {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        Self::check(&view::<Self>(parts)?)
    }
}

/// The request as a guard sees it. Where there is no Trail, it may be that somebody asks what the handler demands.
fn view<D: Demands>(parts: &Parts) -> Result<RequestView<'_>, Denial> {
    RequestView::of_parts(parts).inspect_err(|_| Inquiry::answer::<D>(&parts.extensions))
}

#[cfg(test)]
mod tests {
    use http::Request;
    use portcullis_core::{Decision, Principal, Reason, StoreError};

    use super::*;
    use crate::test_support::{Who, known, request};
    use crate::{Load, PathParameters, Read};

    #[derive(Debug)]
    struct Note(u32);

    #[derive(Clone)]
    struct Notes;

    #[derive(Clone)]
    struct Rules;

    #[derive(Clone)]
    struct App;

    struct NotesRead;

    impl Resource for Note {
        type Id = u32;
        type Store = Notes;
        type Rules = Rules;
        const PARAM: &'static str = "id";
    }

    impl Load<Note> for Notes {
        async fn load(&self, id: &u32) -> Result<Option<Note>, StoreError> {
            Ok((*id < 10).then_some(Note(*id)))
        }
    }

    impl Policy<Read, Note> for Rules {
        fn decide(&self, caller: &Principal, note: &Note) -> Decision {
            Decision::allow_if(caller.subject() == "alice" && note.0 == 7, Reason::PolicyDenied)
        }
    }

    impl FromRef<App> for Notes {
        fn from_ref(_: &App) -> Self {
            Self
        }
    }

    impl FromRef<App> for Rules {
        fn from_ref(_: &App) -> Self {
            Self
        }
    }

    impl ScopeSet for NotesRead {
        const SCOPES: &'static [&'static str] = &["notes:read"];
    }

    async fn extracted<E: FromRequestParts<App, Rejection = Denial>>(
        request: Request<()>,
    ) -> Result<E, Denial> {
        E::from_request_parts(&mut request.into_parts().0, &App).await
    }

    async fn note(who: &Who, parameters: Option<PathParameters>) -> Result<u32, Denial> {
        let mut request = request(who);
        if let Some(parameters) = parameters {
            request.extensions_mut().insert(parameters);
        }
        extracted::<Permit<Read, Note>>(request).await.map(|permit| permit.0)
    }

    #[tokio::test]
    async fn a_handler_gets_a_permit_or_is_not_reached() {
        let alice = known("", &[]);
        let id = |text: &str| Some(PathParameters::new([("id", text)]));
        assert_eq!(note(&alice, id("7")).await.unwrap(), 7);
        for (who, parameters, status) in [
            (&alice, id("8"), 404),
            (&alice, id("99"), 404),
            (&alice, id("x"), 404),
            (&alice, PathParameters::read("/notes/{id}", "/notes/%FF"), 404),
            (&alice, Some(PathParameters::new([("other", "7")])), 500),
            (&alice, None, 500),
            (&Who::Anonymous, id("7"), 401),
            (&Who::Anonymous, None, 401),
            (&Who::NotAsked, id("7"), 500),
        ] {
            assert_eq!(note(who, parameters.clone()).await.unwrap_err().status(), status, "{parameters:?}");
        }
        // No layer of ours stands around the handler.
        assert_eq!(extracted::<Permit<Read, Note>>(Request::new(())).await.unwrap_err().status(), 500);
    }

    #[tokio::test]
    async fn arguments_say_what_they_demand_when_they_are_asked_and_refuse_all_the_same() {
        let inquiry = Inquiry::new();
        let ask = || inquiry.request();
        assert_eq!(extracted::<Permit<Read, Note>>(ask()).await.unwrap_err().status(), 500);
        assert_eq!(extracted::<Scoped<NotesRead>>(ask()).await.unwrap_err().status(), 500);
        assert_eq!(inquiry.answers(), ["permit(Read Note)", "scopes(notes:read)"]);
    }

    #[tokio::test]
    async fn a_handler_gets_proof_of_scopes_or_is_not_reached() {
        let scoped =
            async |who: Who| extracted::<Scoped<NotesRead>>(request(&who)).await.map(Scoped::into_principal);
        assert_eq!(scoped(known("notes:read", &[])).await.unwrap().subject(), "alice");
        assert_eq!(scoped(known("notes", &[])).await.unwrap_err().status(), 403);
        assert_eq!(scoped(Who::Anonymous).await.unwrap_err().status(), 401);
        assert_eq!(extracted::<Scoped<NotesRead>>(Request::new(())).await.unwrap_err().status(), 500);
    }
}
