//! Strings and their escapes (RFC 8259 §7).

use super::reader::Reader;

impl<'a> Reader<'a> {
    /// What follows the opening quotation mark, to the closing one. `None`, and nothing is read, if it has escapes or
    /// is no text at all. Inlined, since most of what a token says is such text.
    #[inline(always)]
    pub(super) fn plain(&mut self) -> Option<&'a str> {
        let octets = self.text.as_bytes();
        let end = self.specials.next(octets, self.at);
        if *octets.get(end)? != b'"' {
            return None;
        }
        let text = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// The same with escapes.
    #[cold]
    pub(super) fn with_escapes(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let start = self.at;
            self.at = self.specials.next(self.text.as_bytes(), start);
            text.push_str(self.text.get(start..self.at)?);
            if self.next_is(b'"') {
                return Some(text);
            }
            // A control character or the end is no backslash either.
            if !self.next_is(b'\\') {
                return None;
            }
            text.push(self.escaped()?);
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let octet = self.peek()?;
        self.at += 1;
        Some(match octet {
            b'"' | b'\\' | b'/' => char::from(octet),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return None,
        })
    }

    /// What follows `\u`; a surrogate only with its other half.
    fn code_point(&mut self) -> Option<char> {
        let unit = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&unit) {
            // The second half of a pair on its own is no character.
            return char::from_u32(unit);
        }
        if !(self.next_is(b'\\') && self.next_is(b'u')) {
            return None;
        }
        let low = self.four_digits()?;
        let pair =
            (0xdc00..0xe000).contains(&low).then(|| 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?;
        char::from_u32(pair)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..)?.first_chunk::<4>()?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
    }
}
