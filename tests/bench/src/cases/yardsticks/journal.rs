//! One record for each request, which a thread of its own writes down.
//!
//! The duties of an audit layer, each in the most direct way: a record also where the client goes away or the handler
//! panics; when the request came, by the wall, and how long it took, exactly; its name, its method, its path up to a
//! length, its route, its client, its caller, what was decided, its status; room that is reserved before the request is
//! handled, so that nothing is lost where the writer cannot keep up, but refused and counted; lines of JSON, formatted
//! and written by another thread, many at once.

use std::io::{self, Write};
use std::mem;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use portcullis::Principal;
use portcullis::core::{Clock, ConnectionFacts, RequestId};
use serde::Serialize;
use smallvec::SmallVec;

use super::service::Context;

/// Where records go. Clones share it.
#[derive(Clone)]
pub(super) struct Journal(Arc<Shared>);

struct Shared {
    clock: Clock,
    /// How many records are promised, wait, or are being written.
    taken: AtomicUsize,
    refused: AtomicU64,
    queue: Mutex<Queue>,
    for_writer: Condvar,
    for_settlers: Condvar,
}

struct Queue {
    waiting: Vec<Record>,
    /// The writer waits for the first record, and is to be woken.
    idle: bool,
    hurry: bool,
}

/// So many records have room, and so many are made room for at once.
const ROOM: usize = 16_384;
const PREALLOCATED: usize = 8192;

/// How long the writer waits for more.
const LINGER: Duration = Duration::from_millis(10);

/// So many octets of a path are kept.
const MAX_PATH: usize = 1024;

/// A request that is on its way, with room for its record.
pub(super) struct Begun {
    journal: Journal,
    record: Record,
    since: Instant,
}

struct Record {
    id: RequestId,
    time: SystemTime,
    method: Method,
    path: SmallVec<[u8; 64]>,
    route: Option<Arc<str>>,
    client: Option<IpAddr>,
    caller: Option<Principal>,
    notes: SmallVec<[&'static str; 3]>,
    outcome: Outcome,
    status: Option<StatusCode>,
    took: Duration,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Aborted,
    Answered,
    Panicked,
}

impl Journal {
    /// Its writer goes on as long as the program.
    pub(super) fn begin() -> Self {
        let waiting = Vec::with_capacity(PREALLOCATED);
        let journal = Self(Arc::new(Shared {
            clock: Clock::system(),
            taken: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            queue: Mutex::new(Queue { waiting, idle: false, hurry: false }),
            for_writer: Condvar::new(),
            for_settlers: Condvar::new(),
        }));
        let writer = journal.clone();
        thread::spawn(move || writer.write());
        journal
    }

    /// `None` if there is no room.
    pub(super) fn open(&self, request: &Request<Body>) -> Option<Begun> {
        if self.0.taken.fetch_add(1, Ordering::AcqRel) >= ROOM {
            self.0.taken.fetch_sub(1, Ordering::AcqRel);
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let (time, since) = self.0.clock.both();
        let path = request.uri().path().as_bytes();
        let client = request.extensions().get::<ConnectionFacts>().and_then(|facts| facts.peer);
        let record = Record {
            id: RequestId::generate(),
            time,
            method: request.method().clone(),
            path: SmallVec::from_slice(&path[..path.len().min(MAX_PATH)]),
            route: None,
            client: client.map(|peer| peer.ip()),
            caller: None,
            notes: SmallVec::new(),
            outcome: Outcome::Aborted,
            status: None,
            took: Duration::ZERO,
        };
        Some(Begun { journal: self.clone(), record, since })
    }

    fn push(&self, record: Record) {
        let mut queue = self.0.queue.lock().expect("nobody panics");
        queue.waiting.push(record);
        let wake = mem::take(&mut queue.idle);
        drop(queue);
        if wake {
            self.0.for_writer.notify_one();
        }
    }

    fn write(&self) {
        let (mut records, mut lines) = (Vec::with_capacity(PREALLOCATED), Vec::new());
        loop {
            let mut queue = self.0.queue.lock().expect("nobody panics");
            queue.idle = queue.waiting.is_empty();
            let empty = |queue: &mut Queue| queue.waiting.is_empty();
            queue = self.0.for_writer.wait_while(queue, empty).expect("nobody panics");
            let calm = |queue: &mut Queue| !queue.hurry && queue.waiting.len() < ROOM / 2;
            (queue, _) = self.0.for_writer.wait_timeout_while(queue, LINGER, calm).expect("nobody panics");
            mem::swap(&mut queue.waiting, &mut records);
            drop(queue);
            let written = records.len();
            for record in records.drain(..) {
                serde_json::to_writer(&mut lines, &record.line()).expect("text and numbers");
                lines.push(b'\n');
            }
            io::sink().write_all(&lines).expect("a sink");
            lines.clear();
            self.0.taken.fetch_sub(written, Ordering::AcqRel);
            self.0.for_settlers.notify_all();
        }
    }

    /// Waits until everything is written.
    pub(super) fn settle(&self) {
        let mut queue = self.0.queue.lock().expect("nobody panics");
        queue.hurry = true;
        self.0.for_writer.notify_one();
        while self.0.taken.load(Ordering::Acquire) > 0 {
            let patience = Duration::from_millis(1);
            (queue, _) = self.0.for_settlers.wait_timeout(queue, patience).expect("nobody panics");
        }
        queue.hurry = false;
        assert_eq!(self.0.refused.load(Ordering::Relaxed), 0, "there was room for every record");
    }
}

impl Begun {
    pub(super) fn end(mut self, context: &Context, outcome: Outcome, status: Option<StatusCode>) {
        self.record.caller = context.caller().cloned();
        (self.record.notes, self.record.route) = context.said();
        (self.record.outcome, self.record.status) = (outcome, status);
        self.record.took = self.journal.0.clock.monotonic().saturating_duration_since(self.since);
        self.journal.push(self.record);
    }
}

#[derive(Serialize)]
struct Line<'r> {
    time_ms: u128,
    request_id: String,
    method: &'r str,
    path: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'r str>,
    client: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'r str>,
    decisions: &'r [&'static str],
    outcome: Outcome,
    status: Option<u16>,
    duration_us: u128,
}

impl Record {
    fn line(&self) -> Line<'_> {
        Line {
            time_ms: self.time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis(),
            request_id: self.id.to_string(),
            method: self.method.as_str(),
            path: str::from_utf8(&self.path).unwrap_or_default(),
            route: self.route.as_deref(),
            client: self.client,
            caller: self.caller.as_ref().map(Principal::subject),
            decisions: &self.notes,
            outcome: self.outcome,
            status: self.status.map(|status| status.as_u16()),
            duration_us: self.took.as_micros(),
        }
    }
}
