//! Tables for people.

/// Lines of a table whose columns are as wide as they must be. Columns with numbers stand to the right.
pub fn table(headings: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> Vec<String> {
    let headings = headings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = std::iter::once(&headings).chain(rows).collect::<Vec<_>>();
    let widths = (0..headings.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect::<Vec<_>>();
    let line = |row: &&Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if numbers.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let row = ["7", "loaded", "s3://b/loan.csv", ""].map(ToOwned::to_owned);
        assert_eq!(
            table(&["id", "status", "file", "note"], &[0], &[row.to_vec()]),
            ["id  status  file             note", " 7  loaded  s3://b/loan.csv"]
        );
    }
}
