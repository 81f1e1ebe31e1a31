use super::Pace;
use super::reader::Reader;
use super::retry::retry;
use super::watch::{Seen, Watch};
use crate::address::Address;
use crate::cloud::Cloud;
use crate::diff::{AttrChange, Effect, complete, diff};
use crate::error::{Error, Result};
use crate::event::Sink;
use crate::resource::ownership;
use crate::resource::{Ailment, Id, Kind, Observed, Owner, Wait};
use crate::schema::{is, properties};
use crate::state::{Digest, Journal};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

/// An accepted write that does not read back is written again this often, then given up.
const ROUNDS: usize = 8;

/// How to look for what sets nothing in motion: it shows in seconds, whatever else the kind has to wait for.
const LIGHT: Wait = Wait::secs(0, 2, 2, 0);

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
    /// Made by this run: it has not ailed before.
    pub made: bool,
    /// An earlier change of it did not come to its end.
    pub unfinished: bool,
    /// Attributes that do not count as they read: they are written in any case.
    pub anew: Vec<String>,
    /// Secrets are compared as digests: what the state has of them is nothing else.
    pub digest: &'a Digest,
}

impl Target<'_> {
    /// Updates until the object reads back as `wanted`, and returns what was read last. `recorded` stands in for what
    /// AWS never returns. A `new` object may not be visible yet.
    pub async fn converge(&self, wanted: &Json, recorded: &Json, wait: Wait, new: bool) -> Result<Observed> {
        let schema = self.kind.inputs();
        let mut watch = Watch::new(self, wait, new);
        let (mut recorded, mut written) = (recorded.clone(), None);
        let mut rounds = 0;
        loop {
            let (observed, changes) = match watch.look(wanted, &recorded, written.as_deref()).await? {
                Seen::Agreed(observed) if written.is_some() || !self.is_to_be_written(&observed) => {
                    self.is_ours(&observed)?;
                    return Ok(observed);
                }
                Seen::Agreed(observed) => (observed, vec![]),
                Seen::Differs(observed, changes) => (observed, changes),
            };
            self.is_ours(&observed)?;
            if let Some(change) = changes.iter().find(|change| change.effect == Effect::Replace) {
                return Err(Error::Refused(format!(
                    "{} is {} and cannot be changed in place to {}; run `stackctl plan` again",
                    change.path, change.before, change.after
                )));
            }
            if let Some(change) = changes.first().filter(|_| rounds == ROUNDS) {
                return Err(Error::Refused(format!(
                    "AWS accepted the change but {} still reads {}, not {}",
                    change.path,
                    text(change, &change.before),
                    text(change, &change.after)
                )));
            }
            // The kind has the ownership tags among the others, so that whoever writes all writes these too.
            let none = BTreeMap::new();
            let seen = complete(schema, &observed.inputs, &recorded);
            let mut before = self.digest.reveal(schema, &seen, wanted);
            for name in self.anew.iter().filter(|_| written.is_none()) {
                before[name] = Json::Null;
            }
            let before = ownership::with(schema, &before, observed.owner.as_ref().unwrap_or(&none));
            let mut owned = observed.owner.clone().unwrap_or_default();
            owned.extend(self.owner.iter().flat_map(Owner::tags));
            let after = ownership::with(schema, wanted, &owned);
            let ailment = observed.status.ailment();
            let pace = if ailment.is_some() { self.pace.within(AILING) } else { self.pace };
            retry(self.journal, &pace, self.kind.profile(), self.address, self.events, || {
                self.kind.update(self.cloud, self.id, before.clone(), after.clone())
            })
            .await
            .map_err(|error| because(error, ailment))?;
            recorded = wanted.clone();
            let light = !changes.is_empty() && changes.iter().all(|change| is_light(schema, change));
            watch.waits(if light { Wait { timeout: wait.timeout, ..LIGHT } } else { wait });
            written = Some(changes);
            rounds += 1;
        }
    }

    /// Whether it is written although it reads as it is wanted: reads may show what AWS gave up as if it had been made.
    fn is_to_be_written(&self, observed: &Observed) -> bool {
        !self.anew.is_empty() || self.unfinished && observed.status.ailment().is_some()
    }

    pub(super) fn differences(&self, observed: &Observed, recorded: &Json, wanted: &Json) -> Vec<AttrChange> {
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
}

/// What is refused for its state does not pass soon where it ails.
const AILING: Duration = Duration::from_secs(60);

/// With what the object ails from, where that may be why.
fn because(error: Error, ailment: Option<&Ailment>) -> Error {
    match (error, ailment) {
        (Error::Aws(mut aws), Some(ailment)) => {
            aws.message = format!("{}; of the object AWS says: {ailment}", aws.message.trim_end_matches('.'));
            Error::Aws(aws)
        }
        (error, _) => error,
    }
}

/// Whether AWS makes the change with the call itself (`x-light`). Tags of ownership are tags.
fn is_light(schema: &Json, change: &AttrChange) -> bool {
    properties(schema).and_then(|all| all.get(change.path.head())).is_some_and(|schema| is(schema, "x-light"))
}

/// Secrets are not for error texts.
fn text(change: &AttrChange, value: &Json) -> String {
    if change.sensitive { "(sensitive)".to_owned() } else { value.to_string() }
}
