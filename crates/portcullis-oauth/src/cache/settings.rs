//! How many tokens are remembered, and in which form.

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use super::remembered::TokenCache;

/// How many verified tokens are remembered, unless said otherwise: 10,000.
pub const DEFAULT_REMEMBERED_TOKENS: usize = 10_000;

/// How much memory verified tokens may take, unless said otherwise: 16 MiB. That is room for some 3,000 tokens of 500
/// octets, each counted as if all its claims had been read; for more, say [`RememberTokens::max_octets`].
pub const DEFAULT_REMEMBERED_OCTETS: usize = 16 * 1024 * 1024;

/// Which verified tokens [`JwtBearer`](crate::JwtBearer) remembers, so that they need not be verified again.
///
/// ```
/// use portcullis_core::Clock;
/// use portcullis_oauth::{Issuer, JwtBearer, RememberTokens, StaticKeys};
/// # use portcullis_testkit::TestIssuer;
/// # let server = TestIssuer::offline("https://login.example.com").with_audience("https://api.example.com");
/// # let keys = || StaticKeys::new().jwks(server.jwks_json());
/// # let issuer = || Issuer::new("https://login.example.com").audience("https://api.example.com").keys(keys());
///
/// let few = RememberTokens::hashed().max_tokens(500).max_octets(1024 * 1024);
/// assert!(JwtBearer::issuer(issuer()).remember(few).build(&Clock::system()).is_ok());
///
/// let refused = JwtBearer::issuer(issuer()).remember(RememberTokens::whole().max_tokens(0)).build(&Clock::system());
/// assert!(refused.unwrap_err().codes().eq(["P110"]), "`RememberTokens::none()` says what is meant");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RememberTokens {
    form: Option<Form>,
    max_tokens: usize,
    max_octets: usize,
}

/// What is kept of a token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Hashed,
    Whole,
}

impl RememberTokens {
    /// Keeps each token itself, and overwrites it when it leaves. This is the default.
    pub fn whole() -> Self {
        Self::of(Some(Form::Whole))
    }

    /// Keeps of each token only a SipHash-2-4 of 128 bits, whose key no one but this process knows: whoever reads its
    /// memory finds no token there. A hit costs some 300 nanoseconds more than with [`whole`](Self::whole), for a token of
    /// 640 octets.
    pub fn hashed() -> Self {
        Self::of(Some(Form::Hashed))
    }

    /// Remembers nothing: every token is verified each time.
    pub fn none() -> Self {
        Self::of(None)
    }

    fn of(form: Option<Form>) -> Self {
        Self { form, max_tokens: DEFAULT_REMEMBERED_TOKENS, max_octets: DEFAULT_REMEMBERED_OCTETS }
    }

    /// Sets how many tokens are remembered at most. By default, this is [`DEFAULT_REMEMBERED_TOKENS`]. Those that are
    /// seldom shown make room.
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// Sets how much memory they may take in octets, each counted with its claims as if all of them had been read. By
    /// default, this is [`DEFAULT_REMEMBERED_OCTETS`]. A token that takes more than its share (a part in sixteen, and
    /// never less than 64 KiB) is not remembered.
    pub fn max_octets(mut self, octets: usize) -> Self {
        self.max_octets = octets;
        self
    }

    /// The cache, unless nothing is to be remembered.
    pub(crate) fn build(self) -> Result<Option<TokenCache>, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let Some(form) = self.form else { return Ok(None) };
        if self.max_tokens == 0 || self.max_octets == 0 {
            let message = "no token can be remembered: say `RememberTokens::none()` if that is meant";
            errors.push(ConfigError::new(ConfigCode::ZeroLimit, message));
        }
        // Without randomness nothing is remembered: tokens are verified each time.
        errors.into_result(TokenCache::new(form, self.max_tokens, self.max_octets))
    }
}

impl Default for RememberTokens {
    fn default() -> Self {
        Self::whole()
    }
}
