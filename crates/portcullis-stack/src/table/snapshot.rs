//! The table in a file that reviewers read: a pull request that changes who may do what changes the file.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{RouteTable, markdown, words};

/// What stands above the table in the file.
const HEAD: &str = "# Routes\n\nWhat each route demands. A test compares this file with the application; a change here is a change of who may do what.\n\n";

/// The variable that makes [`RouteTable::check_snapshot`] write the file, if it is set.
const UPDATE: &str = "PORTCULLIS_UPDATE";

/// Whether the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// It was asked for where nobody reviews it.
    Forbidden,
    Never,
    Write,
}

impl Update {
    pub(super) fn of(asked: bool, ci: bool) -> Self {
        match (asked, ci) {
            (false, _) => Self::Never,
            (true, true) => Self::Forbidden,
            (true, false) => Self::Write,
        }
    }
}

impl RouteTable {
    /// Compares the table with the Markdown file at this path, so that a change of permissions shows in a pull request.
    ///
    /// For a test; cargo runs those in the folder of their package, where the path begins. With the environment
    /// variable `PORTCULLIS_UPDATE=1` the file is written instead, for a developer to review: where `CI` is set too, that is
    /// an error. The handlers' names are no part of it; what scopes and roles stand for is, since it says what rules allow
    /// (see [`to_markdown`](Self::to_markdown)).
    ///
    /// ```no_run
    /// # fn table() -> portcullis_stack::RouteTable { portcullis_stack::RouteTable::new() }
    /// #[test]
    /// fn routes_demand_what_the_reviewed_file_says() {
    ///     table().check_snapshot("routes.md").unwrap();
    /// }
    /// ```
    ///
    /// # Errors
    /// If the file is missing or says something else: the error lists every route, scope and role that was added, removed or changed,
    /// with what it demanded before and what it demands now. If the file cannot be read or written.
    pub fn check_snapshot(&self, path: impl AsRef<Path>) -> Result<(), SnapshotError> {
        let is_set = |name| {
            let value = std::env::var_os(name);
            value.is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
        };
        self.check_file(path.as_ref(), Update::of(is_set(UPDATE), is_set("CI")))
    }

    /// The content of the file that [`check_snapshot`](Self::check_snapshot) writes.
    #[must_use]
    pub fn to_snapshot(&self) -> String {
        format!("{HEAD}{}", self.to_markdown())
    }

    /// What is different from a snapshot: `self` is how it is now.
    ///
    /// ```
    /// use portcullis_authz::scope;
    /// use portcullis_stack::{RoutePolicy, RouteTable};
    ///
    /// let table = |policy| {
    ///     let mut table = RouteTable::new();
    ///     table.add(Some(http::Method::GET), "/documents", policy, "list");
    ///     table
    /// };
    /// let before = table(RoutePolicy::requires(scope("documents:read"))).to_snapshot();
    /// assert!(table(RoutePolicy::requires(scope("documents:read"))).diff(&before).is_empty());
    ///
    /// let now = table(RoutePolicy::public("everybody reads"));
    /// let expected = "~ GET `/documents`\n    access: `scope(documents:read)` -> **public**: everybody reads\n    schemes: default -> -\n";
    /// assert_eq!(now.diff(&before).to_string(), expected);
    /// ```
    #[must_use]
    pub fn diff(&self, snapshot: &str) -> TableDiff {
        TableDiff::between(&markdown::read(snapshot), &markdown::read(&self.to_markdown()))
    }

    pub(super) fn check_file(&self, path: &Path, update: Update) -> Result<(), SnapshotError> {
        let failed = |cause| SnapshotError { path: path.to_owned(), kind: Kind::Io(cause) };
        match update {
            Update::Forbidden => return Err(SnapshotError { path: path.to_owned(), kind: Kind::Unreviewed }),
            Update::Never => {}
            Update::Write => return std::fs::write(path, self.to_snapshot()).map_err(failed),
        }
        let (was, missing) = match std::fs::read_to_string(path) {
            Ok(text) => (text, false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (String::new(), true),
            Err(error) => return Err(failed(error)),
        };
        let diff = self.diff(&was);
        match (missing, diff.is_empty()) {
            (true, _) => Err(SnapshotError { path: path.to_owned(), kind: Kind::Missing(diff) }),
            (false, false) => Err(SnapshotError { path: path.to_owned(), kind: Kind::Differs(diff) }),
            (false, true) => Ok(()),
        }
    }
}

/// How two tables differ. Prints one line per route (`+` added, `-` removed, `~` changed) and one per cell that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDiff {
    /// Routes that are new: method, path and what they demand, as the file writes it; and scopes and roles that are new, with what they
    /// stand for.
    pub added: Vec<String>,
    /// Routes, scopes and roles that are gone.
    pub removed: Vec<String>,
    /// Cells that say something else than before.
    pub changed: Vec<TableChange>,
}

/// A cell of a row that says something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableChange {
    /// Method and path; or the scope or the role, with that word before it.
    pub route: String,
    /// The heading of the column, in lower case: `access`.
    pub column: String,
    /// What it said; empty if there was no such column.
    pub old: String,
    /// What it says.
    pub new: String,
}

impl TableDiff {
    /// Whether both tables say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn between(old: &[Vec<Vec<&str>>], new: &[Vec<Vec<&str>>]) -> Self {
        let mut diff = Self::default();
        diff.compare(&Cells::routes(old), &Cells::routes(new));
        for headings in words::HEADINGS {
            diff.compare(&Cells::words(old, headings), &Cells::words(new, headings));
        }
        diff
    }

    fn compare(&mut self, old: &Cells<'_>, new: &Cells<'_>) {
        for row in new.rows {
            let Some(before) = old.find(row) else {
                self.added.push(new.told(row));
                continue;
            };
            for (index, heading) in new.headings.iter().enumerate() {
                let now = cell(row, index);
                let was = old.column(heading).map_or("", |index| cell(before, index));
                if was != now {
                    self.changed.push(TableChange {
                        route: new.name(row),
                        column: heading.to_lowercase(),
                        old: was.to_owned(),
                        new: now.to_owned(),
                    });
                }
            }
        }
        // A second row of the same route is none of the table.
        let stays = |row: &&Vec<&str>| {
            new.find(row).is_some() && old.find(row).is_some_and(|first| std::ptr::eq(first, *row))
        };
        self.removed.extend(old.rows.iter().filter(|row| !stays(row)).map(|row| old.told(row)));
    }
}

/// The headings and rows of a table.
struct Cells<'a> {
    headings: &'a [&'a str],
    rows: &'a [Vec<&'a str>],
    /// Whether its rows are routes.
    of_routes: bool,
}

impl<'a> Cells<'a> {
    /// The first table of a file, unless it is one of words.
    fn routes(tables: &'a [Vec<Vec<&'a str>>]) -> Self {
        let is_of_words = |table: &&Vec<Vec<&str>>| {
            words::HEADINGS.iter().any(|headings| table.first().is_some_and(|first| first == headings))
        };
        Self::of(tables.first().filter(|table| !is_of_words(table)), true)
    }

    fn words(tables: &'a [Vec<Vec<&'a str>>], headings: &[&str]) -> Self {
        Self::of(tables.iter().find(|table| table.first().is_some_and(|first| first == headings)), false)
    }

    fn of(table: Option<&'a Vec<Vec<&'a str>>>, of_routes: bool) -> Self {
        match table.map(Vec::as_slice) {
            Some([headings, rows @ ..]) => Self { headings, rows, of_routes },
            Some([]) | None => Self { headings: &[], rows: &[], of_routes },
        }
    }

    /// How many cells say what a row is about: method and path of a route.
    fn keys(&self) -> usize {
        if self.of_routes { 2 } else { 1 }
    }

    /// The row about the same.
    fn find(&self, row: &[&str]) -> Option<&'a Vec<&'a str>> {
        self.rows.iter().find(|other| other.get(..self.keys()) == row.get(..self.keys()))
    }

    fn column(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|known| *known == heading)
    }

    /// What a row is about: method and path, or `scope` and its name.
    fn name(&self, row: &[&str]) -> String {
        let name = row.get(..self.keys()).unwrap_or(row).join(" ");
        if self.of_routes { name } else { format!("{} {name}", cell(self.headings, 0).to_lowercase()) }
    }

    /// All that a row says.
    fn told(&self, row: &[&str]) -> String {
        if self.of_routes {
            return row.join(" ");
        }
        let cells = self.headings.iter().zip(row).skip(1).filter(|(_, cell)| **cell != "-");
        let cells: Vec<String> =
            cells.map(|(heading, cell)| format!("{} {cell}", heading.to_lowercase())).collect();
        if cells.is_empty() { self.name(row) } else { format!("{}: {}", self.name(row), cells.join("; ")) }
    }
}

fn cell<'a>(row: &[&'a str], index: usize) -> &'a str {
    row.get(index).copied().unwrap_or_default()
}

impl fmt::Display for TableDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.added.iter().try_for_each(|row| writeln!(f, "+ {row}"))?;
        self.removed.iter().try_for_each(|row| writeln!(f, "- {row}"))?;
        let mut route = "";
        for changed in &self.changed {
            if changed.route != route {
                route = &changed.route;
                writeln!(f, "~ {route}")?;
            }
            writeln!(f, "    {}: {} -> {}", changed.column, changed.old, changed.new)?;
        }
        Ok(())
    }
}

/// Why a snapshot is not that of the table. `Debug` prints what `Display` does, so that `unwrap()` in a test shows
/// the difference.
pub struct SnapshotError {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Differs(TableDiff),
    Io(io::Error),
    Missing(TableDiff),
    Unreviewed,
}

impl SnapshotError {
    /// How the table differs from the file; all routes are new if it is missing. `None` if the file cannot be read, or was
    /// to be written where nobody reviews it.
    #[must_use]
    pub fn diff(&self) -> Option<&TableDiff> {
        match &self.kind {
            Kind::Differs(diff) | Kind::Missing(diff) => Some(diff),
            Kind::Io(_) | Kind::Unreviewed => None,
        }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::Missing(_))
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let write = format_args!("run the test with {UPDATE}=1 to write it, and review the change");
        match &self.kind {
            Kind::Differs(diff) => write!(f, "the routes are not those of `{path}`; {write}\n{diff}"),
            Kind::Missing(diff) => write!(f, "there is no file `{path}`; {write}\n{diff}"),
            Kind::Io(_) => write!(f, "the file `{path}` can be neither read nor written"),
            Kind::Unreviewed => {
                write!(f, "{UPDATE} is set, but so is CI: nobody would review the new `{path}`")
            }
        }
    }
}

impl fmt::Debug for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match &self.kind {
            Kind::Io(cause) => write!(f, ": {cause}"),
            Kind::Differs(_) | Kind::Missing(_) | Kind::Unreviewed => Ok(()),
        }
    }
}

impl Error for SnapshotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Io(cause) => Some(cause),
            Kind::Differs(_) | Kind::Missing(_) | Kind::Unreviewed => None,
        }
    }
}
