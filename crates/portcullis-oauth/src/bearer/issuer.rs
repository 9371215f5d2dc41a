//! One issuer of tokens.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors};

use super::mapping::ClaimMapping;
use super::profile::Profile;
use crate::algorithm::Algorithm;
use crate::jwt::Rules;
use crate::keys::{IntoKeySource, KeySource, KeySourceContext, SharedClient, VerifyingKey};

/// How far the issuer's clock may differ, unless said otherwise: 30 seconds.
pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// The most that [`Issuer::leeway`] takes: 5 minutes (RFC 9068 §4, "no more than a few minutes").
pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// An authorization server whose tokens are taken.
///
/// An identifier, an audience and keys are required; see [`JwtBearer`](crate::JwtBearer) for how it is used.
#[must_use]
pub struct Issuer {
    pub(super) rules: IssuerRules,
    keys: Option<MakeKeys>,
    http_on_loopback: bool,
    client: SharedClient,
}

type MakeKeys = Box<dyn FnOnce(&KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors> + Send>;

/// The algorithms of tokens where an application names none: EdDSA, ES256, ES384 and RS256. Others must be named
/// ([`Issuer::algorithms`]).
pub const DEFAULT_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256];

/// What the tokens of an issuer must say.
#[derive(Clone, Debug)]
pub(crate) struct IssuerRules {
    pub(crate) identifier: Box<str>,
    pub(crate) audiences: Vec<Box<str>>,
    pub(crate) algorithms: Option<BTreeSet<Algorithm>>,
    pub(crate) leeway: Duration,
    pub(crate) profile: Profile,
    pub(crate) required_claims: Vec<Box<str>>,
    pub(crate) mapping: ClaimMapping,
}

impl IssuerRules {
    /// RFC 8725 §3.1. `none` is no algorithm, and no key set brings a shared secret: whoever has one has named its algorithm.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        match &self.algorithms {
            Some(allowed) => allowed.contains(&algorithm),
            None => DEFAULT_ALGORITHMS.contains(&algorithm) || algorithm.is_symmetric(),
        }
    }
}

impl Issuer {
    /// The issuer of this identifier: the exact text of `iss`, an https URL (RFC 8414 §2).
    pub fn new(identifier: impl Into<Box<str>>) -> Self {
        let rules = IssuerRules {
            identifier: identifier.into(),
            audiences: Vec::new(),
            algorithms: None,
            leeway: DEFAULT_LEEWAY,
            profile: Profile::default(),
            required_claims: Vec::new(),
            mapping: ClaimMapping::default(),
        };
        Self { rules, keys: None, http_on_loopback: false, client: SharedClient::default() }
    }

    /// The issuer of this identifier, with the keys that its discovery document names (OpenID Connect Discovery
    /// §4, RFC 8414 §3). Nothing is fetched before the first token comes; see [`remote`](crate::remote).
    #[cfg(feature = "discovery")]
    pub fn discover(identifier: impl Into<Box<str>>) -> Self {
        Self::new(identifier).keys(crate::remote::RemoteKeys::discover())
    }

    /// Adds an identifier of this API: one of them must stand in `aud`. There is no default.
    pub fn audience(mut self, audience: impl Into<Box<str>>) -> Self {
        self.rules.audiences.push(audience.into());
        self
    }

    /// Sets where the keys come from. There is no default.
    pub fn keys(mut self, keys: impl IntoKeySource + Send + 'static) -> Self {
        self.keys = Some(Box::new(move |context| keys.into_key_source(context)));
        self
    }

    /// Allows these algorithms alone (RFC 8725 §3.1). By default, [`DEFAULT_ALGORITHMS`], of which each key serves one; a shared
    /// secret serves its own.
    ///
    /// A key serves the one algorithm that it names, or those of its type: an RSA key without `alg` serves each of RSA that is
    /// named here.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.rules.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Sets how far the issuer's clock may differ. By default, this is [`DEFAULT_LEEWAY`]; the most is
    /// [`MAX_LEEWAY`].
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// Sets what a token must say about itself. By default, this is [`Profile::Rfc9068`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.rules.profile = profile;
        self
    }

    /// Adds a claim that every token must have, of any type. By default, these are the profile's.
    pub fn require_claim(mut self, name: impl Into<Box<str>>) -> Self {
        self.rules.required_claims.push(name.into());
        self
    }

    /// Takes an identifier with plain `http` if its host is a loopback address or `localhost`, and fetches its
    /// keys so.
    ///
    /// # What must protect it instead
    /// Nothing does: any program on the machine can answer for the issuer. It is for development and tests.
    pub fn insecure_http_on_loopback(mut self) -> Self {
        self.http_on_loopback = true;
        self
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = &str> {
        self.rules.audiences.iter().map(AsRef::as_ref)
    }

    /// Shares the outbound client with other issuers.
    pub(crate) fn sharing(self, client: SharedClient) -> Self {
        Self { client, ..self }
    }

    pub(crate) fn identifier(&self) -> &str {
        &self.rules.identifier
    }

    /// The finished issuer, or everything that is wrong with it.
    pub(crate) fn build(self, clock: &Clock) -> Result<Rules, ConfigErrors> {
        let parts = self.parts(clock, Needs { audience: true, keys: true })?;
        let no_keys = || ConfigError::new(ConfigCode::NoUsableKey, "an issuer has no keys").into();
        parts.keys.map(|keys| Rules { issuer: parts.rules, keys }).ok_or_else(no_keys)
    }

    /// The same for whoever needs less than an access token that verifies by itself. Keys that are not needed are
    /// not made.
    pub(crate) fn parts(self, clock: &Clock, needs: Needs) -> Result<Parts, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let name = self.rules.identifier.clone();
        let mut wrong = |code, message: String| {
            errors.push(ConfigError::new(code, format!("issuer `{}` {message}", Escaped::new(&name))));
        };
        if !is_identifier(&self.rules.identifier, self.http_on_loopback) {
            wrong(ConfigCode::InvalidIssuer, "is not an https url without query and fragment".to_owned());
        }
        let audiences = &self.rules.audiences;
        if needs.audience && audiences.is_empty() || audiences.iter().any(|audience| audience.is_empty()) {
            wrong(ConfigCode::MissingAudience, "has no audience, or an empty one".to_owned());
        }
        if self.rules.leeway > MAX_LEEWAY {
            wrong(
                ConfigCode::LeewayTooLarge,
                format!("has a leeway of more than {} s", MAX_LEEWAY.as_secs()),
            );
        }
        if self.rules.algorithms.as_ref().is_some_and(BTreeSet::is_empty) {
            wrong(ConfigCode::NoUsableAlgorithm, "allows no algorithm".to_owned());
        }
        if needs.keys && self.keys.is_none() {
            wrong(ConfigCode::NoUsableKey, "has no keys".to_owned());
        }
        let context = KeySourceContext::new(&*name, clock.clone());
        let context = context.insecure_http_on_loopback(self.http_on_loopback).sharing(self.client);
        let keys = self.keys.filter(|_| needs.keys).and_then(|make| errors.take(make(&context)));
        if let Some(keys) = &keys {
            errors.extend(unserved(&self.rules, keys.as_ref()));
        }
        errors.into_result(Parts {
            rules: self.rules,
            keys,
            #[cfg(feature = "introspection")]
            http_on_loopback: self.http_on_loopback,
        })
    }
}

/// What must be configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) audience: bool,
    pub(crate) keys: bool,
}

/// What an issuer is made of.
pub(crate) struct Parts {
    pub(crate) rules: IssuerRules,
    /// There, if they were needed.
    pub(crate) keys: Option<Arc<dyn KeySource>>,
    #[cfg(feature = "introspection")]
    pub(crate) http_on_loopback: bool,
}

/// The algorithms that are allowed although no key serves them, or that no key serves one which is. Of keys that are not known
/// yet, none can be a shared secret.
fn unserved(rules: &IssuerRules, keys: &dyn KeySource) -> Vec<ConfigError> {
    let current = keys.current();
    if let (Some(set), None) = (&current, &rules.algorithms)
        && !set.keys().is_empty()
        && !set.keys().iter().flat_map(VerifyingKey::algorithms).any(|algorithm| rules.allows(algorithm))
    {
        let name = Escaped::new(&rules.identifier);
        let message =
            format!("issuer `{name}` has keys for none of the default algorithms: name those you expect");
        return vec![ConfigError::new(ConfigCode::NoUsableAlgorithm, message)];
    }
    let served = |algorithm: Algorithm| match &current {
        Some(set) => set.keys().iter().any(|key| key.serves(algorithm)),
        None => !algorithm.is_symmetric(),
    };
    let allowed = rules.algorithms.iter().flatten();
    let unserved = allowed.filter(|algorithm| !served(**algorithm)).map(|algorithm| {
        let name = Escaped::new(&rules.identifier);
        let message = format!("issuer `{name}` allows {algorithm}, which none of its keys serves");
        ConfigError::new(ConfigCode::NoUsableAlgorithm, message)
    });
    unserved.collect()
}

/// RFC 8414 §2: an https URL with no query or fragment.
fn is_identifier(identifier: &str, http_on_loopback: bool) -> bool {
    // `http::Uri` drops a fragment in silence.
    if identifier.contains(['#', '?', '@', '\\']) {
        return false;
    }
    let Ok(url) = identifier.parse::<http::Uri>() else { return false };
    let Some(host) = url.host().filter(|host| !host.is_empty()) else { return false };
    match url.scheme_str() {
        Some("https") => true,
        Some("http") => http_on_loopback && is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("rules", &self.rules).finish_non_exhaustive()
    }
}
