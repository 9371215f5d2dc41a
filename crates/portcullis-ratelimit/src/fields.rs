//! The response fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers §3, §4).

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, LimitFields};

use crate::digits::Numbers;
use crate::lasting::lasting;
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
    /// What a client in no hurry is told each time, whose bucket lacks one request.
    expected: Option<(Told, HeaderValue)>,
}

/// The numbers of `RateLimit`: `r`, and `t`, which is rounded up so that it is never zero while something is missing.
type Told = (u32, Option<u64>);

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
        let policy = lasting(policy).map_err(unusable)?;
        let prefix = format!("{item};r=").into_bytes().into();
        Ok(Self { policy, prefix, requests, expected: None })
    }

    /// The same, with the field of this level written before it is needed.
    pub(crate) fn expecting(self, level: Level) -> Self {
        let told = self.told(level);
        let text = self.rate_limit(told).and_then(|value| value.to_str().ok().map(str::to_owned));
        let expected = text.and_then(|text| Some((told, lasting(text).ok()?)));
        Self { expected, ..self }
    }

    /// Adds both fields of a quota of which nothing is left, and nobody knows until when.
    pub(crate) fn tell_used_up(&self, answer: &mut LimitFields<'_>) {
        self.tell(Level { remaining: 0, next: None }, answer);
    }

    /// Adds both fields, to stand beside those of other limits (A11.13).
    pub(crate) fn tell(&self, level: Level, answer: &mut LimitFields<'_>) {
        let told = self.told(level);
        let rate_limit = match &self.expected {
            Some((expected, value)) if *expected == told => Some(value.clone()),
            _ => self.rate_limit(told),
        };
        if let Some(rate_limit) = rate_limit {
            answer.add(RATELIMIT_POLICY.clone(), self.policy.clone());
            answer.add(RATELIMIT.clone(), rate_limit);
        }
    }

    fn told(&self, level: Level) -> Told {
        (level.remaining.min(self.requests), level.next.map(seconds_up))
    }

    /// `"name";r=19;t=1`: so many requests are left, and one more will be after so many seconds.
    fn rate_limit(&self, (r, t): Told) -> Option<HeaderValue> {
        let numbers = Numbers::new(r, t);
        let numbers = numbers.as_slice();
        // A text that fills its room is taken over as it is.
        let mut text = Vec::with_capacity(self.prefix.len() + numbers.len());
        text.extend_from_slice(&self.prefix);
        text.extend_from_slice(numbers);
        HeaderValue::try_from(text).ok()
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
