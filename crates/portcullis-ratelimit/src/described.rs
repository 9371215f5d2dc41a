//! Which limit refused, for the audit event.

use std::borrow::Cow;
use std::sync::Arc;

use portcullis_core::{Explain, Explained, Explanation, Finding, Principal};

/// A limit as audit events and metrics call it. Who is counted, the event says: a key is hashed and not kept.
pub(crate) struct Described {
    name: Arc<str>,
    text: Box<str>,
}

/// Why it refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// It would refuse less later.
    UsedUp,
    /// The request costs more than it ever allows.
    Never,
}

impl Described {
    pub(crate) fn new(name: &Arc<str>, text: String) -> Arc<Self> {
        Arc::new(Self { name: Arc::clone(name), text: text.into() })
    }

    /// Allocates nothing: the tree is made when somebody reads it.
    pub(crate) fn explained(self: &Arc<Self>, beyond: Beyond) -> Explained {
        let by: Arc<Self> = Arc::clone(self);
        Explained::later(by, u64::from(beyond == Beyond::Never))
    }

    pub(crate) fn tree(&self, beyond: Beyond) -> Explanation {
        let held = match beyond {
            Beyond::UsedUp => "used up",
            Beyond::Never => "a cost that it never allows",
        };
        Explanation::new(self.text.to_string(), Finding::Fails).held(held).decisive()
    }
}

impl Explain for Described {
    fn explain(&self, never: u64, _: Option<&Principal>) -> Explanation {
        self.tree(if never == 1 { Beyond::Never } else { Beyond::UsedUp })
    }

    fn part(&self, _: u64) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.name))
    }
}
