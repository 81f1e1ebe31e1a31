use super::claim::{Claim, RENEWALS, Text};
use super::{Condition, Holder, Host, Objects};
use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// The lock of a state in an object store: an object that its owner renews and that runs out without it.
#[derive(Debug, Clone)]
pub struct Lease {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    claim: Arc<Claim>,
    renewer: JoinHandle<()>,
}

/// Where a lease lies, and on which terms it is had.
#[derive(Debug, Clone)]
pub struct Terms {
    pub objects: Arc<dyn Objects>,
    pub key: String,
    /// How long it is good without being renewed.
    pub life: Duration,
    pub host: Host,
}

/// A lease as it lies in the object store.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Names this acquisition; unique.
    pub id: String,
    pub holder: Holder,
    /// For how long it is still good without being renewed; zero for one that has run out.
    pub left: Duration,
    /// For how long each renewal makes it good.
    pub life: Duration,
    pub renewals: u64,
}

impl Claimed {
    /// How often its owner renews it while it lives.
    pub fn interval(&self) -> Duration {
        self.life / RENEWALS
    }
}

/// Object stores tell the time in whole seconds.
const WHOLE_SECOND: Duration = Duration::from_secs(1);

impl Terms {
    fn claim(&self, command: &str) -> Arc<Claim> {
        Claim::new(self.objects.clone(), &self.key, command, self.life, self.host.clone())
    }
}

impl Lease {
    /// How long a lease is good without being renewed.
    pub const LIFE: Duration = Duration::from_secs(60);

    /// Takes the lease, waiting up to `patience`; the inner `Err` is who has it.
    pub async fn take(
        terms: &Terms,
        command: &str,
        patience: Duration,
    ) -> Result<Result<Self, Holder>, Error> {
        let claim = terms.claim(command);
        let started = Instant::now();
        loop {
            if claim.acquire(Condition::Absent).await? {
                return Ok(Ok(Self::hold(claim)));
            }
            let Some(there) = terms.objects.get(&terms.key).await? else { continue };
            // What cannot be read is nobody's for longer than a lease lasts.
            let other = Text::parse(&there.bytes);
            let left = other.as_ref().map_or(terms.life, Text::life).saturating_sub(there.age);
            let dead = other.as_ref().is_some_and(|other| other.holder.is_dead(&*terms.host.kernel));
            if dead || left.is_zero() {
                if claim.acquire(Condition::Match(there.etag)).await? {
                    return Ok(Ok(Self::hold(claim)));
                }
                continue;
            }
            let patience = patience.saturating_sub(started.elapsed());
            if patience.is_zero() {
                return Ok(Err(other.map_or_else(Holder::unknown, |other| other.holder)));
            }
            sleep(left.min(patience).min(Duration::from_secs(1))).await;
        }
    }

    /// Takes the lease from whoever has it; with `only`, from that acquisition and no other. Its owner may be alive and asleep
    /// in the midst of a call, and wakes up in the belief that it is still good: waits until that is over.
    ///
    /// # Errors
    /// Another one has it than `only` says, or the object store cannot be used.
    pub async fn seize(terms: &Terms, command: &str, only: Option<&str>) -> Result<Self, Error> {
        let claim = terms.claim(command);
        loop {
            let there = terms.objects.get(&terms.key).await?;
            let id = there
                .as_ref()
                .map(|there| Text::parse(&there.bytes).map_or(String::new(), |text| text.lease));
            if let (Some(only), Some(id)) = (only, id)
                && id != only
            {
                return Err(Error::Refused(format!(
                    "it is held by the lease `{id}` and not by `{only}`; see `stackctl lock status`"
                )));
            }
            let condition = Condition::unchanged(there.as_ref().map(|object| object.etag.as_str()));
            if claim.acquire(condition).await? {
                let lease = Self::hold(claim);
                if let Some(there) = there
                    && let Some(text) = Text::parse(&there.bytes)
                    && !text.holder.is_dead(&*terms.host.kernel)
                {
                    let left = (text.trusted() + WHOLE_SECOND).saturating_sub(there.age);
                    terms.host.clock.sleep(left).await;
                }
                return Ok(lease);
            }
        }
    }

    /// Who has the lease, and for how long it is still good.
    pub async fn look(objects: &dyn Objects, key: &str) -> Result<Option<Claimed>, Error> {
        let there = objects.get(key).await?;
        Ok(there.map(|there| {
            let text = Text::parse(&there.bytes);
            let life = text.as_ref().map_or(Self::LIFE, Text::life);
            let left = life.saturating_sub(there.age);
            let unknown =
                || Claimed { id: String::new(), holder: Holder::unknown(), left, life, renewals: 0 };
            text.map_or_else(unknown, |text| Claimed {
                id: text.lease,
                holder: text.holder,
                left,
                life,
                renewals: text.renewals,
            })
        }))
    }

    fn hold(claim: Arc<Claim>) -> Self {
        let kept = claim.clone();
        let renewer = tokio::spawn(async move { kept.keep().await });
        Self { inner: Arc::new(Inner { claim, renewer }) }
    }

    /// The same lease once more; it is given back with the last one.
    pub fn share(&self) -> Self {
        self.clone()
    }

    pub(super) fn claim(&self) -> Arc<Claim> {
        self.inner.claim.clone()
    }

    /// Turns true when someone else has the lease, or when it could not be renewed in time.
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.inner.claim.lost()
    }

    /// Gives the lease back, if it is still ours.
    pub async fn release(&self) {
        self.inner.claim.release().await;
        self.inner.renewer.abort();
    }
}

/// Where blocking is possible the lease is given back; elsewhere it runs out.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            tokio::task::block_in_place(|| runtime.block_on(self.claim.release()));
        }
        self.renewer.abort();
    }
}
