//! Advice reaches those who start an application, once, without being asked for.

use std::io;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use http_body_util::Full;
use portcullis_authz::scope;
use portcullis_stack::{RouteList, RoutePolicy, RouteTable, Security};
use tower::service_fn;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged meanwhile.
fn logged(start: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    tracing::subscriber::with_default(subscriber, start);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn protect(routes: &RouteList) -> bool {
    let security = Security::builder().insecure_no_audit().build().unwrap();
    let service = service_fn(async |_: Request<Full<&'static [u8]>>| {
        Ok::<_, std::convert::Infallible>(Response::new(Full::<&'static [u8]>::default()))
    });
    security.protect(routes, service).is_ok()
}

#[test]
fn each_piece_of_advice_is_a_warning_with_its_code() {
    let change = || RoutePolicy::public("so far");
    let routes = RouteList::new()
        .route(Method::GET, "/health", "health", RoutePolicy::public("probe"))
        .route(Method::POST, "/hook", "hook", change())
        .route(Method::DELETE, "/hook", "unhook", change());
    let lines = logged(|| assert!(protect(&routes)));
    let expected = |method| {
        format!(
            " WARN {}: {method} /hook: anybody may change something (`so far`) code=\"P275\"",
            RouteTable::ADVICE_TARGET
        )
    };
    assert_eq!(lines, [expected("POST"), expected("DELETE")]);
}

#[test]
fn an_application_without_advice_or_that_does_not_start_logs_none() {
    let health = || RouteList::new().route(Method::GET, "/health", "health", RoutePolicy::public("probe"));
    assert_eq!(logged(|| assert!(protect(&health()))), [""; 0]);
    let wrong = health().route(Method::POST, "/hook", "hook", RoutePolicy::public("x")).route(
        Method::GET,
        "/a",
        "a",
        RoutePolicy::requires(scope("a")),
    );
    assert_eq!(logged(|| assert!(!protect(&wrong))), [""; 0]);
}
