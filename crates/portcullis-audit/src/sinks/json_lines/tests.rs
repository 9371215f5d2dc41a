//! The queue at its limit, the drain, and a disk that fails.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use portcullis_core::{Decision, Reason, Room, Trail};
use serde_json::Value;

use super::*;
use crate::tests::{FakeTime, event};

const PATIENCE: Duration = Duration::from_secs(20);

/// An output of which the test knows each step: it says when it is asked to write, and waits to be let.
struct Gate {
    asked: Sender<()>,
    let_in: Receiver<io::Result<usize>>,
    written: Arc<Mutex<Vec<u8>>>,
}

struct Keeper {
    asked: Receiver<()>,
    let_in: Sender<io::Result<usize>>,
    written: Arc<Mutex<Vec<u8>>>,
}

fn gate() -> (Gate, Keeper) {
    let ((asked, was_asked), (open, let_in)) = (channel(), channel());
    let written = Arc::<Mutex<Vec<u8>>>::default();
    let gate = Gate { asked, let_in, written: Arc::clone(&written) };
    (gate, Keeper { asked: was_asked, let_in: open, written })
}

impl Write for Gate {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let _ = self.asked.send(());
        // When the test has let go of the keeper, everything goes through.
        let most = self.let_in.recv().unwrap_or(Ok(usize::MAX))?.min(octets.len());
        self.written.lock().unwrap().extend_from_slice(&octets[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Keeper {
    fn open(self) -> Arc<Mutex<Vec<u8>>> {
        self.written
    }
}

fn sink(output: impl Write + Send + 'static, capacity: usize, on_full: OnFull) -> JsonLinesSink {
    let settings = JsonLines::to_writer(output).capacity(capacity).on_full(on_full);
    settings.into_sink(&Clock::new(FakeTime::new())).unwrap()
}

fn record(sink: &JsonLinesSink, number: usize) -> Result<(), SinkError> {
    sink.record(&event(number)).done().unwrap()
}

fn lines(written: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(written).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn paths(written: &[Value]) -> Vec<&str> {
    written.iter().filter_map(|line| line["path"].as_str()).collect()
}

#[test]
fn a_full_queue_refuses_at_the_exact_limit_and_says_so_later() {
    let (gate, keeper) = gate();
    let sink = sink(gate, 3, OnFull::Refuse);
    sink.reserve().unwrap();
    record(&sink, 0).unwrap();
    // The writer is now blocked with the first event, which keeps its room.
    keeper.asked.recv_timeout(PATIENCE).unwrap();
    sink.reserve().unwrap();
    sink.reserve().unwrap();
    assert_eq!(sink.reserve(), Err(SinkError::Full));
    record(&sink, 1).unwrap();
    assert_eq!(sink.reserve(), Err(SinkError::Full));
    record(&sink, 2).unwrap();
    assert_eq!(sink.reserve(), Err(SinkError::Full));

    let written = keeper.open();
    sink.drain(PATIENCE).unwrap();
    sink.reserve().unwrap();
    let written = lines(&written.lock().unwrap());
    assert_eq!(paths(&written), ["/0", "/1", "/2"]);
    let gap = written.last().unwrap();
    assert_eq!((&gap["kind"], &gap["lost"], &gap["refused"]), (&"gap".into(), &0.into(), &3.into()));
    assert_eq!((&gap["schema"], &gap["time"]), (&1.into(), &"2026-10-01T12:00:00.000Z".into()));
    assert_eq!(sink.dropped(), 0);
}

#[test]
fn a_full_queue_drops_at_the_exact_limit_and_says_so_later() {
    let (gate, keeper) = gate();
    let sink = sink(gate, 3, OnFull::DropAndCount);
    record(&sink, 0).unwrap();
    keeper.asked.recv_timeout(PATIENCE).unwrap();
    for number in 1..=4 {
        sink.reserve().unwrap();
        record(&sink, number).unwrap();
    }
    assert_eq!(sink.dropped(), 2);

    let written = keeper.open();
    sink.drain(PATIENCE).unwrap();
    record(&sink, 5).unwrap();
    sink.drain(PATIENCE).unwrap();
    let written = lines(&written.lock().unwrap());
    assert_eq!(paths(&written), ["/0", "/1", "/2", "/5"]);
    let gaps: Vec<_> = written.iter().filter(|line| line["kind"] == "gap").collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((&gaps[0]["lost"], &gaps[0]["refused"]), (&2.into(), &0.into()));
    assert_eq!(written[3]["kind"], "gap");
}

/// A flood of late lines refuses no request.
#[test]
fn a_late_line_has_room_in_the_first_half_of_the_queue_alone() {
    let trail = Trail::open(&Clock::new(FakeTime::new()));
    trail.shadowed(Room::Rule, &Decision::deny(Reason::PolicyDenied));
    let decision = trail.read(|state| state.entries[0].clone());
    for (capacity, late) in [(1, 0), (4, 2), (5, 2)] {
        let (gate, keeper) = gate();
        let sink = sink(gate, capacity, OnFull::Refuse);
        for _ in 0..10 {
            sink.late(&event(0), &decision);
        }
        assert_eq!(sink.dropped(), 10 - late, "{capacity}");
        for number in 0..capacity - late as usize {
            sink.reserve().unwrap();
            record(&sink, number).unwrap();
        }
        assert_eq!(sink.reserve(), Err(SinkError::Full), "{capacity}");
        sink.late(&event(0), &decision);
        assert_eq!(sink.dropped(), 11 - late, "{capacity}");
        let written = keeper.open();
        sink.drain(PATIENCE).unwrap();
        let written = lines(&written.lock().unwrap());
        let told = written.iter().filter(|line| line["kind"] == "late_decision");
        assert_eq!(told.count() as u64, late, "{capacity}");
    }
}

#[test]
fn an_event_without_a_reservation_is_refused_when_there_is_no_room() {
    let (gate, keeper) = gate();
    let sink = sink(gate, 1, OnFull::Refuse);
    record(&sink, 0).unwrap();
    assert_eq!(record(&sink, 1), Err(SinkError::Full));
    let written = keeper.open();
    sink.drain(PATIENCE).unwrap();
    assert_eq!(lines(&written.lock().unwrap())[1]["lost"], 1);
}

#[test]
fn a_drain_that_is_over_before_the_writer_says_so() {
    let (gate, keeper) = gate();
    let sink = sink(gate, 4, OnFull::Refuse);
    sink.drain(Duration::ZERO).unwrap();
    record(&sink, 0).unwrap();
    keeper.asked.recv_timeout(PATIENCE).unwrap();
    assert_eq!(sink.drain(Duration::ZERO), Err(SinkError::TimedOut));
    drop(keeper);
    sink.drain(PATIENCE).unwrap();
}

#[test]
fn a_failed_write_is_tried_again_and_tears_no_line() {
    let (gate, keeper) = gate();
    let sink = sink(gate, 2, OnFull::Refuse);
    record(&sink, 0).unwrap();
    for step in [Ok(7), Err(io::ErrorKind::StorageFull.into()), Err(io::ErrorKind::Interrupted.into()), Ok(0)]
    {
        keeper.asked.recv_timeout(PATIENCE).unwrap();
        keeper.let_in.send(step).unwrap();
    }
    keeper.asked.recv_timeout(PATIENCE).unwrap();
    // Nothing was lost yet: the event keeps its room, and the last slot is still there.
    record(&sink, 1).unwrap();
    assert_eq!(sink.reserve(), Err(SinkError::Full));
    assert_eq!(sink.drain(Duration::ZERO), Err(SinkError::Failed));
    let written = keeper.open();
    sink.drain(PATIENCE).unwrap();
    sink.reserve().unwrap();
    assert_eq!(paths(&lines(&written.lock().unwrap())), ["/0", "/1"]);
    assert_eq!(sink.dropped(), 0);
}

#[test]
fn an_output_that_panics_closes_the_sink() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("the output panics")
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let refusing = sink(Panics, 2, OnFull::Refuse);
    record(&refusing, 0).unwrap();
    assert_eq!(refusing.drain(PATIENCE), Err(SinkError::Failed));
    assert_eq!(refusing.reserve(), Err(SinkError::Closed));
    assert_eq!(refusing.dropped(), 1);
    let dropping = sink(Panics, 2, OnFull::DropAndCount);
    record(&dropping, 0).unwrap();
    assert_eq!(dropping.drain(PATIENCE), Err(SinkError::Failed));
    record(&dropping, 1).unwrap();
    assert_eq!(dropping.dropped(), 2);
}

/// A file in the folder for temporary files, removed at the end.
struct TempFile(PathBuf);

impl TempFile {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("portcullis-audit-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn append(&self) -> JsonLinesSink {
        JsonLines::append(&self.0).capacity(20_000).into_sink(&Clock::system()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        lines(&std::fs::read(&self.0).unwrap())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_drain_loses_nothing_of_ten_thousand_events_from_four_threads() {
    let file = TempFile::new();
    let sink = file.append();
    thread::scope(|scope| {
        for part in 0..4 {
            let sink = &sink;
            scope.spawn(move || {
                for number in 0..2500 {
                    sink.reserve().unwrap();
                    record(sink, part * 2500 + number).unwrap();
                }
            });
        }
    });
    sink.drain(PATIENCE).unwrap();
    let lines = file.lines();
    let mut numbers: Vec<usize> =
        paths(&lines).iter().map(|path| path.trim_start_matches('/').parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10_000).collect::<Vec<_>>());
    assert_eq!((lines.len(), sink.dropped()), (10_000, 0));
}

#[test]
fn the_drop_of_the_sink_writes_what_is_left() {
    let file = TempFile::new();
    let sink = file.append();
    for number in 0..100 {
        record(&sink, number).unwrap();
    }
    drop(sink);
    assert_eq!(file.lines().len(), 100);
}

#[test]
fn a_file_is_appended_to_and_an_unfinished_line_is_ended() {
    let file = TempFile::new();
    std::fs::write(&file.0, "{\"kind\":\"earlier\"}\n{\"torn\":").unwrap();
    let sink = file.append();
    record(&sink, 1).unwrap();
    drop(sink);
    record(&file.append(), 2).unwrap();
    let text = std::fs::read_to_string(&file.0).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[..2], ["{\"kind\":\"earlier\"}", "{\"torn\":"]);
    assert!(lines[2].contains("\"/1\"") && lines[3].contains("\"/2\""), "{text}");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let file = TempFile::new();
    drop(file.append());
    assert_eq!(std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o077, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_at_the_limit_and_holds_up_nobody() {
    let settings = JsonLines::append("/dev/full").capacity(2);
    let sink = settings.into_sink(&Clock::system()).unwrap();
    record(&sink, 0).unwrap();
    record(&sink, 1).unwrap();
    assert_eq!(sink.reserve(), Err(SinkError::Full));
    assert!(sink.drain(Duration::from_millis(20)).is_err());
    assert_eq!(sink.reserve(), Err(SinkError::Full));
    let queue = Arc::clone(&sink.queue);
    drop(sink);
    assert_eq!(queue.dropped(), 2);
}

#[test]
fn a_failure_is_reported_once_and_so_is_its_end() {
    let (gate, keeper) = gate();
    let log = crate::tests::Written::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let queue = Arc::new(Queue::new(4, OnFull::Refuse));
    let writer = Writer::new(Arc::clone(&queue), "a.jsonl".into(), Box::new(Flushed(gate)), Clock::system());
    queue.push(Line::of(event(0))).unwrap();
    for _ in 0..3 {
        keeper.let_in.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    }
    drop(keeper);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            tracing::subscriber::with_default(subscriber, || writer.run());
            ended.store(true, Ordering::Relaxed);
        });
        queue.drain(PATIENCE).unwrap();
        queue.close(PATIENCE);
    });
    assert!(ended.load(Ordering::Relaxed));
    assert_eq!(log.text().matches("cannot write audit events").count(), 1, "{}", log.text());
    assert_eq!(log.text().matches("written again").count(), 1, "{}", log.text());
    assert_eq!(log.text().matches("sink=\"a.jsonl\"").count(), 2, "{}", log.text());
}

/// What the operator reads at the end: which sink, and how many.
#[cfg(target_os = "linux")]
#[test]
fn a_drain_that_fails_and_the_drop_after_it_name_the_sink_and_what_is_lost() {
    let log = crate::tests::Written::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let sink = JsonLines::append("/dev/full").into_sink(&Clock::system()).unwrap();
    for number in 0..3 {
        sink.reserve().unwrap();
        record(&sink, number).unwrap();
    }
    assert!(sink.drain(Duration::from_millis(20)).is_err());
    drop(sink);
    let told: Vec<_> = log.text().lines().map(str::to_owned).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, what) in told.iter().zip(["are not safe yet", "nobody knows"]) {
        assert!(line.contains("ERROR") && line.contains(what), "{line}");
        assert!(line.contains("sink=\"/dev/full\" unsafe_yet=3"), "{line}");
    }
}

#[test]
fn what_is_written_is_not_told_as_lost() {
    let log = crate::tests::Written::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let file = TempFile::new();
    let sink = file.append();
    record(&sink, 0).unwrap();
    sink.drain(PATIENCE).unwrap();
    record(&sink, 1).unwrap();
    drop(sink);
    assert_eq!((log.text().as_str(), file.lines().len()), ("", 2));
}

#[test]
fn every_wrong_setting_is_reported_at_once() {
    let missing = JsonLines::append("/no/such/folder/audit.jsonl").capacity(0);
    let errors = crate::Audit::builder().sink(missing).build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P501", "P502"]);
    assert!(errors.to_string().contains("`/no/such/folder/audit.jsonl`"), "{errors}");
}
