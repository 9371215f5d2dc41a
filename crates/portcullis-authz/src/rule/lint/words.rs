//! Words that mean nothing, and modes where they must not be.

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, Scope};

use super::super::Rule;
use super::super::node::Node;
use super::super::scope_list::ScopeList;

impl Rule {
    pub(super) fn lint_words(&self, errors: &mut Vec<ConfigError>) {
        let mut never =
            |message: String| errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        match self.node() {
            Node::All(rules) | Node::Any(rules) => rules.iter().for_each(|rule| rule.lint_words(errors)),
            Node::Not(rule) | Node::InMode(_, rule) => rule.lint_words(errors),
            Node::Unless(unless) => {
                unless.allow.iter().chain(&unless.deny).for_each(|rule| rule.lint_words(errors));
            }
            Node::Attribute(attribute) => attribute.lint(errors),
            Node::Permission(permission) => self.lint_permission(permission, errors),
            Node::Scopes(list) if list.written.is_empty() => never(format!("`{self}` names no scope")),
            Node::Scopes(list) => list.lint(errors),
            Node::Role(_) | Node::Claim(..) if self.node().is_broken() => {
                never(format!("`{self}` has an empty name"));
            }
            _ => self.lint_assurance(errors),
        }
    }

    /// A mode is at its place where passing over the part means that it is not there: `may_have_one`.
    pub(super) fn lint_modes(&self, may_have_one: bool, errors: &mut Vec<ConfigError>) {
        match self.node() {
            Node::InMode(_, rule) => {
                if !may_have_one {
                    let message = format!(
                        "`{self}` stands in an alternative or a negation: what is passed over there lets others in"
                    );
                    errors.push(ConfigError::new(ConfigCode::MisplacedMode, message));
                }
                rule.lint_modes(may_have_one, errors);
            }
            Node::All(rules) => rules.iter().for_each(|rule| rule.lint_modes(may_have_one, errors)),
            Node::Any(rules) => rules.iter().for_each(|rule| rule.lint_alternative(may_have_one, errors)),
            Node::Not(rule) => rule.lint_modes(false, errors),
            Node::Unless(unless) => {
                unless.allow.iter().for_each(|rule| rule.lint_modes(may_have_one, errors));
                for deny in &unless.deny {
                    // What is forbidden may have a mode itself, but no part of it may.
                    deny.firm().lint_modes(false, errors);
                }
            }
            _ => {}
        }
    }

    /// An alternative that is passed over admits everybody; a condition within it is one among others.
    fn lint_alternative(&self, may_have_one: bool, errors: &mut Vec<ConfigError>) {
        let is_list = matches!(self.node(), Node::All(_)) && !self.is_all_watched();
        self.lint_modes(may_have_one && is_list, errors);
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
