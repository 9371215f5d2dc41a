//! The text of a credential, in which most of what is kept of it stands already.

use std::fmt;
use std::sync::Arc;

/// The checked text of a credential, such as the claims of a token, and where it was read.
///
/// What is read of a text often is a part of it, such as the name of the subject. Whoever keeps the text need not keep
/// the part once more: it is enough to know where it stands. [`Claims`](crate::Claims), [`Scopes`](crate::Scopes) and
/// [`Principal`](crate::Principal) that are made from one source share it. `Debug` prints no text.
///
/// ```
/// use portcullis_core::{CredentialMethod, Principal, Scopes, SourceText};
///
/// let read = r#"{"sub":"alice","scope":"documents:read"}"#;
/// let source = SourceText::new(read);
/// // Parts of what was read, not copies of them.
/// let (subject, scope) = (&read[8..13], &read[24..38]);
/// let caller = Principal::builder_from(&source, subject, CredentialMethod::Jwt)
///     .scopes(Scopes::parse_from(&source, scope)?)
///     .build();
/// assert_eq!(caller.subject(), "alice");
/// assert!(caller.has_scope("documents:read"));
/// assert_eq!(caller.claims().text("sub"), Some("alice"));
/// # Ok::<(), portcullis_core::InvalidScope>(())
/// ```
#[derive(Clone)]
pub struct SourceText {
    text: Arc<str>,
    /// The address of what was read. It may be gone: the address says where to look in the text, and nothing else.
    read_at: usize,
}

impl SourceText {
    /// Keeps the text.
    #[must_use]
    pub fn new(read: &str) -> Self {
        Self { text: read.into(), read_at: read.as_ptr().addr() }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where the part stands in the text, if it is a part of what was read. It is compared octet by octet, so that no
    /// address makes anything else of it.
    pub(crate) fn find(&self, part: &str) -> Option<Span> {
        let start = part.as_ptr().addr().checked_sub(self.read_at)?;
        let span = Span::new(start, start.checked_add(part.len())?)?;
        (span.of(&self.text)? == part).then_some(span)
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceText").field("octets", &self.text.len()).finish_non_exhaustive()
    }
}

/// Where a text stands within another one, as the numbers of its first octet and of the first one after it. Both are
/// small: of every caller that is remembered, a dozen are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// No text.
    pub(crate) const NONE: Self = Self { start: u32::MAX, end: u32::MAX };

    /// `None` for a place beyond 4 GiB.
    pub(crate) fn new(start: usize, end: usize) -> Option<Self> {
        let end = u32::try_from(end).ok().filter(|end| *end != u32::MAX)?;
        Some(Self { start: u32::try_from(start).ok()?, end })
    }

    #[inline]
    pub(crate) fn of(self, text: &str) -> Option<&str> {
        text.get(self.start as usize..self.end as usize)
    }

    /// The same place in the second of two texts that follow each other, if it is not in the first, of that length.
    #[inline]
    pub(crate) fn after(self, first: u32) -> Option<Self> {
        Some(Self { start: self.start.checked_sub(first)?, end: self.end.checked_sub(first)? })
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    fn part(text: &str, range: Range<usize>) -> &str {
        text.get(range).expect("a part")
    }

    #[test]
    fn parts_of_what_was_read_are_found_and_nothing_else() {
        let read = String::from("{\"sub\":\"alice\"}");
        let source = SourceText::new(&read);
        let found = |text: &str| source.find(text).and_then(|span| span.of(source.text()));
        assert_eq!(found(part(&read, 8..13)), Some("alice"));
        assert_eq!(found(&read), Some(&*read));
        assert_eq!(found("alice"), None, "the same text at another place");
        assert_eq!(SourceText::new("").find(part(&read, 8..13)), None);
        assert_eq!(format!("{source:?}"), "SourceText { octets: 15, .. }");
    }

    /// Memory is used again: another text may lie where the first one was read.
    #[test]
    fn an_address_that_holds_something_else_by_now_finds_nothing() {
        let mut read = String::from("{\"sub\":\"alice\"}");
        let source = SourceText::new(&read);
        read.replace_range(8..13, "mallo");
        assert_eq!(source.find(part(&read, 8..13)), None);
        assert_eq!(source.find(part(&read, 2..5)).and_then(|span| span.of(source.text())), Some("sub"));
    }

    #[test]
    fn no_text_is_nowhere() {
        assert_eq!((Span::NONE.of(""), Span::NONE.of("a"), Span::NONE.len()), (None, None, 0));
        assert_eq!(Span::new(0, usize::MAX), None);
        assert_eq!(
            (Span::new(0, u32::MAX as usize), Span::NONE.after(7).and_then(|none| none.of("a"))),
            (None, None)
        );
        let span = Span::new(2, 4).unwrap();
        assert_eq!((span.len(), span.after(2), span.after(3)), (2, Span::new(0, 2), None));
    }

    proptest! {
        #[test]
        fn whatever_is_found_reads_the_same(read in "[a-cé]{0,12}", other in "[a-cé]{0,12}") {
            let source = SourceText::new(&read);
            for part in read.split('b').chain(other.split('b')) {
                if let Some(span) = source.find(part) {
                    prop_assert_eq!(span.of(source.text()), Some(part));
                }
            }
            for part in read.split('b') {
                prop_assert!(source.find(part).is_some());
            }
        }
    }
}
