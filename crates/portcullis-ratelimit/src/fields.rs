//! The response fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers §3, §4).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::limit::Limit;
use crate::quota::Level;

/// The longest name of a quota, in characters.
pub const MAX_NAME_LENGTH: usize = 64;

static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What does not change from one response to the next.
#[derive(Debug)]
pub(crate) struct Fields {
    /// `"name";q=100;w=60`
    policy: HeaderValue,
    /// `"name";r=`
    prefix: Box<[u8]>,
    /// What `r` does not exceed, so as not to invite a burst beyond the policy (§6).
    requests: u32,
}

impl Fields {
    pub(crate) fn new(name: &str, limit: &Limit) -> Result<Self, ConfigErrors> {
        let item = sf_string(name)?;
        let mut policy = format!("{item};q={}", limit.requests);
        // RFC 9651 §3.3.1 integers have no fractions; a window that is no whole number of seconds is not named.
        if limit.window.subsec_nanos() == 0 && limit.window.as_secs() > 0 {
            policy.push_str(&format!(";w={}", limit.window.as_secs()));
        }
        Self::assemble(&item, policy, limit.requests)
    }

    /// Of a cap on requests in flight, which counts in another unit and has no window (§3.1.2, §3.1.3).
    pub(crate) fn of_concurrent_requests(name: &str, at_most: u32) -> Result<Self, ConfigErrors> {
        let item = sf_string(name)?;
        Self::assemble(&item, format!("{item};q={at_most};qu=\"concurrent-requests\""), at_most)
    }

    fn assemble(item: &str, policy: String, requests: u32) -> Result<Self, ConfigErrors> {
        let unusable = |_| ConfigError::new(ConfigCode::InvalidQuotaName, "a name of a quota cannot be sent");
        let policy = HeaderValue::try_from(policy).map_err(unusable)?;
        Ok(Self { policy, prefix: format!("{item};r=").into_bytes().into(), requests })
    }

    /// Both fields of a quota of which nothing is left, and nobody knows until when.
    pub(crate) fn used_up(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        self.of(Level { remaining: 0, next: None })
    }

    /// Both fields, to stand beside those of other limits (A11.13).
    pub(crate) fn of(&self, level: Level) -> Option<[(HeaderName, HeaderValue); 2]> {
        let rate_limit = self.rate_limit(level)?;
        Some([(RATELIMIT_POLICY.clone(), self.policy.clone()), (RATELIMIT.clone(), rate_limit)])
    }

    /// `"name";r=19;t=1`: so many requests are left, and one more will be after so many seconds.
    ///
    /// `t` is rounded up, so that it is never zero while something is missing.
    fn rate_limit(&self, level: Level) -> Option<HeaderValue> {
        let (mut r, mut t) = ([0; DIGITS], [0; DIGITS]);
        let r = digits(level.remaining.min(self.requests).into(), &mut r);
        let (before, t): (&[u8], &[u8]) = match level.next {
            Some(next) => (b";t=", digits(seconds_up(next), &mut t)),
            None => (b"", b""),
        };
        // With the very capacity that it needs, the line becomes the value as it is.
        let mut line = Vec::with_capacity(self.prefix.len() + r.len() + before.len() + t.len());
        [&self.prefix, r, before, t].into_iter().for_each(|part| line.extend_from_slice(part));
        HeaderValue::from_maybe_shared(Bytes::from(line)).ok()
    }
}

/// As many as the largest number has.
const DIGITS: usize = 20;

/// The number in decimal digits.
fn digits(number: u64, room: &mut [u8; DIGITS]) -> &[u8] {
    let mut rest = number;
    let mut first = DIGITS;
    for (place, digit) in room.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first = place;
        if rest == 0 {
            break;
        }
    }
    room.get(first..).unwrap_or_default()
}

/// Whole seconds, rounded up.
fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// RFC 9651 §4.1.6: printable ASCII in quotes, with `"` and `\` escaped.
fn sf_string(name: &str) -> Result<String, ConfigError> {
    let printable = name.bytes().all(|octet| (0x20..0x7f).contains(&octet));
    if name.is_empty() || name.len() > MAX_NAME_LENGTH || !printable {
        let message = format!(
            "the name `{}` of a quota is not 1 to {MAX_NAME_LENGTH} printable ASCII characters",
            name.escape_debug()
        );
        return Err(ConfigError::new(ConfigCode::InvalidQuotaName, message));
    }
    Ok(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}
