//! The identifier of a protected resource, and the address of its metadata (RFC 9728 §1.2, §3.1).

use std::net::IpAddr;

use http::Uri;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[derive(Debug)]
pub(super) struct Identifier {
    /// The path, without the slash after the host if that is all.
    pub(super) path: String,
    pub(super) metadata_url: String,
    /// The path of the same.
    pub(super) metadata_path: String,
}

impl Identifier {
    pub(super) fn read(text: &str, http_on_loopback: bool) -> Option<Self> {
        // `http::Uri` drops a fragment in silence; braces would be parameters of the route; the rest is what a challenge
        // cannot carry as it is.
        let is_odd = |c: char| !c.is_ascii_graphic() || "#\\\"{}<>^`|".contains(c);
        if text.contains(is_odd) {
            return None;
        }
        let url: Uri = text.parse().ok()?;
        let authority = url.authority()?.as_str();
        let host = url.host().filter(|host| !host.is_empty() && !authority.contains('@'))?;
        let scheme = match url.scheme_str()? {
            "https" => "https",
            "http" if http_on_loopback && is_loopback(host) => "http",
            _ => return None,
        };
        // RFC 9728 §3.1: a slash that is all of the path is left out.
        let path = Some(url.path()).filter(|path| *path != "/").unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let metadata_path = format!("{WELL_KNOWN}{path}");
        Some(Self {
            path: path.to_owned(),
            metadata_url: format!("{scheme}://{authority}{metadata_path}{query}"),
            metadata_path,
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn url(text: &str) -> Option<String> {
        Identifier::read(text, false).map(|identifier| identifier.metadata_url)
    }

    /// A10.4, RFC 9728 §3 and §3.1.
    #[test]
    fn the_well_known_path_stands_between_host_and_path_or_query() {
        for (resource, rest) in [
            ("https://r.example", ""),
            ("https://r.example/", ""),
            ("https://r.example/a", "/a"),
            ("https://r.example/a/", "/a/"),
            ("https://r.example?x=1", "?x=1"),
            ("https://r.example/?x=1", "?x=1"),
            ("https://r.example/a/b?x=1", "/a/b?x=1"),
        ] {
            let expected = format!("https://r.example/.well-known/oauth-protected-resource{rest}");
            assert_eq!(url(resource), Some(expected), "{resource}");
        }
        let port = url("https://r.example:8443/a").unwrap();
        assert_eq!(port, "https://r.example:8443/.well-known/oauth-protected-resource/a");
    }

    /// A10.4, RFC 9728 §3.1, by its own examples.
    #[test]
    fn the_addresses_of_the_vectors_are_found() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/rfc9728/metadata.json");
        let Ok(content) = std::fs::read(path) else {
            eprintln!("SKIPPED: the vectors of RFC 9728 are not beside the checkout");
            return;
        };
        let vectors: Value = serde_json::from_slice(&content).unwrap();
        let cases = vectors["urls"].as_array().unwrap();
        assert!(cases.len() >= 3);
        for case in cases {
            let resource = case["resource"].as_str().unwrap();
            assert_eq!(url(resource).as_deref(), case["metadata_url"].as_str(), "{resource}");
        }
    }

    /// A10.5, RFC 9728 §1.2.
    #[test]
    fn an_identifier_is_https_without_fragment() {
        for bad in [
            "",
            "/a",
            "r.example",
            "http://r.example",
            "ftp://r.example",
            "https://",
            "https:///a",
            "https://u@r.example",
            "https://r.example/#a",
            "https://r.example/{a}",
            "https://r.example/\"",
            "https://r.example/a b",
            "https://r.example/\u{e9}",
            "https://r.example\n",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
        for (local, taken) in [
            ("http://127.0.0.1:80/a", true),
            ("http://[::1]", true),
            ("http://localhost", true),
            ("http://r.example", false),
        ] {
            assert_eq!(Identifier::read(local, true).is_some(), taken, "{local}");
            assert!(Identifier::read(local, false).is_none(), "{local}");
        }
    }
}
