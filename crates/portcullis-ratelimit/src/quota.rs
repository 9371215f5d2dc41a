//! How much, how fast: the numbers of one limit.

use std::num::NonZeroU32;
use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::limit::Limit;

/// The longest window: a hundred years of 365 days. An empty bucket must not take longer to fill either.
pub const MAX_WINDOW: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A bucket of `burst` requests, into which one falls every `interval` nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    burst: NonZeroU32,
    interval: u64,
}

/// How full a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// How many requests it holds.
    pub(crate) remaining: u32,
    /// How long until it holds one more; `None` if it is full.
    pub(crate) next: Option<Duration>,
}

impl Quota {
    pub(crate) fn new(limit: &Limit) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if limit.requests == 0 {
            errors.push(ConfigError::new(ConfigCode::EmptyQuota, "a quota of `0` requests allows nothing"));
        } else if limit.burst == 0 {
            errors.push(ConfigError::new(ConfigCode::EmptyQuota, "a burst of `0` requests allows nothing"));
        }
        if limit.window.is_zero() || limit.window > MAX_WINDOW {
            let message = format!("window `{:?}` is zero or longer than 100 years", limit.window);
            errors.push(ConfigError::new(ConfigCode::LimitOutOfRange, message));
        }
        errors.into_result(())?;

        // Rounded up: never more than was asked for.
        let interval = limit.window.as_nanos().div_ceil(limit.requests.max(1).into()).max(1);
        if interval * u128::from(limit.burst) > MAX_WINDOW.as_nanos() {
            let message = format!("a burst of `{}` takes longer than 100 years to refill", limit.burst);
            return Err(ConfigError::new(ConfigCode::LimitOutOfRange, message).into());
        }
        let interval = u64::try_from(interval).unwrap_or(u64::MAX);
        Ok(Self { burst: NonZeroU32::new(limit.burst).unwrap_or(NonZeroU32::MIN), interval })
    }

    /// The same for governor, which does the arithmetic of admission.
    pub(crate) fn to_governor(self) -> Option<governor::Quota> {
        let quota = governor::Quota::with_period(Duration::from_nanos(self.interval))?;
        Some(quota.allow_burst(self.burst))
    }

    pub(crate) fn burst(self) -> u32 {
        self.burst.get()
    }

    /// What so many requests weigh, in nanoseconds of refilling.
    pub(crate) fn weight(self, cost: u32) -> u64 {
        self.interval.saturating_mul(cost.into())
    }

    /// How long an empty bucket takes to be full.
    pub(crate) fn fills_in(self) -> Duration {
        Duration::from_nanos(self.weight(self.burst.get()))
    }

    /// How full the bucket is that takes `debt` nanoseconds to be full.
    #[inline]
    pub(crate) fn level(self, debt: u64) -> Level {
        let burst = u64::from(self.burst.get());
        // A client in no hurry has one to get back at most: that needs no division.
        let missing = if debt <= self.interval { u64::from(debt > 0) } else { debt.div_ceil(self.interval) };
        let missing = missing.min(burst);
        let Some(missing_but_one) = missing.checked_sub(1) else {
            return Level { remaining: self.burst.get(), next: None };
        };
        let next = debt.saturating_sub(self.interval.saturating_mul(missing_but_one));
        let remaining = u32::try_from(burst - missing).unwrap_or(u32::MAX);
        Level { remaining, next: Some(Duration::from_nanos(next)) }
    }

    /// How long until the bucket that takes `debt` nanoseconds to be full holds so many requests.
    pub(crate) fn wait(self, debt: u64, cost: u32) -> Duration {
        let room = self.weight(self.burst.get()).saturating_sub(self.weight(cost));
        Duration::from_nanos(debt.saturating_sub(room))
    }
}
