//! Whom to trust.

use std::sync::Arc;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::builder::Identity;

/// TLS 1.2 and 1.3 with the system's roots and those of the PEM texts. Without any root it is an error, unless
/// plain HTTP can be used.
pub(crate) fn config(
    root_pems: &[Vec<u8>],
    identity: Option<&Identity>,
    may_lack_roots: bool,
) -> Result<ClientConfig, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let mut roots = RootCertStore::empty();
    // What cannot be read of the system's roots is left out: one bad file must not stop the rest.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for (index, pem) in root_pems.iter().enumerate() {
        let added = certificates(pem).and_then(|all| all.into_iter().try_for_each(|one| roots.add(one).ok()));
        if added.is_none() {
            errors.push(unusable(format!("root certificates number {} are not usable PEM", index + 1)));
        }
    }
    if roots.is_empty() && !may_lack_roots {
        errors.push(unusable("no root certificate is there to verify servers with: install the system's"));
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions();
    match versions {
        Ok(builder) => {
            let builder = builder.with_root_certificates(roots);
            let Some(identity) = identity else { return errors.into_result(builder.with_no_client_auth()) };
            let chain = certificates(&identity.certificates);
            // The text of these errors could quote what stands in the key's file.
            let key = PrivateKeyDer::from_pem_slice(identity.key.expose()).ok();
            let config =
                chain.zip(key).and_then(|(chain, key)| builder.with_client_auth_cert(chain, key).ok());
            if config.is_none() {
                errors.push(unusable("the client's own certificate and private key are not a pair in PEM"));
            }
            match config {
                Some(config) => errors.into_result(config),
                None => Err(errors),
            }
        }
        Err(error) => {
            errors.push(unusable(format!("tls cannot be set up: {error}")));
            Err(errors)
        }
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!found.is_empty()).then_some(found)
}

fn unusable(message: impl Into<String>) -> ConfigError {
    ConfigError::new(ConfigCode::ClientUnusable, message)
}
