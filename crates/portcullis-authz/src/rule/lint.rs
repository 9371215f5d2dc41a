//! Finds rules that mean nothing or can never be satisfied, when the configuration is read.

use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Scope};
use serde_json::Value;

use super::Rule;
use super::node::{Custom, Node, Quantity, ScopeList};

/// How many different conditions of a rule are tried out in every combination. A rule with more is still
/// examined, but a contradiction may go unnoticed; none is ever reported that is not there.
const MAX_CONDITIONS: usize = 12;

impl Rule {
    /// Everything that is wrong with the rule, whatever the request.
    ///
    /// - `P206`: a scope has characters that RFC 6749 §3.3 does not allow,
    /// - `P107`: an `acr` has characters that no challenge can carry (RFC 9470 §3),
    /// - `P204`: a list of scopes or classes is empty, a role, a claim or a method has no name, an age is shorter than
    ///   a second, or the rule contradicts itself.
    ///
    /// ```
    /// use portcullis_authz::{role, scope};
    ///
    /// assert!(scope("a").and(!role("guest")).lint().is_empty());
    /// assert_eq!(scope("a").and(!scope("a")).lint()[0].code().code(), "P204");
    /// assert_eq!(scope("two words").lint()[0].code().code(), "P206");
    /// ```
    #[must_use]
    pub fn lint(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        self.lint_words(&mut errors);
        if self.contradicts_itself() {
            let message = format!("rule `{self}` contradicts itself and refuses every request");
            errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        }
        errors
    }

    /// The rule, if nothing is wrong with it.
    ///
    /// # Errors
    /// All that [`lint`](Self::lint) finds.
    pub fn checked(self) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.lint());
        errors.into_result(self)
    }

    fn lint_words(&self, errors: &mut Vec<ConfigError>) {
        let mut never =
            |message: String| errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        match self.node() {
            Node::All(rules) | Node::Any(rules) => rules.iter().for_each(|rule| rule.lint_words(errors)),
            Node::Not(rule) => rule.lint_words(errors),
            Node::Scopes(list) if list.written.is_empty() => never(format!("`{self}` names no scope")),
            Node::Scopes(list) => list.lint(errors),
            Node::Role(_) | Node::Claim(..) if self.node().is_broken() => {
                never(format!("`{self}` has an empty name"));
            }
            _ => self.lint_assurance(errors),
        }
    }

    fn contradicts_itself(&self) -> bool {
        let mut conditions = Vec::new();
        let formula = Formula::of(self, &mut conditions);
        let combinations = 1_u32 << conditions.len();
        let known = (0..combinations)
            .any(|truths| are_possible(&conditions, truths) && formula.value(truths, true).may_allow());
        let unknown = !self.needs_principal()
            && (0..combinations).any(|truths| formula.value(truths, false).may_allow());
        !known && !unknown
    }
}

impl ScopeList {
    fn lint(&self, errors: &mut Vec<ConfigError>) {
        for text in self.written.iter().filter(|text| Scope::new(text).is_err()) {
            let message = format!(
                "scope `{}` is empty or has a character outside rfc 6749 section 3.3",
                Escaped::new(text)
            );
            errors.push(ConfigError::new(ConfigCode::InvalidScope, message));
        }
    }
}

/// A condition that may hold or not; whatever the others do, but see [`are_possible`].
#[derive(PartialEq)]
enum Condition<'r> {
    Acr(&'r str),
    Amr(&'r str),
    Claim(&'r str, &'r Value),
    Custom(&'r Custom),
    MaxAge(Duration),
    Role(&'r str),
    Scope(&'r str),
    SenderConstrained,
    User,
}

/// Whether a caller can be such that just those conditions hold whose bit is set: a login is of one class, and one
/// that is younger than a minute is younger than an hour.
fn are_possible(conditions: &[Condition<'_>], truths: u32) -> bool {
    let holds = |number: usize| truths >> number & 1 == 1;
    let mut class_holds = false;
    for (number, condition) in conditions.iter().enumerate() {
        match condition {
            Condition::Acr(_) if holds(number) => {
                if class_holds {
                    return false;
                }
                class_holds = true;
            }
            Condition::MaxAge(age) if holds(number) => {
                let mut others = conditions.iter().enumerate();
                let longer = |other: &Condition<'_>| matches!(other, Condition::MaxAge(other) if other > age);
                if others.any(|(number, other)| longer(other) && !holds(number)) {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

/// A rule with its conditions replaced by their numbers.
enum Formula {
    All(Vec<Self>),
    Anonymous,
    Any(Vec<Self>),
    Authenticated,
    /// The condition of that number; the second tells whether it is one of the caller.
    Condition(usize, bool),
    /// A condition beyond the limit, or a broken one.
    Free,
    Not(Box<Self>),
}

/// What is known of a rule's answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Yes,
    /// It could be either.
    Either,
    No,
    /// Neither the rule nor its negation allows: nobody has said who calls.
    Login,
}

impl Answer {
    fn may_allow(self) -> bool {
        matches!(self, Self::Yes | Self::Either)
    }
}

impl Formula {
    fn of<'r>(rule: &'r Rule, conditions: &mut Vec<Condition<'r>>) -> Self {
        let mut list = |rules: &'r [Rule]| rules.iter().map(|rule| Self::of(rule, conditions)).collect();
        match rule.node() {
            Node::All(rules) => Self::All(list(rules)),
            Node::Any(rules) => Self::Any(list(rules)),
            Node::Not(rule) => Self::Not(Box::new(Self::of(rule, conditions))),
            Node::Anonymous => Self::Anonymous,
            Node::Authenticated => Self::Authenticated,
            node if node.is_broken() => Self::Free,
            Node::Acr(list) => {
                let classes = list.written.iter().map(|class| Condition::Acr(class));
                Self::Any(classes.map(|class| Self::numbered(class, conditions)).collect())
            }
            Node::Amr(method) => Self::numbered(Condition::Amr(method), conditions),
            Node::Claim(name, value) => Self::numbered(Condition::Claim(name, value), conditions),
            Node::MaxAge(age) => Self::numbered(Condition::MaxAge(*age), conditions),
            Node::SenderConstrained => Self::numbered(Condition::SenderConstrained, conditions),
            Node::User => Self::numbered(Condition::User, conditions),
            Node::Custom(custom) => Self::numbered(Condition::Custom(custom), conditions),
            Node::Role(role) => Self::numbered(Condition::Role(role), conditions),
            Node::Scopes(scopes) => {
                let each = scopes.set.iter();
                let each = each.map(|scope| Self::numbered(Condition::Scope(scope.as_str()), conditions));
                if scopes.quantity == Quantity::Any {
                    Self::Any(each.collect())
                } else {
                    Self::All(each.collect())
                }
            }
        }
    }

    fn numbered<'r>(condition: Condition<'r>, conditions: &mut Vec<Condition<'r>>) -> Self {
        let of_caller = !matches!(condition, Condition::Custom(_));
        match conditions.iter().position(|known| *known == condition) {
            Some(number) => Self::Condition(number, of_caller),
            None if conditions.len() < MAX_CONDITIONS => {
                conditions.push(condition);
                Self::Condition(conditions.len() - 1, of_caller)
            }
            None => Self::Free,
        }
    }

    /// The answer if just those conditions hold whose bit is set; the caller is known or not.
    fn value(&self, truths: u32, known: bool) -> Answer {
        let truth = |holds| if holds { Answer::Yes } else { Answer::No };
        match self {
            Self::All(parts) => {
                parts.iter().map(|part| part.value(truths, known)).max().unwrap_or(Answer::Yes)
            }
            Self::Any(parts) => parts.iter().map(|part| part.value(truths, known)).fold(Answer::No, or),
            Self::Not(part) => match part.value(truths, known) {
                Answer::Yes => Answer::No,
                Answer::No => Answer::Yes,
                same => same,
            },
            Self::Anonymous => truth(!known),
            Self::Authenticated => {
                if known {
                    Answer::Yes
                } else {
                    Answer::Login
                }
            }
            Self::Condition(_, true) if !known => Answer::Login,
            Self::Condition(number, _) => truth(truths >> number & 1 == 1),
            Self::Free => Answer::Either,
        }
    }
}

fn or(one: Answer, other: Answer) -> Answer {
    let rank = |answer| match answer {
        Answer::Yes => 0,
        Answer::Either => 1,
        Answer::Login => 2,
        Answer::No => 3,
    };
    if rank(one) <= rank(other) { one } else { other }
}
