use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

use crate::tokens::OWN_ISSUER;

/// The identifier of an outside issuer: an https URL (RFC 8414 §2), or an http URL of this very machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerUrl {
    text: String,
    plain_http: bool,
}

impl IssuerUrl {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its keys come over plain http, which protects against nobody on this machine.
    pub fn is_insecure_plain_http(&self) -> bool {
        self.plain_http
    }
}

impl FromStr for IssuerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "not a URL".to_owned())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("not an absolute URL with a host")?;
        if uri.query().is_some() || text.contains('#') {
            return Err("an issuer has neither query nor fragment (RFC 8414 §2)".into());
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("an issuer has no user information".into());
        }
        if text == OWN_ISSUER {
            return Err("this is the issuer of the service's own tokens".into());
        }
        let plain_http = match uri.scheme_str() {
            Some("https") => false,
            Some("http") if is_loopback(host) => true,
            Some("http") => {
                return Err("plain http is accepted for loopback addresses only; use https".into());
            }
            _ => return Err("not an https URL".into()),
        };
        Ok(Self { text: text.into(), plain_http })
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // RFC 6761 §6.3: `localhost` never leaves the machine.
    host.eq_ignore_ascii_case("localhost") || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
