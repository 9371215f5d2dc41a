//! What each character stands for (RFC 4648 §5), already in its place among four.

/// No four characters stand for so much.
pub(super) const INVALID: u32 = 1 << 24;

/// By the place of a character among four, and by the character.
pub(super) static TABLES: [[u32; 256]; 4] = [at(18), at(12), at(6), at(0)];

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when this is compiled, where an index beyond the end is an error"
)]
const fn at(place: u32) -> [u32; 256] {
    let mut table = [INVALID; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0;
    while value < alphabet.len() {
        table[alphabet[value] as usize] = (value as u32) << place;
        value += 1;
    }
    table
}
