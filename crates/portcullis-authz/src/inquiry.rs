//! The question to the arguments of a handler what they demand.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Extensions, Request};

use crate::demand::{Demand, Demands};

/// How many demands of one handler are kept. A handler has at most 16 arguments.
const MAX_DEMANDS: usize = 16;

/// Asks the arguments of handlers what they demand, once, when the application starts.
///
/// It stands in the extensions of a request that nobody sent and that has no Trail. An extractor that finds no Trail
/// calls [`answer`](Self::answer) before it fails as it always does; so the question costs a real request nothing.
#[derive(Clone, Default)]
pub struct Inquiry(Arc<Mutex<Vec<Demand>>>);

impl Inquiry {
    /// A question that nobody has answered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The request that asks.
    #[must_use]
    pub fn request(&self) -> Request<()> {
        let mut request = Request::new(());
        request.extensions_mut().insert(self.clone());
        request
    }

    /// Answers with what the type says, if somebody asks.
    pub fn answer<D: Demands>(extensions: &Extensions) {
        Self::answer_with(extensions, D::demands);
    }

    /// Answers, if somebody asks: with what the type says, and what is known of the policy in the application's state.
    pub fn answer_with(extensions: &Extensions, demand: impl FnOnce() -> Demand) {
        let Some(inquiry) = extensions.get::<Self>() else { return };
        // Not under the lock: what is asked is the application's.
        let demand = demand();
        let mut answers = inquiry.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() < MAX_DEMANDS {
            answers.push(demand);
        }
    }

    /// The answers so far, in the order of the arguments.
    #[must_use]
    pub fn answers(&self) -> Vec<Demand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inquiry").field(&self.answers()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nap;

    impl Demands for Nap {
        fn demands() -> Demand {
            Demand::new("nap")
        }
    }

    #[test]
    fn answers_are_kept_up_to_the_limit() {
        let inquiry = Inquiry::new();
        let request = inquiry.request();
        assert!(inquiry.answers().is_empty());
        for _ in 0..=MAX_DEMANDS {
            Inquiry::answer::<Nap>(request.extensions());
        }
        assert_eq!(inquiry.answers(), vec![Demand::new("nap"); MAX_DEMANDS]);
    }

    #[test]
    fn nothing_happens_where_nobody_asks() {
        let request = Request::new(());
        Inquiry::answer::<Nap>(request.extensions());
        Inquiry::answer_with(request.extensions(), || Demand::new("unasked"));
        assert!(request.extensions().is_empty());
    }
}
