//! The settings of an acceptor.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Secret};

use crate::acceptor::TlsAcceptor;
use crate::files::Source;
use crate::identity::IdentitySource;
use crate::plain::PlainRequests;
use crate::server_config::{ClientAuth, Sources};

/// How long a handshake may take, from the accepted connection on.
pub const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many handshakes are under way at once; further ones wait for their turn.
pub const DEFAULT_MAX_HANDSHAKES: usize = 256;

/// How often a [`Watch`](crate::Watch) looks whether a file has changed.
pub const DEFAULT_RELOAD_INTERVAL: Duration = Duration::from_secs(60);

/// Collects settings, and everything that is wrong with them. See the crate's docs.
#[derive(Clone)]
#[must_use]
pub struct TlsBuilder {
    sources: Sources,
    settings: Settings,
}

/// What no reload changes.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
    pub(crate) handshake_timeout: Duration,
    pub(crate) max_handshakes: usize,
    pub(crate) plain_requests: PlainRequests,
    pub(crate) reload_interval: Duration,
}

impl TlsBuilder {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            clock: Clock::system(),
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            max_handshakes: DEFAULT_MAX_HANDSHAKES,
            plain_requests: PlainRequests::default(),
            reload_interval: DEFAULT_RELOAD_INTERVAL,
        };
        Self { sources: Sources::default(), settings }
    }

    /// Takes a certificate with its chain, leaf first, and its private key, from two PEM files. The files may be one.
    ///
    /// Called more than once, each client gets the certificate that names the host it asks for (SNI): one with that very
    /// name, else one with the right wildcard, else the first.
    pub fn certificate_files(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity(Source::File(certificate.into()), Source::File(key.into()))
    }

    /// The same from PEM texts, such as a secret manager hands out. They are not read again.
    pub fn certificate_pem(self, certificate: impl AsRef<[u8]>, key: Secret) -> Self {
        self.identity(Source::Memory(Secret::new(certificate.as_ref())), Source::Memory(key))
    }

    /// Asks clients for a certificate, and verifies it against the authorities of this PEM file: one that sends none is
    /// served, one whose certificate does not verify is not. By default, this is [`ClientAuth::None`].
    pub fn accept_client_certificates(self, authorities: impl Into<PathBuf>) -> Self {
        self.clients(ClientAuth::Optional, Source::File(authorities.into()))
    }

    /// The same, and a client that sends none is not served either.
    pub fn require_client_certificates(self, authorities: impl Into<PathBuf>) -> Self {
        self.clients(ClientAuth::Required, Source::File(authorities.into()))
    }

    /// [`accept_client_certificates`](Self::accept_client_certificates) or
    /// [`require_client_certificates`](Self::require_client_certificates) with the authorities from a PEM text.
    pub fn client_certificates_pem(self, auth: ClientAuth, authorities: impl AsRef<[u8]>) -> Self {
        self.clients(auth, Source::Memory(Secret::new(authorities.as_ref())))
    }

    /// Refuses client certificates that a revocation list of this PEM file names. Then each certificate of a chain must
    /// be covered by a list that is in date: what is not known to be good is refused. By default, nothing is known to be
    /// revoked.
    pub fn client_revocation_file(mut self, lists: impl Into<PathBuf>) -> Self {
        self.sources.client_revocations.push(Source::File(lists.into()));
        self
    }

    /// Speaks HTTP/1.1 alone. By default, clients choose between that and HTTP/2 (ALPN).
    pub fn http1_only(mut self) -> Self {
        self.sources.http1_only = true;
        self
    }

    /// Speaks TLS 1.3 alone. By default, TLS 1.2 is spoken with clients that do not know better.
    pub fn tls13_only(mut self) -> Self {
        self.sources.tls13_only = true;
        self
    }

    /// Sets how long a handshake may take, from the accepted connection on, its wait for a turn included. While others
    /// wait, it has a tenth of that. Where people choose a certificate in a browser, some of which wait for the choice, it
    /// should be longer. By default, this is [`DEFAULT_HANDSHAKE_TIMEOUT`].
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Sets how many handshakes are under way at once. By default, this is [`DEFAULT_MAX_HANDSHAKES`].
    pub fn max_handshakes(mut self, max: usize) -> Self {
        self.settings.max_handshakes = max;
        self
    }

    /// Sets what becomes of clients that speak plain HTTP. By default, this is [`PlainRequests::Refuse`].
    pub fn plain_requests(mut self, policy: PlainRequests) -> Self {
        self.settings.plain_requests = policy;
        self
    }

    /// Sets how often a [`Watch`](crate::Watch) reads the files. By default, this is [`DEFAULT_RELOAD_INTERVAL`].
    pub fn reload_every(mut self, interval: Duration) -> Self {
        self.settings.reload_interval = interval;
        self
    }

    /// Takes another clock, by which certificates are in date or not. By default, this is the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Reads the files.
    ///
    /// # Errors
    /// Everything that is wrong: [`ConfigCode::TlsCertificateUnusable`], [`ConfigCode::TlsKeyUnusable`],
    /// [`ConfigCode::TlsClientCaUnusable`], [`ConfigCode::ZeroLimit`].
    pub fn build(self) -> Result<TlsAcceptor, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let Settings { handshake_timeout, max_handshakes, reload_interval, .. } = self.settings;
        for (is_zero, what) in [
            (handshake_timeout.is_zero(), "the time for a handshake"),
            (max_handshakes == 0, "the number of handshakes at once"),
            (reload_interval.is_zero(), "the interval of reloading"),
        ] {
            if is_zero {
                errors.push(ConfigError::new(ConfigCode::ZeroLimit, format!("{what} is zero")));
            }
        }
        if self.sources.identities.is_empty() {
            let message = "no certificate is configured: name one by `certificate_files`";
            errors.push(ConfigError::new(ConfigCode::TlsCertificateUnusable, message));
        }
        if self.sources.client_auth == ClientAuth::None && self.sources.has_word_on_clients() {
            let message = "client certificates are to be verified, but are not asked for";
            errors.push(ConfigError::new(ConfigCode::TlsClientCaUnusable, message));
        }
        match (errors.take(TlsAcceptor::new(self.sources, self.settings)), errors.is_empty()) {
            (Some(acceptor), true) => Ok(acceptor),
            _ => Err(errors),
        }
    }

    fn identity(mut self, certificate: Source, key: Source) -> Self {
        self.sources.identities.push(IdentitySource { certificate, key });
        self
    }

    fn clients(mut self, auth: ClientAuth, authorities: Source) -> Self {
        self.sources.client_auth = auth;
        self.sources.client_authorities.push(authorities);
        self
    }
}

impl Sources {
    fn has_word_on_clients(&self) -> bool {
        !self.client_authorities.is_empty() || !self.client_revocations.is_empty()
    }
}

/// Prints no key.
impl fmt::Debug for TlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsBuilder")
            .field("client_auth", &self.sources.client_auth)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
