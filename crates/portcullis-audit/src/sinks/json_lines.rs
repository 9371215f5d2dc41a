//! One JSON document per line, written by a thread of its own.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Step, TrailEntry};

use crate::event::AuditEvent;
use crate::sinks::{AuditSink, IntoSink, SinkError};

mod line;
mod queue;
mod room;
mod writer;

use self::line::Line;
use self::queue::Queue;
use self::writer::{Output, Writer};

/// Writes one line per request to a file, or to anything else that takes octets.
///
/// Events wait in a bounded queue for a thread that writes them, so that a slow or dead disk never holds up a
/// request. What happens when the queue is full is the choice of [`OnFull`].
///
/// ```
/// use portcullis_audit::{Audit, JsonLines, OnFull};
///
/// let audit = Audit::builder()
///     .sink(JsonLines::to_writer(std::io::sink()).capacity(1000).on_full(OnFull::DropAndCount))
///     .build()?;
///
/// let errors = Audit::builder().sink(JsonLines::append("/no/such/folder/audit.jsonl")).build().unwrap_err();
/// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P502"]);
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
///
/// # When writing fails
/// The first failure is reported through tracing, once; nothing is lost yet: the writer keeps what it has and
/// tries again twice a second, from the octet where it stopped. Meanwhile the queue fills, and then
/// [`OnFull`] decides. A drain that ends before all is on the disk reports the sink and how many lines are `unsafe_yet`, and so does
/// the drop of the last handle after a last attempt: of these nobody knows whether they were written.
#[must_use]
pub struct JsonLines {
    target: Target,
    capacity: usize,
    on_full: OnFull,
}

enum Target {
    Path(PathBuf),
    Output(Box<dyn Output>),
}

/// What happens to a request for whose event there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnFull {
    /// It is handled, its event is lost and counted, and a later line says how many are missing.
    ///
    /// Choose it where answering matters more than knowing. Whoever can fill the disk or slow it down can then
    /// act unrecorded.
    DropAndCount,
    /// It is answered 503 `audit_unavailable` before it is handled: nothing happens unrecorded. A later line
    /// says how many were refused.
    ///
    /// So that there is room when it ends, a request has a place from its beginning until its answer begins. Whoever
    /// could hold all places by slow requests would stop everybody else. `Security` caps the requests in flight, 500 of
    /// one client and 10,000 of all, and [`JsonLines::DEFAULT_CAPACITY`] is more than that: the cap is reached first,
    /// and refuses the client that is too many. Keep it so: a capacity above the cap. A stack without that cap, or with
    /// one above the capacity, has the gap.
    #[default]
    Refuse,
}

impl JsonLines {
    /// How many events have room by default: more than the requests in flight that `Security` allows by default, so that
    /// slow requests alone never take all the room.
    pub const DEFAULT_CAPACITY: usize = 16_384;

    /// How long the drop of the last handle waits for the writer. [`Audit::drain`](crate::Audit::drain) waits
    /// as long as it is told and says whether all was written.
    pub const DROP_WAIT: Duration = Duration::from_secs(1);

    /// Appends to a file. It is created if it is not there, on Unix readable by its owner alone. A line that an
    /// earlier process left unfinished is ended first.
    pub fn append(path: impl Into<PathBuf>) -> Self {
        Self::new(Target::Path(path.into()))
    }

    /// Writes to anything, such as the standard output.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self::new(Target::Output(Box::new(Flushed(writer))))
    }

    fn new(target: Target) -> Self {
        Self { target, capacity: Self::DEFAULT_CAPACITY, on_full: OnFull::default() }
    }

    /// Says how many events have room: those that wait, those that are being written and, with
    /// [`OnFull::Refuse`], those of requests that are being handled. By default, this is
    /// [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY).
    pub fn capacity(self, events: usize) -> Self {
        Self { capacity: events, ..self }
    }

    /// Says what happens when there is no room. By default, this is [`OnFull::Refuse`].
    pub fn on_full(self, on_full: OnFull) -> Self {
        Self { on_full, ..self }
    }
}

impl IntoSink for JsonLines {
    type Sink = JsonLinesSink;

    fn into_sink(self, clock: &Clock) -> Result<JsonLinesSink, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.capacity == 0 {
            errors.push(ConfigError::new(
                ConfigCode::EmptyAuditQueue,
                "the audit queue has no room for an event",
            ));
        }
        let name: Arc<str> = match &self.target {
            Target::Output(_) => WRITER.into(),
            Target::Path(path) => path.display().to_string().into(),
        };
        let output: Box<dyn Output> = match self.target {
            Target::Output(output) => output,
            Target::Path(path) => match open(&path) {
                Ok(file) => Box::new(file),
                Err(error) => {
                    errors
                        .push(unusable(format!("audit file `{}` cannot be opened: {error}", path.display())));
                    return Err(errors);
                }
            },
        };
        errors.into_result(())?;
        let queue = Arc::new(Queue::new(self.capacity, self.on_full));
        let writer = Writer::new(Arc::clone(&queue), Arc::clone(&name), output, clock.clone());
        thread::Builder::new()
            .name("portcullis-audit".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| unusable(format!("the audit writer cannot be started: {error}")))?;
        Ok(JsonLinesSink { queue, name })
    }
}

fn unusable(message: String) -> ConfigError {
    ConfigError::new(ConfigCode::AuditFileUnusable, message)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.metadata()?.is_file() && !ends_with_newline(path)? {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn ends_with_newline(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        match self.sync_data() {
            // Pipes, terminals and the like have nothing to synchronise.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

struct Flushed<W>(W);

impl<W: Write> Write for Flushed<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write + Send + 'static> Output for Flushed<W> {
    fn sync(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match &self.target {
            Target::Path(path) => Some(path),
            Target::Output(_) => None,
        };
        f.debug_struct("JsonLines")
            .field("path", &path)
            .field("capacity", &self.capacity)
            .field("on_full", &self.on_full)
            .finish_non_exhaustive()
    }
}

/// The sink that [`JsonLines`] describes, with its writer at work.
pub struct JsonLinesSink {
    queue: Arc<Queue>,
    /// What logs call it.
    name: Arc<str>,
}

impl AuditSink for JsonLinesSink {
    fn reserve(&self) -> Result<(), SinkError> {
        self.queue.reserve()
    }

    fn record(&self, event: &AuditEvent) -> Step<Result<(), SinkError>> {
        self.take(event.clone())
    }

    fn take(&self, event: AuditEvent) -> Step<Result<(), SinkError>> {
        Step::Done(self.queue.push(Line::of(event)))
    }

    fn late(&self, event: &AuditEvent, decision: &TrailEntry) {
        self.queue.push_late(Line::late(event.clone(), decision.clone()));
    }

    fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        let drained = self.queue.drain(timeout);
        if let Err(error) = drained {
            let (sink, unsafe_yet) = (&*self.name, self.queue.unsafe_yet());
            tracing::error!(target: TARGET, sink, unsafe_yet, %error, "audit events are not safe yet");
        }
        drained
    }
}

impl Drop for JsonLinesSink {
    fn drop(&mut self) {
        self.queue.close(JsonLines::DROP_WAIT);
        let (sink, unsafe_yet) = (&*self.name, self.queue.unsafe_yet());
        if unsafe_yet > 0 {
            tracing::error!(target: TARGET, sink, unsafe_yet, "nobody knows whether audit events are on the disk");
        }
    }
}

impl fmt::Debug for JsonLinesSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLinesSink").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

/// What logs call a sink without a file.
const WRITER: &str = "writer";

/// The target of what is logged of a sink.
const TARGET: &str = "portcullis::audit::sink";

#[cfg(test)]
mod tests;
