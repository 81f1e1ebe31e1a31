//! `trainer compare`.

use access::Aws;

use crate::command::{Artifacts, Origin};
use crate::database::Address;
use crate::error::Error;
use crate::judge::duel::Duel;
use crate::judge::measure::Measure;
use crate::log;
use crate::read::Which;
use crate::registry;
use crate::training::load;

/// Compare two models on loans that neither has seen.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// Number of the one model.
    a: i64,

    /// Number of the other.
    b: i64,

    #[command(flatten)]
    duel: Duel,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    database: Address,
}

impl Compare {
    /// Prints a table and a verdict.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let store = self.artifacts.store(&aws);
        let mut client = self.database.connect(&aws).await?;
        let (a, b) = (registry::model(&client, self.a).await?, registry::model(&client, self.b).await?);
        let models = (load(store, &a).await?, load(store, &b).await?);
        let dataset = self.origin.source().read(&aws, Some(&mut client), Which::All).await?.dataset;
        let comparison = self.duel.compare(&dataset, &models.0, &models.1).map_err(Error::Registry)?;
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
