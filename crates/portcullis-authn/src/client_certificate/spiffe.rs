//! SPIFFE identifiers.

/// How many octets a SPIFFE ID may have (SPIFFE-ID §2.3).
pub const MAX_SPIFFE_ID_LEN: usize = 2048;

/// The longest trust domain, in octets (SPIFFE-ID §2.1).
const MAX_TRUST_DOMAIN_LEN: usize = 255;

/// The identity of a workload: `spiffe://trust-domain/path`.
///
/// ```
/// use portcullis_authn::SpiffeId;
///
/// let id = SpiffeId::parse("spiffe://example.org/ns/shop/sa/cart").unwrap();
/// assert_eq!((id.trust_domain(), id.path()), ("example.org", "/ns/shop/sa/cart"));
/// assert!(SpiffeId::parse("spiffe://example.org/../admin").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpiffeId<'a> {
    text: &'a str,
    trust_domain: &'a str,
    path: &'a str,
}

impl<'a> SpiffeId<'a> {
    /// Reads the identifier of a workload (SPIFFE-ID §2); that of a whole trust domain is none. `None` if it is not
    /// well-formed.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // RFC 3986 §3.1: the scheme has no case; everything behind it has.
        let (scheme, rest) = text.split_once("://")?;
        let slash = rest.find('/')?;
        let (trust_domain, path) = rest.split_at_checked(slash)?;
        let mut segments = path.split('/').skip(1);
        let well_formed = scheme.eq_ignore_ascii_case("spiffe")
            && text.len() <= MAX_SPIFFE_ID_LEN
            && is_trust_domain(trust_domain)
            && segments.all(is_segment);
        well_formed.then_some(Self { text, trust_domain, path })
    }

    /// The whole identifier.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The trust domain.
    #[must_use]
    pub const fn trust_domain(&self) -> &'a str {
        self.trust_domain
    }

    /// The path, which begins with a slash.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }
}

/// SPIFFE-ID §2.1.
pub(super) fn is_trust_domain(name: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-_".contains(&octet);
    !name.is_empty() && name.len() <= MAX_TRUST_DOMAIN_LEN && name.bytes().all(allowed)
}

/// SPIFFE-ID §2.2.
fn is_segment(segment: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b".-_".contains(&octet);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_identifiers_of_workloads_alone() {
        for text in [
            "spiffe://example.org/a",
            "spiffe://a_b-c.1/ns/Shop/sa/x_y.z",
            "SPIFFE://example.org/...",
            &format!("spiffe://{}/a", "d".repeat(255)),
            &format!("spiffe://d/{}", "p".repeat(MAX_SPIFFE_ID_LEN - 11)),
        ] {
            assert_eq!(SpiffeId::parse(text).map(|id| id.as_str()), Some(text));
        }
        for text in [
            "",
            "spiffe://",
            "spiffe:///a",
            "spiffe://example.org",
            "spiffe://example.org/",
            "spiffe://example.org/a/",
            "spiffe://example.org//a",
            "spiffe://example.org/.",
            "spiffe://example.org/a/../b",
            "spiffe://Example.org/a",
            "spiffe://example.org:80/a",
            "spiffe://user@example.org/a",
            "spiffe://example.org/a?b",
            "spiffe://example.org/a#b",
            "spiffe://example.org/%61",
            "spiffe://example.org/é",
            "https://example.org/a",
            &format!("spiffe://{}/a", "d".repeat(256)),
            &format!("spiffe://d/{}", "p".repeat(MAX_SPIFFE_ID_LEN - 10)),
        ] {
            assert_eq!(SpiffeId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_parts_make_the_whole(text in "(spiffe://)?[a-zé/.?]{0,20}") {
            if let Some(id) = SpiffeId::parse(&text) {
                prop_assert_eq!(format!("spiffe://{}{}", id.trust_domain(), id.path()), text);
            }
        }
    }
}
