use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the database cannot be opened. The message says what can be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    #[error("the database `{path}` is damaged; restore it from a copy, or move it away to start afresh")]
    Damaged { path: PathBuf },
    #[error(
        "`{path}` is a SQLite database of another program; choose another folder with `--data`, nothing was \
         changed"
    )]
    Foreign { path: PathBuf },
    #[error(
        "another process keeps the database `{path}` locked; end it, or choose another folder with `--data`"
    )]
    Locked { path: PathBuf },
    #[error("`{path}` is not a SQLite database; move it away to start afresh, nothing was changed")]
    NotADatabase { path: PathBuf },
    #[error("the database `{path}` was written by a newer version of this program (schema {version})")]
    TooNew { path: PathBuf, version: i64 },
    #[error("the database `{path}` cannot be opened or created")]
    Unusable { path: PathBuf, source: sqlx::Error },
}

impl OpenError {
    pub(super) fn of(path: &Path, source: sqlx::Error) -> Self {
        let path = path.into();
        match primary_code(&source) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => Self::Locked { path },
            Some(SQLITE_CORRUPT) => Self::Damaged { path },
            Some(SQLITE_NOTADB) => Self::NotADatabase { path },
            _ => Self::Unusable { path, source },
        }
    }
}

/// SQLite's result code without its extension (<https://www.sqlite.org/rescode.html>).
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_NOTADB: u32 = 26;
