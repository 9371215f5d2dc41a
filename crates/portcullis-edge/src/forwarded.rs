//! The syntax of `Forwarded` (RFC 7239), read strictly.
//!
//! ```
//! use portcullis_edge::forwarded::{self, Node};
//!
//! let elements = forwarded::parse(r#"for=192.0.2.43, For="[2001:db8::17]:4711";proto=https"#).unwrap();
//! assert_eq!(elements[0].client(), Some("192.0.2.43"));
//! assert_eq!(elements[1].scheme(), Some("https"));
//! let client = elements[1].client().and_then(Node::parse);
//! assert_eq!(client, Some(Node::Address("2001:db8::17".parse().unwrap())));
//!
//! assert!(forwarded::parse("for=192.0.2.1:80").is_err(), "a port needs quotes");
//! ```

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use std::fmt;

/// One element: what one proxy says (RFC 7239 §4). Values are without their quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element<'a> {
    by: Option<Cow<'a, str>>,
    client: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    scheme: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> {
    /// How many parameters of other names than those of RFC 7239 an element may have.
    pub const MAX_EXTENSIONS: usize = 8;

    /// Reads one element. Parameters that nobody knows are checked and left out.
    ///
    /// # Errors
    /// [`InvalidForwarded`] if it does not follow RFC 7239 §4, names a parameter twice, or has more than
    /// [`MAX_EXTENSIONS`](Self::MAX_EXTENSIONS) that nobody knows.
    pub fn parse(text: &'a [u8]) -> Result<Self, InvalidForwarded> {
        let text = std::str::from_utf8(text).map_err(|_| InvalidForwarded)?;
        let mut element = Self::default();
        let mut extensions = Extensions::default();
        let mut rest = text;
        loop {
            let (name, after) = token(rest)?;
            let after = after.strip_prefix('=').ok_or(InvalidForwarded)?;
            let (value, after) = value(after)?;
            // RFC 7239 §4: each parameter must not occur more than once.
            let is_first = match element.known(name) {
                Some(slot) => slot.replace(value).is_none(),
                None => extensions.add(name),
            };
            if !is_first {
                return Err(InvalidForwarded);
            }
            rest = match after.strip_prefix(';') {
                Some(next) => next,
                None if after.is_empty() => return Ok(element),
                None => return Err(InvalidForwarded),
            };
        }
    }

    /// `for`: who made the request to the proxy. Read it with [`Node::parse`].
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// `by`: where the request came in to the proxy.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// `host`: the `Host` field as the proxy received it.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// `proto`: the scheme of the request to the proxy.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// Where the value of that parameter is kept; `None` for one that nobody knows.
    fn known(&mut self, name: &str) -> Option<&mut Option<Cow<'a, str>>> {
        let is = |known| name.eq_ignore_ascii_case(known);
        if is("for") {
            Some(&mut self.client)
        } else if is("by") {
            Some(&mut self.by)
        } else if is("host") {
            Some(&mut self.host)
        } else if is("proto") {
            Some(&mut self.scheme)
        } else {
            None
        }
    }
}

/// The names in an element that nobody knows: few, so that comparing each with all costs linear time.
#[derive(Default)]
struct Extensions<'a>([Option<&'a str>; Element::MAX_EXTENSIONS]);

impl<'a> Extensions<'a> {
    /// Whether the name is a new one, and there is room for it.
    fn add(&mut self, name: &'a str) -> bool {
        for slot in &mut self.0 {
            match slot {
                Some(known) if known.eq_ignore_ascii_case(name) => return false,
                Some(_) => {}
                None => {
                    *slot = Some(name);
                    return true;
                }
            }
        }
        false
    }
}

/// Reads a whole field value, strictly. Empty elements are passed over (RFC 9110 §5.6.1.2).
///
/// # Errors
/// [`InvalidForwarded`] if any element is invalid.
pub fn parse(value: &str) -> Result<Vec<Element<'_>>, InvalidForwarded> {
    let elements = elements_from_the_right(value.as_bytes()).map(<[u8]>::trim_ascii);
    let mut elements: Vec<_> =
        elements.filter(|text| !text.is_empty()).map(Element::parse).collect::<Result<_, _>>()?;
    elements.reverse();
    Ok(elements)
}

/// Splits at commas outside of quoted strings, beginning at the right, so that a quote which a client left
/// open cannot swallow what a proxy appended.
pub(crate) fn elements_from_the_right(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        match comma_from_the_right(text) {
            Some(comma) => {
                let (left, right) = text.split_at_checked(comma)?;
                rest = Some(left);
                right.get(1..)
            }
            None => rest.take(),
        }
    })
}

fn comma_from_the_right(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut octets = text.iter().enumerate().rev().peekable();
    while let Some((index, octet)) = octets.next() {
        match octet {
            b'"' => {
                let mut backslashes = 0;
                while octets.next_if(|(_, octet)| **octet == b'\\').is_some() {
                    backslashes += 1;
                }
                // RFC 9110 §5.6.4: a quote behind a lone backslash is part of the string.
                if backslashes % 2 == 0 {
                    quoted = !quoted;
                }
            }
            b',' if !quoted => return Some(index),
            _ => {}
        }
    }
    None
}

/// What `for` and `by` name (RFC 7239 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Node {
    /// An address. IPv4-mapped IPv6 is IPv4. The port is left out.
    Address(IpAddr),
    /// A name that hides the address, such as `_hidden`.
    Obfuscated,
    /// `unknown`.
    Unknown,
}

impl Node {
    /// Reads a node: `192.0.2.1`, `[2001:db8::1]`, `unknown` or `_name`, and a port, if there is one.
    ///
    /// `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(bracketed) = text.strip_prefix('[') {
            let (address, port) = bracketed.split_once(']')?;
            let port = port.strip_prefix(':').map_or(port.is_empty(), is_port);
            return if port { ipv6(address) } else { None };
        }
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
        if !port.is_none_or(is_port) {
            None
        } else if name.eq_ignore_ascii_case("unknown") {
            Some(Self::Unknown)
        } else if name.strip_prefix('_').is_some_and(is_obfuscated) {
            Some(Self::Obfuscated)
        } else {
            name.parse::<Ipv4Addr>().ok().map(|address| Self::Address(address.into()))
        }
    }

    /// Reads an item of `X-Forwarded-For`, which has no grammar: also IPv6 without brackets.
    pub(crate) fn parse_lenient(text: &str) -> Option<Self> {
        ipv6(text).or_else(|| Self::parse(text))
    }

    /// The address, if it is one.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Obfuscated | Self::Unknown => None,
        }
    }
}

/// With or without a zone (RFC 4007 §11), which means something to the proxy alone.
fn ipv6(text: &str) -> Option<Node> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    if !zone.is_none_or(is_obfuscated) {
        return None;
    }
    address.parse::<Ipv6Addr>().ok().map(|address| Node::Address(address.to_canonical()))
}

/// RFC 7239 §6: `1*5DIGIT`, or a name that hides the port.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => is_obfuscated(name),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// RFC 7239 §6.3: `1*( ALPHA / DIGIT / "." / "_" / "-")`.
fn is_obfuscated(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// RFC 9110 §5.6.2.
fn token(text: &str) -> Result<(&str, &str), InvalidForwarded> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(token, _)| !token.is_empty()).ok_or(InvalidForwarded)
}

fn value(text: &str) -> Result<(Cow<'_, str>, &str), InvalidForwarded> {
    match text.strip_prefix('"') {
        None => token(text).map(|(value, rest)| (Cow::Borrowed(value), rest)),
        Some(quoted) => quoted_string(quoted),
    }
}

/// What follows the opening quote (RFC 9110 §5.6.4), without `obs-text`, which no parameter has a use for.
fn quoted_string(text: &str) -> Result<(Cow<'_, str>, &str), InvalidForwarded> {
    let mut unescaped: Option<String> = None;
    let mut characters = text.char_indices();
    while let Some((index, c)) = characters.next() {
        let kept = match c {
            '"' => {
                let (value, rest) = text.split_at_checked(index).ok_or(InvalidForwarded)?;
                let rest = rest.strip_prefix('"').ok_or(InvalidForwarded)?;
                return Ok((unescaped.map_or(Cow::Borrowed(value), Cow::Owned), rest));
            }
            '\\' => {
                let before = text.get(..index).ok_or(InvalidForwarded)?;
                unescaped.get_or_insert_with(|| before.to_owned());
                characters.next().ok_or(InvalidForwarded)?.1
            }
            c => c,
        };
        if !(kept == '\t' || kept == ' ' || kept.is_ascii_graphic()) {
            return Err(InvalidForwarded);
        }
        if let Some(unescaped) = &mut unescaped {
            unescaped.push(kept);
        }
    }
    Err(InvalidForwarded)
}

/// Text that does not follow RFC 7239 §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidForwarded;

impl fmt::Display for InvalidForwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the syntax of rfc 7239 section 4")
    }
}

impl std::error::Error for InvalidForwarded {}

#[cfg(test)]
mod tests;
