use stackctl::apply::{Summary, Tally};
use stackctl::event::Event;
use stackctl::plan::Plan;
use std::collections::BTreeSet;
use std::time::Duration;

/// What the events of one apply say, held against each other and against its summary.
#[derive(Debug)]
pub struct Book {
    tally: Tally,
    flying: BTreeSet<usize>,
    ended: BTreeSet<usize>,
    done: usize,
    failed: usize,
    /// How many had ended at the last look.
    before: usize,
    wrong: Option<String>,
}

impl Book {
    pub fn new(plan: &Plan) -> Self {
        let tally = Tally::new(plan, 16, true);
        Self {
            tally,
            flying: BTreeSet::new(),
            ended: BTreeSet::new(),
            done: 0,
            failed: 0,
            before: 0,
            wrong: None,
        }
    }

    pub fn take(&mut self, event: &Event, at: Duration) {
        let fits = match event {
            Event::Started { operation, .. } => {
                !self.ended.contains(operation) && self.flying.insert(*operation)
            }
            Event::Finished { operation, .. }
            | Event::Failed { operation, .. }
            | Event::Left { operation, .. } => {
                match event {
                    Event::Finished { .. } => self.done += 1,
                    Event::Failed { .. } => self.failed += 1,
                    _ => {}
                }
                self.flying.remove(operation) && self.ended.insert(*operation)
            }
            Event::Skipped { operation, .. } => {
                !self.flying.contains(operation) && self.ended.insert(*operation)
            }
            Event::Moved { .. } | Event::Waiting { .. } | Event::LeftOver { .. } => true,
        };
        self.tally.take(event, at);
        let now = self.tally.standing(at);
        let ended = now.finished + now.failed + now.skipped + now.left;
        if !fits || ended < self.before || ended + now.flying > now.total {
            self.wrong.get_or_insert_with(|| format!("{event:?} after {ended} of {now:?}"));
        }
        self.before = ended;
    }

    /// What does not agree, if there is anything.
    pub fn end(mut self, summary: &Summary) -> Option<String> {
        if !self.flying.is_empty() {
            self.wrong.get_or_insert_with(|| format!("operations {:?} never ended", self.flying));
        }
        if (self.done, self.failed) != (summary.done.len(), summary.failed.len()) {
            let (done, failed) = (self.done, self.failed);
            self.wrong.get_or_insert_with(|| {
                format!(
                    "{done} done and {failed} failed, the summary says {} and {}",
                    summary.done.len(),
                    summary.failed.len()
                )
            });
        }
        self.wrong
    }
}
