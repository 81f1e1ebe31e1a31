//! The only module that prints: results on stdout, what is going on on stderr.

use std::io::Write;

/// A line of the result.
pub fn print(line: &str) {
    // Whoever reads may stop reading.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line about what is going on.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A table whose columns are as wide as they must be. Columns with numbers stand to the right.
pub fn table(headings: &[&str], numbers: &[usize], rows: &[Vec<String>]) {
    let headings = headings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = std::iter::once(&headings).chain(rows).collect::<Vec<_>>();
    let widths = (0..headings.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect::<Vec<_>>();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if numbers.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        print(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
