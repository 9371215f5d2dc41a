//! A served application, and a client that speaks plainly.

use std::net::SocketAddr;
use std::time::Duration;

use portcullis::audit::MemorySink;
use portcullis::axum::Serve;
use portcullis::core::Secret;
use portcullis::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Served {
    pub address: SocketAddr,
    pub events: MemorySink,
    key: Secret,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Serves the routes; alice's key holds the scope `read`.
    pub async fn start(routes: Routes) -> Self {
        Self::start_with(routes, |server| server).await
    }

    pub async fn start_with(routes: Routes, change: impl FnOnce(Serve) -> Serve) -> Self {
        let alice =
            Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("read").unwrap());
        let (key, api_key) = ApiKey::generate("test_", "alice-1", alice.build()).unwrap();
        let events = MemorySink::keeping(100);
        let security = Security::builder()
            .scheme("key", ApiKeys::bearer("test_").keys(ApiKeySet::new([api_key]).unwrap()))
            .cors(Cors::allow("https://app.example.com"))
            .audit(events.clone())
            .build()
            .unwrap();
        let app = SecureRouter::new(security).mount(routes).finish().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = change(app.serve(listener)).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        Self { address, events, key, stop, server: tokio::spawn(server.into_future()) }
    }

    pub fn authorization(&self) -> String {
        format!("Bearer {}", String::from_utf8_lossy(self.key.expose()))
    }

    pub async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(self) -> (MemorySink, std::io::Result<()>) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.server).await.expect("the server ends").unwrap();
        (self.events, ended)
    }

    /// The outcome of the only event, once it is there.
    pub async fn the_event(&self) -> portcullis::audit::AuditEvent {
        let there = async {
            loop {
                if let Some(event) = self.events.events().pop() {
                    return event;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, there).await.expect("an event is recorded")
    }
}

/// A client that sends just the octets it is told to.
pub struct Connection(pub TcpStream);

impl Connection {
    pub async fn send(&mut self, octets: &str) {
        self.0.write_all(octets.as_bytes()).await.unwrap();
    }

    /// Sends no more, and goes on listening.
    pub async fn hang_up(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// Reads up to and including the text.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&read).contains(end) {
                let mut octet = [0];
                if self.0.read(&mut octet).await.unwrap() == 0 {
                    break;
                }
                read.push(octet[0]);
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("the server answers");
        String::from_utf8_lossy(&read).into_owned()
    }

    /// The head of the answer.
    pub async fn head(&mut self) -> String {
        self.read_until("\r\n\r\n").await
    }

    /// Everything until the server closes.
    pub async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut read))
            .await
            .expect("the server closes")
            .unwrap();
        String::from_utf8_lossy(&read).into_owned()
    }
}
