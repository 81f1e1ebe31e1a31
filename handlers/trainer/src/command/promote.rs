//! `trainer promote`.

use access::Aws;

use crate::command::{Artifacts, Origin};
use crate::database::Address;
use crate::error::{Doing, Error};
use crate::judge::duel::Duel;
use crate::log;
use crate::read::Which;
use crate::registry;
use crate::training::load;

/// Make a model the champion, if it beats the present one by more than the noise.
#[derive(Debug, clap::Args)]
pub struct Promote {
    /// Number of the model.
    id: i64,

    /// Promote it whether it is better or not; the reason is kept.
    #[arg(long, value_name = "REASON")]
    force: Option<String>,

    #[command(flatten)]
    duel: Duel,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    origin: Origin,

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
        let champion = registry::champion(&client).await?;
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
                let source = self.origin.source();
                let dataset = source.read(&aws, Some(&mut client), Which::All).await?.dataset;
                match self.duel.compare(&dataset, &model, &other) {
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
        let transaction = client.transaction().await.doing("promote the model")?;
        if let Err(other) = registry::promote(&transaction, entry.id, champion, &reason).await? {
            return Err(Error::Registry(format!(
                "somebody else has just promoted model {}: compare with that one",
                other.unwrap_or_default()
            )));
        }
        transaction.commit().await.doing("promote the model")?;
        log::print(&format!("{entry} is the champion now: {reason}"));
        Ok(())
    }
}

fn refused(challenger: &str, champion: &str, why: &str) -> Error {
    Error::Registry(format!(
        "{challenger} was not promoted over {champion}: {why}; --force REASON promotes it all the same"
    ))
}
