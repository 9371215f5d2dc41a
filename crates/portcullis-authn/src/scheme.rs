//! How a scheme enters the set of schemes.

use std::fmt;
use std::sync::Arc;

use portcullis_core::{Clock, ConfigErrors, PublicUrl, Readiness};

use crate::authenticator::Authenticator;

/// Something that can be configured as a scheme: `Basic`, `ApiKeys`, a scheme for tokens, or any
/// [`Authenticator`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as an authentication scheme",
    note = "pass `Basic`, `ApiKeys`, another scheme of this workspace, or an `Authenticator` of your own"
)]
pub trait IntoScheme {
    /// The finished scheme.
    ///
    /// # Errors
    /// Everything that is wrong with its configuration.
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors>;
}

impl<A: Authenticator> IntoScheme for A {
    fn into_scheme(self, _: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        Ok(SchemeParts::new(self))
    }
}

/// What a scheme may know of the set that it enters.
#[derive(Clone, Debug)]
pub struct SchemeContext {
    name: Arc<str>,
    realm: Arc<str>,
    clock: Clock,
    public_url: Option<PublicUrl>,
}

impl SchemeContext {
    /// The context of the scheme of this name, in this realm, with this clock.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, realm: impl Into<Arc<str>>, clock: Clock) -> Self {
        Self { name: name.into(), realm: realm.into(), clock, public_url: None }
    }

    /// The same, of an API that clients know under this URL.
    #[must_use]
    pub fn with_public_url(self, public_url: Option<PublicUrl>) -> Self {
        Self { public_url, ..self }
    }

    /// The URL under which clients know the API, if it was configured; otherwise each request tells it.
    #[must_use]
    pub fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }

    /// The configured name of the scheme.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The realm of its challenges.
    #[must_use]
    pub fn realm(&self) -> &Arc<str> {
        &self.realm
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// A finished scheme.
#[derive(Clone)]
#[must_use]
pub struct SchemeParts {
    /// What verifies the credentials.
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// Whether routes that take the default set do not offer it.
    pub(crate) only_where_named: bool,
    /// What it needs from outside the process.
    pub(crate) dependencies: Vec<Arc<dyn Readiness>>,
}

impl SchemeParts {
    /// A scheme that every route of the default set takes.
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self::shared(Arc::new(authenticator))
    }

    /// The same, of an authenticator that is held elsewhere too.
    pub fn shared(authenticator: Arc<dyn Authenticator>) -> Self {
        Self { authenticator, only_where_named: false, dependencies: Vec::new() }
    }

    /// Leaves the scheme out of the default set: only routes that name it take it.
    pub fn only_where_named(self) -> Self {
        self.only_where_named_if(true)
    }

    /// Leaves the scheme out of the default set if the condition holds.
    pub fn only_where_named_if(self, only_where_named: bool) -> Self {
        Self { only_where_named, ..self }
    }

    /// Names what the scheme needs from outside the process, such as the keys of an issuer: a probe of readiness
    /// asks it, and a server does its upkeep.
    pub fn depends_on(mut self, dependencies: impl IntoIterator<Item = Arc<dyn Readiness>>) -> Self {
        self.dependencies.extend(dependencies);
        self
    }

    /// What the scheme needs from outside the process.
    pub fn dependencies(&self) -> impl Iterator<Item = &Arc<dyn Readiness>> {
        self.dependencies.iter()
    }

    /// What verifies the credentials.
    #[must_use]
    pub fn authenticator(&self) -> &Arc<dyn Authenticator> {
        &self.authenticator
    }
}

impl IntoScheme for SchemeParts {
    fn into_scheme(self, _: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        Ok(self)
    }
}

impl fmt::Debug for SchemeParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemeParts")
            .field("method", &self.authenticator.method())
            .field("only_where_named", &self.only_where_named)
            .finish()
    }
}
