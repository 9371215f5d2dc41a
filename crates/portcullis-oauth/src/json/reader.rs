//! Values and their nesting (RFC 8259).

use serde_json::Number;
use smallvec::SmallVec;

use super::names::{Names, have_duplicates};
use super::{FEW, Json, MAX_DEPTH, Member};

/// The members of an object while they are read.
type List<'a> = SmallVec<[Member<'a>; FEW]>;

/// How names begin that are not text of its own for serde_json, by whose reader others look at the same text: with its
/// features `arbitrary_precision` or `raw_value` they turn the object into something else, or the whole text into none.
const SERDE_JSON: &str = "$serde_json::private::";

/// Reads a text from its beginning to its end, once. `None` is said by whatever meets something that is not JSON, or
/// that two readers could read differently.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// How many octets were read.
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// One object, and nothing after it.
    pub(super) fn whole_object(mut self, members: &mut List<'a>) -> Option<Names> {
        self.skip_space();
        self.expect(b'{')?;
        let names = self.members(1, members)?;
        self.skip_space();
        if self.at == self.text.len() { Some(names) } else { None }
    }

    /// What follows the brace. RFC 7515 §4 and RFC 7519 §4 allow to refuse a repeated name or to take the last one;
    /// two readers that differ in that choice can be played against each other, so we refuse.
    fn members(&mut self, depth: usize, members: &mut List<'a>) -> Option<Names> {
        let mut names = Names::NONE;
        self.skip_space();
        if self.next_is(b'}') {
            return Some(names);
        }
        loop {
            self.skip_space();
            self.expect(b'"')?;
            let name = self.rest_of_text()?;
            if name.starts_with(SERDE_JSON) {
                return None;
            }
            // Many members are looked at when they are all there.
            if names.note(&name, members.len())
                && members.len() < FEW
                && members.iter().any(|(known, _)| *known == name)
            {
                return None;
            }
            self.skip_space();
            self.expect(b':')?;
            let value = self.value(depth)?;
            members.push((name, value));
            self.skip_space();
            if self.next_is(b'}') {
                return if have_duplicates(members) { None } else { Some(names) };
            }
            self.expect(b',')?;
        }
    }

    /// A value in an object or list of that depth.
    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        self.skip_space();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.rest_of_text().map(Json::Text)
            }
            b'{' => {
                self.at += 1;
                let mut members = List::new();
                self.members(deeper(depth)?, &mut members)?;
                Some(Json::Object(members.into_vec()))
            }
            b'[' => {
                self.at += 1;
                self.list(deeper(depth)?).map(Json::List)
            }
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Json<'a>>> {
        let mut list = Vec::new();
        self.skip_space();
        if self.next_is(b']') {
            return Some(list);
        }
        loop {
            list.push(self.value(depth)?);
            self.skip_space();
            if self.next_is(b']') {
                return Some(list);
            }
            self.expect(b',')?;
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Option<Json<'a>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(value)
    }

    /// RFC 8259 §6. A number that no double can hold is none.
    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        let negative = self.next_is(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let (digits, mut whole) = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return None;
        }
        if self.next_is(b'.') {
            whole = None;
            if self.digits().0 == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            whole = None;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits().0 == 0 {
                return None;
            }
        }
        match whole {
            Some(whole) if !negative => return Some(whole.into()),
            // A negative zero is no whole number.
            Some(whole @ 1..) => {
                if let Some(whole) = 0_i64.checked_sub_unsigned(whole) {
                    return Some(whole.into());
                }
            }
            _ => {}
        }
        Number::from_f64(self.text.get(start..self.at)?.parse().ok()?)
    }

    /// How many digits come, and the number they are, if it is not too large.
    fn digits(&mut self) -> (usize, Option<u64>) {
        /// So many digits always fit.
        const FIT: usize = 19;
        let start = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - start;
        let number = if digits <= FIT {
            Some(number)
        } else {
            self.text.get(start..self.at).and_then(|digits| digits.parse().ok())
        };
        (digits, number)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads the octet if it is the next one.
    pub(super) fn next_is(&mut self, octet: u8) -> bool {
        let is = self.peek() == Some(octet);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, octet: u8) -> Option<()> {
        self.next_is(octet).then_some(())
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

/// The depth of what lies within, if it is not too deep.
fn deeper(depth: usize) -> Option<usize> {
    (depth < MAX_DEPTH).then_some(depth + 1)
}
