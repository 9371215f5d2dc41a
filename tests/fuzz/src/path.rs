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
        match tail {
            [high, low, after @ ..]
                if *first == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digits = String::from_utf8_lossy(&tail[..2]);
                octets.push(u8::from_str_radix(&digits, 16).unwrap());
                rest = after;
            }
            _ => {
                octets.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}
