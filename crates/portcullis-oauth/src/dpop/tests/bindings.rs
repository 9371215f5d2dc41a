use bytes::Bytes;
use portcullis_authn::TokenShape;
use portcullis_core::octets::Counted;
use portcullis_core::{
    CertificateSource, ClientCertificate, Confirmation, CredentialMethod, Principal, Reason,
};

use super::*;
use crate::testing::vectors;
use crate::token::{Lifetime, TokenAuthenticator, TokenVerifier, Verified};

const PLAIN: &str = r#"DPoP realm="r", algs="ES256 ES384 EdDSA""#;
const REFUSED: &str = r#"DPoP realm="r", algs="ES256 ES384 EdDSA", error="invalid_token""#;

/// A6.14: the principal has the binding that was proven, and the event says so.
#[test]
fn a_proven_binding_stands_in_the_principal_and_in_the_trail() {
    let bench = Bench::new(Dpop::new());
    let asked = bench.with_proof(|proof| proof);
    let confirmation = asked.trail.principal().unwrap().confirmation();
    assert!(matches!(confirmation, Some(Confirmation::DpopKey(_))), "{confirmation:?}");
    asked.trail.read(|state| assert_eq!(state.entries[0].detail.as_deref(), Some("bound to a DPoP key")));
}

/// A6.14, A6.16, RFC 9449 §7.1: a bad binding is `invalid_token`.
#[test]
fn a_token_of_another_key_is_refused() {
    let bench = Bench::new(Dpop::new());
    let other = DpopClient::new(Algorithm::Es256, bench.time.clock());
    let token = bench.issuer.token("alice").claim("cnf", other.confirmation()).sign();
    let asked = bench.ask(&format!("DPoP {token}"), &[&bench.proof(&token).sign()]);
    assert_eq!(asked.reason(), Err(Reason::TokenBindingUnproven));
    assert_eq!(asked.challenges(), [REFUSED, r#"Bearer realm="r""#]);
}

/// A6.15, RFC 9449 §7.1, §7.2.
#[test]
fn refuses_unbound_tokens_with_a_proof_and_bound_ones_without() {
    let bench = Bench::new(Dpop::new());
    let unbound = bench.issuer.token("alice").sign();
    let asked = bench.ask(&format!("DPoP {unbound}"), &[&bench.proof(&unbound).sign()]);
    assert_eq!(asked.reason(), Err(Reason::TokenUnbound));
    assert_eq!(asked.challenges(), [REFUSED, r#"Bearer realm="r""#]);
    assert_eq!(bench.ask(&format!("Bearer {unbound}"), &[]).reason(), Ok(()));

    let bound = bench.token().sign();
    for proofs in [vec![], vec![bench.proof(&bound).sign()]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let asked = bench.ask(&format!("Bearer {bound}"), &proofs);
        assert_eq!(asked.reason(), Err(Reason::TokenBindingUnproven));
        assert_eq!(asked.challenges(), [r#"Bearer realm="r", error="invalid_token""#, PLAIN]);
    }
    assert_eq!(bench.ask(&format!("DPoP {bound}"), &[]).reason(), Err(Reason::DpopProofMissing));
}

/// A6.15: where nothing but bound tokens are taken, and where the option is off.
#[test]
fn the_modes_take_what_they_say() {
    let required = Bench::new(Dpop::new().required());
    required.check(|proof| proof, Ok(()));
    let unbound = required.issuer.token("alice").sign();
    let asked = required.ask(&format!("Bearer {unbound}"), &[]);
    assert_eq!((asked.reason(), asked.challenges()), (Err(Reason::SchemeNotAccepted), vec![PLAIN]));
    assert_eq!(required.ask("Basic YTpi", &[]).challenges(), [PLAIN]);

    let off = Bench::at(&FakeClock::new(), Algorithm::Es256, None);
    off.check(|proof| proof, Err(Reason::SchemeNotAccepted));
    let bound = off.token().sign();
    assert_eq!(off.ask(&format!("Bearer {bound}"), &[]).reason(), Err(Reason::TokenBindingUnproven));
}

/// RFC 9728 §2: what is published is what is enforced.
#[test]
fn a_scheme_tells_how_tokens_may_be_bound() {
    let told = |dpop: Option<Dpop>| {
        let bench = Bench::at(&FakeClock::new(), Algorithm::Es256, dpop);
        let support = bench.route.token_support().next().unwrap();
        let algorithms = support.dpop_algorithms().collect::<Vec<_>>().join(" ");
        (algorithms, support.requires_dpop(), support.takes_certificate_bound())
    };
    assert_eq!(told(None), (String::new(), false, true));
    assert_eq!(told(Some(Dpop::new())), ("ES256 ES384 EdDSA".to_owned(), false, true));
    let one = Dpop::new().required().algorithms([crate::Algorithm::ES384]);
    assert_eq!(told(Some(one)), ("ES384".to_owned(), true, true));
}

/// RFC 9449 §7.1, and Keycloak, which writes the kind into a claim.
#[test]
fn a_token_that_calls_itself_dpop_is_an_access_token() {
    let bench = Bench::new(Dpop::new());
    for claim in ["typ", "token_type"] {
        let token = bench.token().claim(claim, "DPoP").sign();
        let asked = bench.ask(&format!("DPoP {token}"), &[&bench.proof(&token).sign()]);
        assert_eq!(asked.reason(), Ok(()), "{claim}");
    }
}

/// A6.15, RFC 9449 §6, §7.1: one that calls itself so, and is bound to no key, is taken in no way.
#[test]
fn a_token_that_calls_itself_dpop_and_names_no_key_is_refused() {
    let bench = Bench::new(Dpop::new());
    let x5t = serde_json::json!({ "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" });
    for claim in ["typ", "token_type"] {
        for kind in ["DPoP", "dpop"] {
            let unbound = bench.issuer.token("alice").claim(claim, kind);
            let of_certificate = unbound.clone().claim("cnf", x5t.clone()).sign();
            for token in [unbound.sign(), of_certificate] {
                for (scheme, proofs) in
                    [("DPoP", vec![bench.proof(&token).sign()]), ("Bearer", Vec::new()), ("DPoP", Vec::new())]
                {
                    let expected = match proofs.is_empty() && scheme == "DPoP" {
                        true => Reason::DpopProofMissing,
                        false => Reason::TokenBindingUnproven,
                    };
                    let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
                    let asked = bench.ask(&format!("{scheme} {token}"), &proofs);
                    assert_eq!(asked.reason(), Err(expected), "{claim} {kind} {scheme}");
                }
            }
        }
    }
    // The same where proofs are not taken at all.
    let off = Bench::at(&FakeClock::new(), Algorithm::Es256, None);
    let token = off.issuer.token("alice").claim("typ", "DPoP").sign();
    assert_eq!(off.ask(&format!("Bearer {token}"), &[]).reason(), Err(Reason::TokenBindingUnproven));
}

fn with_certificate(token: &str, certificate: Option<ClientCertificate>, bench: &Bench) -> Asked {
    let mut request = Request::get("/documents").body(()).unwrap();
    Trail::ensure(request.extensions_mut(), &bench.time.clock()).set_client_certificate(certificate);
    bench.ask_for(request, None, token, &[])
}

fn der(pem: &str) -> Bytes {
    use base64::Engine as _;
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(lines).unwrap().into()
}

/// A5.1, A5.3, RFC 8705 §3, with the certificate of its appendix A: one that nobody trusts will do.
#[test]
fn a_token_of_a_certificate_is_taken_with_that_certificate_alone() {
    let Some(example) = vectors("rfc8705/appendix-a.json") else { return };
    let bench = Bench::new(Dpop::new());
    let token = bench.issuer.token("alice").claim("cnf", example["cnf"].clone()).sign();
    let bearer = format!("Bearer {token}");
    let leaf = der(example["certificate_pem"].as_str().unwrap());
    let shown = ClientCertificate::new(leaf.clone(), CertificateSource::Connection);

    let asked = with_certificate(&bearer, Some(shown), &bench);
    assert_eq!(asked.reason(), Ok(()));
    let confirmation = asked.trail.principal().unwrap().confirmation();
    assert!(matches!(confirmation, Some(Confirmation::Certificate([0x03, 0x80, ..]))));
    asked.trail.read(|state| {
        assert_eq!(state.entries[0].detail.as_deref(), Some("bound to a client certificate"));
    });

    let mut other = leaf.to_vec();
    other.push(0);
    let other = ClientCertificate::new(other, CertificateSource::Connection).with_verified(true);
    for shown in [None, Some(other)] {
        let asked = with_certificate(&bearer, shown, &bench);
        assert_eq!(asked.reason(), Err(Reason::TokenBindingUnproven));
        assert_eq!(asked.challenges()[0], r#"Bearer realm="r", error="invalid_token""#);
    }
    // A5.3: nobody looked at any connection at all.
    assert_eq!(bench.ask(&bearer, &[]).reason(), Err(Reason::TokenBindingUnproven));
    // A6.15: a proof of a key proves nothing of a certificate.
    let asked = bench.ask(&format!("DPoP {token}"), &[&bench.proof(&token).sign()]);
    assert_eq!(asked.reason(), Err(Reason::TokenBindingUnproven));
}

/// A certificate makes no difference to a token that is not bound to it.
#[test]
fn an_unbound_token_is_taken_with_any_certificate() {
    let bench = Bench::new(Dpop::new());
    let shown = ClientCertificate::new(vec![1], CertificateSource::Proxy);
    let token = bench.issuer.token("alice").sign();
    assert_eq!(with_certificate(&format!("Bearer {token}"), Some(shown.clone()), &bench).reason(), Ok(()));
    let bound = bench.token().sign();
    let asked = with_certificate(&format!("Bearer {bound}"), Some(shown), &bench);
    assert_eq!(asked.reason(), Err(Reason::TokenBindingUnproven));
}

/// Knows every token after a while, as an issuer that must be asked does.
struct Waiting(Option<Confirmation>);

impl TokenVerifier for Waiting {
    fn shape(&self) -> TokenShape {
        TokenShape::Any
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Introspection
    }

    fn authorization_servers(&self) -> Vec<Box<str>> {
        Vec::new()
    }

    fn verify(&self, token: Counted<'_>) -> portcullis_core::Step<Result<Verified, Denial>> {
        let mut principal = Principal::builder("alice", CredentialMethod::Introspection);
        if let Some(confirmation) = self.0.clone() {
            principal = principal.confirmation(confirmation);
        }
        let lifetime =
            Lifetime { expires: None, not_before: None, issued: None, leeway: std::time::Duration::ZERO };
        let verified = Verified::new(principal.build(), lifetime);
        let answer =
            if token.expose() == "bad" { Err(Denial::new(Reason::TokenExpired)) } else { Ok(verified) };
        portcullis_core::Step::wait(async { answer })
    }
}

/// A5.2, A6.14: from an issuer that is asked, as from a signed token.
#[test]
fn bindings_are_proven_after_waiting_too() {
    let time = FakeClock::new();
    let waiting = |confirmation: Option<Confirmation>| {
        let mut bench = Bench::at(&time, Algorithm::Es256, None);
        let dpop = Dpop::new().build(["https://api.example"], &time.clock()).unwrap();
        let scheme = TokenAuthenticator::new(Waiting(confirmation)).with_dpop(Some(dpop));
        let schemes = Schemes::builder("r", time.clock()).scheme("token", scheme).build().unwrap();
        bench.route = schemes.default_set(Requirement::Required).unwrap();
        bench
    };
    let shown = ClientCertificate::new(vec![1], CertificateSource::Connection);
    let thumbprint = *shown.thumbprint_s256(|der| {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref().try_into().unwrap()
    });
    let bench = waiting(Some(Confirmation::Certificate(thumbprint)));
    assert_eq!(with_certificate("Bearer t", Some(shown), &bench).reason(), Ok(()));
    assert_eq!(with_certificate("Bearer t", None, &bench).reason(), Err(Reason::TokenBindingUnproven));
    assert_eq!(with_certificate("Bearer bad", None, &bench).reason(), Err(Reason::TokenExpired));

    let bench = waiting(None);
    let asked = bench.ask("DPoP t", &[&bench.proof("t").sign()]);
    assert_eq!(asked.reason(), Err(Reason::TokenUnbound));
    let mut octets = [0; 33];
    let client = bench.client;
    let jkt = crate::base64url::decode_into(client.thumbprint().as_bytes(), &mut octets).unwrap().to_vec();
    let mut bench = waiting(Some(Confirmation::DpopKey(jkt.try_into().unwrap())));
    bench.client = client;
    let proof = bench.proof("t").sign();
    assert_eq!(bench.ask("DPoP t", &[&proof]).reason(), Ok(()));
    assert_eq!(bench.ask("DPoP t", &[&proof]).reason(), Err(Reason::DpopProofReplayed));
    assert_eq!(bench.ask("DPoP bad", &[&bench.proof("bad").sign()]).reason(), Err(Reason::TokenExpired));
}
