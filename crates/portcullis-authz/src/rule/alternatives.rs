//! The ways to satisfy a rule, for those who describe it: OpenAPI knows lists of alternatives and nothing deeper.

use portcullis_core::{Mode, Scope};

use super::Rule;
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
        let one = |change: &dyn Fn(&mut Alternative)| {
            let mut alternative = Alternative::default();
            change(&mut alternative);
            Some(vec![alternative])
        };
        match self.node() {
            Node::All(rules) => rules.iter().try_fold(vec![Alternative::default()], |ways, rule| {
                let others = rule.alternatives()?;
                let joined = ways.iter().flat_map(|way| others.iter().map(|other| way.joined(other)));
                bounded(joined)
            }),
            Node::Any(rules) => {
                let ways: Option<Vec<_>> = rules.iter().map(|rule| rule.firm().alternatives()).collect();
                bounded(ways?.into_iter().flatten())
            }
            Node::Scopes(list) if list.is_broken() => one(&|way| way.conditions.push(self.to_string())),
            Node::Scopes(list) if list.quantity == Quantity::Any => bounded(
                list.in_order().map(|scope| Alternative { scopes: vec![scope], ..Alternative::default() }),
            ),
            Node::Scopes(list) => one(&|way| way.scopes = list.in_order().collect()),
            Node::Role(role) => one(&|way| way.roles.push(role.name.clone())),
            // What is only watched is not demanded.
            Node::InMode(Mode::Shadow, _) => one(&|_| {}),
            Node::InMode(_, rule) => rule.alternatives(),
            Node::Unless(unless @ Unless { allow: Some(allow), .. }) => {
                let forbidden = unless.enforced().map(|deny| (!deny.clone()).without_values().to_string());
                let forbidden = Alternative { conditions: forbidden.collect(), ..Alternative::default() };
                bounded(allow.alternatives()?.iter().map(|way| way.joined(&forbidden)))
            }
            Node::Authenticated => one(&|_| {}),
            Node::Anonymous => one(&|way| way.anonymous = true),
            _ => one(&|way| way.conditions.push(self.without_values().to_string())),
        }
    }

    /// What the rule [forbids](Self::unless) whoever allows it, each as it is printed, without the values that claims are
    /// compared with. What is only watched is not told; what is enforced for a share of requests is told as if it were for
    /// all.
    ///
    /// ```
    /// use portcullis_authz::{claim, role, scope};
    ///
    /// let rule = scope("a").unless(role("suspended").or(claim("department", "x"))).unless(role("new").shadowed());
    /// assert_eq!(rule.forbidden(), ["role(suspended)", "claim(department)"]);
    /// assert!((!role("suspended")).forbidden().is_empty());
    /// ```
    #[must_use]
    pub fn forbidden(&self) -> Vec<String> {
        match self.node() {
            Node::Unless(unless) => {
                let below = unless.allow.iter().flat_map(Self::forbidden);
                let here = unless.enforced().map(|deny| deny.without_values().to_string());
                below.chain(here).collect()
            }
            Node::InMode(Mode::Shadow, _) => Vec::new(),
            Node::InMode(_, rule) => rule.forbidden(),
            Node::All(rules) => rules.iter().flat_map(Self::forbidden).collect(),
            // What stands in one alternative does not bind whom another allows.
            _ => Vec::new(),
        }
    }
}

impl Unless {
    /// What is forbidden for some requests at least.
    fn enforced(&self) -> impl Iterator<Item = &Rule> {
        let enforced = self.deny.iter().filter(|deny| !matches!(deny.node(), Node::InMode(Mode::Shadow, _)));
        enforced.map(Rule::firm)
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
mod tests {
    use super::*;
    use crate::{acr, all_scopes, anonymous, any_scope, authenticated, claim, role, rule_fn, scope};

    /// Each way as text: scopes, roles, conditions, and `anonymous`.
    #[track_caller]
    fn check(rule: &Rule, expected: &[&str]) {
        let told: Vec<String> = rule.alternatives().unwrap().iter().map(text).collect();
        assert_eq!(told, expected, "{rule}");
    }

    fn text(way: &Alternative) -> String {
        let scopes = way.scopes.iter().map(ToString::to_string);
        let roles = way.roles.iter().map(|role| format!("@{role}"));
        let anonymous = way.anonymous.then(|| "anonymous".to_owned());
        scopes
            .chain(roles)
            .chain(way.conditions.iter().cloned())
            .chain(anonymous)
            .collect::<Vec<_>>()
            .join(" + ")
    }

    #[test]
    fn every_way_is_told_with_all_that_it_needs() {
        check(&scope("a"), &["a"]);
        check(&all_scopes(["b", "a", "b"]), &["b + a"]);
        check(&any_scope(["b", "a"]), &["b", "a"]);
        check(&authenticated(), &[""]);
        check(&scope("a").and(role("r")).and(scope("a")), &["a + @r"]);
        check(&scope("a").or(role("r")), &["a", "@r"]);
        check(&any_scope(["a", "b"]).and(scope("c").or(role("r"))), &["a + c", "a + @r", "b + c", "b + @r"]);
        check(&anonymous().or(authenticated()), &["anonymous", ""]);
        check(&scope("a").or(scope("a")), &["a"]);
    }

    #[test]
    fn what_is_neither_scope_nor_role_is_told_in_words_and_without_values() {
        check(&claim("department", "secret"), &["claim(department)"]);
        check(&(!claim("department", "secret")).and(scope("a")), &["a + not claim(department)"]);
        check(&acr("phr").and(!role("guest")), &["acr(phr) + not role(guest)"]);
        let own =
            rule_fn("office", |_| portcullis_core::Decision::deny(portcullis_core::Reason::PolicyDenied));
        check(&own, &["rule(office)"]);
    }

    #[test]
    fn what_is_forbidden_stands_in_every_way_and_what_is_watched_in_none() {
        let rule =
            any_scope(["a", "b"]).and(role("r").shadowed()).unless(role("leaver").or(role("s").shadowed()));
        check(&rule, &["a + not role(leaver)", "b + not role(leaver)"]);
        check(&scope("a").and(role("r").in_mode(Mode::Percent(10))), &["a + @r"]);
    }

    #[test]
    fn what_is_forbidden_is_told_wherever_a_mode_keeps_it() {
        let rule = || scope("a").unless(role("leaver"));
        let share = Mode::Percent(10);
        for (rule, expected) in [
            (rule(), &["role(leaver)"][..]),
            (rule().in_mode(share), &["role(leaver)"]),
            (rule().shadowed(), &[]),
            (rule().in_mode(share).unless(role("s")), &["role(leaver)", "role(s)"]),
            (rule().shadowed().unless(role("s")), &["role(s)"]),
            (scope("b").and(rule().in_mode(share)), &["role(leaver)"]),
            (scope("b").and(rule().shadowed()), &[]),
            (scope("b").unless(role("s").in_mode(share)), &["role(s)"]),
            (scope("b").unless(role("s").shadowed()), &[]),
        ] {
            assert_eq!(rule.forbidden(), expected, "{rule}");
        }
    }

    #[test]
    fn a_broken_list_of_scopes_is_no_way_in() {
        check(&any_scope([""; 0]), &["any_scope()"]);
        check(&scope("two words"), &["scope(two words)"]);
    }

    #[test]
    fn as_many_ways_as_may_be_are_told_and_no_more() {
        let names = |count: usize| (0..count).map(|number| format!("s{number}")).collect::<Vec<_>>();
        assert_eq!(any_scope(names(MAX_ALTERNATIVES)).alternatives().unwrap().len(), MAX_ALTERNATIVES);
        assert_eq!(any_scope(names(MAX_ALTERNATIVES + 1)).alternatives(), None);
        // Thirty factors of two would be a thousand million.
        let pair = |number: usize| any_scope([format!("a{number}"), format!("b{number}")]);
        let product = (1..30).map(pair).fold(pair(0), Rule::and);
        assert_eq!(product.alternatives(), None);
    }
}
