//! Which edition of the key set an answer is: how to ask for another, and which of two is older.

use http::header::{DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};

use super::date::HttpDate;

/// The longest entity tag that is kept, in octets.
const MAX_ETAG_OCTETS: usize = 256;

#[derive(Clone, Debug, Default)]
pub(super) struct Edition {
    /// As it came, weak or strong: `If-None-Match` compares weakly (RFC 9110 §13.1.2).
    pub(super) etag: Option<HeaderValue>,
    modified: Option<HttpDate>,
    /// When the server, not a cache, made the answer (RFC 9110 §6.6.1).
    made: Option<HttpDate>,
}

impl Edition {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let date = |name| headers.get(name).and_then(HttpDate::read);
        let etag = headers.get(ETAG).filter(|etag| is_etag(etag.as_bytes()));
        Self { etag: etag.cloned(), modified: date(LAST_MODIFIED), made: date(DATE) }
    }

    /// Whether a lagging replica or a cache gave an older edition than the other. What cannot be told is not older.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let modified = self.modified.zip(other.modified);
        let known = modified.or_else(|| self.made.zip(other.made));
        known.is_some_and(|(this, other)| this < other)
    }

    /// The same edition, said to be current by this answer (RFC 9111 §4.3.4); `None` if it speaks of another.
    pub(super) fn renewed_by(&self, answer: &Self) -> Option<Self> {
        let (ours, theirs) = (self.etag.as_ref()?, answer.etag.as_ref().or(self.etag.as_ref())?);
        let same = opaque(ours.as_bytes()) == opaque(theirs.as_bytes());
        same.then(|| Self {
            etag: self.etag.clone(),
            modified: answer.modified.or(self.modified),
            made: answer.made.or(self.made),
        })
    }
}

/// RFC 9110 §8.8.3: `"..."`, weak with `W/` before it.
fn is_etag(octets: &[u8]) -> bool {
    let inner = opaque(octets).strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    octets.len() <= MAX_ETAG_OCTETS && inner.is_some_and(|inner| !inner.contains(&b'"'))
}

fn opaque(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(fields: &[(&'static str, &str)]) -> Edition {
        let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Edition::read(&HeaderMap::from_iter(fields))
    }

    const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";
    const ONE: &str = "Sun, 06 Nov 1994 13:00:00 GMT";

    #[track_caller]
    fn check(this: &[(&'static str, &str)], other: &[(&'static str, &str)], older: bool) {
        assert_eq!(edition(this).is_older_than(&edition(other)), older, "{this:?} {other:?}");
    }

    #[test]
    fn the_date_of_the_change_decides_and_without_it_that_of_the_answer() {
        check(&[("last-modified", NOON)], &[("last-modified", ONE)], true);
        check(&[("last-modified", ONE)], &[("last-modified", NOON)], false);
        check(&[("last-modified", NOON)], &[("last-modified", NOON)], false);
        check(&[("date", NOON)], &[("date", ONE)], true);
        check(&[("date", NOON), ("last-modified", ONE)], &[("date", ONE), ("last-modified", ONE)], false);
        check(&[("date", NOON)], &[("last-modified", ONE)], false);
        check(&[("date", "noon")], &[("date", ONE)], false);
        check(&[], &[], false);
    }

    #[test]
    fn entity_tags_are_kept_as_they_came_if_they_are_some() {
        for etag in ["\"a\"", "W/\"a\"", "\"\""] {
            assert_eq!(edition(&[("etag", etag)]).etag.unwrap(), etag);
        }
        let long = format!("\"{}\"", "x".repeat(MAX_ETAG_OCTETS - 2));
        assert!(edition(&[("etag", &long)]).etag.is_some());
        let too_long = format!("\"{}\"", "x".repeat(MAX_ETAG_OCTETS - 1));
        for none in ["", "a", "\"a", "\"", "\"a\", \"b\"", "w/\"a\"", &too_long] {
            assert!(edition(&[("etag", none)]).etag.is_none(), "{none}");
        }
    }

    #[test]
    fn an_answer_about_another_edition_renews_nothing() {
        let known = edition(&[("etag", "\"a\""), ("date", NOON)]);
        let renewed = known.renewed_by(&edition(&[("etag", "W/\"a\""), ("date", ONE)])).unwrap();
        assert_eq!((renewed.etag.unwrap(), renewed.made > known.made), ("\"a\"".parse().unwrap(), true));
        assert!(known.renewed_by(&Edition::default()).is_some());
        assert!(known.renewed_by(&edition(&[("etag", "\"b\"")])).is_none());
        assert!(Edition::default().renewed_by(&known).is_none());
    }
}
