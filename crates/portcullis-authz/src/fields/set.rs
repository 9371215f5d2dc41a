use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
use serde_json::Value;

/// A list of fields by their paths: `title`, `owner.email`, `labels.*`. What is not in it is not allowed. Clones are free.
///
/// 1. Names are those of the serialised form, compared octet by octet; a `.` leads into an object.
/// 2. A name alone stands for a text, a number, a truth value, `null`, or a list of these. It does not stand for an object,
///    so that a field that becomes one shows nothing new: `owner.*` stands for everything below, whatever it is.
///    In what clients write, a list may be one that serde reads as an object, member by member in their order:
///    [`Assigned`](crate::Assigned) takes no such list; elsewhere, do not allow a name alone where the field is a struct.
/// 3. Lists have no names: `comments.author` is that of each comment.
///
/// ```
/// use portcullis_authz::FieldSet;
/// use serde_json::json;
///
/// let fields = FieldSet::new(["title", "owner.name", "labels.*"])?;
/// assert!(fields.refused(&json!({ "title": "Plan", "owner": { "name": "Alice" } })).is_none());
/// assert!(fields.refused(&json!({ "labels": { "a": { "b": 1 } } })).is_none());
///
/// let refused = fields.refused(&json!({ "title": "Plan", "owner": { "name": "Alice", "email": "a@example.com" } }));
/// assert_eq!(refused.unwrap(), "owner.email");
///
/// // What is no path is an error when it is made.
/// assert_eq!(FieldSet::new(["owner..name", "*.id"]).unwrap_err().codes().collect::<Vec<_>>(), ["P230", "P230"]);
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone, Default)]
pub struct FieldSet(Arc<Node>);

/// How many paths one [`FieldSet`] has at most: 1024.
pub const MAX_FIELD_PATHS: usize = 1024;

/// How many names one path has at most: 16.
pub const MAX_FIELD_DEPTH: usize = 16;

/// What is allowed at one place.
#[derive(Default)]
pub(super) struct Node {
    /// Anything at all.
    everything: bool,
    /// What is no object.
    plain: bool,
    /// The members of an object.
    members: BTreeMap<Box<str>, Self>,
}

impl FieldSet {
    /// The fields of these paths.
    ///
    /// # Errors
    /// All paths at once that are empty, have an empty name, more than [`MAX_FIELD_DEPTH`] names, or `*` elsewhere than at
    /// their end (`P230`); more than [`MAX_FIELD_PATHS`] of them (`P230`).
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>) -> Result<Self, ConfigErrors> {
        let (mut root, mut errors) = (Node::default(), ConfigErrors::new());
        for (count, path) in paths.into_iter().enumerate() {
            if count >= MAX_FIELD_PATHS {
                let message = format!("there are more than {MAX_FIELD_PATHS} field paths");
                errors.push(ConfigError::new(ConfigCode::InvalidFieldPath, message));
                break;
            }
            let path = path.as_ref();
            if root.add(path).is_none() {
                let message = format!("`{}` is no field path", Escaped::new(path));
                errors.push(ConfigError::new(ConfigCode::InvalidFieldPath, message));
            }
        }
        errors.into_result(Self(Arc::new(root)))
    }

    /// No field.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every field, and those that will be added one day.
    #[must_use]
    pub fn everything() -> Self {
        Self(Arc::new(Node { everything: true, ..Node::default() }))
    }

    /// The path of the first field that is not in the list; `None` if all are. It may be text of a client.
    #[must_use]
    pub fn refused(&self, value: &Value) -> Option<String> {
        let mut path = Vec::new();
        self.0.refused(value, &mut path).then(|| path.join("."))
    }

    pub(super) fn root(&self) -> &Node {
        &self.0
    }
}

/// Prints the paths.
impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut paths = Vec::new();
        self.0.paths("", &mut paths);
        f.debug_set().entries(paths).finish()
    }
}

impl Node {
    /// `None` if it is no path; what was added then allows nothing.
    fn add(&mut self, path: &str) -> Option<()> {
        let mut node = self;
        let mut names = path.split('.').enumerate().peekable();
        while let Some((depth, name)) = names.next() {
            if name.is_empty() || depth >= MAX_FIELD_DEPTH {
                return None;
            }
            if name == "*" {
                node.everything = names.peek().is_none();
                return node.everything.then_some(());
            }
            node = node.members.entry(name.into()).or_default();
        }
        node.plain = true;
        Some(())
    }

    /// Whether a value that is neither an object nor a list may stand here.
    pub(super) const fn allows_plain(&self) -> bool {
        self.everything || self.plain
    }

    /// What is allowed of a member of an object; `None` if nothing is.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        if self.everything { Some(self) } else { self.members.get(name) }
    }

    /// Whether an object may stand here, if only an empty one.
    pub(super) fn allows_object(&self) -> bool {
        self.everything || !self.members.is_empty()
    }

    /// Whether some part of the value is refused; `path` is then its path. It goes no deeper than the paths do.
    fn refused<'v>(&self, value: &'v Value, path: &mut Vec<&'v str>) -> bool {
        if self.everything {
            return false;
        }
        match value {
            Value::Array(values) => values.iter().any(|value| self.refused_element(value, path)),
            // Below the root, a name alone is no object, not even an empty one.
            Value::Object(_) if !self.allows_object() && !path.is_empty() => true,
            Value::Object(members) => members.iter().any(|(name, value)| {
                path.push(name);
                let refused = self.member(name).is_none_or(|node| node.refused(value, path));
                if !refused {
                    path.pop();
                }
                refused
            }),
            _ => !self.plain,
        }
    }

    /// Lists within lists are no way into the depth.
    fn refused_element<'v>(&self, value: &'v Value, path: &mut Vec<&'v str>) -> bool {
        value.is_array() || self.refused(value, path)
    }

    fn paths(&self, prefix: &str, paths: &mut Vec<String>) {
        let at = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        if self.plain {
            paths.push(prefix.to_owned());
        }
        if self.everything {
            paths.push(at("*"));
        }
        for (name, node) in &self.members {
            node.paths(&at(name), paths);
        }
    }
}
