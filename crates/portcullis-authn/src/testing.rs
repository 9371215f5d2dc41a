//! What the tests of this crate share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Request};
use portcullis_core::{
    Attempt, AttemptGuard, AttemptOutcome, Clock, CredentialMethod, Denial, Principal, Reason, RequestView,
    Step, TimeSource, Trail,
};

use crate::RouteSchemes;

pub(crate) const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

/// Time that stands still until it is told to move; it begins at [`EPOCH`].
#[derive(Clone)]
pub(crate) struct FakeTime(Arc<(Instant, AtomicU64)>);

impl FakeTime {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Clock::system().monotonic(), AtomicU64::new(0))))
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.1.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.0.1.load(Ordering::SeqCst))
    }
}

impl TimeSource for FakeTime {
    fn wall(&self) -> SystemTime {
        EPOCH + self.passed()
    }

    fn monotonic(&self) -> Instant {
        self.0.0 + self.passed()
    }
}

/// What came of asking the schemes of a route.
pub(crate) struct Asked {
    pub(crate) answer: Result<(), Denial>,
    pub(crate) at_once: bool,
    pub(crate) trail: Trail,
}

impl Asked {
    /// The caller, or the code of the refusal.
    pub(crate) fn who(&self) -> Result<String, &'static str> {
        match &self.answer {
            Ok(()) => Ok(self.trail.principal().map_or("", Principal::subject).to_owned()),
            Err(denial) => Err(denial.reason().code()),
        }
    }

    pub(crate) fn challenges(&self) -> Vec<String> {
        let denial = self.answer.as_ref().unwrap_err();
        denial.challenges().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn request(fields: &[(&str, &[u8])]) -> Request<()> {
    let mut request = Request::new(());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

pub(crate) async fn ask(route: &RouteSchemes, fields: &[(&str, &str)]) -> Asked {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    ask_guarded(route, request(&fields), None).await
}

pub(crate) async fn ask_guarded(
    route: &RouteSchemes,
    mut request: Request<()>,
    guard: Option<&Arc<dyn AttemptGuard>>,
) -> Asked {
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system()).clone();
    let step = route.authenticate(&RequestView::of(&request).unwrap().with_attempts(guard));
    let at_once = matches!(step, Step::Done(_));
    Asked { answer: step.resolve().await, at_once, trail }
}

pub(crate) fn principal(subject: &str) -> Principal {
    Principal::builder(subject, CredentialMethod::Other("test")).build()
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Writes down what it is asked and told.
#[derive(Default)]
pub(crate) struct RecordingGuard {
    pub(crate) seen: Mutex<Vec<String>>,
    pub(crate) refuses: bool,
    pub(crate) waits: bool,
    pub(crate) trail: Mutex<Option<Trail>>,
}

impl RecordingGuard {
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl AttemptGuard for RecordingGuard {
    fn before(&self, attempt: &Attempt) -> Step<Result<(), Denial>> {
        *self.trail.lock().unwrap() = attempt.trail().cloned();
        self.seen.lock().unwrap().push(format!("before {} {}", attempt.scheme, attempt.identifier));
        let answer = if self.refuses { Err(Denial::new(Reason::AttemptsExceeded)) } else { Ok(()) };
        if self.waits { Step::wait(async { answer }) } else { Step::Done(answer) }
    }

    fn after(&self, attempt: &Attempt, outcome: AttemptOutcome) {
        self.seen.lock().unwrap().push(format!("after {} {outcome:?}", attempt.identifier));
    }
}

/// A file of the test vectors, if they are there.
pub(crate) fn vectors(name: &str) -> Option<serde_json::Value> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")).join(name);
    match std::fs::read(&path) {
        Ok(content) => Some(serde_json::from_slice(&content).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: no test vectors at {name}");
            None
        }
    }
}
