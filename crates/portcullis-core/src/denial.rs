//! The one form of refusal.

mod form;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use smallvec::SmallVec;

use self::form::{Form, Inner};
use crate::challenge::Challenge;
use crate::explanation::{Explained, Explanation};
use crate::registry::{ProblemType, Reason};
use crate::request_view::RequestView;
use crate::trail::Trail;

/// Why a request is refused, and all that the answer needs.
///
/// It fixes status, challenges and `Retry-After`; [`Refuse`](crate::Refuse) turns it into a response and leaves
/// it in the response's extensions, so that outer layers see why.
///
/// ```
/// use portcullis_core::{Challenge, Denial, Reason};
///
/// let denial = Denial::new(Reason::MissingCredentials).challenge(&Challenge::bearer("documents"));
/// assert_eq!(denial.status(), 401);
/// assert_eq!(denial.reason().code(), "missing_credentials");
/// ```
#[derive(Clone)]
pub struct Denial(Form);

impl Denial {
    /// A refusal for the reason. A reason to allow refuses with 500: it has no business here.
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self(Form::Own(Box::new(Inner {
            reason,
            problem: reason.problem().unwrap_or(ProblemType::InternalError),
            status: None,
            challenges: SmallVec::new(),
            retry_after: None,
            allow: None,
            hint: None,
            explanation: None,
            explained: None,
            disclosed: None,
            violated_policies: SmallVec::new(),
            source: None,
        })))
    }

    /// 500: a layer that this one needs is missing or stands in the wrong place. The hint goes to the audit
    /// event and the log, never to the caller.
    #[must_use]
    pub fn misconfigured(hint: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Misconfigured).explained(hint)
    }

    /// Adds a challenge; without one a 401 tells the client nothing (RFC 9110 §15.5.2).
    #[must_use]
    pub fn challenge(self, challenge: &Challenge) -> Self {
        self.challenge_value(challenge.to_header_value())
    }

    /// Adds a challenge that was rendered before, so that refusing is cheap.
    #[must_use]
    pub fn challenge_value(mut self, challenge: HeaderValue) -> Self {
        self.edit().challenges.push(challenge);
        self
    }

    /// Answers with this status in place of the reason's, for a refusal whose status others chose. The caller is told
    /// the problem that goes with it in general; where there is none, the type is `about:blank` (RFC 9457 §4.2.1). The
    /// reason stays. What is neither 4xx nor 5xx is no refusal, and changes nothing.
    ///
    /// ```
    /// use portcullis_core::{Denial, ProblemType, Reason};
    ///
    /// let gone = Denial::new(Reason::ExtractorRejected).with_status(http::StatusCode::GONE);
    /// assert_eq!((gone.status().as_u16(), gone.reason()), (410, Reason::ExtractorRejected));
    /// let missing = Denial::new(Reason::ExtractorRejected).with_status(http::StatusCode::NOT_FOUND);
    /// assert_eq!((missing.status().as_u16(), missing.kind()), (404, ProblemType::NotFound));
    /// ```
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        if (status.is_client_error() || status.is_server_error()) && status != self.status() {
            let known = ProblemType::of_status(status);
            let inner = self.edit();
            inner.status = known.is_none().then_some(status);
            inner.problem = known.unwrap_or(inner.problem);
        }
        self
    }

    /// The status, if it is not that of the [kind](Self::kind).
    pub(crate) fn own_status(&self) -> Option<StatusCode> {
        self.inner().status
    }

    /// Says when to try again, in whole seconds, rounded up, at least one (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.wait(seconds.max(1));
        self
    }

    /// The methods that the path has, for a 405 (RFC 9110 §15.5.6).
    #[must_use]
    pub fn allow(mut self, methods: HeaderValue) -> Self {
        self.edit().allow = Some(methods);
        self
    }

    /// Text that helps the caller to mend the request; it becomes `detail`. Say nothing here that the caller
    /// may not know. The audit event has it too, unless [`explained`](Self::explained) gives another text.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.edit().hint = Some(hint.into());
        self
    }

    /// Text for the audit event alone.
    #[must_use]
    pub fn explained(mut self, explanation: impl Into<Cow<'static, str>>) -> Self {
        self.edit().explanation = Some(explanation.into());
        self
    }

    /// Adds the tree of what was asked and held, for the audit event alone; see [`disclosed_to`](Self::disclosed_to).
    #[must_use]
    pub fn with_explanation(mut self, explanation: impl Into<Explained>) -> Self {
        self.edit().explained = Some(explanation.into());
        self
    }

    /// Also tells the caller the tree of what was asked and held, if the application said that this one may see it
    /// ([`Trail::disclose`](crate::Trail::disclose)). Layers and guards call it as they refuse.
    #[must_use]
    pub fn disclosed_to(self, request: &RequestView<'_>) -> Self {
        self.disclosed_by(request.trail())
    }

    /// As [`disclosed_to`](Self::disclosed_to), after a wait, when the request is out of sight.
    #[must_use]
    pub fn disclosed_by(mut self, trail: &Trail) -> Self {
        if trail.discloses() {
            let disclosed =
                self.inner().explained.as_ref().map(|explained| explained.tree(trail.principal()));
            self.edit().disclosed = disclosed;
        }
        self
    }

    /// Names a quota that was used up; it becomes a member of `violated-policies`.
    #[must_use]
    pub fn violated_policy(mut self, name: impl Into<Arc<str>>) -> Self {
        self.edit().violated_policies.push(name.into());
        self
    }

    /// Keeps the failure behind a 5xx.
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.edit().source = Some(Arc::new(source));
        self
    }

    /// Why, for the audit event.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.inner().reason
    }

    /// What the caller is told. With a [status](Self::with_status) that no problem has, it is the one before.
    #[must_use]
    pub fn kind(&self) -> ProblemType {
        self.inner().problem
    }

    /// The status of the answer (in HTTP; a gRPC answer is 200 with [`ProblemType::grpc_status`]).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        let inner = self.inner();
        inner.status.unwrap_or(inner.problem.status())
    }

    /// The rendered challenges, one per accepted scheme.
    pub fn challenges(&self) -> impl Iterator<Item = &HeaderValue> {
        self.inner().challenges.iter()
    }

    /// `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.own_wait().or(self.inner().retry_after)
    }

    /// `Allow` of a 405.
    #[must_use]
    pub fn allowed_methods(&self) -> Option<&HeaderValue> {
        self.inner().allow.as_ref()
    }

    /// The text for the caller.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.inner().hint.as_deref()
    }

    /// The text for the audit event.
    #[must_use]
    pub fn explanation(&self) -> Option<&str> {
        self.inner().explanation.as_deref()
    }

    /// The tree of what was asked and held, for the audit event.
    #[must_use]
    pub fn explanation_tree(&self) -> Option<&Explained> {
        self.inner().explained.as_ref()
    }

    /// The tree that the caller may see; what a renderer shows.
    #[must_use]
    pub fn disclosed(&self) -> Option<&Explanation> {
        self.inner().disclosed.as_deref()
    }

    /// What the audit event says in words: the text for it, or else what the caller is told; and, without either and
    /// without a tree, the methods of the path or the quotas that were used up. Without a copy if it is part of the program.
    pub(crate) fn detail(&self) -> Option<Cow<'static, str>> {
        let Inner { explanation, hint, .. } = self.inner();
        explanation.as_ref().or(hint.as_ref()).cloned().or_else(|| self.facts().map(Cow::Owned))
    }

    fn facts(&self) -> Option<String> {
        let Inner { allow, violated_policies, explained, .. } = self.inner();
        if explained.is_some() {
            return None;
        }
        if let Some(methods) = allow {
            return Some(format!("the path has {}", String::from_utf8_lossy(methods.as_bytes())));
        }
        (!violated_policies.is_empty()).then(|| format!("used up: {}", violated_policies.join(", ")))
    }

    /// Whether the audit event says more of it than its reason: a text, a tree, or the failure behind it. What the
    /// framework refuses always is; a refusal of your own needs [`explained`](Self::explained).
    #[must_use]
    pub fn is_explained(&self) -> bool {
        let inner = self.inner();
        inner.explanation.is_some()
            || inner.hint.is_some()
            || inner.explained.is_some()
            || inner.source.is_some()
            || inner.allow.is_some()
            || !inner.violated_policies.is_empty()
    }

    /// The quotas that were used up.
    pub fn violated_policies(&self) -> impl Iterator<Item = &str> {
        self.inner().violated_policies.iter().map(AsRef::as_ref)
    }

    /// Whether the server, not the caller, is at fault.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status().is_server_error()
    }
}

impl fmt::Debug for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denial")
            .field("reason", &self.inner().reason)
            .field("status", &self.status().as_u16())
            .field("explanation", &self.inner().explanation)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}: {}", self.status().as_u16(), self.inner().reason.code())
    }
}

impl Error for Denial {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner().source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Beside a [`Denial`] in the extensions of a response: the answer stands as it is, because the specification of its
/// route fixes it, and no renderer writes another. The event has the reason of the denial all the same.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it says that it is there, and nothing else")]
pub struct OwnAnswer;

#[cfg(test)]
mod tests {
    use super::*;

    /// A11.12, RFC 9110 §10.2.3.
    #[test]
    fn retry_after_is_rounded_up_and_never_zero() {
        let seconds = |wait| Denial::new(Reason::QuotaExceeded).retry_after(wait).retry_after_seconds();
        assert_eq!(seconds(Duration::ZERO), Some(1));
        assert_eq!(seconds(Duration::from_millis(1001)), Some(2));
        assert_eq!(seconds(Duration::from_secs(7)), Some(7));
        assert_eq!(seconds(Duration::MAX), Some(u64::MAX));
    }

    /// Whoever reads the audit must not know less than the caller.
    #[test]
    fn the_event_has_what_the_caller_is_told_and_what_was_used_up() {
        let detail = |denial: Denial| {
            assert!(denial.is_explained());
            denial.detail().map(Cow::into_owned)
        };
        let denial = || Denial::new(Reason::QuotaExceeded);
        assert!(!denial().is_explained() && denial().detail().is_none());
        assert_eq!(detail(denial().hint("slow down")).as_deref(), Some("slow down"));
        assert_eq!(detail(denial().explained("why").violated_policy("a")).as_deref(), Some("why"));
        assert_eq!(detail(denial().hint("slow down").explained("why")).as_deref(), Some("why"));
        let used_up = denial().violated_policy("a").violated_policy("b");
        assert_eq!(detail(used_up.clone()).as_deref(), Some("used up: a, b"));
        let tree = Explanation::new("quota a", crate::Finding::Fails);
        assert_eq!(detail(used_up.with_explanation(tree)), None, "the tree says it");
        let methods = Denial::new(Reason::MethodNotAllowed).allow(HeaderValue::from_static("GET, HEAD"));
        assert_eq!(detail(methods).as_deref(), Some("the path has GET, HEAD"));
    }

    #[test]
    fn a_reason_to_allow_never_becomes_a_pass() {
        assert_eq!(Denial::new(Reason::Authenticated).status(), 500);
    }
}
