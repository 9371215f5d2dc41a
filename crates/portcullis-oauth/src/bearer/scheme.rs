//! `JwtBearer`: the scheme as it is configured.

use std::sync::Arc;

use portcullis_authn::{IntoScheme, SchemeContext, SchemeParts};
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Revocations};

use super::issuer::Issuer;
use crate::cache::RememberTokens;
use crate::dpop::{Dpop, DpopVerifier};
use crate::jwt::{DEFAULT_MAX_TOKEN_OCTETS, JwtVerifier, KnownHeaders, Settings};
use crate::tenants::Tenants;
use crate::token::TokenAuthenticator;

/// Bearer tokens that are JWT (RFC 6750, RFC 9068), as a scheme of the authentication layer.
///
/// See the crate's documentation for examples and for the order of the checks.
#[must_use]
pub struct JwtBearer {
    issuers: Vec<Issuer>,
    tenants: Vec<Tenants>,
    max_token_octets: usize,
    revocations: Option<Arc<dyn Revocations>>,
    remember: RememberTokens,
    only_where_named: bool,
    dpop: Option<Dpop>,
}

impl JwtBearer {
    /// Takes the tokens of this issuer.
    pub fn issuer(issuer: Issuer) -> Self {
        Self { issuers: vec![issuer], ..Self::of_nobody() }
    }

    /// Takes the tokens of these tenants, each of which is an issuer of its own.
    pub fn tenants(tenants: Tenants) -> Self {
        Self { tenants: vec![tenants], ..Self::of_nobody() }
    }

    fn of_nobody() -> Self {
        Self {
            issuers: Vec::new(),
            tenants: Vec::new(),
            max_token_octets: DEFAULT_MAX_TOKEN_OCTETS,
            revocations: None,
            remember: RememberTokens::default(),
            only_where_named: false,
            dpop: None,
        }
    }

    /// Takes the tokens of the issuer of this identifier, whose keys are found by discovery; see
    /// [`Issuer::discover`]. An [`audience`](Self::audience) is still to be named.
    ///
    /// ```
    /// use portcullis_core::Clock;
    /// use portcullis_oauth::JwtBearer;
    ///
    /// let refused = JwtBearer::discover("login.example.com").build(&Clock::system()).unwrap_err();
    /// assert!(refused.codes().any(|code| code == "P601"), "an audience is missing: {refused}");
    /// assert!(refused.codes().any(|code| code == "P602"), "the issuer is no https url: {refused}");
    /// ```
    #[cfg(feature = "discovery")]
    pub fn discover(identifier: impl Into<Box<str>>) -> Self {
        Self::issuer(Issuer::discover(identifier))
    }

    /// Takes the tokens of this issuer too. Its keys verify its own tokens alone.
    pub fn or_issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Takes the tokens of these tenants too. Where an issuer is listed by its identifier, that counts, and of several
    /// patterns the first that fits.
    pub fn or_tenants(mut self, tenants: Tenants) -> Self {
        self.tenants.push(tenants);
        self
    }

    /// Adds an audience to the issuer that was named last; see [`Issuer::audience`].
    pub fn audience(self, audience: impl Into<Box<str>>) -> Self {
        self.last(|issuer| issuer.audience(audience))
    }

    /// Asks this deny-list about every token that verifies. If it fails, the answer is 503. By default, no
    /// deny-list is asked.
    pub fn revocations(mut self, revocations: Arc<dyn Revocations>) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Sets which tokens are remembered once they are verified. By default, these are up to
    /// [`DEFAULT_REMEMBERED_TOKENS`](crate::DEFAULT_REMEMBERED_TOKENS).
    pub fn remember(mut self, tokens: RememberTokens) -> Self {
        self.remember = tokens;
        self
    }

    /// Sets the length in octets beyond which a token is refused unread. By default, this is
    /// [`DEFAULT_MAX_TOKEN_OCTETS`].
    pub fn max_token_octets(mut self, octets: usize) -> Self {
        self.max_token_octets = octets;
        self
    }

    /// Leaves the scheme out of the default set: only routes that name it take it. By default, it is in.
    pub fn only_where_named(mut self) -> Self {
        self.only_where_named = true;
        self
    }

    /// Takes tokens that are bound to a key of the client, with its proof (RFC 9449). By default, `Bearer` is the one
    /// scheme, and a token that is bound to a key is refused.
    pub fn dpop(mut self, dpop: impl Into<Option<Dpop>>) -> Self {
        self.dpop = dpop.into();
        self
    }

    /// The verifier without a layer around it.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration: no issuer's identifier may stand twice, and each needs an
    /// audience, keys, and algorithms that the keys serve.
    pub fn build(self, clock: &Clock) -> Result<JwtVerifier, ConfigErrors> {
        self.build_with_dpop(clock).map(|(verifier, _)| verifier)
    }

    fn build_with_dpop(self, clock: &Clock) -> Result<(JwtVerifier, Option<DpopVerifier>), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let audiences = self.issuers.iter().flat_map(Issuer::audiences);
        let dpop = self.dpop.map(|dpop| dpop.build(audiences, clock));
        let dpop = dpop.and_then(|built| errors.take(built));
        if self.max_token_octets == 0 {
            let message = "longest token has no octet, so that every token would be refused";
            errors.push(ConfigError::new(ConfigCode::ZeroLimit, message));
        }
        let mut issuers = Vec::with_capacity(self.issuers.len());
        let mut seen: Vec<Box<str>> = Vec::new();
        for issuer in self.issuers {
            if seen.iter().any(|known| known.as_ref() == issuer.identifier()) {
                let message = format!("issuer `{}` stands twice", issuer.identifier().escape_debug());
                errors.push(ConfigError::new(ConfigCode::DuplicateIssuer, message));
            }
            seen.push(issuer.identifier().into());
            issuers.extend(errors.take(issuer.build(clock)).map(Arc::new));
        }
        let tenants = self.tenants.into_iter().filter_map(|tenants| errors.take(tenants.build(clock)));
        let tenants = tenants.map(Arc::new).collect();
        let remembered = errors.take(self.remember.build()).flatten();
        errors.into_result(()).map(|()| {
            let settings = Settings {
                issuers,
                tenants,
                max_token_octets: self.max_token_octets,
                revocations: self.revocations,
                remembered,
                headers: KnownHeaders::default(),
                clock: clock.clone(),
            };
            (JwtVerifier::new(settings), dpop)
        })
    }

    fn last(mut self, change: impl FnOnce(Issuer) -> Issuer) -> Self {
        if let Some(issuer) = self.issuers.pop() {
            self.issuers.push(change(issuer));
        }
        self
    }
}

impl IntoScheme for JwtBearer {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let only_where_named = self.only_where_named;
        let this = Self { dpop: self.dpop.map(|dpop| dpop.known_as(context.public_url())), ..self };
        let (verifier, dpop) = this.build_with_dpop(context.clock())?;
        let dependencies: Vec<_> = verifier.dependencies().collect();
        let authenticator = TokenAuthenticator::new(verifier).with_dpop(dpop);
        let parts = SchemeParts::new(authenticator).depends_on(dependencies);
        Ok(parts.only_where_named_if(only_where_named))
    }
}

impl std::fmt::Debug for JwtBearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtBearer")
            .field("issuers", &self.issuers)
            .field("tenants", &self.tenants)
            .field("max_token_octets", &self.max_token_octets)
            .field("remember", &self.remember)
            .finish_non_exhaustive()
    }
}
