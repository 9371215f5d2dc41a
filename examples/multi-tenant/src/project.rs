//! What belongs to a tenant, and who of the tenant may do what with it.

use portcullis::authz::{
    Assigned, Delete, Field, FieldPolicy, FieldSet, Filter, Filtered, ListPolicy, Policy, Read, Redacted,
    Resource, Submitted, TenantScoped, TenantStore, Write,
};
use portcullis::{ConfigErrors, Decision, Principal};
use serde::{Deserialize, Serialize};

use crate::store::Projects;

/// Names a project within its tenant: every tenant counts from 1.
pub type ProjectId = u32;

/// The role that may do everything, within the tenant of the token that has it.
pub(crate) const ADMIN: &str = "admin";

/// A project of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Project {
    pub id: ProjectId,
    pub tenant: String,
    pub owner: String,
    pub name: String,
    /// For its owner and the admins alone.
    pub budget: Option<u64>,
}

/// What `PUT` takes. There is no field for a tenant, and an unknown field is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub name: Name,
    /// For admins alone.
    pub owner: Option<Name>,
    /// For admins alone.
    pub budget: Option<u64>,
}

impl Submitted for Change {
    type Rules = Rules;
}

const OWNER: Field<Project, str> = Field::text("owner", |project| Some(&project.owner));

/// Of paths with `{id}`. Its store keeps tenants apart, so that the rules below never see what another tenant has.
impl Resource for Project {
    type Id = ProjectId;
    type Store = TenantStore<Projects>;
    type Rules = Filtered<Rules>;
}

/// Single reads look at it, and the filter of every list has it.
impl TenantScoped for Project {
    const TENANT: Field<Self, str> = Field::text("tenant", |project| Some(&project.tenant));
}

/// Everyone of the tenant reads its projects, their owners and admins the budget too; owners and admins change them, admins
/// alone their owner and budget; admins delete them. No word of tenants: a rule that forgets them cannot break the wall.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What everyone of the tenant sees of a project.
    seen_by_all: FieldSet,
    /// What its owner and the admins see.
    seen_by_owner: FieldSet,
    /// What every caller may set.
    set_by_all: FieldSet,
    /// What admins may set.
    set_by_admins: FieldSet,
}

impl Rules {
    /// The lists of fields, made once. A field that is added to [`Project`] one day is seen by nobody before it stands here.
    ///
    /// # Errors
    /// What is no path of a field.
    pub fn new() -> Result<Self, ConfigErrors> {
        Ok(Self {
            seen_by_all: FieldSet::new(["id", "tenant", "owner", "name"])?,
            seen_by_owner: FieldSet::new(["id", "tenant", "owner", "name", "budget"])?,
            set_by_all: FieldSet::new(["name"])?,
            set_by_admins: FieldSet::new(["name", "owner", "budget"])?,
        })
    }

    /// The project as far as the caller may see it.
    pub(crate) fn shown(&self, caller: &Principal, project: Project) -> Redacted<Project> {
        let fields = FieldPolicy::<Read, _>::fields(self, caller, &project);
        Redacted::new(project, fields)
    }
}

impl FieldPolicy<Read, Project> for Rules {
    fn fields(&self, caller: &Principal, project: &Project) -> &FieldSet {
        let sees_all = project.owner == caller.subject() || caller.has_role(ADMIN);
        if sees_all { &self.seen_by_owner } else { &self.seen_by_all }
    }
}

/// Asked about the body of `PUT`, after the project's own rule let the caller in: whoever writes a field that is not theirs
/// to set changes nothing.
impl Policy<Write, Assigned<Change>> for Rules {
    fn decide(&self, caller: &Principal, change: &Assigned<Change>) -> Decision {
        change.decide(if caller.has_role(ADMIN) { &self.set_by_admins } else { &self.set_by_all })
    }
}

/// What one of the tenant reads by itself and in a list. "Everything" is everything of the tenant.
impl ListPolicy<Read, Project> for Rules {
    fn filter(&self, _: &Principal) -> Filter<Project> {
        Filter::all()
    }
}

impl ListPolicy<Write, Project> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Project> {
        OWNER.equals(caller.subject()).or(Filter::all_if(caller.has_role(ADMIN)))
    }
}

impl ListPolicy<Delete, Project> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Project> {
        Filter::all_if(caller.has_role(ADMIN))
    }
}

/// The name of a project: one line of 1 to 100 octets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let is_name = (1..=100).contains(&text.len()) && !text.chars().any(char::is_control);
        if is_name { Ok(Self(text)) } else { Err(InvalidName) }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// Text that is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl std::fmt::Display for InvalidName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name is one line of 1 to 100 octets")
    }
}

impl std::error::Error for InvalidName {}
