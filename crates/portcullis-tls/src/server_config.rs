//! From files to what rustls wants.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Secret};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateRevocationListDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use crate::files::Source;
use crate::identity::{self, IdentitySource};
use crate::names::ByName;

/// Whether clients have certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    None,
    /// They are asked. One that sends none is served; one whose certificate does not verify is not.
    Optional,
    /// No connection without a certificate that verifies.
    Required,
}

/// What is read again at each reload.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    pub(crate) identities: Vec<IdentitySource>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) client_authorities: Vec<Source>,
    pub(crate) client_revocations: Vec<Source>,
    pub(crate) http1_only: bool,
    pub(crate) tls13_only: bool,
}

/// The texts as they were at one time, in the order of the sources.
pub(crate) struct Texts {
    identities: Vec<(Secret, Secret)>,
    authorities: Vec<Secret>,
    revocations: Vec<Secret>,
}

/// What handshakes need.
pub(crate) struct Loaded {
    pub(crate) config: Arc<ServerConfig>,
    /// When the first of the certificates expires.
    pub(crate) expires_at: SystemTime,
}

impl Sources {
    /// Reads everything.
    pub(crate) fn read(&self) -> Result<Texts, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut read = |source: &Source, code| {
            let text = source.read();
            errors.take(text.map_err(|error| {
                ConfigError::new(code, format!("{} cannot be read: {error}", source.name()))
            }))
        };
        let identities = self.identities.iter().map(|source| {
            let certificate = read(&source.certificate, ConfigCode::TlsCertificateUnusable);
            let key = read(&source.key, ConfigCode::TlsKeyUnusable);
            certificate.zip(key)
        });
        let identities = identities.collect::<Vec<_>>();
        let mut of_clients = |source: &Source| read(source, ConfigCode::TlsClientCaUnusable);
        let authorities = self.client_authorities.iter().map(&mut of_clients).collect::<Vec<_>>();
        let revocations = self.client_revocations.iter().map(&mut of_clients).collect::<Vec<_>>();
        errors.into_result(Texts {
            identities: identities.into_iter().flatten().collect(),
            authorities: authorities.into_iter().flatten().collect(),
            revocations: revocations.into_iter().flatten().collect(),
        })
    }

    /// Makes a configuration of the texts.
    pub(crate) fn load(&self, texts: &Texts, clock: &Clock) -> Result<Loaded, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let identities =
            self.identities.iter().zip(&texts.identities).filter_map(|(source, (chain, key))| {
                let read = identity::identity(source, chain.expose(), key.expose(), &provider, clock.wall());
                errors.take(read)
            });
        let identities = identities.collect::<Vec<_>>();
        let verifier = errors.take(self.verifier(texts, &provider));
        let versions: &[_] = if self.tls13_only { &[&TLS13] } else { &[&TLS13, &TLS12] };
        let builder = ServerConfig::builder_with_details(provider, Arc::new(OurTime(clock.clone())));
        let builder = errors.take(builder.with_protocol_versions(versions).map_err(|error| {
            // INVARIANT: aws-lc-rs has suites for both versions.
            ConfigError::new(ConfigCode::TlsCertificateUnusable, format!("tls cannot be set up: {error}"))
        }));
        let (Some(verifier), Some(builder)) = (verifier, builder) else {
            return Err(errors);
        };
        let expires_at = identities.iter().map(|identity| identity.expires_at).min();
        let resolver = Arc::new(ByName::new(identities));
        let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
        let protocols: &[&[u8]] = if self.http1_only { &[b"http/1.1"] } else { &[b"h2", b"http/1.1"] };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // RFC 8470: what comes in early data can be replayed.
        config.max_early_data_size = 0;
        if self.client_auth != ClientAuth::None {
            // A resumed session brings a certificate that was verified long ago: it may have expired or been revoked.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        // INVARIANT: there is a certificate, or there are errors.
        let expires_at = expires_at.unwrap_or(SystemTime::UNIX_EPOCH);
        errors.into_result(Loaded { config: Arc::new(config), expires_at })
    }

    fn verifier(
        &self,
        texts: &Texts,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, ConfigErrors> {
        if self.client_auth == ClientAuth::None {
            return Ok(WebPkiClientVerifier::no_client_auth());
        }
        let mut errors = ConfigErrors::new();
        let mut roots = RootCertStore::empty();
        for (source, text) in self.client_authorities.iter().zip(&texts.authorities) {
            let added = identity::certificates(text.expose()).and_then(|all| {
                let mut all = all.into_iter();
                let added = all.try_for_each(|one| roots.add(one));
                added.map_err(|_| "holds a certificate that cannot be that of an authority".to_owned())
            });
            let _ = errors.take(added.map_err(|what| of_clients(source, &what)));
        }
        let mut lists = Vec::new();
        for (source, text) in self.client_revocations.iter().zip(&texts.revocations) {
            let found: Result<Vec<_>, _> =
                CertificateRevocationListDer::pem_slice_iter(text.expose()).collect();
            match found {
                Ok(found) if !found.is_empty() => lists.extend(found),
                _ => errors.push(of_clients(source, "holds no revocation list as pem")),
            }
        }
        errors.into_result(())?;
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .with_crls(lists)
            .enforce_revocation_expiration();
        let builder = match self.client_auth {
            ClientAuth::Optional => builder.allow_unauthenticated(),
            ClientAuth::None | ClientAuth::Required => builder,
        };
        builder.build().map_err(|error| {
            let message = format!("client certificates cannot be verified: {error}");
            ConfigError::new(ConfigCode::TlsClientCaUnusable, message).into()
        })
    }
}

impl Texts {
    /// Tells texts apart, in this process alone.
    pub(crate) fn fingerprint(&self, state: &RandomState) -> u64 {
        let mut hasher = state.build_hasher();
        let identities = self.identities.iter().flat_map(|(certificate, key)| [certificate, key]);
        for text in identities.chain(&self.authorities).chain(&self.revocations) {
            hasher.write_usize(text.expose().len());
            hasher.write(text.expose());
        }
        hasher.finish()
    }
}

fn of_clients(source: &Source, what: &str) -> ConfigError {
    ConfigError::new(ConfigCode::TlsClientCaUnusable, format!("{} {what}", source.name()))
}

/// The clock, as rustls asks for it.
struct OurTime(Clock);

impl TimeProvider for OurTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.0.unix_time()))
    }
}

impl fmt::Debug for OurTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
