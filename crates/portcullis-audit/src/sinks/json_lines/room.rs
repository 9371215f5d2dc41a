//! Room for events, counted without a lock: every request asks for it first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::sinks::SinkError;

/// Counts exactly: an event has room from its reservation until it is written.
pub(super) struct Room {
    capacity: usize,
    /// Promised to requests that are being handled, or held by events that wait or are being written.
    taken: AtomicUsize,
    closed: AtomicBool,
}

impl Room {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, taken: AtomicUsize::new(0), closed: AtomicBool::new(false) }
    }

    /// Takes room for one event.
    #[inline]
    pub(super) fn take(&self) -> Result<(), SinkError> {
        self.take_below(self.capacity)
    }

    /// The same, while less than so much is taken.
    #[inline]
    pub(super) fn take_below(&self, limit: usize) -> Result<(), SinkError> {
        if self.is_closed() {
            return Err(SinkError::Closed);
        }
        // The numbers order nothing: what is in the queue is behind its lock.
        let more = |taken: usize| (taken < limit).then_some(taken + 1);
        let took = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        took.map(drop).map_err(|_| SinkError::Full)
    }

    /// Makes sure of the room of one more event, beside those that hold so much: what was promised, or else new room.
    /// Whoever asks keeps others from turning promises into events meanwhile.
    #[inline]
    pub(super) fn redeem(&self, held: usize) -> Result<(), SinkError> {
        if self.taken.load(Ordering::Relaxed) <= held {
            return self.take();
        }
        if self.is_closed() {
            // The promise is void.
            self.free(1);
            return Err(SinkError::Closed);
        }
        Ok(())
    }

    /// Makes room again.
    pub(super) fn free(&self, events: usize) {
        self.taken.fetch_sub(events, Ordering::Relaxed);
    }

    /// There is no room any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_counted_exactly_up_to_the_capacity() {
        let room = Room::new(2);
        assert_eq!([room.take(), room.take(), room.take()], [Ok(()), Ok(()), Err(SinkError::Full)]);
        room.free(1);
        assert_eq!(room.take_below(1), Err(SinkError::Full));
        assert_eq!([room.take(), room.take()], [Ok(()), Err(SinkError::Full)]);
    }

    #[test]
    fn a_promise_is_redeemed_without_more_room_and_what_was_not_promised_needs_some() {
        let room = Room::new(1);
        room.take().unwrap();
        assert_eq!(room.redeem(0), Ok(()), "promised");
        assert_eq!(room.redeem(1), Err(SinkError::Full), "nobody promised a second one");
        room.free(1);
        assert_eq!((room.redeem(0), room.take()), (Ok(()), Err(SinkError::Full)), "new room was taken");
    }

    #[test]
    fn nothing_has_room_once_it_is_closed() {
        let room = Room::new(4);
        room.take().unwrap();
        room.close();
        assert_eq!([room.take(), room.take_below(4), room.redeem(0)], [Err(SinkError::Closed); 3]);
    }

    #[test]
    fn threads_together_take_no_more_than_there_is() {
        let room = Room::new(100);
        let took = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..50).filter(|_| room.take().is_ok()).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(took, 100);
    }
}
