//! Finds parts of a rule that change nothing.

use std::collections::{HashMap, HashSet};

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError};

use super::super::Rule;
use super::super::attribute::Attribute;
use super::super::node::Node;
use super::formula::{Analysis, Formula, World, all, any};

impl Rule {
    pub(super) fn lint_redundancy(&self, errors: &mut Vec<ConfigError>) {
        let before = errors.len();
        self.lint_duplicates(errors);
        let analysis = Analysis::of(self);
        // A duplicate changes nothing either, and was told of.
        if errors.len() == before
            && let Some(worlds) = analysis.whole()
        {
            analysis.formula.lint(&worlds, errors);
        }
        self.watched().into_iter().for_each(|watched| watched.lint_redundancy(errors));
    }

    fn lint_duplicates(&self, errors: &mut Vec<ConfigError>) {
        let twice = |what: String| {
            let message = format!("`{what}` stands twice in `{self}`");
            ConfigError::new(ConfigCode::DuplicateCondition, message)
        };
        match self.node() {
            Node::All(rules) | Node::Any(rules) => {
                errors.extend(repeated(rules.iter()).into_iter().map(|rule| twice(rule.to_string())));
                rules.iter().for_each(|rule| rule.lint_duplicates(errors));
            }
            Node::Unless(unless) => {
                errors.extend(repeated(unless.deny.iter()).into_iter().map(|rule| twice(rule.to_string())));
                unless.allow.iter().chain(&unless.deny).for_each(|rule| rule.lint_duplicates(errors));
            }
            Node::Not(rule) | Node::InMode(_, rule) => rule.lint_duplicates(errors),
            Node::Scopes(list) if list.set.len() < list.written.len() => {
                let mut seen: Vec<&str> = list.written.iter().map(AsRef::as_ref).collect();
                seen.sort_unstable();
                let again = seen.windows(2).filter(|pair| matches!(pair, [one, other] if one == other));
                errors.extend(again.filter_map(|pair| pair.first()).map(|scope| twice((*scope).to_owned())));
            }
            Node::Acr(list) => errors.extend(repeated_names(&list.written).into_iter().map(twice)),
            Node::Attribute(Attribute::Clients(names)) => {
                errors.extend(repeated_names(names).into_iter().map(twice));
            }
            Node::Attribute(Attribute::Networks(networks)) => {
                errors.extend(networks.needless().into_iter().map(|(network, wide)| {
                    if network == wide {
                        return twice(network.to_string());
                    }
                    let message = format!("`{network}` is part of `{wide}` in `{self}`");
                    ConfigError::new(ConfigCode::ShadowedAlternative, message)
                }));
            }
            _ => {}
        }
    }
}

/// Each name that comes again, as often as it does.
fn repeated_names(names: &[Box<str>]) -> Vec<String> {
    let mut seen = HashSet::new();
    let again = names.iter().filter(|name| !seen.insert(*name));
    again.map(|name| Escaped::new(name).to_string()).collect()
}

/// Each rule that comes again, as often as it does.
fn repeated<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<&'r Rule> {
    // Different predicates may have the same name.
    let mut seen: HashMap<String, Vec<&Rule>> = HashMap::new();
    rules
        .filter(|rule| {
            let alike = seen.entry(rule.to_string()).or_default();
            let is_known = alike.contains(rule);
            alike.push(rule);
            is_known
        })
        .collect()
}

impl Formula<'_> {
    /// Looks for parts without which the list that they stand in says the same wherever it is asked.
    fn lint(&self, worlds: &[World], errors: &mut Vec<ConfigError>) {
        match self {
            Self::All(rule, parts) => {
                for part in without_effect(parts, worlds, true) {
                    errors.extend(part_of(rule, part).map(|part| {
                        let message = format!("`{part}` has no effect in `{rule}`");
                        ConfigError::new(ConfigCode::ConditionWithoutEffect, message)
                    }));
                }
                parts.iter().for_each(|part| part.lint(worlds, errors));
            }
            Self::Any(rule, parts) => {
                for part in without_effect(parts, worlds, false) {
                    errors.extend(part_of(rule, part).map(|part| {
                        let message = format!("alternative `{part}` never matters in `{rule}`");
                        ConfigError::new(ConfigCode::ShadowedAlternative, message)
                    }));
                }
                parts.iter().for_each(|part| part.lint(worlds, errors));
            }
            Self::Not(part) | Self::Deny(part) => part.lint(worlds, errors),
            _ => {}
        }
    }
}

/// The numbers of the parts that can be left out, all of them together: the later ones rather than the earlier.
fn without_effect(parts: &[Formula<'_>], worlds: &[World], conjunction: bool) -> Vec<usize> {
    let value = |left: &[usize], world: World| {
        let left = left.iter().filter_map(|number| parts.get(*number));
        if conjunction { all(left, world) } else { any(left, world) }
    };
    let mut left: Vec<usize> = (0..parts.len()).collect();
    let mut found = Vec::new();
    for number in (0..parts.len()).rev() {
        // That the caller is known, and what is only watched, may be said for its own sake.
        let said =
            matches!(parts.get(number), Some(Formula::Authenticated | Formula::Passed | Formula::Anonymous));
        if left.len() < 2 || (conjunction && said) {
            continue;
        }
        let without: Vec<usize> = left.iter().copied().filter(|other| *other != number).collect();
        if worlds.iter().all(|world| value(&left, *world) == value(&without, *world)) {
            left = without;
            found.push(number);
        }
    }
    found.reverse();
    found
}

/// What was written as that part of the rule.
fn part_of(rule: &Rule, number: usize) -> Option<String> {
    match rule.node() {
        Node::All(rules) | Node::Any(rules) => rules.get(number).map(ToString::to_string),
        Node::Unless(unless) => {
            let mut denies = unless.deny.iter().filter(|deny| !matches!(deny.node(), Node::InMode(..)));
            denies.nth(number).or(unless.allow.as_ref()).map(ToString::to_string)
        }
        Node::Acr(list) => list.written.get(number).map(|class| class.to_string()),
        Node::Scopes(list) => list.set.iter().nth(number).map(ToString::to_string),
        _ => None,
    }
}
