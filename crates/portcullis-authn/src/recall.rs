//! Bearer tokens that a scheme took before, which are looked for before anybody reads them.

use http::HeaderName;
use portcullis_core::credentials::AuthorizationField;
use portcullis_core::{Denial, Principal, RequestView, Step};

use crate::refuse::Place;
use crate::schemes::Scheme;
use crate::shape::CredentialShape;

/// Who of a route may remember a bearer token. Each request asks, so that it is known before the first.
pub(crate) struct Recall {
    /// The schemes of the route that take bearer tokens.
    owners: Box<[Place]>,
    /// The other headers that carry credentials of the application.
    other_headers: Box<[HeaderName]>,
}

/// What an authenticator answers.
pub(crate) type Answer = Step<Result<Principal, Denial>>;

impl Recall {
    pub(crate) fn new(schemes: &[Scheme], accepted: &[usize]) -> Self {
        let bearer = |owner: &usize| {
            let shapes = &schemes.get(*owner)?.shapes;
            let shape = shapes.iter().position(|shape| matches!(shape, CredentialShape::Bearer(_)))?;
            Some(Place { owner: *owner, shape })
        };
        let header = |shape: &CredentialShape| match shape {
            CredentialShape::Header(name) => Some(name.clone()),
            _ => None,
        };
        let shapes = schemes.iter().flat_map(|scheme| &scheme.shapes);
        Self {
            owners: accepted.iter().filter_map(bearer).collect(),
            other_headers: shapes.filter_map(header).collect(),
        }
    }

    /// The answer to a bearer token that a scheme of the route took before: it was picked by its shape then, and so it
    /// would be now. `None` if a second credential stands beside it.
    #[inline]
    pub(crate) fn answer<'s>(
        &self,
        schemes: &'s [Scheme],
        field: &AuthorizationField<'_>,
        request: &RequestView<'_>,
    ) -> Option<(Place, &'s Scheme, Answer)> {
        let octets = field.bearer_octets()?;
        let sent = |name| request.headers().contains_key(name);
        if self.owners.is_empty() || self.other_headers.iter().any(sent) {
            return None;
        }
        self.owners.iter().find_map(|place| {
            let scheme = schemes.get(place.owner)?;
            Some((*place, scheme, scheme.authenticator.recall(octets, request)?))
        })
    }
}
