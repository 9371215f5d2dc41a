//! Resources of many tenants, each of whom sees their own.

use std::fmt;
use std::future::Future;

use portcullis_core::{Principal, StoreError};

use super::filter::{Field, Filter};
use super::nested::{ChildOf, LoadWithin};
use super::resource::{Apart, Load, Resource};

/// Something that belongs to one tenant. See [`TenantStore`].
///
/// A resource that has a tenant, and a store that shows it to all of them, do not compile together:
///
/// ```compile_fail,E0277
/// use portcullis_authz::{Field, Resource, TenantScoped};
///
/// struct Invoice { tenant: String }
/// struct Database;
///
/// impl Resource for Invoice {
///     type Id = u32;
///     type Store = Database; // not `TenantStore<Database>`
///     type Rules = ();
/// }
///
/// impl TenantScoped for Invoice {
///     const TENANT: Field<Self, str> = Field::text("tenant", |invoice| Some(&invoice.tenant));
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which tenant it belongs to",
    note = "write `impl TenantScoped for {Self}`; a resource that all tenants share has a store of its own, outside of the `TenantStore`"
)]
pub trait TenantScoped: Resource<Store: TenantsApart> {
    /// The tenant, as [`Principal::tenant`] names it: the column that holds it, by which lists are limited, and how a loaded
    /// resource tells it. What has none is nobody's.
    const TENANT: Field<Self, str>;
}

/// A store that shows each caller what their tenant has, and nothing else: [`TenantStore`].
///
/// No other store can say so of itself: that single reads and lists show one tenant is not left to a promise. One that remembers
/// what was loaded, or asks several databases, implements [`LoadInTenant`] and stands within the [`TenantStore`].
///
/// ```compile_fail,E0277
/// use portcullis_authz::TenantsApart;
///
/// struct Walled;
///
/// impl TenantsApart for Walled {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` shows every tenant what all of them have",
    note = "what is `TenantScoped` is kept in a store that keeps tenants apart: write `type Store = TenantStore<{Self}>`"
)]
pub trait TenantsApart: sealed::Sealed {}

impl<S> TenantsApart for TenantStore<S> {}

impl<S> sealed::Sealed for TenantStore<S> {}

mod sealed {
    #[expect(unnameable_types, reason = "nobody outside may implement it")]
    pub trait Sealed {}
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

/// What one tenant has in a store, for what guards do not load: lists and writes.
///
/// Handlers get the view from [`TenantStore::view_for`], and never the store, so that no query of theirs can forget the
/// tenant: the view knows it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no view of what one tenant has",
    note = "write `impl ViewOfTenant for {Self}`"
)]
pub trait ViewOfTenant {
    /// The store as that tenant sees it: without a way to what others have.
    type View;

    /// What this tenant has.
    fn view_of_tenant(&self, tenant: &str) -> Self::View;
}

/// A store that shows each caller the resources of their own tenant, and no others.
///
/// An application of many tenants names `TenantStore<Database>` as the store of its resources, and hands out nothing
/// else by `FromRef`. Then forgetting the tenant does not compile:
///
/// - a resource that does not say whose it is ([`TenantScoped`]) can neither be loaded nor listed,
/// - one that says it cannot have the bare `Database` as its store ([`TenantsApart`]),
/// - a store that cannot ask for the tenant ([`LoadInTenant`]) cannot be wrapped,
/// - a handler that asks for the bare `Database` finds none in the application's state.
///
/// What another tenant has is absent, before any policy is asked: the store is asked for the caller's tenant alone, and
/// what it returns is looked at once more. A list is limited to the same tenant: the filter of a
/// [`Visible`](crate::Visible) has the condition, whatever the policy says. A caller without a tenant sees nothing, and
/// nothing is loaded.
///
/// ```
/// use portcullis_authz::{
///     Dialect, Field, Filter, Filtered, Guard, ListPolicy, LoadInTenant, Read, Resource, TenantScoped, TenantStore, Visible,
/// };
/// use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, StoreError, Trail};
///
/// #[derive(Clone)]
/// struct Invoice { tenant: String, number: u32 }
/// struct Database(Vec<Invoice>);
/// struct Rules;
///
/// impl Resource for Invoice {
///     type Id = u32;
///     type Store = TenantStore<Database>;
///     type Rules = Filtered<Rules>;
///     const PARAM: &'static str = "number";
/// }
///
/// impl TenantScoped for Invoice {
///     const TENANT: Field<Self, str> = Field::text("tenant", |invoice| Some(&invoice.tenant));
/// }
///
/// impl LoadInTenant<Invoice> for Database {
///     async fn load_in_tenant(&self, tenant: &str, number: &u32) -> Result<Option<Invoice>, StoreError> {
///         Ok(self.0.iter().find(|invoice| invoice.tenant == tenant && invoice.number == *number).cloned())
///     }
/// }
///
/// /// Forgets tenants.
/// impl ListPolicy<Read, Invoice> for Rules {
///     fn filter(&self, caller: &Principal) -> Filter<Invoice> {
///         Filter::all_if(caller.has_role("accountant"))
///     }
/// }
///
/// // Stands for an authentication layer that found Alice of the tenant `acme`.
/// let mut request = http::Request::new(());
/// let alice = Principal::builder("alice", CredentialMethod::Jwt).tenant("acme").role("accountant").build();
/// Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice.clone()).unwrap();
/// let view = RequestView::of(&request)?;
///
/// // A single read: the number 2 is another tenant's.
/// let invoice = |tenant: &str, number| Invoice { tenant: tenant.into(), number };
/// let store = TenantStore::new(Database(vec![invoice("acme", 1), invoice("globex", 2)]));
/// let rules = Filtered(Rules);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let guard = Guard::new(&rules);
/// assert!(guard.load_and_authorize::<Read, Invoice>(&view, &store, "1").await.is_ok());
/// assert_eq!(guard.load_and_authorize::<Read, Invoice>(&view, &store, "2").await.unwrap_err().status(), 404);
/// # });
///
/// // And a list.
/// let visible: Visible<Read, Invoice> = Guard::new(&rules).visible(&view)?;
/// assert_eq!(visible.filter().to_sql(Dialect::Postgres, 1).unwrap().sql(), "tenant = $1");
/// # Ok::<(), portcullis_core::Denial>(())
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

    /// What the caller's tenant has, for lists and writes. `None` if the caller is of no tenant, who sees nothing.
    ///
    /// ```
    /// use portcullis_authz::{TenantStore, ViewOfTenant};
    /// use portcullis_core::{CredentialMethod, Principal};
    ///
    /// struct Notes(Vec<(String, String)>);
    ///
    /// impl ViewOfTenant for Notes {
    ///     type View = Vec<String>; // over a database, rather a type with its pool, the tenant, and the queries
    ///
    ///     fn view_of_tenant(&self, tenant: &str) -> Vec<String> {
    ///         self.0.iter().filter(|(owner, _)| owner == tenant).map(|(_, note)| note.clone()).collect()
    ///     }
    /// }
    ///
    /// let notes = [("acme", "Rockets"), ("globex", "Hammocks")].map(|(tenant, note)| (tenant.into(), note.into()));
    /// let store = TenantStore::new(Notes(notes.into()));
    /// let caller = || Principal::builder("alice", CredentialMethod::Jwt);
    /// assert_eq!(store.view_for(&caller().tenant("acme").build()), Some(vec!["Rockets".to_owned()]));
    /// assert_eq!(store.view_for(&caller().build()), None);
    /// ```
    pub fn view_for(&self, caller: &Principal) -> Option<S::View>
    where
        S: ViewOfTenant,
    {
        Some(self.0.view_of_tenant(tenant_of(caller)?))
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
    const TENANTS_APART: Option<Apart> = Some(Apart(()));

    /// Fails: without a caller there is no tenant.
    async fn load(&self, _: &R::Id) -> Result<Option<R>, StoreError> {
        Err(StoreError::new(NoTenant))
    }

    async fn load_for(&self, caller: &Principal, id: &R::Id) -> Result<Option<R>, StoreError> {
        let Some(tenant) = tenant_of(caller) else { return Ok(None) };
        let found = self.0.load_in_tenant(tenant, id).await?;
        Ok(found.filter(|resource| R::TENANT.of(resource) == Some(tenant)))
    }

    fn reachable_for(caller: &Principal) -> Filter<R> {
        R::TENANT.equals_some(tenant_of(caller))
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
        let tenant = P::TENANT.of(parent);
        Ok(found.filter(|resource| tenant.is_some() && R::TENANT.of(resource) == tenant))
    }

    /// The parent may come from a store without walls.
    async fn load_within_for(
        &self,
        caller: &Principal,
        parent: &P,
        id: &R::Id,
    ) -> Result<Option<R>, StoreError> {
        let tenant = tenant_of(caller);
        if tenant.is_some() && P::TENANT.of(parent) == tenant {
            self.load_within(parent, id).await
        } else {
            Ok(None)
        }
    }
}

/// The caller's tenant; an empty name is none.
pub(super) fn tenant_of(caller: &Principal) -> Option<&str> {
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
