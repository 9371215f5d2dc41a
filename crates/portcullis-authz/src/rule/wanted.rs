//! What would satisfy a rule, for the challenge of a refusal.

use std::time::Duration;

use portcullis_core::challenge::StepUp;
use portcullis_core::{RequestView, Scope, Scopes};

use super::Rule;
use super::node::Node;
use super::scope_list::{Quantity, ScopeList};
use super::verdict::Facts;

impl Rule {
    /// The scopes and the login that would satisfy the rule for this caller, everything else left as it is: of
    /// alternatives one that needs no other login, and of those the one that lacks the fewest scopes. `None` if
    /// neither would help.
    pub(super) fn wanted_of(&self, request: &RequestView<'_>) -> Option<Wanted<'_>> {
        let caller = request.principal()?;
        self.wanted(&Facts::silent(request), caller.scopes())
    }

    fn wanted(&self, facts: &Facts<'_>, held: &Scopes) -> Option<Wanted<'_>> {
        match self.node() {
            node if node.is_broken() => None,
            Node::Scopes(list) if list.quantity == Quantity::Any => Some(Wanted::scopes(one_of(list, held))),
            Node::Scopes(list) => Some(Wanted::scopes(list.held_by(held))),
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
                parts.try_fold(Wanted::default(), |all, part| all.and(part?))
            }
            Node::Any(rules) => {
                let ways = rules.iter().filter_map(|rule| rule.firm().wanted(facts, held));
                ways.min_by_key(|way| (way.login, way.missing, way.scopes.len()))
            }
            Node::InMode(mode, rule) if facts.request.trail().enforces(*mode) => rule.wanted(facts, held),
            Node::Unless(unless) if unless.forbids(facts).is_ok() => {
                unless.allow.as_ref()?.wanted(facts, held)
            }
            _ => self.ask(facts).is_ok().then(Wanted::default),
        }
    }
}

/// One that is held, or else the first one written.
fn one_of<'r>(list: &'r ScopeList, held: &Scopes) -> Option<(&'r Scope, bool)> {
    let held = list.held_by(held).find(|(_, held)| *held);
    held.or_else(|| list.first().map(|scope| (scope, false)))
}

/// What would do.
#[derive(Default)]
pub(super) struct Wanted<'r> {
    /// Each with whether it is held, or another that stands for it.
    scopes: Vec<(&'r Scope, bool)>,
    /// How many of them are not held.
    missing: usize,
    /// Whether another login is needed.
    login: bool,
    /// The classes of which a login must be one, also if this one is: another one must not be weaker.
    classes: Option<Vec<&'r str>>,
    max_age: Option<Duration>,
}

impl<'r> Wanted<'r> {
    fn scopes(scopes: impl IntoIterator<Item = (&'r Scope, bool)>) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        let missing = scopes.iter().filter(|(_, held)| !held).count();
        Self { scopes, missing, ..Self::default() }
    }

    /// Both; `None` if no login is of both classes.
    fn and(self, other: Self) -> Option<Self> {
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
            ..Self::scopes(self.scopes.into_iter().chain(other.scopes))
        })
    }

    /// The scopes, held or not.
    pub(super) fn into_scopes(self) -> Scopes {
        self.scopes.into_iter().map(|(scope, _)| scope.clone()).collect()
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
