//! What a partition holds, in few bytes: Postgres hashes every row of the view as a whole, so that nothing that is exported can
//! change without it.

use sha2::{Digest, Sha256};
use tokio_postgres::GenericClient;

use super::column::Column;
use super::table::{FORMAT, HASH, Table, YEAR};
use crate::error::{Doing, Error};

/// A partition as the database has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Partition {
    /// Year of issue.
    pub year: i32,
    /// What its rows, the columns and the format of the export come to: 32 hexadecimal digits.
    pub fingerprint: String,
}

/// The partitions of a table, by year.
///
/// Sum and exclusive-or of the rows' hashes do not depend on their order, and together with the number of rows on each of them,
/// repeated ones too. The values are hashed as they lie in memory: no text is made of them, which would cost as much as the
/// export does.
pub async fn read(
    client: &impl GenericClient,
    table: Table,
    columns: &[Column],
) -> Result<Vec<Partition>, Error> {
    let query = format!(
        "select year, concat_ws(' ', count(*), sum(hash), bit_xor(hash))
         from (select {YEAR} as year, {HASH} as hash from {view} t) hashed
         group by year order by year",
        view = table.view()
    );
    let doing = format!("compute the fingerprints of {}", table.view());
    let rows = client.query(&query, &[]).await.doing(&doing)?;
    let partitions = rows
        .iter()
        .map(|row| Partition { year: row.get(0), fingerprint: of(table.name, columns, row.get(1)) });
    Ok(partitions.collect())
}

fn of(table: &str, columns: &[Column], rows: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{FORMAT}\0{table}\0{rows}\0"));
    for Column { name, type_name, .. } in columns {
        hash.update(format!("{name}\0{type_name}\0"));
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_rows_count_and_comments_do_not() {
        let column = |name: &str, comment: Option<&str>| Column {
            name: name.into(),
            type_name: "text".into(),
            comment: comment.map(Into::into),
        };
        let one = of("loans", &[column("a", None)], "1 2 3");
        assert_eq!(one.len(), 32);
        assert_eq!(one, of("loans", &[column("a", Some("why"))], "1 2 3"));
        assert_ne!(one, of("loans", &[column("b", None)], "1 2 3"));
        assert_ne!(one, of("loans", &[column("a", None)], "1 2 4"));
        assert_ne!(one, of("loan_history", &[column("a", None)], "1 2 3"));
    }
}
