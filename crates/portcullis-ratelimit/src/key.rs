//! By what requests are counted.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use http::HeaderName;
use portcullis_core::{ClientAddress, ConfigCode, ConfigError, Denial, RequestView};

use crate::limiter::Phase;
use crate::seed::Seed;

/// IPv6 addresses are counted by this many leading bits, unless said otherwise.
///
/// A customer of an access provider commonly holds a whole /56 and could walk through its 256 networks if each
/// /64 had a quota of its own. Customers who share a /56 are rarer than that.
pub const DEFAULT_IPV6_PREFIX: u8 = 56;

/// Counts per client address, as the edge resolved it.
///
/// Where no edge layer stands, this is the peer of the connection, as
/// [`ConnectionFacts`](portcullis_core::ConnectionFacts) name it: behind a proxy, all clients are then one.
///
/// IPv4-mapped IPv6 addresses are IPv4 (A19.5), other IPv6 addresses are counted by a prefix, see
/// [`DEFAULT_IPV6_PREFIX`]. See [`UnknownClient`] for clients without an address.
pub fn client_ip() -> LimitKey {
    LimitKey::new(Source::ClientIp, "client-ip", Phase::Anonymous)
}

/// Counts per caller: issuer and subject of the [`Principal`](portcullis_core::Principal). A client on its own behalf is another
/// caller than the user of its name (RFC 9068 §5).
///
/// Anonymous callers, also those of routes that ask for no credential, are counted per client address, apart
/// from those who are known.
pub fn principal() -> LimitKey {
    LimitKey::new(Source::Principal, "principal", Phase::Identity)
}

/// Counts attempts to log in per user that they name, before the secret is verified.
///
/// Names are trimmed and compared without regard to case. The limit is asked through
/// [`AttemptGuard`](portcullis_core::AttemptGuard), by schemes whose secrets can be guessed. Anyone can use up
/// the attempts of anyone: keep the window short, and put a limit per client beside it.
pub fn attempted_user() -> LimitKey {
    LimitKey::new(Source::AttemptedUser, "attempted-user", Phase::Attempt)
}

/// Counts per value of a header field, before authentication.
///
/// Requests without the field, or with more than one, are counted per client address. Clients choose what they
/// send: without a check of the value, this limit separates well-meaning clients and stops no other.
pub fn header(name: HeaderName) -> LimitKey {
    let label = Arc::from(name.as_str());
    LimitKey::new(Source::Header(name), label, Phase::Anonymous)
}

/// Counts per value of a closure, after authentication.
///
/// The value is hashed with a secret seed and not kept. Requests without a value are counted per client
/// address; to exempt them, give them no [`cost`](crate::Limit::cost).
///
/// ```
/// use portcullis_ratelimit::{HOUR, by, per};
///
/// let tenant = by("tenant", |request| request.principal()?.tenant().map(str::to_owned));
/// let limit = per(tenant).requests(10_000).every(HOUR);
/// ```
pub fn by<F, K>(name: impl Into<Arc<str>>, key: F) -> LimitKey
where
    F: Fn(&RequestView<'_>) -> Option<K> + Send + Sync + 'static,
    K: Hash,
{
    let hash = move |request: &RequestView<'_>, mut state: &mut dyn Hasher| match key(request) {
        Some(key) => {
            key.hash(&mut state);
            true
        }
        None => false,
    };
    LimitKey::new(Source::Closure(Arc::new(hash)), name, Phase::Identity)
}

/// What becomes of clients whose address nobody knows: there is no connection information, or a trusted proxy
/// said `unknown` (RFC 7239 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownClient {
    /// They are refused with 500 `misconfigured`: this server is meant to know its clients.
    Refuse,
    /// All of them together have one quota, apart from those of known addresses.
    #[default]
    SharedQuota,
}

/// By what requests are counted; made by [`client_ip`], [`principal`], [`attempted_user`], [`header`] and
/// [`by`].
#[derive(Clone)]
#[must_use]
pub struct LimitKey {
    source: Source,
    pub(crate) label: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) ipv6_prefix: u8,
    pub(crate) unknown: UnknownClient,
}

type HashClosure = dyn Fn(&RequestView<'_>, &mut dyn Hasher) -> bool + Send + Sync;

#[derive(Clone)]
enum Source {
    AttemptedUser,
    ClientIp,
    Closure(Arc<HashClosure>),
    Header(HeaderName),
    Principal,
}

/// Keeps keys of different kinds apart within one table.
#[derive(Hash)]
enum Kind {
    UnknownAddress,
    Value,
}

impl LimitKey {
    fn new(source: Source, label: impl Into<Arc<str>>, phase: Phase) -> Self {
        Self {
            source,
            label: label.into(),
            phase,
            ipv6_prefix: DEFAULT_IPV6_PREFIX,
            unknown: UnknownClient::default(),
        }
    }

    /// Asks a closure before authentication, where no principal is known yet. By default, this is after it.
    ///
    /// It changes nothing for the other keys: each has its one place.
    pub fn before_authentication(mut self) -> Self {
        if matches!(self.source, Source::Closure(_)) {
            self.phase = Phase::Anonymous;
        }
        self
    }

    /// What is wrong with its settings.
    pub(crate) fn lint(&self) -> Option<ConfigError> {
        let message = format!("an IPv6 prefix of `{}` bits", self.ipv6_prefix);
        let sound = (1..=128).contains(&self.ipv6_prefix);
        (!sound).then(|| ConfigError::new(ConfigCode::LimitOutOfRange, message))
    }

    /// The seeded hash of the request's key.
    ///
    /// # Errors
    /// 500 `misconfigured` for an unknown client that is to be refused, and for a limit on attempts.
    #[inline]
    pub(crate) fn of_request(&self, request: &RequestView<'_>, seed: &Seed) -> Result<u64, Denial> {
        match &self.source {
            Source::ClientIp => self.of_client(client(request), seed),
            source => self.of_text(source, request, seed),
        }
    }

    /// Of what is no address, if there is any. Stands apart, so that addresses need not make room for it.
    #[inline(never)]
    fn of_text(&self, source: &Source, request: &RequestView<'_>, seed: &Seed) -> Result<u64, Denial> {
        let mut state = seed.hasher();
        Kind::Value.hash(&mut state);
        let found = match source {
            Source::AttemptedUser => {
                return Err(Denial::misconfigured(
                    "a limit per attempted user was asked about a request, not about an attempt to log in",
                ));
            }
            Source::ClientIp => false,
            Source::Closure(hash) => hash(request, &mut state),
            Source::Header(name) => {
                let mut values = request.headers().get_all(name).iter();
                match (values.next(), values.next()) {
                    (Some(value), None) => {
                        value.as_bytes().hash(&mut state);
                        true
                    }
                    _ => false,
                }
            }
            Source::Principal => request.principal().is_some_and(|principal| {
                (principal.issuer(), principal.is_client(), principal.subject()).hash(&mut state);
                true
            }),
        };
        if found { Ok(state.finish()) } else { self.of_client(client(request), seed) }
    }

    /// The seeded hash of the user that an attempt names.
    pub(crate) fn of_attempt(identifier: &str, seed: &Seed) -> u64 {
        let mut state = seed.hasher();
        Kind::Value.hash(&mut state);
        for c in identifier.trim().chars().flat_map(char::to_lowercase) {
            c.hash(&mut state);
        }
        state.finish()
    }

    #[inline]
    fn of_client(&self, client: ClientAddress, seed: &Seed) -> Result<u64, Denial> {
        match client.ip() {
            // No network of IPv6 is one of these: the addresses that IPv6 maps are IPv4 by now.
            Some(IpAddr::V4(v4)) => Ok(seed.address(v4.to_ipv6_mapped().to_bits())),
            Some(IpAddr::V6(v6)) => Ok(seed.address(self.network(v6))),
            None => self.of_unknown_client(seed),
        }
    }

    #[inline(never)]
    fn of_unknown_client(&self, seed: &Seed) -> Result<u64, Denial> {
        match self.unknown {
            UnknownClient::SharedQuota => Ok(seed.hash(Kind::UnknownAddress)),
            UnknownClient::Refuse => Err(Denial::misconfigured(
                "the client's address is unknown, and this limit refuses such clients: put the edge layer before \
                 it and serve with connection information",
            )),
        }
    }

    /// The address, cut to the prefix.
    fn network(&self, address: Ipv6Addr) -> u128 {
        let host_bits = 128_u32.saturating_sub(self.ipv6_prefix.into());
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        address.to_bits() & mask
    }
}

/// The client's address as the edge resolved it. Where no edge layer stands, it is the peer of the connection,
/// which may be a proxy, but cannot be forged.
#[inline]
fn client(request: &RequestView<'_>) -> ClientAddress {
    request.trail().resolved_client().unwrap_or_else(|| {
        let peer = request.connection().and_then(|facts| facts.peer);
        peer.map_or(ClientAddress::Unknown, |peer| ClientAddress::Peer(peer.ip()))
    })
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitKey")
            .field("label", &self.label)
            .field("phase", &self.phase)
            .field("ipv6_prefix", &self.ipv6_prefix)
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}
