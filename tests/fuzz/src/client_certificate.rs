//! Certificates in the fields of proxies: nobody but a trusted proxy is believed.

use std::net::SocketAddr;
use std::sync::OnceLock;

use http::{HeaderName, Method};
use portcullis::Reason;
use portcullis::core::{CertificateSource, ConnectionFacts, RequestView};
use portcullis::edge::{ClientCertificateField, Edge, TrustedProxies};

use super::support::{fields, request};

const PROXY: &str = "10.0.0.1:443";
const STRANGER: &str = "192.0.2.7:443";

/// The fields that some edge reads.
const READ: [&str; 4] = ["client-cert", "client-cert-chain", "x-ssl-client-cert", "x-forwarded-client-cert"];

pub fn run(octets: &[u8]) {
    static EDGES: OnceLock<Vec<Edge>> = OnceLock::new();
    let headers = fields(octets);
    let any = READ.iter().any(|name| headers.contains_key(*name));
    for edge in EDGES.get_or_init(edges) {
        for peer in [PROXY, STRANGER] {
            let mut request = request(Method::GET, headers.clone(), "/");
            let address: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectionFacts::plain(address));
            let view = RequestView::of(&request).unwrap();
            let resolved = edge.resolve(&view);
            let shown = view.client_certificate();
            if peer == STRANGER {
                assert!(shown.is_none(), "a stranger chose its certificate");
            }
            match resolved {
                Ok(()) => {
                    assert!(shown.is_none_or(|shown| any && shown.source() == CertificateSource::Proxy));
                    assert!(shown.is_none_or(|shown| !shown.leaf().is_empty()));
                }
                Err(denial) => {
                    let reasons = [Reason::MalformedForwarding, Reason::ForgedClientCertificate];
                    assert!(reasons.contains(&denial.reason()), "{denial:?}");
                    assert_eq!(denial.status(), 400);
                }
            }
        }
    }
}

fn edges() -> Vec<Edge> {
    let nginx = HeaderName::from_static("x-ssl-client-cert");
    [
        ClientCertificateField::rfc9440(),
        ClientCertificateField::escaped_pem(nginx),
        ClientCertificateField::envoy(),
    ]
    .into_iter()
    .map(|field| Edge::new(TrustedProxies::none().network("10.0.0.0/8").client_certificates(field)).unwrap())
    .collect()
}
