//! What a goal says about several cases: `a - b - c`.

/// A case, less others: `jwt es256 - bare`.
#[derive(Clone, Copy, Debug)]
pub struct Formula(&'static str);

impl Formula {
    /// Names of cases, separated by ` - `.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The formula as it was written.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.0
    }

    /// The names, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.split(" - ")
    }

    /// The first less all others.
    pub fn value(self, mut of: impl FnMut(&'static str) -> f64) -> f64 {
        let mut values = self.names().map(&mut of);
        let first = values.next().unwrap_or_default();
        values.fold(first, |difference, value| difference - value)
    }
}
