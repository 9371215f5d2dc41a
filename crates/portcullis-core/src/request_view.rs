//! What a decision may look at.

use std::fmt;
use std::sync::Arc;

use http::{Extensions, HeaderMap, Method, Request, Uri, Version, request};

use crate::stores::AttemptGuard;
use crate::trail::Trail;
use crate::{ClientAddress, ClientCertificate, ConnectionFacts, Denial, Principal, RefusedRequest};

/// The head of a request and its Trail, borrowed; there is no body in it.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    method: &'a Method,
    uri: &'a Uri,
    version: Version,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    trail: &'a Trail,
    attempts: Option<&'a Arc<dyn AttemptGuard>>,
}

impl<'a> RequestView<'a> {
    /// Looks at a request whose Trail is open.
    ///
    /// # Errors
    /// 500 `misconfigured` if there is no Trail.
    #[inline]
    pub fn of<B>(request: &'a Request<B>) -> Result<Self, Denial> {
        Ok(Self::with_trail(request, Trail::of(request.extensions())?))
    }

    /// Looks at a request whose Trail this is, for whoever has just [opened](Trail::open_first) it and need not look for
    /// it.
    pub fn with_trail<B>(request: &'a Request<B>, trail: &'a Trail) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
            trail,
            attempts: None,
        }
    }

    /// Looks at the head of a request whose Trail is open.
    ///
    /// # Errors
    /// 500 `misconfigured` if there is no Trail.
    pub fn of_parts(parts: &'a request::Parts) -> Result<Self, Denial> {
        Ok(Self {
            method: &parts.method,
            uri: &parts.uri,
            version: parts.version,
            headers: &parts.headers,
            extensions: &parts.extensions,
            trail: Trail::of(&parts.extensions)?,
            attempts: None,
        })
    }

    /// The same view, with a guard that an authenticator asks before it verifies a guessable secret.
    #[must_use]
    pub fn with_attempts(self, attempts: Option<&'a Arc<dyn AttemptGuard>>) -> Self {
        Self { attempts, ..self }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// The request target, as this server received it.
    #[must_use]
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// The path that the client asked for, also where a router has taken a prefix away since: what the Trail says,
    /// or else that of [`uri`](Self::uri).
    #[must_use]
    pub fn original_path(&self) -> &'a str {
        self.trail.target().map_or_else(|| self.uri.path(), |target| target.path())
    }

    /// The HTTP version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }

    /// The Trail.
    #[must_use]
    pub fn trail(&self) -> &'a Trail {
        self.trail
    }

    /// The caller, if one was authenticated.
    #[must_use]
    #[inline]
    pub fn principal(&self) -> Option<&'a Principal> {
        self.trail.principal()
    }

    /// What the server knows of the connection.
    #[must_use]
    #[inline]
    pub fn connection(&self) -> Option<&'a ConnectionFacts> {
        self.trail.opening().connection.as_ref().or_else(|| self.extensions.get())
    }

    /// What must be known to refuse the request after it is gone.
    #[must_use]
    pub fn refused(&self) -> RefusedRequest {
        self.trail.opening().refused.unwrap_or_else(|| RefusedRequest::of_head(self.method, self.headers))
    }

    /// The certificate that the client proved to hold: what the Trail says, or else that of the connection.
    ///
    /// A connection's certificate is not the client's where a trusted proxy forwarded the request. It is then that
    /// of the proxy, and unless somebody read the client's own from the proxy's fields, there is none.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&'a ClientCertificate> {
        if let Some(resolved) = self.trail.resolved_client_certificate() {
            return resolved;
        }
        let facts = self.connection()?;
        let forwarded = match self.trail.resolved_client() {
            Some(ClientAddress::Forwarded(_)) => true,
            // The proxy said that it does not know, or does not tell.
            Some(ClientAddress::Unknown) => facts.peer.is_some(),
            Some(ClientAddress::Peer(_)) | None => false,
        };
        if forwarded { None } else { facts.tls.as_ref()?.client_certificate() }
    }

    /// The guard to ask before verifying a guessable secret.
    #[must_use]
    pub fn attempts(&self) -> Option<&'a Arc<dyn AttemptGuard>> {
        self.attempts
    }
}

impl fmt::Debug for RequestView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither query nor header fields: both may carry secrets.
        f.debug_struct("RequestView")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}
