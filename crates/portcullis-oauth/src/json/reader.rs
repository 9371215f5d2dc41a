//! Values and their nesting (RFC 8259).

use std::borrow::Cow;

use serde_json::Number;
use smallvec::SmallVec;

use super::names::{Names, have_duplicates};
use super::specials::Specials;
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
    pub(super) specials: Specials,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, specials: Specials::NONE }
    }

    /// One object, and nothing after it.
    pub(super) fn whole_object(mut self, members: &mut List<'a>, names: &mut Names) -> Option<()> {
        self.expect(b'{')?;
        self.members(1, members, names)?;
        if self.after_space().is_none() { Some(()) } else { None }
    }

    /// What follows the brace. RFC 7515 §4 and RFC 7519 §4 allow to refuse a repeated name or to take the last one;
    /// two readers that differ in that choice can be played against each other, so we refuse.
    fn members(&mut self, depth: usize, members: &mut List<'a>, names: &mut Names) -> Option<()> {
        if self.after_space()? == b'}' {
            self.at += 1;
            return Some(());
        }
        self.expect(b'"')?;
        loop {
            match self.plain() {
                Some(name) => {
                    check_name(name, members, names)?;
                    self.value_of(name, depth, members)?;
                }
                None => {
                    let name = self.with_escapes()?;
                    check_name(&name, members, names)?;
                    self.expect(b':')?;
                    let value = self.value(depth)?;
                    members.push((Cow::Owned(name), value));
                }
            }
            if self.next_are(b",\"") {
                continue;
            }
            match self.after_space()? {
                b',' => {
                    self.at += 1;
                    self.expect(b'"')?;
                }
                b'}' => {
                    self.at += 1;
                    return if have_duplicates(members) { None } else { Some(()) };
                }
                _ => return None,
            }
        }
    }

    /// What follows a name without escapes. A text comes right after it nearly everywhere; where it has no escapes either,
    /// the member is put together where it stays, and not moved.
    #[inline(always)]
    fn value_of(&mut self, name: &'a str, depth: usize, members: &mut List<'a>) -> Option<()> {
        if !self.next_are(b":\"") {
            self.expect(b':')?;
            let value = self.value(depth)?;
            members.push((Cow::Borrowed(name), value));
        } else if let Some(text) = self.plain() {
            members.push((Cow::Borrowed(name), Json::Text(Cow::Borrowed(text))));
        } else {
            let text = self.with_escapes()?;
            members.push((Cow::Borrowed(name), Json::Text(Cow::Owned(text))));
        }
        Some(())
    }

    /// A value in an object or list of that depth.
    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        match self.after_space()? {
            b'"' => {
                self.at += 1;
                let text = self.plain().map(Cow::Borrowed);
                text.or_else(|| self.with_escapes().map(Cow::Owned)).map(Json::Text)
            }
            b'{' => {
                self.at += 1;
                let (mut members, mut names) = (List::new(), Names::NONE);
                self.members(deeper(depth)?, &mut members, &mut names)?;
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
        if self.after_space()? == b']' {
            self.at += 1;
            return Some(list);
        }
        loop {
            list.push(self.value(depth)?);
            match self.after_space()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(list);
                }
                _ => return None,
            }
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
        let (mut digits, mut number) = (0, 0_u64);
        for octet in self.text.as_bytes().get(start..).unwrap_or_default() {
            let digit = octet.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits += 1;
        }
        self.at += digits;
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

    /// Reads both octets if they are the next ones.
    #[inline(always)]
    fn next_are(&mut self, octets: &[u8; 2]) -> bool {
        let are = self.text.as_bytes().get(self.at..self.at + 2) == Some(octets);
        self.at += if are { 2 } else { 0 };
        are
    }

    /// Reads the octet, which comes next or after space.
    #[inline]
    fn expect(&mut self, octet: u8) -> Option<()> {
        let is = self.after_space()? == octet;
        self.at += usize::from(is);
        is.then_some(())
    }

    /// The next octet that is no space, which is not read yet; `None` at the end.
    #[inline]
    fn after_space(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                octet => return Some(octet),
            }
        }
    }
}

/// Notes the name of the next member. None for one that stands there already, or that serde_json keeps for itself.
#[inline(always)]
fn check_name(name: &str, members: &List<'_>, names: &mut Names) -> Option<()> {
    // Many members are looked at when they are all there.
    let refused = name.starts_with(SERDE_JSON)
        || names.note(name, members.len())
            && members.len() < FEW
            && members.iter().any(|(known, _)| *known == name);
    if refused { None } else { Some(()) }
}

/// The depth of what lies within, if it is not too deep.
fn deeper(depth: usize) -> Option<usize> {
    (depth < MAX_DEPTH).then_some(depth + 1)
}
