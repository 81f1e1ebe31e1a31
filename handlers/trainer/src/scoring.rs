//! What a model says of the loans whose outcome is not yet known.

use std::fmt;

use tokio_postgres::Client;

use crate::drift::Drift;
use crate::error::{Doing, Error};
use crate::learn::model::Model;
use crate::loans::Loans;
use crate::registry::{self, Entry};
use crate::runs::{self, End};
use crate::training::blocking;

/// A scoring.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The model, in words.
    pub model: String,
    /// Its number.
    pub id: i64,
    /// Loans scored.
    pub rows: usize,
    /// Their mean probability.
    pub mean: f64,
    /// How far they have moved from those that the model learned from; none where no loan is open.
    pub drift: Option<Drift>,
}

impl fmt::Display for Scored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows == 0 {
            return formatter.write_str("no loan is open: nothing was scored");
        }
        let (model, rows, percent) = (&self.model, self.rows, self.mean * 100.0);
        write!(formatter, "{model} scored {rows} open loans: {percent:.1} % are expected to go bad")
    }
}

/// Scores all loans, and writes that down with the end of the run: all of it or nothing.
pub async fn score(
    client: &mut Client,
    entry: &Entry,
    model: Model,
    loans: Loans,
    run: i64,
) -> Result<Scored, Error> {
    let Loans { dataset, data, .. } = loans;
    let (dataset, probabilities, drift) = blocking(move || {
        let rows = (0..dataset.len()).collect::<Vec<_>>();
        let probabilities = if rows.is_empty() { Vec::new() } else { model.probabilities(&dataset, &rows) };
        let drift = (!rows.is_empty()).then(|| Drift::of_open(&model, &dataset, &rows, &probabilities));
        (dataset, probabilities, drift)
    })
    .await?;
    let scored = Scored {
        model: entry.to_string(),
        id: entry.id,
        rows: probabilities.len(),
        mean: probabilities.iter().sum::<f64>() / probabilities.len().max(1) as f64,
        drift,
    };
    let transaction = client.transaction().await.doing("write ml.predictions")?;
    registry::keep_predictions(&transaction, entry.id, &dataset.keys, &probabilities).await?;
    let end = End {
        outcome: "scored",
        model: Some(entry.id),
        data: Some(data),
        rows: i64::try_from(scored.rows).ok(),
        drift: scored.drift.clone(),
        ..End::default()
    };
    runs::finish(&transaction, run, &end).await?;
    transaction.commit().await.doing("write ml.predictions")?;
    Ok(scored)
}
