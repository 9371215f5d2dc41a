//! A rule as a formula over conditions, tried out in every combination.

use super::super::Rule;
use super::super::attribute::Attribute;
use super::super::node::Node;
use super::super::scope_list::Quantity;
use super::condition::Condition;
use super::possible::Possible;

/// How many different conditions of a rule are tried out in every combination; one that may fail counts twice. A rule
/// with more is still examined, but a contradiction may go unnoticed; none is ever reported that is not there.
const MAX_CONDITIONS: usize = 12;

/// A rule and everything that may be true of a request.
pub(super) struct Analysis<'r> {
    /// How many conditions are tried out.
    count: usize,
    possible: Possible,
    pub(super) formula: Formula<'r>,
    /// Whether every condition is tried out.
    is_whole: bool,
    needs_principal: bool,
}

/// What is true of a request: each condition by its number, and who calls.
#[derive(Clone, Copy)]
pub(super) struct World {
    truths: u32,
    caller: Caller,
}

#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Known,
    /// There is none, and what is asked of one is not known.
    Missing,
    /// There is none, and that settles what is asked of one.
    Nobody,
}

impl<'r> Analysis<'r> {
    pub(super) fn of(rule: &'r Rule) -> Self {
        let mut reading = Reading { conditions: Vec::new(), is_whole: true };
        let formula = reading.read(rule);
        let Reading { conditions, is_whole } = reading;
        let (count, possible) = (conditions.len(), Possible::of(&conditions));
        Self { count, possible, formula, is_whole, needs_principal: rule.needs_principal() }
    }

    /// Everything that can be, if all of it is tried out.
    pub(super) fn whole(&self) -> Option<Vec<World>> {
        self.is_whole.then(|| self.worlds().collect())
    }

    pub(super) fn never_allows(&self) -> bool {
        !self.worlds().any(|world| self.formula.value(world).may_allow())
    }

    /// Whether every caller is let in, whatever else is true.
    pub(super) fn admits_everybody(&self) -> bool {
        let mut known = self.worlds().filter(|world| world.caller == Caller::Known);
        self.is_whole && known.all(|world| self.formula.value(world) == Answer::Yes)
    }

    /// Whether the second of the rule's two parts is satisfied wherever the first may be, also where nobody calls.
    pub(super) fn second_follows(mut self) -> bool {
        self.needs_principal = false;
        let Formula::All(_, parts) = &self.formula else { return false };
        let [first, second] = parts.as_slice() else { return false };
        let holds = |world| !first.value(world).may_allow() || second.value(world) == Answer::Yes;
        self.is_whole && self.worlds().all(holds)
    }

    fn worlds(&self) -> impl Iterator<Item = World> {
        let all = (0..1_u32 << self.count).filter(|truths| self.possible.has(*truths));
        let known = all.clone().map(|truths| World { truths, caller: Caller::Known });
        let missing = all.filter(|_| !self.needs_principal);
        known.chain(missing.map(|truths| World { truths, caller: Caller::Missing }))
    }
}

/// A rule with its conditions replaced by their numbers.
pub(super) enum Formula<'r> {
    All(&'r Rule, Vec<Self>),
    Anonymous,
    Any(&'r Rule, Vec<Self>),
    Authenticated,
    /// The condition of that number; whether it is one of the caller; and the number of its failure.
    Condition(usize, bool, Option<usize>),
    /// What holds for a rule where nobody calls, as `unless` asks it.
    Deny(Box<Self>),
    /// A condition beyond the limit, or a broken one.
    Free,
    /// What is only watched.
    Passed,
    Not(Box<Self>),
}

/// What is known of a rule's answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Yes,
    /// It could be either.
    Either,
    /// Something failed: neither the rule nor its negation allows.
    Fails,
    No,
    /// Neither the rule nor its negation allows: nobody has said who calls.
    Login,
}

impl Answer {
    fn may_allow(self) -> bool {
        matches!(self, Self::Yes | Self::Either)
    }
}

/// Reads a rule, numbering its conditions.
struct Reading<'r> {
    conditions: Vec<Condition<'r>>,
    is_whole: bool,
}

impl<'r> Reading<'r> {
    fn read(&mut self, rule: &'r Rule) -> Formula<'r> {
        match rule.node() {
            Node::All(rules) => Formula::All(rule, rules.iter().map(|rule| self.read(rule)).collect()),
            Node::Any(rules) => {
                Formula::Any(rule, rules.iter().map(|rule| self.read_alternative(rule.firm())).collect())
            }
            Node::Not(rule) => Formula::Not(Box::new(self.read(rule.firm()))),
            Node::InMode(..) => Formula::Passed,
            Node::Unless(unless) => {
                let enforced = unless.deny.iter().filter(|deny| !matches!(deny.node(), Node::InMode(..)));
                let denies = enforced.map(|deny| Formula::Deny(Box::new(self.read(deny))));
                let mut parts: Vec<_> = denies.collect();
                parts.push(
                    unless.allow.as_ref().map_or(Formula::Any(rule, Vec::new()), |allow| self.read(allow)),
                );
                Formula::All(rule, parts)
            }
            Node::Anonymous => Formula::Anonymous,
            Node::Authenticated => Formula::Authenticated,
            node if node.is_broken() => self.free(),
            Node::Acr(list) => {
                let classes = list.written.iter().map(|class| self.number(Condition::Acr(class)));
                Formula::Any(rule, classes.collect())
            }
            Node::Amr(method) => self.number(Condition::Amr(method)),
            Node::Attribute(Attribute::AnyTenant(_)) => Formula::Authenticated,
            Node::Attribute(attribute) => self.number(Condition::Attribute(attribute)),
            Node::Claim(name, value) => self.number(Condition::Claim(name, value)),
            Node::MaxAge(age) => self.number(Condition::MaxAge(*age)),
            Node::SenderConstrained => self.number(Condition::SenderConstrained),
            Node::User => self.number(Condition::User),
            Node::Custom(custom) => self.number(Condition::Custom(custom)),
            Node::Permission(permission) => self.number(Condition::Permission(&permission.name)),
            Node::Role(role) => self.number(Condition::Role(&role.name)),
            Node::Scopes(scopes) => {
                let each = scopes.each();
                let each =
                    each.map(|(scope, covering)| self.number(Condition::Scope(scope.as_str(), covering)));
                let each = each.collect();
                if scopes.quantity == Quantity::Any {
                    Formula::Any(rule, each)
                } else {
                    Formula::All(rule, each)
                }
            }
        }
    }

    /// Where every part could be passed over, every part counts.
    fn read_alternative(&mut self, rule: &'r Rule) -> Formula<'r> {
        match rule.node() {
            Node::All(rules) if rule.is_all_watched() => {
                Formula::All(rule, rules.iter().map(|rule| self.read_alternative(rule.firm())).collect())
            }
            _ => self.read(rule),
        }
    }

    fn number(&mut self, condition: Condition<'r>) -> Formula<'r> {
        let (of_caller, may_fail) = (condition.is_of_caller(), condition.may_fail());
        let fails = |number: usize| may_fail.then_some(number + 1);
        match self.conditions.iter().position(|known| *known == condition) {
            Some(number) => Formula::Condition(number, of_caller, fails(number)),
            None if self.conditions.len() + usize::from(may_fail) < MAX_CONDITIONS => {
                let number = self.conditions.len();
                self.conditions.push(condition);
                self.conditions.extend(may_fail.then_some(Condition::Fails));
                Formula::Condition(number, of_caller, fails(number))
            }
            None => self.free(),
        }
    }

    fn free(&mut self) -> Formula<'r> {
        self.is_whole = false;
        Formula::Free
    }
}

impl Formula<'_> {
    /// The answer where that is true.
    pub(super) fn value(&self, world: World) -> Answer {
        let truth = |holds| if holds { Answer::Yes } else { Answer::No };
        let holds = |number: usize| world.truths >> number & 1 == 1;
        match self {
            Self::All(_, parts) => all(parts.iter(), world),
            Self::Any(_, parts) => any(parts.iter(), world),
            Self::Not(part) => not(part.value(world)),
            Self::Deny(part) => {
                let nobody = World { caller: Caller::Nobody, ..world };
                not(part.value(if world.caller == Caller::Known { world } else { nobody }))
            }
            Self::Anonymous => truth(world.caller != Caller::Known),
            Self::Authenticated | Self::Condition(_, true, _) if world.caller == Caller::Missing => {
                Answer::Login
            }
            Self::Authenticated => truth(world.caller == Caller::Known),
            Self::Condition(_, true, _) if world.caller == Caller::Nobody => Answer::No,
            Self::Condition(_, _, Some(failure)) if holds(*failure) => Answer::Fails,
            Self::Condition(number, ..) => truth(holds(*number)),
            Self::Free => Answer::Either,
            Self::Passed => Answer::Yes,
        }
    }
}

/// The hardest obstacle counts.
pub(super) fn all<'f, 'r: 'f>(parts: impl Iterator<Item = &'f Formula<'r>>, world: World) -> Answer {
    parts.map(|part| part.value(world)).max().unwrap_or(Answer::Yes)
}

/// The easiest way counts.
pub(super) fn any<'f, 'r: 'f>(parts: impl Iterator<Item = &'f Formula<'r>>, world: World) -> Answer {
    let rank = |answer: &Answer| match answer {
        Answer::Yes => 0,
        Answer::Either => 1,
        Answer::Login => 2,
        Answer::Fails => 3,
        Answer::No => 4,
    };
    parts.map(|part| part.value(world)).min_by_key(rank).unwrap_or(Answer::No)
}

fn not(answer: Answer) -> Answer {
    match answer {
        Answer::Yes => Answer::No,
        Answer::No => Answer::Yes,
        same => same,
    }
}
