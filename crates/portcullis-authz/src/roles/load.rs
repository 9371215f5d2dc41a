//! Role models that are kept elsewhere.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use portcullis_core::{ConfigErrors, StoreError, Wait};

use super::definition::RoleModelBuilder;

/// Where a role model is kept: a table of a database, a configuration service.
///
/// ```
/// use portcullis_authz::{LoadRoles, RoleModel, RoleModelBuilder};
/// use portcullis_core::StoreError;
///
/// /// Stands for rows of a table: a role, and a permission of it.
/// struct Table(Vec<(&'static str, &'static str)>);
///
/// impl LoadRoles for Table {
///     async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
///         let rows = self.0.iter();
///         Ok(rows.fold(RoleModel::builder(), |model, (role, permission)| model.role(*role).permits(*permission)))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let model = RoleModel::load(Table(vec![("viewer", "documents:read")])).await?;
/// assert!(!model.reload().await?, "nothing has changed");
///
/// let wrong = RoleModel::load(Table(vec![("viewer", "read"), ("viewer", "write")])).await.unwrap_err();
/// assert!(wrong.to_string().contains("P221"));
/// # Ok::<(), portcullis_authz::RoleModelError>(())
/// # }).unwrap();
/// ```
pub trait LoadRoles: Send + Sync + 'static {
    /// Reads all roles, as they are at one moment: one transaction, say.
    ///
    /// The loader keeps its own deadline at first, and for [`RoleModel::reload`](crate::RoleModel::reload). While requests are
    /// served, a reading that exceeds the [model's](crate::RoleModel::with_reload_deadline) is dropped.
    fn load_roles(&self) -> impl Future<Output = Result<RoleModelBuilder, StoreError>> + Send;
}

/// The same, as a value.
pub(super) trait ErasedLoad: Send + Sync {
    fn load(self: Arc<Self>) -> Wait<Result<RoleModelBuilder, StoreError>>;
}

impl<L: LoadRoles> ErasedLoad for L {
    fn load(self: Arc<Self>) -> Wait<Result<RoleModelBuilder, StoreError>> {
        Box::pin(async move { self.load_roles().await })
    }
}

/// Why a role model was not taken. The one before stays in use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RoleModelError {
    /// It was read, and cannot be used.
    Invalid(ConfigErrors),
    /// It could not be read.
    Unavailable(StoreError),
}

impl fmt::Display for RoleModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(errors) => errors.fmt(f),
            Self::Unavailable(_) => f.write_str("the role model could not be read"),
        }
    }
}

impl Error for RoleModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid(_) => None,
            Self::Unavailable(error) => Some(error),
        }
    }
}

impl From<ConfigErrors> for RoleModelError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<StoreError> for RoleModelError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}
