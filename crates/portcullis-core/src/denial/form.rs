//! How a [`Denial`] is kept: made for one request, or prepared for many.

use std::borrow::Cow;
use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use smallvec::SmallVec;

use super::Denial;
use crate::explanation::{Explained, Explanation};
use crate::registry::{ProblemType, Reason};
use crate::render::PreparedAnswer;

#[derive(Clone)]
pub(super) enum Form {
    /// Made for one request.
    Own(Box<Inner>),
    /// Made for many, but for when this one may try again: see [`Denial::prepared`].
    Prepared { prepared: Arc<Prepared>, wait: Option<NonZeroU32> },
}

#[derive(Clone)]
pub(super) struct Prepared {
    inner: Inner,
    /// `None` once the denial is not what it was when its answer was written.
    answer: Option<PreparedAnswer>,
}

#[derive(Clone)]
pub(super) struct Inner {
    pub(super) reason: Reason,
    pub(super) problem: ProblemType,
    /// In place of that of the problem, if no problem has it.
    pub(super) status: Option<StatusCode>,
    pub(super) challenges: SmallVec<[HeaderValue; 2]>,
    pub(super) retry_after: Option<u64>,
    pub(super) allow: Option<HeaderValue>,
    pub(super) hint: Option<Cow<'static, str>>,
    pub(super) explanation: Option<Cow<'static, str>>,
    pub(super) explained: Option<Explained>,
    pub(super) disclosed: Option<Arc<Explanation>>,
    pub(super) violated_policies: SmallVec<[Arc<str>; 2]>,
    pub(super) source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Denial {
    /// The same refusal, made ready to be given again and again: clones are free, and the answer of [`ProblemJson`] to
    /// it is written once. For what an attacker can ask for all day.
    ///
    /// A clone that is changed is a refusal of its own, unless it is only told when to
    /// [try again](Self::retry_after).
    ///
    /// [`ProblemJson`]: crate::ProblemJson
    #[must_use]
    pub fn prepared(self) -> Self {
        let answer = Some(PreparedAnswer::to(&self));
        let inner = match self.0 {
            Form::Own(inner) => *inner,
            Form::Prepared { prepared, wait } => {
                let mut inner = prepared.inner.clone();
                inner.wait(wait);
                inner
            }
        };
        Self(Form::Prepared { prepared: Arc::new(Prepared { inner, answer }), wait: None })
    }

    /// The answer that was written before, if this is what it was written for.
    pub(crate) fn prepared_answer(&self) -> Option<&PreparedAnswer> {
        match &self.0 {
            Form::Own(_) => None,
            Form::Prepared { prepared, .. } => prepared.answer.as_ref(),
        }
    }

    /// The seconds to wait that the prepared answer does not name.
    pub(crate) fn own_wait(&self) -> Option<u64> {
        match &self.0 {
            Form::Prepared { wait: Some(wait), .. } => Some(wait.get().into()),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn inner(&self) -> &Inner {
        match &self.0 {
            Form::Own(inner) => inner,
            Form::Prepared { prepared, .. } => &prepared.inner,
        }
    }

    #[inline]
    pub(super) fn edit(&mut self) -> &mut Inner {
        match &mut self.0 {
            Form::Own(inner) => inner,
            Form::Prepared { prepared, wait } => {
                let prepared = Arc::make_mut(prepared);
                prepared.answer = None;
                prepared.inner.wait(wait.take());
                &mut prepared.inner
            }
        }
    }

    /// Says when to try again. A clone of a prepared refusal stays what it is, as far as the number has room.
    pub(super) fn wait(&mut self, seconds: u64) {
        match (&mut self.0, u32::try_from(seconds)) {
            (Form::Prepared { wait, .. }, Ok(seconds)) => *wait = NonZeroU32::new(seconds),
            _ => self.edit().retry_after = Some(seconds),
        }
    }
}

impl Inner {
    /// Takes on what was said of one clone.
    fn wait(&mut self, wait: Option<NonZeroU32>) {
        if let Some(seconds) = wait {
            self.retry_after = Some(seconds.get().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Challenge;

    #[test]
    fn what_is_added_to_a_prepared_denial_concerns_that_one_alone() {
        let prepared = Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("r")).prepared();
        let changed = prepared.clone().hint("why").challenge(&Challenge::new("DPoP", "r"));
        assert_eq!((changed.hint_text(), changed.challenges().count()), (Some("why"), 2));
        assert!(changed.prepared_answer().is_none(), "the answer does not say it");
        assert_eq!((prepared.hint_text(), prepared.challenges().count()), (None, 1));
        assert!(prepared.prepared_answer().is_some());
        assert!(changed.prepared().prepared_answer().is_some());
    }

    #[test]
    fn a_prepared_denial_stays_prepared_when_it_is_told_when_to_try_again() {
        let prepared = Denial::new(Reason::QuotaExceeded).retry_after(Duration::from_secs(5)).prepared();
        let later = prepared.clone().retry_after(Duration::from_millis(6_500));
        assert!(later.prepared_answer().is_some());
        assert_eq!((later.own_wait(), later.retry_after_seconds()), (Some(7), Some(7)));
        assert_eq!((prepared.own_wait(), prepared.retry_after_seconds()), (None, Some(5)));
        let changed = later.clone().hint("why");
        assert_eq!((changed.own_wait(), changed.retry_after_seconds()), (None, Some(7)));
        let again = later.prepared();
        assert_eq!((again.own_wait(), again.retry_after_seconds()), (None, Some(7)));
        // As many seconds as the clone has room for, and one more.
        let most = u64::from(u32::MAX);
        for (seconds, stays) in [(most, true), (most + 1, false)] {
            let long = prepared.clone().retry_after(Duration::from_secs(seconds));
            assert_eq!(long.retry_after_seconds(), Some(seconds));
            assert_eq!(long.prepared_answer().is_some(), stays);
        }
    }
}
