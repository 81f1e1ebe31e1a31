use super::StateError;
use super::claim::{Claim, Lapse};
use super::ledger::Ledger;
use crate::cloud::Warrant;
use crate::error::Error;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;

/// As long as it lasts, nobody else acts on this state.
#[derive(Debug)]
pub(super) struct Tenure {
    ledger: Arc<Ledger>,
    claim: Arc<Claim>,
}

impl Tenure {
    pub fn new(ledger: Arc<Ledger>, claim: Arc<Claim>) -> Self {
        Self { ledger, claim }
    }

    /// That what was announced may still be done; renews the lease first where that is not certain.
    pub async fn check(&self) -> Result<(), StateError> {
        if self.claim.is_fresh() {
            return Ok(());
        }
        match self.claim.assure().await {
            Ok(()) => Ok(()),
            Err(Lapse::Lost) => Err(self.ledger.lost().await),
            Err(Lapse::Unknown(source)) => Err(StateError::Lapsed {
                name: self.ledger.remote().name().to_owned(),
                source: Box::new(source),
            }),
        }
    }
}

impl Warrant for Tenure {
    fn holds(&self) -> bool {
        self.claim.is_fresh()
    }

    fn assure(self: Arc<Self>) -> BoxFuture<'static, Result<(), Error>> {
        async move { self.check().await.map_err(Error::from) }.boxed()
    }
}
