//! Reads an object until it is what is wanted, must be changed, or is gone. AWS answers from many places, and they disagree
//! for a while: one answer is no agreement, and one absence is no end.

use super::Pace;
use super::converge::Target;
use super::polls::Polls;
use crate::diff::AttrChange;
use crate::error::{Error, Result};
use crate::resource::{Ailment, Kind, Observed, Status, Wait};
use serde_json::Value as Json;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So many looks in a row find nothing of what is gone. Any one answer may come from a place that does not know it.
const ABSENCES: u32 = 3;

/// What came of looking at an object.
pub enum Seen {
    /// It was what is wanted, often enough in a row.
    Agreed(Observed),
    /// It has to be changed, once more if it was already.
    Differs(Observed, Vec<AttrChange>),
}

/// An object that is looked at from its creation, or from before its first change, until it agrees.
pub struct Watch<'a> {
    target: &'a Target<'a>,
    wait: Wait,
    /// Whether any read has shown it.
    shown: bool,
    /// So many ready reads in a row come before its first change.
    hits: u32,
    /// What it ailed from when it was looked at first; none in the inner if it was well, or not there.
    known: Option<Option<Ailment>>,
}

impl<'a> Watch<'a> {
    /// One that is not `new` has been there, and one look at it is enough to change it.
    pub fn new(target: &'a Target<'a>, wait: Wait, new: bool) -> Self {
        let wait = target.pace.wait(wait);
        let known = target.made.then_some(None);
        Self { target, wait, shown: !new, hits: if new { wait.hits } else { 1 }, known }
    }

    /// Looks like that from now on.
    pub fn waits(&mut self, wait: Wait) {
        self.wait = self.target.pace.wait(wait);
    }

    /// Looks until the object agrees or has to be changed. `written`: the difference that was written just before.
    ///
    /// Whatever was written is given time to show before it is written again, counted from the last read that showed it.
    pub async fn look(
        &mut self,
        wanted: &Json,
        recorded: &Json,
        written: Option<&[AttrChange]>,
    ) -> Result<Seen> {
        let (target, wait, pace) = (self.target, self.wait, self.target.pace);
        let mut polls = Polls::new(target, wait.timeout);
        let (mut ready, mut equal) = (0, 0);
        let begun = written.map(|_| Instant::now());
        let mut patient = begun;
        // Since when, and in how many looks in a row.
        let mut absent: Option<(Instant, u32)> = None;
        // The delay spares polls that cannot succeed; an object that is ready at once needs none.
        let mut delay = Some(wait.delay);
        let mut pauses = Pauses::new(&pace, wait.interval);
        let mut echo = pace.first;
        loop {
            let (what, pause) = match target.reader.read(target.kind, target.id).await? {
                None => {
                    (ready, equal) = (0, 0);
                    let (since, looks) = absent.get_or_insert_with(|| (Instant::now(), 0));
                    *looks += 1;
                    // Two looks may be minutes apart, and each of them may have met a place that does not know it.
                    let enough = *looks >= ABSENCES || pace.absence.is_zero();
                    if !self.shown {
                        ("to become visible".to_owned(), pauses.next())
                    } else if enough && since.elapsed() >= pace.absence {
                        return Err(Error::Refused("it was deleted by someone else meanwhile".to_owned()));
                    } else {
                        ("to show again".to_owned(), pauses.next())
                    }
                }
                Some(observed) => {
                    (self.shown, absent) = (true, None);
                    match &observed.status {
                        Status::Lost(why) => {
                            return Err(Error::Refused(format!("AWS says that it failed: {why}")));
                        }
                        Status::Pending(state) => {
                            (ready, equal) = (0, 0);
                            (state.clone(), pauses.next())
                        }
                        Status::Ailing(ailment) if self.is_worse(ailment, begun)? => {
                            (ready, equal) = (0, 0);
                            (ailment.what.clone(), pauses.next())
                        }
                        Status::Ready | Status::Ailing(_) => {
                            self.known.get_or_insert(None);
                            ready += 1;
                            let left = target.differences(&observed, recorded, wanted);
                            if left.is_empty() {
                                equal += 1;
                                if equal >= wait.equal {
                                    return Ok(Seen::Agreed(observed));
                                }
                                patient = Some(Instant::now());
                                ("ready".to_owned(), wait.apart)
                            } else {
                                equal = 0;
                                let due = match patient {
                                    None => ready >= self.hits,
                                    Some(since) => {
                                        since.elapsed() >= pace.echo
                                            || written.is_some_and(|written| is_progress(&left, written))
                                    }
                                };
                                if due {
                                    return Ok(Seen::Differs(observed, left));
                                }
                                let pause = if patient.is_some() { echo } else { pauses.next() };
                                echo = pace.next(echo);
                                ("to read as it was written".to_owned(), pause)
                            }
                        }
                    }
                }
            };
            if ready == 0
                && let Some(delay) = delay.take()
            {
                sleep(delay).await;
            }
            polls.pause(&what, pause).await?;
        }
    }
}

impl Watch<'_> {
    /// What it ails from already stops no change of something else. Whether this is what AWS said before the change that was
    /// written at `written` and may say for a while yet.
    ///
    /// # Errors
    /// It did not ail so when it was looked at first, or AWS gave the change up.
    fn is_worse(&mut self, ailment: &Ailment, written: Option<Instant>) -> Result<bool> {
        let known = self.known.get_or_insert_with(|| Some(ailment.clone())).as_ref();
        let Some(since) = written.filter(|_| ailment.undone) else {
            return if known == Some(ailment) { Ok(false) } else { Err(told(ailment)) };
        };
        if known == Some(ailment) && since.elapsed() < self.target.pace.echo {
            return Ok(true);
        }
        Err(told(ailment))
    }
}

fn told(ailment: &Ailment) -> Error {
    Error::Refused(format!("AWS says: {ailment}"))
}

/// Whether a part of what was written shows and nothing else has changed: some services take one part at a time.
fn is_progress(left: &[AttrChange], written: &[AttrChange]) -> bool {
    left.len() < written.len() && left.iter().all(|change| written.contains(change))
}

/// Waits of a profile have a fixed interval; an emulator is polled fast at first.
struct Pauses<'a> {
    pace: &'a Pace,
    pause: Duration,
}

impl<'a> Pauses<'a> {
    fn new(pace: &'a Pace, first: Duration) -> Self {
        Self { pace, pause: first }
    }

    fn next(&mut self) -> Duration {
        let pause = self.pause;
        if pause < self.pace.longest && pause <= Pace::EMULATOR.longest {
            self.pause = self.pace.next(pause);
        }
        pause
    }
}

impl Target<'_> {
    /// Polls until the object is gone: absent so many times in a row.
    pub async fn gone(&self, wait: Wait) -> Result<()> {
        let wait = self.pace.wait(wait);
        let mut polls = Polls::new(self, wait.timeout);
        let mut pauses = Pauses::new(&self.pace, wait.interval);
        let mut absent = 0;
        let mut unwell: Option<Instant> = None;
        loop {
            let there = self.reader.read(self.kind, self.id).await?;
            absent = if there.is_none() { absent + 1 } else { 0 };
            if absent >= wait.equal {
                return Ok(());
            }
            let (what, pause) = match there.map(|observed| observed.status) {
                None => ("gone".to_owned(), wait.apart),
                // AWS has taken the deletion, and shows for a while what it was before.
                Some(Status::Lost(what) | Status::Ailing(Ailment { what, .. })) => {
                    let since = *unwell.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.pace.grace() {
                        return Err(Error::Refused(format!("AWS could not delete it: {what}")));
                    }
                    (what, pauses.next())
                }
                Some(Status::Pending(state)) => (state, pauses.next()),
                Some(Status::Ready) => ("to disappear".to_owned(), pauses.next()),
            };
            polls.pause(&what, pause).await?;
        }
    }

    /// The object as it is now; see [`sight`].
    pub async fn sight(&self) -> Result<Option<Observed>> {
        sight(&self.pace, self.kind, || self.reader.read(self.kind, self.id)).await
    }
}

/// What is there. Nothing only if it was absent as often in a row as after its deletion.
pub async fn sight<F: Future<Output = Result<Option<Observed>>>>(
    pace: &Pace,
    kind: &dyn Kind,
    mut read: impl FnMut() -> F,
) -> Result<Option<Observed>> {
    let wait = pace.wait(kind.profile().delete);
    for absent in 1..=wait.equal {
        let there = read().await?;
        if there.is_some() {
            return Ok(there);
        }
        if absent < wait.equal {
            sleep(wait.apart).await;
        }
    }
    Ok(None)
}
