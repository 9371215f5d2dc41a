//! From an accepted connection to one that is safe to speak on.

use std::fmt;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use bytes::BytesMut;
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigErrors, ConnectionFacts, Notes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;

use crate::builder::{Settings, TlsBuilder};
use crate::counts::{Counters, TlsCounts};
use crate::error::{HandshakeError, HandshakeFailure};
use crate::facts::facts;
use crate::handshakes::Handshakes;
use crate::plain::{self, PlainRequest, Seen};
use crate::rewind::Rewind;
use crate::server_config::{ClientAuth, Loaded, Sources};
use crate::stream::TlsStream;
use crate::watch::Watch;

/// How many octets are read to tell TLS from plain HTTP: the usual first message of a client.
const FIRST_READ: usize = 1024;

/// Does the handshakes of a server. Clones share certificates, limits and counters.
///
/// See the crate's docs for how it decides.
#[derive(Clone)]
pub struct TlsAcceptor(Arc<Shared>);

struct Shared {
    sources: Sources,
    settings: Settings,
    loaded: ArcSwap<Loaded>,
    /// The fingerprint of the texts in use. Held while reloading, so that an older text never follows a newer one.
    texts: Mutex<u64>,
    seed: RandomState,
    handshakes: Handshakes,
    counters: Counters,
    notes: Notes,
    /// Those who send credentials in clear. Apart from the others, who could leave no room for them.
    notes_of_credentials: Notes,
}

impl TlsAcceptor {
    /// Starts the settings.
    pub fn builder() -> TlsBuilder {
        TlsBuilder::new()
    }

    pub(crate) fn new(sources: Sources, settings: Settings) -> Result<Self, ConfigErrors> {
        let texts = sources.read()?;
        let loaded = sources.load(&texts, &settings.clock)?;
        let seed = RandomState::new();
        Ok(Self(Arc::new(Shared {
            handshakes: Handshakes::new(settings.max_handshakes, settings.handshake_timeout),
            loaded: ArcSwap::from_pointee(loaded),
            texts: Mutex::new(texts.fingerprint(&seed)),
            counters: Counters::default(),
            notes: plain::notes(),
            notes_of_credentials: plain::notes(),
            seed,
            sources,
            settings,
        })))
    }

    /// Does the handshake on a connection, from that peer if it has an address.
    ///
    /// It waits for the client, so call it in a task of the connection, never in the loop that accepts. If the future is
    /// dropped, so is the connection.
    ///
    /// # Errors
    /// If there is no connection in the end: see [`HandshakeFailure`].
    pub async fn accept<IO>(
        &self,
        stream: IO,
        peer: Option<SocketAddr>,
    ) -> Result<TlsStream<IO>, HandshakeError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let plain = Seen::default();
        let in_turn = async {
            let place = self.0.handshakes.enter().await;
            tokio::select! {
                biased;
                done = self.handshake(stream, peer, &plain) => done,
                () = place.must_give_way() => Err(HandshakeError::new(HandshakeFailure::GivenUp)),
            }
        };
        let outcome = match timeout(self.0.settings.handshake_timeout, in_turn).await {
            Ok(outcome) => outcome,
            Err(_) => Err(HandshakeError::new(HandshakeFailure::TimedOut)),
        };
        // Also if it stopped halfway, or then would not let go of the connection.
        let outcome = match plain.request() {
            Some(request) => {
                self.note(request, peer);
                Err(HandshakeError::new(HandshakeFailure::PlainHttp))
            }
            None => outcome.inspect_err(|error| report(error, peer)),
        };
        self.0.counters.handshake(outcome.as_ref().map(|_| ()).map_err(HandshakeError::failure));
        outcome
    }

    /// Reads the files again, and takes them over for the handshakes to come if anything changed and all is well. `true`
    /// if anything changed. Connections live on, with the facts of their own handshake; sessions of before are not
    /// resumed.
    ///
    /// It blocks while it reads: in async code call it by `spawn_blocking`, or use [`spawn_watch`](Self::spawn_watch).
    ///
    /// # Errors
    /// Everything that is wrong with the files, as [`TlsBuilder::build`] says it. Then the old ones stay in use.
    pub fn reload(&self) -> Result<bool, ConfigErrors> {
        let shared = &self.0;
        let mut current = shared.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = shared.sources.read().and_then(|texts| {
            let fingerprint = texts.fingerprint(&shared.seed);
            if *current == fingerprint {
                return Ok(false);
            }
            shared.loaded.store(Arc::new(shared.sources.load(&texts, &shared.settings.clock)?));
            *current = fingerprint;
            Ok(true)
        });
        match &outcome {
            Ok(false) => {}
            Ok(true) => {
                shared.counters.reload(true);
                tracing::info!("certificates were reloaded");
            }
            Err(errors) => {
                shared.counters.reload(false);
                tracing::error!(%errors, "certificates could not be reloaded; the old ones stay in use");
            }
        }
        outcome
    }

    /// Calls [`reload`](Self::reload) at the configured interval, in a task that ends when the [`Watch`] is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn_watch(&self) -> Watch {
        Watch::spawn(self.clone(), self.0.settings.reload_interval)
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> TlsCounts {
        self.0.counters.snapshot()
    }

    /// When the first of the server's certificates in use expires, for an alarm ahead of it.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.0.loaded.load().expires_at
    }

    /// Whether clients have certificates.
    #[must_use]
    pub fn client_auth(&self) -> ClientAuth {
        self.0.sources.client_auth
    }

    pub(crate) fn max_handshakes(&self) -> usize {
        self.0.settings.max_handshakes
    }

    async fn handshake<IO>(
        &self,
        mut stream: IO,
        peer: Option<SocketAddr>,
        plain: &Seen,
    ) -> Result<TlsStream<IO>, HandshakeError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let mut first = BytesMut::with_capacity(FIRST_READ);
        if stream.read_buf(&mut first).await? == 0 {
            return Err(HandshakeError::new(HandshakeFailure::Disconnected));
        }
        if plain::is_plain_http(&first) {
            plain::answer(stream, first, self.0.settings.plain_requests, plain).await;
            return Err(HandshakeError::new(HandshakeFailure::PlainHttp));
        }
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&self.0.loaded.load().config));
        let stream = acceptor.accept(Rewind::new(first.freeze(), stream)).await?;
        let tls = Arc::new(facts(stream.get_ref().1));
        let mut connection = ConnectionFacts::default();
        connection.peer = peer;
        connection.tls = Some(tls);
        Ok(TlsStream::new(stream, connection))
    }

    /// No audit event tells of a request that never reached the application.
    fn note(&self, request: PlainRequest, peer: Option<SocketAddr>) {
        if request.credentials {
            self.0.counters.plain_credentials();
        }
        let notes = if request.credentials { &self.0.notes_of_credentials } else { &self.0.notes };
        let Some(left_out) = notes.take(self.0.settings.clock.monotonic()) else { return };
        let peer = peer.map(tracing::field::display);
        if request.credentials {
            tracing::warn!(peer, left_out, "a client sent credentials in plain http where tls is spoken");
        } else {
            tracing::info!(peer, left_out, "a client spoke plain http where tls is spoken");
        }
    }
}

fn report(error: &HandshakeError, peer: Option<SocketAddr>) {
    let peer = peer.map(tracing::field::display);
    // It may tell what the client sent.
    let source = std::error::Error::source(error).map(ToString::to_string);
    let source = source.as_deref().map(Escaped::new).map(tracing::field::display);
    if error.failure() == HandshakeFailure::ClientCertificate {
        // Who was refused for want of an identity is of interest (OWASP ASVS 16.3.1); any other failure is not.
        tracing::info!(peer, source, "{error}");
    } else {
        tracing::debug!(peer, source, "{error}");
    }
}

/// Prints no key.
impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("client_auth", &self.client_auth())
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
