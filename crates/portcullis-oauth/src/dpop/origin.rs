//! URLs taken apart: where this API is, and where a proof says it is.

use std::net::Ipv6Addr;

/// Scheme, host and port of this API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    secure: bool,
    host: Box<str>,
    port: u16,
}

/// An absolute http URL, without query and fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    place: Place<'a>,
    pub(super) path: &'a str,
}

/// An origin that borrows its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    secure: bool,
    host: &'a str,
    port: u16,
}

impl Origin {
    /// The origin of an http URL; what follows it is not looked at.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let Place { secure, host, port } = Url::parse(url)?.place;
        Some(Self { secure, host: host.into(), port })
    }

    /// RFC 3986 §6.2.2.1: hosts have no case.
    pub(super) fn is(&self, place: Place<'_>) -> bool {
        self.place().is(place)
    }

    fn place(&self) -> Place<'_> {
        Place { secure: self.secure, host: &self.host, port: self.port }
    }
}

impl<'a> Place<'a> {
    /// The place that scheme and authority name.
    pub(super) fn of_authority(secure: bool, authority: &'a str) -> Option<Self> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                address.parse::<Ipv6Addr>().ok()?;
                (authority.strip_suffix(port)?, port)
            }
            None => {
                let end = authority.find(':').unwrap_or(authority.len());
                let (host, port) = authority.split_at_checked(end)?;
                // No user information, no encoding, and nothing but ASCII: names of other scripts are sent as such.
                let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
                (!host.is_empty() && host.bytes().all(plain)).then_some((host, port))?
            }
        };
        // RFC 3986 §6.2.3: no port, and none behind the colon, is the scheme's.
        let port = match port.strip_prefix(':').unwrap_or(port) {
            "" => default_port(secure),
            digits if port.starts_with(':') && digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            _ => return None,
        };
        Some(Self { secure, host, port })
    }

    pub(super) fn is(self, other: Place<'_>) -> bool {
        self.secure == other.secure && self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }
}

impl<'a> Url<'a> {
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        if !url.bytes().all(|octet| octet.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let secure = scheme.eq_ignore_ascii_case("https");
        if !secure && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        // RFC 9449 §4.3: query and fragment are not compared.
        let (path, _) = rest.split_at_checked(rest.find(['?', '#']).unwrap_or(rest.len()))?;
        Some(Self { place: Place::of_authority(secure, authority)?, path })
    }

    pub(super) fn place(self) -> Place<'a> {
        self.place
    }
}

const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(origin: &str, url: &str, same: bool) {
        let origin = Origin::of_url(origin).unwrap();
        assert_eq!(Url::parse(url).is_some_and(|url| origin.is(url.place())), same, "{origin:?} {url}");
    }

    /// A6.7, RFC 3986 §6.2.2.1, §6.2.3.
    #[test]
    fn origins_are_the_same_whatever_their_case_and_with_the_default_port() {
        for url in [
            "https://api.example.com",
            "https://api.example.com/a",
            "HTTPS://API.Example.COM:443/a",
            "https://api.example.com:/a",
            "https://api.example.com?x",
            "https://api.example.com#x",
            "https://api.example.com:0443/",
        ] {
            check("https://api.example.com", url, true);
        }
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/a", true);
        check("http://api.example", "http://api.example:80", true);
        check("https://[2001:db8::1]:8443", "https://[2001:DB8::1]:8443/a", true);
    }

    /// A6.7: everything else is another origin, or no URL at all.
    #[test]
    fn origins_with_user_information_other_ports_schemes_or_scripts_differ() {
        for url in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://api.example.com.evil.example/",
            "https://api.example.com./",
            "https://user@api.example.com/",
            "https://user:pw@api.example.com/",
            "https://api.example.com@evil.example/",
            "https://evil.example/https://api.example.com/",
            "https://evil.example#@api.example.com/",
            "https://evil.example\\@api.example.com/",
            "https://%61pi.example.com/",
            "https://\u{430}pi.example.com/",
            "https://api.example.com:443x/",
            "https://api.example.com:+443/",
            "https://api.example.com:99999/",
            "https://api.example.com::443/",
            "https:///a",
            "https:api.example.com",
            "//api.example.com/",
            "api.example.com",
            "wss://api.example.com/",
            " https://api.example.com/",
            "https://api.example.com /",
            "",
        ] {
            check("https://api.example.com", url, false);
        }
        check("https://[2001:db8::1]", "https://[2001:db8::1]443/", false);
        check("https://[2001:db8::1]", "https://[2001:db8::g]/", false);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(url in "(https?://)?[a-z0-9.:@/?#\\[\\]%é-]{0,40}") {
            if let Some(parsed) = Url::parse(&url) {
                prop_assert!(url.contains(parsed.path));
            }
        }
    }
}
