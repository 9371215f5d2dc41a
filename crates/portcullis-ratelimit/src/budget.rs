//! The buckets of one limit: governor's arithmetic over the bounded table, in the time of the framework's clock.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use governor::RateLimiter;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, MAX_COARSE_LAG};

use crate::limit::Limit;
use crate::quota::{Level, Quota};
use crate::table::{MAX_CAPACITY, Table};

/// The buckets of one limit.
pub(crate) struct Budget {
    quota: Quota,
    buckets: RateLimiter<Probe, Table, Told, NoOpMiddleware<Nanos>>,
    clock: Clock,
    since: Instant,
    /// Whether so little falls into a bucket during the lag of a coarse reading that it will do.
    takes_coarse: bool,
}

/// A bucket that takes so long to fill gets no more than a hundredth of its burst during [`MAX_COARSE_LAG`].
pub(crate) const COARSE_FROM: Duration = Duration::from_secs(1);

const _: () = assert!(MAX_COARSE_LAG.as_nanos() * 100 <= COARSE_FROM.as_nanos());

/// What came of asking a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) level: Level,
}

/// Whether a bucket holds what a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It never does: the cost is more than a full bucket.
    Never,
    /// Not before so long has passed.
    NotFor(Duration),
    /// It does.
    Within,
}

impl Budget {
    pub(crate) fn new(limit: &Limit, clock: &Clock) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let quota = errors.take(Quota::new(limit));
        match limit.capacity {
            0 => errors.push(ConfigError::new(ConfigCode::EmptyLimitStore, "a capacity of `0` keys")),
            keys if keys > MAX_CAPACITY => {
                let message = format!("a capacity of `{keys}` keys is more than {MAX_CAPACITY}");
                errors.push(ConfigError::new(ConfigCode::LimitOutOfRange, message));
            }
            _ => {}
        }
        let both = quota.and_then(|quota| Some((quota, quota.to_governor()?)));
        let (Some((quota, governor)), true) = (both, errors.is_empty()) else { return Err(errors) };
        NOW.set(0);
        let buckets = RateLimiter::new(governor, Table::new(limit.capacity), Told);
        let takes_coarse = quota.fills_in() >= COARSE_FROM;
        Ok(Self { quota, buckets, clock: clock.clone(), since: beginning(clock), takes_coarse })
    }

    /// The clock by which the buckets fill.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The time, as exact as this quota needs it.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        if self.takes_coarse { self.clock.monotonic_coarse() } else { self.clock.monotonic() }
    }

    /// Whether a coarse reading of the clock will do.
    #[inline]
    pub(crate) fn takes_coarse(&self) -> bool {
        self.takes_coarse
    }

    /// How full a bucket is out of which one was taken when it was full.
    pub(crate) fn after_one(&self) -> Level {
        self.quota.level(self.quota.weight(1))
    }

    /// Takes the cost out of the key's bucket, if it holds that much.
    pub(crate) fn take(&self, hash: u64, cost: u32) -> Outcome {
        self.take_at(self.now(), hash, cost)
    }

    /// The same, at a time that was read off the clock before.
    #[inline]
    pub(crate) fn take_at(&self, now: Instant, hash: u64, cost: u32) -> Outcome {
        let outcome = self.take_by(now, hash, cost);
        match outcome.verdict {
            // Nobody is refused for the lag of a coarse reading.
            Verdict::NotFor(wait) if self.takes_coarse && wait <= MAX_COARSE_LAG => {
                self.take_exactly(hash, cost)
            }
            _ => outcome,
        }
    }

    #[inline(never)]
    fn take_exactly(&self, hash: u64, cost: u32) -> Outcome {
        self.take_by(self.clock.monotonic(), hash, cost)
    }

    #[inline]
    fn take_by(&self, now: Instant, hash: u64, cost: u32) -> Outcome {
        if cost == 1 { self.take_one(now, hash) } else { self.ask(now, hash, cost, Action::Take) }
    }

    /// The same for what nearly every request costs, which can neither be nothing nor too much.
    #[inline]
    fn take_one(&self, now: Instant, hash: u64) -> Outcome {
        let probe = Probe::new(hash, Action::Take);
        let now = self.elapsed(now);
        NOW.set(now);
        let decided = self.buckets.check_key(&probe);

        let debt = probe.full_at.get().saturating_sub(now);
        let verdict = match decided {
            Ok(()) => Verdict::Within,
            Err(_) => Verdict::NotFor(self.quota.wait(debt, 1)),
        };
        Outcome { verdict, level: self.quota.level(debt) }
    }

    /// Puts back what was taken, and says how full the bucket is then.
    pub(crate) fn give_back(&self, hash: u64, cost: u32) -> Level {
        self.ask(self.now(), hash, 1, Action::GiveBack(self.quota.weight(cost))).level
    }

    #[inline(never)]
    fn ask(&self, now: Instant, hash: u64, cost: u32, action: Action) -> Outcome {
        // What costs nothing takes nothing, and what costs too much would overflow governor's arithmetic.
        let countable = cost > 0 && cost <= self.quota.burst();
        let probe = Probe::new(hash, if countable { action } else { Action::Look });
        let asked = NonZeroU32::new(cost).filter(|_| countable).unwrap_or(NonZeroU32::MIN);
        let now = self.elapsed(now);
        NOW.set(now);
        let decided = self.buckets.check_key_n(&probe, asked);

        let debt = probe.full_at.get().saturating_sub(now);
        let verdict = match decided {
            _ if cost == 0 => Verdict::Within,
            _ if !countable => Verdict::Never,
            Ok(Ok(())) => Verdict::Within,
            Ok(Err(_)) => Verdict::NotFor(self.quota.wait(debt, cost)),
            Err(_) => Verdict::Never,
        };
        Outcome { verdict, level: self.quota.level(debt) }
    }

    /// Nanoseconds since the beginning.
    #[inline]
    fn elapsed(&self, now: Instant) -> u64 {
        thread_local! {
            // For as long as a coarse reading is the same, it need not be reckoned anew.
            static LAST: Cell<Option<(Instant, Instant, u64)>> = const { Cell::new(None) };
        }
        match LAST.get() {
            Some((then, since, elapsed)) if then == now && since == self.since => elapsed,
            _ => {
                let elapsed = nanoseconds(now.saturating_duration_since(self.since));
                LAST.set(Some((now, self.since, elapsed)));
                elapsed
            }
        }
    }
}

/// From when the buckets of a limit count time. Limits by the system's clock share it, so that each reading is reckoned
/// once for all of them.
fn beginning(clock: &Clock) -> Instant {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    if clock.shares_source(&Clock::system()) {
        *FIRST.get_or_init(|| clock.monotonic())
    } else {
        clock.monotonic()
    }
}

fn nanoseconds(elapsed: Duration) -> u64 {
    let whole = elapsed.as_secs().saturating_mul(1_000_000_000);
    // They fill 63 bits after 292 years.
    whole.saturating_add(elapsed.subsec_nanos().into()).min(u64::MAX / 2)
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// One question to a bucket, and what the table learned while it answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Of the key, seeded.
    pub(crate) hash: u64,
    pub(crate) action: Action,
    /// When the bucket will be full, after the answer; zero if it is.
    pub(crate) full_at: Cell<u64>,
}

/// What to do with the bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Take nanoseconds off the time until it is full.
    GiveBack(u64),
    Look,
    Take,
}

impl Probe {
    fn new(hash: u64, action: Action) -> Self {
        Self { hash, action, full_at: Cell::new(0) }
    }
}

impl Hash for Probe {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// The clock that governor asks: it says what it was told.
///
/// Governor reads a clock for each question. Ours is read once for all limits of a request, and told.
struct Told;

thread_local! {
    /// The time of the question that this thread asks, in nanoseconds since the beginning.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

impl governor::clock::Clock for Told {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(NOW.get())
    }
}
