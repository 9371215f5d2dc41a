//! Which policies decided, for the audit event.

use std::collections::HashMap;

use cedar_policy::{Effect, PolicyId, PolicySet};
use portcullis_authz::engine::Question;
use portcullis_core::escape::Escaped;
use portcullis_core::{Explanation, Finding};

/// How many policies a decision names; further ones are counted.
const MAX_NAMED: usize = 8;

/// What each policy does, and where it stands.
pub(crate) struct Origins(HashMap<PolicyId, Origin>);

struct Origin {
    effect: Effect,
    place: Option<String>,
}

impl Origins {
    /// `place` says where a policy or a template stands.
    pub(crate) fn of(set: &PolicySet, place: impl Fn(&PolicyId) -> Option<String>) -> Self {
        let origins = set.policies().map(|policy| {
            let place = place(policy.template_id().unwrap_or(policy.id()));
            (policy.id().clone(), Origin { effect: policy.effect(), place })
        });
        Self(origins.collect())
    }

    /// `permitted by editors-may-write, owners-may-write`
    pub(crate) fn list(&self, words: &str, determining: &[&PolicyId]) -> String {
        let mut text = words.to_owned();
        for (number, id) in determining.iter().take(MAX_NAMED).enumerate() {
            text.push_str(if number == 0 { " " } else { ", " });
            text.push_str(id.as_ref());
        }
        if let Some(more) = determining.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }

    fn node(&self, id: &PolicyId) -> Explanation {
        let origin = self.0.get(id);
        let effect = match origin.map(|origin| origin.effect) {
            Some(Effect::Forbid) => "forbid",
            Some(Effect::Permit) | None => "permit",
        };
        let asked = format!("{effect} {}", Escaped::new(id.as_ref()));
        let node = Explanation::new(asked, Finding::Holds).decisive();
        match origin.and_then(|origin| origin.place.as_ref()) {
            Some(place) if place.as_str() != <PolicyId as AsRef<str>>::as_ref(id) => node.held(place.clone()),
            _ => node,
        }
    }
}

/// What was asked, and the policies that decided.
pub(crate) fn explanation(
    question: &Question<'_>,
    allowed: bool,
    determining: &[&PolicyId],
    origins: &Origins,
) -> Explanation {
    let finding = if allowed { Finding::Holds } else { Finding::Fails };
    let root = Explanation::new(question.to_string(), finding);
    if determining.is_empty() {
        return root.part(Explanation::new("any policy permits it", Finding::Fails).decisive());
    }
    root.parts(determining.iter().map(|id| origins.node(id)))
}
