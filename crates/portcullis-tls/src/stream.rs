//! A connection after its handshake.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fmt, io};

use pin_project_lite::pin_project;
use portcullis_core::ConnectionFacts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server;

use crate::rewind::Rewind;

pin_project! {
    /// A connection after its handshake. Put its [`facts`](Self::facts) into the extensions of every request that it
    /// brings.
    pub struct TlsStream<IO> {
        #[pin]
        stream: server::TlsStream<Rewind<IO>>,
        facts: ConnectionFacts,
    }
}

impl<IO> TlsStream<IO> {
    pub(crate) const fn new(stream: server::TlsStream<Rewind<IO>>, facts: ConnectionFacts) -> Self {
        Self { stream, facts }
    }

    /// Who is at the other end, and what both agreed on. Clones share the certificates.
    #[must_use]
    pub const fn facts(&self) -> &ConnectionFacts {
        &self.facts
    }

    /// Whether both agreed on HTTP/2 (ALPN). A client that said nothing speaks HTTP/1.1.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.facts.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2"))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().stream.poll_read(cx, buffer)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, octets)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_shutdown(cx)
    }
}

impl<IO> fmt::Debug for TlsStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("facts", &self.facts).finish_non_exhaustive()
    }
}
