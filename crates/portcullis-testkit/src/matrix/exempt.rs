//! Routes for which nothing absent is known: listed in the file with a reason, or a fault.

use super::builder::Matrix;
use super::cover::Planned;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::sheet::{self, Exempt, Sheet};

impl Matrix {
    /// The relations to what does not exist that refusals of the row are compared with, the nearest first; none for a row
    /// that is compared with nothing.
    pub(super) fn absent_for(&self, row: &Planned<'_>) -> Vec<&str> {
        let (relation, path) = (&row.label.relation, &row.route.path);
        let is_absent = self.absent.iter().any(|(_, name)| relation.as_ref() == Some(name));
        let is_exempt = self.exempt.iter().any(|(exempt, _)| exempt == path);
        if row.relation.is_none() || is_absent || is_exempt || self.telling.contains(path) {
            return Vec::new();
        }
        let beside = self.absent.iter().filter(|(beside, _)| beside.is_some() && beside == relation);
        let names = beside.chain(self.absent.iter().filter(|(beside, _)| beside.is_none()));
        names.map(|(_, name)| name.as_str()).collect()
    }
}

/// Whether the route of this row has one for that relation too.
pub(super) fn has_row<'a>(
    relation: &str,
    row: &Planned<'_>,
    mut rows: impl Iterator<Item = &'a Planned<'a>>,
) -> bool {
    rows.any(|other| other.route == row.route && other.label.relation.as_deref() == Some(relation))
}

/// What the test says of exempt paths that cannot be.
pub(super) fn setup(matrix: &Matrix) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, (path, reason)) in matrix.exempt.iter().enumerate() {
        if !matrix.routes.iter().any(|route| route.path == *path) {
            wrong.push(format!("`{path}`, which has nothing absent, is no route"));
        }
        if !sheet::is_reason(reason) {
            wrong.push(format!("`{path}` has nothing absent, and the reason is {reason:?}"));
        }
        if matrix.exempt.iter().take(index).any(|(other, _)| other == path) {
            wrong.push(format!("`{path}` is twice said to have nothing absent"));
        }
        let absent = |name: &String| matrix.relations.iter().find(|relation| relation.name() == name);
        let speaks = |(_, name): &(_, String)| absent(name).is_some_and(|absent| absent.speaks_for(path));
        if let Some((_, name)) = matrix.absent.iter().find(|absent| speaks(absent)) {
            wrong.push(format!(
                "`{path}` is said to have nothing absent, but the relation `{name}` speaks for it"
            ));
        }
    }
    wrong
}

/// Routes whose refusals would be compared with nothing, without a word.
pub(super) fn uncovered(matrix: &Matrix, planned: &[Planned<'_>]) -> Vec<MatrixFault> {
    let mut faults: Vec<MatrixFault> = Vec::new();
    let mut last = None;
    for row in planned {
        let names = matrix.absent_for(row);
        let is_covered = names.is_empty() || names.iter().any(|name| has_row(name, row, planned.iter()));
        if !is_covered && last != Some(&row.route.path) {
            let path = &row.route.path;
            let message = format!(
                "`{path}` has no path for `{}`: add one to the relation, or say `.without_absent(\"{path}\", reason)`",
                names.join("` or `")
            );
            faults.push(MatrixFault::new(MatrixFaultKind::Coverage, message).at(row.line));
            last = Some(path);
        }
    }
    faults
}

/// Whether the file lists the exempt paths, and no others.
pub(super) fn listed(matrix: &Matrix, sheet: &Sheet) -> Vec<MatrixFault> {
    let mut faults = Vec::new();
    let mut fault = |message: String, line| {
        faults.push(MatrixFault::new(MatrixFaultKind::Coverage, message).at(line));
    };
    for (path, reason) in &matrix.exempt {
        match sheet.exempt.iter().find(|listed| listed.path == *path) {
            None => fault(format!("`{path}` is not listed under `{}`", sheet::EXEMPT), 0),
            Some(listed) if listed.reason != *reason => {
                fault(format!("`{path}` is exempt for another reason: {reason}"), listed.line);
            }
            Some(_) => {}
        }
    }
    for listed in &sheet.exempt {
        if !matrix.exempt.iter().any(|(path, _)| listed.path == *path) {
            fault(format!("`{}` is not exempt", listed.path), listed.line);
        }
    }
    faults
}

/// The list for the file, by path.
pub(super) fn list(matrix: &Matrix) -> Vec<Exempt> {
    let exempt = matrix.exempt.iter();
    let mut list: Vec<Exempt> =
        exempt.map(|(path, reason)| Exempt { path: path.clone(), reason: reason.clone(), line: 0 }).collect();
    list.sort();
    list
}
