//! What a rule, a policy or a limit decided.

use std::borrow::Cow;

use crate::explanation::Explained;
use crate::registry::Reason;

/// Allowed or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Effect {
    /// The request may go on.
    Allow,
    /// The request is refused.
    Deny,
}

/// A decision with its reason.
///
/// ```
/// use portcullis_core::{Decision, Reason};
///
/// let decision = Decision::allow_if("alice" == "bob", Reason::PolicyDenied);
/// assert!(!decision.is_allowed());
/// assert_eq!(decision.reason(), Reason::PolicyDenied);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    effect: Effect,
    reason: Reason,
    detail: Option<Cow<'static, str>>,
    explained: Option<Explained>,
}

impl Decision {
    /// Allowed, for a reason.
    pub const fn allow(reason: Reason) -> Self {
        Self { effect: Effect::Allow, reason, detail: None, explained: None }
    }

    /// Refused, for a reason.
    pub const fn deny(reason: Reason) -> Self {
        Self { effect: Effect::Deny, reason, detail: None, explained: None }
    }

    /// Allowed by a policy if the condition holds, else refused for the reason.
    pub const fn allow_if(condition: bool, otherwise: Reason) -> Self {
        if condition { Self::allow(Reason::PolicyAllowed) } else { Self::deny(otherwise) }
    }

    /// Adds what the audit event should say besides; it is never shown to the caller.
    pub fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the tree of what was asked and held; it is for the audit event, and for nobody else unless the application
    /// said who may see it.
    pub fn explained(mut self, explanation: impl Into<Explained>) -> Self {
        self.explained = Some(explanation.into());
        self
    }

    /// Allowed or refused.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it is allowed.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.effect, Effect::Allow)
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Everything that it is made of.
    #[inline]
    pub(crate) fn into_parts(self) -> (Effect, Reason, Option<Cow<'static, str>>, Option<Explained>) {
        (self.effect, self.reason, self.detail, self.explained)
    }

    /// The detail as it was given, so that noting a static text allocates nothing.
    pub(crate) fn detail_cow(&self) -> Option<&Cow<'static, str>> {
        self.detail.as_ref()
    }

    /// What the audit event says besides.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The tree of what was asked and held, if whoever decided gave one.
    #[must_use]
    pub fn explanation(&self) -> Option<&Explained> {
        self.explained.as_ref()
    }
}

/// The same answer for the same reason with the same detail, however it is explained.
impl PartialEq for Decision {
    fn eq(&self, other: &Self) -> bool {
        (self.effect, self.reason, &self.detail) == (other.effect, other.reason, &other.detail)
    }
}

impl Eq for Decision {}
