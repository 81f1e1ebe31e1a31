//! `trainer compare`.

use crate::command::{Artifacts, compare, load, read};
use crate::database::Address;
use crate::error::Error;
use crate::judge::measure::Measure;
use crate::log;
use crate::month::Month;
use crate::read::Which;
use crate::registry;

/// Compare two models on loans that neither has seen.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// Number of the one model.
    a: i64,

    /// Number of the other.
    b: i64,

    /// First month that is not tested any more.
    #[arg(long, value_name = "MONTH")]
    test_until: Option<Month>,

    /// How often the test is resampled for the intervals.
    #[arg(long, default_value_t = 500)]
    resamples: usize,

    /// Start of all random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    database: Address,
}

impl Compare {
    /// Prints a table and a verdict.
    pub async fn run(&self) -> Result<(), Error> {
        let store = self.artifacts.store()?;
        let mut client = self.database.connect().await?;
        let (a, b) = (registry::model(&client, self.a).await?, registry::model(&client, self.b).await?);
        let models = (load(&store, &a)?, load(&store, &b)?);
        let (dataset, _) = read(&mut client, Which::All).await?;
        let comparison =
            compare(&dataset, (&models.0, &models.1), self.test_until, self.resamples, self.seed)
                .map_err(Error::Registry)?;
        let rows = Measure::ALL.map(|measure| {
            let (one, other) = (measure.of(&comparison.challenger), measure.of(&comparison.champion));
            vec![
                measure.title().to_owned(),
                format!("{one:.4}"),
                format!("{other:.4}"),
                format!("{:+.4}", one - other),
            ]
        });
        log::table(
            &["", &format!("model {}", a.id), &format!("model {}", b.id), "difference"],
            &[1, 2, 3],
            &rows,
        );
        log::print(&format!("{a} against {b}: {}", comparison.verdict()));
        Ok(())
    }
}
