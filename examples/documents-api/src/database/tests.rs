use portcullis::authn::insecure_fast_hash;
use portcullis::authz::{Filter, ListPolicy, Read};
use portcullis::{CredentialMethod, Principal};

use super::*;
use crate::demo;
use crate::model::{Document, DocumentId, NewDocument, Visibility};
use crate::policy::Rules;
use crate::testing::Folder;

const PATIENCE: Duration = Duration::from_millis(20);

async fn open(path: &Path) -> Result<Database, OpenError> {
    Database::open_patiently(path, Clock::system(), PATIENCE).await
}

fn document(title: &str, team: Option<&str>, visibility: Visibility) -> NewDocument {
    let team = team.map(|team| team.parse().unwrap());
    NewDocument { title: title.parse().unwrap(), body: "text".parse().unwrap(), team, visibility }
}

/// Another program's connection to the file.
async fn other(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).busy_timeout(PATIENCE);
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let database = open(&path).await.unwrap();
    let written = database.insert_document("alice", &document("a", None, Visibility::Private)).await.unwrap();
    database.close().await;
    let database = open(&path).await.unwrap();
    assert_eq!(database.document(&written.id).await.unwrap(), Some(written));
}

/// Each on its own thread, as processes are that start at the same time.
#[test]
fn whoever_opens_a_new_file_at_the_same_time_finds_the_same_database() {
    for _ in 0..20 {
        let folder = Folder::new();
        let path = folder.path().join("db");
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        Database::open(&path, Clock::system()).await.unwrap().close().await;
                    });
                });
            }
        });
    }
}

#[tokio::test]
async fn a_document_is_replaced_whole_but_for_owner_and_creation_and_deleted_once() {
    let folder = Folder::new();
    let database = open(&folder.path().join("db")).await.unwrap();
    let new = document("a", Some("engineering"), Visibility::Public);
    let before = database.insert_document("alice", &new).await.unwrap();
    let new = document("b", None, Visibility::Private);
    let after = database.replace_document(&before.id, &new).await.unwrap().unwrap();
    assert_eq!((after.owner.as_str(), after.created_at), ("alice", before.created_at));
    assert_eq!((after.title.as_str(), after.team, after.visibility), ("b", None, Visibility::Private));
    assert!(database.delete_document(&before.id).await.unwrap());
    assert!(!database.delete_document(&before.id).await.unwrap());
    assert_eq!(database.replace_document(&before.id, &new).await.unwrap(), None);
    assert_eq!(database.document(&before.id).await.unwrap(), None);
}

#[tokio::test]
async fn the_list_holds_exactly_what_the_policy_lets_the_caller_read() {
    let folder = Folder::new();
    let database = open(&folder.path().join("db")).await.unwrap();
    let mut all = Vec::<Document>::new();
    for owner in ["alice", "bob", "https://idp.example#alice"] {
        for team in [None, Some("engineering"), Some("finance")] {
            for visibility in [Visibility::Private, Visibility::Public] {
                let new = document("t", team, visibility);
                all.push(database.insert_document(owner, &new).await.unwrap());
            }
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));

    let mut compared = 0;
    for name in ["alice", "bob", "zoe", "", "https://idp.example#alice"] {
        for role in ["admin", "editor", "reader"] {
            for teams in [&[][..], &["engineering"], &["finance", "engineering"], &["\"]"]] {
                for issuer in [None, Some("https://idp.example")] {
                    let mut caller = Principal::builder(name, CredentialMethod::Jwt)
                        .role(role)
                        .groups(teams.iter().copied());
                    if let Some(issuer) = issuer {
                        caller = caller.issuer(issuer);
                    }
                    let caller = caller.build();
                    let readable = ListPolicy::<Read, Document>::filter(&Rules, &caller);
                    let listed = database.readable_documents(&readable, None, 100).await.unwrap();
                    let listed: Vec<_> = listed.into_iter().map(|summary| summary.id).collect();
                    let allowed: Vec<_> =
                        all.iter().filter(|d| readable.matches(d)).map(|d| d.id.clone()).collect();
                    assert_eq!(listed, allowed, "{caller:?}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 120);
}

#[tokio::test]
async fn a_list_is_read_in_pages() {
    let folder = Folder::new();
    let database = open(&folder.path().join("db")).await.unwrap();
    for _ in 0..5 {
        database.insert_document("alice", &document("t", None, Visibility::Public)).await.unwrap();
    }
    let mut after: Option<DocumentId> = None;
    let mut lengths = Vec::new();
    loop {
        let page = database.readable_documents(&Filter::all(), after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        lengths.push(page.len());
        after = Some(last.id.clone());
    }
    assert_eq!(lengths, [2, 2, 1]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_and_kept() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let garbage = b"this is not a database, but long enough to look at. ".repeat(40);
    std::fs::write(&path, &garbage).unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), garbage);
}

#[tokio::test]
async fn the_database_of_another_program_is_named_and_kept() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let mut connection = other(&path).await;
    sqlx::raw_sql("CREATE TABLE users (x)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_database_is_named() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let database = open(&path).await.unwrap();
    for _ in 0..50 {
        database.insert_document("alice", &document("t", None, Visibility::Public)).await.unwrap();
    }
    database.close().await;
    let mut content = std::fs::read(&path).unwrap();
    content[4096..].fill(0x5a);
    std::fs::write(&path, content).unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_not_touched() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    open(&path).await.unwrap().close().await;
    let mut connection = other(&path).await;
    sqlx::raw_sql("PRAGMA user_version = 2").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { version: 2, .. }), "{error:?}");
}

#[tokio::test]
async fn a_locked_database_is_named_and_opens_when_it_is_free() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let mut connection = other(&path).await;
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_cannot_be_opened() {
    let folder = Folder::new();
    let error = open(folder.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_failure_at_run_time_is_an_error_and_nothing_is_lost() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let database = open(&path).await.unwrap();
    let mut connection = other(&path).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    let new = document("t", None, Visibility::Public);
    assert!(database.insert_document("alice", &new).await.is_err());
    sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
    assert!(database.insert_document("alice", &new).await.is_ok());

    sqlx::raw_sql("DROP TABLE documents").execute(&mut connection).await.unwrap();
    assert!(database.readable_documents(&Filter::all(), None, 10).await.is_err());
}

#[tokio::test]
async fn a_new_hash_never_brings_back_a_password_that_was_changed_meanwhile() {
    let folder = Folder::new();
    let database = open(&folder.path().join("db")).await.unwrap();
    demo::prepare(&database, &folder.path().join("credentials.json"), insecure_fast_hash).await.unwrap();
    let hash = |text| insecure_fast_hash(text).unwrap();
    let stored = async || database.user_with_password("alice").await.unwrap().unwrap().1;
    let (outdated, changed) = (stored().await, hash("changed"));
    for (renewed, expected) in [(&changed, &changed), (&hash("old"), &changed)] {
        database.replace_password_hash("alice", outdated.expose(), renewed.expose()).await.unwrap();
        assert_eq!(stored().await.expose(), expected.expose());
    }
}

#[tokio::test]
async fn two_processes_that_start_at_once_seed_once() {
    let folder = Folder::new();
    let path = folder.path().join("db");
    let file = folder.path().join("credentials.json");
    let start = || async {
        let database = Database::open(&path, Clock::system()).await.unwrap();
        demo::prepare(&database, &file, insecure_fast_hash).await.unwrap().unwrap();
        database
    };
    let (one, other) = tokio::join!(start(), start());
    assert_eq!(one.readable_documents(&Filter::all(), None, 100).await.unwrap().len(), 5);
    assert_eq!(other.readable_documents(&Filter::all(), None, 100).await.unwrap().len(), 5);
}
