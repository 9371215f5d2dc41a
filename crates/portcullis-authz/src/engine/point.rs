use std::fmt;
use std::sync::Arc;

use portcullis_core::escape::Escaped;
use portcullis_core::text::Text;
use portcullis_core::{Decision, Reason, Step};

use super::question::Question;

/// How long the detail of a decision is at most, in octets.
pub const MAX_DETAIL_OCTETS: usize = 1024;

/// Answers whether a caller may do something: a policy engine in this process, or a client of one elsewhere.
///
/// An implementation keeps these promises; `conformance::decision_points` checks them:
///
/// - What it cannot decide it refuses. A failure (no answer, an answer that cannot be used, an error while a policy is
///   evaluated) is [`unavailable`]: a refusal whose reason is one of 5xx. It is never a pass, and never an ordinary
///   refusal.
/// - Nothing in the question makes it fail: names and values may hold any text.
/// - It keeps a deadline of its own: whoever asks does not.
/// - The decision's detail says what the engine said (the policies that decided, an error's text), and went through
///   [`detail`], which escapes and shortens it. It goes to the audit event, never to the caller.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decision point",
    note = "implement `DecisionPoint::decide`, which answers with `Step::Done` or `Step::Wait`"
)]
pub trait DecisionPoint: Send + Sync {
    /// What it is called in events and in the route table: short and stable, such as `opa`.
    fn name(&self) -> &str;

    /// Whether the caller may. A [`Step::Wait`] takes copies of what it needs along; it cannot borrow the question.
    ///
    /// [`Question::put_to`] asks after it has looked at the size of the question.
    fn decide(&self, question: &Question<'_>) -> Step<Decision>;
}

impl<P: DecisionPoint + ?Sized> DecisionPoint for Arc<P> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        (**self).decide(question)
    }
}

/// The decision of a decision point that failed: refused with `decision_point_unavailable`, which is 503.
pub fn unavailable(why: impl fmt::Display) -> Decision {
    Decision::deny(Reason::DecisionPointUnavailable).because(detail(why))
}

/// What an engine said, made fit for an event: escaped, and at most [`MAX_DETAIL_OCTETS`] long.
#[must_use]
pub fn detail(said: impl fmt::Display) -> String {
    let said = Text::<[u8; 128]>::printed(said, MAX_DETAIL_OCTETS);
    // Escaping may make it longer than it was.
    Text::<[u8; 128]>::printed(Escaped::new(said.as_str()).with_limit(usize::MAX), MAX_DETAIL_OCTETS)
        .as_str()
        .to_owned()
}
