//! Where this server's own certificate is.

use std::path::PathBuf;

use clap::Args;

/// The files of TLS; without them, plain HTTP.
#[derive(Clone, Debug, Default, Args)]
#[non_exhaustive]
pub struct TlsOptions {
    /// Serve https with this certificate chain, as PEM. It is read again when it changes.
    #[arg(long = "tls-cert", value_name = "FILE")]
    pub certificate: Option<PathBuf>,

    /// The private key of the certificate, as PEM.
    #[arg(long = "tls-key", value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// Ask clients for certificates of these authorities, as PEM: tokens may be bound to them (RFC 8705).
    #[arg(long = "client-ca", value_name = "FILE")]
    pub client_ca: Option<PathBuf>,
}

impl TlsOptions {
    pub(super) fn faults(&self) -> impl Iterator<Item = &'static str> {
        let faults = [
            (self.certificate.is_some() && self.key.is_none(), "--tls-cert needs --tls-key"),
            (self.key.is_some() && self.certificate.is_none(), "--tls-key needs --tls-cert"),
            (
                self.client_ca.is_some() && self.certificate.is_none(),
                "--client-ca needs --tls-cert and --tls-key: behind a proxy, use --client-cert-from",
            ),
        ];
        faults.into_iter().filter_map(|(wrong, why)| wrong.then_some(why))
    }
}
