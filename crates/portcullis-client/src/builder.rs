use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Secret};

use crate::address::{CheckedResolver, Networks};
use crate::client::{Limits, OutboundClient};
use crate::tls;

/// How long a whole call may take: 3 seconds.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(3);

/// The longest deadline that can be set: one minute.
pub const MAX_DEADLINE: Duration = Duration::from_secs(60);

/// How large the body of an answer may be, in octets: 512 KiB.
pub const DEFAULT_MAX_BODY: usize = 512 * 1024;

/// How large the head of an answer may be, in octets: 32 KiB.
pub const MAX_HEADER_OCTETS: usize = 32 * 1024;

/// How many fields the head of an answer may have.
pub const MAX_HEADER_FIELDS: usize = 100;

/// How many idle connections are kept for one server, for 30 seconds.
const MAX_IDLE: usize = 4;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sets up an [`OutboundClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OutboundClientBuilder {
    limits: Limits,
    root_pems: Vec<Vec<u8>>,
    identity: Option<Identity>,
}

/// What the client proves itself with: its certificate chain and private key as PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificates: Vec<u8>,
    pub(crate) key: Secret,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl OutboundClientBuilder {
    pub(crate) fn new() -> Self {
        let limits = Limits {
            deadline: DEFAULT_DEADLINE,
            max_body: DEFAULT_MAX_BODY,
            loopback_http: false,
            plain_http: false,
            networks: Networks::default(),
        };
        Self { limits, root_pems: Vec::new(), identity: None }
    }

    /// Limits the whole call, from the name look-up to the end of the body. By default, this is
    /// [`DEFAULT_DEADLINE`]; it is at most [`MAX_DEADLINE`].
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Limits the body of an answer, in octets. By default, this is [`DEFAULT_MAX_BODY`].
    pub fn with_max_body(mut self, octets: usize) -> Self {
        self.limits.max_body = octets;
        self
    }

    /// Trusts the certificates of the PEM text besides the system's roots, for a certificate authority of one's
    /// own. By default, there are none.
    pub fn with_root_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_pems.push(pem.into());
        self
    }

    /// Proves itself by this certificate (its chain, its own first) and private key, both PEM, to servers that ask
    /// for one (RFC 8705 §2). By default, there is none.
    pub fn with_identity_pem(self, certificates: impl Into<Vec<u8>>, key: Secret) -> Self {
        Self { identity: Some(Identity { certificates: certificates.into(), key }), ..self }
    }

    /// Allows plain `http`, to `localhost`, `127.0.0.0/8` and `::1` alone.
    ///
    /// # Security
    /// Whoever can listen on this machine's loopback can then say which keys an issuer has. This is for tests and
    /// for a server on the same machine that nobody else can run programs on. By default, it is off.
    pub fn insecure_allow_loopback_http(mut self) -> Self {
        self.limits.loopback_http = true;
        self.limits.networks.loopback = true;
        self
    }

    /// Allows plain `http` to every server but this machine ([`insecure_allow_loopback_http`](Self::insecure_allow_loopback_http)).
    ///
    /// # Security
    /// Nothing then proves that the server is the one that was meant, and whoever stands on the way reads and changes
    /// what is said, credentials included. A network that nobody else can enter, such as a mesh that adds TLS of its own,
    /// must protect it. By default, it is off.
    pub fn insecure_allow_plain_http(mut self) -> Self {
        self.limits.plain_http = true;
        self
    }

    /// Allows addresses of private and shared networks (RFC 1918, RFC 4193, RFC 6598) and of this machine.
    ///
    /// # Security
    /// A document of an issuer can then send this client to services inside the network. TLS still proves that
    /// the server owns the name in the URL, which most such services do not; for the rest the network must protect
    /// them. By default, it is off.
    pub fn insecure_allow_private_networks(mut self) -> Self {
        self.limits.networks.private = true;
        self
    }

    /// The finished client.
    ///
    /// # Errors
    /// `P110` if a limit is zero or the deadline longer than [`MAX_DEADLINE`]; `P609` if a PEM text holds no
    /// certificate, the private key is not that of its certificate, or there is no root certificate at all to
    /// verify servers with.
    pub fn build(self) -> Result<OutboundClient, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.limits.deadline.is_zero() || self.limits.deadline > MAX_DEADLINE {
            let text =
                format!("deadline of outbound calls is not between 0 and {} s", MAX_DEADLINE.as_secs());
            errors.push(ConfigError::new(ConfigCode::ZeroLimit, text));
        }
        if self.limits.max_body == 0 {
            errors.push(ConfigError::new(
                ConfigCode::ZeroLimit,
                "no body of an outbound call may have an octet",
            ));
        }
        let may_be_plain = self.limits.loopback_http || self.limits.plain_http;
        let tls = errors.take(tls::config(&self.root_pems, self.identity.as_ref(), may_be_plain));
        let Some(tls) = errors.clone().into_result(tls)? else { return Err(errors) };

        let mut http = HttpConnector::new_with_resolver(CheckedResolver::new(self.limits.networks));
        http.enforce_http(false);
        http.set_connect_timeout(Some(self.limits.deadline));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls);
        let https = if may_be_plain { https.https_or_http() } else { https.https_only() };
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_HEADER_OCTETS)
            .http1_max_headers(MAX_HEADER_FIELDS)
            .build(https.enable_http1().wrap_connector(http));
        Ok(OutboundClient::of(Arc::new(client), self.limits, self.identity.is_some()))
    }
}
