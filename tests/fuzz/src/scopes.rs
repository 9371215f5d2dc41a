//! Scopes: what is read prints itself and is read again.

use portcullis::Scopes;
use portcullis::core::MAX_SCOPES;

pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok(scopes) = Scopes::parse(&text) else { return };
    assert!(scopes.len() <= MAX_SCOPES);
    let again = Scopes::parse(&scopes.to_string()).unwrap();
    assert_eq!(scopes.to_string(), again.to_string());
    for token in text.split(' ').filter(|token| !token.is_empty()) {
        assert!(scopes.contains(token), "{token}");
    }
}
