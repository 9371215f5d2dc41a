use std::fmt;

use serde::ser::{Error, Serialize, Serializer};
use serde_json::{Map, Value};

use super::set::{FieldSet, Node};

/// A value that serialises as far as a caller may see it.
///
/// ```
/// use portcullis_authz::{FieldSet, Hidden, Redacted};
/// use serde_json::json;
///
/// #[derive(serde::Serialize)]
/// struct User { name: &'static str, email: &'static str, token: &'static str }
/// let user = User { name: "Alice", email: "alice@example.com", token: "s3cret" };
///
/// let colleagues = FieldSet::new(["name", "email"])?;
/// let seen = serde_json::to_value(Redacted::new(&user, &colleagues))?;
/// assert_eq!(seen, json!({ "name": "Alice", "email": "alice@example.com" }));
///
/// // Masked: readers see that there is something.
/// let strangers = FieldSet::new(["name"])?;
/// let seen = serde_json::to_value(Redacted::new(&user, &strangers).hidden(Hidden::Null))?;
/// assert_eq!(seen, json!({ "name": "Alice", "email": null, "token": null }));
///
/// // Refused: nothing was said to be visible, so nothing is.
/// assert_eq!(serde_json::to_value(Redacted::new(&user, &FieldSet::none()))?, json!({}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The value is turned into a [`serde_json::Value`] first, so that what is shown is decided by names as they are
/// serialised, after every `rename` and `flatten`. What lies deeper than [`MAX_REDACTED_DEPTH`] is hidden.
#[derive(Clone)]
#[must_use = "it is to be serialised"]
pub struct Redacted<T> {
    value: T,
    fields: FieldSet,
    hidden: Hidden,
}

/// What stands in the place of a field that the caller may not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hidden {
    /// `null`: callers may learn that there is such a field.
    Null,
    /// Nothing.
    #[default]
    Omitted,
}

/// How deep objects and lists may lie within each other: 64. What lies deeper is hidden.
pub const MAX_REDACTED_DEPTH: usize = 64;

impl<T> Redacted<T> {
    /// Shows these fields of the value.
    pub fn new(value: T, fields: &FieldSet) -> Self {
        Self { value, fields: fields.clone(), hidden: Hidden::default() }
    }

    /// What stands in the place of other fields. By default, this is [`Hidden::Omitted`].
    pub fn hidden(self, hidden: Hidden) -> Self {
        Self { hidden, ..self }
    }

    /// The value, with all its fields.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Serialize> Serialize for Redacted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = serde_json::to_value(&self.value).map_err(S::Error::custom)?;
        seen(whole, self.fields.root(), self.hidden, 0).unwrap_or(Value::Null).serialize(serializer)
    }
}

/// Prints nothing of the value.
impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redacted").field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// What is left of the value; `None` if it is hidden.
fn seen(value: Value, node: &Node, hidden: Hidden, depth: usize) -> Option<Value> {
    let deeper = depth + 1;
    match value {
        Value::Array(_) | Value::Object(_) if depth >= MAX_REDACTED_DEPTH => None,
        Value::Array(values) => {
            let shown = values.into_iter().filter_map(|value| seen(value, node, hidden, deeper));
            Some(Value::Array(shown.collect())).filter(|_| node.allows_plain() || node.allows_object())
        }
        Value::Object(_) if !node.allows_object() && depth > 0 => None,
        Value::Object(members) => {
            let mut shown = Map::new();
            for (name, value) in members {
                let value = node.member(&name).and_then(|node| seen(value, node, hidden, deeper));
                match (value, hidden) {
                    (Some(value), _) => drop(shown.insert(name, value)),
                    (None, Hidden::Null) => drop(shown.insert(name, Value::Null)),
                    (None, Hidden::Omitted) => {}
                }
            }
            Some(Value::Object(shown))
        }
        plain => node.allows_plain().then_some(plain),
    }
}
