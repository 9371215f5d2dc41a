//! What a list shows by SQL, what the filter says of each resource in memory, and what a guard allows, are the same.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::cell::OnceCell;

use portcullis_authz::Filter;
use portcullis_core::{CredentialMethod, Principal};
use portcullis_sqlx::PushFilter;
use proptest::prelude::*;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use tokio::runtime::{Builder, Runtime};

mod agreement;

use self::agreement::{Document, OWNER, allowed, caller, document, filter, in_memory, largest};

/// A table that makes it as hard as it can: columns that ignore case, and absent values.
const TABLE: &str = "CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    tenant TEXT COLLATE NOCASE,
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
                sqlx::query("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)")
                    .bind(number)
                    .bind(&document.tenant)
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
        let (allowed, filter) = allowed(&documents, &caller);
        prop_assert_eq!(listed(&documents, &filter), allowed);
    }
}

/// A21.1: an auditor whose policy forgets tenants, and the row of another tenant.
#[test]
fn a_policy_that_forgets_tenants_lists_no_row_of_another_tenant() {
    let of = |tenant: Option<&str>| Document {
        tenant: tenant.map(str::to_owned),
        owner: "bob".to_owned(),
        team: None,
        level: None,
        public: true,
    };
    let documents = [of(Some("acme")), of(Some("globex")), of(Some("ACME")), of(None), of(Some(""))];
    let auditor = || Principal::builder("alice", CredentialMethod::Jwt).role("auditor");
    for (caller, shown) in [
        (auditor().tenant("acme").build(), &[0][..]),
        (auditor().tenant("globex").build(), &[1]),
        (auditor().tenant("").build(), &[]),
        (auditor().build(), &[]),
    ] {
        let (allowed, filter) = allowed(&documents, &caller);
        assert_eq!((listed(&documents, &filter), allowed), (shown.to_vec(), shown.to_vec()), "{caller:?}");
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
    let (document, many) = largest();
    assert_eq!(listed(&[document], &many), [0]);
}
