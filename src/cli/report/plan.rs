use super::style::{Paint, duration};
use super::value::{elements, inline};
use super::{data, note, width};
use crate::cli::site::Site;
use crate::config::Stack;
use crate::diff::{AttrChange, Effect};
use crate::plan::{Action, Plan, Reason, Step};
use crate::schema::properties;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The plan for people: what was found changed, what will be done and why, and a summary.
pub fn plan(plan: &Plan, stack: &Stack) {
    for line in lines(plan, stack, width()) {
        data(&line);
    }
}

/// The plan for programs: one JSON document.
pub fn plan_json(plan: &Plan, site: &Site) {
    let mut document = json!(plan);
    document["on"] = json!(site);
    document["changes"] = json!(!plan.is_empty());
    document["summary"] = json!(plan.counts());
    super::document(&document.to_string());
}

pub(super) fn lines(plan: &Plan, stack: &Stack, width: usize) -> Vec<String> {
    let mut lines = vec![];
    drift(plan, &mut lines, width);
    moves(plan, stack, &mut lines);
    let sections = [
        ("Create", Paint::Good, "+", Action::Create),
        ("Update in place", Paint::Change, "~", Action::Update),
        ("Replace (delete, then create)", Paint::Replace, "-/+", Action::Replace),
        ("Replace (create, then delete)", Paint::Replace, "+/-", Action::ReplaceCreateFirst),
        ("Delete", Paint::Bad, "-", Action::Delete),
    ];
    for (title, paint, sign, action) in sections {
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.action == action).collect();
        if steps.is_empty() {
            continue;
        }
        lines.push(Paint::Strong.label(title));
        for step in steps {
            head(step, stack, paint, sign, &mut lines);
            changes(step, stack, width, &mut lines);
        }
        lines.push(String::new());
    }
    left_behind(plan, &mut lines);
    renames(plan, &mut lines);
    outputs(plan, &mut lines, width);
    refused(plan, &mut lines);
    lines.push(summary(plan));
    lines
}

fn drift(plan: &Plan, lines: &mut Vec<String>, width: usize) {
    let drifted: Vec<&Step> = plan.steps.iter().filter(|step| !step.drift.is_empty()).collect();
    if drifted.is_empty() && plan.gone.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label("Changed outside of stackctl"));
    for gone in &plan.gone {
        lines.push(format!(
            "  {} {} ({}) does not exist any more",
            Paint::Bad.label("!"),
            gone.address,
            gone.id
        ));
    }
    for step in drifted {
        lines.push(format!("  {} {}", Paint::Change.label("!"), step.address));
        attributes(&step.drift, None, width, lines);
    }
    lines.push(String::new());
}

fn head(step: &Step, stack: &Stack, paint: Paint, sign: &str, lines: &mut Vec<String>) {
    let place = stack.blocks.get(&step.address).map(|block| stack.place(block.span));
    let mut notes: Vec<String> = vec![];
    match &step.reason {
        Reason::New | Reason::Changed | Reason::Destroy => {}
        Reason::Removed => notes.push("no more in stack.toml".to_owned()),
        Reason::Vanished => notes.push("was deleted outside of stackctl".to_owned()),
        Reason::Incomplete => notes.push("an earlier apply did not finish it".to_owned()),
        Reason::Failed(why) => notes.push(format!("AWS says it failed: {why}")),
        Reason::Bound(why) => notes.push(why.clone()),
        Reason::Asked => notes.push("asked for by --replace".to_owned()),
    }
    for change in &step.changes {
        if let Effect::Interrupts(how) = &change.effect
            && step.action == Action::Update
        {
            notes.push(format!("{} interrupts: {how}", change.path));
        }
    }
    if let Some(from) = step.moved_from.as_ref().filter(|_| step.action.deletes()) {
        notes.push(format!("what was {from}"));
    }
    if let Some(stack) = &step.belongs_to {
        notes.push(Paint::Bad.label(&format!("belongs to the stack {stack} now")));
    } else if step.changes.iter().any(|change| change.path.starts_with("tags.stackctl:")) {
        notes.push("says anew whose it is".to_owned());
    }
    if step.is_recorded_only() {
        notes.push("in the state only".to_owned());
    }
    if step.changes.iter().any(|change| change.path == "depends_on" && change.effect == Effect::Recorded) {
        notes.push("order of deletion".to_owned());
    }
    if step.holds_data && step.action.deletes() {
        notes.push(Paint::Bad.label("its data will be lost"));
    }
    if step.protected && step.action.deletes() {
        notes.push(Paint::Bad.label("protected by prevent_destroy"));
    }
    if step.seconds >= 60 {
        notes.push(format!("about {} on AWS", duration(Duration::from_secs(step.seconds.into()))));
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  {}", notes.join("; ")) };
    let place = place.map(|place| format!("  {}", Paint::Dim.label(&place))).unwrap_or_default();
    let address = Paint::Strong.label(&step.address.to_string());
    lines.push(format!("  {} {address}{place}{notes}", paint.label(&format!("{sign:>3}"))));
}

fn changes(step: &Step, stack: &Stack, width: usize, lines: &mut Vec<String>) {
    let block = stack.blocks.get(&step.address).filter(|_| step.action == Action::Create);
    let Some(block) = block else { return attributes(&step.changes, Some((step, stack)), width, lines) };
    // What the file says, and what stackctl adds; defaults and the place of a package on this machine say nothing new.
    let schemas = properties(block.kind.inputs());
    let (told, silent): (Vec<AttrChange>, Vec<AttrChange>) =
        step.changes.iter().cloned().partition(|change| {
            let schema = schemas.and_then(|schemas| schemas.get(change.path.head()));
            let default = schema.is_some_and(|schema| schema.get("default") == Some(&change.after));
            block.inputs.get(change.path.head()).is_some() || !(default || change.path.is("artifact"))
        });
    attributes(&told, Some((step, stack)), width, lines);
    let defaults = silent.iter().filter(|change| !change.path.is("artifact")).count();
    if defaults > 0 {
        lines.push(format!("        {}", Paint::Dim.label(&format!("and {defaults} by default"))));
    }
}

fn attributes(changes: &[AttrChange], of: Option<(&Step, &Stack)>, width: usize, lines: &mut Vec<String>) {
    let longest = changes.iter().map(|change| change.path.to_string().chars().count()).max().unwrap_or(0).min(32);
    for change in changes {
        let name = format!("{:<longest$}", change.path.to_string());
        let room = width.saturating_sub(longest + 12).max(24);
        let created = of.is_some_and(|(step, _)| step.action == Action::Create);
        if created {
            lines.push(format!("        {name}  {}", show(change, &change.after, room)));
            continue;
        }
        let forces = match of {
            Some((step, stack)) if change.effect == Effect::Replace && step.action.replaces() => {
                let place =
                    stack.blocks.get(&step.address).map(|block| stack.place(block.span_of(&change.path)));
                let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
                format!("  {}", Paint::Replace.label(&format!("forces the replacement{place}")))
            }
            _ => String::new(),
        };
        match elements(&change.before, &change.after).filter(|_| !change.sensitive) {
            Some((removed, added)) if !removed.is_empty() || !added.is_empty() => {
                lines.push(format!("        {name}{forces}"));
                for item in removed {
                    lines.push(format!("          {} {}", Paint::Bad.label("-"), inline(item, room)));
                }
                for item in added {
                    lines.push(format!("          {} {}", Paint::Good.label("+"), inline(item, room)));
                }
            }
            _ => {
                let half = (room / 2).max(24);
                let (before, after) = (show(change, &change.before, half), show(change, &change.after, half));
                lines.push(format!("        {name}  {before} {} {after}{forces}", Paint::Dim.label("→")));
            }
        }
    }
}

fn show(change: &AttrChange, value: &Json, room: usize) -> String {
    match value {
        Json::Null => inline(value, room),
        _ if change.sensitive => "(sensitive)".to_owned(),
        _ => inline(value, room),
    }
}

/// Objects that get another address.
fn moves(plan: &Plan, stack: &Stack, lines: &mut Vec<String>) {
    if plan.kept().next().is_none() {
        return;
    }
    lines.push(Paint::Strong.label("Move (nothing is made or deleted)"));
    for one in plan.kept() {
        let place = stack.blocks.get(&one.to).map(|block| stack.place(block.span));
        let place = place.map(|place| format!("  {}", Paint::Dim.label(&place))).unwrap_or_default();
        let to = Paint::Strong.label(&one.to.to_string());
        lines.push(format!("  {} {} is {to} now{place}", Paint::Change.label("  >"), one.from));
    }
    lines.push(String::new());
}

/// How to keep what looks renamed.
fn renames(plan: &Plan, lines: &mut Vec<String>) {
    for rename in &plan.renames {
        let how = match &rename.keep {
            Some((name, value)) => format!("write {name} = {value:?} in its block"),
            None => format!("call `stackctl state mv '{}' '{}'`", rename.from, rename.to),
        };
        lines.push(format!(
            "{} If {} is what {} was: {how}, and the object stays.",
            Paint::Strong.label("Renamed?"),
            rename.to,
            rename.from
        ));
    }
    if !plan.renames.is_empty() {
        lines.push(String::new());
    }
}

fn left_behind(plan: &Plan, lines: &mut Vec<String>) {
    for step in plan.steps.iter().filter(|step| step.action == Action::Noop) {
        for id in &step.deposed {
            lines.push(format!(
                "    {} {} ({id}): left over from a replacement",
                Paint::Bad.label("-"),
                step.address
            ));
        }
    }
}

fn refused(plan: &Plan, lines: &mut Vec<String>) {
    if plan.refused.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label("AWS would refuse"));
    for refusal in &plan.refused {
        lines.push(format!("    {} {}", Paint::Bad.label("!"), refusal.why));
        lines.push(format!("      {}", refusal.help));
    }
    lines.push(String::new());
}

fn outputs(plan: &Plan, lines: &mut Vec<String>, width: usize) {
    if plan.outputs.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label("Outputs"));
    let longest = plan.outputs.iter().map(|output| output.name.chars().count()).max().unwrap_or(0);
    for output in &plan.outputs {
        let (sign, paint) = match (&output.before, &output.after) {
            (Json::Null, _) => ("+", Paint::Good),
            (_, Json::Null) => ("-", Paint::Bad),
            _ => ("~", Paint::Change),
        };
        let value = if output.after.is_null() { &output.before } else { &output.after };
        let value = if output.sensitive {
            "(sensitive)".to_owned()
        } else {
            inline(value, width.saturating_sub(longest + 10))
        };
        lines.push(format!("    {} {:<longest$}  {value}", paint.label(sign), output.name));
    }
    lines.push(String::new());
}

/// `Plan: 24 to create, 1 to replace.`
fn summary(plan: &Plan) -> String {
    if plan.is_empty() {
        let count = plan.steps.len();
        return format!(
            "{} {count} resources are as stack.toml wants them.",
            Paint::Good.label("No changes.")
        );
    }
    let counts: Vec<String> =
        plan.counts().iter().map(|(action, count)| format!("{count} to {action}")).collect();
    let what = if counts.is_empty() { "outputs only".to_owned() } else { counts.join(", ") };
    let longest = crate::plan::Order::new(plan).longest();
    let time = if longest >= 60 {
        format!("; about {} on AWS", duration(Duration::from_secs(longest)))
    } else {
        String::new()
    };
    format!("{} {what}{time}.", Paint::Strong.label("Plan:"))
}

/// Where a saved plan went.
pub fn saved(path: &std::path::Path) {
    note(&format!("Saved. `stackctl apply {}` carries out exactly this.", path.display()));
}
