//! What the Trail knows of a credential, however its scheme answers.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http::Request;
use portcullis_core::{Room, Trail};

use super::*;
use crate::Requirement;
use crate::testing::request;

/// Answers late, never, with a refusal, or with a panic, as the token says.
struct Moody;

impl Authenticator for Moody {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Bearer(TokenShape::Any)]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("moody")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        match credential.expose() {
            "late" => Step::wait(async { Ok(principal("alice")) }),
            "never" => Step::wait(std::future::pending()),
            "refused" => Step::Done(Err(Denial::new(Reason::TokenExpired))),
            "panic" => resume_unwind(Box::new("a panic of others")),
            _ => Step::Done(Ok(principal("alice"))),
        }
    }

    fn challenge(&self, _: &CredentialShape, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
        Some(Challenge::bearer(realm))
    }
}

/// Whom the Trail knows, and how many decisions there are, after a first authentication or without one.
async fn asked(token: &str, before: Option<&str>) -> (Option<String>, usize) {
    let schemes = Schemes::builder("r", Clock::system()).scheme("mood", Moody).build().unwrap();
    let route = schemes.default_set(Requirement::Required).unwrap();
    let field = format!("Bearer {token}");
    let mut request: Request<()> = request(&[("authorization", field.as_bytes())]);
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system()).clone();
    if let Some(before) = before {
        trail.authenticated(principal(before)).unwrap();
    }
    let view = RequestView::of(&request).unwrap();
    match catch_unwind(AssertUnwindSafe(|| route.authenticate(&view))) {
        Ok(Step::Wait(wait)) if token == "never" => drop(wait),
        Ok(step) => drop(step.resolve().await),
        Err(_) => assert_eq!(token, "panic"),
    }
    assert!(trail.challenges().is_some(), "{token}: whoever refuses later has the challenges");
    let noted = trail.read(|state| {
        assert_eq!(state.scheme.as_deref(), Some("mood"), "{token}: the event names the scheme");
        assert!(state.entries.iter().all(|entry| entry.room == Room::Authentication));
        state.entries.len()
    });
    (trail.principal().map(|caller| caller.subject().to_owned()), noted)
}

#[tokio::test]
async fn scheme_and_challenges_are_known_however_the_scheme_answers() {
    let known = |name: &str| Some(name.to_owned());
    assert_eq!(asked("good", None).await, (known("alice"), 1));
    assert_eq!(asked("late", None).await, (known("alice"), 1));
    assert_eq!(asked("refused", None).await, (None, 1));
    assert_eq!(asked("never", None).await, (None, 0));
    assert_eq!(asked("panic", None).await, (None, 0));
    // The first word stays.
    assert_eq!(asked("good", Some("bob")).await, (known("bob"), 1));
    assert_eq!(asked("late", Some("bob")).await, (known("bob"), 1));
}
