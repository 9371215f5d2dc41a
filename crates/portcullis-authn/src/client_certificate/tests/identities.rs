use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_core::{Confirmation, CredentialMethod};
use proptest::prelude::*;
use rcgen::{BasicConstraints, IsCa, SerialNumber};
use sha2::{Digest, Sha256};

use super::super::read::ReadCertificate;
use super::*;
use crate::CertificateIdentity;
use crate::testing::vectors;

#[tokio::test]
async fn a_certificate_becomes_a_principal() {
    let mut params = params(vec![dns("Cart.Example.com")]);
    params.serial_number = Some(SerialNumber::from(0x01_02_ff));
    let der = der(&params);
    let scheme = ClientCertificates::by_dns_name().describe(|identity, principal| {
        assert!(!format!("{identity:?}").contains("alice"));
        principal.role(identity.common_name().unwrap())
    });
    let asked = send(&route(scheme), der.clone()).await;
    let principal = found(&asked);
    assert_eq!(principal.subject(), "cart.example.com");
    assert_eq!(principal.method(), CredentialMethod::ClientCertificate);
    assert_eq!((principal.issuer(), principal.token_id()), (Some("CN=alice"), Some("0102ff")));
    assert!(principal.has_role("alice"));
    // 2030-01-01.
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000);
    assert_eq!(principal.expires_at(), Some(end));
    let thumbprint = Confirmation::Certificate(Sha256::digest(&der).into());
    assert_eq!(principal.confirmation(), Some(&thumbprint));
    assert!(asked.at_once);
    assert_eq!(asked.trail.read(|state| state.scheme.clone()).as_deref(), Some("certificate"));
}

async fn check(scheme: ClientCertificates, names: Vec<SanType>, expected: Option<&str>) {
    let asked = send(&route(scheme), der(&params(names.clone()))).await;
    let expected = expected.ok_or("certificate_unmapped");
    assert_eq!(asked.who().as_deref(), expected.as_deref(), "{names:?}");
}

#[tokio::test]
async fn exactly_one_name_of_the_kind_is_the_subject() {
    type Scheme = ClientCertificates;
    check(Scheme::by_distinguished_name(), vec![], Some("CN=alice")).await;
    check(Scheme::by_dns_name(), vec![uri("urn:a"), dns("a.example")], Some("a.example")).await;
    check(Scheme::by_dns_name(), vec![dns("a.example"), dns("b.example")], None).await;
    check(Scheme::by_dns_name(), vec![dns("*.example")], None).await;
    check(Scheme::by_dns_name(), vec![], None).await;
    check(Scheme::by_email(), vec![email("Alice@example.com")], Some("Alice@example.com")).await;
    check(Scheme::by_email(), vec![dns("a.example")], None).await;
    check(Scheme::by_uri(), vec![uri("urn:a")], Some("urn:a")).await;
    check(Scheme::by_uri(), vec![uri("urn:a"), uri("urn:b")], None).await;
    check(Scheme::new(|_| None), vec![dns("a.example")], None).await;
}

#[tokio::test]
async fn a_workload_is_known_by_its_spiffe_id() {
    let scheme = || ClientCertificates::by_spiffe_id("example.org");
    let id = "spiffe://example.org/ns/shop/sa/cart";
    let asked = send(&route(scheme()), der(&params(vec![uri(id), dns("cart")]))).await;
    assert_eq!((found(&asked).subject(), found(&asked).issuer()), (id, Some("spiffe://example.org")));
    // X509-SVID §2: just one URI. And another domain is another world.
    check(scheme(), vec![uri(id), uri("urn:a")], None).await;
    check(scheme(), vec![uri("spiffe://evil.example/ns/shop/sa/cart")], None).await;
    check(scheme(), vec![uri("spiffe://example.org")], None).await;
    check(scheme(), vec![dns("example.org")], None).await;
}

async fn check_refused(change: impl FnOnce(&mut CertificateParams), code: &str) {
    let mut params = params(vec![dns("a.example")]);
    change(&mut params);
    let asked = send(&route(ClientCertificates::by_dns_name()), der(&params)).await;
    assert_eq!(asked.who(), Err(code));
    assert!(asked.challenges().is_empty());
}

#[tokio::test]
async fn refuses_certificates_out_of_date_and_such_as_are_not_for_clients() {
    check_refused(|params| params.not_after = date_time_ymd(2024, 1, 1), "certificate_expired").await;
    check_refused(|params| params.not_before = date_time_ymd(2026, 1, 1), "certificate_not_yet_valid").await;
    let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    check_refused(|params| params.is_ca = is_ca, "certificate_malformed").await;
    let for_servers = vec![ExtendedKeyUsagePurpose::ServerAuth];
    check_refused(|params| params.extended_key_usages = for_servers, "certificate_malformed").await;
    let broken = vec![dns("a.example"), uri("urn:a b")];
    check_refused(|params| params.subject_alt_names = broken, "certificate_malformed").await;
    let broken = vec![dns("a.example\0.evil.example")];
    check_refused(|params| params.subject_alt_names = broken, "certificate_malformed").await;

    // RFC 5280 §4.2.1.12: without the extension, or with any use, it is for clients too.
    for usages in [vec![], vec![ExtendedKeyUsagePurpose::Any]] {
        let mut params = params(vec![dns("a.example")]);
        params.extended_key_usages = usages;
        found(&send(&route(ClientCertificates::by_dns_name()), der(&params)).await);
    }
}

#[tokio::test]
async fn a_certificate_is_valid_to_its_last_second() {
    let der = der(&params(vec![dns("a.example")]));
    // 2020-01-01 and 2030-01-01.
    for (seconds, expected) in [
        (1_577_836_799, Err("certificate_not_yet_valid")),
        (1_577_836_800, Ok("a.example".to_owned())),
        (1_893_456_000, Ok("a.example".to_owned())),
        (1_893_456_001, Err("certificate_expired")),
    ] {
        let schemes = at(seconds).scheme("certificate", ClientCertificates::by_dns_name()).build().unwrap();
        let asked = send(&schemes.default_set(Required).unwrap(), der.clone()).await;
        assert_eq!(asked.who(), expected, "{seconds}");
    }
}

#[tokio::test]
async fn refuses_a_certificate_that_nobody_verified() {
    let route = route(ClientCertificates::by_dns_name());
    let der = der(&params(vec![dns("a.example")]));
    let asked = ask_guarded(&route, over_tls(der, false, &[]), None).await;
    assert_eq!(asked.who(), Err("certificate_unverified"));
}

#[tokio::test]
async fn refuses_octets_that_are_no_certificate() {
    let route = route(ClientCertificates::by_dns_name());
    let der = der(&params(vec![dns("a.example")]));
    let longer = [&der[..], &[0]].concat();
    for octets in [vec![], vec![0x30], vec![0x30, 0], der[..der.len() - 1].to_vec(), longer] {
        assert_eq!(send(&route, octets).await.who(), Err("certificate_malformed"));
    }
}

#[test]
fn different_names_never_look_alike() {
    let named = |values: &[(DnType, &str)]| {
        let mut params = params(vec![]);
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in values {
            params.distinguished_name.push(kind.clone(), *value);
        }
        let der = der(&params);
        ReadCertificate::of(&der).unwrap().subject
    };
    let (common, organization) = (DnType::CommonName, DnType::OrganizationName);
    let honest = named(&[(organization, "Example"), (common.clone(), "alice")]);
    let tricky = named(&[(common, "alice,O=Example")]);
    assert_eq!(honest.as_deref(), Some("CN=alice,O=Example"));
    assert_eq!(tricky.as_deref(), Some("CN=alice\\,O=Example"));
    let others = [
        (DnType::CountryName, "CH"),
        (DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 25]), "example"),
        (DnType::CustomDnType(vec![1, 2, 3]), "x"),
    ];
    assert_eq!(named(&others).as_deref(), Some("1.2.3=x,DC=example,C=CH"));
    assert_eq!(named(&[]), None);
}

fn from_pem(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

async fn in_2020(der: Vec<u8>, scheme: ClientCertificates) -> Asked {
    let schemes = at(IN_2020).scheme("certificate", scheme).build().unwrap();
    send(&schemes.default_set(Required).unwrap(), der).await
}

/// With the certificate of RFC 9440 Appendix A.
#[tokio::test]
async fn reads_the_certificate_of_rfc9440() {
    let Some(vectors) = vectors("rfc9440/client-cert.json") else { return };
    let der = from_pem(vectors["certificates_pem"][0].as_str().unwrap());
    let asked = in_2020(der, ClientCertificates::by_email()).await;
    assert_eq!(found(&asked).subject(), "bdc@example.com");
    assert_eq!(found(&asked).issuer(), Some("CN=LA Intermediate CA,O=Let's Authenticate"));
    let of_authority = from_pem(vectors["certificates_pem"][1].as_str().unwrap());
    let refused = in_2020(of_authority, ClientCertificates::by_distinguished_name()).await;
    assert_eq!(refused.who(), Err("certificate_malformed"));
}

/// A5.1, with the certificate of RFC 8705 Appendix A.
#[tokio::test]
async fn the_principal_has_the_thumbprint_of_rfc8705() {
    let Some(vectors) = vectors("rfc8705/appendix-a.json") else { return };
    let der = from_pem(vectors["certificate_pem"].as_str().unwrap());
    let asked = in_2020(der, ClientCertificates::by_distinguished_name()).await;
    assert_eq!(found(&asked).subject(), "CN=mtls");
    let Some(Confirmation::Certificate(thumbprint)) = found(&asked).confirmation() else {
        panic!("no thumbprint");
    };
    assert_eq!(URL_SAFE_NO_PAD.encode(thumbprint), vectors["cnf"]["x5t#S256"]);
}

proptest! {
    #[test]
    fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&octets);
    }

    #[test]
    fn no_change_of_a_certificate_makes_the_reader_panic(changes in proptest::collection::vec(any::<(u16, u8)>(), 1..6)) {
        static DER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let ip = SanType::IpAddress([192, 0, 2, 1].into());
            der(&params(vec![dns("a.example"), email("a@b"), uri("spiffe://d/p"), ip]))
        });
        let mut octets = DER.clone();
        for (at, octet) in changes {
            let at = usize::from(at) % octets.len();
            octets[at] = octet;
        }
        read_all(&octets);
    }
}

fn read_all(octets: &[u8]) {
    match ReadCertificate::of(octets) {
        Ok(read) => {
            let identity = CertificateIdentity::new(&read);
            let names = [identity.dns_names(), identity.emails(), identity.uris()].concat();
            assert!(names.iter().all(|name| name.bytes().all(|octet| octet.is_ascii_graphic())));
            for text in [identity.subject(), identity.issuer(), Some(identity.serial())] {
                assert!(!text.is_some_and(|text| text.chars().any(char::is_control)));
            }
            let _ =
                (identity.not_before(), identity.not_after(), identity.spiffe_id(), identity.common_name());
            assert!(identity.addresses().len() <= octets.len());
        }
        Err(why) => assert!(why.contains("certificate"), "{why}"),
    }
}

/// What is read of it is kept with the connection: the second request reads nothing.
#[tokio::test]
async fn the_certificate_of_a_connection_is_read_once_and_judged_each_time() {
    let mut facts = TlsFacts::default();
    facts.client_certificates = vec![der(&params(Vec::new()))];
    facts.client_verified = true;
    let facts = std::sync::Arc::new(facts);
    let route = route(ClientCertificates::by_distinguished_name());
    let ask = async || {
        let mut request = request(&[]);
        let connection = ConnectionFacts::tls(([192, 0, 2, 1], 1).into(), facts.clone());
        request.extensions_mut().insert(connection);
        ask_guarded(&route, request, None).await.who()
    };
    for _ in 0..2 {
        assert_eq!(ask().await.as_deref(), Ok("CN=alice"));
    }
    let kept = facts.client_certificate().unwrap();
    let kept = kept.read_once::<Result<ReadCertificate, &'static str>>(|_| Err("read again"));
    assert_eq!(kept.unwrap().as_ref().unwrap().common_name.as_deref(), Some("alice"));

    // It is this that counts, and somebody else's room is no loss.
    let spoilt =
        ClientCertificate::new(der(&params(Vec::new())), CertificateSource::Proxy).with_verified(true);
    let foreign = spoilt.clone().with_verified(true);
    let _ = spoilt.read_once::<Result<ReadCertificate, &'static str>>(|_| Err("kept"));
    assert_eq!(foreign.read_once(|_| "of another room"), Some(&"of another room"));
    for (certificate, expected) in
        [(spoilt, Err("certificate_malformed")), (foreign, Ok("CN=alice".to_owned()))]
    {
        let mut request = request(&[]);
        Trail::ensure(request.extensions_mut(), &portcullis_core::Clock::system())
            .set_client_certificate(Some(certificate));
        assert_eq!(ask_guarded(&route, request, None).await.who(), expected);
    }
}
