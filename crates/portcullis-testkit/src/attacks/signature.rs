//! The signature, and what it covers.

use super::Attack;
use crate::issuer::TestIssuer;
use crate::keys::Algorithm;
use crate::token::{TokenBuilder, tamper};

pub(super) fn list(base: &TokenBuilder, attacker: &TestIssuer) -> Vec<Attack> {
    let mut attacks = edited(base).to_vec();
    let valid = base.sign();

    let why = "the signature must verify (RFC 7515 §5.2)";
    let other = base.clone().claim("jti", "another").sign();
    let mut flipped = tamper::signature_of(&valid);
    flipped.iter_mut().take(1).for_each(|octet| *octet ^= 1);
    let mut short = tamper::signature_of(&valid);
    short.pop();
    let long = [tamper::signature_of(&valid), vec![0]].concat();
    attacks.extend([
        Attack::new("signature stripped", tamper::without_signature(&valid), why),
        Attack::new("signature of another token", tamper::with_signature_of(&valid, &other), why),
        Attack::new("signature with one bit flipped", tamper::with_signature(&valid, flipped), why),
        Attack::new("signature one octet short", tamper::with_signature(&valid, short), why),
        Attack::new("signature one octet long", tamper::with_signature(&valid, long), why),
        Attack::new("signature of 4096 octets", tamper::with_signature(&valid, [7; 4096]), why),
        Attack::new(
            "signed by a stranger under the issuer's kid",
            base.clone().signed_by(attacker).sign(),
            why,
        ),
    ]);
    for algorithm in Algorithm::ASYMMETRIC {
        let foreign = base.clone().algorithm(*algorithm).signed_by(attacker).sign();
        attacks.push(Attack::new(format!("{} by a stranger", algorithm.name()), foreign, why));
        let zero = base.clone().algorithm(*algorithm);
        let length = tamper::signature_of(&zero.sign()).len();
        let zero = zero.signature(vec![0; length]).sign();
        attacks.push(Attack::new(format!("{} of zeros", algorithm.name()), zero, why));
    }
    attacks.extend(ecdsa(base));
    attacks
}

fn edited(base: &TokenBuilder) -> [Attack; 5] {
    let why = "the signature is checked over the octets that were received (RFC 7515 §5.2)";
    let valid = base.sign();
    let spaced = base.claims_json().replacen(':', ": ", 1);
    let spaced = base.clone().claims_text(spaced).signature(tamper::signature_of(&valid)).sign();
    [
        Attack::new("subject edited", tamper::with_claim(&valid, "sub", "admin"), why),
        Attack::new("scope edited", tamper::with_claim(&valid, "scope", "admin everything"), why),
        Attack::new("expiry edited", tamper::with_claim(&valid, "exp", 4_000_000_000_u64), why),
        Attack::new("kid edited", tamper::with_header(&valid, "kid", "another"), why),
        Attack::new("white space added to the claims", spaced, why),
    ]
}

/// CVE-2022-21449 ("psychic signatures") and its kin.
fn ecdsa(base: &TokenBuilder) -> Vec<Attack> {
    let why = "R and S are in 1..n-1, and stand side by side at their full length (RFC 7518 §3.4)";
    let mut attacks = Vec::new();
    for (algorithm, half) in [(Algorithm::Es256, 32), (Algorithm::Es384, 48)] {
        let base = base.clone().algorithm(algorithm);
        let signature = tamper::signature_of(&base.sign());
        let (r, s) = signature.split_at(half);
        let one: Vec<u8> = [vec![0; half - 1], vec![1]].concat();
        let zero = vec![0; half];
        let forms: [(&str, Vec<u8>); 6] = [
            ("r = 0, s = 1", [zero.clone(), one.clone()].concat()),
            ("r = 1, s = 0", [one, zero.clone()].concat()),
            ("r = s = 0, one octet each", vec![0, 0]),
            ("r and s beyond the order", vec![0xff; half * 2]),
            ("DER", der(r, s)),
            ("DER of zeros", der(&zero, &zero)),
        ];
        for (name, octets) in forms {
            let token = base.clone().signature(octets).sign();
            attacks.push(Attack::new(format!("{}: {name}", algorithm.name()), token, why));
        }
    }
    attacks
}

/// `ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3).
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    fn value(tag: u8, octets: &[u8]) -> Vec<u8> {
        let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
        [&[tag, length], octets].concat()
    }
    fn integer(octets: &[u8]) -> Vec<u8> {
        let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len().saturating_sub(1));
        let number = octets.get(first..).unwrap_or_default();
        let sign = number.first().is_some_and(|octet| *octet >= 0x80);
        if sign { value(0x02, &[&[0], number].concat()) } else { value(0x02, number) }
    }
    value(0x30, &[integer(r), integer(s)].concat())
}
