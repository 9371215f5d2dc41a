use std::borrow::Cow;
use std::sync::Arc;

use portcullis_core::{Explain, Explained, Explanation, Finding, Principal, Reason};

use super::target::Subject;

/// What a guard was asked and what came of it, written when somebody reads it.
pub(super) struct Told {
    pub(super) subject: &'static Subject,
    pub(super) id: String,
    pub(super) reason: Reason,
    pub(super) inner: Option<Explained>,
    /// Whether what stands below was said of a stand-in for what is not there.
    pub(super) of_stand_in: bool,
}

impl Told {
    pub(super) fn explained(self) -> Explained {
        Explained::later(Arc::new(self), 0)
    }
}

impl Explain for Told {
    fn explain(&self, _: u64, caller: Option<&Principal>) -> Explanation {
        let root =
            Explanation::new(asked(self.subject, &self.id), finding(self.reason)).held(self.reason.code());
        match &self.inner {
            None => root.decisive(),
            Some(inner) if self.of_stand_in => {
                let said = (*inner.tree(caller)).clone().deciding_nothing();
                // A filter is not asked about a stand-in.
                let of = if said.finding() == Finding::NotAsked {
                    said
                } else {
                    Explanation::new("of a stand-in", said.finding()).part(said)
                };
                root.decisive().part(of)
            }
            // Of what is not there nothing was asked.
            Some(inner) if self.reason == Reason::ResourceNotFound => {
                root.decisive().part((*inner.tree(caller)).clone())
            }
            Some(inner) => root.part((*inner.tree(caller)).clone()),
        }
    }

    fn part(&self, _: u64) -> Option<Cow<'_, str>> {
        self.subject.part(0)
    }
}

/// The identifier is escaped when the tree is written.
pub(super) fn asked(subject: &Subject, id: &str) -> String {
    if id.is_empty() { subject.to_string() } else { format!("{subject}/{id}") }
}

fn finding(reason: Reason) -> Finding {
    match reason.problem() {
        None => Finding::Holds,
        Some(problem) if problem.status().is_server_error() => Finding::Unknown,
        Some(_) => Finding::Fails,
    }
}
