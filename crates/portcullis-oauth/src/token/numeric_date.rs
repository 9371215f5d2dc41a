//! `NumericDate`: seconds since 1970-01-01T00:00:00Z (RFC 7519 §2).

use std::time::Duration;

use crate::json::Json;

/// The last second that a double holds exactly: 2^53.
const LAST_SECOND: u64 = 1 << 53;

/// Reads a date, with its fraction; `None` for another type, a negative number, and one beyond 2^53.
pub(crate) fn read(value: &Json<'_>) -> Option<Duration> {
    let Json::Number(number) = value else { return None };
    if let Some(seconds) = number.as_u64() {
        return (seconds <= LAST_SECOND).then(|| Duration::from_secs(seconds));
    }
    let seconds = number.as_f64()?;
    // 2^53 as a double; a negative zero is zero.
    if (0.0..=9_007_199_254_740_992.0).contains(&seconds) {
        Duration::try_from_secs_f64(seconds.abs()).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json;

    fn date(text: &str) -> Option<Duration> {
        let text = format!("{{\"d\":{text}}}");
        let object = json::object(text.as_bytes())?;
        read(object.members().get("d")?)
    }

    /// A2.19, RFC 7519 §2.
    #[test]
    fn dates_are_whole_or_fractional_seconds_up_to_two_to_the_53rd() {
        assert_eq!(date("0"), Some(Duration::ZERO));
        assert_eq!(date("1300819380"), Some(Duration::from_secs(1_300_819_380)));
        assert_eq!(date("1300819380.5"), Some(Duration::from_millis(1_300_819_380_500)));
        assert_eq!(date("1.3e9"), Some(Duration::from_secs(1_300_000_000)));
        assert_eq!(date("9007199254740992"), Some(Duration::from_secs(LAST_SECOND)));
        assert_eq!(date("-0.0"), Some(Duration::ZERO));
        for bad in [
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "1e18",
            "1e308",
            "1e400",
            "-1",
            "-0.5",
            "-9223372036854775808",
            "-1e400",
            "NaN",
            "Infinity",
            "\"1300819380\"",
            "null",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_number_makes_the_reader_panic(number in any::<f64>(), whole in any::<i64>()) {
            let _ = date(&number.to_string());
            let read = date(&whole.to_string());
            prop_assert_eq!(read.is_some(), u64::try_from(whole).is_ok_and(|whole| whole <= LAST_SECOND));
        }
    }
}
