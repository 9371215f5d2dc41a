//! A1.14, ASVS 16.2.5: no secret in any output.

use std::io::Write;

use http::{HeaderName, HeaderValue};
use portcullis_core::{
    CredentialMethod, Denial, Placement, Principal, Reason, Refuse, RefusedRequest, Trail,
};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::{JsonLines, TracingSink};

/// Octets that a writer wrote.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const CANARY: &str = "c4n4ry";

#[tokio::test]
async fn no_secret_of_a_request_or_a_principal_is_in_any_output() {
    let (lines, log, memory) = (Written::default(), Written::default(), MemorySink::default());
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let audit = Audit::builder()
        .sink(JsonLines::to_writer(lines.clone()))
        .sink(TracingSink::new())
        .sink(memory.clone())
        .build()
        .unwrap();

    let handler = service_fn(async |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        trail.scheme("token".into());
        let principal = Principal::builder("alice", CredentialMethod::Jwt).session_id(CANARY).build();
        trail.authenticated(principal).unwrap();
        let cookie = HeaderValue::from_static(CANARY);
        trail.response_field(HeaderName::from_static("set-cookie"), cookie, Placement::Append);
        // A hint is no secret: the caller is told it.
        let denial = Denial::new(Reason::StoreUnavailable).hint("try again");
        Answer::Ok(Refuse::new().response(denial, &RefusedRequest::of(&request)))
    });
    let request = Request::get(format!("/a?access_token={CANARY}"))
        .header("authorization", format!("Bearer {CANARY}"))
        .header("cookie", format!("session={CANARY}"))
        .header("x-api-key", CANARY)
        .body(())
        .unwrap();
    answer(&audit, handler, request).await.unwrap();
    let broken = service_fn(async |_: Request<()>| -> Answer { panic!("{CANARY}") });
    answer(&audit, broken, get("/b")).await.unwrap();
    audit.drain_blocking(Duration::from_secs(10)).unwrap();

    let debug = format!("{audit:?} {:?}", memory.events());
    for (name, output) in [("lines", lines.text()), ("log", log.text()), ("debug", debug)] {
        assert!(
            output.contains("store_unavailable") || output.contains("StoreUnavailable"),
            "{name}: {output}"
        );
        assert!(!output.contains(CANARY), "{name}: {output}");
    }
    assert!(
        log.text().contains("subject=alice") && log.text().contains("portcullis::audit"),
        "{}",
        log.text()
    );
    assert_eq!((lines.text().lines().count(), log.text().lines().count()), (2, 2));
}

#[test]
fn an_event_prints_nothing_of_the_client() {
    let (audit, memory) = audit();
    let handler = service_fn(async |_: Request<()>| -> Answer { pending().await });
    poll_once(answer(&audit, handler, get("/c4n4ry")));
    assert!(!format!("{:?}", only(&memory)).contains(CANARY));
}
