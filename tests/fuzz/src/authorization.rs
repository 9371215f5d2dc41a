//! The one reader of the `Authorization` field.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use portcullis::Reason;
use portcullis::core::credentials;

use super::support::values;

pub fn run(octets: &[u8]) {
    let mut headers = HeaderMap::new();
    for value in values(octets).take(4) {
        headers.append(AUTHORIZATION, value);
    }
    match credentials::authorization(&headers) {
        Ok(None) => assert!(headers.is_empty()),
        Ok(Some(read)) => {
            assert_eq!(headers.len(), 1);
            assert!(!read.scheme().is_empty());
            assert!(read.is(&read.scheme().to_ascii_lowercase()));
            let field = headers[AUTHORIZATION].to_str().unwrap();
            assert!(field.contains(read.scheme()));
            if let Ok(token) = read.token68() {
                assert!(!token.is_empty() && token.bytes().all(|octet| octet.is_ascii_graphic()), "{token}");
                assert!(field.trim_matches([' ', '\t']).ends_with(token));
                // Printed without its secret.
                assert!(
                    token.len() < 8 || read.scheme().contains(token) || !format!("{read:?}").contains(token)
                );
            }
        }
        Err(denial) => {
            assert_eq!(denial.status(), 400);
            assert!(headers.len() < 2 || denial.reason() == Reason::RepeatedCredentialField);
        }
    }
}
