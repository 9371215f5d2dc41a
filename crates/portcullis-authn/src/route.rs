//! The schemes of one route, and what they decide.

use std::fmt;
use std::mem;
use std::sync::Arc;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use portcullis_core::credentials::AuthorizationField;
use portcullis_core::{
    AlreadyAuthenticated, ChallengeSet, Confirmation, CredentialMethod, Decision, Denial, Explanation,
    Finding, Placement, Principal, Reason, RequestView, Room, Step, Trail,
};

use crate::authenticator::Credential;
use crate::pick::{Elsewhere, pick};
use crate::recall::{Answer, Recall};
use crate::refuse::{Place, RouteChallenges, Tried, with_metadata};
use crate::schemes::Scheme;
use crate::shape::{BEARER, CredentialShape, DPOP};
use crate::token_support::TokenSupport;

/// Whether a caller must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Requirement {
    /// A request without a credential passes as anonymous. A bad credential is refused all the same.
    Optional,
    /// A request without a credential is refused.
    Required,
}

/// The schemes that one route takes; clones are free.
///
/// See the crate's docs for how it decides.
#[derive(Clone)]
pub struct RouteSchemes(Arc<Inner>);

struct Inner {
    schemes: Arc<[Scheme]>,
    accepted: Vec<usize>,
    recall: Recall,
    elsewhere: Elsewhere,
    requirement: Requirement,
    realm: Box<str>,
    /// Where the metadata of the protected resource is, for challenges of schemes for access tokens.
    metadata: Option<Box<str>>,
    challenges: RouteChallenges,
    unanswered: Arc<ChallengeSet>,
    /// The refusal of requests without a credential.
    missing: Denial,
    /// The names of the schemes.
    takes: Box<str>,
    /// For whoever refuses a caller that came with a token by this authorization scheme.
    tried: [(&'static str, Arc<ChallengeSet>); 2],
}

/// The shape of an accepted credential, and whether it stood elsewhere than in `Authorization`.
#[derive(Clone, Copy)]
struct Owner {
    place: Place,
    unknown_to_caches: bool,
}

/// The credential that was seen. What there is to say of it is said together with the caller, or, whatever else happens, a
/// panic included, when this is dropped.
struct Seen<'a> {
    trail: &'a Trail,
    scheme: &'a Arc<str>,
    challenges: &'a Arc<ChallengeSet>,
}

impl Seen<'_> {
    #[inline]
    fn with_caller(self, principal: Principal, decision: Decision) -> Result<(), AlreadyAuthenticated> {
        self.trail.identified(principal, self.scheme, self.challenges, decision)?;
        mem::forget(self);
        Ok(())
    }
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        self.trail.set_challenges(Arc::clone(self.challenges));
        self.trail.scheme(Arc::clone(self.scheme));
    }
}

impl RouteSchemes {
    pub(crate) fn new(
        schemes: Arc<[Scheme]>,
        accepted: Vec<usize>,
        requirement: Requirement,
        realm: &str,
        metadata: Option<Box<str>>,
    ) -> Self {
        let challenges = RouteChallenges::new(&schemes, &accepted, realm, metadata.as_deref());
        let unanswered = Arc::new(ChallengeSet::new(challenges.plain()));
        let names = accepted.iter().filter_map(|index| schemes.get(*index)).map(|scheme| &*scheme.name);
        let takes: Box<str> = names.collect::<Vec<_>>().join(", ").into();
        let none = Explanation::new(format!("a credential of one of: {takes}"), Finding::Fails)
            .held("no credential");
        let missing = Denial::new(Reason::MissingCredentials).with_explanation(none.decisive());
        let missing = unanswered.unanswered(missing).prepared();
        let tried = [BEARER, DPOP].map(|scheme| {
            let set = ChallengeSet::new(challenges.plain()).tried(scheme);
            (scheme, Arc::new(set))
        });
        let realm = realm.into();
        let recall = Recall::new(&schemes, &accepted);
        let elsewhere = Elsewhere::new(&schemes, &accepted);
        Self(Arc::new(Inner {
            schemes,
            accepted,
            recall,
            elsewhere,
            requirement,
            realm,
            metadata,
            challenges,
            unanswered,
            missing,
            takes,
            tried,
        }))
    }

    /// The same schemes, with challenges that say where the metadata of the protected resource is (RFC 9728 §5.1), if
    /// one of the schemes takes OAuth access tokens. By default, they do not say.
    #[must_use]
    pub fn with_resource_metadata(self, url: &str) -> Self {
        if self.token_support().next().is_none() {
            return self;
        }
        let inner = &self.0;
        let schemes = Arc::clone(&inner.schemes);
        Self::new(schemes, inner.accepted.clone(), inner.requirement, &inner.realm, Some(url.into()))
    }

    /// How the schemes take OAuth access tokens, as far as they do.
    pub fn token_support(&self) -> impl Iterator<Item = TokenSupport> {
        self.0.accepted().filter_map(|scheme| scheme.authenticator.token_support())
    }

    /// Whether one of the schemes counts [attempts](crate::Authenticator::asks_attempts).
    #[must_use]
    pub fn ask_attempts(&self) -> bool {
        self.0.accepted().any(|scheme| scheme.authenticator.asks_attempts())
    }

    /// Who calls: writes the caller, or that there is none, to the Trail.
    ///
    /// Every decision is recorded in the Trail, and the route's challenges are left there for whoever refuses
    /// later, unless it is refused here for want of a credential. So is the response field `Cache-Control: private`,
    /// if the credential stood in a header of its own or was a client certificate; a field of that name from the
    /// handler stays.
    ///
    /// # Errors
    /// 400 for a malformed, repeated or second credential; 401 for a missing or refused one; 500 if another
    /// authentication has spoken before; else what the authenticator answers.
    pub fn authenticate(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        let inner = &self.0;
        let field = AuthorizationField::of(request.headers());
        match inner.recall.answer(&inner.schemes, &field, request) {
            Some((place, scheme, answer)) => inner.follow_recalled(request.trail(), place, scheme, answer),
            None => inner.pick(&field, request),
        }
    }

    /// Whether a caller must be known.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        self.0.requirement
    }

    /// The names and methods of the schemes, in the order of configuration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, CredentialMethod)> {
        self.0.accepted().map(|scheme| (&*scheme.name, scheme.authenticator.method()))
    }

    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Scheme> {
        self.0.accepted()
    }

    /// The challenges of the route, without errors.
    #[must_use]
    pub fn challenges(&self) -> &Arc<ChallengeSet> {
        &self.0.unanswered
    }
}

impl Inner {
    fn accepted(&self) -> impl Iterator<Item = &Scheme> {
        self.accepted.iter().filter_map(|index| self.schemes.get(*index))
    }

    /// A bearer token that its scheme remembers.
    fn follow_recalled(
        self: &Arc<Self>,
        trail: &Trail,
        place: Place,
        scheme: &Scheme,
        answer: Answer,
    ) -> Step<Result<(), Denial>> {
        let challenges = self.challenges_of(Some(BEARER));
        // What is asked most often takes one turn of the Trail's lock.
        let answer = match answer {
            Step::Done(Ok(principal)) => {
                let decision = authenticated(&principal);
                match trail.identified(principal, &scheme.name, challenges, decision) {
                    Ok(()) => return Step::Done(Ok(())),
                    Err(twice) => Step::Done(Err(twice.into())),
                }
            }
            answer => answer,
        };
        let seen = Seen { trail, scheme: &scheme.name, challenges };
        self.follow(seen, Owner { place, unknown_to_caches: false }, answer)
    }

    /// Finds the credential and its scheme, and asks that.
    fn pick<'a>(
        self: &'a Arc<Self>,
        field: &AuthorizationField<'a>,
        request: &RequestView<'a>,
    ) -> Step<Result<(), Denial>> {
        let trail = request.trail();
        let picked = pick(&self.schemes, &self.elsewhere, field, request);
        if matches!(picked, Ok(None)) && self.requirement != Requirement::Optional {
            trail.denied(Room::Authentication, &self.missing);
            return Step::Done(Err(self.missing.clone()));
        }
        let picked = match picked {
            Ok(Some(picked)) => picked,
            other => {
                trail.set_challenges(Arc::clone(&self.unanswered));
                return Step::Done(match other {
                    Err((denial, tried)) => Err(self.not_picked(trail, denial, tried)),
                    Ok(_) => self.anonymous(trail),
                });
            }
        };
        let challenges = self.challenges_of(picked.shape.token().map(|(scheme, _)| scheme));
        let Some(scheme) = self.schemes.get(picked.place.owner) else {
            trail.set_challenges(Arc::clone(challenges));
            return Step::Done(Err(self.refused(trail, Denial::new(Reason::InternalError), Tried::Nothing)));
        };
        let seen = Seen { trail, scheme: &scheme.name, challenges };
        if !self.accepted.contains(&picked.place.owner) {
            let tried = picked.shape.token().map_or(Tried::Nothing, |(scheme, _)| Tried::Token(scheme));
            let denial = self.not_accepted(&format!("a credential of `{}`", scheme.name));
            return Step::Done(Err(self.refused(trail, denial, tried)));
        }
        let owner = Owner {
            place: picked.place,
            unknown_to_caches: matches!(
                picked.shape,
                CredentialShape::ClientCertificate | CredentialShape::Header(_)
            ),
        };
        let credential = Credential::new(&scheme.name, picked.shape, picked.text).known(picked.counted);
        self.follow(seen, owner, scheme.authenticator.authenticate(&credential, request))
    }

    /// Concludes what the scheme answers, now or when it does.
    fn follow(self: &Arc<Self>, seen: Seen<'_>, owner: Owner, answer: Answer) -> Step<Result<(), Denial>> {
        let trail = seen.trail;
        match answer {
            Step::Done(answer) => {
                let say = |principal, decision| seen.with_caller(principal, decision);
                Step::Done(self.conclude(trail, owner, answer, say))
            }
            Step::Wait(wait) => {
                drop(seen);
                let (inner, trail) = (Arc::clone(self), trail.clone());
                Step::wait(async move {
                    let say = |principal, decision| {
                        trail.authenticated(principal)?;
                        trail.note(Room::Authentication, decision, true);
                        Ok(())
                    };
                    inner.conclude(&trail, owner, wait.await, say)
                })
            }
        }
    }

    /// Those after a token by this authorization scheme.
    fn challenges_of(&self, tried: Option<&str>) -> &Arc<ChallengeSet> {
        let set = tried.and_then(|scheme| self.tried.iter().find(|(tried, _)| *tried == scheme));
        set.map_or(&self.unanswered, |(_, set)| set)
    }

    /// No credential was sent, and none is required.
    fn anonymous(&self, trail: &Trail) -> Result<(), Denial> {
        match trail.anonymous() {
            Ok(()) => {
                trail.decided(Room::Authentication, &Decision::allow(Reason::Anonymous));
                Ok(())
            }
            Err(twice) => Err(self.refused(trail, twice.into(), Tried::Nothing)),
        }
    }

    /// Something was sent, but no scheme owns it.
    fn not_picked(&self, trail: &Trail, denial: Denial, tried: Tried) -> Denial {
        let offered = matches!(tried, Tried::Token(scheme) if self.challenges.offer(scheme));
        let foreign = denial.reason() == Reason::TokenMalformed && !offered;
        let denial = match denial.reason() {
            Reason::TokenMalformed if foreign => self.not_accepted("a token"),
            Reason::SchemeNotAccepted => {
                let sent = denial.explanation().unwrap_or_default().to_owned();
                self.not_accepted(&sent)
            }
            _ => denial,
        };
        self.refused(trail, denial, tried)
    }

    fn not_accepted(&self, sent: &str) -> Denial {
        Denial::new(Reason::SchemeNotAccepted).explained(format!("{sent}; the route takes {}", self.takes))
    }

    fn conclude(
        &self,
        trail: &Trail,
        owner: Owner,
        answer: Result<Principal, Denial>,
        say: impl FnOnce(Principal, Decision) -> Result<(), AlreadyAuthenticated>,
    ) -> Result<(), Denial> {
        let principal = answer.map_err(|denial| self.refused(trail, denial, Tried::Shape(owner.place)))?;
        let decision = authenticated(&principal);
        match say(principal, decision) {
            Ok(()) => {
                if owner.unknown_to_caches {
                    // RFC 9111 §3.5 keeps shared caches from answers to `Authorization` alone. So does RFC 9440 §2.4.
                    let private = HeaderValue::from_static("private");
                    trail.response_field(CACHE_CONTROL, private, Placement::Default);
                }
                Ok(())
            }
            Err(twice) => Err(self.refused(trail, twice.into(), Tried::Nothing)),
        }
    }

    fn refused(&self, trail: &Trail, denial: Denial, tried: Tried) -> Denial {
        let own = match tried {
            Tried::Shape(place) if self.accepted.contains(&place.owner) => {
                self.schemes.get(place.owner).and_then(|scheme| {
                    let shape = scheme.shapes.get(place.shape)?;
                    let challenge = |refused| scheme.authenticator.challenge(shape, &self.realm, refused);
                    let own = challenge(Some(&denial)).or_else(|| challenge(None))?;
                    Some(with_metadata(own, self.metadata.as_deref()))
                })
            }
            _ => None,
        };
        let denial = self.challenges.add_to(denial, tried, own);
        trail.denied(Room::Authentication, &denial);
        denial
    }
}

/// The decision, with what the credential is bound to and was proven: it tells a stolen token from one that is
/// useless to a thief.
fn authenticated(principal: &Principal) -> Decision {
    let decision = Decision::allow(Reason::Authenticated);
    match principal.confirmation() {
        Some(Confirmation::DpopKey(_)) => decision.because("bound to a DPoP key"),
        Some(Confirmation::Certificate(_)) => decision.because("bound to a client certificate"),
        _ => decision,
    }
}

impl fmt::Debug for RouteSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteSchemes")
            .field("schemes", &self.0.accepted().map(|scheme| &scheme.name).collect::<Vec<_>>())
            .field("requirement", &self.0.requirement)
            .finish_non_exhaustive()
    }
}
