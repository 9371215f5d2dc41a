//! What a recorder is told of requests.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use portcullis_audit::{Audit, AuditLayer};
use portcullis_authz::{AuthorizationLayer, scope};
use portcullis_core::{Clock, CredentialMethod, Decision, Mode, Principal, Reason, Room, Scopes, Trail};
use portcullis_metrics::MetricsSink;
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// Keeps every number under its name and labels.
#[derive(Default)]
struct Numbers(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Numbers {
    fn of(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    fn all(&self) -> Vec<(String, u64)> {
        let numbers = self.0.lock().unwrap();
        numbers.iter().map(|(name, number)| (name.clone(), number.load(Ordering::SeqCst))).collect()
    }
}

struct Samples(Arc<AtomicU64>);

impl HistogramFn for Samples {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Samples(self.of(key))))
    }
}

/// What is counted for one request of a caller with these scopes where `write` is asked for.
fn counted(scopes: &str, mode: Mode, sink: MetricsSink) -> Vec<(String, u64)> {
    let numbers = Numbers::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    with_local_recorder(&numbers, || {
        runtime.block_on(async {
            let audit = Audit::builder().sink(sink).build().unwrap();
            let handler = service_fn(async |request: Request<()>| {
                Trail::of(request.extensions()).unwrap().set_route("/documents/{id}".into());
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            });
            let rule = AuthorizationLayer::new(scope("write")).unwrap().with_mode(mode);
            let service = ServiceBuilder::new().layer(AuditLayer::new(audit)).layer(rule).service(handler);
            let mut request = Request::new(());
            let alice = Principal::builder("alice", CredentialMethod::Jwt);
            let alice = alice.scopes(Scopes::parse(scopes).unwrap()).build();
            Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
            service.oneshot(request).await.unwrap();
        });
    });
    numbers.all()
}

#[track_caller]
fn check(counted: &[(String, u64)], expected: &[&str]) {
    let names: Vec<_> = counted.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected);
    assert!(counted.iter().all(|(_, number)| *number == 1), "{counted:?}");
}

#[test]
fn a_request_and_each_decision_are_counted() {
    check(
        &counted("write", Mode::Enforce, MetricsSink::new()),
        &[
            "portcullis_decisions_total room=rule effect=allow reason=rule_satisfied enforced=true route=/documents/{id}",
            "portcullis_request_duration_seconds route=/documents/{id}",
            "portcullis_requests_total outcome=answered status=200 reason= route=/documents/{id}",
        ],
    );
    check(
        &counted("read", Mode::Enforce, MetricsSink::new()),
        &[
            "portcullis_decisions_total room=rule effect=deny reason=insufficient_scope enforced=true route=",
            "portcullis_request_duration_seconds route=",
            "portcullis_requests_total outcome=answered status=403 reason=insufficient_scope route=",
        ],
    );
}

#[test]
fn what_would_have_been_denied_is_counted_apart() {
    check(
        &counted("read", Mode::Shadow, MetricsSink::new().with_prefix("api").unwrap().without_routes()),
        &[
            "api_decisions_total room=rule effect=deny reason=insufficient_scope enforced=false route=",
            "api_request_duration_seconds route=",
            "api_requests_total outcome=answered status=200 reason= route=",
        ],
    );
}

/// Such as of a decision point in the shadow that answers after the handler did.
#[test]
fn what_would_have_been_denied_is_counted_also_when_it_comes_late() {
    let numbers = Numbers::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    with_local_recorder(&numbers, || {
        let audit = Audit::builder().sink(MetricsSink::new()).build().unwrap();
        let late = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&late);
        let handler = service_fn(move |request: Request<()>| {
            let trail = Trail::of(request.extensions()).unwrap();
            trail.set_route("/documents/{id}".into());
            *slot.lock().unwrap() = trail.awaits(Room::Rule);
            async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
        });
        let service = ServiceBuilder::new().layer(AuditLayer::new(audit)).service(handler);
        runtime.block_on(service.oneshot(Request::new(()))).unwrap();
        assert!(numbers.all().iter().all(|(name, _)| !name.contains("decisions")));
        let late = late.lock().unwrap().take().unwrap();
        late.note(Decision::deny(Reason::PolicyDenied));
    });
    let expected = "portcullis_decisions_total room=rule effect=deny reason=policy_denied enforced=false \
                    route=/documents/{id}";
    assert_eq!(numbers.all()[0], (expected.to_owned(), 1));
}

#[test]
fn a_prefix_that_is_no_name_is_refused() {
    for prefix in ["", "1", "my api", "é", "a-b", "a\n"] {
        assert!(MetricsSink::new().with_prefix(prefix).is_err(), "{prefix:?}");
    }
    for prefix in ["a", "_", "a1_B"] {
        assert!(MetricsSink::new().with_prefix(prefix).is_ok(), "{prefix}");
    }
}
