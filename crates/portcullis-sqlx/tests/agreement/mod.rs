//! Documents, filters and callers by chance, and what memory and policies say of them: a database must say the same.

use portcullis_authz::{Field, Filter, Filtered, ListPolicy, Policy, Read};
use portcullis_core::{CredentialMethod, Principal};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) owner: String,
    pub(crate) team: Option<String>,
    pub(crate) level: Option<i64>,
    pub(crate) public: bool,
}

pub(crate) const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
const TEAM: Field<Document, str> = Field::text("documents.team", |document| document.team.as_deref());
const LEVEL: Field<Document, i64> = Field::integer("level", |document| document.level);
const PUBLIC: Field<Document, bool> = Field::boolean("public", |document| Some(document.public));

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
    (text(), prop::option::of(text()), prop::option::of(-2..3_i64), any::<bool>())
        .prop_map(|(owner, team, level, public)| Document { owner, team, level, public })
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

/// Owners, managers of a team, auditors who see all but one level; guests see what is public.
struct Rules;

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
    (text(), prop::collection::vec(text(), 0..3), any::<bool>()).prop_map(|(name, groups, auditor)| {
        let caller = Principal::builder(name, CredentialMethod::Jwt).groups(groups);
        if auditor { caller.role("auditor").build() } else { caller.build() }
    })
}

/// What the policy of single reads allows the caller, and the filter of the same policy for a list.
pub(crate) fn allowed(documents: &[Document], caller: &Principal) -> (Vec<i64>, Filter<Document>) {
    let rules = Filtered(Rules);
    let allowed = (0..)
        .zip(documents)
        .filter(|(_, document)| Policy::<Read, _>::decide(&rules, caller, *document).is_allowed())
        .map(|(number, _)| number)
        .collect();
    (allowed, ListPolicy::<Read, Document>::filter(&rules, caller))
}

/// As many comparisons as a filter may have, and the document that the last of them lets through.
pub(crate) fn largest() -> (Document, Filter<Document>) {
    let document = Document { owner: "1023".to_owned(), team: None, level: None, public: false };
    (document, OWNER.one_of((0..1024).map(|number| number.to_string())))
}
