//! The embedded SQLite file.

mod api_keys;
mod documents;
mod open_error;
mod seed;
mod users;

use std::path::Path;
use std::time::Duration;

use portcullis::Clock;
use portcullis::core::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::time::{Instant, sleep};

use crate::private_file;

pub use self::open_error::OpenError;
pub(crate) use self::seed::{Seed, SeedApiKey, SeedUser};

/// Marks a file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 1_148_150_643;
/// The newest schema that this program knows (`PRAGMA user_version`).
const SCHEMA_VERSION: i64 = 1;
/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers at the same time; SQLite has one writer anyway.
const CONNECTIONS: u32 = 4;

/// Users, API keys and documents. Clones share the connections.
///
/// Every query answers with a [`StoreError`] if the file fails it, which becomes a 503.
#[derive(Clone, Debug)]
pub struct Database {
    pool: SqlitePool,
    clock: Clock,
}

impl Database {
    /// Opens the file; makes it, with its tables, if it is not there or empty. A file that is not ours is left
    /// as it is.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file and what can be done.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self, OpenError> {
        Self::open_patiently(path, clock, BUSY_TIMEOUT).await
    }

    /// One that no query was put to yet, and that is opened, empty and in memory, by the first.
    pub(crate) fn unopened(clock: Clock) -> Self {
        let options = SqliteConnectOptions::new().in_memory(true);
        Self { pool: SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options), clock }
    }

    async fn open_patiently(path: &Path, clock: Clock, busy: Duration) -> Result<Self, OpenError> {
        let until = Instant::now() + busy;
        loop {
            match Self::try_open(path, clock.clone(), busy).await {
                // SQLite does not wait for a process that just turns the write-ahead log on or off.
                Err(OpenError::Locked { .. }) if Instant::now() < until => sleep(busy / 100).await,
                answer => return answer,
            }
        }
    }

    async fn try_open(path: &Path, clock: Clock, busy: Duration) -> Result<Self, OpenError> {
        let failed = |error| OpenError::of(path, error);
        // It holds hashes of passwords. SQLite gives its log the same mode.
        private_file::create_empty(path).map_err(|error| failed(error.into()))?;
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(busy).foreign_keys(true);
        // The journal mode is written into the file: ask whose it is before.
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
        let found = inspect(path, &mut connection).await;
        connection.close().await.map_err(failed)?;
        let version = found?;

        // With a write-ahead log, FULL loses nothing that was answered, not even when the power fails.
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(busy + Duration::from_secs(1))
            .connect_with(options)
            .await
            .map_err(failed)?;
        if version < SCHEMA_VERSION {
            migrate(&pool).await.map_err(failed)?;
        }
        Ok(Self { pool, clock })
    }

    /// Writes the log back into the file and closes it. Later queries fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn now(&self) -> Duration {
        self.clock.unix_time()
    }
}

/// The schema version of a file that is sound and ours; 0 for an empty one.
async fn inspect(path: &Path, connection: &mut SqliteConnection) -> Result<i64, OpenError> {
    let failed = |error| OpenError::of(path, error);
    let number = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    // One snapshot: another process may be making the tables just now.
    let mut snapshot = connection.begin().await.map_err(failed)?;
    let application = number("PRAGMA application_id").fetch_one(&mut *snapshot).await.map_err(failed)?;
    let version = number("PRAGMA user_version").fetch_one(&mut *snapshot).await.map_err(failed)?;
    let objects =
        number("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *snapshot).await.map_err(failed)?;
    if (application, version, objects) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.into() });
    }
    if version > SCHEMA_VERSION {
        return Err(OpenError::TooNew { path: path.into(), version });
    }
    let report: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *snapshot).await.map_err(failed)?;
    if report == "ok" { Ok(version) } else { Err(OpenError::Damaged { path: path.into() }) }
}

async fn migrate(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been quicker.
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    if version < 1 {
        sqlx::raw_sql(include_str!("schema.sql")).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

fn store_error(error: sqlx::Error) -> StoreError {
    StoreError::new(error)
}

/// What the file says, but should not.
fn malformed(what: &'static str) -> StoreError {
    StoreError::new(what)
}

#[cfg(test)]
mod tests;
