//! `trainer promote`.

use access::Aws;

use crate::command::contest::Contest;
use crate::command::{Artifacts, load, read};
use crate::database::Address;
use crate::error::Error;
use crate::log;
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

    #[command(flatten)]
    contest: Contest,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    database: Address,
}

impl Promote {
    /// Compares and promotes, or fails with the verdict.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let store = self.artifacts.store(&aws);
        let mut client = self.database.connect(&aws).await?;
        let entry = registry::model(&client, self.id).await?;
        let champion = registry::champions(&registry::promotions(&client).await?).pop();
        if champion == Some(entry.id) {
            log::print(&format!("{entry} is the champion already"));
            return Ok(());
        }
        // Whoever promotes a model whose artifact is gone or changed learns it now, and not when it is needed.
        let model = load(store, &entry).await?;
        let reason = match (&self.force, champion) {
            (Some(reason), _) => reason.clone(),
            (None, None) => "the first champion, promoted by hand".to_owned(),
            (None, Some(id)) => {
                let champion = registry::model(&client, id).await?;
                let other = load(store, &champion).await?;
                let (dataset, _) = read(&mut client, Which::All).await?;
                match self.contest.compare(&dataset, &model, &other) {
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
