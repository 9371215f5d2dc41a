//! The challenges of a route, rendered before the first request.

use http::{HeaderValue, StatusCode};
use portcullis_core::challenge::BearerError;
use portcullis_core::{Challenge, Denial};

use crate::schemes::Scheme;

/// Which scheme the client was trying when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// None that this application knows.
    Nothing,
    /// A bearer token without an owner here, or something from which no single scheme can be told.
    Bearer,
    /// The scheme at this place.
    Scheme(usize),
}

/// The challenges of one route.
#[derive(Debug)]
pub(crate) struct RouteChallenges(Vec<RouteChallenge>);

#[derive(Debug)]
struct RouteChallenge {
    /// The schemes that have just this challenge.
    owners: Vec<usize>,
    challenge: Challenge,
    plain: HeaderValue,
    /// With `invalid_token` and with `invalid_request`, for bearer challenges.
    bearer: Option<(HeaderValue, HeaderValue)>,
}

impl RouteChallenges {
    pub(crate) fn new(schemes: &[Scheme], accepted: &[usize], realm: &str) -> Self {
        let mut all: Vec<RouteChallenge> = Vec::with_capacity(accepted.len());
        let accepted = schemes.iter().enumerate().filter(|(index, _)| accepted.contains(index));
        for (index, scheme) in accepted {
            let Some(challenge) = scheme.authenticator.challenge(realm, None) else { continue };
            // Two schemes for bearer tokens say the same: once is enough.
            match all.iter_mut().find(|known| known.challenge == challenge) {
                Some(known) => known.owners.push(index),
                None => all.push(RouteChallenge::new(index, challenge)),
            }
        }
        Self(all)
    }

    /// Without errors, for whoever refuses later.
    pub(crate) fn plain(&self) -> Vec<Challenge> {
        self.0.iter().map(|known| known.challenge.clone()).collect()
    }

    pub(crate) fn take_bearer(&self) -> bool {
        self.0.iter().any(|known| known.bearer.is_some())
    }

    /// Adds the challenges that the denial's status calls for; `own` is what the tried scheme says itself.
    ///
    /// 401: all of them, with the error on that of the tried scheme alone (RFC 9110 §11.6.1, RFC 9449 §7.2).
    /// 400 and 403: that of the tried scheme alone. Anything else has none.
    pub(crate) fn add_to(&self, denial: Denial, tried: Tried, own: Option<Challenge>) -> Denial {
        let status = denial.status();
        if !matches!(status.as_u16(), 400 | 401 | 403) {
            return denial;
        }
        // A scheme may have put challenges on its denial itself.
        let dressed = denial.challenges().next().is_some();
        let denial = match own {
            Some(own) if !dressed => denial.challenge(&own),
            _ => denial,
        };
        let others = self.0.iter().filter(|known| !known.is_of(tried));
        others.filter_map(|known| known.for_another(tried, status)).fold(denial, Denial::challenge_value)
    }
}

impl RouteChallenge {
    fn new(owner: usize, challenge: Challenge) -> Self {
        let with = |error| challenge.clone().error(error).to_header_value();
        let bearer = (challenge.scheme() == "Bearer")
            .then(|| (with(BearerError::InvalidToken), with(BearerError::InvalidRequest)));
        Self { owners: vec![owner], plain: challenge.to_header_value(), bearer, challenge }
    }

    fn is_of(&self, tried: Tried) -> bool {
        matches!(tried, Tried::Scheme(index) if self.owners.contains(&index))
    }

    fn for_another(&self, tried: Tried, status: StatusCode) -> Option<HeaderValue> {
        let all = status == StatusCode::UNAUTHORIZED;
        match (tried, &self.bearer) {
            (Tried::Bearer, Some((invalid_token, _))) if all => Some(invalid_token.clone()),
            (Tried::Bearer, Some((_, invalid_request))) => Some(invalid_request.clone()),
            _ => all.then(|| self.plain.clone()),
        }
    }
}
