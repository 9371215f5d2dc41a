//! A client that sends just the octets it is told to, on a connection of its own for each request.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A request, which may be one that no library would send.
#[derive(Clone)]
pub struct Call {
    method: String,
    target: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    client: Ipv4Addr,
    host: String,
}

impl Call {
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_ref().to_vec(),
            fields: Vec::new(),
            body: Vec::new(),
            client: Ipv4Addr::LOCALHOST,
            host: "documents.example".to_owned(),
        }
    }

    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.field("Authorization", format!("Bearer {token}"))
    }

    pub fn basic(self, user: impl AsRef<[u8]>, password: &str) -> Self {
        use base64::Engine;
        let pair = [user.as_ref(), b":", password.as_bytes()].concat();
        self.field("Authorization", format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair)))
    }

    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.field("Content-Type", "application/json").body(body)
    }

    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_vec(), ..self }
    }

    /// With that `Host` in place of `documents.example`.
    pub fn host(self, host: impl ToString) -> Self {
        Self { host: host.to_string(), ..self }
    }

    /// From another address of this machine: to the server, another client.
    pub fn from(self, client: Ipv4Addr) -> Self {
        Self { client, ..self }
    }

    fn octets(&self) -> Vec<u8> {
        let mut octets = [self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        octets.extend_from_slice(format!("Host: {}\r\nConnection: close\r\n", self.host).as_bytes());
        for (name, value) in &self.fields {
            octets.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !self.body.is_empty() {
            octets.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        [&octets[..], b"\r\n", &self.body].concat()
    }
}

/// Sends the request and reads the answer. No answer ends the test.
pub async fn send(server: SocketAddr, call: &Call) -> Answer {
    let octets = call.octets();
    let answers = exchange(server, call.client, &octets).await;
    Answer::parse(&answers).unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(&octets)))
}

/// Sends the octets, and reads until the server closes; whatever comes back, also nothing.
pub async fn exchange(server: SocketAddr, client: Ipv4Addr, octets: &[u8]) -> Vec<u8> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((client, 0).into()).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let mut read = Vec::new();
    let exchange = async {
        // A server that has refused may close while the rest is still on its way.
        let _ = stream.write_all(octets).await;
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("the server closes");
    read
}

/// An answer, read strictly enough to notice a second one glued to it.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(octets);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let fields: Option<Vec<_>> = lines
            .map(|line| line.split_once(':').map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())))
            .collect();
        let answer = Self { status, fields: fields?, body: body.to_owned() };
        // Without the field there is no content: 204 (RFC 9110 §15.3.5).
        let length = answer.field("content-length").parse::<usize>().unwrap_or_default();
        assert_eq!(length, body.len(), "not one whole answer: {text}");
        Some(answer)
    }

    /// Whether HTTP itself was broken, so that the server refused before there was a request. Such answers have no
    /// content; their events have neither method nor path.
    pub fn is_of_the_protocol(&self) -> bool {
        matches!(self.status, 400 | 414 | 431) && self.body.is_empty()
    }

    /// The first field of that name in lower case, or nothing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A9.1, A9.5, RFC 9457: a problem of that status, which no cache keeps.
    #[track_caller]
    pub fn check_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.field("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.field("cache-control"), "no-store", "{self:?}");
        assert_eq!(self.json()["status"], status, "{self:?}");
    }
}
