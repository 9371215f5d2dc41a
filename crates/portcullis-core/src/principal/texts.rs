//! Many short texts in one allocation: a principal has a dozen, and every token that is verified makes one.

use crate::source::{SourceText, Span};

/// Texts that are still being collected.
pub(super) struct Texts {
    /// The text of which the others may be parts: then they stand there, and are not copied.
    source: Option<SourceText>,
    own: String,
}

/// What the names of most callers need, so that nothing is moved while they are collected.
const USUAL: usize = 256;

impl Texts {
    /// A source that is longer than 4 GiB is none.
    pub(super) fn new(source: Option<SourceText>) -> Self {
        let source = source.filter(|source| Span::new(0, source.text().len()).is_some());
        let own = if source.is_some() { String::new() } else { String::with_capacity(USUAL) };
        Self { source, own }
    }

    /// Where the text stands from now on; nowhere, if all of them would take more than 4 GiB.
    pub(super) fn add(&mut self, text: &str) -> Span {
        if let Some(span) = self.source.as_ref().and_then(|source| source.find(text)) {
            return span;
        }
        let start = self.shared().len() + self.own.len();
        let Some(span) = Span::new(start, start + text.len()) else { return Span::NONE };
        self.own.push_str(text);
        span
    }

    pub(super) fn add_all(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>, list: &mut Vec<Span>) {
        let texts = texts.into_iter();
        list.reserve_exact(texts.size_hint().0);
        list.extend(texts.map(|text| self.add(text.as_ref())));
    }

    pub(super) fn get(&self, span: Span) -> Option<&str> {
        let shared = self.shared();
        // The length fits, or there were no source.
        match span.after(shared.len() as u32) {
            Some(own) => own.of(&self.own),
            None => span.of(shared),
        }
    }

    /// The text of the source, if there is one.
    pub(super) fn shared(&self) -> &str {
        self.source.as_ref().map_or("", |source| source.text())
    }

    /// The same texts without a source, and where each of these stands now.
    pub(super) fn without_source(self, spans: &mut [&mut Span]) -> Self {
        let mut own = Self::new(None);
        for span in spans {
            **span = self.get(**span).map_or(Span::NONE, |text| own.add(text));
        }
        own
    }

    /// Nothing more comes: how long the text of the source is, and the other texts.
    pub(super) fn finish(self) -> (u32, Box<str>) {
        (self.shared().len() as u32, self.own.into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_where_it_was_put_and_no_text_is_none() {
        let read = "{\"sub\":\"alice\",\"x\":\"\"}";
        for source in [None, Some(SourceText::new(read)), Some(SourceText::new(""))] {
            let mut texts = Texts::new(source);
            let long = "x".repeat(USUAL);
            let expected = [
                "",
                read.get(8..13).unwrap(),
                &long,
                "ä",
                read.get(2..5).unwrap(),
                read.get(21..21).unwrap(),
            ];
            let mut spans = expected.map(|text| texts.add(text));
            assert_eq!(spans.map(|span| texts.get(span)), expected.map(Some));
            assert_eq!(texts.get(Span::NONE), None);
            let mut all: Vec<&mut Span> = spans.iter_mut().collect();
            let own = texts.without_source(&mut all);
            assert_eq!(spans.map(|span| own.get(span)), expected.map(Some));
            assert_eq!((own.get(Span::NONE), own.shared()), (None, ""));
        }
    }

    #[test]
    fn parts_of_the_source_are_not_kept_once_more() {
        let read = "{\"sub\":\"alice\"}";
        let mut texts = Texts::new(Some(SourceText::new(read)));
        texts.add(read.get(8..13).unwrap());
        texts.add("bob");
        assert_eq!(texts.finish(), (15, "bob".into()));
    }
}
