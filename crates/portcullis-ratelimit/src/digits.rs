//! The numbers of `RateLimit` in digits, written for each response.

/// `r` and `t` as they stand in the field: `19;t=1`.
pub(crate) struct Numbers {
    /// `r` ends where its room does, and `t` begins where its own does, so that nothing is moved.
    room: [u8; ROOM],
    first: usize,
    end: usize,
}

/// As many digits as the largest `r` has.
const R_DIGITS: usize = 10;

/// Where `t` begins.
const T_AT: usize = R_DIGITS + ";t=".len();

/// As many digits as the largest `t` has.
const T_DIGITS: usize = 20;

const ROOM: usize = T_AT + T_DIGITS;

impl Numbers {
    #[inline]
    pub(crate) fn new(r: u32, t: Option<u64>) -> Self {
        let mut room = *b"..........;t=....................";
        let first = room.first_chunk_mut::<R_DIGITS>().map_or(0, |room| write(r.into(), room));
        let end = match (t, room.last_chunk_mut::<T_DIGITS>()) {
            (Some(t), Some(room)) => T_AT + write_first(t, room),
            _ => R_DIGITS,
        };
        Self { room, first, end }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.room.get(self.first..self.end).unwrap_or_default()
    }
}

/// Writes the number to the beginning of its room, and says how many digits it has.
#[inline]
fn write_first(number: u64, room: &mut [u8; T_DIGITS]) -> usize {
    // Of a quota that is refilled once a second or faster, it has one.
    if number < 10 {
        room[0] = b'0' + number as u8;
        return 1;
    }
    let first = write(number, room);
    room.copy_within(first.., 0);
    T_DIGITS - first
}

/// Writes the number to the end of its room, two digits at a time, and says where the first one stands.
#[inline]
#[expect(clippy::indexing_slicing, reason = "the index is below the length by construction")]
fn write<const N: usize>(mut number: u64, room: &mut [u8; N]) -> usize {
    let mut first = N;
    for place in room.as_chunks_mut().0.iter_mut().rev() {
        let pair = number % 100;
        // INVARIANT: there are a hundred pairs, and the rest of a division by a hundred is less.
        *place = PAIRS[pair as usize];
        (number, first) = (number / 100, first - 2);
        if number == 0 {
            return first + usize::from(pair < 10);
        }
    }
    first
}

/// `00` to `99`.
static PAIRS: [[u8; 2]; 100] = pairs();

#[expect(clippy::indexing_slicing, reason = "the index is below the length by construction")]
const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < pairs.len() {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(r: u32, t: u64) {
        let written = |t| String::from_utf8(Numbers::new(r, t).as_slice().to_vec()).unwrap();
        assert_eq!(written(None), r.to_string());
        assert_eq!(written(Some(t)), format!("{r};t={t}"));
    }

    #[test]
    fn numbers_are_written_without_leading_zeros() {
        for power in (0..20).map(|power| 10_u64.pow(power)) {
            for number in [power - 1, power, power + 1] {
                check(u32::try_from(number).unwrap_or(u32::MAX), number);
            }
        }
        check(u32::MAX, u64::MAX);
        (0..10_000).for_each(|number| check(number, number.into()));
    }

    proptest! {
        #[test]
        fn every_number_is_written_as_it_is_read(r in any::<u32>(), t in any::<u64>(), fewer in 0_u32..64) {
            check(r >> (fewer / 2), t >> fewer);
        }
    }
}
