use std::io;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::authority::{Authority, Issued};
use crate::{HandshakeError, TlsAcceptor};

/// A client that trusts an authority. Clones share sessions.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    host: &'static str,
}

impl Client {
    pub(crate) fn trusting(authority: &Authority) -> Self {
        Self::build(authority, None, true)
    }

    pub(crate) fn with_certificate(authority: &Authority, issued: &Issued) -> Self {
        Self::build(authority, Some(issued), true)
    }

    pub(crate) fn of_tls12(authority: &Authority) -> Self {
        Self::build(authority, None, false)
    }

    fn build(authority: &Authority, issued: Option<&Issued>, is_modern: bool) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        let versions: &[_] = if is_modern { &[&TLS13] } else { &[&TLS12] };
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match issued {
            None => builder.with_no_client_auth(),
            Some(issued) => {
                let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes());
                let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key).unwrap()
            }
        };
        Self { config: Arc::new(config), host: super::HOST }
    }

    pub(crate) fn offering(mut self, protocols: &[&str]) -> Self {
        let protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec());
        Arc::make_mut(&mut self.config).alpn_protocols = protocols.collect();
        self
    }

    pub(crate) fn asking_for(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    pub(crate) async fn connect<IO>(&self, stream: IO) -> io::Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let host = ServerName::try_from(self.host).unwrap();
        TlsConnector::from(Arc::clone(&self.config)).connect(host, stream).await
    }
}

/// One connection in memory: what the server made of it, and the client's end, which has read an answer.
pub(crate) async fn ask(
    acceptor: &TlsAcceptor,
    client: &Client,
) -> (Result<crate::TlsStream<DuplexStream>, HandshakeError>, io::Result<TlsStream<DuplexStream>>) {
    let (near, far) = duplex(64 * 1024);
    let server = serve_once(acceptor, far);
    let client = async {
        let mut stream = client.connect(near).await?;
        // In TLS 1.3 a client learns from the first octets whether its certificate was taken.
        stream.read_exact(&mut [0]).await?;
        Ok(stream)
    };
    tokio::join!(server, client)
}

/// Accepts, and says one octet.
pub(crate) async fn serve_once<IO>(
    acceptor: &TlsAcceptor,
    stream: IO,
) -> Result<crate::TlsStream<IO>, HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = acceptor.accept(stream, Some(([192, 0, 2, 1], 50_000).into())).await?;
    stream.write_all(b"!").await.unwrap();
    stream.flush().await.unwrap();
    Ok(stream)
}

/// The first message of a client that knows no version above the one with this number (`3, 1` is TLS 1.0).
pub(crate) fn hello(minor: u8) -> Vec<u8> {
    // RFC 5246 §7.4.1.2: version, random, session id, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression,
    // and the one extension `signature_algorithms` with ecdsa_secp256r1_sha256.
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x13, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = body.len() as u8;
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.append(&mut body);
    record
}
