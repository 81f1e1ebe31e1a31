use super::clock::Reading;
use super::{Condition, Holder, Host, Objects, PutError};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// One acquisition of a lease: what taking, renewing and giving it back share.
#[derive(Debug)]
pub(super) struct Claim {
    objects: Arc<dyn Objects>,
    key: String,
    text: Text,
    host: Host,
    hold: Mutex<Hold>,
    /// When the last write that came through was begun.
    renewed: std::sync::Mutex<Reading>,
    /// Turns true when somebody else has it or may have it.
    lost: watch::Sender<bool>,
    /// It was given back.
    over: AtomicBool,
}

/// How it stands with the object.
#[derive(Debug)]
enum Hold {
    Wanted,
    /// As we wrote it last.
    Ours {
        etag: String,
        renewals: u64,
    },
    /// Given back, or lost.
    Over,
}

/// What is in the object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Text {
    /// Unique for each acquisition.
    pub lease: String,
    pub holder: Holder,
    /// Good for so long after each write, by the clock of the object store.
    seconds: f64,
    /// RFC 3339, by the owner's clock: for people, nothing is decided by it.
    expires: String,
    pub renewals: u64,
}

/// Why a claim is not good for another call.
#[derive(Debug)]
pub(super) enum Lapse {
    /// Somebody else has it, or it was given back.
    Lost,
    /// It has run out, and whether somebody else has it could not be found out.
    Unknown(Error),
}

/// Renewals in the life of a lease.
pub(super) const RENEWALS: u32 = 4;
/// Looks at the clock in the life of a lease: a wait is longer than it says where the machine sleeps meanwhile.
const LOOKS: u32 = 20;

/// Every claim of this process, for whoever ends it early.
static CLAIMS: std::sync::Mutex<Vec<Weak<Claim>>> = std::sync::Mutex::new(vec![]);

impl Text {
    fn new(holder: Holder, life: Duration) -> Self {
        let text = Self {
            lease: uuid::Uuid::new_v4().to_string(),
            holder,
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

    pub fn life(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.0, 86_400.0))
    }

    /// For how long after a renewal its owner acts without asking. Whoever takes it away before it has run out waits as long.
    pub fn trusted(&self) -> Duration {
        self.life() / 2
    }

    fn bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::Refused(error.to_string()))
    }

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Claim {
    /// Nothing is written yet.
    pub fn new(objects: Arc<dyn Objects>, key: &str, command: &str, life: Duration, host: Host) -> Arc<Self> {
        let claim = Arc::new(Self {
            objects,
            key: key.to_owned(),
            text: Text::new(host.kernel.holder(command), life),
            renewed: std::sync::Mutex::new(host.clock.now()),
            host,
            hold: Mutex::new(Hold::Wanted),
            lost: watch::Sender::new(false),
            over: AtomicBool::new(false),
        });
        let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
        claims.retain(|claim| claim.strong_count() > 0);
        claims.push(Arc::downgrade(&claim));
        claim
    }

    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lost.subscribe()
    }

    fn renewed(&self) -> MutexGuard<'_, Reading> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Between two looks at the clock.
    fn nap(&self) -> Duration {
        self.text.life() / LOOKS
    }

    /// Since the last renewal was begun.
    fn age(&self) -> Duration {
        self.host.clock.since(&self.renewed())
    }

    /// Whether nobody else can have it. Not to its last second: what is sent now has to arrive, too. With a renewal every
    /// quarter of its life, only a gap (a suspend, a stop, a stalled executor, an object store out of reach) makes it older.
    pub fn is_fresh(&self) -> bool {
        !*self.lost.borrow() && !self.over.load(Ordering::Relaxed) && self.age() < self.text.trusted()
    }

    /// Writes the object where `condition` holds; false if somebody else was faster.
    pub async fn acquire(&self, condition: Condition) -> Result<bool, Error> {
        let mut hold = self.hold.lock().await;
        if matches!(*hold, Hold::Over) {
            // The process is about to end: see `give_back_all`.
            std::future::pending::<()>().await;
        }
        let begun = self.host.clock.now();
        let Some(etag) = self.put(&self.text, condition).await? else { return Ok(false) };
        tracing::debug!(key = self.key, lease = self.text.lease, "lease taken");
        *hold = Hold::Ours { etag, renewals: 0 };
        *self.renewed() = begun;
        Ok(true)
    }

    /// Makes sure that nobody else has it: renews it in the object store if that is not certain.
    pub async fn assure(&self) -> Result<(), Lapse> {
        loop {
            let mut hold = self.hold.lock().await;
            if self.is_fresh() {
                return Ok(());
            }
            if *self.lost.borrow() && matches!(*hold, Hold::Ours { .. }) {
                return Err(Lapse::Unknown(Error::Refused("it could not be renewed in time".to_owned())));
            }
            match self.renew(&mut hold).await {
                Ok(true) => {}
                Ok(false) => return Err(Lapse::Lost),
                Err(error) if self.age() >= self.text.life() => return Err(Lapse::Unknown(error)),
                Err(_) => {
                    drop(hold);
                    self.host.clock.sleep(self.nap()).await;
                }
            }
        }
    }

    /// Renews it as long as it is ours.
    pub async fn keep(&self) {
        let life = self.text.life();
        loop {
            loop {
                let left = (life / RENEWALS).saturating_sub(self.age());
                if left.is_zero() {
                    break;
                }
                self.host.clock.sleep(left.min(self.nap())).await;
            }
            let mut hold = self.hold.lock().await;
            if self.age() < life / RENEWALS {
                continue;
            }
            match self.renew(&mut hold).await {
                Ok(true) => {}
                Ok(false) => return,
                // Whether it was renewed is not known; it is ours for certain only as long as the last one lasts.
                Err(_) if self.age() < life * 3 / 4 => {
                    drop(hold);
                    self.host.clock.sleep(self.nap()).await;
                }
                Err(error) => {
                    tracing::warn!(key = self.key, %error, "lease could not be renewed");
                    self.lost.send_replace(true);
                    return;
                }
            }
        }
    }

    /// False if it is not ours any more.
    async fn renew(&self, hold: &mut Hold) -> Result<bool, Error> {
        let Hold::Ours { etag, renewals } = hold else { return Ok(false) };
        let (text, condition) = (self.text.renewed(*renewals + 1), Condition::Match(etag.clone()));
        let begun = self.host.clock.now();
        match self.put(&text, condition).await? {
            Some(new) => {
                tracing::debug!(key = self.key, renewals = text.renewals, "lease renewed");
                (*etag, *renewals) = (new, text.renewals);
                *self.renewed() = begun;
                Ok(true)
            }
            None => {
                tracing::warn!(key = self.key, "lease lost");
                *hold = Hold::Over;
                self.lost.send_replace(true);
                Ok(false)
            }
        }
    }

    /// Gives it back, if it is still ours; whether it was.
    pub async fn release(&self) -> bool {
        self.over.store(true, Ordering::Relaxed);
        // Waits for a write that is under way: what that leaves behind is what has to go. Who comes second waits as well: it may
        // end the process.
        let mut hold = self.hold.lock().await;
        let Hold::Ours { etag, .. } = std::mem::replace(&mut *hold, Hold::Over) else { return false };
        tracing::debug!(key = self.key, "lease released");
        // It runs out by itself if it cannot be deleted.
        let deleted = self.objects.delete(&self.key, &etag).await;
        if matches!(deleted, Err(PutError::Conflict))
            && let Ok(Some(there)) = self.objects.get(&self.key).await
            && self.wrote(&there.bytes)
        {
            // By a renewal whose answer was lost.
            let _ = self.objects.delete(&self.key, &there.etag).await;
        }
        true
    }

    fn wrote(&self, there: &[u8]) -> bool {
        Text::parse(there).is_some_and(|there| there.lease == self.text.lease)
    }

    /// Writes the lease; `None` if somebody else was faster.
    async fn put(&self, text: &Text, condition: Condition) -> Result<Option<String>, Error> {
        match self.objects.put(&self.key, text.bytes()?, condition).await {
            Ok(etag) => Ok(Some(etag)),
            Err(PutError::Failed(error)) => Err(error),
            // A conflict with our own write, whose answer was lost and which the SDK repeated, is none.
            Err(PutError::Conflict) => {
                let there = self.objects.get(&self.key).await?;
                Ok(there.filter(|there| self.wrote(&there.bytes)).map(|there| there.etag))
            }
        }
    }
}

/// Gives back every lease of this process, and waits for one that is just being taken; how many there were. None of them can
/// be taken afterwards: for a process that ends before its command does.
pub async fn give_back_all() -> usize {
    let claims = std::mem::take(&mut *CLAIMS.lock().unwrap_or_else(PoisonError::into_inner));
    let released = claims.iter().filter_map(Weak::upgrade).map(|claim| async move { claim.release().await });
    futures::future::join_all(released).await.into_iter().filter(|held| *held).count()
}
