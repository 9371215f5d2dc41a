//! The thread that writes.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use portcullis_core::Clock;
use serde::Serialize;

use crate::schema::SCHEMA;
use crate::sinks::json_lines::TARGET;
use crate::sinks::json_lines::line::Line;
use crate::sinks::json_lines::queue::{Gap, Lines, Queue};
use crate::timestamp::Timestamp;

/// What takes the lines.
pub(super) trait Output: Write + Send + 'static {
    /// Returns when all that was written is safe.
    fn sync(&mut self) -> io::Result<()>;
}

/// Takes events from the queue and writes them, many lines at a time.
pub(super) struct Writer {
    queue: Arc<Queue>,
    name: Arc<str>,
    output: Box<dyn Output>,
    clock: Clock,
    // Lines that are to be written, from `start` on; it is reused.
    buffer: Vec<u8>,
    start: usize,
    // What is in the buffer.
    buffered: Lines,
    failing: bool,
}

/// The sink is gone, and the last attempt failed.
struct GivenUp;

/// How many octets are written in one go.
const CHUNK: usize = 64 * 1024;

impl Writer {
    pub(super) fn new(queue: Arc<Queue>, name: Arc<str>, output: Box<dyn Output>, clock: Clock) -> Self {
        Self {
            queue,
            name,
            output,
            clock,
            buffer: Vec::new(),
            start: 0,
            buffered: Lines::default(),
            failing: false,
        }
    }

    pub(super) fn run(mut self) {
        let mut events = self.queue.list_for_writer();
        while let Some(batch) = self.queue.next(&mut events) {
            if self.write(&mut events, batch.gap, batch.sync).is_err() {
                return;
            }
        }
    }

    fn write(&mut self, events: &mut Vec<Line>, gap: Option<Gap>, sync: bool) -> Result<(), GivenUp> {
        for event in events.drain(..) {
            self.line(&event);
            event.retire();
            self.buffered.events += 1;
            if self.buffer.len() >= CHUNK {
                self.flush()?;
            }
        }
        if let Some(Gap { lost, refused }) = gap {
            let time = Timestamp(self.clock.wall()).to_string();
            self.line(&GapLine { schema: SCHEMA, kind: "gap", time, lost, refused });
            self.buffered.gaps += 1;
        }
        self.flush()?;
        if sync { self.sync() } else { Ok(()) }
    }

    fn line(&mut self, document: &impl Serialize) {
        let start = self.buffer.len();
        // INVARIANT: text, numbers and lists of them always serialise, and a Vec takes all octets.
        if serde_json::to_writer(&mut self.buffer, document).is_ok() {
            self.buffer.push(b'\n');
        } else {
            self.buffer.truncate(start);
        }
    }

    fn flush(&mut self) -> Result<(), GivenUp> {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.start..) {
            match self.output.write(rest) {
                // What is left of a line is written later, so that no line is torn.
                Ok(octets @ 1..) => self.start += octets,
                Ok(0) => self.failed(&ErrorKind::WriteZero.into())?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.failed(&error)?,
            }
        }
        self.buffer.clear();
        // One event with everything at its limit must not hold its memory for ever.
        self.buffer.shrink_to(2 * CHUNK);
        self.start = 0;
        self.queue.written(std::mem::take(&mut self.buffered));
        self.recovered();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), GivenUp> {
        while let Err(error) = self.output.sync() {
            self.failed(&error)?;
        }
        self.recovered();
        self.queue.synced();
        Ok(())
    }

    /// Says so once, and waits.
    fn failed(&mut self, error: &io::Error) -> Result<(), GivenUp> {
        if !self.failing {
            tracing::error!(target: TARGET, sink = &*self.name, %error, "cannot write audit events, and will try again");
        }
        self.failing = true;
        if self.queue.retry_later() { Ok(()) } else { Err(GivenUp) }
    }

    fn recovered(&mut self) {
        if self.failing {
            tracing::info!(target: TARGET, sink = &*self.name, "audit events are written again");
        }
        self.failing = false;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.writer_is_gone();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// Says that events are missing here.
#[derive(Serialize)]
struct GapLine {
    schema: u32,
    kind: &'static str,
    time: String,
    lost: u64,
    refused: u64,
}
