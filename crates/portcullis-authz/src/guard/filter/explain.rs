//! Why a filter did not let a resource through: which comparisons failed, without their values.

use portcullis_core::{Decision, Explain, Explained, Explanation, Finding, Principal, Reason};

use super::{Filter, Node};

/// How many comparisons are told apart: one bit each. Later ones are told as not asked.
const TOLD: u32 = u64::BITS;

impl<R: 'static> Filter<R> {
    /// The decision about this one, as [`decide`](Self::decide) makes it, with the tree of what failed where it is
    /// refused: the fields, and never a value. The tree is made when somebody reads it.
    pub fn into_decision(self, resource: &R) -> Decision {
        let decision = self.decide(resource);
        if decision.reason() != Reason::PolicyDenied {
            return decision;
        }
        let mut outcomes = Outcomes { bits: 0, place: 0 };
        self.node.note(resource, &mut outcomes);
        decision.explained(Explained::later(std::sync::Arc::new(self), outcomes.bits))
    }
}

/// One bit for each comparison, in the order of the filter: whether it held.
struct Outcomes {
    bits: u64,
    place: u32,
}

impl<R> Node<R> {
    fn note(&self, resource: &R, outcomes: &mut Outcomes) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.note(resource, outcomes)),
            Self::Not(inner) => inner.note(resource, outcomes),
            Self::All | Self::Nothing => {}
            Self::Equals(..) | Self::IsNull(_) | Self::OneOf(..) => {
                if outcomes.place < TOLD {
                    outcomes.bits |= u64::from(self.matches(resource)) << outcomes.place;
                }
                outcomes.place = outcomes.place.saturating_add(1);
            }
        }
    }

    fn tell(&self, outcomes: &mut Outcomes) -> Explanation {
        match self {
            Self::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.tell(outcomes)).collect();
                list("all of", parts, [Finding::Fails, Finding::NotAsked, Finding::Holds])
            }
            Self::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.tell(outcomes)).collect();
                list("any of", parts, [Finding::Holds, Finding::NotAsked, Finding::Fails])
            }
            Self::Not(inner) => {
                let inner = inner.tell(outcomes);
                let finding = match inner.finding() {
                    Finding::Holds => Finding::Fails,
                    Finding::Fails => Finding::Holds,
                    other => other,
                };
                Explanation::new("not", finding).part(inner)
            }
            Self::All => Explanation::new("everything", Finding::Holds),
            Self::Nothing => Explanation::new("nothing", Finding::Fails),
            comparison => {
                let finding = match outcomes.place {
                    TOLD.. => Finding::NotAsked,
                    place if outcomes.bits >> place & 1 == 1 => Finding::Holds,
                    _ => Finding::Fails,
                };
                outcomes.place = outcomes.place.saturating_add(1);
                Explanation::new(comparison.to_string(), finding)
            }
        }
    }
}

/// The first finding of the order that a part has decides.
fn list(asked: &'static str, parts: Vec<Explanation>, order: [Finding; 3]) -> Explanation {
    let found = order.into_iter().find(|finding| parts.iter().any(|part| part.finding() == *finding));
    Explanation::new(asked, found.unwrap_or(Finding::NotAsked)).parts(parts)
}

impl<R: 'static> Explain for Filter<R> {
    fn explain(&self, outcomes: u64, _: Option<&Principal>) -> Explanation {
        self.node.tell(&mut Outcomes { bits: outcomes, place: 0 }).decisive()
    }
}
