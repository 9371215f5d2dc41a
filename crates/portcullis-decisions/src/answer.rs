//! What all engines' answers have in common.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use portcullis_client::Fetched;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The JSON of a 200. Members that stand there twice are an error where the type knows them.
pub(crate) fn json<T: DeserializeOwned>(answer: &Fetched, expected: &'static str) -> Result<T, Failure> {
    if answer.status != StatusCode::OK {
        return Err(Failure::Status(answer.status.as_u16()));
    }
    if !is_json(answer) {
        return Err(Failure::MediaType);
    }
    object(&answer.body).ok_or(Failure::Malformed(expected))
}

/// A JSON object. A struct would be read from a list, too: `[true]`.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok())?
}

pub(crate) fn is_json(answer: &Fetched) -> bool {
    let value = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Answer {
        allowed: bool,
    }

    #[track_caller]
    fn check(body: &str, allowed: Option<bool>) {
        assert_eq!(object::<Answer>(body.as_bytes()).map(|answer| answer.allowed), allowed, "{body}");
    }

    #[test]
    fn reads_one_object_and_nothing_else() {
        check(r#"{"allowed":true}"#, Some(true));
        check(" \r\n{\"allowed\":false,\"x\":[]} ", Some(false));
        check("[true]", None);
        check("true", None);
        check(r#"{"allowed":true,"allowed":true}"#, None);
        check(r#"{"allowed":"true"}"#, None);
        check(r#"{"allowed":null}"#, None);
        check(r#"{"Allowed":true}"#, None);
        check("\u{feff}{\"allowed\":true}", None);
        check(r#"{"allowed":true}{"allowed":true}"#, None);
        check("", None);
    }

    proptest! {
        #[test]
        fn never_panics_and_allows_nothing_that_is_not_there(body in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(answer) = object::<Answer>(&body) {
                let read: Value = serde_json::from_slice(&body).unwrap();
                prop_assert_eq!(read.get("allowed"), Some(&Value::from(answer.allowed)));
            }
        }

        #[test]
        fn is_cut_off_nowhere(cut in 0_usize..16) {
            let body = br#"{"allowed":true}"#;
            prop_assert!(object::<Answer>(body.get(..cut).unwrap()).is_none());
        }
    }
}
