//! From the table to text, aligned, so that a difference is about what changed.

use std::fmt;

use super::parse::HEAD;
use super::sheet::{EXEMPT, Sheet};

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.before {
            writeln!(f, "{line}")?;
        }
        let bar = |text: &str| text.replace('|', "\\|");
        let head = std::iter::once(HEAD.to_owned()).chain(self.personas.iter().map(|persona| bar(persona)));
        let mut lines: Vec<Vec<String>> = vec![head.collect()];
        for row in &self.rows {
            let cells = row.cells.iter().map(ToString::to_string);
            lines.push(std::iter::once(bar(&row.label.to_string())).chain(cells).collect());
        }
        let widths = widths(&lines);
        for (index, line) in lines.iter().enumerate() {
            write_line(f, line, &widths, ' ')?;
            if index == 0 {
                write_line(f, &vec![String::new(); widths.len()], &widths, '-')?;
            }
        }
        if !self.exempt.is_empty() {
            writeln!(f, "\n{EXEMPT}\n")?;
            self.exempt.iter().try_for_each(|exempt| writeln!(f, "{exempt}"))?;
        }
        for line in &self.after {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// The widest cell of each column, in characters; at least what `---` needs.
fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for line in lines {
        widths.resize(line.len().max(widths.len()), 3);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    widths
}

fn write_line(f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize], fill: char) -> fmt::Result {
    for (cell, width) in cells.iter().zip(widths) {
        let missing = width.saturating_sub(cell.chars().count());
        let filling: String = std::iter::repeat_n(fill, missing).collect();
        write!(f, "| {cell}{filling} ")?;
    }
    writeln!(f, "|")
}
