//! The challenges of a route, rendered before the first request.

use http::{HeaderValue, StatusCode};
use portcullis_core::challenge::BearerError;
use portcullis_core::{Challenge, Denial, Reason};

use crate::schemes::Scheme;
use crate::shape::{BEARER, DPOP};

/// Which scheme the client was trying when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// None that this application knows.
    Nothing,
    /// The shape at this place.
    Shape(Place),
    /// A token by this authorization scheme, without an owner here.
    Token(&'static str),
    /// Several at once, or something from which no single scheme can be told.
    Unclear,
}

/// Where a shape stands: which of all schemes, and which of its shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) owner: usize,
    pub(crate) shape: usize,
}

/// The challenges of one route.
#[derive(Debug)]
pub(crate) struct RouteChallenges {
    each: Vec<RouteChallenge>,
    /// What the schemes say of most refusals, rendered.
    usual: Vec<(Challenge, HeaderValue)>,
}

/// One refusal of each kind that most are of.
const USUAL: [Reason; 2] = [Reason::TokenSignatureInvalid, Reason::MalformedAuthorization];

#[derive(Debug)]
struct RouteChallenge {
    /// The shapes that have just this challenge.
    places: Vec<Place>,
    challenge: Challenge,
    plain: HeaderValue,
    /// With `invalid_token` and with `invalid_request`, for tokens.
    token: Option<(HeaderValue, HeaderValue)>,
}

impl RouteChallenges {
    pub(crate) fn new(schemes: &[Scheme], accepted: &[usize], realm: &str, metadata: Option<&str>) -> Self {
        let mut all: Vec<RouteChallenge> = Vec::with_capacity(accepted.len());
        let accepted = schemes.iter().enumerate().filter(|(index, _)| accepted.contains(index));
        let shapes = accepted.flat_map(|(owner, scheme)| {
            let shapes = scheme.shapes.iter().enumerate();
            shapes.map(move |(index, shape)| (Place { owner, shape: index }, scheme, shape))
        });
        let mut usual: Vec<(Challenge, HeaderValue)> = Vec::new();
        for (place, scheme, shape) in shapes {
            let challenge = |refused: Option<&Denial>| {
                let challenge = scheme.authenticator.challenge(shape, realm, refused)?;
                Some(with_metadata(challenge, metadata))
            };
            for refused in USUAL.map(Denial::new) {
                let Some(challenge) = challenge(Some(&refused)) else { continue };
                if !usual.iter().any(|(known, _)| *known == challenge) {
                    let rendered = challenge.to_header_value();
                    usual.push((challenge, rendered));
                }
            }
            let Some(challenge) = challenge(None) else { continue };
            // Two schemes for bearer tokens say the same: once is enough.
            match all.iter_mut().find(|known| known.challenge == challenge) {
                Some(known) => known.places.push(place),
                None => all.push(RouteChallenge::new(place, challenge)),
            }
        }
        Self { each: all, usual }
    }

    /// Without errors, for whoever refuses later.
    pub(crate) fn plain(&self) -> Vec<Challenge> {
        self.each.iter().map(|known| known.challenge.clone()).collect()
    }

    /// Whether there is a challenge of this authorization scheme.
    pub(crate) fn offer(&self, authorization_scheme: &str) -> bool {
        self.each.iter().any(|known| known.challenge.scheme() == authorization_scheme)
    }

    /// Adds the challenges that the denial's status calls for; `own` is what the tried shape's scheme says itself.
    ///
    /// 401: all of them, with the error on that of the tried shape alone (RFC 9110 §11.6.1, RFC 9449 §7.2).
    /// 400 and 403: that of the tried shape alone. A 400 from which no single one can be told, or to a shape that has
    /// no challenge here: all of them. Anything else has none.
    pub(crate) fn add_to(&self, denial: Denial, tried: Tried, own: Option<Challenge>) -> Denial {
        let status = denial.status();
        if !matches!(status.as_u16(), 400 | 401 | 403) {
            return denial;
        }
        // A scheme may have put challenges on its denial itself.
        let dressed = denial.challenges().next().is_some();
        let denial = match own {
            Some(own) if !dressed => denial.challenge_value(self.rendered(&own)),
            _ => denial,
        };
        let others = self.each.iter().filter(|known| !known.is_of(tried));
        let denial =
            others.filter_map(|known| known.for_another(tried, status)).fold(denial, Denial::challenge_value);
        if status == StatusCode::BAD_REQUEST && denial.challenges().next().is_none() {
            return self.each.iter().map(|known| known.plain.clone()).fold(denial, Denial::challenge_value);
        }
        denial
    }

    fn rendered(&self, own: &Challenge) -> HeaderValue {
        let usual = self.usual.iter().find(|(usual, _)| usual == own);
        usual.map_or_else(|| own.to_header_value(), |(_, rendered)| rendered.clone())
    }
}

/// RFC 9728 §5.1: on every challenge of a scheme for access tokens.
pub(crate) fn with_metadata(challenge: Challenge, metadata: Option<&str>) -> Challenge {
    match metadata {
        Some(url) if challenge.is_oauth() => challenge.parameter("resource_metadata", url),
        _ => challenge,
    }
}

impl RouteChallenge {
    fn new(place: Place, challenge: Challenge) -> Self {
        let with = |error| challenge.clone().error(error).to_header_value();
        let token = matches!(challenge.scheme(), BEARER | DPOP)
            .then(|| (with(BearerError::InvalidToken), with(BearerError::InvalidRequest)));
        Self { places: vec![place], plain: challenge.to_header_value(), token, challenge }
    }

    fn is_of(&self, tried: Tried) -> bool {
        matches!(tried, Tried::Shape(place) if self.places.contains(&place))
    }

    fn for_another(&self, tried: Tried, status: StatusCode) -> Option<HeaderValue> {
        let refused = status == StatusCode::UNAUTHORIZED;
        let concerned = match tried {
            Tried::Token(scheme) => scheme == self.challenge.scheme(),
            Tried::Unclear => true,
            Tried::Nothing | Tried::Shape(_) => false,
        };
        match &self.token {
            Some((invalid_token, _)) if concerned && refused => Some(invalid_token.clone()),
            Some((_, invalid_request)) if concerned => Some(invalid_request.clone()),
            // Basic and keys have no word for what is wrong.
            _ => (refused || concerned).then(|| self.plain.clone()),
        }
    }
}
