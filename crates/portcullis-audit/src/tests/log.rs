//! What the tracing sink emits.

use portcullis_core::{CredentialMethod, Decision, Principal, Reason, Room, TrailLimit};
use tracing_subscriber::EnvFilter;

use super::*;
use crate::TracingSink;

/// The lines that the handler's request leaves in the log under the filter.
async fn logged(filter: &str, panics: bool) -> String {
    let log = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .with_env_filter(EnvFilter::new(filter))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let audit = Audit::builder().sink(TracingSink::new()).clock(Clock::new(FakeTime::new())).build().unwrap();
    let handler = service_fn(move |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        trail.set_route("/documents/{id}".into());
        trail.scheme("token".into());
        trail.authenticated(Principal::builder("eve\nINFO forged", CredentialMethod::Jwt).build()).unwrap();
        trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
        trail.shadowed(Room::Guard, &Decision::deny(Reason::PolicyDenied));
        trail.limited(TrailLimit::new("client".into(), 41, true));
        trail.limited(TrailLimit::new("login".into(), 0, false));
        assert!(!panics, "told to panic");
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(&audit, handler, get("/documents/7?secret")).await.unwrap();
    assert_eq!(audit.recorded(), 1);
    log.text()
}

#[tokio::test]
async fn one_line_per_request_with_its_fields() {
    let line = logged("info", false).await;
    let expected = concat!(
        " method=GET route=\"/documents/{id}\" path=/documents/7 subject=eve\\u{a}INFO forged ",
        "credential=jwt scheme=token decisions=rule:allow:rule_satisfied guard:deny:policy_denied? ",
        "limits=client:41 login:0! status=200 duration_us=0 outcome=\"answered\"\n",
    );
    assert!(line.starts_with(" INFO portcullis::audit: request request_id="), "{line}");
    assert!(line.ends_with(expected), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[tokio::test]
async fn a_panic_is_an_error() {
    let line = logged("error", true).await;
    assert!(line.starts_with("ERROR portcullis::audit: request"), "{line}");
    assert!(line.contains("outcome=\"panicked\"") && line.contains("status=500"), "{line}");
}

#[tokio::test]
async fn a_filter_that_turns_the_target_off_silences_it() {
    assert_eq!(logged("info,portcullis::audit=off", false).await, "");
}
