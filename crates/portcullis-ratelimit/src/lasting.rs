//! Field values that live as long as the program.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use http::header::InvalidHeaderValue;

/// How many texts last at most: two for each limit, and equal ones count once. Others are values like any other.
const MOST_TEXTS: usize = 1024;

static TEXTS: Texts = Texts::new(MOST_TEXTS);

/// The text as a field value. Copies of it write to no counter of references, which all threads would write to for each
/// request: for as many texts as there is room for, the text is never freed.
pub(crate) fn lasting(text: String) -> Result<HeaderValue, InvalidHeaderValue> {
    TEXTS.value(text)
}

struct Texts {
    kept: Mutex<Vec<&'static str>>,
    at_most: usize,
}

impl Texts {
    const fn new(at_most: usize) -> Self {
        Self { kept: Mutex::new(Vec::new()), at_most }
    }

    fn value(&self, text: String) -> Result<HeaderValue, InvalidHeaderValue> {
        let checked = HeaderValue::from_str(&text)?;
        // What `from_static` takes: it would panic at anything else.
        if checked.to_str().is_err() {
            return Ok(checked);
        }
        // A panic while the lock was held leaves texts that are still kept.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|known| **known == text) {
            return Ok(HeaderValue::from_static(known));
        }
        if kept.len() >= self.at_most {
            return Ok(checked);
        }
        let text = String::leak(text);
        kept.push(text);
        Ok(HeaderValue::from_static(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_kept_once_and_no_more_than_there_is_room_for() {
        let texts = Texts::new(2);
        for text in ["a", "b", "a", "c", "b", "c"] {
            assert_eq!(texts.value(text.to_owned()).unwrap(), text);
        }
        assert_eq!(*texts.kept.lock().unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_no_static_value_can_be_is_no_lasting_one() {
        let texts = Texts::new(2);
        assert!(texts.value("a\nb".to_owned()).is_err());
        // obs-text (RFC 9110 §5.5) is a value, but not one that is visible ASCII.
        assert_eq!(texts.value("é".to_owned()).unwrap(), "é");
        assert!(texts.kept.lock().unwrap().is_empty());
    }
}
