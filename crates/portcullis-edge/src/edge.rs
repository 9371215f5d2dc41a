//! Who sent the request, and to which scheme and host: resolved once, for everyone.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, Uri};
use portcullis_core::{
    ClientAddress, ConfigErrors, ConnectionFacts, Denial, ExternalOrigin, FromBytes, RequestView, Room, Step,
};
use portcullis_tower::{Decide, DecideLayer};

use crate::authority;
use crate::proxies::TrustedProxies;
use crate::walk::{Way, walk};

/// Resolves the client's address and the external origin, as a layer of its own.
pub type ClientAddressLayer<F = FromBytes> = DecideLayer<Edge, F>;

/// Resolves the client's address and the external origin of a request and writes them to its Trail.
///
/// By default, nobody is trusted. See the crate's docs.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Edge {
    proxies: TrustedProxies,
}

impl Edge {
    /// Believes these proxies.
    ///
    /// # Errors
    /// Everything that is wrong with the settings: [`TrustedProxies::check`].
    pub fn new(proxies: TrustedProxies) -> Result<Self, ConfigErrors> {
        proxies.check()?;
        Ok(Self { proxies })
    }

    /// Client and origin of a request that came straight from its client; `None` if a trusted proxy forwarded it, or
    /// may have. Whoever opens the Trail can leave them there; [`resolve`](Self::resolve) is for the rest.
    #[must_use]
    pub fn direct(
        &self,
        facts: &ConnectionFacts,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<(ClientAddress, Option<ExternalOrigin>)> {
        let peer = facts.peer.map(|peer| peer.ip().to_canonical());
        let certificates = self.proxies.certificates();
        let named = certificates.is_some_and(|field| field.is_in(headers) || field.trusts_others());
        if named || self.proxies.trusts(0, peer) {
            return None;
        }
        let origin = direct_origin(facts, peer, || authority::of_request(uri, headers));
        Some((client(&Way::Direct, peer), origin))
    }

    /// Writes client, origin, request target and, if a field of them is read, the client's certificate to the Trail.
    ///
    /// Reads [`ConnectionFacts`] from the extensions; without them nothing is known, and nothing is written.
    ///
    /// # Errors
    /// 400 `malformed_forwarding` if what a trusted proxy wrote cannot be read, and 400 `forged_client_certificate` for
    /// a certificate in a field of anybody else. The Trail then has a note of it.
    pub fn resolve(&self, view: &RequestView<'_>) -> Result<(), Denial> {
        let Some(facts) = view.connection() else { return Ok(()) };
        let peer = facts.peer.map(|peer| peer.ip().to_canonical());
        let way = walk(&self.proxies, peer, view.headers())
            .map_err(|malformed| malformed.into_denial())
            .inspect_err(|denial| view.trail().denied(Room::Edge, denial))?;
        let trail = view.trail();
        if let Some(target) = view.uri().path_and_query() {
            trail.set_target(target.clone());
        }
        trail.set_client(client(&way, peer));
        if let Some(origin) = self.origin(&way, facts, peer, view) {
            trail.set_origin(origin);
        }
        match self.proxies.certificates() {
            Some(field) => field.resolve(&self.proxies, peer, view),
            None => Ok(()),
        }
    }

    /// Behind a proxy, the scheme is what that said, or else what is assumed; if there is neither, there is no origin.
    fn origin(
        &self,
        way: &Way,
        facts: &ConnectionFacts,
        peer: Option<IpAddr>,
        view: &RequestView<'_>,
    ) -> Option<ExternalOrigin> {
        let host = || authority::of_request(view.uri(), view.headers());
        let assumed = self.proxies.assumes_https().then_some(true);
        match way {
            Way::Forwarded { secure, host: forwarded, .. } => secure
                .or(assumed)
                .map(|secure| ExternalOrigin::new(secure, forwarded.clone().or_else(host), false)),
            Way::Direct if self.proxies.trusts(0, peer) => {
                // It said nothing, and may have forwarded what came from another machine: TLS between it and this server
                // tells nothing of the client's connection.
                Some(ExternalOrigin::new(assumed.is_some(), host(), false))
            }
            Way::Direct => direct_origin(facts, peer, host),
        }
    }
}

impl Decide for Edge {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.resolve(request))
    }
}

fn client(way: &Way, peer: Option<IpAddr>) -> ClientAddress {
    match way {
        Way::Direct => peer.map_or(ClientAddress::Unknown, ClientAddress::Peer),
        Way::Forwarded { client, .. } => client.map_or(ClientAddress::Unknown, ClientAddress::Forwarded),
    }
}

/// The scheme is that of the connection; where neither it nor the peer says one, there is no origin.
fn direct_origin(
    facts: &ConnectionFacts,
    peer: Option<IpAddr>,
    host: impl FnOnce() -> Option<Authority>,
) -> Option<ExternalOrigin> {
    if facts.tls.is_none() && peer.is_none() {
        return None;
    }
    let loopback = peer.is_some_and(|peer| peer.is_loopback());
    Some(ExternalOrigin::new(facts.tls.is_some(), host(), loopback))
}

#[cfg(test)]
mod tests;
