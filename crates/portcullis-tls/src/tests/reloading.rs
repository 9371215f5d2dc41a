use std::time::{Duration, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::testing::{Authority, Client, Folder, HOST, Leaf, ask};
use crate::{HandshakeFailure, TlsAcceptor};

fn serial(stream: &tokio_rustls::client::TlsStream<tokio::io::DuplexStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn seconds(acceptor: &TlsAcceptor) -> u64 {
    acceptor.expires_at().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_old_ones_live_on() {
    let (authority, folder) = (Authority::new("authority"), Folder::new());
    let old = authority.issue(&Leaf::server(&[HOST]));
    let (certificate, key) = folder.write_issued(&old);
    let acceptor = TlsAcceptor::builder().certificate_files(certificate, key).build().unwrap();
    let client = Client::trusting(&authority);
    let (server, living) = ask(&acceptor, &client).await;
    let (mut server, mut living) = (server.unwrap(), living.unwrap());
    assert_eq!(serial(&living), old.der.as_ref());

    assert_eq!(acceptor.reload(), Ok(false), "nothing changed");
    let new = authority.issue(&Leaf::server(&[HOST]).valid(2020, 2040));
    folder.write_issued(&new);
    // 2096-01-01 and 2040-01-01.
    assert_eq!(seconds(&acceptor), 3_976_214_400);
    assert_eq!(acceptor.reload(), Ok(true));
    assert_eq!(seconds(&acceptor), 2_208_988_800);
    assert_eq!(acceptor.reload(), Ok(false));
    assert_eq!(serial(&ask(&acceptor, &client).await.1.unwrap()), new.der.as_ref());
    assert_eq!((acceptor.counts().reloads, acceptor.counts().failed_reloads), (1, 0));

    server.write_all(b"still here").await.unwrap();
    server.flush().await.unwrap();
    let mut read = [0; 10];
    living.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"still here");
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_old_ones_in_use() {
    let (authority, folder) = (Authority::new("authority"), Folder::new());
    let old = authority.issue(&Leaf::server(&[HOST]));
    let (certificate, key) = folder.write_issued(&old);
    let authorities = folder.write("clients.pem", authority.pem());
    let acceptor = TlsAcceptor::builder()
        .certificate_files(&certificate, &key)
        .accept_client_certificates(&authorities)
        .build()
        .unwrap();
    let client = Client::trusting(&authority);
    let codes = || acceptor.reload().unwrap_err().codes().collect::<Vec<_>>();

    // Halfway through an exchange of both files.
    let new = authority.issue(&Leaf::server(&[HOST]));
    folder.write("server.pem", &new.chain);
    assert_eq!(codes(), ["P702"]);
    let expired = authority.issue(&Leaf::server(&[HOST]).valid(2020, 2021));
    folder.write_issued(&expired);
    assert_eq!(codes(), ["P701"]);
    std::fs::remove_file(&key).unwrap();
    folder.write("clients.pem", "");
    assert_eq!(codes(), ["P702"], "what cannot be read is told first");
    folder.write_issued(&new);
    assert_eq!(codes(), ["P703"]);
    assert_eq!(acceptor.counts().failed_reloads, 4);
    assert_eq!(serial(&ask(&acceptor, &client).await.1.unwrap()), old.der.as_ref());

    folder.write("clients.pem", authority.pem());
    assert_eq!(acceptor.reload(), Ok(true));
    assert_eq!(serial(&ask(&acceptor, &client).await.1.unwrap()), new.der.as_ref());
}

#[tokio::test]
async fn an_authority_that_lost_its_trust_vouches_for_nobody_any_more() {
    let (servers, folder) = (Authority::new("servers"), Folder::new());
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let (certificate, key) = folder.write_issued(&servers.issue(&Leaf::server(&[HOST])));
    let authorities = folder.write("clients.pem", old.pem());
    let acceptor = TlsAcceptor::builder()
        .certificate_files(certificate, key)
        .require_client_certificates(authorities)
        .build()
        .unwrap();
    let of_old = Client::with_certificate(&servers, &old.issue(&Leaf::client("alice")));
    let of_new = Client::with_certificate(&servers, &new.issue(&Leaf::client("alice")));
    assert!(ask(&acceptor, &of_old).await.0.is_ok());
    assert!(ask(&acceptor, &of_new).await.0.is_err());

    folder.write("clients.pem", new.pem());
    acceptor.reload().unwrap();
    // The same client, with what it remembers of the session.
    let refused = ask(&acceptor, &of_old).await.0.unwrap_err();
    assert_eq!(refused.failure(), HandshakeFailure::ClientCertificate);
    assert!(ask(&acceptor, &of_new).await.0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_watch_reloads_until_it_is_dropped() {
    let (authority, folder) = (Authority::new("authority"), Folder::new());
    let (certificate, key) = folder.write_issued(&authority.issue(&Leaf::server(&[HOST])));
    let acceptor = TlsAcceptor::builder().certificate_files(certificate, key).build().unwrap();
    let watch = acceptor.spawn_watch();
    let until = |count: u64, acceptor: TlsAcceptor| async move {
        while acceptor.counts().reloads < count {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let begun = tokio::time::Instant::now();
    folder.write_issued(&authority.issue(&Leaf::server(&[HOST])));
    until(1, acceptor.clone()).await;
    assert!((60..=62).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    folder.write("server.pem", "");
    while acceptor.counts().failed_reloads == 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    folder.write_issued(&authority.issue(&Leaf::server(&[HOST])));
    until(2, acceptor.clone()).await;

    drop(watch);
    let counts = acceptor.counts();
    folder.write_issued(&authority.issue(&Leaf::server(&[HOST])));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(acceptor.counts(), counts);
}
