//! Escaping: one line, nothing invisible, and nothing lost.

use portcullis::core::escape::{DEFAULT_LIMIT, Escaped, is_unprintable};

pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let escaped = Escaped::new(&text).to_string();
    assert!(!escaped.chars().any(is_unprintable), "{escaped}");
    // The longest escape is that of a character outside the basic plane: `\u{e0001}`.
    assert!(escaped.chars().count() <= DEFAULT_LIMIT * 9 + 1);
    if text.chars().count() <= DEFAULT_LIMIT {
        assert_eq!(unescape(&escaped).as_deref(), Some(&*text));
    } else {
        assert!(escaped.ends_with('…'));
    }
}

fn unescape(mut text: &str) -> Option<String> {
    let mut plain = String::new();
    while let Some((before, after)) = text.split_once('\\') {
        plain.push_str(before);
        if let Some(rest) = after.strip_prefix('\\') {
            plain.push('\\');
            text = rest;
        } else {
            let (code, rest) = after.strip_prefix("u{")?.split_once('}')?;
            plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            text = rest;
        }
    }
    plain.push_str(text);
    Some(plain)
}
