//! From text to the table. Nothing is guessed: a line that is not right is a fault with its number.

use super::cell::Cell;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::sheet::{EXEMPT, Exempt, Label, Row, Sheet};

/// The head of the first column.
pub(super) const HEAD: &str = "Route";

/// Reads the file; if anything is wrong, all of it.
pub(super) fn parse(text: &str) -> Result<Sheet, Vec<MatrixFault>> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    sheet: Sheet,
    part: Part,
    faults: Vec<MatrixFault>,
}

/// Where in the file the next line is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Before,
    /// The line between the head and the rows.
    Rule,
    Rows,
    After,
    /// The paths that are compared with nothing.
    Exempt,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        let in_table = line.trim_start().starts_with('|');
        match (self.part, in_table) {
            (Part::Before, false) => self.sheet.before.push(line.to_owned()),
            (Part::Before, true) => self.head(number, line),
            (Part::Rule, _) => self.rule(number, line),
            (Part::Rows, true) => self.row(number, line),
            (Part::After | Part::Exempt, true) => self.fault(number, "a second table: the matrix is one"),
            (Part::Rows | Part::After, false) if line.trim_end() == EXEMPT => {
                self.part = Part::Exempt;
                self.sheet.after.pop_if(|last| last.is_empty());
            }
            (Part::Rows | Part::After, false) => {
                self.part = Part::After;
                self.sheet.after.push(line.to_owned());
            }
            (Part::Exempt, false) => self.exempt(number, line),
        }
    }

    fn exempt(&mut self, number: usize, line: &str) {
        if line.is_empty() && self.sheet.exempt.is_empty() {
            return;
        }
        if !line.starts_with('-') {
            self.part = Part::After;
            self.sheet.after.push(line.to_owned());
            return;
        }
        match Exempt::parse(line, number) {
            None => self.fault(number, "under `Not compared ..` stands ``- `/path`: reason``"),
            Some(exempt) if self.sheet.exempt.iter().any(|other| other.path == exempt.path) => {
                self.fault(number, format!("`{}` stands twice", exempt.path));
            }
            Some(exempt) => self.sheet.exempt.push(exempt),
        }
    }

    fn head(&mut self, number: usize, line: &str) {
        self.part = Part::Rule;
        let Some(cells) = self.cells(number, line) else { return };
        let mut cells = cells.into_iter();
        if cells.next().as_deref() != Some(HEAD) {
            self.fault(number, format!("the first column is called `{HEAD}`"));
        }
        for persona in cells {
            if persona.is_empty() {
                self.fault(number, "a persona without a name");
            } else if self.sheet.personas.contains(&persona) {
                self.fault(number, format!("the persona `{persona}` has two columns"));
            }
            self.sheet.personas.push(persona);
        }
        if self.sheet.personas.is_empty() {
            self.fault(number, "the table has no persona");
        }
    }

    fn rule(&mut self, number: usize, line: &str) {
        self.part = Part::Rows;
        let Some(cells) = self.cells(number, line) else { return };
        let is_rule = |cell: &String| {
            let dashes = cell.strip_prefix(':').unwrap_or(cell);
            let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
            !dashes.is_empty() && dashes.bytes().all(|octet| octet == b'-')
        };
        if cells.len() != self.sheet.personas.len() + 1 || !cells.iter().all(is_rule) {
            self.fault(number, "under the head stands `| --- |`, once for each column");
        }
    }

    fn row(&mut self, number: usize, line: &str) {
        let Some(cells) = self.cells(number, line) else { return };
        let Some((label, cells)) = cells.split_first() else { return };
        let Some(label) = Label::parse(label) else {
            let message = format!("`{label}` is not `METHOD /path` or `METHOD /path (relation)`");
            return self.fault(number, message);
        };
        if self.sheet.rows.iter().any(|row| row.label == label) {
            self.fault(number, format!("`{label}` stands twice"));
        }
        let wanted = self.sheet.personas.len();
        if cells.len() != wanted {
            return self
                .fault(number, format!("`{label}` has {} cells; there are {wanted} personas", cells.len()));
        }
        let mut read = Vec::new();
        for cell in cells {
            match Cell::parse(cell) {
                Some(cell) => read.push(cell),
                None => self.fault(number, format!("`{cell}` is neither a status, nor `-`, nor `n/a`")),
            }
        }
        self.sheet.rows.push(Row { label, cells: read, line: number });
    }

    fn cells(&mut self, number: usize, line: &str) -> Option<Vec<String>> {
        let cells = split(line);
        if cells.is_none() {
            self.fault(number, "a row begins and ends with `|`");
        }
        cells
    }

    fn fault(&mut self, line: usize, message: impl Into<String>) {
        self.faults.push(MatrixFault::new(MatrixFaultKind::Syntax, message).at(line));
    }

    fn finish(mut self) -> Result<Sheet, Vec<MatrixFault>> {
        if matches!(self.part, Part::Before | Part::Rule) {
            self.faults.push(MatrixFault::new(MatrixFaultKind::Syntax, "the file has no table"));
        }
        if self.faults.is_empty() { Ok(self.sheet) } else { Err(self.faults) }
    }
}

/// The cells between the bars, trimmed; `\|` is a bar in a cell.
fn split(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?;
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (false, '|') => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            (true, '|') => {
                cell.push('|');
                escaped = false;
            }
            (true, other) => {
                cell.extend(['\\', other]);
                escaped = false;
            }
            (false, other) => cell.push(other),
        }
    }
    // What stands after the last bar belongs to no cell.
    (cell.trim().is_empty() && !escaped && !cells.is_empty()).then_some(cells)
}
