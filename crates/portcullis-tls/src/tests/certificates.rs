use portcullis_core::CertificateSource;

use crate::testing::{Authority, Client, FakeTime, Folder, Issued, Leaf, ask, builder};
use crate::{ClientAuth, HandshakeFailure, TlsAcceptor};

struct World {
    servers: Authority,
    clients: Authority,
}

impl World {
    fn new() -> Self {
        Self { servers: Authority::new("servers"), clients: Authority::new("clients") }
    }

    fn acceptor(&self, auth: ClientAuth) -> TlsAcceptor {
        builder(&self.servers).client_certificates_pem(auth, self.clients.pem()).build().unwrap()
    }

    fn client(&self, issued: &Issued) -> Client {
        Client::with_certificate(&self.servers, issued)
    }
}

async fn check(acceptor: &TlsAcceptor, client: &Client, expected: Result<bool, HandshakeFailure>) {
    let (server, client) = ask(acceptor, client).await;
    assert_eq!(server.is_ok(), client.is_ok());
    let has_certificate = server
        .map(|stream| stream.facts().tls.as_ref().unwrap().client_certificate().is_some())
        .map_err(|error| error.failure());
    assert_eq!(has_certificate, expected);
}

const REFUSED: Result<bool, HandshakeFailure> = Err(HandshakeFailure::ClientCertificate);

#[tokio::test]
async fn hands_the_certificate_to_the_layers() {
    let world = World::new();
    let issued = world.clients.issue(&Leaf::client("alice"));
    let acceptor = world.acceptor(ClientAuth::Required);
    assert_eq!(acceptor.client_auth(), ClientAuth::Required);
    let stream = ask(&acceptor, &world.client(&issued)).await.0.unwrap();
    let tls = stream.facts().tls.clone().unwrap();
    let certificate = tls.client_certificate().unwrap();
    assert_eq!(certificate.leaf().as_ref(), issued.der.as_ref());
    assert!(certificate.is_verified() && certificate.chain().is_empty());
    assert_eq!(certificate.source(), CertificateSource::Connection);
    assert!(!format!("{stream:?}").contains("alice"));
}

#[tokio::test]
async fn an_optional_certificate_may_be_left_out_and_a_required_one_may_not() {
    let world = World::new();
    let without = Client::trusting(&world.servers);
    let with = world.client(&world.clients.issue(&Leaf::client("alice")));
    let none = builder(&world.servers).build().unwrap();
    check(&none, &without, Ok(false)).await;
    check(&none, &with, Ok(false)).await;
    check(&world.acceptor(ClientAuth::Optional), &without, Ok(false)).await;
    check(&world.acceptor(ClientAuth::Optional), &with, Ok(true)).await;
    let required = world.acceptor(ClientAuth::Required);
    check(&required, &without, REFUSED).await;
    check(&required, &with, Ok(true)).await;
    let counts = required.counts();
    assert_eq!((counts.accepted, counts.client_certificates_refused), (1, 1));
}

#[tokio::test]
async fn refuses_certificates_that_do_not_verify_also_where_none_is_needed() {
    let world = World::new();
    let foreign = Authority::new("clients");
    for auth in [ClientAuth::Optional, ClientAuth::Required] {
        let acceptor = world.acceptor(auth);
        for issued in [
            foreign.issue(&Leaf::client("alice")),
            world.servers.issue(&Leaf::client("alice")),
            world.clients.issue(&Leaf::client("alice").valid(2020, 2021)),
            world.clients.issue(&Leaf::client("alice").valid(2095, 2096)),
            world.clients.issue(&Leaf::server(&["api.example.com"])),
        ] {
            check(&acceptor, &world.client(&issued), REFUSED).await;
        }
    }
}

#[tokio::test]
async fn certificates_expire_by_the_clock() {
    let world = World::new();
    let time = FakeTime::new();
    let acceptor = builder(&world.servers)
        .client_certificates_pem(ClientAuth::Required, world.clients.pem())
        .clock(time.clock())
        .build()
        .unwrap();
    let client = world.client(&world.clients.issue(&Leaf::client("alice").valid(2024, 2026)));
    check(&acceptor, &client, Ok(true)).await;
    // The same client, with what it remembers of the session: it is not resumed.
    time.advance_days(366);
    check(&acceptor, &client, REFUSED).await;
}

#[tokio::test]
async fn refuses_what_a_list_revokes_and_what_no_list_in_date_covers() {
    let world = World::new();
    let folder = Folder::new();
    let good = world.client(&world.clients.issue(&Leaf::client("alice").serial(7)));
    let revoked = world.client(&world.clients.issue(&Leaf::client("mallory").serial(8)));
    let with = |list: String| {
        builder(&world.servers)
            .client_certificates_pem(ClientAuth::Required, world.clients.pem())
            .client_revocation_file(folder.write("lists.pem", list))
            .build()
            .unwrap()
    };
    let acceptor = with(world.clients.revoke(8, 2096));
    check(&acceptor, &good, Ok(true)).await;
    check(&acceptor, &revoked, REFUSED).await;
    check(&with(world.clients.revoke(8, 2022)), &good, REFUSED).await;
    check(&with(Authority::new("other").revoke(8, 2096)), &good, REFUSED).await;
}
