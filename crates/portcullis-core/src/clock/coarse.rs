//! Time that was read a moment ago.
//!
//! To read the system's clock, the counter of the processor is read and converted, which costs more than a look-up in a
//! table. The kernel also keeps what it last counted, once in each tick, which is only copied. It tells here whether what
//! this thread read in the same tick still serves.

use std::time::{Duration, Instant};

#[cfg(all(target_os = "linux", feature = "coarse-clock"))]
pub(super) use self::by_ticks::{monotonic, unix_time};

/// There is no cheaper clock.
#[cfg(not(all(target_os = "linux", feature = "coarse-clock")))]
#[inline]
pub(super) fn monotonic(read: impl FnOnce() -> Instant) -> Instant {
    read()
}

#[cfg(not(all(target_os = "linux", feature = "coarse-clock")))]
#[inline]
pub(super) fn unix_time(read: impl FnOnce() -> Duration) -> Duration {
    read()
}

#[cfg(all(target_os = "linux", feature = "coarse-clock"))]
mod by_ticks {
    use std::cell::Cell;
    use std::thread::LocalKey;

    use super::{Duration, Instant};

    /// What a clock said, and in which tick of the kernel that was.
    type Reading<T> = Cell<Option<(u64, T)>>;

    thread_local! {
        static MONOTONIC: Reading<Instant> = const { Cell::new(None) };
        static UNIX_TIME: Reading<Duration> = const { Cell::new(None) };
    }

    #[inline]
    pub(in crate::clock) fn monotonic(read: impl FnOnce() -> Instant) -> Instant {
        read_once_a_tick(&MONOTONIC, read)
    }

    #[inline]
    pub(in crate::clock) fn unix_time(read: impl FnOnce() -> Duration) -> Duration {
        read_once_a_tick(&UNIX_TIME, read)
    }

    #[inline]
    fn read_once_a_tick<T: Copy>(last: &'static LocalKey<Reading<T>>, read: impl FnOnce() -> T) -> T {
        // Asked before the clock: what is read a tick later is thrown away too soon, and never kept too long.
        let tick = tick();
        match last.get() {
            Some((then, time)) if then == tick => time,
            _ => {
                let time = read();
                last.set(Some((tick, time)));
                time
            }
        }
    }

    /// `CLOCK_MONOTONIC_COARSE`, as a number that tells ticks apart.
    #[inline]
    fn tick() -> u64 {
        // Not `now`, which writes to memory that all threads share.
        coarsetime::Instant::now_without_cache_update().as_ticks()
    }
}
