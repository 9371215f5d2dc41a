//! Many short texts in one allocation: a principal has a dozen, and every token that is verified makes one.

/// Where a text stands among the others.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// No text.
    pub(super) const NONE: Self = Self { start: usize::MAX, end: usize::MAX };

    pub(super) fn of(self, texts: &str) -> Option<&str> {
        texts.get(self.start..self.end)
    }
}

/// Texts that are still being collected.
pub(super) struct Texts(String);

/// What the names of most callers need, so that nothing is moved while they are collected.
const USUAL: usize = 256;

impl Default for Texts {
    fn default() -> Self {
        Self(String::with_capacity(USUAL))
    }
}

impl Texts {
    pub(super) fn add(&mut self, text: &str) -> Span {
        let start = self.0.len();
        self.0.push_str(text);
        Span { start, end: self.0.len() }
    }

    pub(super) fn add_all(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>, list: &mut Vec<Span>) {
        let texts = texts.into_iter();
        list.reserve_exact(texts.size_hint().0);
        list.extend(texts.map(|text| self.add(text.as_ref())));
    }

    pub(super) fn get(&self, span: Span) -> Option<&str> {
        span.of(&self.0)
    }

    /// Nothing more comes.
    pub(super) fn finish(self) -> Box<str> {
        self.0.into_boxed_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_where_it_was_put_and_no_text_is_none() {
        let mut texts = Texts::default();
        let long = "x".repeat(USUAL);
        let spans = ["", "alice", &long, "ä"].map(|text| texts.add(text));
        let texts = texts.finish();
        assert_eq!(
            spans.map(|span| span.of(&texts)),
            [Some(""), Some("alice"), Some(long.as_str()), Some("ä")]
        );
        assert_eq!(Span::NONE.of(&texts), None);
        assert_eq!(Span::NONE.of(""), None);
    }
}
