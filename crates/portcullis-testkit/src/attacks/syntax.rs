//! The compact form itself.

use super::Attack;
use crate::token::{TokenBuilder, tamper};

pub(super) fn list(base: &TokenBuilder) -> Vec<Attack> {
    let valid = base.sign();
    let [header, claims, signature] = [0, 1, 2].map(|index| tamper::part(&valid, index));

    let why = "three parts, divided by dots (RFC 7515 §7.1); five are encrypted, and that was not agreed";
    let mut attacks: Vec<_> = [
        ("nothing", String::new()),
        ("one part", claims.to_owned()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{valid}.{signature}")),
        ("five parts", format!("{valid}.{signature}.{signature}")),
        ("a hundred parts", format!("{valid}{}", ".a".repeat(97))),
        ("dots alone", "..".to_owned()),
        ("a dot before", format!(".{valid}")),
        ("a dot after", format!("{valid}.")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        (
            "the JSON form",
            format!(r#"{{"payload":"{claims}","protected":"{header}","signature":"{signature}"}}"#),
        ),
        ("the word Bearer twice", format!("Bearer {valid}")),
        ("two tokens", format!("{valid} {valid}")),
        ("two tokens with a comma", format!("{valid},{valid}")),
        ("in quotes", format!("\"{valid}\"")),
    ]
    .into_iter()
    .map(|(name, token)| Attack::new(format!("form: {name}"), token, why))
    .collect();

    let why =
        "base64url without padding, white space and other alphabets, with zero trailing bits (RFC 7515 §2)";
    attacks.extend(
        [
            ("padding after", format!("{valid}=")),
            ("two paddings after", format!("{valid}==")),
            ("padding inside", format!("{header}=.{claims}.{signature}")),
            ("plus sign", format!("{header}.{claims}.+{}", skip_first(signature))),
            ("slash", format!("{header}.{claims}./{}", skip_first(signature))),
            ("tilde", format!("{header}.{claims}.~{}", skip_first(signature))),
            ("white space", format!("{header}. {claims}.{signature}")),
            ("percent encoding", valid.replace('.', "%2E")),
            (
                "one character too many",
                format!("{valid}{}", if signature.len() % 4 == 0 { "A" } else { "AAA" }),
            ),
        ]
        .map(|(name, token)| Attack::new(format!("base64: {name}"), token, why)),
    );
    // Only a signature whose last character has bits to spare has another text.
    let trailing = tamper::with_trailing_bits(&valid);
    attacks.extend(trailing.map(|token| Attack::new("base64: trailing bits", token, why)));

    let why = "a token is at most 8 to 16 KiB long, and that is checked first";
    let long = base.clone().claim("x", "x".repeat(20_000)).sign();
    attacks.push(Attack::new("form: 27 KB, well signed", long, why));
    attacks
}

fn skip_first(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}
