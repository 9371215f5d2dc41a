//! What a certificate says of its holder.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_core::{CredentialMethod, Denial, Principal, PrincipalBuilder, Reason};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::distinguished_name;
use super::spiffe::SpiffeId;

/// What a certificate says of its holder, read from the DER. It was verified, and is valid now.
///
/// Names are printable ASCII without spaces, or the certificate is refused; the texts of distinguished names are escaped
/// as RFC 4514 says.
pub struct CertificateIdentity<'a> {
    certificate: X509Certificate<'a>,
    dns_names: Vec<&'a str>,
    emails: Vec<&'a str>,
    uris: Vec<&'a str>,
    addresses: Vec<IpAddr>,
}

impl<'a> CertificateIdentity<'a> {
    /// Reads a certificate for clients.
    ///
    /// # Errors
    /// 401 `certificate_malformed` if it cannot be read, is that of an authority, or is meant for other uses.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Denial> {
        let malformed = |what: &'static str| Denial::new(Reason::CertificateMalformed).explained(what);
        let unreadable = || malformed("the certificate cannot be read");
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| unreadable())?;
        let constraints = certificate.basic_constraints().map_err(|_| unreadable())?;
        let usage = certificate.extended_key_usage().map_err(|_| unreadable())?;
        // RFC 5280 §4.2.1.9 and §4.2.1.12, as in a handshake: a proxy may have been less strict.
        if constraints.is_some_and(|constraints| constraints.value.ca) {
            return Err(malformed("the certificate is that of an authority"));
        }
        if usage.is_some_and(|usage| !usage.value.client_auth && !usage.value.any) {
            return Err(malformed("the certificate is not meant for clients"));
        }
        if !rest.is_empty() {
            return Err(malformed("something follows the certificate"));
        }
        let mut identity = Self {
            certificate,
            dns_names: Vec::new(),
            emails: Vec::new(),
            uris: Vec::new(),
            addresses: Vec::new(),
        };
        identity.read_alternative_names().ok_or_else(|| malformed("a name in the certificate is broken"))?;
        Ok(identity)
    }

    fn read_alternative_names(&mut self) -> Option<()> {
        let Some(names) = self.certificate.subject_alternative_name().ok()? else { return Some(()) };
        for name in &names.value.general_names {
            match name {
                GeneralName::DNSName(name) => self.dns_names.push(clean(name)?),
                GeneralName::RFC822Name(name) => self.emails.push(clean(name)?),
                GeneralName::URI(name) => self.uris.push(clean(name)?),
                GeneralName::IPAddress(octets) => self.addresses.push(address(octets)?),
                GeneralName::Invalid(..) => return None,
                _ => {}
            }
        }
        Some(())
    }

    /// The subject as text (RFC 4514), such as `CN=alice,O=Example`; `None` if it is empty or has a value that is no
    /// text.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        distinguished_name::to_text(self.certificate.subject())
    }

    /// The common name, if there is just one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        let mut names = self.certificate.subject().iter_common_name();
        let (name, None) = (names.next()?, names.next()) else { return None };
        name.as_str().ok().filter(|name| !name.is_empty() && !name.chars().any(char::is_control))
    }

    /// The authority that issued the certificate, as text (RFC 4514).
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        distinguished_name::to_text(self.certificate.issuer())
    }

    /// The serial number, unique for an issuer, as hexadecimal digits.
    #[must_use]
    pub fn serial(&self) -> String {
        self.certificate.raw_serial().iter().map(|octet| format!("{octet:02x}")).collect()
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
        &self.addresses
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
        time(self.certificate.validity().not_before.timestamp())
    }

    /// When the certificate ends.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        time(self.certificate.validity().not_after.timestamp())
    }

    /// Starts the principal of that subject, with the issuer, and the serial number as its token identifier.
    pub fn principal(&self, subject: impl AsRef<str>) -> PrincipalBuilder {
        let principal =
            Principal::builder(subject, CredentialMethod::ClientCertificate).token_id(self.serial());
        match self.issuer() {
            Some(issuer) => principal.issuer(issuer),
            None => principal,
        }
    }
}

/// Prints nothing of the names: the holder may be a person.
impl fmt::Debug for CertificateIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateIdentity").field("serial", &self.serial()).finish_non_exhaustive()
    }
}

fn clean(name: &str) -> Option<&str> {
    (!name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic())).then_some(name)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// Times before 1970 count as 1970.
fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
