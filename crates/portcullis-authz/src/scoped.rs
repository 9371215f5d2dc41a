use std::fmt;
use std::marker::PhantomData;

use portcullis_core::{
    Authentication, Decision, Denial, Principal, ProblemType, Reason, RequestView, Room, Scope, Scopes,
};

use crate::{Demand, Demands, refusal};

/// A set of scopes as a type, for [`Scoped`].
///
/// ```
/// use portcullis_authz::ScopeSet;
///
/// struct DocumentsWrite;
///
/// impl ScopeSet for DocumentsWrite {
///     const SCOPES: &'static [&'static str] = &["documents:write"];
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of scopes",
    note = "write `impl ScopeSet for {Self} {{ const SCOPES: &'static [&'static str] = &[\"..\"]; }}`"
)]
pub trait ScopeSet: Send + Sync + 'static {
    /// The scopes that the caller must hold, all of them. An empty set and one with text that is no scope
    /// (RFC 6749 §3.3) do not compile.
    const SCOPES: &'static [&'static str];
}

/// Proof that the caller holds every scope of the set.
///
/// As a handler's argument (feature `axum-core-05`) it asks again what a rule may have asked before: a handler
/// that takes it cannot be reached without the scopes, whatever route it is put on. Behind `Security`, scopes that
/// [imply](crate::ScopeCatalog::implies) others stand for them here too, and one that is not declared keeps the application
/// from starting (`P211`).
///
/// ```
/// use portcullis_authz::{ScopeSet, Scoped};
/// use portcullis_core::{Challenge, ChallengeSet, Clock, CredentialMethod, Principal, RequestView, Scopes, Trail};
///
/// struct Publish;
///
/// impl ScopeSet for Publish {
///     const SCOPES: &'static [&'static str] = &["documents:write", "documents:publish"];
/// }
///
/// fn publish(by: &Scoped<Publish>) -> String {
///     format!("published by {}", by.principal().subject())
/// }
///
/// /// Stands for an authentication layer that found Alice, whose token has these scopes.
/// fn request(scopes: &str) -> http::Request<()> {
///     let mut request = http::Request::new(());
///     let alice = Principal::builder("alice", CredentialMethod::Jwt).scopes(Scopes::parse(scopes).unwrap());
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
///     trail.authenticated(alice.build()).unwrap();
///     trail.set_challenges(ChallengeSet::new(vec![Challenge::bearer("documents")]).into());
///     request
/// }
///
/// let both = request("documents:publish documents:write");
/// assert_eq!(publish(&Scoped::check(&RequestView::of(&both)?)?), "published by alice");
///
/// let one = request("documents:write");
/// let refused = Scoped::<Publish>::check(&RequestView::of(&one)?).unwrap_err();
/// assert_eq!(refused.status(), 403);
/// assert!(refused.challenges().next().unwrap().to_str().unwrap().contains(r#"error="insufficient_scope""#));
/// # Ok::<(), portcullis_core::Denial>(())
/// ```
#[must_use]
pub struct Scoped<S> {
    principal: Principal,
    scopes: PhantomData<fn() -> S>,
}

impl<S: ScopeSet> Scoped<S> {
    /// Checks the caller's scopes and notes the decision in the Trail.
    ///
    /// # Errors
    /// - 401 with the challenges of the route, if nobody said who calls,
    /// - 403 `insufficient_scope` naming the scopes, if one is missing,
    /// - 500 `misconfigured`, if no authentication ran, or if one is missing and not all of them are declared where scopes
    ///   [are](crate::Vocabulary::speak_to).
    pub fn check(request: &RequestView<'_>) -> Result<Self, Denial> {
        const { assert!(are_scopes(S::SCOPES), "a scope set must name at least one scope, all of them valid") };
        let denial = match request.trail().authentication() {
            Authentication::Known(caller)
                if S::SCOPES.iter().all(|scope| request.trail().covers_scope(caller, scope)) =>
            {
                request.trail().decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
                return Ok(Self { principal: caller.clone(), scopes: PhantomData });
            }
            Authentication::Known(_) if !S::SCOPES.iter().all(|scope| request.trail().knows_scope(scope)) => {
                Denial::misconfigured(format!(
                    "the handler asks for the scopes {}, but not all of them are declared",
                    scopes(S::SCOPES)
                ))
            }
            Authentication::Known(_) => Denial::new(Reason::InsufficientScope)
                .explained(format!("the handler needs the scopes {}", scopes(S::SCOPES))),
            Authentication::Anonymous => {
                Denial::new(Reason::MissingCredentials).explained("the handler asks for the caller's scopes")
            }
            Authentication::NotAsked => Denial::misconfigured(
                "the handler asks for the caller's scopes, but no authentication ran: the route is public",
            ),
        };
        request.trail().denied(Room::Rule, &denial);
        Err(refusal::with_challenges(request, denial, &scopes(S::SCOPES)))
    }

    /// The caller.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The caller, without the proof.
    #[must_use]
    pub fn into_principal(self) -> Principal {
        self.principal
    }
}

impl<S: ScopeSet> Demands for Scoped<S> {
    fn demands() -> Demand {
        Demand::new(format!("scopes({})", S::SCOPES.join(" ")))
            .refusing_with([ProblemType::InsufficientScope])
            .asking_scopes(scopes(S::SCOPES))
    }
}

impl<S: ScopeSet> fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("scopes", &S::SCOPES).field("principal", &self.principal).finish()
    }
}

fn scopes(scopes: &[&str]) -> Scopes {
    scopes.iter().filter_map(|scope| Scope::new(scope).ok()).collect()
}

/// Whether there is a scope, and each text is one; the same characters as [`Scope::new`] allows.
const fn are_scopes(mut scopes: &[&str]) -> bool {
    if scopes.is_empty() {
        return false;
    }
    while let [scope, rest @ ..] = scopes {
        if !is_scope(scope.as_bytes()) {
            return false;
        }
        scopes = rest;
    }
    true
}

const fn is_scope(mut token: &[u8]) -> bool {
    if token.is_empty() {
        return false;
    }
    while let [octet, rest @ ..] = token {
        if !matches!(*octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
            return false;
        }
        token = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use portcullis_core::Effect;

    use super::*;
    use crate::test_support::{Who, challenges, known, noted, request};

    #[derive(Debug)]
    struct Both;

    impl ScopeSet for Both {
        const SCOPES: &'static [&'static str] = &["b", "a"];
    }

    #[track_caller]
    fn check(who: &Who, status: u16, expected: &[&str]) {
        let request = request(who);
        let denial = Scoped::<Both>::check(&RequestView::of(&request).unwrap()).unwrap_err();
        assert_eq!((denial.status().as_u16(), challenges(&denial).as_slice()), (status, expected));
        assert!(matches!(noted(&request, Room::Rule).as_slice(), [(Effect::Deny, _, true, _)]));
    }

    #[test]
    fn proves_that_the_caller_holds_every_scope() {
        let request = request(&known("a b c", &[]));
        let proof = Scoped::<Both>::check(&RequestView::of(&request).unwrap()).unwrap();
        assert_eq!(proof.principal().subject(), "alice");
        assert!(format!("{proof:?}").starts_with(r#"Scoped { scopes: ["b", "a"]"#));
        assert_eq!(noted(&request, Room::Rule)[0].1, Reason::RuleSatisfied);
    }

    #[test]
    fn a_scope_that_implies_another_stands_for_it_where_the_application_says_so() {
        let request = request(&known("all", &[]));
        let view = RequestView::of(&request).unwrap();
        assert_eq!(Scoped::<Both>::check(&view).unwrap_err().status(), 403);
        let catalog = crate::ScopeCatalog::new(["a", "b", "all"]).implies("all", ["a", "b"]);
        crate::Vocabulary::new().with_scopes(catalog).unwrap().speak_to(view.trail());
        assert_eq!(Scoped::<Both>::check(&view).unwrap().principal().subject(), "alice");
    }

    #[test]
    fn a_scope_that_nobody_declared_is_a_mistake_and_no_fault_of_the_caller() {
        let misspelt = |who: &Who| {
            let request = request(who);
            let view = RequestView::of(&request).unwrap();
            let catalog = crate::ScopeCatalog::new(["a", "bee"]);
            crate::Vocabulary::new().with_scopes(catalog).unwrap().speak_to(view.trail());
            Scoped::<Both>::check(&view).map(drop).map_err(|denial| denial.status().as_u16())
        };
        assert_eq!(misspelt(&known("a", &[])), Err(500));
        // As for a rule, who has it has it.
        assert_eq!(misspelt(&known("a b", &[])), Ok(()));
        assert_eq!(misspelt(&Who::Anonymous), Err(401));
    }

    #[test]
    fn it_tells_which_scopes_it_asks_for() {
        let demand = Scoped::<Both>::demands();
        assert_eq!(demand, "scopes(b a)");
        assert_eq!(demand.scopes().map(Scope::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert!(demand.asks_scopes_alone());
    }

    /// A1.7, A1.8, A1.10.
    #[test]
    fn refuses_everybody_else() {
        check(&known("a", &[]), 403, &[r#"Bearer realm="app", error="insufficient_scope", scope="a b""#]);
        check(&Who::Anonymous, 401, &[r#"Basic realm="app", charset="UTF-8""#, r#"Bearer realm="app""#]);
        check(&Who::NotAsked, 500, &[]);
    }

    #[test]
    fn only_sets_of_scopes_compile() {
        assert!(are_scopes(&["a"]) && are_scopes(&["a:b", "!~"]));
        for bad in [&[][..], &[""], &["a", ""], &["a b"], &["\""], &["\\"], &["é"], &["a\n"]] {
            assert!(!are_scopes(bad), "{bad:?}");
            assert!(bad.is_empty() || bad.iter().any(|scope| Scope::new(scope).is_err()));
        }
    }
}
