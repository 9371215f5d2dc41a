//! Password hashes as a database may hold them.

use portcullis::authn::PasswordHashString;

pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok(hash) = PasswordHashString::parse(&text) else { return };
    // Not verified here: what it costs is bounded, but not small.
    let again = PasswordHashString::parse(hash.expose()).expect("what was read is read again");
    assert_eq!(hash.needs_rehash(), again.needs_rehash());
    assert!(!format!("{hash:?}").contains(hash.expose()));
}
