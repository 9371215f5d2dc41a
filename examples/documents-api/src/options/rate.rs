use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many requests in so many seconds, written `5/60`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    seconds: NonZeroU32,
}

/// A day.
const MAX_SECONDS: u32 = 24 * 60 * 60;
/// Enough for anybody.
const MAX_REQUESTS: u32 = 1_000_000_000;

impl Rate {
    /// 6,000 requests a minute.
    pub const GENEROUS: Self = match (NonZeroU32::new(6_000), NonZeroU32::new(60)) {
        (Some(requests), Some(seconds)) => Self { requests, seconds },
        _ => Self { requests: NonZeroU32::MIN, seconds: NonZeroU32::MIN },
    };

    pub fn requests(self) -> u32 {
        self.requests.get()
    }

    pub fn period(self) -> Duration {
        Duration::from_secs(self.seconds.get().into())
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "not REQUESTS/SECONDS such as 5/60".to_owned();
        let (requests, seconds) = text.split_once('/').ok_or_else(form)?;
        let number = |text: &str, most: u32| {
            let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
            let number = if digits { text.parse::<u32>().ok() } else { None };
            number.filter(|number| *number <= most).and_then(NonZeroU32::new)
        };
        let requests = number(requests, MAX_REQUESTS)
            .ok_or_else(|| format!("{}: requests are 1 to {MAX_REQUESTS}", form()))?;
        let seconds = number(seconds, MAX_SECONDS)
            .ok_or_else(|| format!("{}: seconds are 1 to {MAX_SECONDS} (a day)", form()))?;
        Ok(Self { requests, seconds })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.seconds)
    }
}
