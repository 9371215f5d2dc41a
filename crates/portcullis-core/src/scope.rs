//! OAuth scopes: single tokens and the set that a caller holds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Serialize, Serializer};
use smallvec::SmallVec;
use thiserror::Error;

use crate::octets::{self, BLOCK};
use crate::source::{SourceText, Span};

/// The most scopes that one set keeps: [`Scopes::parse`] refuses more.
pub const MAX_SCOPES: usize = 512;

/// One scope token (RFC 6749 §3.3).
///
/// ```
/// use portcullis_core::Scope;
///
/// assert_eq!(Scope::new("documents:read").unwrap().as_str(), "documents:read");
/// assert!(Scope::new("two words").is_err());
/// ```
#[derive(Clone)]
pub struct Scope {
    /// One text for all scopes that were read together.
    text: Arc<str>,
    place: Span,
}

impl Scope {
    /// Checks the token's characters.
    ///
    /// # Errors
    /// [`InvalidScope`] if the token is empty, has a character other than `%x21 / %x23-5B / %x5D-7E`, or is longer
    /// than 4 GiB.
    pub fn new(token: &str) -> Result<Self, InvalidScope> {
        if !is_scope_token(token) {
            return Err(InvalidScope::Character);
        }
        let place = Span::new(0, token.len()).ok_or(InvalidScope::TooLong)?;
        Ok(Self { text: token.into(), place })
    }

    /// The token as text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        // INVARIANT: a scope is made with a place in its text.
        self.place.of(&self.text).unwrap_or_default()
    }

    /// Whether it is this token: compared as octets, which need not be looked at for where characters begin.
    #[inline]
    fn is(&self, token: &str) -> bool {
        // Most differ in length already.
        self.place.len() == token.len() && octets::same(self.as_ref(), token.as_bytes())
    }
}

/// The octets of the token, of which each is a character.
impl AsRef<[u8]> for Scope {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        let place = self.place.start as usize..self.place.end as usize;
        // INVARIANT: a scope is made with a place in its text.
        self.text.as_bytes().get(place).unwrap_or_default()
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The set of scopes that a credential carries: sorted, without duplicates, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scopes(Option<Arc<[Scope]>>);

impl Scopes {
    /// No scope at all.
    pub const EMPTY: Self = Self(None);

    /// Reads the space-delimited form of RFC 6749 §3.3. Repeated spaces count as one.
    ///
    /// # Errors
    /// [`InvalidScope`] if a token has a character that is not allowed, or there are more than
    /// [`MAX_SCOPES`].
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        Self::read(text, || (text.into(), 0))
    }

    /// The same of a text that is a part of what was read, so that the scopes need no text of their own.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_from(source: &SourceText, text: &str) -> Result<Self, InvalidScope> {
        Self::read(text, || match source.find(text) {
            Some(place) => (Arc::clone(source.text()), place.start as usize),
            None => (text.into(), 0),
        })
    }

    /// Reads the text, which is kept as `keep` says: in which other one, and where in that.
    fn read(text: &str, keep: impl FnOnce() -> (Arc<str>, usize)) -> Result<Self, InvalidScope> {
        let mut spans = SmallVec::<[(&str, usize); FEW]>::new();
        let mut token = |start, end| {
            if let Some(token) = text.get(start..end).filter(|token| !token.is_empty()) {
                spans.push((token, start));
            }
        };
        let mut start = 0;
        for (octets, number) in text.as_bytes().chunks(BLOCK).zip(0..) {
            if octets::bits(octets, b'a', |octet| !is_scope_octet(octet) & (octet != b' ')) != 0 {
                return Err(InvalidScope::Character);
            }
            let mut spaces = octets::bits(octets, b'a', |octet| octet == b' ');
            while spaces != 0 {
                let at = number * BLOCK + spaces.trailing_zeros() as usize;
                token(start, at);
                start = at + 1;
                spaces &= spaces - 1;
            }
        }
        token(start, text.len());
        if spans.len() > MAX_SCOPES {
            return Err(InvalidScope::TooMany);
        }
        if spans.is_empty() {
            return Ok(Self::EMPTY);
        }
        spans.sort_unstable();
        spans.dedup_by(|(a, _), (b, _)| a == b);
        let (whole, offset) = keep();
        // The last place that there can be: where it fits, so do all.
        Span::new(offset, offset + text.len()).ok_or(InvalidScope::TooLong)?;
        let scope = |(token, start): &(&str, usize)| {
            let start = offset + *start;
            Scope {
                text: Arc::clone(&whole),
                place: Span::new(start, start + token.len()).unwrap_or(Span::NONE),
            }
        };
        Ok(Self(Some(spans.iter().map(scope).collect())))
    }

    /// Whether the set holds the scope, compared octet by octet.
    #[must_use]
    #[inline]
    pub fn contains(&self, scope: &str) -> bool {
        let held = self.as_slice();
        if held.len() <= FEW {
            held.iter().any(|held| held.is(scope))
        } else {
            self.contains_among_many(scope)
        }
    }

    #[inline(never)]
    fn contains_among_many(&self, scope: &str) -> bool {
        self.as_slice().binary_search_by(|held| held.as_str().cmp(scope)).is_ok()
    }

    /// The scopes in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.as_slice().iter()
    }

    /// How many scopes the set holds.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    #[inline]
    fn as_slice(&self) -> &[Scope] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Up to so many scopes, comparing each is quicker than searching.
const FEW: usize = 8;

impl Default for Scopes {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() { Self::EMPTY } else { Self(Some(scopes.into())) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::as_str))
    }
}

/// Text that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// The token is empty or has a character that RFC 6749 §3.3 does not allow.
    #[error("scope is empty or has a character outside RFC 6749 section 3.3")]
    Character,
    /// The text is longer than 4 GiB.
    #[error("scopes are longer than 4 GiB")]
    TooLong,
    /// There are more than [`MAX_SCOPES`] tokens.
    #[error("more than {MAX_SCOPES} scopes")]
    TooMany,
}

fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(is_scope_octet)
}

/// `%x21 / %x23-5B / %x5D-7E`, without a branch.
const fn is_scope_octet(octet: u8) -> bool {
    (octet.wrapping_sub(0x21) < 0x5e) & (octet != b'"') & (octet != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_sorts_and_removes_duplicates() {
        let scopes = Scopes::parse("b a  b").unwrap();
        assert_eq!(scopes.to_string(), "a b");
        assert!(scopes.contains("a") && !scopes.contains("c") && !scopes.contains("a b"));
        assert_eq!(scopes.len(), 2);
    }

    #[test]
    fn finds_a_scope_among_few_and_among_many() {
        for number in [0, 1, FEW, FEW + 1, 100] {
            let names: Vec<String> = (0..number).map(|i| format!("s{i}")).collect();
            let scopes = Scopes::parse(&names.join(" ")).unwrap();
            assert!(names.iter().all(|name| scopes.contains(name)), "{number}");
            assert!(!scopes.contains(&format!("s{number}")) && !scopes.contains("s"), "{number}");
        }
    }

    /// However a scope came to be, it is compared as text.
    #[test]
    fn a_scope_is_its_text_alone() {
        let read = Scopes::parse("b a").unwrap();
        let (read, made) = (read.iter().next().unwrap().clone(), Scope::new("a").unwrap());
        assert_eq!(
            (&read, read.cmp(&made), format!("{read:?}")),
            (&made, Ordering::Equal, format!("{made:?}"))
        );
        assert!(std::collections::HashSet::from([read.clone()]).contains(&made));
        assert!(read < Scope::new("ab").unwrap() && format!("{read:?}") == "Scope(\"a\")");
    }

    #[test]
    fn scopes_of_a_source_are_those_of_their_text() {
        let read = r#"{"scope":"b a  b"}"#;
        let source = SourceText::new(read);
        for text in [read.get(10..16).unwrap(), "b a  b", ""] {
            let (shared, own) = (Scopes::parse_from(&source, text).unwrap(), Scopes::parse(text).unwrap());
            assert_eq!((&shared, shared.to_string()), (&own, own.to_string()));
            assert_eq!(shared.contains("a"), !text.is_empty());
        }
        assert_eq!(Arc::strong_count(source.text()), 1, "nothing of it is held any more");
        let shared = Scopes::parse_from(&source, read.get(10..16).unwrap()).unwrap();
        assert_eq!((Arc::strong_count(source.text()), shared.len()), (3, 2), "no text of their own");
        assert_eq!(Scopes::parse_from(&source, read), Err(InvalidScope::Character));
    }

    #[test]
    fn refuses_quotes_backslashes_controls_and_non_ascii() {
        for bad in ["\"", "a\\b", "a\tb", "a\r\nb", "ä", "\u{7f}"] {
            assert_eq!(Scopes::parse(bad), Err(InvalidScope::Character), "{bad:?}");
        }
        assert!(Scopes::parse("").unwrap().is_empty());
    }

    #[test]
    fn takes_as_many_scopes_as_the_limit_and_not_one_more() {
        let text = |n: usize| (0..n).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
        assert_eq!(Scopes::parse(&text(MAX_SCOPES)).unwrap().len(), MAX_SCOPES);
        assert_eq!(Scopes::parse(&text(MAX_SCOPES + 1)), Err(InvalidScope::TooMany));
    }
}
