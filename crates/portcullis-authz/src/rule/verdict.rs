//! How a rule is evaluated: allow, or the obstacle that the refusal names.

use std::borrow::Cow;
use std::cell::Cell;

use portcullis_core::{Authentication, Decision, Principal, ProblemType, Reason, RequestView};
use serde_json::Value;

use super::Rule;
use super::assurance::is_recent;
use super::binding::is_sender_constrained;
use super::node::{Custom, Node};
use super::tally::Tally;

/// What stands in the way of a request.
pub(super) struct Obstacle<'r> {
    pub(super) kind: Kind,
    pub(super) reason: Reason,
    /// What was asked for in vain.
    asked: &'r Rule,
    said: Option<Cow<'static, str>>,
    /// Whether it was asked for that it does not hold: `unless`.
    forbidden: bool,
    /// The number of the condition that stands in the way.
    pub(super) place: u32,
}

/// How hard an obstacle is to overcome, in order.
///
/// Where all must hold, the hardest one is named: only if nothing but scopes is missing would more scopes help, and
/// only if nothing else is would another login. Where one suffices, the easiest one is. Neither [`Kind::Login`] nor [`Kind::Failure`] is an answer of no.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The answer is not known, because the server failed.
    Failure,
    /// A scope is missing; the client may ask its authorization server for it.
    Scope,
    /// The login was too weak or too long ago; the client may let the user log in again.
    Assurance,
    /// A role, a claim or a predicate.
    Attribute,
    /// What must not hold does hold.
    Explicit,
    /// The answer is not known, because nobody has said who calls.
    Login,
}

impl Kind {
    /// Where one suffices: first whatever keeps the answer from being known.
    fn ease(self) -> u8 {
        match self {
            Self::Login => 0,
            Self::Failure => 1,
            Self::Scope => 2,
            Self::Assurance => 3,
            Self::Attribute => 4,
            Self::Explicit => 5,
        }
    }
}

impl<'r> Obstacle<'r> {
    pub(super) fn new(kind: Kind, reason: Reason, asked: &'r Rule) -> Self {
        Self { kind, reason, asked, said: None, forbidden: false, place: 0 }
    }

    /// What a rule asks for by a name that means nothing in the application: neither it nor its negation holds.
    fn unknown(asked: &'r Rule) -> Self {
        Self::new(Kind::Failure, Reason::Misconfigured, asked)
    }

    /// The same, in the way by the condition of that number.
    pub(super) fn at(self, place: u32) -> Self {
        Self { place, ..self }
    }

    /// What `unless` forbids does hold.
    pub(super) fn forbidden(asked: &'r Rule) -> Self {
        Self { forbidden: true, ..Self::new(Kind::Explicit, Reason::ExplicitlyDenied, asked) }
    }

    /// The decision, naming what was asked for, but never the value of a claim.
    pub(super) fn into_decision(self) -> Decision {
        let asked = self.asked.without_values();
        let word = if self.forbidden { "forbids" } else { "needs" };
        let detail = match self.said {
            None => format!("{word} {asked}"),
            Some(said) => format!("{word} {asked}: {said}"),
        };
        Decision::deny(self.reason).because(detail)
    }
}

pub(super) type Verdict<'r> = Result<(), Obstacle<'r>>;

impl Rule {
    /// The answer for the request.
    pub(super) fn verdict(&self, facts: &Facts<'_>) -> Verdict<'_> {
        if facts.caller.is_none() && self.needs_principal() {
            return Err(facts.login(self));
        }
        self.ask(facts)
    }

    pub(super) fn ask(&self, facts: &Facts<'_>) -> Verdict<'_> {
        let before = facts.tally.place();
        let verdict = match self.node() {
            Node::All(rules) => all(rules.iter(), |rule| rule.ask(facts)),
            Node::Any(rules) => any(rules, facts),
            Node::Not(rule) => match rule.firm().ask(facts) {
                Ok(()) => Err(Obstacle::new(Kind::Explicit, Reason::ExplicitlyDenied, self).at(before)),
                // What is not known stays unknown.
                Err(obstacle) if matches!(obstacle.kind, Kind::Login | Kind::Failure) => Err(obstacle),
                Err(_) => Ok(()),
            },
            Node::InMode(mode, rule) => rule.ask_in_mode(*mode, facts),
            Node::Unless(unless) => self.ask_unless(unless, facts),
            node => {
                let verdict = self.ask_condition(node, facts).map_err(|obstacle| obstacle.at(before));
                facts.tally.note(&verdict);
                return verdict;
            }
        };
        // What was passed over was not asked.
        facts.tally.go_to(before.saturating_add(self.conditions()));
        verdict
    }

    /// Asks each part of a conjunction in earnest, whatever its mode.
    pub(super) fn ask_firmly(&self, facts: &Facts<'_>) -> Verdict<'_> {
        match self.node() {
            Node::All(rules) => all(rules.iter(), |rule| rule.ask_alternative(facts)),
            _ => self.ask(facts),
        }
    }

    fn ask_condition(&self, node: &Node, facts: &Facts<'_>) -> Verdict<'_> {
        match node {
            Node::Anonymous => match facts.request.trail().authentication() {
                Authentication::Anonymous => Ok(()),
                Authentication::Known(_) => Err(Obstacle::new(Kind::Attribute, Reason::PolicyDenied, self)),
                Authentication::NotAsked => Err(facts.login(self)),
            },
            Node::Custom(custom) => self.ask_custom(custom, facts),
            _ if self.is_broken() => Err(Obstacle::new(Kind::Failure, Reason::Misconfigured, self)),
            Node::Attribute(attribute) if !attribute.is_of_caller() => {
                let refused = |kind| Err(Obstacle::new(kind, attribute.reason(), self));
                match attribute.is_met(facts.request) {
                    Some(true) => Ok(()),
                    Some(false) => refused(Kind::Attribute),
                    // Refused in the same way, and its negation is too.
                    None => refused(Kind::Failure),
                }
            }
            node => self.ask_caller(node, facts),
        }
    }

    fn ask_caller(&self, node: &Node, facts: &Facts<'_>) -> Verdict<'_> {
        let Some(caller) = facts.caller else { return Err(facts.nobody_is(self)) };
        let trail = facts.request.trail();
        let (held, kind, reason) = match node {
            Node::Scopes(list) => {
                let held = list.is_satisfied_by(caller.scopes())
                    || list.is_satisfied(|scope| trail.covers_scope(caller, scope));
                let is_known =
                    || list.bound || list.set.iter().all(|scope| trail.knows_scope(scope.as_str()));
                if !held && !is_known() {
                    return Err(Obstacle::unknown(self));
                }
                (held, Kind::Scope, Reason::InsufficientScope)
            }
            Node::Acr(list) => {
                (list.is_satisfied_by(caller.assurance()), Kind::Assurance, Reason::AuthenticationTooWeak)
            }
            Node::Amr(method) => {
                (caller.assurance().amr.contains(method), Kind::Assurance, Reason::AuthenticationTooWeak)
            }
            Node::MaxAge(age) => {
                let recent = is_recent(caller.assurance(), *age, facts.request.trail().clock().wall());
                (recent, Kind::Assurance, Reason::AuthenticationTooOld)
            }
            Node::SenderConstrained => (is_sender_constrained(caller), Kind::Attribute, Reason::TokenUnbound),
            Node::User => (!caller.is_client(), Kind::Attribute, Reason::UserRequired),
            Node::Role(role) => {
                let held = role.model.as_ref().map_or_else(
                    || trail.covers_role(caller, &role.name),
                    |model| model.has_role(caller, &role.name),
                );
                if !held && role.model.is_none() && !trail.knows_role(&role.name) {
                    return Err(Obstacle::unknown(self));
                }
                (held, Kind::Attribute, Reason::InsufficientRole)
            }
            Node::Permission(permission) => {
                let held = match &permission.model {
                    Some(model) => Some(model.permits(caller, &permission.name)),
                    None => trail.permits(caller, &permission.name),
                };
                let Some(held) = held else { return Err(Obstacle::unknown(self)) };
                (held, Kind::Attribute, Reason::InsufficientPermission)
            }
            Node::Claim(name, value) => {
                let held = caller.claims().get(name).is_some_and(|held| equals_or_lists(held, value));
                (held, Kind::Attribute, Reason::ClaimMismatch)
            }
            Node::Attribute(attribute) => match attribute.is_met_by(caller, facts.request) {
                Ok(met) => (met, Kind::Attribute, attribute.reason()),
                Err(said) => {
                    let obstacle = Obstacle::new(Kind::Failure, Reason::Misconfigured, self);
                    return Err(Obstacle { said: Some(said.into()), ..obstacle });
                }
            },
            // The rest is `authenticated()`: `ask` has answered for every other node.
            _ => (true, Kind::Login, Reason::MissingCredentials),
        };
        if held { Ok(()) } else { Err(Obstacle::new(kind, reason, self)) }
    }

    fn ask_custom(&self, custom: &Custom, facts: &Facts<'_>) -> Verdict<'_> {
        let decision = (custom.predicate)(facts.request);
        if decision.is_allowed() {
            return Ok(());
        }
        let (kind, reason) = match decision.reason().problem().map(|problem| problem.status().as_u16()) {
            Some(_) if decision.reason().problem() == Some(ProblemType::InsufficientUserAuthentication) => {
                (Kind::Assurance, decision.reason())
            }
            Some(401) => (Kind::Login, decision.reason()),
            Some(..500) => (Kind::Attribute, decision.reason()),
            Some(_) => (Kind::Failure, decision.reason()),
            // A refusal that gives a reason to allow is a mistake of the predicate.
            None => (Kind::Failure, Reason::InternalError),
        };
        let said = decision.detail().map(|said| Cow::Owned(said.to_owned()));
        Err(Obstacle { said, ..Obstacle::new(kind, reason, self) })
    }
}

/// What a rule may look at.
pub(super) struct Facts<'a> {
    pub(super) request: &'a RequestView<'a>,
    pub(super) caller: Option<&'a Principal>,
    /// Whether that nobody calls is known, and settles what is asked of callers.
    pub(super) nobody: Cell<bool>,
    /// Whether a refusal that is not enforced is noted in the Trail.
    pub(super) notes: bool,
    pub(super) tally: Tally,
}

impl<'a> Facts<'a> {
    pub(super) fn noting(request: &'a RequestView<'a>) -> Self {
        Self { notes: true, ..Self::silent(request) }
    }

    pub(super) fn silent(request: &'a RequestView<'a>) -> Self {
        Self {
            request,
            caller: request.principal(),
            nobody: Cell::new(false),
            notes: false,
            tally: Tally::default(),
        }
    }

    fn login<'r>(&self, asked: &'r Rule) -> Obstacle<'r> {
        let reason = match self.request.trail().authentication() {
            Authentication::NotAsked => Reason::Misconfigured,
            Authentication::Anonymous | Authentication::Known(_) => Reason::MissingCredentials,
        };
        Obstacle::new(Kind::Login, reason, asked)
    }

    fn nobody_is<'r>(&self, asked: &'r Rule) -> Obstacle<'r> {
        if self.nobody.get() {
            Obstacle::new(Kind::Attribute, Reason::PolicyDenied, asked)
        } else {
            self.login(asked)
        }
    }
}

/// Every rule is asked, also after one refused: the hardest obstacle is the one to name.
fn all<'r>(rules: impl Iterator<Item = &'r Rule>, ask: impl Fn(&'r Rule) -> Verdict<'r>) -> Verdict<'r> {
    let mut hardest: Option<Obstacle<'r>> = None;
    for obstacle in rules.filter_map(|rule| ask(rule).err()) {
        if hardest.as_ref().is_none_or(|known| obstacle.kind > known.kind) {
            hardest = Some(obstacle);
        }
    }
    hardest.map_or(Ok(()), Err)
}

fn any<'r>(rules: &'r [Rule], facts: &Facts<'_>) -> Verdict<'r> {
    let mut easiest: Option<Obstacle<'r>> = None;
    for rule in rules {
        match rule.ask_alternative(facts) {
            Ok(()) => return Ok(()),
            Err(obstacle) => {
                if easiest.as_ref().is_none_or(|known| obstacle.kind.ease() < known.kind.ease()) {
                    easiest = Some(obstacle);
                }
            }
        }
    }
    easiest.map_or(Ok(()), Err)
}

fn equals_or_lists(held: &Value, wanted: &Value) -> bool {
    held == wanted || held.as_array().is_some_and(|members| members.contains(wanted))
}
