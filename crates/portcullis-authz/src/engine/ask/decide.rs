//! From a request to a question, and from its decision to an answer.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use portcullis_core::{
    Authentication, Decision, Denial, Effect, Explained, Explanation, Finding, Principal, Reason,
    RequestView, Room, Scopes, Step, Trail,
};
use portcullis_tower::Decide;

use super::Ask;
use super::source::Id;
use crate::beside::{self, Tell};
use crate::engine::question::Question;
use crate::guard::PathParameters;
use crate::refusal;

/// When to try again after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Ask {
    /// Puts the question, notes the decision in the Trail, and says how to refuse:
    ///
    /// - 401 `missing_credentials` with the challenges of the route, if nobody said who calls,
    /// - 403 `policy_denied`, or the reason that the decision point gave,
    /// - 404, if the client wrote an identifier that cannot be decoded,
    /// - 500 `misconfigured`, if no authentication ran, or the route has no parameter of that name,
    /// - 503 `decision_point_unavailable` with `Retry-After`, if the decision point failed.
    ///
    /// A refusal that the [mode](Self::in_mode) does not enforce is noted as a shadow and changes nothing; neither does a
    /// panic. Nobody waits for an answer that changes nothing: if it comes after the response, whoever records the
    /// request's event is [told of it](portcullis_core::Trail::tell_late).
    pub fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        if request.trail().enforces(self.mode) {
            return self.put(request, true);
        }
        // What is asked is only read.
        catch_unwind(AssertUnwindSafe(|| self.put(request, false))).unwrap_or_else(|_| {
            request.trail().note(Room::Rule, beside::panicked::<Told>(), false);
            Step::Done(Ok(()))
        })
    }

    fn put(&self, request: &RequestView<'_>, enforced: bool) -> Step<Result<(), Denial>> {
        let question = match self.question(request) {
            Ok(question) if enforced => question,
            Ok(question) => question.watched(),
            Err(denial) => return Step::Done(unasked(request, enforced, denial)),
        };
        match question.put_to(&*self.point) {
            Step::Done(decision) => {
                Step::Done(self.told(&question).settle(request.trail(), enforced, &decision))
            }
            // Nobody waits for an answer that changes nothing.
            Step::Wait(wait) if !enforced => {
                self.places.beside(self.told(&question), wait, request.trail());
                Step::Done(Ok(()))
            }
            Step::Wait(wait) => {
                let (told, trail) = (self.told(&question), request.trail().clone());
                Step::wait(async move { told.settle(&trail, enforced, &wait.await) })
            }
        }
    }

    fn question<'a>(&'a self, request: &RequestView<'a>) -> Result<Question<'a>, Denial> {
        let caller = caller(request)?;
        let action = self.action.as_deref().unwrap_or_else(|| request.method().as_str());
        let id = match &self.id {
            Id::Path(parameter) => Cow::Borrowed(PathParameters::of(request, parameter)?),
            Id::Route => match request.trail().route() {
                Some(route) => Cow::Owned(route.to_string()),
                None => {
                    return Err(Denial::misconfigured(format!(
                        "`{self}` needs a router that says which route matched"
                    )));
                }
            },
            Id::Text(text) => Cow::Borrowed(&**text),
        };
        let mut question =
            Question::new(caller, action, &*self.kind, id).with_request_id(request.trail().id());
        for (name, source) in &self.attributes {
            question = question.with_attribute(&**name, source.read(request)?);
        }
        for (name, source) in &self.context {
            question = question.with_context(&**name, source.read(request)?);
        }
        Ok(question)
    }

    /// Who was asked what, for the event.
    fn told(&self, question: &Question<'_>) -> Told {
        Told(format!("{}: {question}", self.point.name()))
    }
}

impl Decide for Ask {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Self::decide(self, request)
    }
}

fn caller<'a>(request: &RequestView<'a>) -> Result<&'a Principal, Denial> {
    match request.trail().authentication() {
        Authentication::Known(caller) => Ok(caller),
        Authentication::Anonymous => Err(refusal::with_challenges(
            request,
            Denial::new(Reason::MissingCredentials)
                .explained("a question to a decision point needs the caller"),
            &Scopes::EMPTY,
        )),
        Authentication::NotAsked => Err(Denial::misconfigured(
            "a question to a decision point needs the caller, but no authentication ran: the route is public",
        )),
    }
}

/// What could not be asked.
fn unasked(request: &RequestView<'_>, enforced: bool, denial: Denial) -> Result<(), Denial> {
    if enforced {
        request.trail().denied(Room::Rule, &denial);
        return Err(denial);
    }
    let why = denial.explanation().unwrap_or_default().to_owned();
    request.trail().shadowed(Room::Rule, &Decision::deny(denial.reason()).because(why));
    Ok(())
}

/// Who was asked what.
struct Told(String);

impl Told {
    fn settle(self, trail: &Trail, enforced: bool, decision: &Decision) -> Result<(), Denial> {
        if !enforced {
            beside::note(self, decision, trail);
            return Ok(());
        }
        let noted = self.noted(decision, trail.principal());
        trail.decided(Room::Rule, &noted);
        if noted.is_allowed() {
            return Ok(());
        }
        let denial = Denial::new(noted.reason()).explained(noted.detail().unwrap_or_default().to_owned());
        let denial = match noted.explanation() {
            Some(explained) => denial.with_explanation(explained.clone()),
            None => denial,
        };
        let denial = if denial.is_failure() { denial.retry_after(RETRY_AFTER) } else { denial };
        Err(refusal::with_challenges_of(trail, denial, &Scopes::EMPTY))
    }
}

impl Tell for Told {
    const ROOM: Room = Room::Rule;
    const PANICKED: &'static str = "a question to a decision point panicked";

    fn noted(self, decision: &Decision, caller: Option<&Principal>) -> Decision {
        let reason = decision.reason();
        let noted =
            if decision.is_allowed() { Decision::allow(reason) } else { Decision::deny(refused(reason)) };
        let explained = Explained::now(explanation(&self.0, decision, caller));
        let detail = match decision.detail() {
            Some(said) => format!("{}: {said}", self.0),
            None => self.0,
        };
        noted.because(detail).explained(explained)
    }
}

/// What was asked, and below it what the engine told of its own accord.
fn explanation(asked: &str, decision: &Decision, caller: Option<&Principal>) -> Explanation {
    let failed = decision.reason().problem().is_some_and(|problem| problem.status().is_server_error());
    let finding = match decision.effect() {
        Effect::Allow => Finding::Holds,
        Effect::Deny if failed => Finding::Unknown,
        Effect::Deny => Finding::Fails,
    };
    let root = Explanation::new(asked.to_owned(), finding).decisive();
    let root = match decision.detail() {
        Some(said) => root.held(said.to_owned()),
        None => root,
    };
    match decision.explanation() {
        Some(said) => root.part(said.tree(caller).as_ref().clone()),
        None => root,
    }
}

/// A refusal that gives a reason to allow is a mistake of the decision point.
fn refused(reason: Reason) -> Reason {
    if reason.problem().is_some() { reason } else { Reason::InternalError }
}
