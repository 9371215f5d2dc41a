//! From options to a service that listens.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use portcullis::audit::MemorySink;
use portcullis::authn::{HashingError, PasswordHashString, hash_password};
use portcullis::axum::{App, SecureRouter};
use portcullis::core::StoreError;
use portcullis::{Clock, ConfigErrors};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::database::{Database, OpenError};
use crate::demo::{self, DemoCredentials, DemoError};
use crate::options::Options;
use crate::private_file;
use crate::routes::{Shared, routes};
use crate::security::security;
use crate::signing_key::{KeyError, SigningKey};
use crate::tokens::{AccessToken, TokenIssuer};

/// How many audit events are kept in memory for `GET /admin/audit`.
const EVENTS_KEPT: usize = 1_000;

/// The service: everything is made and checked, and the port is taken; [`run`](Self::run) answers.
#[derive(Debug)]
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    database: Database,
    tokens: Arc<TokenIssuer>,
    credentials: Option<DemoCredentials>,
}

impl Server {
    /// Makes what is not there yet (folder, database, users, keys), and listens.
    ///
    /// # Errors
    /// [`StartError`] says what is wrong and what can be done.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        Self::start_with(options, Clock::system(), hash_password).await
    }

    pub(crate) async fn start_with(
        options: &Options,
        clock: Clock,
        hash: fn(&str) -> Result<PasswordHashString, HashingError>,
    ) -> Result<Self, StartError> {
        let folder = &options.data;
        private_file::create_folder(folder)
            .map_err(|source| StartError::Folder { path: folder.display().to_string(), source })?;
        let database = Database::open(&folder.join("documents.sqlite"), clock.clone()).await?;
        let credentials = demo::prepare(&database, &folder.join("demo-credentials.json"), hash).await?;
        let key = SigningKey::load_or_create(&folder.join("signing-key.p8"))?;
        let tokens = Arc::new(TokenIssuer::new(key, clock.clone()));
        let events = MemorySink::keeping(EVENTS_KEPT);

        let security = security(options, clock, &database, &tokens.jwks(), events.clone())?;
        let shared = Shared { database: database.clone(), tokens: Arc::clone(&tokens), events };
        let app = SecureRouter::new(security).mount(routes(shared)).finish()?;

        let listen = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self { app, listener, address, database, tokens, credentials })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The application, to be called without a socket.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Users, keys and documents.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The passwords of the demo users, unless their file is gone.
    pub fn credentials(&self) -> Option<&DemoCredentials> {
        self.credentials.as_ref()
    }

    /// A token for the user, as after a login; `None` if there is no such user.
    ///
    /// # Errors
    /// [`StartError`] if the database or the signing key fails.
    pub async fn token_for(&self, user: &str) -> Result<Option<AccessToken>, StartError> {
        match self.database.user(user).await? {
            Some(user) => Ok(Some(self.tokens.issue(&user)?)),
            None => Ok(None),
        }
    }

    /// Answers until the signal; then finishes what is in flight, writes the audit to its end, and closes the
    /// database.
    ///
    /// # Errors
    /// If audit events could not be written.
    pub async fn run(self, signal: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let served = self.app.serve(self.listener).with_graceful_shutdown(signal).await;
        self.database.close().await;
        served
    }
}

/// The service cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    #[error("the configuration does not make sense")]
    Configuration(#[from] ConfigErrors),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("the folder `{path}` cannot be created")]
    Folder { path: String, source: io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the database cannot be read")]
    Store(#[from] StoreError),
}
