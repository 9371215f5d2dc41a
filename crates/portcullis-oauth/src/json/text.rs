//! Strings and their escapes (RFC 8259 §7).

use std::borrow::Cow;

use super::reader::Reader;

impl<'a> Reader<'a> {
    /// What follows the opening quotation mark, to the closing one.
    pub(super) fn rest_of_text(&mut self) -> Option<Cow<'a, str>> {
        let plain = self.plain()?;
        if self.next_is(b'"') {
            return Some(Cow::Borrowed(plain));
        }
        let mut text = String::from(plain);
        while self.next_is(b'\\') {
            text.push(self.escaped()?);
            text.push_str(self.plain()?);
        }
        // A control character or the end is no closing quotation mark.
        self.next_is(b'"').then_some(Cow::Owned(text))
    }

    /// The text up to the next quotation mark, backslash or control character.
    fn plain(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.at += plain_octets(self.text.as_bytes().get(start..)?);
        self.text.get(start..self.at)
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

/// How many octets come before the next quotation mark, backslash or control character, eight looked at in one go.
fn plain_octets(octets: &[u8]) -> usize {
    let mut rest = octets;
    while let Some((chunk, later)) = rest.split_first_chunk::<8>() {
        let special = specials(u64::from_le_bytes(*chunk));
        if special != 0 {
            return octets.len() - rest.len() + (special.trailing_zeros() / 8) as usize;
        }
        rest = later;
    }
    let special = rest.iter().position(|octet| matches!(octet, ..0x20 | b'"' | b'\\'));
    octets.len() - rest.len() + special.unwrap_or(rest.len())
}

/// The top bit of each octet that is special, of the first one at least: a borrow may reach what comes after it.
fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    // With this bit turned, quotation marks come right after the control characters, and nothing else does.
    let turned = word ^ (ONES * 2);
    let quote_or_control = turned.wrapping_sub(ONES * 0x21) & !turned;
    let other = word ^ (ONES * b'\\' as u64);
    let backslash = other.wrapping_sub(ONES) & !other;
    (quote_or_control | backslash) & (ONES * 0x80)
}
