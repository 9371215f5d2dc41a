//! The response fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers §3, §4).

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Placement, Trail};

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
        let unusable = |_| ConfigError::new(ConfigCode::InvalidQuotaName, "a name of a quota cannot be sent");
        let item = sf_string(name)?;
        let mut policy = format!("{item};q={}", limit.requests);
        // RFC 9651 §3.3.1 integers have no fractions; a window that is no whole number of seconds is not named.
        if limit.window.subsec_nanos() == 0 && limit.window.as_secs() > 0 {
            policy.push_str(&format!(";w={}", limit.window.as_secs()));
        }
        let policy = HeaderValue::try_from(policy).map_err(unusable)?;
        Ok(Self { policy, prefix: format!("{item};r=").into_bytes().into(), requests: limit.requests })
    }

    /// Adds both fields to the response, beside those of other limits (A11.13).
    pub(crate) fn add(&self, level: Level, trail: &Trail) {
        if let Some(value) = self.rate_limit(level) {
            trail.response_field(RATELIMIT_POLICY.clone(), self.policy.clone(), Placement::Append);
            trail.response_field(RATELIMIT.clone(), value, Placement::Append);
        }
    }

    /// `"name";r=19;t=1`: so many requests are left, and one more will be after so many seconds.
    ///
    /// `t` is rounded up, so that it is never zero while something is missing.
    fn rate_limit(&self, level: Level) -> Option<HeaderValue> {
        let mut line = Line::default();
        line.push(&self.prefix);
        line.push_number(level.remaining.min(self.requests).into());
        if let Some(next) = level.next {
            line.push(b";t=");
            line.push_number(seconds_up(next));
        }
        HeaderValue::from_bytes(line.as_bytes()).ok()
    }
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

/// A field value under construction, on the stack: the `HeaderValue` is the only allocation.
struct Line {
    octets: [u8; Self::CAPACITY],
    length: usize,
}

impl Line {
    /// A name of escaped characters in quotes, `;r=`, `;t=` and two numbers.
    const CAPACITY: usize = 2 * MAX_NAME_LENGTH + 2 + 3 + 3 + 2 * 20;

    fn push(&mut self, octets: &[u8]) {
        // What does not fit is left out; the capacity is such that everything does.
        if let Some(room) = self.octets.get_mut(self.length..self.length + octets.len()) {
            room.copy_from_slice(octets);
            self.length += octets.len();
        }
    }

    fn push_number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut first = digits.len();
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = place;
            if rest == 0 {
                break;
            }
        }
        self.push(digits.get(first..).unwrap_or_default());
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { octets: [0; Self::CAPACITY], length: 0 }
    }
}
