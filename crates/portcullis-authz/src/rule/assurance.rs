//! How surely the caller is known: rules over the login behind the credential (RFC 9470).

use std::time::{Duration, SystemTime};

use portcullis_core::challenge::check_acr;
use portcullis_core::{Assurance, ConfigCode, ConfigError};

use super::Rule;
use super::node::Node;

/// How far a login may lie in the future, because clocks differ, and still count as one of this moment.
pub const AUTH_TIME_LEEWAY: Duration = Duration::from_secs(30);

/// Satisfied by a caller whose login was of this authentication context class (`acr`, OpenID Connect Core §2),
/// compared octet by octet; there is no order among classes. A credential that names no class does not satisfy it.
///
/// Refused with 401 and `error="insufficient_user_authentication"`, which tells the client to let the user log in
/// again (RFC 9470 §3).
///
/// ```
/// use std::time::Duration;
/// use portcullis_authz::{acr, max_age, scope};
///
/// let rule = scope("payments").and(acr("phr")).and(max_age(Duration::from_secs(300)));
/// assert_eq!(rule.to_string(), "scope(payments) and acr(phr) and max_age(300 s)");
/// ```
pub fn acr(class: impl AsRef<str>) -> Rule {
    classes(true, [class])
}

/// Satisfied by a caller whose login was of one of these authentication context classes. The challenge of a refusal
/// names them in this order, which is that of preference (RFC 9470 §3).
pub fn any_acr(any: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    classes(false, any)
}

/// Satisfied by a caller who logged in by this method, at least (`amr`, RFC 8176), such as `otp`.
///
/// Refused as [`acr`] is, but RFC 9470 has no parameter that names methods: a client that is to know what to ask
/// for wants an [`acr`] that stands for them.
pub fn amr(method: impl AsRef<str>) -> Rule {
    Rule::new(Node::Amr(method.as_ref().into()))
}

/// Satisfied by a caller who logged in so long ago at most, by `auth_time`; when the credential was issued does not
/// count. A credential without `auth_time` does not satisfy it, nor does one whose `auth_time` lies more than
/// [`AUTH_TIME_LEEWAY`] in the future.
///
/// Refused with 401, as [`acr`] is, with `max_age` in whole seconds. An age of less than a second is one that nobody
/// has: [`Rule::lint`] refuses it.
pub fn max_age(age: Duration) -> Rule {
    Rule::new(Node::MaxAge(age))
}

fn classes(one: bool, classes: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    let written = classes.into_iter().map(|class| class.as_ref().into()).collect();
    Rule::new(Node::Acr(AcrList { one, written }))
}

/// Authentication context classes as written.
#[derive(PartialEq)]
pub(super) struct AcrList {
    /// Whether it was written as one.
    one: bool,
    pub(super) written: Box<[Box<str>]>,
}

impl AcrList {
    pub(super) const fn word(&self) -> &'static str {
        if self.one { "acr" } else { "any_acr" }
    }

    /// The class, if it was written as one.
    pub(super) fn single(&self) -> Option<&str> {
        match (self.one, self.written.as_ref()) {
            (true, [class]) => Some(class),
            _ => None,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.written.is_empty() || self.errors().next().is_some()
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = ConfigError> {
        self.written.iter().filter_map(|class| check_acr(class).err())
    }

    pub(super) fn is_satisfied_by(&self, assurance: &Assurance) -> bool {
        assurance.acr.as_ref().is_some_and(|held| self.written.contains(held))
    }
}

/// Whether nobody can log in that quickly: `max_age` and `auth_time` are whole seconds.
pub(super) const fn is_too_short(age: Duration) -> bool {
    age.as_secs() == 0
}

pub(super) fn is_recent(assurance: &Assurance, age: Duration, now: SystemTime) -> bool {
    let Some(login) = assurance.auth_time else { return false };
    match now.duration_since(login) {
        Ok(passed) => passed <= age,
        Err(ahead) => ahead.duration() <= AUTH_TIME_LEEWAY,
    }
}

impl Rule {
    /// Everything that is wrong with a word of this file.
    pub(super) fn lint_assurance(&self, errors: &mut Vec<ConfigError>) {
        let mut never = |what: &str| {
            let message = format!("`{self}` {what}");
            errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        };
        match self.node() {
            Node::Acr(list) if list.written.is_empty() => never("names no class"),
            Node::Acr(list) => errors.extend(list.errors()),
            Node::Amr(method) if method.is_empty() => never("has an empty name"),
            Node::MaxAge(age) if is_too_short(*age) => never("is satisfied by no login"),
            _ => {}
        }
    }
}
