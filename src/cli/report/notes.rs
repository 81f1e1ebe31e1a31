//! The words beside a step and its changes: the same in every rendering of a plan.

use super::style::about;
use crate::cli::places::Places;
use crate::detail::{Detail, StepDetail};
use crate::diff::{AttrChange, Effect};
use crate::plan::{Action, Order, Plan, Reason, Step, Tally};
use crate::schema::properties;
use serde_json::Value as Json;
use std::time::Duration;

/// Something that is said of a step as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    /// Something is lost, or taken from somebody.
    pub loud: bool,
}

/// What a step does, in detail.
pub fn of(step: &Step, plan: &Plan) -> StepDetail {
    let kind = crate::resource::kind(&step.address.kind);
    StepDetail::of(kind.map_or(&Json::Null, |kind| kind.inputs()), step, &plan.account)
}

/// Why it is done, and what is to be known before; with `times`, how long it takes on AWS.
pub fn notes(step: &Step, times: bool) -> Vec<Note> {
    let mut notes = vec![];
    let mut say = |text: String, loud: bool| notes.push(Note { text, loud });
    match &step.reason {
        Reason::New | Reason::Changed | Reason::Destroy => {}
        Reason::Removed => say("no more in stack.toml".to_owned(), false),
        Reason::Vanished => say("was deleted outside of stackctl".to_owned(), false),
        Reason::Incomplete => say("an earlier apply did not finish it".to_owned(), false),
        Reason::Failed(why) => say(format!("AWS says it failed: {why}"), false),
        Reason::Bound(why) => say(why.clone(), false),
        Reason::Asked => say("asked for by --replace".to_owned(), false),
    }
    for change in &step.changes {
        if let Effect::Interrupts(how) = &change.effect
            && step.action == Action::Update
        {
            say(format!("{} interrupts: {how}", change.path), false);
        }
    }
    if let Some(from) = step.moved_from.as_ref().filter(|_| step.action.deletes()) {
        say(format!("what was {from}"), false);
    }
    if let Some(stack) = &step.belongs_to {
        say(format!("belongs to the stack {stack} now"), true);
    } else if step.changes.iter().any(|change| is_ownership(&change.path)) {
        say("says anew whose it is".to_owned(), false);
    }
    if step.is_recorded_only() {
        say("in the state only".to_owned(), false);
    }
    if step.changes.iter().any(|change| change.path.is("depends_on") && change.effect == Effect::Recorded) {
        say("order of deletion".to_owned(), false);
    }
    if step.holds_data && step.action.deletes() {
        say("its data will be lost".to_owned(), true);
    }
    if step.protected && step.action.deletes() {
        say("protected by prevent_destroy".to_owned(), true);
    }
    if times && step.seconds >= 60 {
        say(format!("{} on AWS", about(Duration::from_secs(step.seconds.into()))), false);
    }
    notes
}

/// What stands over the objects of a plan that ail.
pub const AILING: &str = "Ailing, and not replaced for it";

/// What the object of a step ails from, and the way out; none where it goes.
pub fn ailing(step: &Step) -> Option<String> {
    let ailment = step.ailment.as_ref().filter(|_| !step.action.deletes())?;
    Some(format!("{}: {ailment}", step.address))
}

/// Whether it is one of the tags that say whose an object is.
fn is_ownership(path: &crate::path::Path) -> bool {
    use crate::path::Step;
    matches!(path.steps(), [Step::Key(tags), Step::Key(key)] if tags == "tags" && key.starts_with("stackctl:"))
}

/// The changes of a step that are told.
pub struct Told<'a> {
    /// With what is said beside it.
    pub changes: Vec<(&'a Detail, Option<String>)>,
    /// How many are not, since they are as the schema has them anyway.
    pub defaults: usize,
}

/// A create tells what the file says; defaults and the place of a package on this machine say nothing new.
pub fn told<'a>(step: &'a Step, detail: &'a StepDetail, places: &Places, details: bool) -> Told<'a> {
    let schemas = crate::resource::kind(&step.address.kind).and_then(|kind| properties(kind.inputs()));
    let is_told = |change: &AttrChange| {
        if step.action != Action::Create || details {
            return true;
        }
        // Without its block nobody knows what it writes.
        let written = places.writes(&step.address, change.path.head()).unwrap_or(true);
        let schema = schemas.and_then(|schemas| schemas.get(change.path.head()));
        let default = schema.is_some_and(|schema| schema.get("default") == Some(&change.after));
        let ours = change.path.is("artifact") || schema.is_some_and(|it| it.get("x-identity").is_some());
        written || !(default || ours)
    };
    let (told, silent): (Vec<_>, Vec<_>) =
        step.changes.iter().zip(&detail.changes).partition(|(change, _)| is_told(change));
    let changes = told.into_iter().map(|(change, detail)| {
        let note = (change.effect == Effect::Replace && step.action.replaces()).then(|| {
            let place = places.cause(&step.address, &change.path);
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            format!("forces the replacement{place}")
        });
        (detail, note)
    });
    let changes = changes.collect();
    let defaults = silent.iter().filter(|(change, _)| !change.path.is("artifact")).count();
    Told { changes, defaults }
}

/// `3 to create, 1 to replace; about 12 min on AWS`.
pub fn counted(plan: &Plan, times: bool) -> String {
    let tally = Tally::of(plan);
    let rest = tally.rest().map(|rest| format!("; {rest}")).unwrap_or_default();
    let longest = Order::new(plan).longest();
    let time = if times && longest >= 60 {
        format!("; {} on AWS", about(Duration::from_secs(longest)))
    } else {
        String::new()
    };
    format!("{}{rest}{time}", tally.work().join(", "))
}

/// How to keep what looks renamed: `… write name = "x" in its block, and the object stays`.
pub fn rename(rename: &crate::plan::Rename) -> String {
    let how = match &rename.keep {
        Some((name, value)) => format!("write {name} = {value:?} in its block"),
        None => format!("call `stackctl state mv '{}' '{}'`", rename.from, rename.to),
    };
    format!("If {} is what {} was: {how}, and the object stays.", rename.to, rename.from)
}
