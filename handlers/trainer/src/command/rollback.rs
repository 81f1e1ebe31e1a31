//! `trainer rollback`.

use access::Aws;

use crate::database::Address;
use crate::error::Error;
use crate::log;
use crate::registry;

/// Make the champion before the present one the champion again.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// Why; it is kept.
    #[arg(long, default_value = "rolled back by hand")]
    reason: String,

    #[command(flatten)]
    database: Address,
}

impl Rollback {
    /// Rolls back one step.
    pub async fn run(&self) -> Result<(), Error> {
        let mut client = self.database.connect(&Aws::default()).await?;
        let (from, to) = registry::roll_back(&mut client, &self.reason).await?;
        log::print(&format!("model {to} is the champion again, in place of model {from}"));
        Ok(())
    }
}
