//! Snapshots: what a reviewer is shown, and when a test fails.

use std::path::PathBuf;

use http::Method;
use portcullis_authz::{LoadRoles, RoleModel, RoleModelBuilder, ScopeCatalog, role, scope};
use portcullis_core::StoreError;
use portcullis_ratelimit::{MINUTE, client_ip, per};

use super::snapshot::Update;
use super::*;

fn table(rows: &[(Method, &str, RoutePolicy)]) -> RouteTable {
    let mut table = RouteTable::new();
    for (method, path, policy) in rows {
        table.add(Some(method.clone()), path, policy.clone(), "handler");
    }
    table
}

fn reads() -> RoutePolicy {
    RoutePolicy::requires(scope("read"))
}

/// A file of this test alone, gone when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("portcullis-table-{name}-{}.md", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[track_caller]
fn check(before: &RouteTable, now: &RouteTable, expected: &str) {
    assert_eq!(now.diff(&before.to_snapshot()).to_string(), expected);
}

#[test]
fn a_diff_lists_routes_that_came_went_and_changed() {
    let one = table(&[(Method::GET, "/a", reads()), (Method::GET, "/b|c", reads())]);
    check(&one, &one.clone(), "");
    let other = table(&[
        (Method::GET, "/b|c", RoutePolicy::requires(scope("read").or(role("admin")))),
        (Method::POST, "/a", RoutePolicy::public("a | b").limit(per(client_ip()).requests(5).every(MINUTE))),
    ]);
    check(
        &one,
        &other,
        "+ POST `/a` **public**: a \\| b - 5 per 60 s by client-ip\n\
         - GET `/a` `scope(read)` default -\n\
         ~ GET `/b\\|c`\n    access: `scope(read)` -> `scope(read) or role(admin)`\n",
    );
}

#[test]
fn every_cell_counts_but_the_name_of_the_handler() {
    let before = table(&[(Method::GET, "/a", reads())]);
    let via = table(&[(Method::GET, "/a", reads().via(["key"]))]);
    check(&before, &via, "~ GET `/a`\n    schemes: default -> key\n");
    let limited = table(&[(Method::GET, "/a", reads().limit(per(client_ip()).requests(5).every(MINUTE)))]);
    check(&before, &limited, "~ GET `/a`\n    limits: - -> 5 per 60 s by client-ip\n");
    let mut renamed = RouteTable::new();
    renamed.add(Some(Method::GET), "/a", reads(), "another");
    check(&before, &renamed, "");
}

#[test]
fn what_is_asked_besides_the_rule_stands_beside_it() {
    let table = table(&[(Method::GET, "/a", reads().demand("permit(Read Document)"))]);
    assert!(table.to_string().contains("scope(read), then permit(Read Document)"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&table.to_json()).unwrap();
    assert_eq!(json[0]["demands"], serde_json::json!(["permit(Read Document)"]));
    let before = "| Method | Path | Access |\n| - | - | - |\n| GET | `/a` | `scope(read)` |\n";
    let diff = table.diff(before).to_string();
    assert!(diff.contains("access: `scope(read)` -> `scope(read), then permit(Read Document)`"), "{diff}");
}

#[test]
fn a_column_that_the_file_does_not_have_is_a_change() {
    let now = table(&[(Method::GET, "/a", reads())]);
    let old = "| Method | Path | Access | Limits |\n| --- | --- | --- | --- |\n| GET | `/a` | `scope(read)` | - |\r\n";
    assert_eq!(now.diff(old).to_string(), "~ GET `/a`\n    schemes:  -> default\n");
}

#[test]
fn a_missing_file_is_an_error_and_is_not_written_unasked() {
    let file = File::new("missing");
    let table = table(&[(Method::GET, "/a", reads())]);
    let error = table.check_file(&file.0, Update::Never).unwrap_err();
    assert!(error.is_missing() && !file.0.exists());
    assert_eq!(error.diff().unwrap().added, ["GET `/a` `scope(read)` default -"]);
    assert!(error.to_string().contains("PORTCULLIS_UPDATE=1"), "{error}");
    // An application without routes has no file either.
    assert!(RouteTable::new().check_file(&file.0, Update::Never).unwrap_err().is_missing());
}

#[test]
fn a_file_that_was_written_is_that_of_the_table_until_the_table_changes() {
    let file = File::new("written");
    let before = table(&[(Method::GET, "/a", reads())]);
    before.check_file(&file.0, Update::Write).unwrap();
    before.check_file(&file.0, Update::Never).unwrap();
    let now = table(&[(Method::GET, "/a", RoutePolicy::public("x"))]);
    let error = now.check_file(&file.0, Update::Never).unwrap_err();
    assert!(!error.is_missing());
    assert!(format!("{error:?}").contains("access: `scope(read)` -> **public**: x"), "{error:?}");
    now.check_file(&file.0, Update::Write).unwrap();
    now.check_file(&file.0, Update::Never).unwrap();
}

#[test]
fn nothing_is_written_where_nobody_reviews_it_and_that_is_an_error() {
    assert_eq!(Update::of(true, true), Update::Forbidden);
    assert_eq!([Update::of(false, true), Update::of(false, false)], [Update::Never, Update::Never]);
    assert_eq!(Update::of(true, false), Update::Write);
    let file = File::new("unreviewed");
    let error = table(&[(Method::GET, "/a", reads())]).check_file(&file.0, Update::Forbidden).unwrap_err();
    assert!(!file.0.exists() && !error.is_missing() && error.diff().is_none());
    assert!(error.to_string().contains("CI"), "{error}");
}

#[test]
fn a_second_row_of_a_route_in_the_file_is_a_difference() {
    let now = table(&[(Method::GET, "/a", reads())]);
    let twice = format!("{}| GET | `/a` | **public**: so far | - | - |\n", now.to_snapshot());
    assert_eq!(now.diff(&twice).to_string(), "- GET `/a` **public**: so far - -\n");
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_an_error_with_its_cause() {
    let folder = std::env::temp_dir();
    for update in [Update::Write, Update::Never] {
        let error = RouteTable::new().check_file(&folder, update).unwrap_err();
        assert!(error.diff().is_none() && std::error::Error::source(&error).is_some(), "{error:?}");
    }
}

#[test]
fn names_stay_on_their_line() {
    let odd = reads().via(["a\n| GET |"]).demand("b\n| GET |");
    assert_eq!(table(&[(Method::GET, "/a", odd)]).to_markdown().lines().count(), 3);
    let table = table(&[(Method::GET, "/a", RoutePolicy::public("one\ntwo\u{202e}"))]);
    assert!(table.to_string().contains(r"public: one\u{a}two\u{202e}"), "{table}");
    assert_eq!((table.to_string().lines().count(), table.to_markdown().lines().count()), (2, 3));
}

/// The table of an application with one route and these words.
fn worded(scopes: ScopeCatalog, roles: Option<RoleModel>) -> RouteTable {
    let security = Security::builder().insecure_no_audit().scopes(scopes);
    let security = roles.into_iter().fold(security, crate::SecurityBuilder::roles).build().unwrap();
    let mut table = RouteTable::of(&security);
    table.add(Some(Method::GET), "/a", RoutePolicy::public("x"), "a");
    table
}

fn declared() -> ScopeCatalog {
    ScopeCatalog::new(["a:write", "a:read"])
}

#[test]
fn what_scopes_and_roles_stand_for_is_below_the_table() {
    let roles = RoleModel::builder().role("viewer").permits("read").role("editor|`").includes("viewer");
    let table =
        worded(declared().implies("a:write", ["a:read"]), Some(roles.permits("edit").build().unwrap()));
    let (routes, words) =
        table.to_markdown().split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(routes.lines().count(), 3);
    assert_eq!(
        words,
        "## Scopes\n\nA credential with a scope also has what it stands for.\n\n\
         | Scope | Stands for |\n| --- | --- |\n| `a:read` | - |\n| `a:write` | `a:read` |\n\n\
         ## Roles\n\nWhat each role includes and permits, by way of others too.\n\n\
         | Role | Includes | Permits |\n| --- | --- | --- |\n\
         | `` editor\\|` `` | `viewer` | `edit`, `read` |\n| `viewer` | - | `read` |\n"
    );
    check(&table, &table.clone(), "");
}

#[test]
fn an_implication_or_a_wildcard_is_a_change_of_who_may_do_what() {
    let before = worded(declared(), None);
    check(&before, &before.clone(), "");
    let implied = worded(declared().implies("a:write", ["a:read"]), None);
    check(&before, &implied, "~ scope `a:write`\n    stands for: - -> `a:read`\n");
    check(
        &before,
        &worded(declared().allow_wildcards(), None),
        "+ scope `a:*`: stands for `a:read`, `a:write`\n",
    );
    check(&before, &worded(ScopeCatalog::new(["a:read"]), None), "- scope `a:write`\n");
    // A file of an older version has no such part.
    let mut old = RouteTable::new();
    old.add(Some(Method::GET), "/a", RoutePolicy::public("x"), "a");
    check(&old, &implied, "+ scope `a:read`\n+ scope `a:write`: stands for `a:read`\n");
    check(&implied, &old, "- scope `a:read`\n- scope `a:write`: stands for `a:read`\n");
    let words_alone = "| Scope | Stands for |\n| --- | --- |\n| `a:read` | - |\n| `a:write` | - |\n";
    assert_eq!(before.diff(words_alone).to_string(), "+ GET `/a` **public**: x - -\n");
}

#[test]
fn a_role_that_includes_or_permits_something_else_is_one_too() {
    let roles = |model: RoleModelBuilder| {
        worded(declared(), Some(model.role("editor").permits("edit").build().unwrap()))
    };
    let before = roles(RoleModel::builder().role("viewer").permits("read"));
    check(
        &before,
        &roles(RoleModel::builder().role("viewer").permits("read").permits("edit")),
        "~ role `viewer`\n    permits: `read` -> `edit`, `read`\n",
    );
    check(
        &before,
        &roles(RoleModel::builder().role("viewer").includes("editor").permits("read")),
        "~ role `viewer`\n    includes: - -> `editor`\n    permits: `read` -> `edit`, `read`\n",
    );
    check(&before, &roles(RoleModel::builder()), "- role `viewer`: permits `read`\n");
    check(
        &before,
        &worded(declared(), None),
        "- role `editor`: permits `edit`\n- role `viewer`: permits `read`\n",
    );
}

/// A database says who may do what without a pull request.
#[tokio::test]
async fn roles_that_a_loader_brings_are_no_part_of_the_file() {
    struct Rows;

    impl LoadRoles for Rows {
        async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
            Ok(RoleModel::builder().role("viewer").permits("read"))
        }
    }

    let loaded = worded(declared(), Some(RoleModel::load(Rows).await.unwrap()));
    assert!(!loaded.to_markdown().contains("viewer"), "{}", loaded.to_markdown());
    check(&worded(declared(), None), &loaded, "");
}
