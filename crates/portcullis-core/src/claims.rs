//! What a credential says about its holder, beyond the fields of the principal.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

/// The claims of a token, or the attributes of a user or key, by name.
///
/// `Debug` prints the names alone: values are personal data.
#[derive(Clone, Default, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Takes a JSON object over.
    #[must_use]
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// The claim of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
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
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|_| InvalidClaim)
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no claim.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The claims do not fit the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("claims do not fit the expected type")]
#[non_exhaustive]
pub struct InvalidClaim;
