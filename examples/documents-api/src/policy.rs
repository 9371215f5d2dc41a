//! The attribute rules, in one place: what a caller may do with a document.
//!
//! 1. Admins may do everything.
//! 2. Owners read, write and delete their own documents.
//! 3. Everyone authenticated reads public documents.
//! 4. Managers read the documents of the teams that they manage.
//! 5. Nothing else; and whoever may not, sees no more than that there is nothing (404).

use portcullis::authz::{Delete, Load, Policy, Read, Resource, Write};
use portcullis::core::StoreError;
use portcullis::{Decision, Principal, Reason};

use crate::database::Database;
use crate::model::{Document, DocumentId, Visibility};

/// The role that may do everything.
pub(crate) const ADMIN: &str = "admin";

/// The rules, for the guard that stands before every handler of one document.
#[derive(Clone, Copy, Debug)]
pub struct Rules;

impl Policy<Read, Document> for Rules {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        Decision::allow_if(Reach::of(caller).may_read(document), Reason::PolicyDenied)
    }
}

impl Policy<Write, Document> for Rules {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        Decision::allow_if(Reach::of(caller).may_write(document), Reason::PolicyDenied)
    }
}

impl Policy<Delete, Document> for Rules {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        Decision::allow_if(Reach::of(caller).may_delete(document), Reason::PolicyDenied)
    }
}

/// Of `/documents/{id}`. Refused and absent documents are answered alike, which is the default.
impl Resource for Document {
    type Id = DocumentId;
    type Store = Database;
    type Rules = Rules;
    const PARAM: &'static str = "id";
}

impl Load<Document> for Database {
    async fn load(&self, id: &DocumentId) -> Result<Option<Document>, StoreError> {
        self.document(id).await
    }
}

/// How far a caller reaches: what the rules need to know of it. The guard of one document and the query of the
/// list are both made from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach<'a> {
    /// Whether the caller is an admin.
    pub everything: bool,
    /// The user that the caller is, and so whose documents are its own.
    pub user: Option<&'a str>,
    /// The teams that the caller manages.
    pub teams: Vec<&'a str>,
}

impl<'a> Reach<'a> {
    /// A caller that an outside issuer vouches for is no user of this service, whatever its roles and groups
    /// say: it reaches public documents only. (Known ones were turned into users before; see `known_users`.)
    pub fn of(caller: &'a Principal) -> Self {
        if caller.issuer().is_some() {
            return Self { everything: false, user: None, teams: Vec::new() };
        }
        Self {
            everything: caller.has_role(ADMIN),
            user: Some(caller.subject()),
            teams: caller.groups().collect(),
        }
    }

    pub fn may_read(&self, document: &Document) -> bool {
        self.owns(document)
            || document.visibility == Visibility::Public
            || document.team.as_deref().is_some_and(|team| self.teams.contains(&team))
    }

    pub fn may_write(&self, document: &Document) -> bool {
        self.owns(document)
    }

    pub fn may_delete(&self, document: &Document) -> bool {
        self.owns(document)
    }

    fn owns(&self, document: &Document) -> bool {
        self.everything || self.user == Some(document.owner.as_str())
    }
}

#[cfg(test)]
mod tests {
    use portcullis::CredentialMethod;
    use portcullis::core::PrincipalBuilder;

    use super::*;
    use crate::model::DocumentId;

    fn caller(name: &str) -> PrincipalBuilder {
        Principal::builder(name, CredentialMethod::Jwt)
    }

    fn document(owner: &str, team: Option<&str>, visibility: Visibility) -> Document {
        Document {
            id: DocumentId::generate(std::time::Duration::ZERO).unwrap(),
            owner: owner.into(),
            team: team.map(Into::into),
            visibility,
            title: String::new(),
            body: String::new(),
            created_at: 0,
            updated_at: 0,
        }
    }

    #[track_caller]
    fn check(caller: PrincipalBuilder, document: &Document, read: bool, write: bool) {
        let caller = caller.build();
        let reach = Reach::of(&caller);
        assert_eq!(reach.may_read(document), read, "read by {caller:?}");
        assert_eq!(reach.may_write(document), write, "write by {caller:?}");
        assert_eq!(reach.may_delete(document), write, "delete by {caller:?}");
    }

    #[test]
    fn owners_and_admins_read_and_write() {
        let private = document("alice", Some("engineering"), Visibility::Private);
        check(caller("alice"), &private, true, true);
        check(caller("adam").role("admin"), &private, true, true);
        check(caller("bob").role("editor"), &private, false, false);
    }

    #[test]
    fn everyone_reads_public_documents_and_only_reads() {
        let public = document("alice", None, Visibility::Public);
        check(caller("bob"), &public, true, false);
        check(caller("stranger").issuer("https://idp.example"), &public, true, false);
    }

    #[test]
    fn managers_read_what_their_teams_have_and_only_read() {
        let private = document("alice", Some("engineering"), Visibility::Private);
        check(caller("maria").groups(["engineering"]), &private, true, false);
        check(caller("maria").groups(["finance"]), &private, false, false);
        check(
            caller("maria").groups(["engineering"]),
            &document("alice", None, Visibility::Private),
            false,
            false,
        );
    }

    #[test]
    fn an_outside_caller_cannot_claim_to_be_a_user_an_admin_or_a_manager() {
        let private = document("alice", Some("engineering"), Visibility::Private);
        let outside = caller("alice").issuer("https://idp.example").role("admin").groups(["engineering"]);
        check(outside, &private, false, false);
    }
}
