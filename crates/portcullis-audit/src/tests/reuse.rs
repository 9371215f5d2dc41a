//! The memory of a request that is written is used by the next one, and nothing of it stays there.

use std::collections::HashSet;
use std::net::SocketAddr;

use portcullis_core::{
    ClientAddress, ConnectionFacts, CredentialMethod, Decision, ExternalOrigin, Placement, Principal, Reason,
    Room, TrailLimit,
};
use serde_json::{Value, json};

use super::*;
use crate::JsonLines;

/// More than stay with the thread that writes.
const MANY: usize = 200;

/// Runs one request, and says where its Trail is.
async fn run(audit: &Audit, request: Request<()>, deed: fn(&Trail)) -> usize {
    let place = Arc::new(Mutex::new(0));
    let told = Arc::clone(&place);
    let handler = service_fn(move |request: Request<()>| {
        let trail = Trail::of(request.extensions()).unwrap();
        *told.lock().unwrap() = std::ptr::from_ref(trail.opening()).addr();
        deed(trail);
        async { Answer::Ok(Response::new(Bytes::new())) }
    });
    answer(audit, handler, request).await.unwrap();
    *place.lock().unwrap()
}

/// Says everything that can be said, and is not over.
fn everything(trail: &Trail) {
    trail.set_route("/{secret}".into());
    trail.set_client(ClientAddress::Forwarded([192, 0, 2, 7].into()));
    trail.set_origin(ExternalOrigin::new(true, None, false));
    trail.scheme("secret".into());
    trail.authenticated(Principal::builder("secret", CredentialMethod::Jwt).build()).unwrap();
    for _ in 0..40 {
        trail.decided(Room::Rule, &Decision::deny(Reason::PolicyDenied).because("secret"));
        trail.limited(TrailLimit::new("secret".into(), 9, true));
    }
    trail.response_field(http::header::SET_COOKIE, "secret".parse().unwrap(), Placement::Append);
    trail.disclose();
}

/// The lines, without what tells requests from each other.
fn lines(written: &Written) -> Vec<Value> {
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line["request_id"] = json!("");
        line
    };
    written.text().lines().map(line).collect()
}

#[tokio::test]
async fn nothing_of_a_request_is_in_the_event_of_another_that_uses_its_memory() {
    let written = Written::default();
    let audit = Audit::builder().sink(JsonLines::to_writer(written.clone()));
    let audit = audit.clock(Clock::new(FakeTime::new())).build().unwrap();
    run(&audit, get("/"), |_| ()).await;
    let mut places = HashSet::new();
    for _ in 0..MANY {
        let mut request = get("/secret");
        request.extensions_mut().insert(ConnectionFacts::plain(SocketAddr::from(([10, 0, 0, 1], 4711))));
        places.insert(run(&audit, request, everything).await);
    }
    audit.drain_blocking(Duration::from_secs(20)).unwrap();
    let mut reused = 0;
    for _ in 0..MANY {
        reused += usize::from(places.contains(&run(&audit, get("/"), |_| ()).await));
    }
    audit.drain_blocking(Duration::from_secs(20)).unwrap();
    assert!(reused > 0, "the memory of none of {} was used again", places.len());
    let lines = lines(&written);
    let [first, rest @ ..] = &*lines else { panic!("no lines") };
    let (full, plain) = rest.split_at(MANY);
    assert!(full.iter().all(|line| line["overflow"] == 16 && line["principal"]["subject"] == "secret"));
    assert_eq!((plain.len(), plain.iter().find(|line| *line != first)), (MANY, None));
}
