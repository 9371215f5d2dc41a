use std::io;
use std::panic::panic_any;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use portcullis_core::{
    ConnectionFacts, Decision, Denial, Effect, Placement, ProblemType, Reason, Refuse, RefusedRequest, Room,
    StoreError, Trail,
};

use super::*;

/// ASVS 16.2.1: when, where, who, what.
#[tokio::test]
async fn an_answered_request_is_one_event() {
    let time = FakeTime::new();
    let memory = MemorySink::default();
    let audit = Audit::builder().sink(memory.clone()).clock(Clock::new(time.clone())).build().unwrap();
    let handler = service_fn(move |request: Request<()>| {
        Trail::of(request.extensions()).unwrap().set_route("/documents/{id}".into());
        time.advance(42);
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(&audit, handler, get("/documents/7?secret=1")).await.unwrap();

    let event = only(&memory);
    assert_eq!((event.outcome(), event.status()), (Outcome::Answered, Some(StatusCode::OK)));
    assert_eq!(
        (event.method(), event.path(), event.route()),
        ("GET", "/documents/7", Some("/documents/{id}"))
    );
    assert_eq!((event.duration(), event.reason()), (Duration::from_millis(42), None));
    assert_eq!((audit.recorded(), audit.lost()), (1, 0));
}

#[tokio::test]
async fn fields_of_the_trail_are_added_to_the_answer() {
    let (audit, _) = audit();
    let handler = service_fn(async |request: Request<()>| {
        let name = HeaderName::from_static("dpop-nonce");
        let trail = Trail::of(request.extensions()).unwrap();
        trail.response_field(name, HeaderValue::from_static("n1"), Placement::Replace);
        Answer::Ok(Response::new(Bytes::new()))
    });
    assert_eq!(answer(&audit, handler, get("/")).await.unwrap().headers()["dpop-nonce"], "n1");
}

#[track_caller]
fn check_panicked(response: &Response<Bytes>, memory: &MemorySink) {
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(!String::from_utf8_lossy(response.body()).contains("s3cret"));
    let event = only(memory);
    assert_eq!((event.outcome(), event.reason()), (Outcome::Panicked, Some(Reason::Panicked)));
    assert!(!serde_json::to_string(&event).unwrap().contains("s3cret"));
}

/// ASVS 16.5.4: a last-resort handler.
#[tokio::test]
async fn a_panic_in_the_future_is_answered_500_and_recorded() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| -> Answer { panic!("s3cret") });
    check_panicked(&answer(&audit, handler, get("/")).await.unwrap(), &memory);
}

#[tokio::test]
async fn a_panic_in_the_call_is_answered_500_and_recorded() {
    let (audit, memory) = audit();
    let handler = service_fn(|_: Request<()>| -> std::future::Ready<Answer> { panic!("s3cret") });
    check_panicked(&answer(&audit, handler, get("/")).await.unwrap(), &memory);
}

#[tokio::test]
async fn a_panic_that_panics_again_when_it_is_dropped_is_survived() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("s3cret again");
        }
    }
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| -> Answer { panic_any(Bomb) });
    check_panicked(&answer(&audit, handler, get("/")).await.unwrap(), &memory);
}

#[tokio::test]
async fn a_cancelled_request_is_one_aborted_event() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| -> Answer { pending().await });
    poll_once(answer(&audit, handler, get("/slow")));
    let event = only(&memory);
    assert_eq!((event.outcome(), event.status(), event.path()), (Outcome::Aborted, None, "/slow"));
}

#[test]
fn a_request_that_is_dropped_before_its_first_poll_is_aborted() {
    let (audit, memory) = audit();
    let mut service =
        AuditLayer::new(audit).layer(service_fn(async |_: Request<()>| -> Answer { pending().await }));
    drop(service.call(get("/")));
    assert_eq!(only(&memory).outcome(), Outcome::Aborted);
}

#[tokio::test]
async fn a_failed_service_is_one_failed_event_and_its_error_goes_on() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| Err::<Response<Bytes>, _>(io::Error::other("down")));
    assert_eq!(answer(&audit, handler, get("/")).await.unwrap_err().to_string(), "down");
    assert_eq!((only(&memory).outcome(), only(&memory).status()), (Outcome::Failed, None));
}

/// Security within Security: the outer one records.
#[tokio::test]
async fn two_audit_layers_make_one_event() {
    let ((outer, outer_memory), (inner, inner_memory)) = (audit(), audit());
    let handler = service_fn(async |_: Request<()>| Answer::Ok(Response::new(Bytes::new())));
    answer(&outer, AuditLayer::new(inner).layer(handler), get("/")).await.unwrap();
    assert_eq!((outer_memory.events().len(), inner_memory.events().len()), (1, 0));
}

async fn refuse(denial: Denial, recorded: Option<(Room, Reason)>) -> AuditEvent {
    let (audit, memory) = audit();
    let handler = service_fn(move |request: Request<()>| {
        if let Some((room, reason)) = recorded {
            Trail::of(request.extensions()).unwrap().denied(room, &Denial::new(reason));
        }
        let response = Refuse::new().response(denial.clone(), &RefusedRequest::of(&request));
        async { Answer::Ok(response) }
    });
    answer(&audit, handler, get("/")).await.unwrap();
    only(&memory)
}

/// ASVS 16.3.1, 16.3.2: failed authentication and authorization are recorded.
#[tokio::test]
async fn a_denial_that_nobody_recorded_is_in_the_event() {
    let denial = Denial::new(Reason::TokenExpired).explained("expired 7 s ago");
    let event = refuse(denial, None).await;
    assert_eq!((event.reason(), event.status().unwrap().as_u16()), (Some(Reason::TokenExpired), 401));
    let [entry] = <[_; 1]>::try_from(event.decisions()).unwrap();
    assert_eq!(
        (entry.room, entry.effect, entry.reason),
        (Room::Authentication, Effect::Deny, Reason::TokenExpired)
    );
    assert_eq!((entry.enforced, entry.detail.as_deref()), (true, Some("expired 7 s ago")));
}

/// ASVS 16.5.1: the caller learns nothing of it, those who run the server do.
#[tokio::test]
async fn the_failure_behind_a_503_is_in_the_event_with_its_sources() {
    let down = || StoreError::new(io::Error::other("connection\nrefused"));
    let event = refuse(down().into_denial(Reason::StoreUnavailable), None).await;
    assert_eq!(event.cause(), Some("store failed: connection\nrefused"));
    assert_eq!(serde_json::to_value(&event).unwrap()["cause"], r"store failed: connection\u{a}refused");

    // What the caller did wrong is told by the reason alone.
    let event = refuse(Denial::new(Reason::TokenMalformed).caused_by(down()), None).await;
    assert_eq!(event.cause(), None);
}

#[tokio::test]
async fn a_panic_is_answered_as_the_request_needs_it() {
    for (name, value, status) in [("content-type", "application/grpc", 200), ("accept", "*/*", 500)] {
        let (audit, memory) = audit();
        let handler = service_fn(async |_: Request<()>| -> Answer { panic!("no answer") });
        let request = Request::head("/").header(name, value).body(()).unwrap();
        let response = answer(&audit, handler, request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.body().len()), (status, 0));
        assert_eq!(response.headers().get("grpc-status").is_some(), status == 200);
        assert_eq!(only(&memory).reason(), Some(Reason::Panicked));
    }
}

#[tokio::test]
async fn a_denial_that_was_recorded_is_not_repeated() {
    let recorded = Some((Room::Limit, Reason::AttemptsExceeded));
    let event = refuse(Denial::new(Reason::AttemptsExceeded), recorded).await;
    assert_eq!(event.decisions().len(), 1);
    let event = refuse(Denial::new(Reason::QuotaExceeded), recorded).await;
    assert_eq!(event.decisions().len(), 2);
}

#[tokio::test]
async fn every_reason_to_refuse_is_recorded_under_a_room() {
    for reason in Reason::ALL.iter().filter(|reason| reason.problem().is_some()) {
        let event = refuse(Denial::new(*reason), None).await;
        assert_eq!(event.reason(), Some(*reason));
        let [entry] = <[_; 1]>::try_from(event.decisions()).unwrap();
        let unauthenticated = matches!(
            reason.problem(),
            Some(ProblemType::Unauthenticated | ProblemType::InvalidCredentials | ProblemType::InvalidToken)
        );
        assert_eq!(entry.room == Room::Authentication, unauthenticated, "{}", reason.code());
    }
}

#[tokio::test]
async fn what_is_decided_after_the_answer_does_not_change_the_event() {
    let (audit, memory) = audit();
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let handler = service_fn(move |request: Request<()>| {
        *keep.lock().unwrap() = request.extensions().get::<Trail>().cloned();
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(&audit, handler, get("/")).await.unwrap();
    let trail = kept.lock().unwrap().take().unwrap();
    trail.decided(Room::Guard, &Decision::deny(Reason::PolicyDenied));
    assert!(only(&memory).decisions().is_empty());
}

#[tokio::test]
async fn an_unusual_method_is_recorded_up_to_its_limit() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| Answer::Ok(Response::new(Bytes::new())));
    let mut request = get("/");
    *request.method_mut() = Method::from_bytes("M".repeat(4000).as_bytes()).unwrap();
    answer(&audit, handler, request).await.unwrap();
    assert_eq!(only(&memory).method(), "M".repeat(32));
}

#[tokio::test]
async fn the_body_of_a_panic_is_made_by_the_given_closure() {
    #[derive(Debug)]
    struct Own(usize);
    let (audit, _) = audit();
    let layer = AuditLayer::new(audit).with_body(|content: Bytes| Own(content.len()));
    let handler =
        service_fn(async |_: Request<()>| -> Result<Response<Own>, Infallible> { panic!("no answer") });
    let response = layer.layer(handler).oneshot(get("/")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.body().0 > 0);
}

#[test]
fn services_and_futures_can_be_sent() {
    fn check<T: Send + Sync>() {}
    check::<AuditService<()>>();
    check::<Audit>();
    check::<AuditEvent>();
}

#[test]
fn an_audit_without_a_sink_is_a_configuration_error() {
    let errors = Audit::builder().build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P503"]);
}

/// A layer that stands outside opens the Trail, but records nothing.
#[tokio::test]
async fn a_trail_that_an_outer_layer_opened_is_recorded_all_the_same_and_once() {
    let (audit, memory) = audit();
    let mut request = get("/");
    let opened = Trail::open_first(request.extensions_mut(), &Clock::system()).unwrap();
    let handler = service_fn(async |_: Request<()>| Answer::Ok(Response::new(Bytes::new())));
    let inner = AuditLayer::new(audit.clone()).layer(handler);
    answer(&audit, inner, request).await.unwrap();
    assert_eq!(only(&memory).request_id(), opened.id());
}

/// Nothing is recorded where that was asked for; a panic is a 500 problem and fields are added all the same.
#[tokio::test]
async fn without_a_sink_panics_are_answered_and_fields_added() {
    let audit = Audit::builder().insecure_without_sink().build().unwrap();
    let panics = service_fn(async |_: Request<()>| -> Answer { panic!("s3cret") });
    let response = answer(&audit, panics, get("/")).await.unwrap();
    assert_eq!(
        (response.status(), audit.recorded(), audit.lost()),
        (StatusCode::INTERNAL_SERVER_ERROR, 0, 0)
    );
    let adds = service_fn(async |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap().clone();
        trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
        Answer::Ok(Response::new(Bytes::new()))
    });
    assert_eq!(answer(&audit, adds, get("/")).await.unwrap().headers()["vary"], "a");
    assert_eq!(Audit::builder().build().unwrap_err().codes().collect::<Vec<_>>(), ["P503"]);
}

/// A layer outside of the audit opened the Trail: what it does not know, the event does.
#[tokio::test]
async fn a_trail_that_another_layer_opened_is_recorded_whole() {
    let (audit, memory) = audit();
    let mut request = get("/documents/7");
    request.extensions_mut().insert(ConnectionFacts::plain("192.0.2.1:7".parse().unwrap()));
    Trail::ensure(request.extensions_mut(), &Clock::system());
    let handler = service_fn(async |_: Request<()>| Answer::Ok(Response::new(Bytes::new())));
    answer(&audit, handler, request).await.unwrap();
    let event = only(&memory);
    assert_eq!((event.method(), event.path()), ("GET", "/documents/7"));
    assert_eq!(event.peer(), Some("192.0.2.1:7".parse().unwrap()));
}
