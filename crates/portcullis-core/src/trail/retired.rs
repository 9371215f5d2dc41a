//! Memory of Trails that are over, for those that are opened next.
//!
//! Events are written by a thread of their own, many at once. What that thread frees, an allocator gives back to the
//! system, and then has to ask for it again, page by page, on the way of the requests that come next.
//!
//! Memory alone is used again, and never what is in it:
//!
//! 1. [`Empty`] is the one thing that is kept. It is made in two places, and either writes a whole [`Shared`] of the default,
//!    which is one value for the compiler: no field can be forgotten, and each of the request that is over is dropped then
//!    and there, by the thread that retires it, not when somebody else comes.
//! 2. `Arc::get_mut` gives nothing away of which there is another handle: who holds a Trail keeps it as it is.
//! 3. Nobody sees what is in an [`Empty`] but the one who opens a Trail in it, which is the end of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Opening, Shared, Trail};
use crate::Clock;

/// How many retired Trails wait for those that are opened next: at most 4 MiB, and 64 KiB for each thread.
pub const MAX_RETIRED_TRAILS: usize = 4096;

/// So many go from one thread to another at once.
const HANDFUL: usize = 32;

/// The memory of a Trail, of which nobody has a handle and in which there is nothing.
#[derive(Default)]
pub(super) struct Empty(Arc<Shared>);

/// What all threads share.
struct Retired {
    waiting: Mutex<Vec<Empty>>,
    /// Whether there is anything: where no Trail is ever retired, nobody takes the lock.
    any: AtomicBool,
}

static RETIRED: Retired = Retired::new();

thread_local! {
    /// What this thread takes from first, and retires to: fewer than two handfuls.
    static AT_HAND: Cell<Vec<Empty>> = const { Cell::new(Vec::new()) };
}

impl Trail {
    /// As [`open_prepared`](Self::open_prepared), in the memory of a Trail that was [retired](Self::retire), if there is
    /// any. Nothing else is left of that.
    #[must_use]
    #[inline]
    pub fn open_reusing(clock: &Clock, prepare: impl FnOnce(&mut Opening)) -> Self {
        take().unwrap_or_default().open(clock, prepare)
    }

    /// Drops everything in it at once, and leaves the memory to a Trail that is [opened](Self::open_reusing) later, in
    /// whichever thread. For whoever is done with many Trails, such as the writer of events. If somebody else still holds
    /// it, or [`MAX_RETIRED_TRAILS`] are left already, it is dropped as usual.
    pub fn retire(self) {
        if let Some(empty) = Empty::of(self) {
            keep(empty);
        }
    }
}

impl Empty {
    /// Drops what is in the Trail. `None` if somebody else still holds it.
    fn of(Trail(mut shared): Trail) -> Option<Self> {
        *Arc::get_mut(&mut shared)? = Shared::default();
        Some(Self(shared))
    }

    /// Opens a Trail in it.
    #[inline]
    pub(super) fn open(self, clock: &Clock, prepare: impl FnOnce(&mut Opening)) -> Trail {
        let Self(mut shared) = self;
        // INVARIANT: nobody shares it yet.
        if let Some(shared) = Arc::get_mut(&mut shared) {
            shared.clock.clone_from(clock);
            prepare(&mut shared.opening);
            *shared.recorded.get_mut() = shared.opening.recorded;
        }
        Trail(shared)
    }
}

#[inline]
fn take() -> Option<Empty> {
    let from = |at_hand: &Cell<Vec<_>>| {
        let mut own = at_hand.take();
        if own.is_empty() {
            RETIRED.fetch(&mut own);
        }
        let one = own.pop();
        at_hand.set(own);
        one
    };
    // A thread that ends has nothing at hand any more.
    AT_HAND.try_with(from).ok().flatten()
}

fn keep(empty: Empty) {
    let to = |at_hand: &Cell<Vec<_>>| {
        let mut own = at_hand.take();
        own.push(empty);
        if own.len() >= 2 * HANDFUL {
            RETIRED.put(&mut own);
        }
        at_hand.set(own);
    };
    let _ = AT_HAND.try_with(to);
}

impl Retired {
    const fn new() -> Self {
        Self { waiting: Mutex::new(Vec::new()), any: AtomicBool::new(false) }
    }

    /// Moves a handful to the thread's own.
    fn fetch(&self, own: &mut Vec<Empty>) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        // A panic while the lock was held leaves whole ones.
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.len().saturating_sub(HANDFUL);
        own.extend(waiting.drain(first..));
        self.any.store(!waiting.is_empty(), Ordering::Relaxed);
    }

    /// Takes a handful of the thread's own; without room for it, it is dropped.
    fn put(&self, own: &mut Vec<Empty>) {
        let first = own.len().saturating_sub(HANDFUL);
        let handful = own.drain(first..);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + handful.len() <= MAX_RETIRED_TRAILS {
            waiting.extend(handful);
            self.any.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
