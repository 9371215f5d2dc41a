use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use portcullis_core::{ConnectionFacts, TlsFacts};

use crate::must::must;

/// A caller of the matrix: a name, and how its requests are made. Clones are cheap.
///
/// ```
/// use portcullis_testkit::TestIssuer;
/// use portcullis_testkit::matrix::Persona;
///
/// let issuer = TestIssuer::offline("https://issuer.example");
/// let alice = Persona::bearer("alice", &issuer.token("alice").scope("documents:read").sign());
/// let key = Persona::header("key of alice", http::HeaderName::from_static("x-api-key"), "docs_0123456789");
/// assert_eq!((alice.name(), key.name()), ("alice", "key of alice"));
/// assert!(!format!("{key:?}").contains("0123456789"));
/// ```
#[derive(Clone)]
pub struct Persona {
    name: String,
    prepare: Arc<Prepare>,
}

type Prepare = dyn Fn(&mut Parts) + Send + Sync;

impl Persona {
    /// A caller whose requests the closure finishes: it sees method and target, so that it can sign them, and the
    /// [`ConnectionFacts`] among the extensions.
    pub fn new(name: &str, prepare: impl Fn(&mut Parts) + Send + Sync + 'static) -> Self {
        Self { name: name.to_owned(), prepare: Arc::new(prepare) }
    }

    /// A caller without any credential.
    #[must_use]
    pub fn anonymous(name: &str) -> Self {
        Self::new(name, |_| {})
    }

    /// A caller with a bearer token (RFC 6750 §2.1): the token alone, without `Bearer`.
    #[must_use]
    #[track_caller]
    pub fn bearer(name: &str, token: &str) -> Self {
        Self::header(name, AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// A caller with a password (RFC 7617 §2).
    #[must_use]
    #[track_caller]
    pub fn basic(name: &str, user: &str, password: &str) -> Self {
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self::header(name, AUTHORIZATION, &format!("Basic {encoded}"))
    }

    /// A caller with one header field, such as that of an API key. A value that no field can have ends the test.
    #[must_use]
    #[track_caller]
    pub fn header(name: &str, field: HeaderName, value: &str) -> Self {
        let mut value =
            must(HeaderValue::from_str(value).map_err(|_| "octets"), "this is no value of a field");
        value.set_sensitive(true);
        Self::new(name, move |parts| {
            parts.headers.insert(field.clone(), value.clone());
        })
    }

    /// A caller over TLS whose client certificate, as DER, was verified by an authority that the server trusts.
    #[must_use]
    pub fn certificate(name: &str, der: &[u8]) -> Self {
        let mut tls = TlsFacts::default();
        tls.client_certificates = vec![der.to_vec()];
        tls.client_verified = true;
        let tls = Arc::new(tls);
        Self::new(name, move |parts| {
            let peer = parts.extensions.get::<ConnectionFacts>().and_then(|facts| facts.peer);
            let peer = peer.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
            parts.extensions.insert(ConnectionFacts::tls(peer, Arc::clone(&tls)));
        })
    }

    /// The name, as the table's head has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn prepare(&self, parts: &mut Parts) {
        (self.prepare)(parts);
    }
}

/// The name alone: the rest is credentials.
impl fmt::Debug for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Persona").field(&self.name).finish()
    }
}
