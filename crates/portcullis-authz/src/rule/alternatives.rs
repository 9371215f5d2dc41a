//! The ways to satisfy a rule, for those who describe it: OpenAPI knows lists of alternatives and nothing deeper.

use portcullis_core::{Mode, Scope};

use super::Rule;
use super::marks::{Marks, both};
use super::node::{Node, Unless};
use super::scope_list::Quantity;

/// How many ways to satisfy it a rule may have and still be [told](Rule::alternatives).
pub const MAX_ALTERNATIVES: usize = 64;

/// One way to satisfy a rule: all of it must hold at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// Scopes that the credential must carry, in the order in which the rule names them, each once.
    pub scopes: Vec<Scope>,
    /// Roles that the caller must have, likewise.
    pub roles: Vec<Box<str>>,
    /// What else must hold, as the rule prints it, without the values that claims are compared with.
    pub conditions: Vec<String>,
    /// Whether the request must come without a caller.
    pub anonymous: bool,
}

impl Rule {
    /// Every way to satisfy the rule; `None` if there are more than [`MAX_ALTERNATIVES`].
    ///
    /// ```
    /// use portcullis_authz::{any_scope, claim, role, scope};
    ///
    /// let rule = any_scope(["read", "write"]).and(!role("guest")).or(role("admin"));
    /// let ways = rule.alternatives().unwrap();
    /// assert_eq!(ways.len(), 3);
    /// assert_eq!((ways[1].scopes[0].as_str(), ways[1].conditions[0].as_str()), ("write", "not role(guest)"));
    /// assert_eq!(&*ways[2].roles[0], "admin");
    /// ```
    #[must_use]
    pub fn alternatives(&self) -> Option<Vec<Alternative>> {
        self.ways(Marks::None)
    }

    /// The same, for those who read it: each role and condition that is not enforced for every request is followed by its mark
    /// as in the route table, and what is only watched stands among the conditions. So does a scope of which only a share of
    /// requests is asked, beside itself. `None` if there are more than [`MAX_ALTERNATIVES`].
    ///
    /// ```
    /// use portcullis_authz::{role, scope, tenant_matches};
    /// use portcullis_core::Mode;
    ///
    /// let rule = scope("a").and(role("editor").in_mode(Mode::Percent(10))).and(tenant_matches("tenant").shadowed());
    /// let ways = rule.marked_alternatives().unwrap();
    /// assert_eq!((&*ways[0].roles[0], &*ways[0].conditions[0]), ("editor [10 %]", "tenant_matches(tenant) [shadow]"));
    ///
    /// // What is demanded, if only of some.
    /// let ways = rule.alternatives().unwrap();
    /// assert_eq!((&*ways[0].roles[0], ways[0].conditions.len()), ("editor", 0));
    /// ```
    #[must_use]
    pub fn marked_alternatives(&self) -> Option<Vec<Alternative>> {
        self.ways(Marks::Within(Mode::Enforce))
    }

    fn ways(&self, marks: Marks) -> Option<Vec<Alternative>> {
        let one = |change: &dyn Fn(&mut Alternative)| {
            let mut alternative = Alternative::default();
            change(&mut alternative);
            Some(vec![alternative])
        };
        let all_of = |scopes: Vec<Scope>, condition: Option<String>| Alternative {
            scopes,
            conditions: condition.into_iter().collect(),
            ..Alternative::default()
        };
        match self.node() {
            Node::All(rules) => rules.iter().try_fold(vec![Alternative::default()], |ways, rule| {
                let others = rule.ways(marks)?;
                let joined = ways.iter().flat_map(|way| others.iter().map(|other| way.joined(other)));
                bounded(joined)
            }),
            Node::Any(rules) => {
                let ways: Option<Vec<_>> = rules.iter().map(|rule| rule.firm().ways(marks)).collect();
                bounded(ways?.into_iter().flatten())
            }
            Node::Scopes(list) if list.is_broken() => one(&|way| way.conditions.push(marks.on(self))),
            Node::Scopes(list) if list.quantity == Quantity::Any => bounded(list.in_order().map(|scope| {
                let condition = marks.beside(&format_args!("scope({scope})"));
                all_of(vec![scope], condition)
            })),
            Node::Scopes(list) => Some(vec![all_of(list.in_order().collect(), marks.beside(self))]),
            Node::Role(role) => one(&|way| way.roles.push(marks.on(&role.name).into())),
            // What is only watched is not demanded.
            Node::InMode(Mode::Shadow, rule) => one(&|way| way.conditions.extend(marks.on_watched(rule))),
            Node::InMode(mode, rule) => rule.ways(marks.within(*mode)),
            Node::Unless(unless @ Unless { allow: Some(allow), .. }) => {
                let told = unless.denies().filter(|(mode, _)| marks.is_told(*mode));
                let forbidden =
                    told.map(|(mode, deny)| marks.within(mode).on(&(!deny.clone()).without_values()));
                let forbidden = Alternative { conditions: forbidden.collect(), ..Alternative::default() };
                bounded(allow.ways(marks)?.iter().map(|way| way.joined(&forbidden)))
            }
            Node::Authenticated => one(&|_| {}),
            Node::Anonymous => one(&|way| way.anonymous = true),
            _ => one(&|way| way.conditions.push(marks.on(&self.without_values()))),
        }
    }

    /// What the rule [forbids](Self::unless) whoever allows it, each as it is printed, without the values that claims are
    /// compared with. What is only watched is not told; what is enforced for a share of requests is followed by that share.
    ///
    /// ```
    /// use portcullis_authz::{claim, role, scope};
    /// use portcullis_core::Mode;
    ///
    /// let rule = scope("a").unless(role("suspended").or(claim("department", "x"))).unless(role("new").shadowed());
    /// assert_eq!(rule.forbidden(), ["role(suspended)", "claim(department)"]);
    /// assert_eq!(scope("a").unless(role("new").in_mode(Mode::Percent(10))).forbidden(), ["role(new) [10 %]"]);
    /// assert!((!role("suspended")).forbidden().is_empty());
    /// ```
    #[must_use]
    pub fn forbidden(&self) -> Vec<String> {
        self.forbids(Mode::Enforce)
    }

    fn forbids(&self, outer: Mode) -> Vec<String> {
        match self.node() {
            Node::Unless(unless) => {
                let below = unless.allow.iter().flat_map(|allow| allow.forbids(outer));
                let denies = unless.denies().filter(|(mode, _)| *mode != Mode::Shadow);
                let here =
                    denies.map(|(mode, deny)| Marks::Within(both(outer, mode)).on(&deny.without_values()));
                below.chain(here).collect()
            }
            Node::InMode(Mode::Shadow, _) => Vec::new(),
            Node::InMode(mode, rule) => rule.forbids(both(outer, *mode)),
            Node::All(rules) => rules.iter().flat_map(|rule| rule.forbids(outer)).collect(),
            // What stands in one alternative does not bind whom another allows.
            _ => Vec::new(),
        }
    }
}

impl Unless {
    /// What is forbidden, and how seriously.
    fn denies(&self) -> impl Iterator<Item = (Mode, &Rule)> {
        self.deny.iter().map(Rule::weighed)
    }
}

impl Alternative {
    /// Both at once.
    fn joined(&self, other: &Self) -> Self {
        let mut both = self.clone();
        add_new(&mut both.scopes, &other.scopes);
        add_new(&mut both.roles, &other.roles);
        add_new(&mut both.conditions, &other.conditions);
        both.anonymous |= other.anonymous;
        both
    }
}

fn add_new<T: Clone + PartialEq>(known: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !known.contains(item) {
            known.push(item.clone());
        }
    }
}

/// Each once, unless there are too many.
fn bounded(ways: impl Iterator<Item = Alternative>) -> Option<Vec<Alternative>> {
    let mut known: Vec<Alternative> = Vec::new();
    for way in ways {
        if known.contains(&way) {
            continue;
        }
        if known.len() == MAX_ALTERNATIVES {
            return None;
        }
        known.push(way);
    }
    Some(known)
}

#[cfg(test)]
mod tests;
