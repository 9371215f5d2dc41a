mod identities;
mod ownership;

use std::time::Duration;

use http::Request;
use portcullis_core::{
    CertificateSource, ClientCertificate, ConnectionFacts, Denial, Principal, TlsFacts, Trail,
};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType, date_time_ymd,
};

use super::ClientCertificates;
use crate::Requirement::Required;
use crate::testing::{Asked, FakeTime, ask_guarded, request};
use crate::{RouteSchemes, Schemes, SchemesBuilder};

/// 2025-01-01, in seconds since 1970.
const IN_2025: u64 = 1_735_689_600;

/// 2020-06-01: certificates of the RFCs were valid then.
const IN_2020: u64 = 1_590_969_600;

fn at(seconds: u64) -> SchemesBuilder {
    let time = FakeTime::new();
    time.advance(Duration::from_secs(seconds));
    Schemes::builder("documents", time.clock())
}

/// A route that takes this scheme alone, in 2025.
fn route(scheme: ClientCertificates) -> RouteSchemes {
    at(IN_2025).scheme("certificate", scheme).build().unwrap().default_set(Required).unwrap()
}

/// A certificate for clients, valid from 2020 to 2030.
fn params(names: Vec<SanType>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "alice");
    params.subject_alt_names = names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params
}

fn der(params: &CertificateParams) -> Vec<u8> {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn email(name: &str) -> SanType {
    SanType::Rfc822Name(name.try_into().unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

/// A request over a connection whose client proved to hold this certificate.
fn over_tls(der: Vec<u8>, verified: bool, fields: &[(&str, &[u8])]) -> Request<()> {
    let mut facts = TlsFacts::default();
    facts.client_certificates = vec![der];
    facts.client_verified = verified;
    let mut request = request(fields);
    request.extensions_mut().insert(ConnectionFacts::tls(([192, 0, 2, 1], 1).into(), facts.into()));
    request
}

async fn send(route: &RouteSchemes, der: Vec<u8>) -> Asked {
    ask_guarded(route, over_tls(der, true, &[]), None).await
}

fn found(asked: &Asked) -> &Principal {
    asked.answer.as_ref().map_err(Denial::reason).unwrap();
    asked.trail.principal().unwrap()
}

fn forwarded(der: Vec<u8>) -> ClientCertificate {
    ClientCertificate::new(der, CertificateSource::Proxy)
}

fn trail(request: &Request<()>) -> &Trail {
    Trail::of(request.extensions()).unwrap()
}
