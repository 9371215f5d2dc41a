//! Forwarding fields: nobody but a trusted proxy is believed.

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;

use http::Method;
use portcullis::Reason;
use portcullis::core::{ClientAddress, ConnectionFacts, RequestView};
use portcullis::edge::{Edge, ForwardingField, TrustedProxies};

use super::support::{fields, request};

pub fn run(octets: &[u8]) {
    static EDGES: OnceLock<Vec<Edge>> = OnceLock::new();
    let headers = fields(octets);
    for edge in EDGES.get_or_init(edges) {
        for peer in ["10.0.0.1:443", "192.0.2.7:443"] {
            let peer: SocketAddr = peer.parse().unwrap();
            let mut request = request(Method::GET, headers.clone(), "/");
            request.extensions_mut().insert(ConnectionFacts::plain(peer));
            let view = RequestView::of(&request).unwrap();
            let resolved = edge.resolve(&view);
            if !is_proxy(peer.ip()) {
                assert!(resolved.is_ok(), "the fields of a stranger were read: {resolved:?}");
                assert_eq!(view.trail().client(), ClientAddress::Peer(peer.ip()));
            } else if let Err(denial) = resolved {
                assert_eq!((denial.status().as_u16(), denial.reason()), (400, Reason::MalformedForwarding));
            } else {
                assert!(view.trail().resolved_client().is_some());
            }
        }
    }
}

fn edges() -> Vec<Edge> {
    let trusted = || TrustedProxies::none().network("10.0.0.0/8").with_x_forwarded_host();
    [ForwardingField::Forwarded, ForwardingField::XForwardedFor]
        .into_iter()
        .flat_map(|field| [trusted().field(field), trusted().field(field).hops(2)])
        .map(|proxies| Edge::new(proxies).unwrap())
        .collect()
}

fn is_proxy(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 10)
}
