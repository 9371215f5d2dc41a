//! The file: read, and written anew where a developer asks for it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::cell::Cell;
use super::cover::Planned;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::parse::parse;
use super::run::Seen;
use super::sheet::{Label, RouteName, Row, Sheet};

/// Whether the file is written as the application answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// It was asked for where nobody reviews it.
    Forbidden,
    Never,
    Write,
}

/// What stands above a table that is written for the first time.
const INTRODUCTION: &str = "# Authorization matrix

Who may do what: a number is that status, `-` is a refusal (401, 403, or 404 of a guard), `n/a` says that the caller has no
such resource. Every route has its rows; a test proves every cell.
";

impl Update {
    /// As `PORTCULLIS_UPDATE` and `CI` say.
    pub(super) fn from_environment() -> Self {
        Self::of(env::var_os("PORTCULLIS_UPDATE").as_ref(), env::var_os("CI").as_ref())
    }

    pub(super) fn of(update: Option<&OsString>, ci: Option<&OsString>) -> Self {
        let is_set = |value: Option<&OsString>| {
            value.is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
        };
        match (is_set(update), is_set(ci)) {
            (false, _) => Self::Never,
            (true, true) => Self::Forbidden,
            (true, false) => Self::Write,
        }
    }
}

/// Reads the file; one that is not there is empty if it is to be written.
pub(super) fn read(file: &Path, update: Update) -> Result<Sheet, Vec<MatrixFault>> {
    let fault = |message: String| vec![MatrixFault::new(MatrixFaultKind::File, message)];
    if update == Update::Forbidden {
        return Err(fault(
            "PORTCULLIS_UPDATE is set, but so is CI: nobody would review the new table".to_owned(),
        ));
    }
    match fs::read_to_string(file) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == ErrorKind::NotFound && update == Update::Write => {
            let before = INTRODUCTION.lines().map(str::to_owned).chain([String::new()]).collect();
            Ok(Sheet { before, ..Sheet::default() })
        }
        Err(error) => Err(fault(format!("the file cannot be read: {error}"))),
    }
}

/// The rows as the application answered. What the file said and still holds stays as it is. A route of all methods has
/// one row for the first of them and whatever is answered alike, and one for each method that is not.
pub(super) fn observed(planned: &[Planned<'_>], seen: &[Seen<'_>]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for row in planned {
        let of_row = seen.iter().filter(|seen| std::ptr::eq(seen.row, row));
        let cells: Vec<Cell> = of_row.zip(&row.cells).map(|(seen, said)| cell(*said, seen)).collect();
        let label = Label { route: row.route.clone(), relation: row.label.relation.clone() };
        let is_like_the_first = rows.iter().find(|row| row.label == label).map(|first| first.cells == cells);
        let label = match is_like_the_first {
            Some(true) => continue,
            Some(false) => Label { route: RouteName::new(Some(&row.method), &row.route.path), ..label },
            None => label,
        };
        rows.push(Row { label, cells, line: 0 });
    }
    rows.sort_by(|one, other| one.label.cmp(&other.label));
    rows
}

fn cell(said: Option<Cell>, seen: &Seen<'_>) -> Cell {
    let Some(answer) = &seen.answer else { return Cell::NotApplicable };
    match said {
        Some(said) if said.holds(answer) => said,
        _ if answer.is_refusal() => Cell::Refused,
        _ => Cell::Status(answer.status()),
    }
}

pub(super) fn write(file: &Path, sheet: &Sheet) -> Result<(), MatrixFault> {
    let fault =
        |error| MatrixFault::new(MatrixFaultKind::File, format!("the file cannot be written: {error}"));
    fs::write(file, sheet.to_string()).map_err(fault)
}
