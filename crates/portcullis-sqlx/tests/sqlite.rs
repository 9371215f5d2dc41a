//! What a list shows by SQL, what the filter says of each resource in memory, and what a guard allows, are the same.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::cell::OnceCell;

use portcullis_authz::{Field, Filter, Filtered, ListPolicy, Policy, Read};
use portcullis_core::{CredentialMethod, Principal};
use portcullis_sqlx::PushFilter;
use proptest::prelude::*;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use tokio::runtime::{Builder, Runtime};

#[derive(Clone, Debug)]
struct Document {
    owner: String,
    team: Option<String>,
    level: Option<i64>,
    public: bool,
}

const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
const TEAM: Field<Document, str> = Field::text("documents.team", |document| document.team.as_deref());
const LEVEL: Field<Document, i64> = Field::integer("level", |document| document.level);
const PUBLIC: Field<Document, bool> = Field::boolean("public", |document| Some(document.public));

/// A table that makes it as hard as it can: columns that ignore case, and absent values.
const TABLE: &str = "CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL COLLATE NOCASE,
    team TEXT COLLATE RTRIM,
    level INTEGER,
    public BOOLEAN NOT NULL
)";

thread_local! {
    static DATABASE: OnceCell<(Runtime, SqlitePool)> = const { OnceCell::new() };
}

/// The numbers of the documents that the filter lets through, asked by SQL.
fn listed(documents: &[Document], filter: &Filter<Document>) -> Vec<i64> {
    DATABASE.with(|database| {
        let (runtime, pool) = database.get_or_init(|| {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let pool = runtime.block_on(async {
                let pool =
                    SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
                sqlx::raw_sql(TABLE).execute(&pool).await.unwrap();
                pool
            });
            (runtime, pool)
        });
        runtime.block_on(async {
            sqlx::query("DELETE FROM documents").execute(pool).await.unwrap();
            for (number, document) in (0_i64..).zip(documents) {
                sqlx::query("INSERT INTO documents VALUES (?, ?, ?, ?, ?)")
                    .bind(number)
                    .bind(&document.owner)
                    .bind(&document.team)
                    .bind(document.level)
                    .bind(document.public)
                    .execute(pool)
                    .await
                    .unwrap();
            }
            let mut query =
                QueryBuilder::<Sqlite>::new("SELECT number FROM documents WHERE number >= 0 AND ");
            query.push_filter(filter).unwrap().push(" ORDER BY number");
            let rows = query.build().fetch_all(pool).await.unwrap();
            rows.iter().map(|row| row.get("number")).collect()
        })
    })
}

fn in_memory(documents: &[Document], filter: &Filter<Document>) -> Vec<i64> {
    (0..).zip(documents).filter(|(_, document)| filter.matches(document)).map(|(number, _)| number).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["alice", "Alice", "alice ", "", "7", "é", "e\u{301}", "'", "\\", "%", "NULL"])
            .prop_map(str::to_owned),
        1 => "[^\0]{0,6}",
    ]
}

fn document() -> impl Strategy<Value = Document> {
    (text(), prop::option::of(text()), prop::option::of(-2..3_i64), any::<bool>())
        .prop_map(|(owner, team, level, public)| Document { owner, team, level, public })
}

fn filter() -> impl Strategy<Value = Filter<Document>> {
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

fn caller() -> impl Strategy<Value = Principal> {
    (text(), prop::collection::vec(text(), 0..3), any::<bool>()).prop_map(|(name, groups, auditor)| {
        let caller = Principal::builder(name, CredentialMethod::Jwt).groups(groups);
        if auditor { caller.role("auditor").build() } else { caller.build() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn sql_lists_what_the_filter_lets_through(
        documents in prop::collection::vec(document(), 0..8),
        filter in filter(),
    ) {
        prop_assert_eq!(listed(&documents, &filter), in_memory(&documents, &filter), "{}", filter);
    }

    /// A21.1: neither a list shows what a single read hides, nor the reverse.
    #[test]
    fn a_list_and_single_reads_never_disagree(
        documents in prop::collection::vec(document(), 0..8),
        caller in caller(),
    ) {
        let rules = Filtered(Rules);
        let allowed: Vec<i64> = (0..)
            .zip(&documents)
            .filter(|(_, document)| Policy::<Read, _>::decide(&rules, &caller, *document).is_allowed())
            .map(|(number, _)| number)
            .collect();
        let filter = ListPolicy::<Read, Document>::filter(&rules, &caller);
        prop_assert_eq!(listed(&documents, &filter), allowed);
    }
}

#[test]
fn a_filter_that_is_too_large_makes_no_query() {
    let many = OWNER.one_of((0..2000).map(|number| number.to_string()));
    let mut query = QueryBuilder::<Sqlite>::new("SELECT 1 WHERE ");
    assert!(query.push_filter(&many).map(drop).unwrap_err().is_too_large());
    assert_eq!(query.into_string(), "SELECT 1 WHERE ");
}

#[test]
fn the_largest_filter_is_within_what_the_database_takes() {
    let document = Document { owner: "1023".to_owned(), team: None, level: None, public: false };
    let many = OWNER.one_of((0..1024).map(|number| number.to_string()));
    assert_eq!(listed(&[document], &many), [0]);
}
