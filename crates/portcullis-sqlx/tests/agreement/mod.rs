//! Documents, filters and callers by chance, and what memory and policies say of them: a database must say the same.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use portcullis_authz::{
    Field, Filter, Filtered, Guard, ListPolicy, LoadInTenant, Read, Resource, TenantScoped, TenantStore,
    Visible,
};
use portcullis_core::{Clock, CredentialMethod, Principal, RequestView, StoreError, Trail};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) tenant: Option<String>,
    pub(crate) owner: String,
    pub(crate) team: Option<String>,
    pub(crate) level: Option<i64>,
    pub(crate) public: bool,
}

pub(crate) const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
const TEAM: Field<Document, str> = Field::text("documents.team", |document| document.team.as_deref());
const LEVEL: Field<Document, i64> = Field::integer("level", |document| document.level);
const PUBLIC: Field<Document, bool> = Field::boolean("public", |document| Some(document.public));

/// Both kinds of reads ask it: each number is a place in the list. It forgets to look at the tenant.
pub(crate) struct Shelf(Arc<[Document]>);

impl Resource for Document {
    type Id = usize;
    type Store = TenantStore<Shelf>;
    type Rules = Filtered<Rules>;
}

impl TenantScoped for Document {
    const TENANT: Field<Self, str> = Field::text("documents.tenant", |document| document.tenant.as_deref());
}

impl LoadInTenant<Document> for Shelf {
    async fn load_in_tenant(&self, _: &str, number: &usize) -> Result<Option<Document>, StoreError> {
        Ok(self.0.get(*number).cloned())
    }
}

/// The numbers of the documents that the filter lets through, without a database.
pub(crate) fn in_memory(documents: &[Document], filter: &Filter<Document>) -> Vec<i64> {
    (0..).zip(documents).filter(|(_, document)| filter.matches(document)).map(|(number, _)| number).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["alice", "Alice", "alice ", "", "7", "é", "e\u{301}", "'", "\\", "%", "NULL"])
            .prop_map(str::to_owned),
        1 => "[^\0]{0,6}",
    ]
}

pub(crate) fn document() -> impl Strategy<Value = Document> {
    (tenant(), text(), prop::option::of(text()), prop::option::of(-2..3_i64), any::<bool>())
        .prop_map(|(tenant, owner, team, level, public)| Document { tenant, owner, team, level, public })
}

/// Few, so that callers meet documents of their own, and spelt alike, so that they meet others'.
fn tenant() -> impl Strategy<Value = Option<String>> {
    let names = vec!["acme", "ACME", "acme ", "globex", ""];
    prop::option::weighted(0.9, prop::sample::select(names).prop_map(str::to_owned))
}

pub(crate) fn filter() -> impl Strategy<Value = Filter<Document>> {
    let leaf = prop_oneof![
        Just(Filter::all()),
        Just(Filter::nothing()),
        text().prop_map(|value| OWNER.equals(value)),
        text().prop_map(|value| TEAM.equals(value)),
        prop::collection::vec(text(), 0..4).prop_map(|values| TEAM.one_of(values)),
        Just(TEAM.is_null()),
        (-2..3_i64).prop_map(|value| LEVEL.equals(value)),
        prop::collection::vec(-2..3_i64, 0..3).prop_map(|values| LEVEL.one_of(values)),
        any::<bool>().prop_map(|value| PUBLIC.equals(value)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(|inner| !inner),
        ]
    })
}

/// Owners, managers of a team, auditors who see all but one level; guests see what is public. It has no word of tenants.
pub(crate) struct Rules;

impl ListPolicy<Read, Document> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Document> {
        let secret = LEVEL.equals(2);
        OWNER
            .equals(caller.subject())
            .or(TEAM.one_of(caller.groups()))
            .or(PUBLIC.equals(true))
            .or(Filter::all_if(caller.has_role("auditor")).and(!secret))
    }
}

pub(crate) fn caller() -> impl Strategy<Value = Principal> {
    (tenant(), text(), prop::collection::vec(text(), 0..3), any::<bool>()).prop_map(
        |(tenant, name, groups, auditor)| {
            let caller = Principal::builder(name, CredentialMethod::Jwt).groups(groups);
            let caller = if auditor { caller.role("auditor") } else { caller };
            match tenant {
                Some(tenant) => caller.tenant(tenant).build(),
                None => caller.build(),
            }
        },
    )
}

/// What guards of single reads let the caller have, and the filter that a guard hands to a list.
pub(crate) fn allowed(documents: &[Document], caller: &Principal) -> (Vec<i64>, Filter<Document>) {
    let mut request = http::Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(caller.clone()).unwrap();
    let request = RequestView::of(&request).unwrap();
    let (rules, shelf) = (Filtered(Rules), TenantStore::new(Shelf(documents.into())));
    let guard = Guard::new(&rules);
    let single = |number: &usize| {
        let number = number.to_string();
        now(guard.load_and_authorize::<Read, Document>(&request, &shelf, &number)).is_ok()
    };
    let allowed = (0..documents.len()).filter(single).map(|number| i64::try_from(number).unwrap()).collect();
    let visible: Visible<Read, Document> = guard.visible(&request).unwrap();
    (allowed, visible.filter().clone())
}

/// Nothing here has to wait.
fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
    .unwrap()
}

/// As many comparisons as a filter may have, and the document that the last of them lets through.
pub(crate) fn largest() -> (Document, Filter<Document>) {
    let document =
        Document { tenant: None, owner: "1023".to_owned(), team: None, level: None, public: false };
    (document, OWNER.one_of((0..1024).map(|number| number.to_string())))
}
