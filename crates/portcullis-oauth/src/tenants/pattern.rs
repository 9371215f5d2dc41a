//! The identifiers of tenants: one text with one gap in it.

/// The longest name of a tenant, in octets.
pub const MAX_TENANT_OCTETS: usize = 128;

const GAP: &str = "{tenant}";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    before: Box<str>,
    after: Box<str>,
    /// Whether the name is the first label of the host, and not a part of the path.
    in_host: bool,
}

impl Pattern {
    /// `https://login.example.com/{tenant}/v2.0` or `https://{tenant}.login.example.com`: what stands in a token may
    /// not choose whom to ask, but for a label below a domain that is fixed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(GAP)?;
        let (scheme, rest) = before.split_once("://")?;
        let only_one = !after.contains(['{', '}']) && !before.contains(['{', '}']);
        if !only_one || scheme.is_empty() {
            return None;
        }
        let in_host = rest.is_empty();
        let host = after.split(['/', ':']).next().unwrap_or_default();
        let is_fixed = if in_host {
            // At least two labels after it: `{tenant}.com` would be anyone's.
            host.strip_prefix('.').is_some_and(|domain| domain.trim_matches('.').contains('.'))
        } else {
            rest.find('/').is_some_and(|slash| slash > 0)
        };
        is_fixed.then(|| Self { before: before.into(), after: after.into(), in_host })
    }

    /// The tenant's name in an identifier. It has letters, digits, `-` and `_`, and in a path also `.` and `~`: no
    /// other octet could make another place of it (RFC 3986 §2.3).
    pub(super) fn tenant<'a>(&self, identifier: &'a str) -> Option<&'a str> {
        let longest = self.before.len() + MAX_TENANT_OCTETS + self.after.len();
        if identifier.len() > longest {
            return None;
        }
        let tenant = identifier.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
        let fits = |octet: u8| plain(octet) || (!self.in_host && matches!(octet, b'.' | b'~'));
        let dots = tenant.bytes().all(|octet| octet == b'.');
        (!tenant.is_empty() && !dots && tenant.bytes().all(fits)).then_some(tenant)
    }

    pub(super) fn identifier(&self, tenant: &str) -> String {
        format!("{}{tenant}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gap_stands_in_the_path_or_is_the_first_label_of_a_fixed_domain() {
        for good in [
            "https://login.example.com/{tenant}",
            "https://login.example.com/realms/{tenant}/",
            "https://login.example.com:8443/t-{tenant}/v2.0",
            "https://{tenant}.login.example.com",
            "https://{tenant}.login.example.com:8443/oauth",
            "http://127.0.0.1:8080/{tenant}",
        ] {
            assert!(Pattern::read(good).is_some(), "{good}");
        }
        for bad in [
            "https://login.example.com",
            "https://{tenant}",
            "https://{tenant}/",
            "https://{tenant}.com",
            "https://{tenant}..com",
            "https://{tenant}.com/a.b",
            "https://login.{tenant}/",
            "https://login.{tenant}.example.com",
            "https://login.example.com{tenant}/",
            "https:///{tenant}",
            "{tenant}://login.example.com/",
            "https://login.example.com/{tenant}/{tenant}",
            "https://login.example.com/{realm}/{tenant}",
            "/{tenant}",
            "",
        ] {
            assert_eq!(Pattern::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_the_name_and_nothing_that_leads_elsewhere() {
        let path = Pattern::read("https://login.example.com/{tenant}/v2.0").unwrap();
        let of = |name: &str| path.tenant(&path.identifier(name)).map(str::to_owned);
        for name in ["a", "72f988bf-86f1-41af-91ab-2d7cd011db47", "contoso.onmicrosoft.com", "a_~b"] {
            assert_eq!(of(name).as_deref(), Some(name));
        }
        for name in ["", ".", "..", "a/b", "a%2Fb", "a b", "a?b", "a#b", "a@b", "ä", "a\n", "{tenant}"] {
            assert_eq!(of(name), None, "{name:?}");
        }
        assert!(of(&"x".repeat(MAX_TENANT_OCTETS)).is_some());
        assert!(of(&"x".repeat(MAX_TENANT_OCTETS + 1)).is_none());
        for other in ["https://login.example.com/a/v2.0/", "http://login.example.com/a/v2.0", "a", ""] {
            assert_eq!(path.tenant(other), None, "{other}");
        }
        let host = Pattern::read("https://{tenant}.login.example.com").unwrap();
        assert_eq!(host.tenant("https://acme.login.example.com"), Some("acme"));
        for other in ["https://a.b.login.example.com", "https://evil.example/.login.example.com"] {
            assert_eq!(host.tenant(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_name_is_found_again(text in ".{0,80}", name in "[A-Za-z0-9_-]{1,40}") {
            if let Some(pattern) = Pattern::read(&text) {
                let _ = pattern.tenant(&text);
            }
            let pattern = Pattern::read("https://login.example.com/{tenant}").unwrap();
            let _ = pattern.tenant(&text);
            let identifier = pattern.identifier(&name);
            prop_assert_eq!(pattern.tenant(&identifier), Some(name.as_str()));
        }
    }
}
