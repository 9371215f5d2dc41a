//! A certificate of this server with its key.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::files::Source;

/// Where they come from.
#[derive(Clone)]
pub(crate) struct IdentitySource {
    pub(crate) certificate: Source,
    pub(crate) key: Source,
}

/// What a handshake needs.
#[derive(Clone)]
pub(crate) struct Identity {
    /// The hosts that the certificate names.
    pub(crate) names: Vec<String>,
    pub(crate) expires_at: SystemTime,
    pub(crate) key: Arc<CertifiedKey>,
}

/// Reads both from PEM texts.
pub(crate) fn identity(
    source: &IdentitySource,
    certificate: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
    now: SystemTime,
) -> Result<Identity, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let chain = errors.take(certificates(certificate).and_then(|chain| valid(chain, now)).map_err(|what| {
        ConfigError::new(ConfigCode::TlsCertificateUnusable, format!("{} {what}", source.certificate.name()))
    }));
    let unusable =
        |what: &str| ConfigError::new(ConfigCode::TlsKeyUnusable, format!("{} {what}", source.key.name()));
    let key = errors.take(
        PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| unusable("holds no private key as pem; an encrypted one cannot be read"))
            .and_then(|key| {
                let loaded = provider.key_provider.load_private_key(key);
                loaded.map_err(|_| unusable("holds a private key of a kind that is not supported"))
            }),
    );
    let (Some((chain, names, expires_at)), Some(key)) = (chain, key) else {
        return errors.into_result(()).and_then(|()| Err(unusable("cannot be used").into()));
    };
    let key = CertifiedKey::new(chain, key);
    match key.keys_match() {
        // Keys that do not tell their public half cannot be compared.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Identity { names, expires_at, key: Arc::new(key) })
        }
        Err(_) => Err(unusable("holds a private key that is not that of the certificate").into()),
    }
}

/// Every certificate of a PEM text, of which there is at least one.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no certificate as pem".to_owned()),
        Ok(found) => Ok(found),
        Err(_) => Err("holds broken pem".to_owned()),
    }
}

type Valid = (Vec<CertificateDer<'static>>, Vec<String>, SystemTime);

fn valid(chain: Vec<CertificateDer<'static>>, now: SystemTime) -> Result<Valid, String> {
    let leaf = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let Some((_, leaf)) = leaf else { return Err("holds a certificate that cannot be read".to_owned()) };
    let (from, until) = (leaf.validity().not_before, leaf.validity().not_after);
    if now < time(from.timestamp()) {
        return Err(format!("holds a certificate that is not valid before {from}"));
    }
    if now > time(until.timestamp()) {
        return Err(format!("holds a certificate that expired at {until}"));
    }
    let alternatives = leaf.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|extension| &extension.value.general_names);
    let hosts = names.filter_map(|name| match name {
        GeneralName::DNSName(host) => Some((*host).to_owned()),
        _ => None,
    });
    let (hosts, until) = (hosts.collect(), time(until.timestamp()));
    Ok((chain, hosts, until))
}

/// Times before 1970 count as 1970.
fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
