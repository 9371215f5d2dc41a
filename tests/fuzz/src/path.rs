//! Paths: what passes has one reading.

use http::Uri;
use portcullis::edge::PathPolicy;

pub fn run(octets: &[u8]) {
    let Ok(uri) = Uri::try_from(octets) else { return };
    if let Err(denial) = PathPolicy::strict().check_path(&uri) {
        assert_eq!(denial.status(), 400);
        return;
    }
    let path = uri.path();
    let once = decode(path);
    for reading in [path.to_owned(), once.clone(), decode(&once)] {
        assert!(!reading.contains("//") && !reading.contains('\\'), "{path}");
        assert!(!reading.chars().any(char::is_control), "{path}");
        assert!(!reading.split('/').any(|segment| matches!(segment, "." | "..")), "{path}");
    }
    assert_eq!(once.matches('/').count(), path.matches('/').count(), "{path}");
}

fn decode(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = &tail[2..];
            }
            None => {
                octets.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}
