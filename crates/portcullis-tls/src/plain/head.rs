//! As much of the head of a plain request as a redirect needs.

use http::HeaderValue;
use http::uri::{Authority, PathAndQuery};

use super::search::Search;

/// The request line and the fields, as they came.
pub(super) struct Head<'a> {
    method: &'a str,
    target: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    credentials: bool,
}

impl<'a> Head<'a> {
    /// Reads what can be read: a head that is not UTF-8, or is cut off, has no fields and so cannot be redirected.
    pub(super) fn parse(octets: &'a [u8]) -> Self {
        let text = std::str::from_utf8(octets).ok();
        let head = text.and_then(|text| text.split_once("\r\n\r\n")).map_or("", |(head, _)| head);
        let (line, rest) = head.split_once("\r\n").unwrap_or((head, ""));
        let mut parts = line.split(' ');
        let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_http1 =
            parts.next().is_some_and(|version| version.starts_with("HTTP/1.")) && parts.next().is_none();
        let fields = rest.split("\r\n").filter_map(|line| line.split_once(':'));
        let fields = if is_http1 {
            fields.map(|(name, value)| (name, value.trim_matches([' ', '\t']))).collect()
        } else {
            Vec::new()
        };
        let mut search = Search::default();
        search.feed(octets);
        let credentials = search.found_credentials();
        // The answer to a request that cannot be read has a body, unless it surely is one for the head alone.
        Self { method: if is_http1 { method } else { "" }, target, fields, credentials }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The same place with `https`; `None` if nobody can tell, or if the request carries credentials.
    pub(super) fn secure_location(&self) -> Option<HeaderValue> {
        if self.credentials {
            return None;
        }
        let mut hosts = self.values("host");
        // RFC 9112 §3.2: just one.
        let (host, None) = (hosts.next()?, hosts.next()) else { return None };
        let host: Authority = host.parse().ok().filter(|host: &Authority| !host.as_str().contains('@'))?;
        // RFC 9112 §3.2.1: the form that clients send to servers. `//` would name another host.
        let path: PathAndQuery = Some(self.target).filter(|target| target.starts_with('/'))?.parse().ok()?;
        HeaderValue::try_from(format!("https://{host}{path}")).ok()
    }

    fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.fields.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(head: &str, location: Option<&str>) {
        let found = Head::parse(head.as_bytes()).secure_location();
        assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), location, "{head}");
    }

    #[test]
    fn leads_to_the_same_place_with_https() {
        check("GET / HTTP/1.1\r\nHost: api.example\r\n\r\n", Some("https://api.example/"));
        check(
            "POST /a?b=c HTTP/1.0\r\nhOsT:api.example:8443\r\n\r\n",
            Some("https://api.example:8443/a?b=c"),
        );
        check("GET / HTTP/1.1\r\nHost: [::1]:8443\r\nX: y\r\n\r\nbody", Some("https://[::1]:8443/"));
        // It stays on the host: the path is part of the URL, behind the authority.
        check(
            "GET //evil.example HTTP/1.1\r\nHost: api.example\r\n\r\n",
            Some("https://api.example//evil.example"),
        );
    }

    #[test]
    fn leads_nowhere_where_nobody_can_tell() {
        for head in [
            "",
            "GET / HTTP/1.1\r\nHost: api.example\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \r\n\r\n",
            "GET / HTTP/1.1\r\nHost: user@evil.example\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example/path\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example\nX: y\r\n\r\n",
            "GET http://evil.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: api.example\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: api.example\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: api.example\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example\r\nAuthorization: Basic YTpi\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example\r\ncookie: a=b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example\r\ncookie : a=b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.example\r\nX: y\ncookie: a=b\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            check(head, None);
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic_or_add_a_line(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut head = b"GET /".to_vec();
            head.extend(&octets);
            for head in [&octets, &head] {
                if let Some(location) = Head::parse(head).secure_location() {
                    prop_assert!(location.as_bytes().starts_with(b"https://"));
                    prop_assert!(!location.as_bytes().contains(&b'\r') && !location.as_bytes().contains(&b'\n'));
                }
            }
        }
    }
}
