use http::HeaderName;
use portcullis_core::{CertificateSource, TlsFacts};
use proptest::prelude::*;

use super::*;
use crate::testing::{Head, vectors};
use crate::{Edge, TrustedProxies};

const PROXY: &str = "10.0.0.1";

/// A certificate, as far as the edge is concerned.
const DER: &str = "MAMCAQE=";

fn edge(field: ClientCertificateField) -> Edge {
    Edge::new(TrustedProxies::none().network("10.0.0.0/8").client_certificates(field)).unwrap()
}

fn rfc9440() -> Edge {
    edge(ClientCertificateField::rfc9440())
}

fn nginx() -> Edge {
    edge(ClientCertificateField::escaped_pem(HeaderName::from_static("x-ssl-client-cert")))
}

fn envoy() -> Edge {
    edge(ClientCertificateField::envoy())
}

/// The number of certificates that the request shows, the client's own included.
fn count(edge: &Edge, head: &Head) -> Result<usize, &'static str> {
    head.ask(|view| {
        edge.resolve(view).map_err(|denial| denial.reason().code())?;
        Ok(view.client_certificate().map_or(0, |certificate| 1 + certificate.chain().len()))
    })
}

#[track_caller]
fn check(edge: &Edge, fields: &[(&'static str, &str)], expected: Result<usize, &str>) {
    let head = fields.iter().fold(Head::from(PROXY), |head, (name, value)| head.field(name, value));
    assert_eq!(count(edge, &head), expected, "{fields:?}");
}

/// A5.4, RFC 9440 Appendix A.
#[test]
fn reads_the_fields_of_rfc_9440_and_refuses_what_is_none() {
    let Some(vectors) = vectors("rfc9440/client-cert.json") else { return };
    let text = |name: &str| vectors[name].as_str().unwrap();
    let (leaf, chain) =
        (("client-cert", text("client_cert")), ("client-cert-chain", text("client_cert_chain")));
    check(&rfc9440(), &[leaf], Ok(1));
    check(&rfc9440(), &[leaf, chain], Ok(3));
    let (one, two) = chain.1.split_once(", ").unwrap();
    check(&rfc9440(), &[leaf, ("client-cert-chain", one), ("client-cert-chain", two)], Ok(3));
    check(&rfc9440(), &[chain], Err("malformed_forwarding"));
    check(&rfc9440(), &[leaf, leaf], Err("malformed_forwarding"));
    for negative in vectors["negative"].as_array().unwrap() {
        check(
            &rfc9440(),
            &[("client-cert", negative["client_cert"].as_str().unwrap())],
            Err("malformed_forwarding"),
        );
    }

    let head = Head::from(PROXY).field(leaf.0, leaf.1);
    head.ask(|view| {
        rfc9440().resolve(view).unwrap();
        let certificate = view.client_certificate().unwrap();
        assert_eq!((certificate.source(), certificate.is_verified()), (CertificateSource::Proxy, false));
        let thumbprint = certificate.thumbprint_s256(|der| {
            let mut hash = [0; 32];
            hash.copy_from_slice(&sha256(der));
            hash
        });
        let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, thumbprint);
        assert_eq!(text, vectors["x5t#S256"]);
    });
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(octets).to_vec()
}

/// A5.4.
#[test]
fn a_byte_sequence_is_strict_base64_between_colons() {
    for (value, expected) in [
        (format!(":{DER}:"), Ok(1)),
        (format!(" :{DER}: "), Ok(1)),
        (format!(":{DER}"), Err("malformed_forwarding")),
        (format!("{DER}:"), Err("malformed_forwarding")),
        (DER.to_owned(), Err("malformed_forwarding")),
        (format!("\"{DER}\""), Err("malformed_forwarding")),
        (format!(":{DER}:;a=b"), Err("malformed_forwarding")),
        (":MAMCAQE:".to_owned(), Err("malformed_forwarding")),
        (":MAMC AQE=:".to_owned(), Err("malformed_forwarding")),
        (":MAMCAQF=:".to_owned(), Err("malformed_forwarding")),
        ("::".to_owned(), Err("malformed_forwarding")),
        (":AQID:".to_owned(), Err("malformed_forwarding")),
        (String::new(), Err("malformed_forwarding")),
        (":".to_owned(), Err("malformed_forwarding")),
    ] {
        check(&rfc9440(), &[("client-cert", &value)], expected);
    }
    let leaf = format!(":{DER}:");
    for chain in ["", ",", ":,:", &format!("{leaf},"), &format!("{leaf} {leaf}")] {
        check(
            &rfc9440(),
            &[("client-cert", &leaf), ("client-cert-chain", chain)],
            Err("malformed_forwarding"),
        );
    }
}

/// A5.4, at the limits.
#[test]
fn certificates_are_read_up_to_the_limits() {
    let of = |octets: usize| {
        let mut der = vec![0; octets];
        der[0] = 0x30;
        format!(":{}:", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der))
    };
    check(&rfc9440(), &[("client-cert", &of(MAX_CERTIFICATE_OCTETS))], Ok(1));
    check(&rfc9440(), &[("client-cert", &of(MAX_CERTIFICATE_OCTETS + 1))], Err("malformed_forwarding"));
    let chain = |length: usize| vec![format!(":{DER}:"); length].join(", ");
    let leaf = ("client-cert", of(1));
    for (length, expected) in [(MAX_CHAIN, Ok(MAX_CHAIN + 1)), (MAX_CHAIN + 1, Err("malformed_forwarding"))] {
        check(&rfc9440(), &[(leaf.0, &leaf.1), ("client-cert-chain", &chain(length))], expected);
    }
}

/// A5.5, RFC 9440 §4: only from a trusted proxy, and off by default.
#[test]
fn refuses_the_fields_from_anybody_else() {
    let leaf = format!(":{DER}:");
    for (name, edge) in [
        ("client-cert", rfc9440()),
        ("client-cert-chain", rfc9440()),
        ("x-ssl-client-cert", nginx()),
        ("x-forwarded-client-cert", envoy()),
    ] {
        for peer in ["192.0.2.1", "11.0.0.1"] {
            let head = Head::from(peer).field(name, &leaf);
            assert_eq!(count(&edge, &head), Err("forged_client_certificate"));
            assert_eq!(head.noted(), ["forged_client_certificate"]);
            let facts =
                portcullis_core::ConnectionFacts::plain(std::net::SocketAddr::new(peer.parse().unwrap(), 1));
            assert!(edge.direct(&facts, head.0.uri(), head.0.headers()).is_none(), "it must be resolved");
        }
        assert_eq!(count(&edge, &Head::from("192.0.2.1")), Ok(0));
        assert_eq!(count(&edge, &Head::new().field(name, &leaf)), Ok(0), "nothing is known, nothing is read");
    }
    let off = Edge::new(TrustedProxies::none().network("10.0.0.0/8")).unwrap();
    check(&off, &[("client-cert", &leaf)], Ok(0));
    // Another form than the one that was chosen is text like any other.
    check(&rfc9440(), &[("x-forwarded-client-cert", "Cert=x"), ("x-ssl-client-cert", "x")], Ok(0));
}

/// A5.5: a proxy that is trusted with addresses need not be trusted with certificates.
#[test]
fn the_field_may_be_read_from_fewer_proxies() {
    let few = ClientCertificateField::rfc9440().only_from(TrustedProxies::none().network("10.0.0.1"));
    let leaf = format!(":{DER}:");
    check(&edge(few.clone()), &[("client-cert", &leaf)], Ok(1));
    let head = Head::from("10.0.0.2").field("client-cert", &leaf);
    assert_eq!(count(&edge(few.clone()), &head), Err("forged_client_certificate"));
    // And from one that is not trusted with addresses.
    let alone = Edge::new(TrustedProxies::none().client_certificates(few)).unwrap();
    check(&alone, &[("client-cert", &leaf)], Ok(1));
}

/// The certificate of the proxy itself is never that of a client, also if there is none in the field.
#[test]
fn a_proxys_own_certificate_is_not_the_clients() {
    let mut facts = TlsFacts::default();
    facts.client_certificates = vec![vec![0x30, 0]];
    facts.client_verified = true;
    let peer = std::net::SocketAddr::new(PROXY.parse().unwrap(), 1);
    let head = || Head::new().facts(portcullis_core::ConnectionFacts::tls(peer, facts.clone().into()));
    assert_eq!(count(&rfc9440(), &head()), Ok(0));
    head().field("client-cert", format!(":{DER}:")).ask(|view| {
        edge(ClientCertificateField::rfc9440().verified_by_proxy()).resolve(view).unwrap();
        let certificate = view.client_certificate().unwrap();
        assert_eq!((certificate.leaf().as_ref(), certificate.is_verified()), (&[0x30, 3, 2, 1, 1][..], true));
    });
    // Beside the proxy, clients may come with certificates of their own.
    let own = std::net::SocketAddr::new("192.0.2.1".parse().unwrap(), 1);
    assert_eq!(
        count(&rfc9440(), &Head::new().facts(portcullis_core::ConnectionFacts::tls(own, facts.into()))),
        Ok(1)
    );
}

/// A5.6, RFC 9440 §2.4.
#[test]
fn answers_say_that_they_depend_on_the_field() {
    for (edge, name) in
        [(rfc9440(), "client-cert"), (nginx(), "x-ssl-client-cert"), (envoy(), "x-forwarded-client-cert")]
    {
        let head = Head::from(PROXY);
        count(&edge, &head).unwrap();
        let mut fields = HeaderMap::new();
        head.trail().apply_fields(&mut fields);
        assert_eq!(fields[VARY], name);
    }
}

/// A5.7: what nginx writes as `$ssl_client_escaped_cert`.
#[test]
fn reads_escaped_pem() {
    let good = format!(
        "-----BEGIN%20CERTIFICATE-----%0A{}%0A-----END%20CERTIFICATE-----%0A",
        DER.replace('=', "%3D")
    );
    let read = |value: &str, expected| check(&nginx(), &[("x-ssl-client-cert", value)], expected);
    read(&good, Ok(1));
    read(&format!("{good}{good}"), Ok(2));
    read("", Ok(0));
    check(&nginx(), &[], Ok(0));
    for bad in [
        DER.to_owned(),
        good.replace("END", "FIN"),
        good.replace("CERTIFICATE", "PRIVATE%20KEY"),
        good.replace("%3D", "%3"),
        good.replace("%3D", "%zz"),
        good.replace("%3D", ""),
        good.replace("%0A", "%C3%A9"),
        format!("x{good}"),
        format!("{good}x"),
        "%20".to_owned(),
        good.replace(&DER.replace('=', "%3D"), ""),
    ] {
        read(&bad, Err("malformed_forwarding"));
    }
    check(
        &nginx(),
        &[("x-ssl-client-cert", &good), ("x-ssl-client-cert", &good)],
        Err("malformed_forwarding"),
    );
    read(&good.repeat(MAX_CHAIN + 1), Ok(MAX_CHAIN + 1));
    read(&good.repeat(MAX_CHAIN + 2), Err("malformed_forwarding"));
}

/// A5.7: what Envoy writes.
#[test]
fn reads_one_element_of_envoy() {
    let pem = format!(
        "-----BEGIN%20CERTIFICATE-----%0A{}%0A-----END%20CERTIFICATE-----%0A",
        DER.replace('=', "%3D")
    );
    let other = pem.replace("MAMCAQE", "MAMCAQI");
    let read = |value: &str, expected| check(&envoy(), &[("x-forwarded-client-cert", value)], expected);
    let hash = "Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688";
    read(&format!("Cert=\"{pem}\""), Ok(1));
    read(&format!("By=spiffe://a/b;{hash};Subject=\"CN=a\\\",;b\";URI=;Cert=\"{pem}\""), Ok(1));
    read(&format!("{hash};Cert=\"{pem}\";Chain=\"{pem}{other}\""), Ok(2));
    for bad in [
        String::new(),
        hash.to_owned(),
        format!("Cert=\"{pem}"),
        format!("Cert=\"{pem}\"x"),
        format!("Cert=\"{pem}\","),
        format!("Cert=\"{pem}\",Cert=\"{other}\""),
        format!("Cert=\"{pem}\";Cert=\"{other}\""),
        format!("Cert=\"{pem}\";Chain=\"{other}\""),
        format!("Cert=\"{pem}\";"),
        format!("{hash},Cert=\"{pem}\""),
        "Cert=\"\"".to_owned(),
        format!("cert=\"{pem}\""),
    ] {
        read(&bad, Err("malformed_forwarding"));
    }
}

proptest! {
    #[test]
    fn no_field_makes_the_readers_panic(value in "[ -~é]{0,64}", begin in "(:|Cert=\"|-----BEGIN%20CERTIFICATE-----)?") {
        for (name, edge) in
            [("client-cert", rfc9440()), ("x-ssl-client-cert", nginx()), ("x-forwarded-client-cert", envoy())]
        {
            let _ = count(&edge, &Head::from(PROXY).field(name, format!("{begin}{value}")));
        }
    }
}
