//! Comparisons that take as long whatever is compared, unless it fits: by their time nobody can tell what a resource has, or
//! whether there is one.

use super::field::{Seen, Value};

/// What a resource has in a field, ready to be compared with many values.
#[derive(Clone, Copy)]
pub(super) struct Probe<'a> {
    seen: Seen<'a>,
    edges: Edges,
}

impl<'a> Probe<'a> {
    pub(super) fn of(seen: Seen<'a>) -> Self {
        let edges = match seen {
            Seen::Text(text) => Edges::of(text),
            Seen::Boolean(_) | Seen::Integer(_) | Seen::Unknown => Edges::OF_NO_TEXT,
        };
        Self { seen, edges }
    }

    /// Texts whose edges differ are as dear to compare as a text and nothing. What is between is looked at only where they are
    /// the same, which is so for values that fit, or nearly do.
    pub(super) fn is(&self, value: &Value) -> bool {
        match value {
            Value::Text(value) => {
                Edges::of(value).are(self.edges) && matches!(self.seen, Seen::Text(seen) if seen == value)
            }
            Value::Boolean(value) => matches!(self.seen, Seen::Boolean(seen) if seen == *value),
            Value::Integer(value) => matches!(self.seen, Seen::Integer(seen) if seen == *value),
        }
    }
}

/// The length of a text, and its first and last eight octets.
#[derive(Clone, Copy)]
struct Edges {
    length: usize,
    first: u64,
    last: u64,
}

impl Edges {
    /// No text is that long.
    const OF_NO_TEXT: Self = Self { length: usize::MAX, first: 0, last: 0 };

    fn of(text: &str) -> Self {
        let octets = text.as_bytes();
        let (first, last) = match (octets.first_chunk(), octets.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_ne_bytes(*first), u64::from_ne_bytes(*last)),
            _ => Self::of_few(octets),
        };
        Self { length: octets.len(), first, last }
    }

    /// The same of less than eight octets, some of which count twice.
    fn of_few(octets: &[u8]) -> (u64, u64) {
        if let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) {
            return (u32::from_ne_bytes(*first).into(), u32::from_ne_bytes(*last).into());
        }
        match octets {
            [] => (0, 0),
            [first, rest @ ..] => {
                let middle = rest.first().unwrap_or(first);
                (u64::from(*first) << 8 | u64::from(*middle), rest.last().copied().unwrap_or_default().into())
            }
        }
    }

    /// Without a branch.
    fn are(self, other: Self) -> bool {
        let lengths = (self.length ^ other.length) as u64;
        lengths | (self.first ^ other.first) | (self.last ^ other.last) == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_the_same_when_they_are(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            let probe = Probe::of(Seen::Text(&one));
            prop_assert_eq!(probe.is(&Value::Text(other.clone())), one == other);
            prop_assert!(probe.is(&Value::Text(one.clone())));
        }

        #[test]
        fn nothing_else_is_a_text(text in "\\PC{0,20}") {
            for seen in [Seen::Unknown, Seen::Boolean(true), Seen::Integer(0)] {
                prop_assert!(!Probe::of(seen).is(&Value::Text(text.clone())));
            }
        }
    }

    #[test]
    fn what_lies_between_the_edges_counts() {
        let text = |middle: char| format!("12345678{middle}12345678");
        assert!(!Probe::of(Seen::Text(&text('a'))).is(&Value::Text(text('b'))));
        assert!(Probe::of(Seen::Text(&text('a'))).is(&Value::Text(text('a'))));
    }

    #[test]
    fn numbers_and_truth_values_are_compared_with_their_like() {
        assert!(Probe::of(Seen::Integer(7)).is(&Value::Integer(7)));
        assert!(!Probe::of(Seen::Integer(7)).is(&Value::Integer(8)));
        assert!(Probe::of(Seen::Boolean(false)).is(&Value::Boolean(false)));
        assert!(!Probe::of(Seen::Unknown).is(&Value::Boolean(false)));
    }
}
