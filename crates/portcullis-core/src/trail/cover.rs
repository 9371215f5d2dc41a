//! What the scopes of an application imply, for whoever asks for one after the rule.

use std::sync::Arc;

use super::Trail;
use crate::{Principal, Scopes};

/// Knows which scopes stand for others.
pub trait CoverScopes: Send + Sync + 'static {
    /// Whether these scopes are, or stand for, the scope.
    fn covers(&self, held: &Scopes, scope: &str) -> bool;
}

impl Trail {
    /// Says which scopes stand for others. The first word counts.
    pub fn set_scope_cover(&self, scopes: Arc<dyn CoverScopes>) {
        let _ = self.0.scopes.set(scopes);
    }

    /// Whether the caller's credential carries the scope, or one that stands for it; none does unless somebody
    /// [said so](Self::set_scope_cover).
    #[must_use]
    pub fn covers_scope(&self, caller: &Principal, scope: &str) -> bool {
        caller.has_scope(scope)
            || self.0.scopes.get().is_some_and(|scopes| scopes.covers(caller.scopes(), scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, CredentialMethod};

    struct WriteImpliesRead;

    impl CoverScopes for WriteImpliesRead {
        fn covers(&self, held: &Scopes, scope: &str) -> bool {
            scope == "read" && held.contains("write")
        }
    }

    struct All;

    impl CoverScopes for All {
        fn covers(&self, _: &Scopes, _: &str) -> bool {
            true
        }
    }

    #[test]
    fn a_scope_stands_for_another_where_somebody_said_so_and_the_first_word_counts() {
        let scopes = Scopes::parse("write").unwrap();
        let caller = Principal::builder("alice", CredentialMethod::Jwt).scopes(scopes).build();
        let trail = Trail::open(&Clock::system());
        assert!(trail.covers_scope(&caller, "write") && !trail.covers_scope(&caller, "read"));
        trail.set_scope_cover(Arc::new(WriteImpliesRead));
        trail.set_scope_cover(Arc::new(All));
        assert!(trail.covers_scope(&caller, "read") && !trail.covers_scope(&caller, "delete"));
    }
}
