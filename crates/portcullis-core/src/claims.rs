//! What a credential says about its holder, beyond the fields of the principal.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::octets;
use crate::source::SourceText;

/// The claims of a token, or the attributes of a user or key, by name.
///
/// `Debug` prints the names alone: values are personal data.
#[derive(Clone, Default)]
pub struct Claims {
    /// JSON that was checked; `None` if the members were taken over.
    text: Option<Arc<str>>,
    /// The members, once somebody has asked for one. Most callers never do, so that a map of its own costs no room.
    members: OnceLock<Box<Map<String, Value>>>,
}

impl Claims {
    /// Takes a JSON object over.
    #[must_use]
    pub fn new(claims: Map<String, Value>) -> Self {
        Self { text: None, members: OnceLock::from(Box::new(claims)) }
    }

    /// Takes over the text of a JSON object that was checked before, and reads it when a claim is first asked
    /// for. Text that is no JSON object holds no claim.
    #[must_use]
    pub fn from_checked_json(text: impl Into<Box<str>>) -> Self {
        Self { text: Some(text.into().into()), members: OnceLock::new() }
    }

    /// The same of a text that is kept already, and not once more.
    #[must_use]
    pub fn from_source(source: &SourceText) -> Self {
        Self { text: Some(Arc::clone(source.text())), members: OnceLock::new() }
    }

    fn members(&self) -> &Map<String, Value> {
        self.members.get_or_init(|| {
            let text = self.text.as_deref();
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        })
    }

    /// The JSON that they are read from, if they are.
    pub(crate) fn source(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The claim of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members().get(name)
    }

    /// The claim of that name, if it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// The claim at a path of member names; `["realm_access", "roles"]` looks inside an object.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |value, name| value.get(name))
    }

    /// Reads all claims into a type of one's own.
    ///
    /// # Errors
    /// [`InvalidClaim`] if the claims do not fit the type. The error names no value.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, InvalidClaim> {
        serde_json::from_value(Value::Object(self.members().clone())).map_err(|_| InvalidClaim)
    }

    /// The authorization details of that type (RFC 9396 §2), read into a type of one's own; none if there are none.
    ///
    /// ```
    /// use portcullis_core::Claims;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Payment { amount: u64 }
    ///
    /// let claims = Claims::from_checked_json(
    ///     r#"{"authorization_details": [{"type": "payment", "amount": 5}, {"type": "account"}]}"#,
    /// );
    /// let payments: Vec<Payment> = claims.authorization_details("payment").unwrap();
    /// assert_eq!(payments[0].amount, 5);
    /// assert!(claims.authorization_details::<Payment>("account").is_err());
    /// ```
    ///
    /// # Errors
    /// [`InvalidClaim`] if one of that type does not fit, or the claim is no list. The error names no value.
    pub fn authorization_details<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>, InvalidClaim> {
        let Some(details) = self.get("authorization_details") else { return Ok(Vec::new()) };
        let details = details.as_array().ok_or(InvalidClaim)?;
        let of_kind =
            details.iter().filter(|detail| detail.get("type").and_then(Value::as_str) == Some(kind));
        of_kind.map(|detail| serde_json::from_value(detail.clone()).map_err(|_| InvalidClaim)).collect()
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members().iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The memory that they take at most, in octets, also once they were read: what a cache counts.
    #[must_use]
    pub fn memory(&self) -> usize {
        match (&self.text, self.members.get()) {
            (Some(text), _) => text.len() + read(text),
            (None, Some(members)) => members.iter().map(|(name, value)| member(name, value)).sum(),
            (None, None) => 0,
        }
    }

    /// Whether there is no claim.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }
}

/// What a node of a map takes, which the first member of an object brings along.
const OBJECT: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 128;

/// What a further value takes: its part of a node that is half full, or of a list with room to grow.
const VALUE: usize = OBJECT / 4;

/// The memory that a JSON text takes at most once it is read.
fn read(text: &str) -> usize {
    let objects = octets::count(text.as_bytes(), |octet| octet == b'{');
    let values = octets::count(text.as_bytes(), |octet| (octet == b',') | (octet == b'['));
    objects * OBJECT + values * VALUE + 2 * text.len()
}

fn member(name: &str, value: &Value) -> usize {
    let inner = match value {
        Value::Array(list) => list.iter().map(|value| member("", value)).sum(),
        Value::Object(members) => {
            OBJECT + members.iter().map(|(name, value)| member(name, value)).sum::<usize>()
        }
        Value::String(text) => text.len(),
        Value::Bool(_) | Value::Null | Value::Number(_) => 0,
    };
    VALUE + name.len() + inner
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members().keys()).finish()
    }
}

/// The claims do not fit the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("claims do not fit the expected type")]
#[non_exhaustive]
pub struct InvalidClaim;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checked_json_is_read_when_it_is_asked_for() {
        let claims = Claims::from_checked_json(r#"{"a":"x","b":{"c":1}}"#);
        let Value::Object(members) = json!({"a": "x", "b": {"c": 1}}) else { panic!("an object") };
        assert_eq!(claims.text("a"), Some("x"));
        assert_eq!(claims.at(&["b", "c"]), Some(&json!(1)));
        assert_eq!(claims, Claims::new(members));
        assert_eq!(format!("{claims:?}"), r#"{"a", "b"}"#);
    }

    #[test]
    fn text_that_is_no_object_holds_no_claim() {
        for text in ["", "[]", "{", "1"] {
            assert!(Claims::from_checked_json(text).is_empty(), "{text}");
        }
    }
}
