//! `trainer promote`.

use crate::command::{Artifacts, compare, load, read};
use crate::database::Address;
use crate::error::Error;
use crate::log;
use crate::month::Month;
use crate::read::Which;
use crate::registry;

/// Make a model the champion, if it beats the present one by more than the noise.
#[derive(Debug, clap::Args)]
pub struct Promote {
    /// Number of the model.
    id: i64,

    /// Promote it whether it is better or not; the reason is kept.
    #[arg(long, value_name = "REASON")]
    force: Option<String>,

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

impl Promote {
    /// Compares and promotes, or fails with the verdict.
    pub async fn run(&self) -> Result<(), Error> {
        let store = self.artifacts.store()?;
        let mut client = self.database.connect().await?;
        let entry = registry::model(&client, self.id).await?;
        let champion = registry::champions(&registry::promotions(&client).await?).pop();
        if champion == Some(entry.id) {
            log::print(&format!("{entry} is the champion already"));
            return Ok(());
        }
        // Whoever promotes a model whose artifact is gone or changed learns it now, and not when it is needed.
        let model = load(&store, &entry)?;
        let reason = match (&self.force, champion) {
            (Some(reason), _) => reason.clone(),
            (None, None) => "the first champion, promoted by hand".to_owned(),
            (None, Some(id)) => {
                let champion = registry::model(&client, id).await?;
                let other = load(&store, &champion)?;
                let (dataset, _) = read(&mut client, Which::All).await?;
                let verdict = compare(&dataset, (&model, &other), self.test_until, self.resamples, self.seed);
                match verdict {
                    Ok(comparison) if comparison.is_better() => comparison.verdict(),
                    Ok(comparison) => {
                        return Err(refused(
                            &entry.to_string(),
                            &champion.to_string(),
                            &comparison.verdict(),
                        ));
                    }
                    Err(why) => return Err(refused(&entry.to_string(), &champion.to_string(), &why)),
                }
            }
        };
        registry::promote(&mut client, entry.id, champion, &reason).await?;
        log::print(&format!("{entry} is the champion now: {reason}"));
        Ok(())
    }
}

fn refused(challenger: &str, champion: &str, why: &str) -> Error {
    Error::Registry(format!(
        "{challenger} was not promoted over {champion}: {why}; --force REASON promotes it all the same"
    ))
}
