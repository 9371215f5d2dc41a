//! What is forbidden whoever allows it.

use portcullis_core::{Authentication, Reason};

use super::Rule;
use super::node::{Node, Unless};
use super::verdict::{Facts, Kind, Obstacle, Verdict};

/// A rule that forbids what satisfies this one, and allows nothing by itself: joined with others by `and` or `or` in any
/// order, it beats whatever they allow. See [`Rule::unless`].
///
/// ```
/// use portcullis_authz::{forbid, role, scope};
///
/// let rule = scope("a").or(forbid(role("suspended"))).or(role("admin"));
/// assert_eq!(rule.to_string(), "(scope(a) or role(admin)) unless role(suspended)");
/// assert_eq!(forbid(role("suspended")).lint()[0].code().code(), "P204");
/// ```
pub fn forbid(deny: Rule) -> Rule {
    Rule::new(Node::Unless(Unless { allow: None, deny: deny.into_denies() }))
}

impl Rule {
    /// Satisfied by whom this rule lets pass and the other does not hold for: an explicit deny, which beats every
    /// allow, also those that are added by `and` and `or` later. The refusal is 403 `explicitly_denied`.
    ///
    /// A deny that cannot be decided, because something failed, refuses with that failure. To a request without a
    /// caller, which only a rule with [`anonymous`](crate::anonymous) lets pass, a deny applies as to somebody with no
    /// scope, no role and nothing else.
    ///
    /// ```
    /// use portcullis_authz::{role, scope};
    ///
    /// let rule = scope("a").unless(role("suspended")).or(role("admin"));
    /// assert_eq!(rule.to_string(), "(scope(a) or role(admin)) unless role(suspended)");
    /// ```
    pub fn unless(self, deny: Self) -> Self {
        Self::with_denies([self, forbid(deny)], |mut rules| match rules.pop() {
            Some(rule) => rule,
            // INVARIANT: `with_denies` asks for no rule out of none.
            None => Self::new(Node::Any(Box::default())),
        })
    }

    /// Makes a rule of what these allow, and puts around it what they forbid.
    pub(super) fn with_denies(
        rules: impl IntoIterator<Item = Self>,
        join: impl FnOnce(Vec<Self>) -> Self,
    ) -> Self {
        let (mut allowing, mut denies) = (Vec::new(), Vec::new());
        for rule in rules {
            match rule.node() {
                Node::Unless(unless) => {
                    allowing.extend(unless.allow.clone());
                    denies.extend(unless.deny.iter().cloned());
                }
                _ => allowing.push(rule),
            }
        }
        let allow = match (allowing.len(), denies.is_empty()) {
            (0, false) => None,
            // A single one is joined with nothing, unless it was alone from the beginning.
            _ => Some(join(allowing)),
        };
        match (allow, denies.is_empty()) {
            (Some(allow), true) => allow,
            (allow, _) => Self::new(Node::Unless(Unless { allow, deny: denies.into() })),
        }
    }

    /// What to forbid: each alternative by itself, and what the rule forbids too.
    fn into_denies(self) -> Box<[Self]> {
        match self.node() {
            Node::Any(rules) => rules.clone(),
            Node::Unless(unless) => {
                let allow = unless.allow.iter().flat_map(|allow| allow.clone().into_denies());
                allow.chain(unless.deny.iter().cloned()).collect()
            }
            _ => [self].into(),
        }
    }

    pub(super) fn ask_unless<'r>(&'r self, unless: &'r Unless, facts: &Facts<'_>) -> Verdict<'r> {
        let forbidden = unless.forbids(facts);
        if matches!(&forbidden, Err(obstacle) if obstacle.kind != Kind::Failure) {
            return forbidden;
        }
        match &unless.allow {
            // A refusal is known, whatever it is that failed.
            Some(allow) => allow.ask(facts).and(forbidden),
            None => Err(Obstacle::new(Kind::Failure, Reason::Misconfigured, self)),
        }
    }
}

impl Unless {
    /// Whether nothing that is forbidden holds.
    pub(super) fn forbids(&self, facts: &Facts<'_>) -> Verdict<'_> {
        let nobody = matches!(facts.request.trail().authentication(), Authentication::Anonymous);
        let before = facts.nobody.replace(nobody);
        let mut failed = Ok(());
        let mut forbidden = None;
        for deny in &self.deny {
            match deny.ask_deny(facts) {
                Ok(()) => {}
                Err(obstacle) if obstacle.kind == Kind::Failure => failed = Err(obstacle),
                Err(obstacle) => {
                    forbidden = Some(obstacle);
                    break;
                }
            }
        }
        facts.nobody.set(before);
        forbidden.map_or(failed, Err)
    }
}

impl Rule {
    /// Whether the rule does not hold, so that it forbids nothing.
    fn ask_deny(&self, facts: &Facts<'_>) -> Verdict<'_> {
        let (mode, rule) = match self.node() {
            Node::InMode(mode, rule) => (Some(*mode), rule),
            _ => (None, self),
        };
        let place = facts.tally.place();
        let asked = || match rule.ask(facts) {
            Ok(()) => Err(Obstacle::forbidden(rule).at(place)),
            // What is not known may hold.
            Err(obstacle) if matches!(obstacle.kind, Kind::Login | Kind::Failure) => Err(obstacle),
            Err(_) => Ok(()),
        };
        match mode {
            Some(mode) => facts.ask_in_mode(mode, rule, asked),
            None => asked(),
        }
    }
}
