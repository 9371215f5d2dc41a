//! Other ways to write a signature or a key than the one that the specifications name.

use portcullis_testkit::{Algorithm as Signer, TestIssuer, tamper};
use serde_json::{Value, json};

use crate::keys::{KeySet, KeySetError, UnusableKey, VerifyingKey};
use crate::{Algorithm, base64url};

fn key(jwk: &Value) -> Result<VerifyingKey, UnusableKey> {
    let read = KeySet::from_jwks_json(json!({ "keys": [jwk] }).to_string().as_bytes());
    let (set, skipped) = read.map_err(|_: KeySetError| UnusableKey::Malformed)?;
    skipped.first().map_or_else(|| Ok(set.keys()[0].clone()), |skipped| Err(skipped.reason))
}

fn decoded(text: &str) -> Vec<u8> {
    base64url::decode(text.as_bytes()).unwrap()
}

/// An RSA key of 2048 bits, made with another implementation.
fn rsa() -> VerifyingKey {
    key(&json!({ "kty": "RSA", "e": "AQAB", "n": MODULUS })).unwrap()
}

/// RFC 7518 §3.5: the salt is as long as the hash, and the mask is made with the same hash.
#[test]
fn a_pss_signature_with_another_salt_or_mask_is_refused() {
    for (signature, right) in [
        (SALT_OF_32, true),
        (SALT_OF_0, false),
        (SALT_OF_20, false),
        (SALT_OF_222, false),
        (MASK_OF_SHA_1, false),
    ] {
        let verified = rsa().verify(Algorithm::PS256, b"a.b", &decoded(signature));
        assert_eq!(verified.is_ok(), right, "{signature}");
        for other in [Algorithm::RS256, Algorithm::PS384, Algorithm::PS512] {
            assert!(rsa().verify(other, b"a.b", &decoded(signature)).is_err(), "{other}");
        }
    }
}

/// RFC 8017 §8.2.2: a signature is as long as the modulus, its leading zeros included.
#[test]
fn an_rsa_signature_without_its_leading_zero_or_with_one_more_is_refused() {
    let right = decoded(LEADING_ZERO);
    assert_eq!(right[0], 0);
    let verify = |signature: &[u8]| rsa().verify(Algorithm::RS256, b"a.281", signature).is_ok();
    assert!(verify(&right));
    assert!(
        !verify(&right[1..])
            && !verify(&[&[0], &right[..]].concat())
            && !verify(&[&right[..], &[0]].concat())
    );
}

/// RFC 8032 §5.1.7: `S` is below the order of the group.
#[test]
fn an_ed25519_signature_with_another_writing_of_s_is_refused() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let token = issuer.token("alice").algorithm(Signer::EdDsa).sign();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let key = key(&issuer.jwk(Signer::EdDsa)).unwrap();
    let mut signature = tamper::signature_of(&token);
    assert!(key.verify(Algorithm::EdDSA, signed.as_bytes(), &signature).is_ok());
    let mut carry = 0;
    for (octet, order) in signature[32..].iter_mut().zip(ORDER_OF_ED25519) {
        let sum = u16::from(*octet) + u16::from(order) + carry;
        (*octet, carry) = (sum as u8, sum >> 8);
    }
    assert!(key.verify(Algorithm::EdDSA, signed.as_bytes(), &signature).is_err());
}

/// FIPS 186-5 §6.4.2 asks no more of `s` than to be in 1..n: one token has two texts, and `jti` tells it.
#[test]
fn an_ecdsa_signature_with_the_other_s_is_taken() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let token = issuer.token("alice").algorithm(Signer::Es256).sign();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let mut signature = tamper::signature_of(&token);
    let mut borrow = 0;
    for (octet, order) in signature[32..].iter_mut().zip(ORDER_OF_P_256).rev() {
        let difference = i16::from(order) - i16::from(*octet) - borrow;
        (*octet, borrow) = (difference.rem_euclid(256) as u8, i16::from(difference < 0));
    }
    assert_ne!(signature, tamper::signature_of(&token));
    let key = key(&issuer.jwk(Signer::Es256)).unwrap();
    assert!(key.verify(Algorithm::ES256, signed.as_bytes(), &signature).is_ok());
}

/// Anyone can sign for such a key: for the neutral point, R the neutral point and S zero fit any message.
#[test]
fn ed25519_keys_of_small_order_are_skipped() {
    for point in SMALL_ORDER {
        for sign in [0, 0x80] {
            let mut octets = hexadecimal(point);
            octets[31] |= sign;
            let x = base64(&octets);
            let read = key(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x }));
            assert_eq!(read.map(drop), Err(UnusableKey::Weak), "{point}");
        }
    }
    // The base point is not among them.
    let base = base64(&[&[0x58][..], &[0x66; 31]].concat());
    assert!(key(&json!({ "kty": "OKP", "crv": "Ed25519", "x": base })).is_ok());
}

fn base64(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets)
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// SP 800-186 §3.2.1.3, the greatest octet first.
const ORDER_OF_P_256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// 2^252 + 27742317777372353535851937790883648493, the least octet first.
const ORDER_OF_ED25519: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The neutral point, those of order 2, 4 and 8, and the ways beyond the field to write them.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

// The modulus; signatures of `a.b`, and one of `a.281` that begins with a zero.
const MODULUS: &str = "\
    vX6l_Z9ma3PGFOXeMpbSpnXi7zztQpJtg_4d8sy9U7diwLlbds8hEGeK15qL4xmQeGQ-POLq9AFj5TVSPGaBKLGHo3i_rMyZ7tAM\
    bGDSumRujjs9gEnG_fE18L6-Oao7RQR4wlpb0aWvZrNFUVQIP0vZNjQo53y887C5Rd4kgbZY1It9oPSYDRWgUZ0ImrvQZ5xiJ1tp\
    bb54lK60G6q4UUmmhqnAWOrC7Kkao7bI5GvzSqk-mArkAvQyojQAJ8iFkXUu22mw-JfeCfzRgMVfCNOy6ln3FX3S0yVMN8ECeQ10\
    MWTiMLpYaEYHX-KvMfaJZLqk-VPwDDY7Lly8D2EkNw";
const SALT_OF_32: &str = "\
    o77WD0dZVdyD7YihEUHxgdivIFFhFSL7PVVkVqmOiQj786-3xCu25Be8-A1SAmtvHXOJPEmWrDq8bY1aABtxRUnorFcUWbHYpGQ2\
    5RftI5RtB4BAhABuSjF7gXpiKmkDA0ENY5SzoOGyxmINS1MIVE09vCBA8tQKVl-kMIcp60qc_UJ-BhXZnajSa4US0si6ags8k_US\
    RlXvOqbJ9pCzXADn0-N9PP7AjT9kEhAd1yVnS1FiLcI6eOn0IUeaBRcntixlIXM-2A_CSG6xWEs8c9l4acaYGhlFipy_Q3SVBfOf\
    KzPOYNN0IrvqBV0KgXUInksm29weV8vL_BbCYYjbVg";
const SALT_OF_0: &str = "\
    suYuNzk6QK2_JQO67KRkIo6XI_nCCKCzaGgU5CWwTYo-8EK780oasvCpOO8C6gGuzy8HuvSLmRdm-Wt-G7qOpWnW-24Hn1DSZj2-\
    u-NXNWu0pfHGph6vY0b4cWknZywJ9JiTA1h9FFmy7raok2DpV8tnOOQN9hmvbMmURYk7dVtZ-Jf8eQ0ZkFbhcNwFDTeOytw7xxHn\
    hO-EGADwdvaC3OduP3T3z3kTu82QqOgdFRCTaY5Bnzi1T47DkTgVsNsQj6GnMuEknagjFMJynNBvFOoro0YRpPRXJLWDqbzNHqyn\
    IpFp2GUVDMqGlHdRqY-zcte2Bg78WfVYc5IfYBt5bA";
const SALT_OF_20: &str = "\
    TnrgK-EiovlZy5UlO0ZB_73VHCb1HFgbNeSz7Kf8eMhhcu6M26JMf-A323sOj-EW_VCGIj4Pbk-rGQ8LQtbkhf8srzVS9Zlq-udf\
    voij-aJ8p0sLp-qlriymaTMZ8dlgDNb6oTmI6ddMYUYxa1WrRL3x8sE7ALd_L2W0HZQMCiYgbbT3jaz0M77mkT8bT_E60uuBqHwG\
    iizYNPwRwPRcj9KFiKJSso8_ytWd8zKO-LXkdrBEtb-wKeg-Ssv3RyXPvYux6hLcD1SyX1kzMku0EA3ynCMcHfcEzdwHrBe_wFW0\
    S0Fb0kmuU_NxtnAYu8yiOm2j1Q9J7CITIALUko3n_g";
const SALT_OF_222: &str = "\
    ZlDMwOdl-4QKGu8GszeKjhLMlDz31Xkx_bBqTaZ75cBiDz62FITMnAEU9Y71J6X3JLLc8H0L_xV66dVPaLqhXmC6mr8d-FVxf7_x\
    Ay-c9XZc40yxaksKDvy-STy42tQL8Z8NgHZTJ79Cgq_DzxlT3vZskgw5uXqO_pFJfGBpBzps4eTHQ34R4sIYjR85eXDgdQ2Ul6W6\
    PD0RYDjNi9UyeUZM9VDmZzeqg2elLio2nPRHXy2pOZT22io6272AVxrTYVukIucxJCOhETDVoP1EHGeWcUJnhdBVEzNeIjRG0LMt\
    4krc6ljqpcm1297fxxQ46ZS-7q9woHcxES-2JPvlcg";
const MASK_OF_SHA_1: &str = "\
    lxFnBCfMhXlf_foTkoyD3NC-B_eEd4HyW54-_7ES4Eiuol2TllNaf2rkuvBFRuaQcdmRWCGJOQGZ3Ert37uVsTxY-gLeu8qCsNwX\
    xYk3Y-atgGwtRCt4V4g30PGMeuiI57eCO67ieGRFT3YJIqSpOuKUz5B7HWnPrKGaTIHwu3zqXjmHuHTQQy9S8Zf3w2JhsCmcgd4E\
    mr7CULxRqINGGmFfFK4zhCIb1dhOONNivp-HmSUIDyimFevqf9k9ZsjU3Y2v43XyOTsPrcvGMvwoNya6VIIW-YD2LzgQW9VPOjoF\
    n8b2-U3mg3c3tdawIH6grG2CdyJk_i-tW7_DfalsMA";
const LEADING_ZERO: &str = "\
    AOghSXbuezzSswNCinIbZDlOcJ8fxLd6YdcTpP6UJ4Cx4rwxFCKedknt3A-7ZLS-8yNZ4kZrWcNTUO-zStmNTVS_njKQRfZQF9Xh\
    PA0KBnWo3gAIhw3f6RyDmb4FrY7rA1kKoTMXlgtbPRmq_cx72UycCRaZ2PuvIs05VT_4blVAxGLTEcu9mTDeNQwY54IyX_sj7tFk\
    oVj5xMMHMMVXU8dzWWRaQo9Wh7r00560SdvpPKjrWJJEN9tnyOqpNrlRzAnWIBGiz1oC6Zq7fTPrH-frsDuUInUwcBofPUhMnVYh\
    Xz_VH71714AM9wtDCVyIK8QOToA4v6vEPNly-ry1DA";
