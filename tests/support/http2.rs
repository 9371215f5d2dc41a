//! HTTP/2 (RFC 9113), octet by octet, so that a request can be one that no library would send.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::PATIENCE;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// END_STREAM and END_HEADERS (RFC 9113 §6.2).
const WHOLE: u8 = 0x5;
const END_STREAM: u8 = 0x1;

/// What came of a request.
#[derive(Debug, PartialEq)]
pub enum Reply {
    /// A status of the static table (RFC 7541 appendix A), and a body.
    Answer(u16, String),
    /// The stream, or the connection, was reset as a protocol error.
    Reset,
}

impl Reply {
    #[track_caller]
    pub fn check_problem(&self, status: u16) {
        let Self::Answer(found, body) = self else { panic!("{self:?}") };
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!((*found, &body["status"]), (status, &status.into()), "{self:?}");
    }
}

/// Sends a request of these fields, pseudo-header fields first, on a connection of its own.
pub async fn ask(server: SocketAddr, fields: &[(&str, &str)]) -> Reply {
    let mut octets = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    octets.extend(frame(SETTINGS, 0, 0, &[]));
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| literal(name, value)).collect();
    octets.extend(frame(HEADERS, WHOLE, 1, &block));
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(&octets).await.unwrap();
    tokio::time::timeout(PATIENCE, reply(&mut stream)).await.expect("the server answers")
}

async fn reply(stream: &mut TcpStream) -> Reply {
    let (mut status, mut body) = (None, Vec::new());
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Reply::Reset;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        match head[3] {
            HEADERS => status = Some(status_of(&payload)),
            DATA => body.extend(payload),
            RST_STREAM | GOAWAY => return Reply::Reset,
            _ => continue,
        }
        if head[4] & END_STREAM != 0 {
            let status = status.expect("a head before the body");
            return Reply::Answer(status, String::from_utf8(body).unwrap());
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is not put into the table (RFC 7541 §6.2.2), without Huffman's code.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("a short text");
        [&[length], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

/// The first field that is not a size of the table (RFC 7541 §6.1, §6.3).
fn status_of(block: &[u8]) -> u16 {
    let first = block.iter().find(|octet| **octet & 0x80 != 0).expect("a status of the table");
    match first & 0x7f {
        8 => 200,
        9 => 204,
        11 => 304,
        12 => 400,
        13 => 404,
        14 => 500,
        other => panic!("the first field is number {other} of the table"),
    }
}
