//! Which claims become scopes, roles, groups and the tenant.

/// The names of the members on the way to a claim.
pub(crate) type ClaimPath = Box<[Box<str>]>;

/// Nothing but `scope` is believed without being named.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClaimMapping {
    /// In place of `scope`.
    pub(crate) scopes: Vec<ClaimPath>,
    pub(crate) roles: Vec<ClaimPath>,
    pub(crate) groups: Vec<ClaimPath>,
    pub(crate) tenant: Option<ClaimPath>,
}

pub(crate) fn path<I>(names: I) -> ClaimPath
where
    I: IntoIterator<Item: Into<Box<str>>>,
{
    names.into_iter().map(Into::into).collect()
}
