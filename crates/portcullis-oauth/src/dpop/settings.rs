//! `Dpop`: the option as it is configured.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, PublicUrl, ReplayStore, Secret};

use super::nonce::Nonces;
use super::origin::Origin;
use super::verifier::{DpopVerifier, Parts};
use crate::algorithm::Algorithm;
use crate::replay::MemoryReplay;

/// How far back `iat` of a proof may lie, unless said otherwise: 30 seconds.
pub const DEFAULT_PROOF_AGE: Duration = Duration::from_secs(30);

/// The most that [`Dpop::max_age`] takes: 5 minutes.
pub const MAX_PROOF_AGE: Duration = Duration::from_secs(300);

/// How far ahead `iat` of a proof may lie, unless said otherwise: 5 seconds.
pub const DEFAULT_PROOF_SKEW: Duration = Duration::from_secs(5);

/// The most that [`Dpop::skew`] takes: 1 minute.
pub const MAX_PROOF_SKEW: Duration = Duration::from_secs(60);

/// The longest proof, in octets: 8 KiB, room for a signature by RSA with 8192 bits and for its key.
pub const MAX_PROOF_OCTETS: usize = 8 * 1024;

/// The longest `jti`, in octets.
pub const MAX_PROOF_ID_OCTETS: usize = 256;

/// After what time a new nonce is sent, unless said otherwise: 2 minutes. It is taken for that long again.
pub const DEFAULT_NONCE_PERIOD: Duration = Duration::from_secs(120);

/// The least that [`Dpop::nonce_period`] takes: 10 seconds.
pub const MIN_NONCE_PERIOD: Duration = Duration::from_secs(10);

/// The most that [`Dpop::nonce_period`] takes: 5 minutes.
pub const MAX_NONCE_PERIOD: Duration = Duration::from_secs(300);

/// The shortest secret that [`Dpop::nonce_secret`] takes, in octets.
pub const MIN_NONCE_SECRET_OCTETS: usize = 32;

/// The algorithms that proofs may be signed by, unless said otherwise.
pub const DEFAULT_PROOF_ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// Takes tokens that are bound to a key of the client (RFC 9449); see the [module's docs](crate::dpop).
#[must_use]
pub struct Dpop {
    required: bool,
    origins: Vec<Box<str>>,
    any_origin: bool,
    public_url: Option<PublicUrl>,
    algorithms: BTreeSet<Algorithm>,
    age: Duration,
    skew: Duration,
    nonces: bool,
    nonce_period: Duration,
    nonce_secret: Option<Secret>,
    replay: Option<Arc<dyn ReplayStore>>,
}

impl Dpop {
    /// Takes bound tokens with their proof beside tokens that are bound to nothing. One that is bound to a key is
    /// never taken without its proof, here or anywhere else.
    pub fn new() -> Self {
        Self {
            required: false,
            origins: Vec::new(),
            any_origin: false,
            public_url: None,
            algorithms: DEFAULT_PROOF_ALGORITHMS.into(),
            age: DEFAULT_PROOF_AGE,
            skew: DEFAULT_PROOF_SKEW,
            nonces: false,
            nonce_period: DEFAULT_NONCE_PERIOD,
            nonce_secret: None,
            replay: None,
        }
    }

    /// Takes no other token: the scheme `Bearer` is not offered. By default, it is. For one route alone, there is the
    /// rule `sender_constrained()` of portcullis-authz.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Adds an origin of this API as clients write it, such as `https://api.example.com`: `htu` of a proof must begin
    /// with one. If the request came to one of them, to that one. By default, this is that of the public URL of
    /// `Security`, if one was configured; else these are the origins of the audiences that are URLs (RFC 8707 §2).
    pub fn origin(mut self, origin: impl Into<Box<str>>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Takes scheme and host of the request as the edge found them, besides the origins that were named.
    ///
    /// # What must protect it instead
    /// `Host` is text of the client, so that a proof which was made for another server can be shown here with that
    /// server's name. A proxy or server in front must pass no request on but those for hosts of this API. By default,
    /// this is off.
    pub fn danger_origin_of_request(self) -> Self {
        Self { any_origin: true, ..self }
    }

    /// Allows these algorithms alone. By default, these are [`DEFAULT_PROOF_ALGORITHMS`].
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), ..self }
    }

    /// Sets how far back `iat` may lie: 1 second to [`MAX_PROOF_AGE`]. By default, this is [`DEFAULT_PROOF_AGE`].
    pub fn max_age(self, age: Duration) -> Self {
        Self { age, ..self }
    }

    /// Sets how far clocks may differ: `iat` may lie that far ahead, and the store remembers a proof for that much longer
    /// than it can be used, so that a replica whose clock is behind finds it there. At most [`MAX_PROOF_SKEW`]. By
    /// default, this is [`DEFAULT_PROOF_SKEW`].
    pub fn skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// Demands a nonce of this server in each proof, so that none can be made in advance. By default, none is.
    pub fn nonces(self) -> Self {
        Self { nonces: true, ..self }
    }

    /// Sets after what time a new nonce is sent: whole seconds from [`MIN_NONCE_PERIOD`] to [`MAX_NONCE_PERIOD`]. By
    /// default, this is [`DEFAULT_NONCE_PERIOD`].
    pub fn nonce_period(self, period: Duration) -> Self {
        Self { nonce_period: period, ..self }
    }

    /// Sets the secret that nonces are made with, at least [`MIN_NONCE_SECRET_OCTETS`]; replicas share it. By default,
    /// each process makes its own.
    pub fn nonce_secret(self, secret: Secret) -> Self {
        Self { nonce_secret: Some(secret), ..self }
    }

    /// Remembers used proofs in this store; replicas share it. By default, this is a
    /// [`MemoryReplay`] of the process with its default sizes.
    pub fn replay(self, store: Arc<dyn ReplayStore>) -> Self {
        Self { replay: Some(store), ..self }
    }

    /// Says under which URL clients know the API. A path in it is one that a proxy takes off.
    pub(crate) fn known_as(self, public_url: Option<&PublicUrl>) -> Self {
        Self { public_url: public_url.cloned(), ..self }
    }

    /// The finished verifier, or everything that is wrong with the settings.
    pub(crate) fn build<'a>(
        self,
        audiences: impl IntoIterator<Item = &'a str>,
        clock: &Clock,
    ) -> Result<DpopVerifier, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let origins = self.find_origins(audiences, &mut errors);
        self.check_algorithms(&mut errors);
        self.check_times(&mut errors);
        let nonces = if self.nonces { errors.take(self.make_nonces()) } else { None };
        errors.into_result(())?;
        Ok(DpopVerifier::new(Parts {
            required: self.required,
            origins,
            prefix: self.public_url.as_ref().map_or("", PublicUrl::prefix).into(),
            any_origin: self.any_origin,
            algorithms: self.algorithms.into_iter().collect(),
            age: self.age,
            skew: self.skew,
            nonces,
            replay: self.replay.unwrap_or_else(|| Arc::new(MemoryReplay::new(clock.clone()))),
            clock: clock.clone(),
        }))
    }

    fn find_origins<'a>(
        &self,
        audiences: impl IntoIterator<Item = &'a str>,
        errors: &mut ConfigErrors,
    ) -> Vec<Origin> {
        let mut unknown = |message| errors.push(ConfigError::new(ConfigCode::DpopOriginUnknown, message));
        let mut origins: Vec<Origin> = Vec::new();
        for text in &self.origins {
            match Origin::of_url(text) {
                Some(origin) => origins.push(origin),
                None => unknown(format!(
                    "`{}` is no origin such as `https://api.example.com`",
                    Escaped::new(text)
                )),
            }
        }
        if self.origins.is_empty() {
            match &self.public_url {
                Some(url) => origins.extend(Origin::of_url(url.as_str())),
                None => origins.extend(audiences.into_iter().filter_map(Origin::of_url)),
            }
        }
        if origins.is_empty() && self.origins.is_empty() && !self.any_origin {
            unknown("dpop needs the origin of this api: none is named, and no audience is a url".to_owned());
        }
        origins.dedup();
        origins
    }

    fn check_algorithms(&self, errors: &mut ConfigErrors) {
        let mut unusable = |message| errors.push(ConfigError::new(ConfigCode::NoUsableAlgorithm, message));
        if self.algorithms.is_empty() {
            unusable("dpop allows no algorithm".to_owned());
        }
        // RFC 9449 §4.3: an asymmetric one.
        for algorithm in self.algorithms.iter().filter(|algorithm| algorithm.is_symmetric()) {
            unusable(format!("dpop allows {algorithm}, which proves nothing: both sides have the secret"));
        }
    }

    fn check_times(&self, errors: &mut ConfigErrors) {
        let mut out_of_range = |message| errors.push(ConfigError::new(ConfigCode::DpopOutOfRange, message));
        if !(Duration::from_secs(1)..=MAX_PROOF_AGE).contains(&self.age) {
            out_of_range(format!("proofs are taken for 1 to {} s", MAX_PROOF_AGE.as_secs()));
        }
        if self.skew > MAX_PROOF_SKEW {
            out_of_range(format!("proofs may be dated {} s ahead at most", MAX_PROOF_SKEW.as_secs()));
        }
        let whole = self.nonce_period.subsec_nanos() == 0;
        if !whole || !(MIN_NONCE_PERIOD..=MAX_NONCE_PERIOD).contains(&self.nonce_period) {
            let (least, most) = (MIN_NONCE_PERIOD.as_secs(), MAX_NONCE_PERIOD.as_secs());
            out_of_range(format!("nonces are renewed after {least} to {most} whole seconds"));
        }
    }

    fn make_nonces(&self) -> Result<Nonces, ConfigError> {
        let weak = |message: String| ConfigError::new(ConfigCode::WeakNonceSecret, message);
        let mut random = [0; MIN_NONCE_SECRET_OCTETS];
        let secret = match &self.nonce_secret {
            Some(secret) if secret.expose().len() < MIN_NONCE_SECRET_OCTETS => {
                return Err(weak(format!(
                    "the secret of nonces has fewer than {MIN_NONCE_SECRET_OCTETS} octets"
                )));
            }
            Some(secret) => secret.expose(),
            None => {
                let filled = aws_lc_rs::rand::fill(&mut random);
                filled.map_err(|_| weak("there are no random octets for nonces".to_owned()))?;
                &random
            }
        };
        Ok(Nonces::new(secret, self.nonce_period))
    }
}

impl Default for Dpop {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop")
            .field("required", &self.required)
            .field("origins", &self.origins)
            .field("algorithms", &self.algorithms)
            .field("nonces", &self.nonces)
            .finish_non_exhaustive()
    }
}
