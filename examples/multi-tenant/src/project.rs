//! What belongs to a tenant, and who of the tenant may do what with it.

use portcullis::authz::{Delete, Policy, Read, Resource, TenantScoped, TenantStore, Write};
use portcullis::{Decision, Principal, Reason};
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
}

/// Of paths with `{id}`. Its store keeps tenants apart, so that the rules below never see what another tenant has.
impl Resource for Project {
    type Id = ProjectId;
    type Store = TenantStore<Projects>;
    type Rules = Rules;
}

impl TenantScoped for Project {
    fn tenant(&self) -> &str {
        &self.tenant
    }
}

/// Everyone of the tenant reads its projects; owners and admins change them; admins delete them. No word of tenants: a
/// rule that forgets them cannot break the wall.
#[derive(Clone, Copy, Debug)]
pub struct Rules;

impl Policy<Read, Project> for Rules {
    fn decide(&self, _: &Principal, _: &Project) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }
}

impl Policy<Write, Project> for Rules {
    fn decide(&self, caller: &Principal, project: &Project) -> Decision {
        let allowed = project.owner == caller.subject() || caller.has_role(ADMIN);
        Decision::allow_if(allowed, Reason::PolicyDenied)
    }
}

impl Policy<Delete, Project> for Rules {
    fn decide(&self, caller: &Principal, _: &Project) -> Decision {
        Decision::allow_if(caller.has_role(ADMIN), Reason::PolicyDenied)
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
