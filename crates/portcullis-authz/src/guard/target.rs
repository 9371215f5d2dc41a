use std::borrow::Cow;
use std::fmt;

use portcullis_core::escape::Escaped;
use portcullis_core::{Decision, Principal};

use super::action::Action;
use super::resource::Resource;
use super::submitted::Submitted;

/// How many characters of an identifier an audit event shows.
const SHOWN: usize = 64;

/// What is done to what, for audit events: `Read Document/7`.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    action: &'static str,
    kind: &'static str,
    id: Option<&'t str>,
}

impl<'t> Target<'t> {
    /// A loaded resource.
    pub(super) fn resource<A: Action, R: Resource>(id: Option<&'t str>) -> Self {
        Self { action: A::NAME, kind: R::kind(), id }
    }

    /// A value that came in the body of the request.
    pub(super) fn submitted<A: Action, T: Submitted>() -> Self {
        Self { action: A::NAME, kind: T::kind(), id: None }
    }

    /// A value that came with the request.
    pub(super) fn value<A: Action>() -> Self {
        Self { action: A::NAME, kind: "", id: None }
    }

    /// The detail of an event that nothing was found, where callers may be kept to their own tenant.
    pub(super) fn absent(self, tenant: Option<&Principal>) -> String {
        match tenant.map(Principal::tenant) {
            None => self.to_string(),
            Some(None) => format!("{self}: the caller is of no tenant"),
            Some(Some(tenant)) => {
                format!("{self}: not in the tenant `{}`", Escaped::new(tenant).with_limit(SHOWN))
            }
        }
    }

    /// The detail of an event about the decision. Where no identifier is known, allowing allocates nothing.
    pub(super) fn detail(self, decision: &Decision) -> Cow<'static, str> {
        match (decision.detail(), self.id) {
            (None, None) if decision.is_allowed() => Cow::Borrowed(self.action),
            (None, _) if decision.is_allowed() => Cow::Owned(self.to_string()),
            (None, _) => Cow::Owned(format!("{self}: {}", decision.reason().code())),
            (Some(said), _) if decision.is_allowed() => Cow::Owned(format!("{self}: {said}")),
            (Some(said), _) => Cow::Owned(format!("{self}: {}, {said}", decision.reason().code())),
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action)?;
        if !self.kind.is_empty() {
            write!(f, " {}", self.kind)?;
        }
        match self.id {
            None => Ok(()),
            Some(id) => write!(f, "/{}", Escaped::new(id).with_limit(SHOWN)),
        }
    }
}
