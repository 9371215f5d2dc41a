//! Where projects are kept. Nothing in here is reached without naming a tenant.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use portcullis::authz::{LoadInTenant, Read, TenantStore, ViewOfTenant, Visible};
use portcullis::core::StoreError;
use portcullis::{Denial, Principal, Reason};

use crate::project::{Change, Name, Project, ProjectId};

/// How many projects a tenant can have.
pub const MAX_PROJECTS: usize = 1_000;

/// The projects of all tenants, in memory. Clones share them.
///
/// Guards reach them through [`TenantStore`], handlers through the view that it gives them, [`InTenant`]: both know the
/// tenant from the caller's token, never from the path or the body.
#[derive(Clone, Debug, Default)]
pub struct Projects {
    all: Arc<Mutex<BTreeMap<String, BTreeMap<ProjectId, Project>>>>,
}

impl Projects {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<ProjectId, Project>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The door of guards. `TenantStore` names the tenant of the caller.
impl LoadInTenant<Project> for Projects {
    async fn load_in_tenant(&self, tenant: &str, id: &ProjectId) -> Result<Option<Project>, StoreError> {
        Ok(self.view_of_tenant(tenant).find(*id))
    }
}

/// The door of handlers.
impl ViewOfTenant for Projects {
    type View = InTenant;

    fn view_of_tenant(&self, tenant: &str) -> InTenant {
        InTenant { tenant: tenant.to_owned(), projects: self.clone() }
    }
}

/// A handler's argument that is the projects of the caller's tenant, and has no way to those of another. A caller without
/// a tenant is refused.
#[derive(Clone, Debug)]
pub struct InTenant {
    tenant: String,
    projects: Projects,
}

impl<S> FromRequestParts<S> for InTenant
where
    S: Send + Sync,
    TenantStore<Projects>: FromRef<S>,
{
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denial> {
        let caller = Principal::from_request_parts(parts, state).await?;
        let own = TenantStore::from_ref(state).view_for(&caller);
        own.ok_or_else(|| Denial::new(Reason::PolicyDenied).explained("the caller belongs to no tenant"))
    }
}

impl InTenant {
    /// Those of the tenant's projects that the caller may see. Over a database: `push_filter(visible.filter())` of the
    /// feature `sqlx`, which names the tenant too.
    pub fn list(&self, visible: &Visible<Read, Project>) -> Vec<Project> {
        let all = self.projects.lock();
        let own = all.get(&self.tenant).into_iter().flat_map(BTreeMap::values);
        own.filter(|project| visible.filter().matches(project)).cloned().collect()
    }

    /// The tenant's project of that number.
    pub fn find(&self, id: ProjectId) -> Option<Project> {
        self.projects.lock().get(&self.tenant)?.get(&id).cloned()
    }

    /// Adds a project; `None` if the tenant has [`MAX_PROJECTS`].
    pub fn create(&self, owner: &str, name: Name) -> Option<Project> {
        let mut all = self.projects.lock();
        let own = all.entry(self.tenant.clone()).or_default();
        if own.len() >= MAX_PROJECTS {
            return None;
        }
        let id = own.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
        let (tenant, owner) = (self.tenant.clone(), owner.to_owned());
        let project = Project { id, tenant, owner, name: name.into(), budget: None };
        own.insert(id, project.clone());
        Some(project)
    }

    /// Changes what was said of the project, and leaves the rest; `None` if it is gone.
    pub fn change(&self, id: ProjectId, change: Change) -> Option<Project> {
        let mut all = self.projects.lock();
        let project = all.get_mut(&self.tenant)?.get_mut(&id)?;
        let Change { name, owner, budget } = change;
        project.name = name.into();
        if let Some(owner) = owner {
            project.owner = owner.into();
        }
        project.budget = budget.or(project.budget);
        Some(project.clone())
    }

    /// Removes the project; whether it was there.
    pub fn remove(&self, id: ProjectId) -> bool {
        self.projects.lock().get_mut(&self.tenant).is_some_and(|own| own.remove(&id).is_some())
    }
}
