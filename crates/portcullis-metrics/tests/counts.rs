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
use portcullis_authz::{
    AuthorizationLayer, Guard, Load, Policy, Read, Resource, Rule, Write, claim, role, scope,
};
use portcullis_core::{
    Clock, CredentialMethod, Decision, Mode, Principal, Reason, RequestView, Room, Scopes, StoreError, Trail,
};
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
    counted_by(scope("write"), scopes, mode, sink, |_| ())
}

/// The same, for that rule; the handler looks at the request.
fn counted_by(
    rule: Rule,
    scopes: &str,
    mode: Mode,
    sink: MetricsSink,
    handle: impl Fn(&RequestView<'_>) + Clone + Send + Sync + 'static,
) -> Vec<(String, u64)> {
    let numbers = Numbers::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    with_local_recorder(&numbers, || {
        runtime.block_on(async {
            let audit = Audit::builder().sink(sink).build().unwrap();
            let handler = service_fn(move |request: Request<()>| {
                Trail::of(request.extensions()).unwrap().set_route("/documents/{id}".into());
                handle(&RequestView::of(&request).unwrap());
                async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
            });
            let rule = AuthorizationLayer::new(rule).unwrap().with_mode(mode);
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
            "portcullis_decisions_total room=rule effect=allow reason=rule_satisfied enforced=true route=/documents/{id} part=scope(write)",
            "portcullis_request_duration_seconds route=/documents/{id}",
            "portcullis_requests_total outcome=answered status=200 reason= route=/documents/{id}",
        ],
    );
    check(
        &counted("read", Mode::Enforce, MetricsSink::new()),
        &[
            "portcullis_decisions_total room=rule effect=deny reason=insufficient_scope enforced=true route= part=scope(write)",
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
            "api_decisions_total room=rule effect=deny reason=insufficient_scope enforced=false route= part=scope(write)",
            "api_request_duration_seconds route=",
            "api_requests_total outcome=answered status=200 reason= route=",
        ],
    );
}

fn of_decisions(counted: Vec<(String, u64)>) -> Vec<String> {
    let own = counted.into_iter().filter_map(|(name, number)| {
        assert_eq!(number, 1, "{name}");
        Some(name.strip_prefix("portcullis_decisions_total ")?.to_owned())
    });
    own.collect()
}

/// The owner of two watched conditions must know which of them would have denied.
#[test]
fn two_watched_parts_of_one_rule_are_told_apart() {
    let rule = scope("read").and(role("editor").shadowed()).and(role("auditor").shadowed());
    let rule = rule.and(claim("plan", "CANARY").shadowed()).unless(scope("read").shadowed());
    let counted = counted_by(rule, "read", Mode::Enforce, MetricsSink::new(), |_| ());
    let denied = |reason, part| {
        format!("room=rule effect=deny reason={reason} enforced=false route=/documents/{{id}} part={part}")
    };
    let all = of_decisions(counted);
    for expected in [
        denied("insufficient_role", "role(editor)"),
        denied("insufficient_role", "role(auditor)"),
        denied("claim_mismatch", "claim(plan)"),
        denied("explicitly_denied", "scope(read)"),
    ] {
        assert!(all.contains(&expected), "{expected}: {all:#?}");
    }
    assert_eq!(all.len(), 5, "{all:#?}");
    assert!(!all.concat().contains("CANARY"), "the value of a claim is no label");
}

struct Document;
struct Invoice;
struct Refuses(Mode);

/// Has nothing: what guards are asked about comes by another way.
struct Store;

impl<R: Resource<Id = u32>> Load<R> for Store {
    async fn load(&self, _: &u32) -> Result<Option<R>, StoreError> {
        Ok(None)
    }
}

impl Resource for Document {
    type Id = u32;
    type Store = Store;
    type Rules = Refuses;
}

impl Resource for Invoice {
    type Id = u32;
    type Store = Store;
    type Rules = Refuses;
}

impl<A, R> Policy<A, R> for Refuses {
    fn decide(&self, caller: &Principal, _: &R) -> Decision {
        Decision::allow_if(caller.subject() == "bob", Reason::PolicyDenied)
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

#[test]
fn two_guards_of_one_route_are_told_apart_also_while_they_are_watched() {
    for mode in [Mode::Shadow, Mode::Enforce] {
        let counted = counted_by(scope("read"), "read", Mode::Enforce, MetricsSink::new(), move |view| {
            let (policy, passes) = (Refuses(mode), mode == Mode::Shadow);
            let guard = Guard::new(&policy);
            assert_eq!(guard.authorize::<Read, _>(view, Document).is_ok(), passes);
            assert_eq!(guard.authorize::<Write, _>(view, Document).is_ok(), passes);
            assert_eq!(guard.authorize::<Read, _>(view, Invoice).is_ok(), passes);
        });
        let all = of_decisions(counted);
        for part in ["Read Document", "Write Document", "Read Invoice"] {
            let told = |decision: &&String| {
                decision.starts_with("room=guard effect=deny") && decision.ends_with(part)
            };
            assert_eq!(all.iter().filter(told).count(), 1, "{part}: {all:#?}");
        }
    }
}

/// What a client can invent makes no new number.
#[test]
fn the_name_of_a_part_is_cut_and_holds_no_identifier() {
    let many =
        portcullis_authz::all_scopes((0..100).map(|number| format!("scope-{number}")).collect::<Vec<_>>());
    let all = of_decisions(counted_by(many, "read", Mode::Shadow, MetricsSink::new(), |_| ()));
    let (_, part) = all[0].split_once("part=").unwrap();
    assert!(part.ends_with('…') && part.chars().count() == 129, "{part}");
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
                    route=/documents/{id} part=";
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
