//! What would satisfy a rule, for the challenge of a refusal.

use std::time::Duration;

use portcullis_core::challenge::StepUp;
use portcullis_core::{RequestView, Scope, Scopes};

use super::Rule;
use super::node::{Node, Quantity};
use super::verdict::Facts;

impl Rule {
    /// The scopes and the login that would satisfy the rule for this caller, everything else left as it is: of
    /// alternatives one that needs no other login, and of those the one that lacks the fewest scopes. `None` if
    /// neither would help.
    pub(super) fn wanted_of(&self, request: &RequestView<'_>) -> Option<Wanted<'_>> {
        let caller = request.principal()?;
        let facts = Facts { request, caller: Some(caller) };
        self.wanted(&facts, caller.scopes())
    }

    fn wanted(&self, facts: &Facts<'_>, held: &Scopes) -> Option<Wanted<'_>> {
        match self.node() {
            node if node.is_broken() => None,
            Node::Scopes(list) if list.quantity == Quantity::Any => {
                Some(Wanted::scopes(list.first(Some(held)).or_else(|| list.first(None)), held))
            }
            Node::Scopes(list) => Some(Wanted::scopes(list.set.iter(), held)),
            Node::Acr(list) => {
                let classes = Some(list.written.iter().map(AsRef::as_ref).collect());
                Some(Wanted { login: self.ask(facts).is_err(), classes, ..Wanted::default() })
            }
            Node::Amr(_) => Some(Wanted { login: self.ask(facts).is_err(), ..Wanted::default() }),
            Node::MaxAge(age) => {
                Some(Wanted { login: self.ask(facts).is_err(), max_age: Some(*age), ..Wanted::default() })
            }
            Node::All(rules) => {
                let mut parts = rules.iter().map(|rule| rule.wanted(facts, held));
                parts.try_fold(Wanted::default(), |all, part| all.and(part?, held))
            }
            Node::Any(rules) => {
                let ways = rules.iter().filter_map(|rule| rule.wanted(facts, held));
                ways.min_by_key(|way| (way.login, way.missing, way.scopes.len()))
            }
            _ => self.ask(facts).is_ok().then(Wanted::default),
        }
    }
}

/// What would do.
#[derive(Default)]
pub(super) struct Wanted<'r> {
    scopes: Vec<&'r Scope>,
    /// How many of them are not held.
    missing: usize,
    /// Whether another login is needed.
    login: bool,
    /// The classes of which a login must be one, also if this one is: another one must not be weaker.
    classes: Option<Vec<&'r str>>,
    max_age: Option<Duration>,
}

impl<'r> Wanted<'r> {
    fn scopes(scopes: impl IntoIterator<Item = &'r Scope>, held: &Scopes) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        let missing = scopes.iter().filter(|scope| !held.contains(scope.as_str())).count();
        Self { scopes, missing, ..Self::default() }
    }

    /// Both; `None` if no login is of both classes.
    fn and(self, other: Self, held: &Scopes) -> Option<Self> {
        let classes = match (self.classes, other.classes) {
            (Some(mut classes), Some(others)) => {
                classes.retain(|class| others.contains(class));
                Some(classes)
            }
            (classes, others) => classes.or(others),
        };
        if classes.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        Some(Self {
            login: self.login || other.login,
            classes,
            max_age: [self.max_age, other.max_age].into_iter().flatten().min(),
            ..Self::scopes(self.scopes.into_iter().chain(other.scopes), held)
        })
    }

    /// The scopes, held or not.
    pub(super) fn into_scopes(self) -> Scopes {
        self.scopes.into_iter().cloned().collect()
    }

    /// The login, with the scopes if some are missing too.
    pub(super) fn into_step_up(self) -> StepUp {
        let mut step_up = StepUp::new().acr_values(self.classes.iter().flatten().copied());
        if let Some(age) = self.max_age {
            step_up = step_up.max_age(age);
        }
        if self.missing > 0 { step_up.scopes(self.into_scopes()) } else { step_up }
    }
}
