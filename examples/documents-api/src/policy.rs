//! The attribute rules, in one place: what a caller may do with a document.
//!
//! 1. Admins may do everything.
//! 2. Owners read, write and delete their own documents.
//! 3. Everyone authenticated reads public documents.
//! 4. Managers read the documents of the teams that they manage.
//! 5. Nothing else; and whoever may not, sees no more than that there is nothing (404).
//! 6. Whoever may write adds documents of their own; only users add them to a team (403).

use portcullis::authz::{
    Create, Delete, Field, Filter, Filtered, ListPolicy, Load, Policy, Read, Resource, Submitted, Write,
};
use portcullis::core::{Decision, Explanation, Finding, StoreError};
use portcullis::{Principal, Reason};

use crate::database::Database;
use crate::model::{Document, DocumentId, NewDocument, Visibility};

/// The role that may do everything.
pub(crate) const ADMIN: &str = "admin";

const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
const TEAM: Field<Document, str> = Field::text("team", |document| document.team.as_deref());
const VISIBILITY: Field<Document, str> =
    Field::text("visibility", |document| Some(document.visibility.as_str()));

/// The rules: each says as one filter what a caller may do something to. The guard of one document and the query of the
/// list both ask it, so that they cannot disagree.
#[derive(Clone, Copy, Debug)]
pub struct Rules;

impl ListPolicy<Read, Document> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Document> {
        let public = VISIBILITY.equals(Visibility::Public.as_str());
        match user(caller) {
            None => public,
            Some(user) => owned(user).or(public).or(TEAM.one_of(user.groups())),
        }
    }
}

impl ListPolicy<Write, Document> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Document> {
        user(caller).map_or(Filter::nothing(), owned)
    }
}

impl ListPolicy<Delete, Document> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Document> {
        user(caller).map_or(Filter::nothing(), owned)
    }
}

/// A caller that an outside issuer vouches for is no user of this service, whatever its roles and groups say: it reaches
/// public documents only. (Known ones were turned into users before; see `known_users`.)
fn user(caller: &Principal) -> Option<&Principal> {
    Some(caller).filter(|caller| caller.issuer().is_none())
}

fn owned(user: &Principal) -> Filter<Document> {
    Filter::all_if(user.has_role(ADMIN)).or(OWNER.equals(user.subject()))
}

impl Policy<Create, NewDocument> for Rules {
    fn decide(&self, caller: &Principal, new: &NewDocument) -> Decision {
        if user(caller).is_none() && new.team.is_some() {
            let held = format!("a caller of {}", caller.issuer().unwrap_or_default());
            let asked = Explanation::new("no team, or a user of the service", Finding::Fails);
            return Decision::deny(Reason::PolicyDenied)
                .because("only users add documents to a team")
                .explained(asked.held(held).decisive());
        }
        Decision::allow(Reason::PolicyAllowed)
    }
}

/// What `POST /documents` takes.
impl Submitted for NewDocument {
    type Rules = Rules;
    /// Enough for 64 KiB of text, every octet of which JSON may write as six.
    const MAX_BODY_BYTES: usize = 512 * 1024;
}

/// Of `/documents/{id}`. Refused and absent documents are answered alike, which is the default.
impl Resource for Document {
    type Id = DocumentId;
    type Store = Database;
    type Rules = Filtered<Rules>;
    const PARAM: &'static str = "id";
}

impl Load<Document> for Database {
    async fn load(&self, id: &DocumentId) -> Result<Option<Document>, StoreError> {
        self.document(id).await
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
        let may_read = ListPolicy::<Read, Document>::filter(&Rules, &caller).matches(document);
        let may_write = ListPolicy::<Write, Document>::filter(&Rules, &caller).matches(document);
        let may_delete = ListPolicy::<Delete, Document>::filter(&Rules, &caller).matches(document);
        assert_eq!((may_read, may_write, may_delete), (read, write, write), "{caller:?}");
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
