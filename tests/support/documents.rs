//! The documents example, running on a free port.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use documents_api::{Options, Server, SigningKey};
use portcullis_testkit::TestIssuer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::client::{Answer, Call, PATIENCE, send};

/// The service, as `documents-api --data .. --audit ..` runs it, with a rate that stands in nobody's way.
pub struct Documents {
    pub address: SocketAddr,
    folder: Folder,
    tokens: BTreeMap<&'static str, String>,
    passwords: BTreeMap<&'static str, String>,
    sent: Cell<usize>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<()>>,
}

/// What the service leaves behind: the audit file, and how many requests were sent.
pub struct Record {
    pub text: String,
    pub events: Vec<Value>,
    pub sent: usize,
}

const USERS: [&str; 5] = ["adam", "alice", "bob", "maria", "rita"];

impl Documents {
    pub async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    /// With `--issuer`, `--audience` and `--jwks FILE`.
    pub async fn with_key_set_of(issuer: &TestIssuer) -> Self {
        Self::with_key_set_and(issuer, |_| {}).await
    }

    /// As [`with_key_set_of`](Self::with_key_set_of), with more options.
    pub async fn with_key_set_and(issuer: &TestIssuer, change: impl FnOnce(&mut Options)) -> Self {
        Self::with(|options, folder| {
            let file = folder.join("issuer.jwks");
            std::fs::write(&file, issuer.jwks_json()).unwrap();
            believe(options, issuer);
            options.jwks = Some(file);
            change(options);
        })
        .await
    }

    /// As [`with_discovery_of`](Self::with_discovery_of), with more options.
    pub async fn with_discovery_and(issuer: &TestIssuer, change: impl FnOnce(&mut Options)) -> Self {
        Self::with(|options, _| {
            believe(options, issuer);
            change(options);
        })
        .await
    }

    /// With `--issuer` and `--audience`: the keys are found by discovery.
    pub async fn with_discovery_of(issuer: &TestIssuer) -> Self {
        Self::with_discovery_and(issuer, |_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Options, &Path)) -> Self {
        let folder = Folder::new();
        let mut options = Options::in_folder(folder.0.join("data"));
        options.audit = Some(folder.audit());
        options.rate = "1000000/60".parse().unwrap();
        change(&mut options, &folder.0);
        let server = Server::start(&options).await.unwrap();
        let (mut tokens, mut passwords) = (BTreeMap::new(), BTreeMap::new());
        for user in USERS {
            tokens.insert(user, server.token_for(user).await.unwrap().unwrap().access_token);
            passwords.insert(user, server.credentials().unwrap().password(user).unwrap().to_owned());
        }
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { address, folder, tokens, passwords, sent: Cell::new(0), stop, running }
    }

    /// Sends a request. It leaves an event, also if it is too broken to be handed to the service.
    pub async fn call(&self, call: Call) -> Answer {
        self.count(1);
        send(self.address, &call).await
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> usize {
        self.sent.get()
    }

    /// Notes that so many requests more were sent by other means.
    pub fn count(&self, requests: usize) {
        self.sent.set(self.sent.get() + requests);
    }

    /// Sends the octets and no more, and waits until the server has done with them.
    pub async fn cut_short(&self, octets: &str) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(octets.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ =
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the server closes");
    }

    /// A token of the service's own, as after a login.
    pub fn token(&self, user: &str) -> &str {
        &self.tokens[user]
    }

    pub fn password(&self, user: &str) -> &str {
        &self.passwords[user]
    }

    /// The key by which the service signs its own tokens.
    pub fn own_key(&self) -> SigningKey {
        SigningKey::load_or_create(&self.folder.0.join("data/signing-key.p8")).unwrap()
    }

    /// Good tokens still work.
    pub async fn check_alive(&self) {
        let answer = self.call(Call::get("/me").bearer(self.token("alice"))).await;
        assert_eq!((answer.status, &answer.json()["subject"]), (200, &"alice".into()));
    }

    /// Stops the service, as SIGTERM does, and reads the audit: one JSON object a line, one line for each request
    /// sent by [`call`](Self::call), and none more.
    pub async fn stop(self) -> Record {
        self.stop.send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.running).await.expect("the server ends").unwrap().unwrap();
        let text = std::fs::read_to_string(self.folder.audit()).unwrap();
        let events: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        let events: Vec<_> = events.into_iter().filter(|event| event["kind"] == "request").collect();
        assert_eq!(events.len(), self.sent.get(), "as many events as requests");
        Record { text, events, sent: self.sent.get() }
    }
}

impl Record {
    /// The reason of the event of the request that was sent so many before it.
    #[track_caller]
    pub fn reason(&self, index: usize) -> &str {
        self.events[index]["reason"].as_str().unwrap_or_default()
    }
}

fn believe(options: &mut Options, issuer: &TestIssuer) {
    options.issuer = Some(issuer.url().parse().unwrap());
    options.audience = Some(issuer.audience().to_owned());
}

/// A fresh folder, removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("portcullis-tests-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn audit(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
