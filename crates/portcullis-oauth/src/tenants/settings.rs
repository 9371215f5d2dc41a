//! `Tenants` as they are configured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors};

use super::directory::Directory;
use super::pattern::Pattern;
use crate::bearer::Issuer;

/// How many tenants are kept whose keys are known.
pub const DEFAULT_MAX_TENANTS: usize = 1000;

/// How many tenants are kept whose keys are not known yet.
pub const MAX_CANDIDATES: usize = 64;

/// How many new tenants are taken up at once.
pub const CANDIDATE_BURST: u32 = 32;

/// How long until one more new tenant is taken up: 1 second.
pub const CANDIDATE_INTERVAL: Duration = Duration::from_secs(1);

/// The name with which a pattern is tried when the scheme is built.
const SAMPLE: &str = "tenant";

/// One issuer per tenant of a provider, made when the first token of the tenant comes.
///
/// ```
/// use portcullis_core::{Clock, Reason};
/// use portcullis_oauth::{JwtBearer, StaticKeys, Tenants};
/// use portcullis_testkit::TestIssuer;
///
/// # let acme = TestIssuer::offline("https://login.example.com/acme").with_audience("documents-api");
/// # let other = TestIssuer::offline("https://login.example.com/other").with_audience("documents-api");
/// # let jwks = acme.jwks_json();
/// let tenants = Tenants::matching("https://login.example.com/{tenant}", move |issuer, _tenant| {
///     // Where the provider publishes keys: `.keys(RemoteKeys::discover())`
///     issuer.audience("documents-api").keys(StaticKeys::new().jwks(jwks.as_str()))
/// })
/// .allow(|tenant| ["acme", "globex"].contains(&tenant));
/// let verifier = JwtBearer::tenants(tenants).build(&Clock::system())?;
///
/// let caller = verifier.verify(&acme.token("alice").sign()).done().unwrap().unwrap();
/// assert_eq!(caller.issuer(), Some("https://login.example.com/acme"));
/// // Refused: a tenant that nobody allowed.
/// let stranger = verifier.verify(&other.token("eve").sign()).done().unwrap().unwrap_err();
/// assert_eq!(stranger.reason(), Reason::TokenIssuerUnknown);
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
///
/// # How it decides
///
/// 1. `iss` fits the pattern: its gap holds letters, digits, `-` and `_` (in a path also `.` and `~`), at most
///    [`MAX_TENANT_OCTETS`](super::MAX_TENANT_OCTETS).
/// 2. The tenant is [allowed](Self::allow). It is asked for each token, also for one that is remembered; nothing is
///    made, kept or fetched for a tenant that is not.
/// 3. A tenant whose keys are not known yet is a candidate. There are [`MAX_CANDIDATES`], [`CANDIDATE_BURST`] new ones
///    at once and then one per [`CANDIDATE_INTERVAL`]; the others are answered 503 until there is room. A candidate
///    whose keys did not come within a minute makes room.
/// 4. With its first keys it is kept; of more than [`DEFAULT_MAX_TENANTS`] the one that was asked for least recently
///    goes. Before it has keys no tenant pushes another one out.
///
/// 5. The keys of kept tenants that a token named within the last hour (`TENANT_IN_USE_FOR`), whoever made it, are fetched
///    anew ahead of their time where a server does the [upkeep](portcullis_core::Readiness::upkeep) of what it depends on,
///    at most `MAX_TENANT_REFRESHES` (16) a second; those of others when their next token comes.
///
/// Tenants stand in no metadata of a protected resource, and nobody waits for their keys to be ready.
#[must_use]
pub struct Tenants {
    pattern: Box<str>,
    template: Arc<Template>,
    allow: Option<Arc<Allow>>,
    max_tenants: usize,
}

pub(super) type Template = dyn Fn(Issuer, &str) -> Issuer + Send + Sync;
pub(super) type Allow = dyn Fn(&str) -> bool + Send + Sync;

impl Tenants {
    /// The tenants of this pattern of issuer identifiers, such as `https://login.example.com/{tenant}/v2.0` or
    /// `https://{tenant}.login.example.com`. The template says audience, keys and all else of the issuer that it is
    /// given, for the tenant of that name. Which tenants are [allowed](Self::allow) is still to be said.
    pub fn matching(
        pattern: impl Into<Box<str>>,
        template: impl Fn(Issuer, &str) -> Issuer + Send + Sync + 'static,
    ) -> Self {
        Self {
            pattern: pattern.into(),
            template: Arc::new(template),
            allow: None,
            max_tenants: DEFAULT_MAX_TENANTS,
        }
    }

    /// Allows the tenants for which this is true. It is asked for every token and must answer at once: a look into
    /// a set that is kept elsewhere. There is no default.
    pub fn allow(mut self, allow: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.allow = Some(Arc::new(allow));
        self
    }

    /// Allows every tenant that the provider has.
    ///
    /// # What must protect it instead
    /// The rules of the routes. Whoever can become a tenant of the provider can then issue tokens for this API: with
    /// a public provider, everyone. Decide by `tenant` or issuer what a caller may see. Besides, invented tenants
    /// make one fetch each, within the bounds on candidates, and new tenants wait behind them.
    pub fn danger_allow_every_tenant(self) -> Self {
        self.allow(|_| true)
    }

    /// Sets how many tenants are kept whose keys are known. By default, this is [`DEFAULT_MAX_TENANTS`].
    pub fn with_max_tenants(mut self, tenants: usize) -> Self {
        self.max_tenants = tenants;
        self
    }

    pub(crate) fn build(self, clock: &Clock) -> Result<Directory, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut wrong = |code, why: &str| {
            let message = format!("tenants of `{}` {why}", Escaped::new(&self.pattern));
            errors.push(ConfigError::new(code, message));
        };
        if self.max_tenants == 0 {
            wrong(ConfigCode::ZeroLimit, "may not be kept");
        }
        if self.allow.is_none() {
            wrong(ConfigCode::InvalidIssuer, "are not said to be allowed: say which are");
        }
        let pattern = Pattern::read(&self.pattern);
        if pattern.is_none() {
            let why = "need `{tenant}` once, in the path or as the first label of a fixed domain";
            wrong(ConfigCode::InvalidIssuer, why);
        }
        let (Some(pattern), Some(allow)) = (pattern, self.allow) else { return Err(errors) };
        let directory = Directory::new(pattern, self.template, allow, self.max_tenants, clock.clone());
        // Everything that is wrong with the template is wrong for each tenant.
        errors.take(directory.make(SAMPLE));
        errors.into_result(directory)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("pattern", &self.pattern)
            .field("max_tenants", &self.max_tenants)
            .finish_non_exhaustive()
    }
}
