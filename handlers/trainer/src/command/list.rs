//! `trainer list`.

use access::Aws;

use crate::database::Address;
use crate::error::Error;
use crate::log;
use crate::registry;
use crate::store::short;

/// Print the models and the champions.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    database: Address,
}

impl List {
    /// Prints two tables.
    pub async fn run(&self) -> Result<(), Error> {
        let client = self.database.connect(&Aws::default()).await?;
        let promotions = registry::promotions(&client).await?;
        let champion = registry::champions(&promotions).pop();
        let rows = registry::models(&client).await?.into_iter().map(|entry| {
            let (auc, ks, log_loss, loans, test) = match entry.evaluation {
                Some((auc, ks, log_loss, loans, test)) => (
                    format!("{auc:.4}"),
                    format!("{ks:.3}"),
                    format!("{log_loss:.4}"),
                    loans.to_string(),
                    test,
                ),
                None => Default::default(),
            };
            let mark = if champion == Some(entry.id) { "*" } else { "" };
            let artifact = short(&entry.artifact).to_owned();
            vec![
                mark.to_owned(),
                entry.id.to_string(),
                entry.algorithm,
                artifact,
                entry.trained_at,
                test,
                loans,
                auc,
                ks,
                log_loss,
                entry.location,
            ]
        });
        let headings = [
            "",
            "id",
            "algorithm",
            "artifact",
            "trained",
            "tested on",
            "loans",
            "AUC",
            "KS",
            "log loss",
            "kept in",
        ];
        log::table(&headings, &[1, 6, 7, 8, 9], &rows.collect::<Vec<_>>());
        if !promotions.is_empty() {
            log::print("");
            let rows = promotions.into_iter().map(|promotion| {
                vec![promotion.at, promotion.model.to_string(), promotion.kind, promotion.reason]
            });
            log::table(&["champion since", "id", "by", "reason"], &[1], &rows.collect::<Vec<_>>());
        }
        Ok(())
    }
}
