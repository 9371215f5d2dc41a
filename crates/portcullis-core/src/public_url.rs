//! The URL under which clients know an API.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, Scheme};
use thiserror::Error;

use crate::{ConfigCode, ConfigError};

/// The URL under which clients know an API, where it cannot be told from a request: a proxy ends TLS, changes the host or
/// takes a prefix off the path, and says nothing of it. Clones are free.
///
/// ```
/// use portcullis_core::PublicUrl;
///
/// let url: PublicUrl = "https://api.example.com/v1/".parse()?;
/// assert_eq!(url.to_string(), "https://api.example.com/v1");
/// assert!("api.example.com".parse::<PublicUrl>().is_err());
/// # Ok::<(), portcullis_core::InvalidPublicUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    text: Box<str>,
    secure: bool,
    authority: Authority,
    /// Where the path begins.
    path: usize,
}

impl PublicUrl {
    /// The URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether it is https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.secure
    }

    /// Host and, if it is not the default, port.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// What a proxy takes off the path before this application sees it: nothing, or a path that begins with a slash and
    /// ends without.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.text.get(self.0.path..).unwrap_or_default()
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        // `http::Uri` drops a fragment in silence.
        if text.contains(['#', '?', '\\']) {
            return Err(InvalidPublicUrl);
        }
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| InvalidPublicUrl)?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(InvalidPublicUrl),
        };
        let authority = uri
            .authority()
            .filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
        let authority = authority.ok_or(InvalidPublicUrl)?.clone();
        let scheme = if secure { "https://" } else { "http://" };
        let path = scheme.len() + authority.as_str().len();
        if text.get(path..).is_none_or(|prefix| !prefix.is_empty() && !prefix.starts_with('/')) {
            return Err(InvalidPublicUrl);
        }
        Ok(Self(Arc::new(Inner { text: text.into(), secure, authority, path })))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicUrl({self})")
    }
}

/// A text that is no URL of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an http or https URL with a host and without query, fragment and user name")]
#[non_exhaustive]
pub struct InvalidPublicUrl;

impl From<InvalidPublicUrl> for ConfigError {
    fn from(error: InvalidPublicUrl) -> Self {
        Self::new(ConfigCode::InvalidPublicUrl, format!("public URL: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_scheme_a_host_and_perhaps_a_prefix() {
        for (text, kept, authority, prefix, secure) in [
            ("https://api.example.com", "https://api.example.com", "api.example.com", "", true),
            ("https://api.example.com/", "https://api.example.com", "api.example.com", "", true),
            ("https://a:8443/v1/x//", "https://a:8443/v1/x", "a:8443", "/v1/x", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", "", false),
            ("https://[::1]/v1", "https://[::1]/v1", "[::1]", "/v1", true),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            let read = (url.as_str(), url.authority().as_str(), url.prefix(), url.is_secure());
            assert_eq!(read, (kept, authority, prefix, secure), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "/",
            "api.example.com",
            "/v1",
            "https://",
            "https:///v1",
            "ftp://a",
            "https://u@a",
            "https://u:p@a/v1",
            "https://a/?b",
            "https://a#b",
            "https://a\\b",
            "https://a b",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(InvalidPublicUrl), "{text}");
        }
    }
}
