//! Headers of tokens that verified, as they were sent: an issuer writes the same one into all tokens of a key.
//!
//! What is read of a header depends on its octets alone, so that the same octets need not be decoded and read again. Only
//! headers of tokens that verified are kept, since everybody can make up others.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

use super::header::Header;
use crate::algorithm::Algorithm;

/// How many headers are kept; with one more, all others are dropped.
const MAX_HEADERS: usize = 8;

/// The longest header that is kept, in characters.
const MAX_CHARACTERS: usize = 512;

/// Of those that are to be kept when there is no room, one in so many is: an issuer that writes another header into each
/// token costs no more than that.
const ONE_IN: usize = 256;

/// The headers that are known; reading takes no lock.
#[derive(Default)]
pub(crate) struct KnownHeaders {
    headers: ArcSwap<Vec<KnownHeader>>,
    turned_away: AtomicUsize,
}

/// What was read of a header.
#[derive(Clone)]
pub(super) struct KnownHeader(Arc<Inner>);

struct Inner {
    /// Still encoded.
    text: Box<str>,
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
}

impl KnownHeader {
    fn new(text: &str, header: &Header<'_>) -> Self {
        let (kid, typ) = (header.kid.map(Into::into), header.typ.map(Into::into));
        Self(Arc::new(Inner { text: text.into(), algorithm: header.algorithm, kid, typ }))
    }

    pub(super) fn header(&self) -> Header<'_> {
        let Inner { algorithm, kid, typ, .. } = &*self.0;
        Header { algorithm: *algorithm, kid: kid.as_deref(), typ: typ.as_deref() }
    }
}

impl KnownHeaders {
    /// What was read of the header, which is still encoded, and lent to the function.
    pub(super) fn with<T>(&self, text: &str, then: impl FnOnce(Option<&KnownHeader>) -> T) -> T {
        let headers = self.headers.load();
        then(headers.iter().find(|known| *known.0.text == *text))
    }

    /// Keeps the header of a token that verified.
    pub(super) fn keep(&self, text: &str, header: &Header<'_>) {
        if text.len() > MAX_CHARACTERS {
            return;
        }
        let known = self.headers.load();
        if known.iter().any(|known| *known.0.text == *text) {
            return;
        }
        let mut headers = if known.len() < MAX_HEADERS {
            Vec::clone(&known)
        } else if self.turned_away.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_IN) {
            Vec::new()
        } else {
            return;
        };
        headers.push(KnownHeader::new(text, header));
        // Of two that come at once, one may be lost; the next token brings it again.
        self.headers.store(Arc::new(headers));
    }
}

/// Nothing of the headers.
impl fmt::Debug for KnownHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownHeaders").field("headers", &self.headers.load().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kid: &str) -> Header<'_> {
        Header { algorithm: Algorithm::ES256, kid: Some(kid), typ: Some("at+jwt") }
    }

    fn kid_of(known: &KnownHeaders, text: &str) -> Option<String> {
        known.with(text, |known| known.and_then(|known| known.header().kid.map(str::to_owned)))
    }

    #[test]
    fn a_header_is_known_by_its_whole_text_alone() {
        let known = KnownHeaders::default();
        known.keep("abc", &header("one"));
        known.keep("abd", &header("two"));
        assert_eq!(kid_of(&known, "abc").as_deref(), Some("one"));
        assert_eq!(kid_of(&known, "abd").as_deref(), Some("two"));
        for other in ["", "ab", "abcd", "ABC"] {
            assert_eq!(kid_of(&known, other), None, "{other}");
        }
        let (algorithm, typ) = known.with("abc", |known| {
            let header = known.expect("known").header();
            (header.algorithm, header.typ.map(str::to_owned))
        });
        assert_eq!((algorithm, typ.as_deref()), (Algorithm::ES256, Some("at+jwt")));
    }

    #[test]
    fn as_many_as_the_limit_are_kept_and_beyond_it_one_in_many_replaces_them() {
        let known = KnownHeaders::default();
        let texts: Vec<String> = (0..MAX_HEADERS).map(|number| format!("header-{number}")).collect();
        texts.iter().for_each(|text| known.keep(text, &header("k")));
        assert!(texts.iter().all(|text| kid_of(&known, text).is_some()));
        known.keep("first", &header("k"));
        assert!(kid_of(&known, "first").is_some() && kid_of(&known, &texts[0]).is_none());
        for number in 0..ONE_IN + MAX_HEADERS {
            known.keep(&format!("other-{number}"), &header("k"));
        }
        assert!(known.headers.load().len() <= MAX_HEADERS);
        assert!(kid_of(&known, "first").is_none(), "room is made once in a while");
    }

    #[test]
    fn a_header_as_long_as_the_limit_is_kept_and_no_longer_one() {
        let known = KnownHeaders::default();
        let text = |length| "a".repeat(length);
        known.keep(&text(MAX_CHARACTERS), &header("k"));
        known.keep(&text(MAX_CHARACTERS + 1), &header("k"));
        assert!(kid_of(&known, &text(MAX_CHARACTERS)).is_some());
        assert!(kid_of(&known, &text(MAX_CHARACTERS + 1)).is_none());
    }
}
