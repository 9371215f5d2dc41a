//! What is read in a certificate: once for a connection.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::distinguished_name;

/// A certificate for clients, apart from its octets. It takes little more room than the names in them.
pub(super) struct ReadCertificate {
    pub(super) subject: Option<Box<str>>,
    pub(super) common_name: Option<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) serial: Box<str>,
    pub(super) dns_names: Vec<Box<str>>,
    pub(super) emails: Vec<Box<str>>,
    pub(super) uris: Vec<Box<str>>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
}

impl ReadCertificate {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong: it cannot be read, is that of an authority, or is meant for other uses.
    pub(super) fn of(der: &[u8]) -> Result<Self, &'static str> {
        const UNREADABLE: &str = "the certificate cannot be read";

        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| UNREADABLE)?;
        let constraints = certificate.basic_constraints().map_err(|_| UNREADABLE)?;
        let usage = certificate.extended_key_usage().map_err(|_| UNREADABLE)?;
        // RFC 5280 §4.2.1.9 and §4.2.1.12, as in a handshake: a proxy may have been less strict.
        if constraints.is_some_and(|constraints| constraints.value.ca) {
            return Err("the certificate is that of an authority");
        }
        if usage.is_some_and(|usage| !usage.value.client_auth && !usage.value.any) {
            return Err("the certificate is not meant for clients");
        }
        if !rest.is_empty() {
            return Err("something follows the certificate");
        }
        let text = |name| distinguished_name::to_text(name).map(String::into_boxed_str);
        let validity = certificate.validity();
        let mut read = Self {
            subject: text(certificate.subject()),
            common_name: common_name(&certificate).map(Into::into),
            issuer: text(certificate.issuer()),
            serial: certificate.raw_serial().iter().map(|octet| format!("{octet:02x}")).collect(),
            dns_names: Vec::new(),
            emails: Vec::new(),
            uris: Vec::new(),
            addresses: Vec::new(),
            not_before: time(validity.not_before.timestamp()),
            not_after: time(validity.not_after.timestamp()),
        };
        read.read_alternative_names(&certificate).ok_or("a name in the certificate is broken")?;
        Ok(read)
    }

    fn read_alternative_names(&mut self, certificate: &X509Certificate<'_>) -> Option<()> {
        let Some(names) = certificate.subject_alternative_name().ok()? else { return Some(()) };
        for name in &names.value.general_names {
            match name {
                GeneralName::DNSName(name) => self.dns_names.push(clean(name)?.into()),
                GeneralName::RFC822Name(name) => self.emails.push(clean(name)?.into()),
                GeneralName::URI(name) => self.uris.push(clean(name)?.into()),
                GeneralName::IPAddress(octets) => self.addresses.push(address(octets)?),
                GeneralName::Invalid(..) => return None,
                _ => {}
            }
        }
        Some(())
    }
}

fn common_name<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a str> {
    let mut names = certificate.subject().iter_common_name();
    let (name, None) = (names.next()?, names.next()) else { return None };
    name.as_str().ok().filter(|name| !name.is_empty() && !name.chars().any(char::is_control))
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
