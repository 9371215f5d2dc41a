use portcullis_core::Principal;

use super::redacted::Redacted;
use super::set::FieldSet;
use crate::guard::Permit;

/// Says which fields of a resource a caller may see ([`Read`](crate::Read)), set ([`Write`](crate::Write)), and so on.
///
/// ```
/// use portcullis_authz::{FieldPolicy, FieldSet, Read};
/// use portcullis_core::Principal;
///
/// struct Profile { owner: String }
/// struct Rules { own: FieldSet, public: FieldSet }
///
/// impl FieldPolicy<Read, Profile> for Rules {
///     fn fields(&self, caller: &Principal, profile: &Profile) -> &FieldSet {
///         if profile.owner == caller.subject() { &self.own } else { &self.public }
///     }
/// }
/// # let _ = Rules { own: FieldSet::everything(), public: FieldSet::none() };
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which fields of `{R}` the action `{A}` may touch",
    note = "write `impl FieldPolicy<{A}, {R}> for {Self}`"
)]
pub trait FieldPolicy<A, R>: Send + Sync {
    /// The fields, of lists that were made when the application started.
    fn fields(&self, caller: &Principal, resource: &R) -> &FieldSet;
}

impl<A, R> Permit<A, R> {
    /// The resource as far as the caller may see it, to be serialised.
    ///
    /// ```
    /// # use portcullis_authz::{FieldPolicy, Permit, Read, Redacted};
    /// # fn json<T>(_: &T) -> String { String::new() }
    /// async fn show<D, P: FieldPolicy<Read, D>>(document: Permit<Read, D>, rules: P) -> String {
    ///     json(&document.redacted(&rules))
    /// }
    /// ```
    pub fn redacted<P: FieldPolicy<A, R>>(&self, policy: &P) -> Redacted<&R> {
        Redacted::new(self, policy.fields(self.principal(), self))
    }
}
