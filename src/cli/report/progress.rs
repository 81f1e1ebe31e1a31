use super::causes::{Causes, Telling};
use super::screen::{Frame, Live, Scene};
use super::style::{Paint, about, count, doing, done, duration};
use super::wrap::{point, wrap};
use super::{cut, note, room, stream};
use crate::address::Address;
use crate::apply::{Standing, Tally};
use crate::cloud::remedy;
use crate::config::Stack;
use crate::event::Event;
use crate::plan::Plan;
use crate::state::Verb;
use crate::trouble::Trouble;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines of a terminal that stay free of what is in flight.
const KEPT: usize = 6;
const MOST_LINES: usize = 8;

/// The progress of an apply: what is in flight and how much is left at the foot of a terminal, a line for what has ended.
pub struct Progress {
    walk: Arc<Walk>,
    causes: Mutex<Causes>,
    places: HashMap<Address, String>,
    _live: Live,
}

struct Walk {
    started: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    tally: Tally,
    flying: BTreeMap<usize, Flying>,
}

struct Flying {
    since: Duration,
    address: Address,
    verb: Verb,
    what: Option<String>,
}

impl Progress {
    /// `typical`: things take as long as on AWS.
    pub fn new(plan: &Plan, stack: &Stack, parallelism: usize, typical: bool) -> Self {
        let tally = Tally::new(plan, parallelism, typical);
        let inner = Mutex::new(Inner { tally, flying: BTreeMap::new() });
        let walk = Arc::new(Walk { started: Instant::now(), inner });
        let places = plan.steps.iter().filter_map(|step| {
            let block = stack.blocks.get(&step.address)?;
            Some((step.address.clone(), stack.place(block.span)))
        });
        Self { places: places.collect(), causes: Mutex::default(), _live: Live::show(walk.clone()), walk }
    }

    /// Takes an event of the engine.
    pub fn event(&self, event: Event) {
        self.walk.take(&event);
        if stream::is_on() {
            return stream::event(&event, |address| self.places.get(address).cloned());
        }
        match event {
            Event::Moved { from, to } => {
                let line = format!("moved: {from} is {to} now");
                let lines = point("  ✓", Paint::Good, &line, room(&std::io::stderr()));
                lines.iter().for_each(|line| note(line));
            }
            Event::Finished { address, verb, took, .. } => {
                let line = format!("{address}: {} in {}", done(verb), duration(took));
                let lines = point("  ✓", Paint::Good, &line, room(&std::io::stderr()));
                lines.iter().for_each(|line| note(line));
            }
            Event::Failed { address, verb, trouble, .. } => self.failed(&address, verb, &trouble),
            // At the foot, and at the end in numbers.
            Event::Started { .. }
            | Event::Waiting { .. }
            | Event::Skipped { .. }
            | Event::Left { .. }
            | Event::LeftOver { .. } => {}
        }
    }

    fn failed(&self, address: &Address, verb: Verb, trouble: &Trouble) {
        let name = format!("{} {address}", doing(verb));
        let telling = self.causes.lock().unwrap_or_else(PoisonError::into_inner).take(&name, trouble);
        let head = format!("{address}: {} failed", doing(verb));
        let width = room(&std::io::stderr());
        let lines = match telling {
            Telling::Full => lines(&head, self.places.get(address).map(String::as_str), trouble, width),
            Telling::Same(first) => point("  ✗", Paint::Bad, &format!("{head}, as {first} did"), width),
            Telling::More(first) => {
                let text = format!("{head}, as {first} did; more of this are counted at the end");
                point("  ✗", Paint::Bad, &text, width)
            }
            Telling::Silent => vec![],
        };
        lines.iter().for_each(|line| note(line));
    }
}

/// An error in full: what failed and where it stands, what AWS said, what to do.
fn lines(head: &str, place: Option<&str>, trouble: &Trouble, width: usize) -> Vec<String> {
    let mut lines = point("  ✗", Paint::Bad, head, width);
    let mut say = |text: &str, paint: Option<Paint>| {
        for line in wrap(text, width.saturating_sub(6)) {
            let line = paint.map_or_else(|| line.clone(), |paint| paint.label(&line));
            lines.push(format!("      {line}"));
        }
    };
    if let Some(place) = place {
        say(&format!("at {place}"), Some(Paint::Dim));
    }
    match trouble.title() {
        Some(title) => say(&format!("{title}: {}", trouble.message), None),
        None => say(&trouble.message, None),
    }
    if let Some(request) = &trouble.request {
        say(&format!("request {request}"), Some(Paint::Dim));
    }
    if let Some(remedy) = trouble.code.as_deref().and_then(remedy) {
        say(remedy, Some(Paint::Good));
    }
    lines
}

impl Walk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: &Event) {
        let since = self.started.elapsed();
        let mut inner = self.inner();
        inner.tally.take(event, since);
        match event {
            Event::Started { operation, address, verb } => {
                let flying = Flying { since, address: address.clone(), verb: *verb, what: None };
                inner.flying.insert(*operation, flying);
            }
            Event::Waiting { address, what } => {
                let flying = inner.flying.values_mut().filter(|flying| flying.address == *address);
                flying.for_each(|flying| flying.what = Some(what.clone()));
            }
            Event::Finished { operation, .. }
            | Event::Failed { operation, .. }
            | Event::Left { operation, .. } => {
                inner.flying.remove(operation);
            }
            Event::Moved { .. } | Event::Skipped { .. } | Event::LeftOver { .. } => {}
        }
    }
}

impl Flying {
    fn said(&self) -> String {
        let what = self.what.as_ref().map(|what| format!(", {what}")).unwrap_or_default();
        format!("{}: {}{what}", self.address, doing(self.verb))
    }
}

/// `312/2,000 done, 3 failed, 16 in flight, about 4 min left`.
fn said(standing: &Standing) -> String {
    let mut said = format!("{}/{} done", count(standing.finished), count(standing.total));
    for (number, what) in [
        (standing.failed, "failed"),
        (standing.skipped, "not started"),
        (standing.left, "left in flight"),
        (standing.flying, "in flight"),
    ] {
        if number > 0 {
            said.push_str(&format!(", {} {what}", count(number)));
        }
    }
    if let Some(left) = standing.remaining.filter(|left| !left.is_zero()) {
        said.push_str(&format!(", {} left", about(left)));
    }
    said
}

impl Scene for Walk {
    fn lines(&self, frame: Frame) -> Vec<String> {
        let inner = self.inner();
        let now = self.started.elapsed();
        let most = MOST_LINES.min(frame.height.saturating_sub(KEPT)).max(1);
        let mut oldest: Vec<&Flying> = inner.flying.values().collect();
        oldest.sort_by_key(|flying| flying.since);
        let mut lines: Vec<String> = oldest
            .iter()
            .take(most)
            .map(|flying| {
                let took = duration(now.saturating_sub(flying.since));
                let said = cut(&flying.said(), frame.width.saturating_sub(took.chars().count() + 6));
                let spinner = Paint::Good.label(&frame.spinner.to_string());
                format!("  {spinner} {said}  {}", Paint::Dim.label(&took))
            })
            .collect();
        let foot = cut(&said(&inner.tally.standing(now)), frame.width.saturating_sub(4));
        lines.push(format!("    {}", Paint::Dim.label(&foot)));
        lines
    }

    fn line(&self, _: Duration) -> String {
        let inner = self.inner();
        let now = self.started.elapsed();
        let oldest = inner.flying.values().min_by_key(|flying| flying.since);
        let oldest = oldest.map(|flying| {
            let took = duration(now.saturating_sub(flying.since));
            format!("; longest: {} ({took})", flying.said())
        });
        format!("  {}{}", said(&inner.tally.standing(now)), oldest.unwrap_or_default())
    }

    fn told(&self, _: Duration) -> (String, Standing) {
        ("applying".to_owned(), self.inner().tally.standing(self.started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_in_words() {
        let standing = Standing {
            total: 2000,
            finished: 312,
            failed: 3,
            skipped: 0,
            flying: 16,
            left: 0,
            remaining: Some(Duration::from_secs(240)),
        };
        insta::assert_snapshot!(said(&standing), @"312/2,000 done, 3 failed, 16 in flight, about 4 min left");
        let ended = Standing { total: 1, finished: 1, ..Standing::default() };
        insta::assert_snapshot!(said(&ended), @"1/1 done");
    }

    fn told(width: usize) -> String {
        let trouble = Trouble {
            message: "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sqs:createqueue"
                .to_owned(),
            call: Some("sqs:CreateQueue".to_owned()),
            code: Some("AccessDenied".to_owned()),
            request: Some("7a62c49f-347e-4fc4-9331-6e8e7a96aa73".to_owned()),
        };
        let lines = lines("queue.jobs: creating failed", Some("stack.toml:4:1"), &trouble, width);
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }

    #[test]
    fn an_error_has_its_place_its_code_and_its_remedy_and_breaks_at_words() {
        insta::assert_snapshot!(told(60));
        insta::assert_snapshot!(told(usize::MAX));
        for width in [40, 60, 100] {
            assert!(told(width).lines().all(|line| line.chars().count() <= width), "{}", told(width));
        }
    }
}
