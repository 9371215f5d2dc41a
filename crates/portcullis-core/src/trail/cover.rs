//! What the scopes and roles of an application stand for, for whoever asks after the gate of a route.

use std::sync::Arc;

use super::Trail;
use crate::{Principal, Scopes};

/// Knows what the scopes and roles of callers stand for in an application.
pub trait Entitlements: Send + Sync + 'static {
    /// Whether these scopes are, or stand for, the scope.
    fn covers(&self, held: &Scopes, scope: &str) -> bool;

    /// Whether the caller has the role, or one that includes it.
    fn has_role(&self, caller: &Principal, role: &str) -> bool;

    /// Whether a role of the caller has the permission; `None` if nobody says which roles have permissions, or the
    /// permission is none of those that somebody spoke of.
    fn permits(&self, caller: &Principal, permission: &str) -> Option<bool>;

    /// Whether there is such a scope. By default, there is.
    fn knows_scope(&self, scope: &str) -> bool {
        let _ = scope;
        true
    }

    /// Whether there is such a role. By default, there is.
    fn knows_role(&self, role: &str) -> bool {
        let _ = role;
        true
    }
}

impl Trail {
    /// Says what scopes and roles stand for. The first word counts.
    pub fn set_entitlements(&self, entitlements: Arc<dyn Entitlements>) {
        let _ = self.0.entitlements.set(entitlements);
    }

    /// Whether the caller's credential carries the scope, or one that stands for it; none does unless somebody
    /// [said so](Self::set_entitlements).
    #[must_use]
    pub fn covers_scope(&self, caller: &Principal, scope: &str) -> bool {
        caller.has_scope(scope)
            || self.0.entitlements.get().is_some_and(|all| all.covers(caller.scopes(), scope))
    }

    /// Whether the caller has the role, or one that includes it, if somebody said so.
    #[must_use]
    pub fn covers_role(&self, caller: &Principal, role: &str) -> bool {
        caller.has_role(role) || self.0.entitlements.get().is_some_and(|all| all.has_role(caller, role))
    }

    /// Whether there is such a scope, as far as somebody [said so](Self::set_entitlements): what is asked for by a name
    /// that there is not is a mistake, and must not hold by negation.
    #[must_use]
    pub fn knows_scope(&self, scope: &str) -> bool {
        self.0.entitlements.get().is_none_or(|all| all.knows_scope(scope))
    }

    /// Whether there is such a role, as far as somebody [said so](Self::set_entitlements).
    #[must_use]
    pub fn knows_role(&self, role: &str) -> bool {
        self.0.entitlements.get().is_none_or(|all| all.knows_role(role))
    }

    /// Whether a role of the caller has the permission; `None` if nobody said which roles have permissions, or that
    /// any has this one.
    #[must_use]
    pub fn permits(&self, caller: &Principal, permission: &str) -> Option<bool> {
        self.0.entitlements.get()?.permits(caller, permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, CredentialMethod};

    struct WriteIsRead;

    impl Entitlements for WriteIsRead {
        fn covers(&self, held: &Scopes, scope: &str) -> bool {
            scope == "read" && held.contains("write")
        }

        fn has_role(&self, caller: &Principal, role: &str) -> bool {
            role == "viewer" && caller.has_role("editor")
        }

        fn permits(&self, caller: &Principal, permission: &str) -> Option<bool> {
            Some(permission == "edit" && caller.has_role("editor"))
        }
    }

    struct All;

    impl Entitlements for All {
        fn covers(&self, _: &Scopes, _: &str) -> bool {
            true
        }

        fn has_role(&self, _: &Principal, _: &str) -> bool {
            true
        }

        fn permits(&self, _: &Principal, _: &str) -> Option<bool> {
            Some(true)
        }
    }

    #[test]
    fn scopes_and_roles_stand_for_others_where_somebody_said_so_and_the_first_word_counts() {
        let scopes = Scopes::parse("write").unwrap();
        let caller = Principal::builder("alice", CredentialMethod::Jwt).scopes(scopes).role("editor").build();
        let trail = Trail::open(&Clock::system());
        assert!(trail.covers_scope(&caller, "write") && !trail.covers_scope(&caller, "read"));
        assert!(trail.covers_role(&caller, "editor") && !trail.covers_role(&caller, "viewer"));
        assert_eq!(trail.permits(&caller, "edit"), None);
        trail.set_entitlements(Arc::new(WriteIsRead));
        trail.set_entitlements(Arc::new(All));
        assert!(trail.covers_scope(&caller, "read") && !trail.covers_scope(&caller, "delete"));
        assert!(trail.covers_role(&caller, "viewer") && !trail.covers_role(&caller, "admin"));
        assert_eq!(
            (trail.permits(&caller, "edit"), trail.permits(&caller, "delete")),
            (Some(true), Some(false))
        );
        // Whoever does not say which names there are has heard of all.
        assert!(trail.knows_scope("write") && trail.knows_role("no such role"));
    }
}
