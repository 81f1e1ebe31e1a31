use super::{Condition, Holder, Objects, PutError};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex, watch};
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
    lost: watch::Receiver<bool>,
    renewer: JoinHandle<()>,
}

/// What renewing and releasing share.
#[derive(Debug)]
struct Claim {
    objects: Arc<dyn Objects>,
    key: String,
    text: Text,
    /// ETag of what we wrote last; none once it is given back or lost.
    etag: Mutex<Option<String>>,
    /// When the last write that came through was begun.
    renewed: std::sync::Mutex<Instant>,
}

/// What is in the object.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Text {
    /// Unique for each acquisition.
    lease: String,
    holder: Holder,
    /// Good for so long after each write, by the clock of the object store.
    seconds: f64,
    /// RFC 3339, by the owner's clock: for people, nothing is decided by it.
    expires: String,
    renewals: u64,
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

/// Renewals in the life of a lease.
const RENEWALS: u32 = 4;

impl Text {
    fn new(command: &str, life: Duration) -> Self {
        let text = Self {
            lease: uuid::Uuid::new_v4().to_string(),
            holder: Holder::this(command),
            seconds: life.as_secs_f64(),
            expires: String::new(),
            renewals: 0,
        };
        text.renewed(0)
    }

    fn renewed(&self, renewals: u64) -> Self {
        let expires = jiff::Timestamp::now() + self.life();
        let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { renewals, expires, ..self.clone() }
    }

    fn life(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.0, 86_400.0))
    }

    fn bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::Refused(error.to_string()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Lease {
    /// How long a lease is good without being renewed.
    pub const LIFE: Duration = Duration::from_secs(60);

    /// Takes the lease, waiting up to `patience`; the inner `Err` is who has it.
    pub async fn take(
        objects: Arc<dyn Objects>,
        key: &str,
        command: &str,
        life: Duration,
        patience: Duration,
    ) -> Result<Result<Self, Holder>, Error> {
        let text = Text::new(command, life);
        let started = Instant::now();
        loop {
            let mut begun = Instant::now();
            if let Some(etag) = claim(&*objects, key, &text, Condition::Absent).await? {
                return Ok(Ok(Self::hold(objects, key, text, etag, begun)));
            }
            let Some(there) = objects.get(key).await? else { continue };
            // What cannot be read is nobody's for longer than a lease lasts.
            let other = Text::parse(&there.bytes);
            let left = other.as_ref().map_or(life, Text::life).saturating_sub(there.age);
            // Nobody renews it any more. If that is wrong, whoever has it still cannot write (see `Remote`).
            let dead = other.as_ref().is_some_and(|other| other.holder.is_dead());
            let left = if dead { Duration::ZERO } else { left };
            if left.is_zero() {
                let condition = Condition::Match(there.etag);
                begun = Instant::now();
                if let Some(etag) = claim(&*objects, key, &text, condition).await? {
                    return Ok(Ok(Self::hold(objects, key, text, etag, begun)));
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

    /// Takes the lease from whoever has it; with `only`, from that acquisition and no other.
    ///
    /// # Errors
    /// Another one has it than `only` says, or the object store cannot be used.
    pub async fn seize(
        objects: Arc<dyn Objects>,
        key: &str,
        command: &str,
        life: Duration,
        only: Option<&str>,
    ) -> Result<Self, Error> {
        let text = Text::new(command, life);
        loop {
            let there = objects.get(key).await?;
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
            let begun = Instant::now();
            let condition = Condition::unchanged(there.as_ref().map(|object| object.etag.as_str()));
            if let Some(etag) = claim(&*objects, key, &text, condition).await? {
                return Ok(Self::hold(objects, key, text, etag, begun));
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

    fn hold(objects: Arc<dyn Objects>, key: &str, text: Text, etag: String, begun: Instant) -> Self {
        let claim = Claim {
            objects,
            key: key.to_owned(),
            text,
            etag: Mutex::new(Some(etag)),
            renewed: std::sync::Mutex::new(begun),
        };
        let claim = Arc::new(claim);
        tracing::debug!(key, lease = claim.text.lease, "lease taken");
        let (tell, lost) = watch::channel(false);
        let renewer = tokio::spawn(renew(claim.clone(), tell));
        Self { inner: Arc::new(Inner { claim, lost, renewer }) }
    }

    /// The same lease once more; it is given back with the last one.
    pub fn share(&self) -> Self {
        self.clone()
    }

    /// Whether nobody else can have it: it was renewed a shorter time ago than it lasts. Whoever was asleep for longer
    /// must not go on with what it had announced before; it may be settled already.
    pub fn is_good(&self) -> bool {
        let claim = &self.inner.claim;
        !*self.inner.lost.borrow() && claim.renewed().elapsed() < claim.text.life()
    }

    /// Turns true when someone else has the lease, or when it could not be renewed in time.
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.inner.lost.clone()
    }

    /// Gives the lease back, if it is still ours.
    pub async fn release(&self) {
        self.inner.renewer.abort();
        self.inner.claim.release().await;
    }
}

/// Where blocking is possible the lease is given back; elsewhere it runs out.
impl Drop for Inner {
    fn drop(&mut self) {
        self.renewer.abort();
        if let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            tokio::task::block_in_place(|| runtime.block_on(self.claim.release()));
        }
    }
}

impl Claim {
    fn renewed(&self) -> MutexGuard<'_, Instant> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn release(&self) {
        if let Some(etag) = self.etag.lock().await.take() {
            tracing::debug!(key = self.key, "lease released");
            // It runs out by itself if it cannot be deleted.
            let _ = self.objects.delete(&self.key, &etag).await;
        }
    }
}

/// Writes the lease; `None` if somebody else was faster.
async fn claim(
    objects: &dyn Objects,
    key: &str,
    text: &Text,
    condition: Condition,
) -> Result<Option<String>, Error> {
    match objects.put(key, text.bytes()?, condition).await {
        Ok(etag) => Ok(Some(etag)),
        Err(PutError::Failed(error)) => Err(error),
        // A conflict with our own write, whose answer was lost and which the SDK repeated, is none.
        Err(PutError::Conflict) => {
            let there = objects.get(key).await?;
            Ok(there
                .filter(|there| Text::parse(&there.bytes).is_some_and(|there| there.lease == text.lease))
                .map(|there| there.etag))
        }
    }
}

async fn renew(lease: Arc<Claim>, lost: watch::Sender<bool>) {
    let life = lease.text.life();
    for renewals in 1.. {
        sleep(life / RENEWALS).await;
        let text = lease.text.renewed(renewals);
        let mut held = lease.etag.lock().await;
        let Some(etag) = held.clone() else { return };
        let begun = Instant::now();
        match claim(&*lease.objects, &lease.key, &text, Condition::Match(etag)).await {
            Ok(Some(etag)) => {
                tracing::debug!(key = lease.key, renewals, "lease renewed");
                *held = Some(etag);
                *lease.renewed() = begun;
            }
            Ok(None) => {
                tracing::warn!(key = lease.key, "lease lost");
                *held = None;
                // Nobody listens if the command has just ended.
                let _ = lost.send(true);
                return;
            }
            // Whether it was renewed is not known; it is ours for certain only as long as the last one lasts.
            Err(_) if lease.renewed().elapsed() < life * 3 / 4 => {}
            Err(_) => {
                let _ = lost.send(true);
                return;
            }
        }
    }
}
