//! Which certificate a client gets that asks for a host (SNI, RFC 6066 §3).

use std::fmt;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::identity::Identity;

/// Takes the certificate that names the host, else the one with the right wildcard, else the first.
pub(crate) struct ByName(Vec<Identity>);

impl ByName {
    pub(crate) const fn new(identities: Vec<Identity>) -> Self {
        Self(identities)
    }

    fn find(&self, host: Option<&str>) -> Option<&Identity> {
        let named = host.and_then(|host| {
            let with = |fits: fn(&str, &str) -> bool| {
                self.0.iter().find(|identity| identity.names.iter().any(|name| fits(name, host)))
            };
            with(str::eq_ignore_ascii_case).or_else(|| with(wildcard_fits))
        });
        named.or_else(|| self.0.first())
    }
}

/// RFC 9525 §6.3: the asterisk is the whole left-most label, and stands for one label.
fn wildcard_fits(name: &str, host: &str) -> bool {
    let parent = host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, parent)| parent);
    match (name.strip_prefix("*."), parent) {
        (Some(name), Some(parent)) => name.eq_ignore_ascii_case(parent),
        _ => false,
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).map(|identity| Arc::clone(&identity.key))
    }
}

impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|identity| &identity.names)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::identity;

    #[test]
    fn takes_the_certificate_that_names_the_host() {
        let all = ["first.example", "*.example.com", "api.example.com"];
        let certificates = ByName::new(all.iter().map(|name| identity(&[*name])).collect());
        for (host, expected) in [
            (Some("api.example.com"), "api.example.com"),
            (Some("API.Example.COM"), "api.example.com"),
            (Some("www.example.com"), "*.example.com"),
            (Some("a.www.example.com"), "first.example"),
            (Some("example.com"), "first.example"),
            (Some(".example.com"), "first.example"),
            (Some("other.example"), "first.example"),
            (None, "first.example"),
        ] {
            assert_eq!(certificates.find(host).unwrap().names, [expected], "{host:?}");
        }
        assert!(ByName::new(Vec::new()).find(None).is_none());
        assert!(!format!("{certificates:?}").contains("key"));
    }
}
