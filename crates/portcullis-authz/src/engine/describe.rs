use std::borrow::Cow;

use serde_json::{Map, Value};

/// What a decision point is told of a loaded resource.
///
/// ```
/// use std::borrow::Cow;
/// use portcullis_authz::engine::Describe;
/// use serde_json::{Map, Value};
///
/// struct Document { id: u32, owner: String }
///
/// impl Describe for Document {
///     fn kind(&self) -> Cow<'_, str> {
///         "document".into()
///     }
///     fn id(&self) -> Cow<'_, str> {
///         self.id.to_string().into()
///     }
///     fn attributes(&self) -> Map<String, Value> {
///         [("owner".to_owned(), self.owner.as_str().into())].into_iter().collect()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a decision point does not know what to call `{Self}`",
    note = "write `impl Describe for {Self}` with `kind`, `id` and, if policies look at them, `attributes`"
)]
pub trait Describe {
    /// The kind of resource, as the policies call it.
    fn kind(&self) -> Cow<'_, str>;

    /// Which one of its kind.
    fn id(&self) -> Cow<'_, str>;

    /// What policies look at. By default, there is nothing.
    ///
    /// All of it is sent to a remote decision point: leave out what policies do not need.
    fn attributes(&self) -> Map<String, Value> {
        Map::new()
    }
}
