//! Decision points: policy engines that answer whether a caller may do something.
//!
//! A [`Question`] is who wants to do what to which resource, in the information model of the AuthZEN Authorization API
//! 1.0. A [`DecisionPoint`] answers it, from policies in this process or from another server. An [`Ask`] puts a
//! question about the request itself, as a route declares it; an [`EnginePolicy`] lets a guard ask about a loaded
//! resource.
//!
//! ```
//! use portcullis_authz::engine::{DecisionPoint, Question, ask};
//! use portcullis_core::{Clock, CredentialMethod, Decision, Principal, Reason, RequestView, Step, Trail};
//!
//! /// Alice may do everything.
//! struct Alice;
//!
//! impl DecisionPoint for Alice {
//!     fn name(&self) -> &str {
//!         "alice"
//!     }
//!     fn decide(&self, question: &Question<'_>) -> Step<Decision> {
//!         Step::Done(Decision::allow_if(question.caller().subject() == "alice", Reason::PolicyDenied))
//!     }
//! }
//!
//! let ask = ask(Alice).action("can_update_todo").resource("todo").id("7");
//! assert_eq!(ask.to_string(), "ask(alice: can_update_todo todo/7)");
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! for (subject, status) in [("alice", None), ("bob", Some(403))] {
//!     // Stands for an authentication layer that found this caller.
//!     let mut request = http::Request::new(());
//!     let caller = Principal::builder(subject, CredentialMethod::Jwt).build();
//!     Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(caller).unwrap();
//!
//!     let answer = ask.decide(&RequestView::of(&request)?).resolve().await;
//!     assert_eq!(answer.err().map(|denial| denial.status().as_u16()), status);
//! }
//! # Ok::<(), portcullis_core::Denial>(())
//! # }).unwrap();
//! ```
//!
//! # How it decides
//!
//! 1. A caller is needed: else the answer is 401, or 500 where no authentication ran. Nothing is asked before.
//! 2. A question larger than [`MAX_QUESTION_OCTETS`], or one with an empty name, is not asked, and refused.
//! 3. What the decision point allows goes on. What it refuses is 403 `policy_denied`, or the reason that it gave.
//! 4. A decision point that fails is 503 `decision_point_unavailable`, never a pass and never a refusal.
//! 5. Each decision is noted in the Trail with what was asked; a decision that had to be waited for, after the wait.
//! 6. A refusal or a failure that the [mode](Ask::in_mode) does not enforce is noted as a shadow and changes nothing,
//!    not even when the answer comes: the decision point is awaited beside the request, for [`MAX_WATCHED`] answers of
//!    each question at once, and what would be one more is not asked further and noted as a failure. The decision point
//!    is told that the question is only [watched](Question::is_watched), so that it can keep its places for questions
//!    that decide. A decision that comes after the response is told to the audit by itself; one that has not come when the
//!    runtime ends is told as a failure. So it is with an
//!    [`EnginePolicy`], whose question takes along what it needs of the resource: the guard hands the resource over and goes
//!    on, and the decision point has until the guard's deadline.

mod ask;
mod describe;
mod evaluation;
mod layer;
mod point;
mod policy;
mod question;

pub use self::ask::{Ask, MAX_WATCHED, ask};
pub use self::describe::Describe;
pub use self::evaluation::Evaluation;
pub use self::layer::AskLayer;
pub use self::point::{DecisionPoint, MAX_DETAIL_OCTETS, detail, unavailable};
pub use self::policy::EnginePolicy;
pub use self::question::{MAX_QUESTION_OCTETS, Question};

#[cfg(test)]
mod tests;
