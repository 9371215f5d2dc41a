//! What a scheme does with a credential.

use std::fmt;
use std::sync::Arc;

use portcullis_core::octets::Counted;
use portcullis_core::{Challenge, CredentialMethod, Denial, Principal, RequestView, Step};

use crate::shape::CredentialShape;
use crate::token_support::TokenSupport;

/// Verifies the credentials of one scheme.
///
/// A credential reaches an authenticator only if its shape is one of [`shapes`](Self::shapes); no other
/// authenticator is asked about it, and the answer is final.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an `Authenticator`",
    note = "implement `Authenticator`, or pass `Basic`, `ApiKeys` or another scheme of this workspace"
)]
pub trait Authenticator: Send + Sync + 'static {
    /// The shapes of credential that this scheme owns. Asked once, when the schemes are built.
    fn shapes(&self) -> Vec<CredentialShape>;

    /// The kind of credential, for those who describe the schemes.
    fn method(&self) -> CredentialMethod;

    /// Whether it asks [`RequestView::attempts`] before it verifies what somebody guesses, so that a limit per attempted user
    /// counts. By default, schemes whose [`method`](Self::method) is a password do.
    fn asks_attempts(&self) -> bool {
        self.method() == CredentialMethod::Basic
    }

    /// Who calls, or why the credential is refused.
    ///
    /// The denial needs no challenge; the route adds it. A [`Step::Wait`] takes clones of what it needs along.
    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>>;

    /// The answer to a credential that this scheme took before, as the very same octets after `Bearer` and a space; `None`
    /// if it does not remember them, which is the default.
    ///
    /// It is asked before anybody reads the credential, whose shape is known where the octets are. A scheme compares all
    /// of them, and asks anew whatever may have changed, such as the time.
    fn recall(&self, octets: &[u8], request: &RequestView<'_>) -> Option<Step<Result<Principal, Denial>>> {
        let _ = (octets, request);
        None
    }

    /// The challenge that asks for a credential of this shape, one of [`shapes`](Self::shapes).
    ///
    /// `refused` is the denial of a credential of this scheme and this very shape; then the challenge says what was
    /// wrong with it, as far as the scheme has words for that. Without it the challenge names no error (RFC 6750
    /// §3.1, RFC 9449 §7.2). `None` if there is no challenge, such as for a scheme that reads client certificates.
    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge>;

    /// How it takes OAuth access tokens; `None` for every other kind of credential, which is the default. Routes with
    /// such a scheme point to the metadata of their protected resource (RFC 9728 §5.1).
    fn token_support(&self) -> Option<TokenSupport> {
        None
    }
}

/// A credential that was picked from a request, not verified yet. Its `Debug` prints no secret.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    scheme: &'a Arc<str>,
    shape: &'a CredentialShape,
    text: &'a str,
    counted: Option<Counted<'a>>,
}

impl<'a> Credential<'a> {
    /// A credential of this shape, picked for the scheme of this configured name.
    #[must_use]
    pub fn new(scheme: &'a Arc<str>, shape: &'a CredentialShape, text: &'a str) -> Self {
        Self { scheme, shape, text, counted: None }
    }

    /// The same, where its octets were counted when it was read.
    pub(crate) fn known(self, counted: Option<Counted<'a>>) -> Self {
        Self { counted, ..self }
    }

    /// The configured name of the scheme that owns it.
    #[must_use]
    pub fn scheme(&self) -> &'a Arc<str> {
        self.scheme
    }

    /// The shape that it was picked by.
    #[must_use]
    pub fn shape(&self) -> &'a CredentialShape {
        self.shape
    }

    /// The secret itself: the token68 after the name of the scheme, or the value of the header. Printable ASCII,
    /// not empty. Whoever calls this keeps it out of logs and errors. For a client certificate it is empty:
    /// [`RequestView::client_certificate`] has that.
    #[must_use]
    pub fn expose(&self) -> &'a str {
        self.text
    }

    /// The same with its octets counted, which costs nothing for what came in `Authorization`: they were counted when
    /// the field was read.
    #[must_use]
    pub fn counted(&self) -> Counted<'a> {
        self.counted.unwrap_or_else(|| Counted::new(self.text))
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("scheme", &self.scheme)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
