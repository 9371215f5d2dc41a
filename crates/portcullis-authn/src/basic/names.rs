//! What the audit is told of the name that a login names.

use std::fmt::{self, Display};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use portcullis_core::Denial;
use portcullis_core::escape::Escaped;
use quick_cache::sync::Cache;

/// Of how many users a scheme knows, without asking the store, that there are such: by a tag of eight octets each.
pub const MAX_KNOWN_USERS: usize = 4096;

/// How many characters of a name an audit event shows.
const MAX_SHOWN: usize = 64;

/// Names users, and nobody else: a name that is no user's may be a password in the wrong field, so that only a tag of it is
/// told (OWASP Logging Cheat Sheet, "Data to exclude").
pub(super) struct Names {
    /// With a key of this process, so that nobody can try names out on a tag.
    tags: RandomState,
    known: Cache<u64, ()>,
    pseudonymous: bool,
}

impl Names {
    pub(super) fn new(pseudonymous: bool) -> Self {
        Self { tags: RandomState::new(), known: Cache::new(MAX_KNOWN_USERS), pseudonymous }
    }

    /// Remembers that there is such a user.
    pub(super) fn found(&self, name: &str) {
        let tag = self.tag(name);
        if self.known.get(&tag).is_none() {
            self.known.insert(tag, ());
        }
    }

    /// The refusal of an attempt before anybody looked for its user, with the name if it is known to be a user's.
    pub(super) fn blocked(&self, denial: Denial, name: &str) -> Denial {
        let tag = self.tag(name);
        let told = match self.known.get(&tag) {
            Some(()) => self.user(name),
            None => format!("a name of which no user is known, {}", Tag(tag)),
        };
        match denial.explanation() {
            Some(said) => {
                let told = format!("{said}: {told}");
                denial.explained(told)
            }
            None => denial.explained(told),
        }
    }

    /// How a user is called.
    pub(super) fn user(&self, name: &str) -> String {
        if self.pseudonymous {
            format!("user {}", Tag(self.tag(name)))
        } else {
            format!("user `{}`", Escaped::new(name).with_limit(MAX_SHOWN))
        }
    }

    /// How a name is called that is no user's.
    pub(super) fn nobody(&self, name: &str) -> impl Display + use<> {
        Tag(self.tag(name))
    }

    /// The same for the names that limits count as one: without regard to case and to spaces around them.
    fn tag(&self, name: &str) -> u64 {
        let mut hasher = self.tags.build_hasher();
        name.trim().chars().flat_map(char::to_lowercase).for_each(|c| c.hash(&mut hasher));
        hasher.finish()
    }
}

/// `#5f0c13d29a41b7e8`: the same for the same name until the process ends.
struct Tag(u64);

impl Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::Reason;

    use super::*;

    fn blocked(names: &Names, name: &str) -> String {
        names.blocked(Denial::new(Reason::AttemptsExceeded), name).explanation().unwrap().to_owned()
    }

    #[test]
    fn users_are_named_and_other_names_have_a_tag_that_stays_the_same() {
        let names = Names::new(false);
        names.found("alice");
        assert_eq!(blocked(&names, "alice"), "user `alice`");
        assert_eq!(blocked(&names, " ALICE"), "user ` ALICE`", "limits count it as the same");
        let other = blocked(&names, "hunter2");
        assert!(
            other.starts_with("a name of which no user is known, #") && !other.contains("hunter2"),
            "{other}"
        );
        assert!(other.ends_with(&names.nobody("Hunter2 ").to_string()));
        assert_ne!(other, blocked(&names, "hunter3"));
        assert_ne!(other, blocked(&Names::new(false), "hunter2"), "the key is that of one scheme");
    }

    #[test]
    fn under_pseudonyms_nobody_is_named() {
        let names = Names::new(true);
        names.found("alice");
        let told = blocked(&names, "alice");
        assert!(told.starts_with("user #") && !told.contains("alice"), "{told}");
    }

    #[test]
    fn names_are_escaped_and_bounded_and_what_a_guard_said_stays() {
        let names = Names::new(false);
        let name = format!("\u{202e}{}", "x".repeat(200));
        names.found(&name);
        let denial = Denial::new(Reason::AttemptsExceeded).explained("too many");
        let told = names.blocked(denial, &name).explanation().unwrap().to_owned();
        assert!(told.starts_with(r"too many: user `\u{202e}x") && told.len() < 100, "{told}");
    }

    #[test]
    fn no_more_users_are_remembered_than_there_is_room_for() {
        let names = Names::new(false);
        for number in 0..3 * MAX_KNOWN_USERS {
            names.found(&format!("user-{number}"));
        }
        assert!(names.known.len() <= MAX_KNOWN_USERS, "{}", names.known.len());
    }
}
