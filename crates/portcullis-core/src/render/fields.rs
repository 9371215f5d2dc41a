//! Header fields of refusals.

use http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};

use crate::denial::Denial;

/// Those of every refusal, whatever its body is.
pub(super) fn common_fields(headers: &mut HeaderMap, denial: &Denial) {
    // A9.5, RFC 6585 §4: no refusal is stored.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for challenge in denial.challenges() {
        headers.append(WWW_AUTHENTICATE, challenge.clone());
    }
    if let Some(seconds) = denial.retry_after_seconds() {
        headers.insert(RETRY_AFTER, number(seconds));
    }
    if let Some(methods) = denial.allowed_methods() {
        headers.insert(ALLOW, methods.clone());
    }
}

/// The number as a field value. The conversion of the `http` crate makes room for far more digits, which costs three times
/// as much.
pub(super) fn number(number: u64) -> HeaderValue {
    let mut digits = [b'0'; 20];
    let (mut left, mut first) = (number, digits.len());
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        (left, first) = (left / 10, first - 1);
        if left == 0 {
            break;
        }
    }
    // INVARIANT: digits are a field value.
    let value = digits.get(first..).and_then(|digits| HeaderValue::from_bytes(digits).ok());
    value.unwrap_or(HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_leading_zeros() {
        for seconds in [0, 1, 9, 10, 60, 86_400, u64::MAX / 10, u64::MAX] {
            assert_eq!(number(seconds), seconds.to_string());
        }
    }
}
