//! Dates as RFC 3339 has them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Prints a time in UTC with milliseconds: `2026-10-01T12:00:00.123Z` (RFC 3339 §5.6, OWASP ASVS 16.2.2).
///
/// Times before 1970 count as 1970, times after 9999 as the end of 9999: the format has four digits for a year.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp(pub(crate) SystemTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, millis) = if since.as_secs() > LAST {
            (LAST, 999)
        } else {
            (since.as_secs(), since.subsec_millis().into())
        };
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let text = [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
            b'T',
            digit(hour / 10),
            digit(hour),
            b':',
            digit(minute / 10),
            digit(minute),
            b':',
            digit(second / 10),
            digit(second),
            b'.',
            digit(millis / 100),
            digit(millis / 10),
            digit(millis),
            b'Z',
        ];
        // Written at once: every event has one, and the pieces of a format string cost ten times as much.
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The last digit of a number.
const fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

/// The proleptic Gregorian date of a day after 1970-01-01.
///
/// Years are counted from 1 March, so that the leap day is the last of its year, in eras of 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01 to 1970-01-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(millis: u64, printed: &str) {
        assert_eq!(Timestamp(UNIX_EPOCH + Duration::from_millis(millis)).to_string(), printed);
    }

    /// ASVS 16.2.2: time in UTC.
    #[test]
    fn prints_utc_with_milliseconds() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(951_868_800_001, "2000-03-01T00:00:00.001Z");
        check(1_704_067_199_000, "2023-12-31T23:59:59.000Z");
        check(1_709_164_800_000, "2024-02-29T00:00:00.000Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
        check(1_000_000_000_000, "2001-09-09T01:46:40.000Z");
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let mut expected = (1970, 1, 1);
        for day in 0..200_000 {
            assert_eq!(date(day), expected);
            let (year, month, last) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length =
                [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            expected = match (month, last) {
                (12, 31) => (year + 1, 1, 1),
                _ if last == length => (year, month + 1, 1),
                _ => (year, month, last + 1),
            };
        }
    }

    #[test]
    fn times_that_the_format_cannot_hold_are_clamped() {
        assert_eq!(Timestamp(UNIX_EPOCH - Duration::from_secs(1)).to_string(), "1970-01-01T00:00:00.000Z");
        check(253_402_300_799_123, "9999-12-31T23:59:59.123Z");
        check(253_402_300_800_000, "9999-12-31T23:59:59.999Z");
    }
}
