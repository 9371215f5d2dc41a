//! Handshakes of WebSockets.

use http::Method;
use portcullis_core::{ConnectionFacts, Denial, Reason, TlsFacts};

use super::{APP, app};
use crate::testing::Head;
use crate::{Cors, Edge, TrustedProxies};

#[track_caller]
fn check_upgrade(cors: &Cors, head: &Head, allowed: bool) {
    let result = head.ask(|view| {
        Edge::new(TrustedProxies::none()).unwrap().resolve(view).unwrap();
        cors.check_upgrade(view)
    });
    assert_eq!(result.as_ref().err().map(Denial::reason), (!allowed).then_some(Reason::OriginNotAllowed));
    assert_eq!(head.noted().is_empty(), allowed);
}

fn handshake() -> Head {
    Head::over_tls("192.0.2.1").field("host", "api.example.com").field("upgrade", "h2c, WebSocket")
}

/// A18.7, ASVS 4.4.2.
#[test]
fn a_websocket_is_opened_by_own_and_listed_origins_alone() {
    check_upgrade(&Cors::default(), &handshake().field("origin", "https://api.example.com"), true);
    check_upgrade(&app(), &handshake().field("origin", APP), true);
    check_upgrade(&app(), &handshake(), true);
    for foreign in
        ["https://evil.example", "null", "http://api.example.com", "https://api.example.com:444", "\u{e4}"]
    {
        check_upgrade(&app(), &handshake().field("origin", foreign), false);
        let http2 = Head::over_tls("192.0.2.1").method(Method::CONNECT).field("origin", foreign);
        check_upgrade(&app(), &http2, false);
    }
    check_upgrade(&app(), &handshake().field("origin", APP).field("origin", APP), false);
    let twice =
        Head::from("192.0.2.1").field("upgrade", "x").field("upgrade", "websocket").field("origin", "x://y");
    check_upgrade(&app(), &twice, false);
    // Nobody knows this server's own origin.
    check_upgrade(
        &app(),
        &Head::new().field("upgrade", "websocket").field("origin", "http://localhost"),
        false,
    );
    // An event stream is an ordinary request, which CORS covers.
    let stream =
        Head::from("192.0.2.1").field("accept", "text/event-stream").field("origin", "https://evil.example");
    check_upgrade(&app(), &stream, true);
}

#[test]
fn any_origin_opens_no_websocket_with_what_browsers_attach() {
    let cors = Cors::any_origin().build().unwrap();
    let foreign = || handshake().field("origin", "https://anybody.example");
    check_upgrade(&cors, &foreign(), true);
    check_upgrade(&cors, &foreign().field("cookie", "session=1"), false);
    check_upgrade(&cors, &foreign().field("authorization", "Basic YTpi"), false);
    check_upgrade(&cors, &handshake().field("origin", "null"), false);
    let mut tls = TlsFacts::default();
    tls.client_certificates.push(vec![0x30]);
    let facts = ConnectionFacts::tls(([192, 0, 2, 1], 1).into(), tls.into());
    check_upgrade(&cors, &foreign().facts(facts), false);
}
