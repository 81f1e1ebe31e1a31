//! `trainer score`.

use access::Aws;

use crate::command::{Artifacts, load, read};
use crate::database::Address;
use crate::error::Error;
use crate::learn::reference::{LARGE, NOTABLE, Shift};
use crate::log;
use crate::read::Which;
use crate::registry;

/// Columns that are named, of those that moved the most.
const NAMED: usize = 10;

/// Score the loans whose outcome is not yet known, into ml.predictions.
///
/// Says how far scores and features have moved since training (PSI: population stability index).
#[derive(Debug, clap::Args)]
pub struct Score {
    /// Number of the model, instead of the champion.
    #[arg(long, value_name = "ID")]
    model: Option<i64>,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    database: Address,
}

impl Score {
    /// Scores all open loans.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let store = self.artifacts.store(&aws);
        let mut client = self.database.connect(&aws).await?;
        let champion = registry::champions(&registry::promotions(&client).await?).pop();
        let id = self.model.or(champion).ok_or_else(|| {
            Error::Registry(
                "there is no champion: `trainer train` makes one, or name a model by --model".to_owned(),
            )
        })?;
        let entry = registry::model(&client, id).await?;
        let model = load(store, &entry).await?;
        let (dataset, _) = read(&mut client, Which::Open).await?;
        if dataset.is_empty() {
            log::print("no loan is open: nothing was scored");
            return Ok(());
        }
        let rows = (0..dataset.len()).collect::<Vec<_>>();
        let probabilities = model.probabilities(&dataset, &rows);
        registry::keep_predictions(&mut client, entry.id, &dataset.keys, &probabilities).await?;
        let mean = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
        log::print(&format!(
            "{entry} scored {} open loans: {:.1} % are expected to go bad",
            rows.len(),
            mean * 100.0
        ));
        let (scores, columns) = model.shifts(&dataset, &rows, &probabilities);
        let rows = std::iter::once(&scores).chain(columns.iter().take(NAMED)).map(line).collect::<Vec<_>>();
        log::table(&["moved since training", "PSI", ""], &[1], &rows);
        Ok(())
    }
}

/// A shift, and whether it is one.
pub fn line(shift: &Shift) -> Vec<String> {
    let size = match shift.psi {
        psi if psi > LARGE => "large",
        psi if psi > NOTABLE => "notable",
        _ => "",
    };
    vec![shift.name.clone(), format!("{:.3}", shift.psi), size.to_owned()]
}
