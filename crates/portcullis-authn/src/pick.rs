//! Finds the one credential of a request, and the one scheme that owns it.

use std::borrow::Cow;

use http::HeaderName;
use http::header::AUTHORIZATION;
use portcullis_core::credentials::{self, AuthorizationField, Credentials};
use portcullis_core::octets::Counted;
use portcullis_core::{Denial, Reason, RequestView};

use crate::refuse::{Place, Tried};
use crate::schemes::Scheme;
use crate::shape::{BEARER, CredentialShape, DPOP, TokenShape, has_jwt_shape};

/// A credential, where its owner and shape stand among all schemes of the application, and the shape itself.
pub(crate) struct Picked<'a> {
    pub(crate) place: Place,
    pub(crate) shape: &'a CredentialShape,
    pub(crate) text: &'a str,
    /// The same, where it was counted when it was read.
    pub(crate) counted: Option<Counted<'a>>,
}

/// Why nothing was picked although something was sent, and what the client was trying.
pub(crate) type Refusal = (Denial, Tried);

/// Where else than in `Authorization` a credential may stand. It is known before the first request, so that one that has
/// none is soon refused.
pub(crate) struct Elsewhere {
    headers: Box<[(Place, HeaderName)]>,
    /// The scheme of the route that takes client certificates.
    certificate: Option<Place>,
}

impl Elsewhere {
    pub(crate) fn new(schemes: &[Scheme], accepted: &[usize]) -> Self {
        let header = |(place, shape): (Place, &CredentialShape)| match shape {
            CredentialShape::Header(name) => Some((place, name.clone())),
            _ => None,
        };
        let certificate = all_shapes(schemes).find(|(place, shape)| {
            **shape == CredentialShape::ClientCertificate && accepted.contains(&place.owner)
        });
        Self {
            headers: all_shapes(schemes).filter_map(header).collect(),
            certificate: certificate.map(|(place, _)| place),
        }
    }

    /// The certificate of a request in which nothing else was sent.
    fn certificate<'a>(&self, request: &RequestView<'a>) -> Option<Picked<'a>> {
        let place = self.certificate?;
        let shape = &CredentialShape::ClientCertificate;
        request.client_certificate().map(|_| Picked { place, shape, text: "", counted: None })
    }

    /// The refusal of several credentials: it names the fields, and nothing of what stands in them.
    fn several(&self, request: &RequestView<'_>) -> Denial {
        let all = std::iter::once(&AUTHORIZATION).chain(self.headers.iter().map(|(_, name)| name));
        let sent = all.filter(|name| request.headers().contains_key(*name)).map(HeaderName::as_str);
        let mut names: Vec<&str> = sent.collect();
        names.dedup();
        Denial::new(Reason::MultipleCredentials).explained(format!("credentials in {}", names.join(" and ")))
    }
}

/// Every scheme of the application is looked at, not just those of the route: a credential that the route
/// does not take is refused, never ignored. A client certificate is the exception. It comes with the connection and says
/// nothing of what the client wants to be in this request, so that it counts where the route takes such certificates.
pub(crate) fn pick<'a>(
    schemes: &'a [Scheme],
    elsewhere: &Elsewhere,
    field: &AuthorizationField<'a>,
    request: &RequestView<'a>,
) -> Result<Option<Picked<'a>>, Refusal> {
    let headers = request.headers();
    let mut in_headers = elsewhere.headers.iter().filter(|(_, name)| headers.contains_key(name));
    let in_header = in_headers.next();
    let field = field.read().map_err(|denial| (denial, Tried::Unclear))?;
    // RFC 6750 §2 and RFC 9449 §7.2: one method of sending a credential per request.
    if in_headers.next().is_some() || (field.is_some() && in_header.is_some()) {
        return Err((elsewhere.several(request), Tried::Unclear));
    }
    match (field, in_header) {
        (Some(credentials), _) if credentials.is(BEARER) => token(schemes, BEARER, credentials).map(Some),
        (Some(credentials), _) if credentials.is(DPOP) && takes_dpop(schemes) => {
            token(schemes, DPOP, credentials).map(Some)
        }
        (Some(credentials), _) => other_scheme(schemes, credentials).map(Some),
        (None, Some((place, name))) => {
            let tried = Tried::Shape(*place);
            let text = credentials::single(headers, name).map_err(|denial| (denial, tried))?;
            let text = text.filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| {
                let denial = Denial::new(Reason::MalformedAuthorization);
                (denial.explained(format!("the field `{name}` is empty")), tried)
            })?;
            let shape = schemes.get(place.owner).and_then(|scheme| scheme.shapes.get(place.shape));
            let shape = shape.ok_or_else(|| (Denial::new(Reason::InternalError), tried))?;
            Ok(Some(Picked { place: *place, shape, text, counted: None }))
        }
        (None, None) => Ok(elsewhere.certificate(request)),
    }
}

/// Otherwise `DPoP` is a scheme like any other, perhaps the application's own.
fn takes_dpop(schemes: &[Scheme]) -> bool {
    all_shapes(schemes).any(|(_, shape)| matches!(shape, CredentialShape::Dpop(_)))
}

/// The owner of an access token that came by this authorization scheme.
fn token<'a>(
    schemes: &'a [Scheme],
    authorization_scheme: &'static str,
    credentials: Credentials<'a>,
) -> Result<Picked<'a>, Refusal> {
    let tried = Tried::Token(authorization_scheme);
    let counted = credentials.counted_token68().map_err(|denial| (denial, tried))?;
    let text = counted.expose();
    let owned = |claims: &dyn Fn(&TokenShape) -> bool| {
        all_shapes(schemes).find(|(_, shape)| {
            shape.token().is_some_and(|(scheme, token)| scheme == authorization_scheme && claims(token))
        })
    };
    let found = owned(&|token| matches!(token, TokenShape::Prefixed(prefix) if text.starts_with(&**prefix)))
        .or_else(|| {
            let jwt = has_jwt_shape(counted);
            owned(&|token| matches!(token, TokenShape::Any) || (jwt && matches!(token, TokenShape::Jwt)))
        })
        .or_else(|| owned(&|token| matches!(token, TokenShape::Opaque)));
    match found {
        Some((place, shape)) => Ok(Picked { place, shape, text, counted: Some(counted) }),
        None => {
            let denial =
                Denial::new(Reason::TokenMalformed).explained("no scheme takes a token of this form");
            Err((denial, tried))
        }
    }
}

fn other_scheme<'a>(schemes: &'a [Scheme], credentials: Credentials<'a>) -> Result<Picked<'a>, Refusal> {
    let found = all_shapes(schemes).find(|(_, shape)| match shape {
        CredentialShape::Basic => credentials.is("Basic"),
        CredentialShape::Scheme(name) => credentials.is(name),
        CredentialShape::Bearer(_)
        | CredentialShape::ClientCertificate
        | CredentialShape::Dpop(_)
        | CredentialShape::Header(_) => false,
    });
    let Some((place, shape)) = found else {
        let denial = Denial::new(Reason::SchemeNotAccepted).explained(called(&credentials));
        return Err((denial, Tried::Nothing));
    };
    let counted = credentials.counted_token68().map_err(|denial| (denial, Tried::Shape(place)))?;
    Ok(Picked { place, shape, text: counted.expose(), counted: Some(counted) })
}

/// What a client that does not know us may send (<https://www.iana.org/assignments/http-authschemes>). Any other name is
/// not told: it may be a secret in the wrong place.
const KNOWN: [&str; 8] = ["Basic", "Bearer", "Digest", "DPoP", "GNAP", "HOBA", "Negotiate", "NTLM"];

fn called(credentials: &Credentials<'_>) -> Cow<'static, str> {
    match KNOWN.into_iter().find(|name| credentials.is(name)) {
        Some(name) => format!("no scheme takes `{name}`").into(),
        None => "the field names an authorization scheme that nobody takes".into(),
    }
}

fn all_shapes(schemes: &[Scheme]) -> impl Iterator<Item = (Place, &CredentialShape)> {
    schemes.iter().enumerate().flat_map(|(owner, scheme)| {
        scheme.shapes.iter().enumerate().map(move |(shape, found)| (Place { owner, shape }, found))
    })
}
