//! Rules as text, for people, and as JSON, for the route table.

use std::fmt::{self, Display as _};

use portcullis_core::Mode;
use portcullis_core::escape::Escaped;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Rule;
use super::node::{Node, Unless};
use super::scope_list::Quantity;

impl Rule {
    /// Prints the rule without the values that claims are compared with.
    pub(super) fn without_values(&self) -> impl fmt::Display {
        self.node().without_values()
    }
}

impl Node {
    /// Prints the node without the values that claims are compared with.
    pub(super) fn without_values(&self) -> impl fmt::Display {
        Printed { node: self, values: false }
    }
}

/// Prints the rule as it is written, with the words `and`, `or` and `not`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printed { node: self.node(), values: true }.fmt(f)
    }
}

#[derive(Clone, Copy)]
struct Printed<'r> {
    node: &'r Node,
    values: bool,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node {
            Node::All(rules) => self.list(f, rules, " and "),
            Node::Any(rules) => self.list(f, rules, " or "),
            Node::Not(rule) => {
                f.write_str("not ")?;
                self.part(f, rule)
            }
            Node::Acr(list) => words(f, list.word(), &list.written),
            Node::Amr(method) => write!(f, "amr({})", Escaped::new(method)),
            Node::Anonymous => f.write_str("anonymous"),
            Node::Authenticated => f.write_str("authenticated"),
            Node::Claim(name, value) if self.values => {
                write!(f, "claim({} = {})", Escaped::new(name), PrintedValue(value))
            }
            Node::Claim(name, _) => write!(f, "claim({})", Escaped::new(name)),
            Node::Attribute(attribute) => attribute.fmt(f),
            Node::Custom(custom) => write!(f, "{}({})", custom.word, Escaped::new(&custom.name)),
            Node::InMode(mode, rule) => {
                write!(f, "{}({})", PrintedMode(*mode), Printed { node: rule.node(), ..*self })
            }
            Node::Permission(permission) => write!(f, "permission({})", Escaped::new(&permission.name)),
            Node::Role(role) => write!(f, "role({})", Escaped::new(&role.name)),
            Node::Unless(unless) => self.unless(f, unless),
            Node::MaxAge(age) => write!(f, "max_age({} s)", age.as_secs()),
            Node::Scopes(list) => words(f, list.quantity.word(), &list.written),
            Node::SenderConstrained => f.write_str("sender_constrained"),
            Node::User => f.write_str("user_only"),
        }
    }
}

pub(super) fn words(f: &mut fmt::Formatter<'_>, word: &str, written: &[Box<str>]) -> fmt::Result {
    write!(f, "{word}(")?;
    for (index, text) in written.iter().enumerate() {
        write!(f, "{}{}", if index == 0 { "" } else { ", " }, Escaped::new(text))?;
    }
    f.write_str(")")
}

impl Printed<'_> {
    fn list(self, f: &mut fmt::Formatter<'_>, rules: &[Rule], word: &str) -> fmt::Result {
        for (index, rule) in rules.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            self.part(f, rule)?;
        }
        Ok(())
    }

    fn unless(self, f: &mut fmt::Formatter<'_>, unless: &Unless) -> fmt::Result {
        if let Some(allow) = &unless.allow {
            self.part(f, allow)?;
            f.write_str(" unless ")?;
        } else {
            f.write_str("forbid ")?;
        }
        match unless.deny.as_ref() {
            [deny] => self.part(f, deny),
            denies => {
                f.write_str("(")?;
                self.list(f, denies, " or ")?;
                f.write_str(")")
            }
        }
    }

    fn part(self, f: &mut fmt::Formatter<'_>, rule: &Rule) -> fmt::Result {
        let part = Printed { node: rule.node(), ..self };
        match rule.node() {
            Node::All(_) | Node::Any(_) | Node::Unless(_) => write!(f, "({part})"),
            _ => part.fmt(f),
        }
    }
}

pub(super) struct PrintedMode(pub(super) Mode);

impl fmt::Display for PrintedMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Mode::Percent(share) => write!(f, "enforced_for {}% ", share.min(100)),
            Mode::Enforce => f.write_str("enforced"),
            _ => f.write_str("shadow"),
        }
    }
}

impl Quantity {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all_scopes",
            Self::Any => "any_scope",
            Self::One => "scope",
        }
    }
}

/// A value as JSON; text loses nothing but what cannot be seen.
struct PrintedValue<'r>(&'r Value);

impl fmt::Display for PrintedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => write!(f, "\"{}\"", Escaped::new(text)),
            other => Escaped::new(&other.to_string()).fmt(f),
        }
    }
}

/// One object per condition: `{"scope": "a"}`, `{"any_scope": ["a", "b"]}`, `{"role": "r"}`,
/// `{"claim": {"name": "n", "value": 1}}`, `{"acr": "c"}`, `{"any_acr": ["c", "d"]}`, `{"amr": "m"}`,
/// `{"max_age": 300}` in seconds, `{"permission": "p"}`, `{"tenant_matches": "p"}`, `{"danger_any_tenant": "p"}`, `{"network": "n"}`,
/// `{"any_network": [..]}`, `{"via_method": "jwt"}`, `{"client": "c"}`, `{"any_client": [..]}`, `{"group": "g"}`,
/// `{"issuer": "i"}`, `{"within_hours": {"from": 9, "until": 17}}`, `{"before": 1}` and `{"after": 1}` in seconds since
/// 1970, `{"when": "name"}`, `{"rule": "name"}`, `{"all": [..]}`, `{"any": [..]}`, `{"not": ..}`,
/// `{"unless": {"allow": .., "deny": [..]}}`, `{"in_mode": {"mode": "shadow", "rule": ..}}`;
/// `"authenticated"`, `"anonymous"`, `"sender_constrained"` and `"user_only"` are text.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node() {
            Node::All(rules) => tagged(serializer, "all", rules),
            Node::Any(rules) => tagged(serializer, "any", rules),
            Node::Not(rule) => tagged(serializer, "not", rule),
            Node::Acr(list) => match list.single() {
                Some(class) => tagged(serializer, list.word(), class),
                None => tagged(serializer, list.word(), &list.written),
            },
            Node::Amr(method) => tagged(serializer, "amr", method),
            Node::Anonymous => serializer.serialize_str("anonymous"),
            Node::Authenticated => serializer.serialize_str("authenticated"),
            Node::Claim(name, value) => tagged(serializer, "claim", &NamedValue { name, value }),
            Node::Attribute(attribute) => attribute.serialize(serializer),
            Node::Custom(custom) => tagged(serializer, custom.word, &custom.name),
            Node::InMode(mode, rule) => {
                let mode = PrintedMode(*mode).to_string();
                tagged(serializer, "in_mode", &RuleInMode { mode: mode.trim_end(), rule })
            }
            Node::Permission(permission) => tagged(serializer, "permission", &permission.name),
            Node::Unless(unless) => {
                tagged(serializer, "unless", &Forbidding { allow: unless.allow.as_ref(), deny: &unless.deny })
            }
            Node::MaxAge(age) => tagged(serializer, "max_age", &age.as_secs()),
            Node::Role(role) => tagged(serializer, "role", &role.name),
            Node::SenderConstrained => serializer.serialize_str("sender_constrained"),
            Node::User => serializer.serialize_str("user_only"),
            Node::Scopes(list) => match (list.quantity, list.written.as_ref()) {
                (Quantity::One, [scope]) => tagged(serializer, "scope", scope),
                (quantity, written) => tagged(serializer, quantity.word(), written),
            },
        }
    }
}

#[derive(Serialize)]
struct Forbidding<'r> {
    allow: Option<&'r Rule>,
    deny: &'r [Rule],
}

#[derive(Serialize)]
struct RuleInMode<'r> {
    mode: &'r str,
    rule: &'r Rule,
}

#[derive(Serialize)]
struct NamedValue<'r> {
    name: &'r str,
    value: &'r Value,
}

pub(super) fn tagged<S: Serializer>(
    serializer: S,
    tag: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(1))?;
    object.serialize_entry(tag, value)?;
    object.end()
}
