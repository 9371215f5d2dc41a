//! From options to a service that listens.

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use portcullis::audit::MemorySink;
use portcullis::authn::{HashingError, PasswordHashString, hash_password};
use portcullis::axum::{App, SecureRouter};
use portcullis::core::{ConfigCode, ConfigError};
use portcullis::tls::TlsAcceptor;
use portcullis::{Clock, ConfigErrors, RouteTable};
use tokio::net::TcpListener;

use crate::database::Database;
use crate::demo::{self, DemoCredentials};
use crate::docs;
use crate::openapi::Published;
use crate::options::{Dpop, Options};
use crate::private_file;
use crate::routes::{Shared, routes};
use crate::security::security;
use crate::signing_key::SigningKey;
use crate::start_error::{StartError, StartErrors};
use crate::tokens::{AccessToken, TokenIssuer};

/// How many audit events are kept in memory for `GET /admin/audit`.
const EVENTS_KEPT: usize = 1_000;

/// The service: everything is made and checked, and the port is taken; [`run`](Self::run) answers.
#[derive(Debug)]
pub struct Server {
    app: App,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
    url: String,
    proofs_required: bool,
    local_proxy: bool,
    database: Database,
    tokens: Arc<TokenIssuer>,
    credentials: Option<DemoCredentials>,
}

impl Server {
    /// Makes what is not there yet (folder, database, users, keys), and listens.
    ///
    /// # Errors
    /// [`StartErrors`] says everything that is wrong and what can be done.
    pub async fn start(options: &Options) -> Result<Self, StartErrors> {
        Self::start_with(options, Clock::system(), hash_password).await
    }

    pub(crate) async fn start_with(
        options: &Options,
        clock: Clock,
        hash: fn(&str) -> Result<PasswordHashString, HashingError>,
    ) -> Result<Self, StartErrors> {
        let mut wrong: StartErrors = contradictions(options);
        let listener = wrong.take(listen(options.listen).await);
        let tls = wrong.take(tls(options));
        let address = listener.as_ref().map_or(options.listen, |(_, address)| *address);
        let url = url(options, address);
        let app = unmade(&Options { audit: None, ..options.clone() }, clock.clone(), &url);
        wrong.take(app);

        // What cannot start makes nothing: of its files, it looks at those that are there.
        let may_make = wrong.is_empty();
        let folder = &options.data;
        let looked_at = |file: &Path| may_make || file.exists();
        if may_make {
            let created = private_file::create_folder(folder);
            let failed = |source| StartError::Folder { path: folder.display().to_string(), source };
            wrong.take(created.map_err(failed));
        }
        let (database_file, key_file) = (folder.join("documents.sqlite"), folder.join("signing-key.p8"));
        let (mut database, mut key) = (None, None);
        if folder.is_dir() && looked_at(&database_file) {
            database = wrong.take(Database::open(&database_file, clock.clone()).await);
        }
        if folder.is_dir() && looked_at(&key_file) {
            key = wrong.take(SigningKey::load_or_create(&key_file));
        }
        if !may_make {
            if let Some(file) = &options.audit {
                wrong.take(audit_of(file));
            }
            return Err(wrong);
        }
        // In place of what failed: the rest is looked at all the same.
        let database = database.unwrap_or_else(|| Database::unopened(clock.clone()));
        let key = key.map_or_else(SigningKey::fresh, Ok)?;
        let tokens = Arc::new(TokenIssuer::new(key, clock.clone()));
        let app = wrong.take(application(options, clock, &database, &tokens, &url));
        wrong.into_result()?;
        // INVARIANT: nothing is missing where nothing is wrong.
        let (Some((listener, _)), Some(tls), Some(app)) = (listener, tls, app) else {
            return Err(StartErrors::default());
        };
        // Not before everything else is right: a password is shown once.
        let credentials = demo::prepare(&database, &folder.join("demo-credentials.json"), hash).await?;
        let proofs_required = options.tokens.dpop == Dpop::Required;
        let local_proxy = trusts_this_machine(options);
        Ok(Self {
            app,
            listener,
            tls,
            address,
            url,
            proofs_required,
            local_proxy,
            database,
            tokens,
            credentials,
        })
    }

    /// Every route of the service that these options would start, with what it demands. Nothing is made, opened or
    /// listened on.
    ///
    /// # Errors
    /// [`StartErrors`] if the options do not make sense.
    pub fn route_table(options: &Options) -> Result<RouteTable, StartErrors> {
        let mut wrong = contradictions(options);
        // The log of events would be made, and makes no difference.
        let options = Options { audit: None, ..options.clone() };
        let url = url(&options, options.listen);
        let app = wrong.take(unmade(&options, Clock::system(), &url));
        wrong.into_result()?;
        // INVARIANT: there is an application where nothing is wrong.
        app.map(|app| app.route_table().clone()).ok_or_else(StartErrors::default)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL under which clients know it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether tokens are good for nothing without a proof.
    pub(crate) fn proofs_required(&self) -> bool {
        self.proofs_required
    }

    /// Whether a client on this machine is taken for a proxy.
    pub(crate) fn has_local_proxy(&self) -> bool {
        self.local_proxy
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
            Some(user) => Ok(Some(self.tokens.issue(&user, None)?)),
            None => Ok(None),
        }
    }

    /// Answers until the signal; then finishes what is in flight, writes the audit to its end, and closes the
    /// database.
    ///
    /// # Errors
    /// If audit events could not be written.
    pub async fn run(self, signal: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let server = self.app.serve(self.listener).with_graceful_shutdown(signal);
        let served = match self.tls {
            Some(tls) => server.with_tls(tls).await,
            None => server.await,
        };
        self.database.close().await;
        served
    }
}

/// The routes behind their security, and the document that describes them.
fn application(
    options: &Options,
    clock: Clock,
    database: &Database,
    tokens: &Arc<TokenIssuer>,
    url: &str,
) -> Result<App, ConfigErrors> {
    let events = MemorySink::keeping(EVENTS_KEPT);
    let guarded = security(options, clock, database, &tokens.jwks(), events.clone(), url)?;
    let shared = Shared {
        database: database.clone(),
        tokens: Arc::clone(tokens),
        events,
        dependencies: guarded.dependencies,
        keys: guarded.keys,
    };
    let document = Published::default();
    let routes = routes(shared, guarded.logout).merge(docs::routes(document.clone()));
    let app = SecureRouter::new(guarded.security).mount(routes).finish()?;
    document.publish(&app)?;
    Ok(app)
}

/// The same over a database and a key that nobody keeps.
fn unmade(options: &Options, clock: Clock, url: &str) -> Result<App, StartError> {
    let database = Database::unopened(clock.clone());
    let tokens = Arc::new(TokenIssuer::new(SigningKey::fresh()?, clock.clone()));
    Ok(application(options, clock, &database, &tokens, url)?)
}

fn contradictions(options: &Options) -> StartErrors {
    options.contradictions().into_iter().map(StartError::Contradiction).collect()
}

/// Whether the file of the audit could be opened, without a change to it: a service that runs may write to it.
fn audit_of(file: &Path) -> Result<(), StartError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let opened = match file.exists() {
        true => OpenOptions::new().append(true).open(file).map(drop),
        false => fs::metadata(folder).map(drop),
    };
    opened.map_err(|error| {
        let message = format!("the audit file `{}` cannot be opened: {error}", file.display());
        ConfigErrors::from(ConfigError::new(ConfigCode::AuditFileUnusable, message)).into()
    })
}

/// Takes the port, and says which one it is.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Whether one of the trusted proxies may be on this machine.
fn trusts_this_machine(options: &Options) -> bool {
    let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    options.trusted_proxies.iter().any(|network| here.iter().any(|address| network.contains(address)))
}

/// The URL under which clients know the service.
fn url(options: &Options, address: SocketAddr) -> String {
    let tls = options.tls.certificate.is_some();
    options.public_url.clone().unwrap_or_else(|| url_of(address, tls))
}

/// The files of TLS, read; `None` for plain HTTP.
fn tls(options: &Options) -> Result<Option<TlsAcceptor>, ConfigErrors> {
    let (Some(certificate), Some(key)) = (&options.tls.certificate, &options.tls.key) else {
        return Ok(None);
    };
    let tls = TlsAcceptor::builder().certificate_files(certificate, key);
    let tls = match &options.tls.client_ca {
        Some(authority) => tls.accept_client_certificates(authority),
        None => tls,
    };
    tls.build().map(Some)
}

/// A URL that reaches the listener from this machine.
fn url_of(listen: SocketAddr, tls: bool) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}
