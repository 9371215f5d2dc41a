use std::time::Duration;

use portcullis_core::{Secret, TlsVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::HandshakeFailure;
use crate::testing::{Authority, Client, HOST, Leaf, ask, builder, hello};

#[tokio::test]
async fn tells_the_layers_what_was_agreed_on() {
    let authority = Authority::new("authority");
    let acceptor = builder(&authority).build().unwrap();
    let client = Client::trusting(&authority).offering(&["h2", "http/1.1"]);
    let stream = ask(&acceptor, &client).await.0.unwrap();
    let facts = stream.facts();
    assert_eq!(facts.peer, Some(([192, 0, 2, 1], 50_000).into()));
    let tls = facts.tls.as_ref().unwrap();
    assert_eq!(tls.version, Some(TlsVersion::Tls13));
    assert!(tls.cipher_suite.unwrap().starts_with("TLS_"), "{tls:?}");
    assert_eq!(tls.server_name.as_deref(), Some(HOST));
    assert_eq!(tls.alpn.as_deref(), Some(&b"h2"[..]));
    assert!(stream.is_http2() && tls.client_certificate().is_none());
    assert_eq!(acceptor.counts().accepted, 1);

    let old = ask(&acceptor, &Client::of_tls12(&authority)).await.0.unwrap();
    assert!(!old.is_http2());
    let tls = old.facts().tls.clone().unwrap();
    assert_eq!((tls.version, tls.alpn.as_deref()), (Some(TlsVersion::Tls12), None));
    assert!(tls.cipher_suite.unwrap().starts_with("TLS_ECDHE_ECDSA_"), "{tls:?}");
}

#[tokio::test]
async fn tls12_can_be_left_out() {
    let authority = Authority::new("authority");
    let acceptor = builder(&authority).tls13_only().build().unwrap();
    let (server, client) = ask(&acceptor, &Client::of_tls12(&authority)).await;
    assert_eq!(server.unwrap_err().failure(), HandshakeFailure::Protocol);
    assert!(client.is_err());
    assert!(ask(&acceptor, &Client::trusting(&authority)).await.0.is_ok());
}

/// RFC 8996: TLS 1.0 and 1.1 must not be used.
#[tokio::test]
async fn refuses_versions_before_tls12() {
    let acceptor = builder(&Authority::new("authority")).build().unwrap();
    for minor in [0, 1, 2] {
        let (mut near, far) = duplex(4096);
        near.write_all(&hello(minor)).await.unwrap();
        let refused = acceptor.accept(far, None).await.unwrap_err();
        assert_eq!(refused.failure(), HandshakeFailure::Protocol);
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        // RFC 8446 §6: a fatal alert, `protocol_version`.
        assert_eq!((answer.first(), &answer[answer.len() - 2..]), (Some(&21), &[2, 70][..]), "3.{minor}");
    }
    assert_eq!(acceptor.counts().failed, 3);
}

#[tokio::test]
async fn agrees_on_a_protocol_or_not_at_all() {
    let authority = Authority::new("authority");
    let both = builder(&authority).build().unwrap();
    let first = builder(&authority).http1_only().build().unwrap();
    for (acceptor, offered, agreed) in [
        (&both, &["http/1.1", "h2"][..], Some("h2")),
        (&both, &["http/1.1"], Some("http/1.1")),
        (&first, &["h2", "http/1.1"], Some("http/1.1")),
        (&first, &["h2"], None),
        (&both, &["spdy/3"], None),
    ] {
        let client = Client::trusting(&authority).offering(offered);
        let stream = ask(acceptor, &client).await.0.ok();
        let alpn = stream.as_ref().and_then(|stream| stream.facts().tls.as_ref()?.alpn.as_deref());
        assert_eq!(alpn, agreed.map(str::as_bytes), "{offered:?}");
    }
}

#[tokio::test]
async fn takes_the_certificate_that_the_client_asks_for() {
    let authority = Authority::new("authority");
    let other = authority.issue(&Leaf::server(&["*.other.example"]));
    let acceptor =
        builder(&authority).certificate_pem(&other.chain, Secret::from(other.key)).build().unwrap();
    for (host, is_other) in [(HOST, false), ("www.other.example", true)] {
        let client = Client::trusting(&authority).asking_for(host);
        let stream = ask(&acceptor, &client).await.1.unwrap();
        let sent = stream.get_ref().1.peer_certificates().unwrap();
        assert_eq!(sent.first() == Some(&other.der), is_other, "{host}");
    }
    // The first is for everybody else, and such a client does not trust it.
    let (server, client) = ask(&acceptor, &Client::trusting(&authority).asking_for("no.example")).await;
    assert!(server.is_err() && client.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stalls_is_left_at_the_deadline() {
    let acceptor = builder(&Authority::new("authority")).build().unwrap();
    let (stalled, plain) = (HandshakeFailure::TimedOut, HandshakeFailure::PlainHttp);
    for (sent, failure) in
        [(&b""[..], stalled), (&[22], stalled), (&hello(3)[..20], stalled), (b"GET / HTTP/1.1\r\n", plain)]
    {
        let (mut near, far) = duplex(4096);
        near.write_all(sent).await.unwrap();
        let begun = tokio::time::Instant::now();
        let refused = acceptor.accept(far, None).await.unwrap_err();
        assert_eq!(refused.failure(), failure);
        assert_eq!(begun.elapsed().as_secs(), 10);
        assert_eq!(near.read(&mut [0; 1]).await.unwrap(), 0, "the connection is closed");
    }
    let counts = acceptor.counts();
    assert_eq!((counts.timed_out, counts.plain_http), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn clients_that_stall_give_way_to_others_at_the_cap() {
    let authority = Authority::new("authority");
    let acceptor = builder(&authority).max_handshakes(2).build().unwrap();
    let mut stalled = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let (mut near, far) = duplex(4096);
        near.write_all(&[22]).await.unwrap();
        stalled.push(near);
        let acceptor = acceptor.clone();
        tasks.push(tokio::spawn(async move { acceptor.accept(far, None).await.map(|_| ()) }));
    }
    tokio::task::yield_now().await;
    let begun = tokio::time::Instant::now();
    let (served, _) = ask(&acceptor, &Client::trusting(&authority)).await;
    served.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 1, "a tenth of the deadline");
    let first = tasks.remove(0).await.unwrap().unwrap_err();
    assert_eq!(first.failure(), HandshakeFailure::GivenUp);
    let second = tasks.remove(0).await.unwrap().unwrap_err();
    assert_eq!(second.failure(), HandshakeFailure::TimedOut, "only one had to give way");
    assert_eq!((acceptor.counts().given_up, acceptor.counts().timed_out), (1, 1));
}

#[tokio::test]
async fn junk_and_hanging_up_end_a_handshake_at_once() {
    let acceptor = builder(&Authority::new("authority")).build().unwrap();
    for (sent, expected) in [
        (&b""[..], HandshakeFailure::Disconnected),
        (&hello(3)[..20], HandshakeFailure::Disconnected),
        (b"\x00\x01junk that is longer than a record's head", HandshakeFailure::Protocol),
        (b"\x80\x2e\x01\x03\x01 an old hello, as SSL 2.0 wrote it", HandshakeFailure::Protocol),
        (&[0xff; 2000], HandshakeFailure::Protocol),
    ] {
        let (mut near, far) = duplex(4096);
        near.write_all(sent).await.unwrap();
        near.shutdown().await.unwrap();
        let refused = acceptor.accept(far, None).await.unwrap_err();
        assert_eq!(refused.failure(), expected, "{}", sent.escape_ascii());
    }
}

#[tokio::test]
async fn a_dropped_handshake_leaves_room_for_the_next() {
    let authority = Authority::new("authority");
    let acceptor = builder(&authority).max_handshakes(1).build().unwrap();
    for _ in 0..3 {
        let (_near, far) = duplex(64);
        let handshake = acceptor.accept(far, None);
        let given_up = tokio::time::timeout(Duration::ZERO, handshake).await;
        assert!(given_up.is_err());
    }
    assert!(ask(&acceptor, &Client::trusting(&authority)).await.0.is_ok());
}
