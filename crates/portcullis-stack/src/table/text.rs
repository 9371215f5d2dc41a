//! The table as aligned text.

use std::fmt;

use super::printed::{HEADINGS, Printed};

pub(super) fn write(f: &mut fmt::Formatter<'_>, rows: &[Printed]) -> fmt::Result {
    let headings = HEADINGS.map(str::to_uppercase);
    let headings = headings.each_ref().map(String::as_str);
    let lines: Vec<[&str; 5]> = std::iter::once(headings).chain(rows.iter().map(Printed::cells)).collect();
    let mut widths = [0; HEADINGS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    for line in &lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
