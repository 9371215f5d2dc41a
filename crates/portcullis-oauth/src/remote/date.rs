//! HTTP dates, as far as they are compared with each other.

use http::HeaderValue;

/// A date of the one form that senders must use (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. Its parts
/// stand in the order in which they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HttpDate {
    year: u16,
    month: u8,
    day: u8,
    /// Hour, minute, second.
    time: [u8; 3],
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl HttpDate {
    /// The obsolete forms are no dates here, and neither is a day that no month has: nothing is compared then.
    pub(super) fn read(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        if text.len() != "Sun, 06 Nov 1994 08:49:37 GMT".len() {
            return None;
        }
        let (_, date) = text.strip_suffix(" GMT")?.split_once(", ")?;
        let mut parts = date.split(' ');
        let (day, month, year) = (digits(parts.next()?, 2)?, parts.next()?, digits(parts.next()?, 4)?);
        let mut time = parts.next()?.split(':').map(|part| digits(part, 2));
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
        let ended = parts.next().is_none() && time.next().is_none();
        // A leap second is 60 (RFC 5322 §3.3).
        let in_range = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        if !ended || !in_range {
            return None;
        }
        let small = |number: u16| u8::try_from(number).ok();
        let time = [small(hour)?, small(minute)?, small(second)?];
        Some(Self { year, month: u8::try_from(month).ok()?, day: small(day)?, time })
    }
}

fn digits(text: &str, count: usize) -> Option<u16> {
    let plain = text.len() == count && text.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<HttpDate> {
        HttpDate::read(&HeaderValue::from_str(text).ok()?)
    }

    #[test]
    fn dates_stand_in_the_order_of_time() {
        let dates = [
            "Thu, 31 Dec 1992 23:59:60 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "Sun, 06 Nov 1994 08:50:00 GMT",
            "Sun, 06 Nov 1994 09:00:00 GMT",
            "Mon, 07 Nov 1994 00:00:00 GMT",
            "Thu, 01 Dec 1994 00:00:00 GMT",
            "Sun, 01 Jan 1995 00:00:00 GMT",
        ];
        let read: Vec<_> = dates.iter().map(|date| read(date).expect(date)).collect();
        assert!(read.is_sorted_by(|earlier, later| earlier < later));
    }

    #[test]
    fn other_forms_are_no_dates() {
        for text in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:4937: GMT",
            "Sun, 6 Nov 1994 08:49:37  GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = HeaderValue::from_bytes(&octets) {
                let _ = HttpDate::read(&value);
            }
        }

        #[test]
        fn reads_every_date_of_the_form(
            year in 0_u16..10_000, month in 0_usize..12, day in 1_u8..=31,
            hour in 0_u8..24, minute in 0_u8..60, second in 0_u8..=60,
        ) {
            let text = format!(
                "Sun, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT", MONTHS[month]
            );
            let date = read(&text).unwrap();
            let month = u8::try_from(month).unwrap() + 1;
            prop_assert_eq!(date, HttpDate { year, month, day, time: [hour, minute, second] });
        }
    }
}
