//! A strict reader of PHC strings.
//!
//! Format: `$<id>[$v=<version>]$<name>=<value>,..$<salt>$<hash>`; numbers are decimal without leading zeros, salt
//! and hash are base64 without padding and without stray bits. Every field must be there, in order, once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Longest PHC string that is read at all, in bytes.
pub(super) const MAX_LEN: usize = 512;

/// The fields of a PHC string, front to back.
pub(super) struct Fields<'a>(std::str::Split<'a, char>);

impl<'a> Fields<'a> {
    /// The fields after the identifier, if the string has that identifier.
    pub(super) fn of(text: &'a str, id: &str) -> Option<Self> {
        let mut fields = text.split('$');
        let empty = fields.next()?;
        let found = fields.next()?;
        (empty.is_empty() && found == id).then_some(Self(fields))
    }

    /// The next field, which must be just this text.
    pub(super) fn exactly(&mut self, text: &str) -> Option<()> {
        (self.0.next()? == text).then_some(())
    }

    /// The next field, which must hold just these parameters in this order.
    pub(super) fn parameters<const N: usize>(&mut self, names: [&str; N]) -> Option<[u32; N]> {
        let mut pairs = self.0.next()?.split(',');
        let mut values = [0; N];
        for (name, value) in names.iter().zip(&mut values) {
            let (found, number) = pairs.next()?.split_once('=')?;
            *value = (found == *name).then(|| decimal(number))??;
        }
        pairs.next().is_none().then_some(values)
    }

    /// The next field, which must be base64 of so many octets.
    pub(super) fn octets(&mut self, length: std::ops::RangeInclusive<usize>) -> Option<Box<[u8]>> {
        let octets = STANDARD_NO_PAD.decode(self.0.next()?).ok()?;
        length.contains(&octets.len()).then(|| octets.into())
    }

    /// Nothing may follow.
    pub(super) fn end(mut self) -> Option<()> {
        self.0.next().is_none().then_some(())
    }
}

fn decimal(text: &str) -> Option<u32> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}
