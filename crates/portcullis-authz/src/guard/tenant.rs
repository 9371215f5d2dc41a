//! Resources of many tenants, each of whom sees their own.

use std::fmt;
use std::future::Future;

use portcullis_core::{Principal, StoreError};

use super::nested::{ChildOf, LoadWithin};
use super::resource::{Load, Resource};

/// Something that belongs to one tenant. See [`TenantStore`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which tenant it belongs to",
    note = "write `impl TenantScoped for {Self}`; a resource that all tenants share has a store of its own, outside of the `TenantStore`"
)]
pub trait TenantScoped {
    /// The tenant, as [`Principal::tenant`] names it.
    fn tenant(&self) -> &str;
}

/// Loads resources of one tenant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot load `{R}` of one tenant",
    note = "write `impl LoadInTenant<{R}> for {Self}`; `load_in_tenant` may be an `async fn`"
)]
pub trait LoadInTenant<R: Resource>: Send + Sync + 'static {
    /// The resource, or `None` if the tenant has none of that identifier. Ask the database for both.
    fn load_in_tenant(
        &self,
        tenant: &str,
        id: &R::Id,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;
}

/// A store that shows each caller the resources of their own tenant, and no others.
///
/// An application of many tenants names `TenantStore<Database>` as the store of its resources, and hands out nothing
/// else by `FromRef`. Then forgetting the tenant does not compile:
///
/// - a resource that does not say whose it is ([`TenantScoped`]) cannot be loaded,
/// - a store that cannot ask for the tenant ([`LoadInTenant`]) cannot be wrapped,
/// - a resource that names the bare `Database` finds none in the application's state.
///
/// What another tenant has is absent, before any policy is asked: the store is asked for the caller's tenant alone, and
/// what it returns is looked at once more. A caller without a tenant sees nothing, and nothing is loaded.
///
/// ```
/// use portcullis_authz::{LoadInTenant, Resource, TenantScoped, TenantStore};
/// use portcullis_core::StoreError;
///
/// #[derive(Clone)]
/// struct Invoice { tenant: String, number: u32 }
/// struct Database(Vec<Invoice>);
/// struct Rules;
///
/// impl Resource for Invoice {
///     type Id = u32;
///     type Store = TenantStore<Database>;
///     type Rules = Rules;
///     const PARAM: &'static str = "number";
/// }
///
/// impl TenantScoped for Invoice {
///     fn tenant(&self) -> &str {
///         &self.tenant
///     }
/// }
///
/// impl LoadInTenant<Invoice> for Database {
///     async fn load_in_tenant(&self, tenant: &str, number: &u32) -> Result<Option<Invoice>, StoreError> {
///         Ok(self.0.iter().find(|invoice| invoice.tenant == tenant && invoice.number == *number).cloned())
///     }
/// }
/// ```
///
/// Without the tenant it does not compile:
///
/// ```compile_fail,E0277
/// # use portcullis_authz::{Load, LoadInTenant, Resource, TenantStore};
/// # use portcullis_core::StoreError;
/// # struct Database;
/// # struct Rules;
/// struct Invoice { number: u32 } // whose?
///
/// impl Resource for Invoice {
///     type Id = u32;
///     type Store = TenantStore<Database>;
///     type Rules = Rules;
/// }
/// # impl LoadInTenant<Invoice> for Database {
/// #     async fn load_in_tenant(&self, _: &str, _: &u32) -> Result<Option<Invoice>, StoreError> { Ok(None) }
/// # }
///
/// fn can_be_loaded<R: Resource>() where R::Store: Load<R> {}
/// can_be_loaded::<Invoice>();
/// ```
#[derive(Clone, Copy, Default)]
pub struct TenantStore<S>(S);

impl<S> TenantStore<S> {
    /// Shows each caller what their tenant has in this store.
    pub const fn new(store: S) -> Self {
        Self(store)
    }

    /// The store, and the caller's tenant that each query must name: for lists. `None` if the caller is of no tenant, who
    /// sees nothing.
    pub fn with_tenant_of<'s>(&'s self, caller: &'s Principal) -> Option<(&'s S, &'s str)> {
        Some((&self.0, tenant_of(caller)?))
    }

    /// The store without the walls between tenants.
    ///
    /// # Security
    /// Whoever calls this must keep tenants apart: name the tenant in each query, or leave it to operators who may see
    /// all.
    pub const fn danger_all_tenants(&self) -> &S {
        &self.0
    }
}

impl<R, S> Load<R> for TenantStore<S>
where
    R: Resource + TenantScoped,
    S: LoadInTenant<R>,
{
    const TENANTS_APART: bool = true;

    /// Fails: without a caller there is no tenant.
    async fn load(&self, _: &R::Id) -> Result<Option<R>, StoreError> {
        Err(StoreError::new(NoTenant))
    }

    async fn load_for(&self, caller: &Principal, id: &R::Id) -> Result<Option<R>, StoreError> {
        let Some(tenant) = tenant_of(caller) else { return Ok(None) };
        let found = self.0.load_in_tenant(tenant, id).await?;
        Ok(found.filter(|resource| resource.tenant() == tenant))
    }
}

/// What lies within a parent is of the parent's tenant, and the parent of the caller's.
impl<P, R, S> LoadWithin<P, R> for TenantStore<S>
where
    P: Resource + TenantScoped,
    R: ChildOf<P> + TenantScoped,
    S: LoadWithin<P, R>,
{
    async fn load_within(&self, parent: &P, id: &R::Id) -> Result<Option<R>, StoreError> {
        let found = self.0.load_within(parent, id).await?;
        Ok(found.filter(|resource| resource.tenant() == parent.tenant()))
    }

    /// The parent may come from a store without walls.
    async fn load_within_for(
        &self,
        caller: &Principal,
        parent: &P,
        id: &R::Id,
    ) -> Result<Option<R>, StoreError> {
        if tenant_of(caller) == Some(parent.tenant()) { self.load_within(parent, id).await } else { Ok(None) }
    }
}

/// The caller's tenant; an empty name is none.
fn tenant_of(caller: &Principal) -> Option<&str> {
    caller.tenant().filter(|tenant| !tenant.is_empty())
}

impl<S> fmt::Debug for TenantStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantStore(..)")
    }
}

#[derive(Debug)]
struct NoTenant;

impl fmt::Display for NoTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource of a tenant was asked for without a caller")
    }
}

impl std::error::Error for NoTenant {}
