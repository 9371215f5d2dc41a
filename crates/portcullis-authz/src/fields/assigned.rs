use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{Decision, Reason};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::form::Written;
use super::named::Named;
use super::set::FieldSet;
use crate::guard::Submitted;

/// A value of a request, with the fields that the client wrote: what is needed to refuse those that it may not set
/// (OWASP API Security Top 10 2023, API3).
///
/// ```
/// use portcullis_authz::{Assigned, FieldSet};
///
/// #[derive(serde::Deserialize)]
/// struct ProfilePatch { name: Option<String>, #[serde(default)] admin: bool }
///
/// let own = FieldSet::new(["name", "address.street"])?;
/// let patch = |body: &str| serde_json::from_str::<Assigned<ProfilePatch>>(body).unwrap();
///
/// let allowed = patch(r#"{ "name": "Alice", "address": { "street": "Main Street" } }"#);
/// assert!(allowed.decide(&own).is_allowed());
/// assert_eq!(allowed.name.as_deref(), Some("Alice"));
///
/// // A forbidden field, and one that does not exist, are the same answer: 403.
/// for body in [r#"{ "name": "Alice", "admin": true }"#, r#"{ "name": "Alice", "boss": true }"#] {
///     assert_eq!(patch(body).decide(&own).reason().code(), "field_not_allowed");
/// }
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
///
/// In a [`Policy<Write, Assigned<T>>`](crate::Policy) about what was [`Submitted`], `submitted.decide(&fields)` is the whole
/// decision; where the fields hang on what is stored, the handler asks it once it has both. Of two members with the same name the last counts, for the list of fields as for the value.
/// A list in the place of a struct, which serde would read by position, is an error: it names no field. (Only where serde
/// keeps a value in a buffer first, below `flatten` and in untagged and internally tagged enums, it is not seen: allow no name
/// alone there.)
///
/// Of a form (`Checked<Write, Form<Assigned<Patch>>>` on axum, or its `Query`) every value is text: where a number or a truth value is
/// wanted, it is read from that, as `Form<Patch>` reads it. In JSON, `"5"` is no number. A form is told by its
/// deserializer, which has maps alone and answers with one even if asked for a newtype, as that of serde_urlencoded does.
///
/// Its size is that of the body, and its depth what the format allows (128 in JSON).
#[derive(Clone)]
pub struct Assigned<T> {
    value: T,
    written: Value,
}

impl<T> Assigned<T> {
    /// Whether the client wrote none but these fields: allowed, or refused with `field_not_allowed`, which is 403 where
    /// nothing is hidden. The detail, for the audit event, names the field.
    pub fn decide(&self, fields: &FieldSet) -> Decision {
        match fields.refused(&self.written) {
            None => Decision::allow(Reason::PolicyAllowed),
            Some(path) => Decision::deny(Reason::FieldNotAllowed)
                .because(format!("`{}` must not be set", Escaped::new(&path))),
        }
    }

    /// Whether the client wrote this member, if only as `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.written.get(name).is_some()
    }

    /// The value, without what was written.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Assigned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Assigned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        // From what is looked at, and nothing else.
        let value = match written.form() {
            Some(form) => T::deserialize(form),
            None => T::deserialize(Named(&written.value)),
        };
        Ok(Self { value: value.map_err(D::Error::custom)?, written: written.value })
    }
}

/// As the value itself: `Checked<Write, Json<Assigned<Patch>>>` asks `Policy<Write, Assigned<Patch>>`.
impl<T: Submitted> Submitted for Assigned<T> {
    type Rules = T::Rules;
    const MAX_BODY_BYTES: usize = T::MAX_BODY_BYTES;
    const DECISION_DEADLINE: Duration = T::DECISION_DEADLINE;

    fn kind() -> &'static str {
        T::kind()
    }
}

/// Prints neither the value nor the names: both are text of the client.
impl<T> fmt::Debug for Assigned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assigned(..)")
    }
}
