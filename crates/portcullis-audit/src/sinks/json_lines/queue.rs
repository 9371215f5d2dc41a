//! The bounded queue between requests and the writer.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sinks::SinkError;
use crate::sinks::json_lines::OnFull;
use crate::sinks::json_lines::line::Line;
use crate::sinks::json_lines::room::Room;

/// Lines that wait, and what the writer and those who wait for it must know.
pub(super) struct Queue {
    capacity: usize,
    on_full: OnFull,
    room: Room,
    state: Mutex<State>,
    for_writer: Condvar,
    for_drainers: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Line>,
    /// Taken by the writer, and not yet written.
    writing: usize,
    /// Lines ever queued, ever written, and of these how many are known to be on the disk.
    queued: u64,
    written: u64,
    synced: u64,
    /// What a drain waits for: the writer makes haste until as many lines are synced.
    awaited: u64,
    drains: usize,
    gap: Gap,
    dropped: u64,
    writer: Activity,
    failing: bool,
    closed: bool,
}

/// What the writer does. It is woken only where that makes a difference: waking costs a system call.
#[derive(Default, PartialEq, Eq)]
enum Activity {
    /// Waits for the first event.
    Idle,
    /// Waits a little for more.
    Gathering,
    #[default]
    Writing,
    /// Ended, by the drop of the sink or by a panic of the output.
    Gone,
}

/// Events that are missing from the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// Requests that were handled, but not recorded.
    pub(super) lost: u64,
    /// Requests that were refused, because they could not be recorded.
    pub(super) refused: u64,
}

/// How many lines the writer has in hand: only those of events take room in the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    pub(super) events: usize,
    pub(super) gaps: usize,
}

/// What the writer is to do next, besides the events.
pub(super) struct Batch {
    pub(super) gap: Option<Gap>,
    pub(super) sync: bool,
}

/// How long the writer waits for more events before it writes. What it writes then is one call for all of them.
const LINGER: Duration = Duration::from_millis(10);

/// How long the writer waits after a failure, and while somebody drains.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_WHILE_DRAINING: Duration = Duration::from_millis(20);

/// How many events the queue makes room for at once.
const PREALLOCATED: usize = 8192;

impl Queue {
    pub(super) fn new(capacity: usize, on_full: OnFull) -> Self {
        let waiting = Self::list(capacity);
        Self {
            capacity,
            on_full,
            room: Room::new(capacity),
            state: Mutex::new(State { waiting, ..State::default() }),
            for_writer: Condvar::new(),
            for_drainers: Condvar::new(),
        }
    }

    /// A list to be swapped with that of the queue, which does not grow on a request's way.
    pub(super) fn list_for_writer(&self) -> Vec<Line> {
        Self::list(self.capacity)
    }

    fn list(capacity: usize) -> Vec<Line> {
        Vec::with_capacity(capacity.min(PREALLOCATED))
    }

    #[inline]
    pub(super) fn reserve(&self) -> Result<(), SinkError> {
        if self.on_full == OnFull::DropAndCount {
            return Ok(());
        }
        self.room.take().map_err(|error| self.refused(error))
    }

    #[cold]
    fn refused(&self, error: SinkError) -> SinkError {
        self.lock().missed(Gap { lost: 0, refused: 1 });
        error
    }

    /// Takes the line of a request, whose room was [reserved](Self::reserve).
    pub(super) fn push(&self, line: Line) -> Result<(), SinkError> {
        let mut state = self.lock();
        if let Err(error) = self.room.redeem(state.held()) {
            state.missed(Gap { lost: 1, refused: 0 });
            state.dropped += u64::from(self.on_full == OnFull::DropAndCount);
            return if self.on_full == OnFull::DropAndCount { Ok(()) } else { Err(error) };
        }
        self.enqueue(state, line);
        Ok(())
    }

    /// Takes a line for which nobody reserved room, while less than half of it is taken: the rest is for requests. Without
    /// room it is lost and counted: no request waits for it any more, and none is missing from the lines.
    pub(super) fn push_late(&self, line: Line) {
        let mut state = self.lock();
        match self.room.take_below(self.capacity / 2) {
            Ok(()) => self.enqueue(state, line),
            Err(_) => state.dropped += 1,
        }
    }

    #[inline]
    fn enqueue(&self, mut state: MutexGuard<'_, State>, line: Line) {
        state.waiting.push(line);
        state.queued += 1;
        let wake = match state.writer {
            Activity::Idle => true,
            Activity::Gathering => state.waiting.len() == self.plenty(),
            Activity::Writing | Activity::Gone => false,
        };
        drop(state);
        if wake {
            self.for_writer.notify_one();
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// How many lines are not known to be on the disk: of events, of late decisions, and of what is missing.
    pub(super) fn unsafe_yet(&self) -> u64 {
        let state = self.lock();
        state.queued - state.synced
    }

    pub(super) fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        let mut state = self.lock();
        let target = state.queued;
        state.awaited = state.awaited.max(target);
        state.drains += 1;
        self.for_writer.notify_one();
        let unsafe_yet = |state: &mut State| state.synced < target && state.writer != Activity::Gone;
        let (mut state, _) = self
            .for_drainers
            .wait_timeout_while(state, timeout, unsafe_yet)
            .unwrap_or_else(PoisonError::into_inner);
        state.drains -= 1;
        if state.synced >= target {
            Ok(())
        } else if state.failing || state.writer == Activity::Gone {
            Err(SinkError::Failed)
        } else {
            Err(SinkError::TimedOut)
        }
    }

    /// Takes no more events, and waits a while for the writer to write what is there.
    pub(super) fn close(&self, wait: Duration) {
        let mut state = self.lock();
        state.closed = true;
        self.room.close();
        self.for_writer.notify_one();
        drop(self.for_drainers.wait_timeout_while(state, wait, |state| state.writer != Activity::Gone));
    }

    /// Waits for events and swaps them with the empty list. `None` when there is nothing left to do for ever.
    pub(super) fn next(&self, events: &mut Vec<Line>) -> Option<Batch> {
        let mut state = self.lock();
        while state.has_nothing_to_do() {
            if state.closed {
                return None;
            }
            state.writer = Activity::Idle;
            state = self.for_writer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writer = Activity::Gathering;
        let calm = |state: &mut State| !state.hurries() && state.waiting.len() < self.plenty();
        (state, _) =
            self.for_writer.wait_timeout_while(state, LINGER, calm).unwrap_or_else(PoisonError::into_inner);
        state.writer = Activity::Writing;
        mem::swap(&mut state.waiting, events);
        state.writing = events.len();
        let gap = mem::take(&mut state.gap);
        let sync = state.hurries();
        Some(Batch { gap: (gap != Gap::default()).then_some(gap), sync })
    }

    /// Makes room again.
    pub(super) fn written(&self, Lines { events, gaps }: Lines) {
        let mut state = self.lock();
        self.room.free(events.min(state.writing));
        state.writing = state.writing.saturating_sub(events);
        state.written += (events + gaps) as u64;
        state.failing = false;
    }

    /// Tells those who drain that all that was written is on the disk.
    pub(super) fn synced(&self) {
        let mut state = self.lock();
        state.synced = state.written;
        drop(state);
        self.for_drainers.notify_all();
    }

    /// Waits before the next attempt. `false` if there shall be none, because the sink is gone.
    pub(super) fn retry_later(&self) -> bool {
        let mut state = self.lock();
        state.failing = true;
        if state.closed {
            return false;
        }
        let drains = state.drains;
        let wait = if drains > 0 { RETRY_WHILE_DRAINING } else { RETRY };
        // Who begins to drain, or closes the sink, gets an attempt at once.
        let patient = |state: &mut State| !state.closed && state.drains <= drains;
        drop(self.for_writer.wait_timeout_while(state, wait, patient));
        true
    }

    /// The writer ends; what it could not write is lost.
    pub(super) fn writer_is_gone(&self) {
        let mut state = self.lock();
        state.writer = Activity::Gone;
        self.room.close();
        self.room.free(state.held());
        let left = mem::take(&mut state.waiting);
        state.dropped += left.len() as u64 + state.writing as u64;
        state.writing = 0;
        drop(state);
        self.for_drainers.notify_all();
    }

    /// How many waiting events are worth writing at once.
    fn plenty(&self) -> usize {
        self.capacity.div_ceil(2)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock, and every change under it is complete.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn missed(&mut self, more: Gap) {
        // All that is missing since the last batch becomes one line.
        self.queued += u64::from(self.gap == Gap::default());
        self.gap.lost += more.lost;
        self.gap.refused += more.refused;
    }

    /// How many events have room that was not only promised.
    fn held(&self) -> usize {
        self.waiting.len() + self.writing
    }

    fn has_nothing_to_do(&self) -> bool {
        self.waiting.is_empty() && self.gap == Gap::default() && !self.drains_wait()
    }

    fn hurries(&self) -> bool {
        self.closed || self.drains_wait()
    }

    fn drains_wait(&self) -> bool {
        self.synced < self.awaited
    }
}
