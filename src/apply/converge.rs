use super::Pace;
use super::reader::Reader;
use super::retry::retry;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::diff::{AttrChange, Effect, complete, diff};
use crate::error::{Error, Result};
use crate::event::{Event, Sink};
use crate::resource::ownership;
use crate::resource::{Id, Kind, Observed, Owner, Status, Wait};
use crate::state::{Digest, Journal};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// An accepted write that does not read back is written again this often, then given up.
const ROUNDS: usize = 8;

/// One object on its way to what is wanted.
pub struct Target<'a> {
    pub cloud: &'a Cloud,
    pub reader: &'a Reader<'a>,
    pub journal: &'a Journal,
    pub pace: Pace,
    pub events: Sink<'a>,
    pub address: &'a Address,
    pub kind: &'static dyn Kind,
    pub id: &'a Id,
    /// Whose object it is, where that is written anew.
    pub owner: Option<Owner>,
    /// Secrets are compared as digests: what the state has of them is nothing else.
    pub digest: &'a Digest,
}

impl Target<'_> {
    /// Updates until the object reads back as `wanted`, and returns what was read last. `recorded` stands in for what
    /// AWS never returns.
    pub async fn converge(&self, wanted: &Json, recorded: &Json, wait: Wait) -> Result<Observed> {
        let schema = self.kind.inputs();
        let mut recorded = recorded.clone();
        let mut observed = self.ready(wait, true).await?;
        for _ in 0..ROUNDS {
            self.is_ours(&observed)?;
            let seen = complete(schema, &observed.inputs, &recorded);
            let changes = self.differences(&observed, &recorded, wanted);
            if changes.is_empty() {
                return Ok(observed);
            }
            if let Some(change) = changes.iter().find(|change| change.effect == Effect::Replace) {
                return Err(Error::Refused(format!(
                    "{} is {} and cannot be changed in place to {}; run `stackctl plan` again",
                    change.path, change.before, change.after
                )));
            }
            // The kind has the ownership tags among the others, so that whoever writes all writes these too.
            let none = BTreeMap::new();
            let before = self.digest.reveal(schema, &seen, wanted);
            let before = ownership::with(schema, &before, observed.owner.as_ref().unwrap_or(&none));
            let mut owned = observed.owner.clone().unwrap_or_default();
            owned.extend(self.owner.iter().flat_map(Owner::tags));
            let after = ownership::with(schema, wanted, &owned);
            retry(self.journal, &self.pace, self.kind.profile(), self.address, self.events, || {
                self.kind.update(self.cloud, self.id, before.clone(), after.clone())
            })
            .await?;
            recorded = wanted.clone();
            observed = self.echo(wanted, &recorded, &changes, wait).await?;
        }
        let rest = self.differences(&observed, &recorded, wanted);
        match rest.first() {
            None => Ok(observed),
            Some(change) => Err(Error::Refused(format!(
                "AWS accepted the change but {} still reads {}, not {}",
                change.path,
                text(change, &change.before),
                text(change, &change.after)
            ))),
        }
    }

    fn differences(&self, observed: &Observed, recorded: &Json, wanted: &Json) -> Vec<AttrChange> {
        let schema = self.kind.inputs();
        let seen = complete(schema, &observed.inputs, recorded);
        // What the state has of a secret is a digest: one that fits is the secret. What differs is not for error texts.
        let seen = self.digest.mask(schema, &self.digest.reveal(schema, &seen, wanted));
        let mut changes = diff(schema, &seen, &self.digest.mask(schema, wanted));
        changes.extend(self.owner.iter().flat_map(|owner| owner.claims(observed.owner.as_ref())));
        changes
    }

    /// # Errors
    /// It carries the tags of another stack: somebody gave it away, or it was never ours.
    pub fn is_ours(&self, observed: &Observed) -> Result<()> {
        let stack = self.owner.as_ref().map(|owner| owner.stack.as_str());
        match stack.and_then(|stack| ownership::stranger(stack, observed.owner.as_ref())) {
            None => Ok(()),
            Some(other) => Err(Error::Refused(format!(
                "{} belongs to the stack {other}, as its tag {} says: it is left alone",
                self.id,
                Owner::STACK
            ))),
        }
    }

    /// Polls until the write shows: all of it, or another part than before (some services take one part at a time).
    async fn echo(
        &self,
        wanted: &Json,
        recorded: &Json,
        before: &[AttrChange],
        wait: Wait,
    ) -> Result<Observed> {
        let started = Instant::now();
        let mut pause = self.pace.first;
        loop {
            let observed = self.ready(wait, false).await?;
            let left = self.differences(&observed, recorded, wanted);
            if left.is_empty() || left != before || started.elapsed() >= self.pace.echo {
                return Ok(observed);
            }
            sleep(pause).await;
            pause = self.pace.next(pause);
        }
    }

    /// Polls until the object is ready. A `new` one may not be visible yet.
    async fn ready(&self, wait: Wait, new: bool) -> Result<Observed> {
        let wait = self.pace.wait(wait);
        let mut polls = Polls::new(self, wait);
        let mut hits = 0;
        // The delay spares polls that cannot succeed; an object that is ready at once needs none.
        let mut delay = Some(wait.delay);
        loop {
            let what = match self.reader.read(self.kind, self.id).await? {
                Some(observed) => match &observed.status {
                    Status::Ready => {
                        hits += 1;
                        if hits >= wait.hits {
                            return Ok(observed);
                        }
                        "ready".to_owned()
                    }
                    Status::Failed(why) => {
                        return Err(Error::Refused(format!("AWS says that it failed: {why}")));
                    }
                    Status::Pending(state) => {
                        hits = 0;
                        state.clone()
                    }
                },
                None if new => {
                    hits = 0;
                    "to become visible".to_owned()
                }
                None => return Err(Error::Refused("it was deleted by someone else meanwhile".to_owned())),
            };
            if hits == 0
                && let Some(delay) = delay.take()
            {
                sleep(delay).await;
            }
            polls.pause(&what).await?;
        }
    }

    /// Polls until the object is gone.
    pub async fn gone(&self, wait: Wait) -> Result<()> {
        let wait = self.pace.wait(wait);
        let mut polls = Polls::new(self, wait);
        let mut hits = 0;
        loop {
            let what = match self.reader.read(self.kind, self.id).await? {
                None => {
                    hits += 1;
                    if hits >= wait.hits {
                        return Ok(());
                    }
                    "gone".to_owned()
                }
                Some(Observed { status: Status::Failed(why), .. }) => {
                    return Err(Error::Refused(format!("AWS could not delete it: {why}")));
                }
                Some(Observed { status: Status::Pending(state), .. }) => {
                    hits = 0;
                    state
                }
                Some(_) => {
                    hits = 0;
                    "to disappear".to_owned()
                }
            };
            polls.pause(&what).await?;
        }
    }
}

/// Secrets are not for error texts.
fn text(change: &AttrChange, value: &Json) -> String {
    if change.sensitive { "(sensitive)".to_owned() } else { value.to_string() }
}

/// The pauses of one wait, with its end and its word to the user.
struct Polls<'a> {
    target: &'a Target<'a>,
    started: Instant,
    pause: Duration,
    timeout: Duration,
    told: Option<String>,
}

impl<'a> Polls<'a> {
    fn new(target: &'a Target<'a>, wait: Wait) -> Self {
        Self { target, started: Instant::now(), pause: wait.interval, timeout: wait.timeout, told: None }
    }

    async fn pause(&mut self, what: &str) -> Result<()> {
        let elapsed = self.started.elapsed();
        if elapsed >= self.timeout {
            return Err(Error::Refused(format!(
                "it is still \"{what}\" after {} s; the next apply goes on waiting",
                elapsed.as_secs()
            )));
        }
        if elapsed >= Duration::from_secs(3) && self.told.as_deref() != Some(what) {
            self.told = Some(what.to_owned());
            let (address, what) = (self.target.address.clone(), what.to_owned());
            (self.target.events)(Event::Waiting { address, what });
        }
        sleep(self.pause).await;
        // Waits of a profile have a fixed interval; an emulator is polled fast at first.
        if self.pause < self.target.pace.longest && self.pause <= Pace::EMULATOR.longest {
            self.pause = self.target.pace.next(self.pause);
        }
        Ok(())
    }
}
