//! When a rule holds.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

use super::super::print::tagged;

/// When a condition is met, by the Trail's clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::rule) enum Window {
    After(SystemTime),
    Before(SystemTime),
    /// From the beginning of the first hour to that of the second, in UTC; over midnight if the first is later.
    Hours(u8, u8),
}

const SECONDS_PER_HOUR: u64 = 3600;

impl Window {
    /// Whether no moment is in it, or it is no part of a day.
    pub(super) const fn is_never(self) -> bool {
        match self {
            Self::After(_) | Self::Before(_) => false,
            Self::Hours(from, until) => from > 23 || until > 24 || from == until,
        }
    }

    /// The moment at which it begins or ends, if that is one.
    pub(in crate::rule) const fn border(self) -> Option<SystemTime> {
        match self {
            Self::After(moment) | Self::Before(moment) => Some(moment),
            Self::Hours(..) => None,
        }
    }

    pub(in crate::rule) fn is_now(self, now: SystemTime) -> bool {
        match self {
            Self::After(moment) => now >= moment,
            Self::Before(moment) => now < moment,
            Self::Hours(from, until) => {
                let Ok(since) = now.duration_since(UNIX_EPOCH) else { return false };
                let hour = since.as_secs() / SECONDS_PER_HOUR % 24;
                let (from, until) = (u64::from(from), u64::from(until));
                if from < until { (from..until).contains(&hour) } else { hour >= from || hour < until }
            }
        }
    }

    pub(super) fn serialize<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(moment) => tagged(serializer, "after", &seconds(moment)),
            Self::Before(moment) => tagged(serializer, "before", &seconds(moment)),
            Self::Hours(from, until) => tagged(serializer, "within_hours", &Hours { from, until }),
        }
    }
}

#[derive(Serialize)]
struct Hours {
    from: u8,
    until: u8,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(moment) => write!(f, "after(@{})", seconds(*moment)),
            Self::Before(moment) => write!(f, "before(@{})", seconds(*moment)),
            Self::Hours(from, until) => write!(f, "within_hours({from}-{until} UTC)"),
        }
    }
}

/// Seconds since 1970; what is earlier counts as 1970.
fn seconds(moment: SystemTime) -> u64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[track_caller]
    fn check(from: u8, until: u8, expected: &[u64]) {
        let held: Vec<u64> = (0..24)
            .filter(|hour| Window::Hours(from, until).is_now(at(86_400 * 20_000 + hour * 3600 + 3599)))
            .collect();
        assert_eq!(held, expected, "{from} {until}");
    }

    #[test]
    fn hours_begin_and_end_on_the_hour_and_pass_midnight() {
        check(9, 12, &[9, 10, 11]);
        check(22, 2, &[0, 1, 22, 23]);
        check(22, 24, &[22, 23]);
        check(0, 1, &[0]);
        assert!(!Window::Hours(9, 12).is_now(at(9 * 3600 - 1)) && Window::Hours(9, 12).is_now(at(9 * 3600)));
        assert!(!Window::Hours(0, 24).is_now(UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn hours_that_are_no_part_of_a_day_are_never() {
        for (from, until, never) in
            [(9, 9, true), (24, 25, true), (23, 25, true), (24, 1, true), (0, 24, false), (23, 0, false)]
        {
            assert_eq!(Window::Hours(from, until).is_never(), never, "{from} {until}");
        }
    }

    #[test]
    fn before_ends_where_after_begins() {
        for (now, before) in [(99, true), (100, false), (101, false)] {
            assert_eq!(Window::Before(at(100)).is_now(at(now)), before);
            assert_eq!(Window::After(at(100)).is_now(at(now)), !before);
        }
    }
}
