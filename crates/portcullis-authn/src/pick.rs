//! Finds the one credential of a request, and the one scheme that owns it.

use http::HeaderMap;
use portcullis_core::credentials::{self, Credentials};
use portcullis_core::{Denial, Reason};

use crate::refuse::Tried;
use crate::schemes::Scheme;
use crate::shape::{CredentialShape, TokenShape, is_jwt_shaped};

/// A credential, its owner among all schemes of the application, and the shape it was found by.
pub(crate) struct Picked<'a> {
    pub(crate) owner: usize,
    pub(crate) shape: &'a CredentialShape,
    pub(crate) text: &'a str,
}

/// Why nothing was picked although something was sent, and what the client was trying.
pub(crate) type Refusal = (Denial, Tried);

/// Every scheme of the application is looked at, not just those of the route: a credential that the route
/// does not take is refused, never ignored.
pub(crate) fn pick<'a>(schemes: &'a [Scheme], headers: &'a HeaderMap) -> Result<Option<Picked<'a>>, Refusal> {
    let field = credentials::authorization(headers).map_err(|denial| (denial, Tried::Bearer))?;
    let mut in_headers = header_shapes(schemes).filter(|(.., name)| headers.contains_key(*name));
    let in_header = in_headers.next();
    // RFC 6750 §2 and RFC 9449 §7.2: one method of sending a credential per request.
    if in_headers.next().is_some() || (field.is_some() && in_header.is_some()) {
        return Err((Denial::new(Reason::MultipleCredentials), Tried::Bearer));
    }
    match (field, in_header) {
        (Some(credentials), _) if credentials.is("Bearer") => bearer(schemes, credentials).map(Some),
        (Some(credentials), _) => other_scheme(schemes, credentials).map(Some),
        (None, Some((owner, shape, name))) => {
            let text = credentials::single(headers, name).map_err(|denial| (denial, Tried::Scheme(owner)))?;
            let text = text.filter(|text| !text.is_empty());
            let malformed = || (Denial::new(Reason::MalformedAuthorization), Tried::Scheme(owner));
            Ok(Some(Picked { owner, shape, text: text.ok_or_else(malformed)? }))
        }
        (None, None) => Ok(None),
    }
}

fn header_shapes(schemes: &[Scheme]) -> impl Iterator<Item = (usize, &CredentialShape, &http::HeaderName)> {
    all_shapes(schemes).filter_map(|(owner, shape)| match shape {
        CredentialShape::Header(name) => Some((owner, shape, name)),
        _ => None,
    })
}

fn bearer<'a>(schemes: &'a [Scheme], credentials: Credentials<'a>) -> Result<Picked<'a>, Refusal> {
    let text = credentials.token68().map_err(|denial| (denial, Tried::Bearer))?;
    let owned = |claims: &dyn Fn(&TokenShape) -> bool| {
        all_shapes(schemes)
            .find(|(_, shape)| matches!(shape, CredentialShape::Bearer(token) if claims(token)))
    };
    let found = owned(&|token| matches!(token, TokenShape::Prefixed(prefix) if text.starts_with(&**prefix)))
        .or_else(|| {
            let jwt = is_jwt_shaped(text);
            owned(&|token| matches!(token, TokenShape::Any) || (jwt && matches!(token, TokenShape::Jwt)))
        })
        .or_else(|| owned(&|token| matches!(token, TokenShape::Opaque)));
    match found {
        Some((owner, shape)) => Ok(Picked { owner, shape, text }),
        None => Err((Denial::new(Reason::TokenMalformed), Tried::Bearer)),
    }
}

fn other_scheme<'a>(schemes: &'a [Scheme], credentials: Credentials<'a>) -> Result<Picked<'a>, Refusal> {
    let found = all_shapes(schemes).find(|(_, shape)| match shape {
        CredentialShape::Basic => credentials.is("Basic"),
        CredentialShape::Scheme(name) => credentials.is(name),
        CredentialShape::Bearer(_) | CredentialShape::Header(_) => false,
    });
    let Some((owner, shape)) = found else {
        return Err((Denial::new(Reason::SchemeNotAccepted), Tried::Nothing));
    };
    let text = credentials.token68().map_err(|denial| (denial, Tried::Scheme(owner)))?;
    Ok(Picked { owner, shape, text })
}

fn all_shapes(schemes: &[Scheme]) -> impl Iterator<Item = (usize, &CredentialShape)> {
    schemes
        .iter()
        .enumerate()
        .flat_map(|(owner, scheme)| scheme.shapes.iter().map(move |shape| (owner, shape)))
}
