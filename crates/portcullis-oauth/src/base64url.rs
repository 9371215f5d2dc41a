//! base64url without padding, in its one canonical form (RFC 7515 §2).
//!
//! It is written out here, because every request with a token pays for some 600 characters, and a general reader takes
//! twice the instructions.

use self::table::{INVALID, TABLES};

mod table;

/// Decodes; `None` for padding, whitespace, other alphabets and non-zero trailing bits.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = vec![0; decoded_length(text.len())?];
    fill(text, &mut octets)?;
    Some(octets)
}

/// Decodes into a buffer of the caller's and returns the part that was filled; `None` also if it is too small.
pub(crate) fn decode_into<'a>(text: &[u8], buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let octets = buffer.get_mut(..decoded_length(text.len())?)?;
    fill(text, octets)?;
    Some(octets)
}

/// How many octets so many characters stand for; one character over is none.
fn decoded_length(characters: usize) -> Option<usize> {
    let over = match characters % 4 {
        0 => 0,
        2 => 1,
        3 => 2,
        _ => return None,
    };
    Some(characters / 4 * 3 + over)
}

/// Decodes into as many octets as the text stands for.
fn fill(text: &[u8], octets: &mut [u8]) -> Option<()> {
    let (blocks, text) = text.as_chunks::<16>();
    let (filled, octets) = octets.as_chunks_mut::<12>();
    let mut seen = 0;
    for (block, filled) in blocks.iter().zip(filled) {
        seen |= fill_block(block, filled);
    }
    let (quads, text) = text.as_chunks::<4>();
    let (filled, octets) = octets.as_chunks_mut::<3>();
    for (quad, filled) in quads.iter().zip(filled) {
        let bits = bits(*quad);
        seen |= bits;
        [_, filled[0], filled[1], filled[2]] = bits.to_be_bytes();
    }
    seen |= fill_rest(text, octets);
    if seen < INVALID { Some(()) } else { None }
}

/// Sixteen characters at once, so that the octets are written in whole words. Returns the bits that were seen.
#[inline]
fn fill_block(block: &[u8; 16], octets: &mut [u8; 12]) -> u32 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *block;
    let quads = [bits([a, b, c, d]), bits([e, f, g, h]), bits([i, j, k, l]), bits([m, n, o, p])];
    let [first, second, third, fourth] = quads.map(u64::from);
    let head = first << 40 | second << 16 | third >> 8;
    let tail = (third << 24 | fourth) as u32;
    if let Some((eight, rest)) = octets.split_first_chunk_mut() {
        *eight = head.to_be_bytes();
        rest.copy_from_slice(&tail.to_be_bytes());
    }
    let [first, second, third, fourth] = quads;
    first | second | third | fourth
}

/// The last one or two octets. What their characters have beyond them must be zero, else two texts would stand for the
/// same octets.
fn fill_rest(text: &[u8], octets: &mut [u8]) -> u32 {
    let (bits, beyond) = match *text {
        [] => return 0,
        [a, b] => (bits([a, b, b'A', b'A']), 0xffff),
        [a, b, c] => (bits([a, b, c, b'A']), 0xff),
        _ => return INVALID,
    };
    let [_, whole @ ..] = bits.to_be_bytes();
    octets.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    if bits & beyond == 0 { bits } else { INVALID }
}

/// The 24 bits of four characters; beyond that if one of them stands for nothing.
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "INVARIANT: there are as many entries as octets, and no check costs anything"
)]
fn bits([a, b, c, d]: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = &TABLES;
    first[usize::from(a)] | second[usize::from(b)] | third[usize::from(c)] | fourth[usize::from(d)]
}

#[cfg(test)]
mod tests;
