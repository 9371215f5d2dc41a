//! A role model that is kept in a database: read at start, read again when it changes, and never half.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use portcullis_authz::{LoadRoles, RoleModel, RoleModelBuilder, RoleModelError};
use portcullis_core::{CredentialMethod, Principal, StoreError};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Row, SqlitePool};

const TABLES: &str = "
    CREATE TABLE roles (name TEXT PRIMARY KEY);
    CREATE TABLE includes (role TEXT NOT NULL REFERENCES roles, other TEXT NOT NULL, PRIMARY KEY (role, other));
    CREATE TABLE permits (role TEXT NOT NULL REFERENCES roles, permission TEXT NOT NULL, PRIMARY KEY (role, permission));
    INSERT INTO roles VALUES ('editor'), ('viewer');
    INSERT INTO includes VALUES ('editor', 'viewer');
    INSERT INTO permits VALUES ('editor', 'documents:write'), ('viewer', 'documents:read');
";

/// One statement, so that what is read is of one moment.
const QUERY: &str = "
    SELECT roles.name, NULL AS other, NULL AS permission, 0 AS place FROM roles
    UNION ALL SELECT role, other, NULL, 1 FROM includes
    UNION ALL SELECT role, NULL, permission, 2 FROM permits
    ORDER BY 1, 4, 2, 3
";

struct Tables(SqlitePool);

impl LoadRoles for Tables {
    async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
        let rows = sqlx::query(QUERY).fetch_all(&self.0).await.map_err(StoreError::new)?;
        let read = |model: RoleModelBuilder, row: &sqlx::sqlite::SqliteRow| {
            Ok(match (row.try_get("other")?, row.try_get("permission")?) {
                (Some::<String>(other), _) => model.includes(other),
                (None, Some::<String>(permission)) => model.permits(permission),
                (None, None) => model.role(row.try_get::<String, _>("name")?),
            })
        };
        rows.iter().try_fold(RoleModel::builder(), read).map_err(|error: sqlx::Error| StoreError::new(error))
    }
}

async fn database() -> SqlitePool {
    // One connection: each has a database of its own in memory.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(TABLES).execute(&pool).await.unwrap();
    pool
}

fn check(test: impl AsyncFnOnce(SqlitePool, RoleModel)) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let pool = database().await;
        let model = RoleModel::load(Tables(pool.clone())).await.unwrap();
        test(pool, model).await;
    });
}

fn caller(role: &str) -> Principal {
    Principal::builder("alice", CredentialMethod::Jwt).role(role).build()
}

#[test]
fn roles_of_a_database_include_and_permit_what_its_tables_say() {
    check(async |pool, model| {
        let (editor, viewer) = (caller("editor"), caller("viewer"));
        assert!(model.permits(&editor, "documents:write") && model.permits(&editor, "documents:read"));
        assert!(model.has_role(&editor, "viewer") && model.permits(&viewer, "documents:read"));
        assert!(
            !model.permits(&viewer, "documents:write") && !model.permits(&caller("nobody"), "documents:read")
        );
        assert!(!model.reload().await.unwrap(), "nothing has changed");

        sqlx::raw_sql("DELETE FROM permits WHERE role = 'editor'").execute(&pool).await.unwrap();
        assert!(model.permits(&editor, "documents:write"), "it is as it was read");
        assert!(model.reload().await.unwrap());
        assert!(!model.permits(&editor, "documents:write") && model.permits(&editor, "documents:read"));
    });
}

#[test]
fn tables_that_are_wrong_or_gone_leave_the_roles_as_they_were() {
    check(async |pool, model| {
        let editor = caller("editor");
        sqlx::raw_sql("INSERT INTO includes VALUES ('viewer', 'editor')").execute(&pool).await.unwrap();
        let RoleModelError::Invalid(errors) = model.reload().await.unwrap_err() else { panic!("a circle") };
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P223"]);
        assert!(model.permits(&editor, "documents:write"));

        sqlx::raw_sql("DROP TABLE permits").execute(&pool).await.unwrap();
        assert!(matches!(model.reload().await, Err(RoleModelError::Unavailable(_))));
        assert!(model.permits(&editor, "documents:write"));
        // Without roles to begin with, nothing begins.
        assert!(matches!(RoleModel::load(Tables(pool)).await, Err(RoleModelError::Unavailable(_))));
    });
}
