//! `loader columns`.

use crate::aws::Aws;
use crate::database::Database;
use crate::error::Error;
use crate::lake::column;
use crate::lake::table::TABLES;
use crate::log;

/// Glue's longest comment, in bytes.
const LONGEST: usize = 255;

/// Print the columns of a table of the lake, as the kind `glue_table` of stackctl takes them.
#[derive(Debug, clap::Args)]
pub struct Columns {
    /// loans, loan_history or loan_features.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(TABLES.map(|table| table.name)))]
    table: String,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Columns {
    /// Reads the view and prints a JSON list, a line each.
    pub async fn run(&self) -> Result<(), Error> {
        let database = Database::from_environment(self.database_url.as_deref())?;
        let connection = database.connect(&Aws::default()).await?;
        let columns = column::read(&connection.client, &format!("mart.{}", self.table)).await?;
        let lines = columns.iter().map(|column| {
            let mut entry = serde_json::json!({ "name": column.name, "type": column.kind().hive() });
            if let Some(comment) = &column.comment {
                entry["comment"] = cut(comment).into();
            }
            format!("  {entry}")
        });
        log::print(&format!("[\n{}\n]", lines.collect::<Vec<_>>().join(",\n")));
        Ok(())
    }
}

fn cut(comment: &str) -> &str {
    let mut end = comment.len().min(LONGEST);
    while !comment.is_char_boundary(end) {
        end -= 1;
    }
    &comment[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_cut_between_characters() {
        let long = format!("{}üü", "a".repeat(254));
        assert_eq!(cut(&long), "a".repeat(254));
        assert_eq!(cut("short"), "short");
    }
}
