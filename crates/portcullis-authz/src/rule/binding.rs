//! Whether the credential would be of use to a thief.

use portcullis_core::{CredentialMethod, Principal};

use super::Rule;
use super::node::Node;

/// Satisfied by a caller who proved to hold a key: whose token is bound to a DPoP key (RFC 9449) or to a client
/// certificate (RFC 8705), or who came with a client certificate itself. A bearer credential, which serves whoever
/// has it, does not satisfy it.
///
/// Refused with 401 `token_unbound`, and the challenges of all schemes of the route: the client is to come with
/// another token.
///
/// ```
/// use portcullis_authz::{sender_constrained, user_only};
/// use portcullis_core::{Challenge, ChallengeSet, Clock, Confirmation, CredentialMethod, Principal, RequestView, Trail};
///
/// /// Stands for an authentication layer that found Alice, whose token is bound to that.
/// fn request(bound: Option<Confirmation>) -> http::Request<()> {
///     let mut request = http::Request::new(());
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
///     let alice = Principal::builder("alice", CredentialMethod::Jwt);
///     trail.authenticated(bound.into_iter().fold(alice, |alice, key| alice.confirmation(key)).build()).unwrap();
///     trail.set_challenges(ChallengeSet::new(vec![Challenge::bearer("bank"), Challenge::new("DPoP", "bank")]).into());
///     request
/// }
///
/// let (bearer, bound) = (request(None), request(Some(Confirmation::DpopKey([7; 32]))));
/// let (bearer, bound) = (RequestView::of(&bearer)?, RequestView::of(&bound)?);
/// assert!(sender_constrained().decide(&bound).is_ok());
///
/// // Refused: whoever stole this token could have sent it.
/// let refused = sender_constrained().decide(&bearer).unwrap_err();
/// assert_eq!((refused.status().as_u16(), refused.reason().code()), (401, "token_unbound"));
/// assert_eq!(refused.challenges().collect::<Vec<_>>(), [r#"Bearer realm="bank""#, r#"DPoP realm="bank""#]);
///
/// // Customised: of people alone, while other programs may come with a bearer token.
/// let rule = sender_constrained().or(!user_only());
/// assert_eq!(rule.decide(&bearer).unwrap_err().status(), 401);
/// assert_eq!(rule.to_string(), "sender_constrained or not user_only");
/// # Ok::<(), portcullis_core::Denial>(())
/// ```
pub fn sender_constrained() -> Rule {
    Rule::new(Node::SenderConstrained)
}

pub(super) fn is_sender_constrained(caller: &Principal) -> bool {
    caller.confirmation().is_some() || caller.method() == CredentialMethod::ClientCertificate
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Request;
    use portcullis_core::{
        Challenge, ChallengeSet, Clock, Confirmation, PrincipalBuilder, Reason, RequestView, Scopes, Trail,
    };

    use super::*;
    use crate::scope;

    fn caller(method: CredentialMethod) -> PrincipalBuilder {
        Principal::builder("alice", method).scopes(Scopes::parse("a").unwrap())
    }

    /// A request with a token by that scheme, to a route that takes both.
    fn request(caller: PrincipalBuilder, tried: Option<&'static str>) -> Request<()> {
        let mut request = Request::new(());
        let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
        trail.authenticated(caller.build()).unwrap();
        let schemes = vec![Challenge::basic("r"), Challenge::bearer("r"), Challenge::new("DPoP", "r")];
        let set = ChallengeSet::new(schemes);
        trail.set_challenges(Arc::new(match tried {
            Some(scheme) => set.tried(scheme),
            None => set,
        }));
        request
    }

    #[track_caller]
    fn check(rule: &Rule, caller: PrincipalBuilder, expected: Reason) {
        let request = request(caller, Some("Bearer"));
        assert_eq!(rule.evaluate(&RequestView::of(&request).unwrap()).reason(), expected, "{rule}");
    }

    /// A6.15: bound required, by route.
    #[test]
    fn takes_callers_who_proved_a_key_and_no_others() {
        let rule = sender_constrained();
        for confirmation in [Confirmation::DpopKey([1; 32]), Confirmation::Certificate([1; 32])] {
            let bound = caller(CredentialMethod::Jwt).confirmation(confirmation);
            check(&rule, bound, Reason::RuleSatisfied);
        }
        check(&rule, caller(CredentialMethod::ClientCertificate), Reason::RuleSatisfied);
        for method in [
            CredentialMethod::Jwt,
            CredentialMethod::Introspection,
            CredentialMethod::ApiKey,
            CredentialMethod::Basic,
            CredentialMethod::Session,
        ] {
            check(&rule, caller(method), Reason::TokenUnbound);
            check(&!sender_constrained(), caller(method), Reason::RuleSatisfied);
        }
        let both = scope("b").and(sender_constrained());
        check(&both, caller(CredentialMethod::Jwt), Reason::TokenUnbound);
        assert!(rule.lint().is_empty());
        assert_eq!(rule.clone().and(!rule).lint().len(), 1);
    }

    /// A6.16, A6.17: the error stands on the scheme that brought the token, if a token it was.
    #[test]
    fn answers_with_401_and_every_scheme() {
        let refused = |tried| {
            let request = request(caller(CredentialMethod::Jwt), tried);
            let denial = sender_constrained().decide(&RequestView::of(&request).unwrap()).unwrap_err();
            assert_eq!((denial.status().as_u16(), denial.reason()), (401, Reason::TokenUnbound));
            crate::test_support::challenges(&denial).iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()
        };
        let basic = r#"Basic realm="r", charset="UTF-8""#;
        let bearer = r#"Bearer realm="r", error="invalid_token""#;
        assert_eq!(refused(Some("Bearer")), [basic, bearer, r#"DPoP realm="r""#]);
        assert_eq!(refused(None), [basic, r#"Bearer realm="r""#, r#"DPoP realm="r""#]);
    }
}
