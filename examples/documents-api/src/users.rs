//! Who the service knows, and what that makes of a caller.

use std::collections::BTreeSet;
use std::time::SystemTime;

use portcullis::core::PrincipalBuilder;
use portcullis::{CredentialMethod, Principal, Scopes};

use crate::policy::ADMIN;

/// The scope to read documents.
pub(crate) const READ: &str = "documents:read";
/// The scope to create, change and delete documents.
pub(crate) const WRITE: &str = "documents:write";
/// The role that makes a user's own logins carry [`WRITE`].
pub(crate) const EDITOR: &str = "editor";
/// The role that makes a user's own logins carry [`READ`] alone.
pub(crate) const READER: &str = "reader";

/// A user, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub roles: BTreeSet<String>,
    /// The teams whose documents the user reads.
    pub manages: BTreeSet<String>,
}

impl User {
    /// What the user may do at most; a token or an API key may carry less.
    pub fn scopes(&self) -> Scopes {
        let writes = self.roles.contains(ADMIN) || self.roles.contains(EDITOR);
        // INVARIANT: both constants are scope tokens, as a test checks.
        Scopes::parse(&if writes { format!("{READ} {WRITE}") } else { READ.into() }).unwrap_or_default()
    }

    /// The user as a caller: no issuer, since this service itself knows it; its groups are the teams that it
    /// manages.
    pub fn principal(&self, method: CredentialMethod, scopes: Scopes) -> PrincipalBuilder {
        Principal::builder(self.name.as_str(), method)
            .scopes(scopes)
            .roles(self.roles.iter().map(String::as_str))
            .groups(self.manages.iter().map(String::as_str))
    }
}

/// A user by one of its API keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyOwner {
    pub key_id: String,
    pub user: User,
    /// What the key carries: never more than its user has.
    pub scopes: Scopes,
    pub expires_at: Option<SystemTime>,
}

/// The scopes that are in both.
pub(crate) fn intersection(one: &Scopes, other: &Scopes) -> Scopes {
    one.iter().filter(|scope| other.contains(scope.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(roles: &[&str]) -> User {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        User { name: "alice".into(), roles, manages: BTreeSet::from(["finance".into()]) }
    }

    #[test]
    fn only_editors_and_admins_write() {
        assert_eq!(user(&["reader"]).scopes().to_string(), "documents:read");
        assert_eq!(user(&[]).scopes().to_string(), "documents:read");
        assert_eq!(user(&["editor"]).scopes().to_string(), "documents:read documents:write");
        assert_eq!(user(&["admin"]).scopes().to_string(), "documents:read documents:write");
    }

    #[test]
    fn a_user_is_a_caller_without_issuer_and_manages_its_groups() {
        let user = user(&["reader"]);
        let caller = user.principal(CredentialMethod::Basic, user.scopes()).build();
        assert_eq!((caller.subject(), caller.issuer()), ("alice", None));
        assert!(caller.has_role("reader") && caller.in_group("finance") && caller.has_scope(READ));
    }

    #[test]
    fn an_intersection_has_what_both_have() {
        let scopes = |text| Scopes::parse(text).unwrap();
        assert_eq!(intersection(&scopes("a b"), &scopes("b c")), scopes("b"));
    }
}
