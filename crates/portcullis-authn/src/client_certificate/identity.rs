//! What a certificate says of its holder.

use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

use portcullis_core::{CredentialMethod, Principal, PrincipalBuilder};

use super::read::ReadCertificate;
use super::spiffe::SpiffeId;

/// What a certificate says of its holder, read from the DER. It was verified, and is valid now.
///
/// Names are printable ASCII without spaces, or the certificate is refused; the texts of distinguished names are escaped
/// as RFC 4514 says.
pub struct CertificateIdentity<'a> {
    read: &'a ReadCertificate,
    dns_names: Vec<&'a str>,
    emails: Vec<&'a str>,
    uris: Vec<&'a str>,
}

impl<'a> CertificateIdentity<'a> {
    pub(super) fn new(read: &'a ReadCertificate) -> Self {
        let all = |names: &'a [Box<str>]| names.iter().map(|name| &**name).collect();
        Self { read, dns_names: all(&read.dns_names), emails: all(&read.emails), uris: all(&read.uris) }
    }

    /// The subject as text (RFC 4514), such as `CN=alice,O=Example`; `None` if it is empty or has a value that is no
    /// text.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        self.read.subject.as_deref().map(str::to_owned)
    }

    /// The common name, if there is just one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.read.common_name.as_deref()
    }

    /// The authority that issued the certificate, as text (RFC 4514).
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        self.read.issuer.as_deref().map(str::to_owned)
    }

    /// The serial number, unique for an issuer, as hexadecimal digits.
    #[must_use]
    pub fn serial(&self) -> String {
        self.read.serial.clone().into_string()
    }

    /// The DNS names, of which one may be a wildcard.
    #[must_use]
    pub fn dns_names(&self) -> &[&'a str] {
        &self.dns_names
    }

    /// The e-mail addresses.
    #[must_use]
    pub fn emails(&self) -> &[&'a str] {
        &self.emails
    }

    /// The URIs.
    #[must_use]
    pub fn uris(&self) -> &[&'a str] {
        &self.uris
    }

    /// The IP addresses.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.read.addresses
    }

    /// The SPIFFE ID, if there is one URI and it is a SPIFFE ID of a workload (X509-SVID §2, §5.2).
    #[must_use]
    pub fn spiffe_id(&self) -> Option<SpiffeId<'a>> {
        match *self.uris {
            [uri] => SpiffeId::parse(uri),
            _ => None,
        }
    }

    /// When the certificate becomes valid.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.read.not_before
    }

    /// When the certificate ends.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.read.not_after
    }

    /// Starts the principal of that subject, with the issuer, and the serial number as its token identifier.
    pub fn principal(&self, subject: impl AsRef<str>) -> PrincipalBuilder {
        let principal =
            Principal::builder(subject, CredentialMethod::ClientCertificate).token_id(&self.read.serial);
        match &self.read.issuer {
            Some(issuer) => principal.issuer(issuer),
            None => principal,
        }
    }
}

/// Prints nothing of the names: the holder may be a person.
impl fmt::Debug for CertificateIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateIdentity").field("serial", &self.read.serial).finish_non_exhaustive()
    }
}
