use super::leaves::{self, View, plain_length};
use super::style::{Paint, duration};
use super::wrap::wrap;
use super::{data, note, width};
use crate::cli::site::Site;
use crate::config::Stack;
use crate::detail::{Detail, StepDetail, leaves as differences};
use crate::diff::{AttrChange, Effect};
use crate::plan::{Action, OutputChange, Plan, Reason, Step};
use crate::schema::properties;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The plan for people: what was found changed, what will be done and why, and a summary.
pub fn plan(plan: &Plan, stack: &Stack, details: bool) {
    for line in lines(plan, stack, View { width: width(), details }) {
        data(&line);
    }
}

/// The plan for programs: one JSON document.
pub fn plan_json(plan: &Plan, site: &Site) {
    let mut document = document(plan);
    document["on"] = json!(site);
    super::document(&document.to_string());
}

/// What `plan --json` prints: the plan, with each change and output in detail (docs/plans.md).
pub(super) fn document(plan: &Plan) -> Json {
    let mut document = json!(plan);
    document["changes"] = json!(!plan.is_empty());
    document["summary"] = json!(plan.counts());
    for (step, told) in plan.steps.iter().zip(document["steps"].as_array_mut().into_iter().flatten()) {
        let detail = of(step, plan);
        told["widens"] = json!(detail.widens);
        for (name, changes, details) in
            [("changes", &step.changes, &detail.changes), ("drift", &step.drift, &detail.drift)]
        {
            let told = told[name].as_array_mut().into_iter().flatten();
            for ((change, detail), told) in changes.iter().zip(details).zip(told) {
                told["leaves"] = json!(detail.differing().collect::<Vec<_>>());
                told["unchanged"] = json!(detail.unchanged());
                if name == "changes" {
                    let steps = change.path.steps();
                    let own = detail_widens(steps, &of(step, plan));
                    told["widens"] = json!(own);
                }
            }
        }
    }
    for (output, told) in plan.outputs.iter().zip(document["outputs"].as_array_mut().into_iter().flatten()) {
        let detail = of_output(output);
        told["leaves"] = json!(detail.differing().collect::<Vec<_>>());
    }
    document
}

/// What a change of one attribute widens.
fn detail_widens(steps: &[crate::path::Step], detail: &StepDetail) -> Vec<String> {
    let own = detail.widens.iter().filter(|widens| widens.path.steps().starts_with(steps));
    own.map(|widens| widens.says.clone()).collect()
}

fn of(step: &Step, plan: &Plan) -> StepDetail {
    let kind = crate::resource::kind(&step.address.kind);
    StepDetail::of(kind.map_or(&Json::Null, |kind| kind.inputs()), step, &plan.account)
}

fn of_output(output: &OutputChange) -> Detail {
    let schema = if output.sensitive { json!({ "x-sensitive": true }) } else { Json::Null };
    let mut leaves = differences(&schema, &output.before, &output.after);
    for leaf in &mut leaves {
        leaf.path = crate::path::Path::key(&output.name).join(&leaf.path);
    }
    Detail { leaves }
}

pub(super) fn lines(plan: &Plan, stack: &Stack, view: View) -> Vec<String> {
    let mut lines = vec![];
    drift(plan, &mut lines, view);
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
            let detail = of(step, plan);
            head(step, stack, paint, sign, view, &mut lines);
            warnings(&detail, view, &mut lines);
            changes(step, &detail, stack, view, &mut lines);
        }
        lines.push(String::new());
    }
    left_behind(plan, &mut lines);
    renames(plan, &mut lines);
    outputs(plan, &mut lines, view);
    refused(plan, view, &mut lines);
    lines.extend(widened(plan, view));
    lines.push(summary(plan));
    lines
}

fn drift(plan: &Plan, lines: &mut Vec<String>, view: View) {
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
        let drift = of(step, plan).drift;
        let column = leaves::column(drift.iter(), view);
        lines.extend(drift.iter().flat_map(|detail| leaves::lines(detail, None, false, column, view)));
    }
    lines.push(String::new());
}

fn head(step: &Step, stack: &Stack, paint: Paint, sign: &str, view: View, lines: &mut Vec<String>) {
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
    } else if step.changes.iter().any(|change| is_ownership(&change.path)) {
        notes.push("says anew whose it is".to_owned());
    }
    if step.is_recorded_only() {
        notes.push("in the state only".to_owned());
    }
    if step.changes.iter().any(|change| change.path.is("depends_on") && change.effect == Effect::Recorded) {
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
    let place = place.map(|place| format!("  {}", Paint::Dim.label(&place))).unwrap_or_default();
    let address = Paint::Strong.label(&step.address.to_string());
    let line = format!("  {} {address}{place}", paint.label(&format!("{sign:>3}")));
    let whole = if notes.is_empty() { line.clone() } else { format!("{line}  {}", notes.join("; ")) };
    if plain_length(&whole) <= view.width {
        return lines.push(whole);
    }
    lines.push(line);
    for note in notes {
        lines.extend(indented(&note, 8, view.width));
    }
}

/// Whether it is one of the tags that say whose an object is.
fn is_ownership(path: &crate::path::Path) -> bool {
    use crate::path::Step;
    matches!(path.steps(), [Step::Key(tags), Step::Key(key)] if tags == "tags" && key.starts_with("stackctl:"))
}

/// Wrapped below an indent. A text that is painted and does not fit loses its paint.
fn indented(text: &str, indent: usize, width: usize) -> Vec<String> {
    if plain_length(text) + indent <= width {
        return vec![format!("{:indent$}{text}", "")];
    }
    let plain = anstream::adapter::strip_str(text).to_string();
    wrap(&plain, width.saturating_sub(indent))
        .into_iter()
        .map(|line| format!("{:indent$}{line}", ""))
        .collect()
}

/// What it lets through that nothing did before, first and loudly.
fn warnings(detail: &StepDetail, view: View, lines: &mut Vec<String>) {
    for widens in &detail.widens {
        let text = match widens.path.is_root() {
            true => widens.says.clone(),
            false => format!("{}: {}", widens.path, widens.says),
        };
        for (at, line) in wrap(&text, view.width.saturating_sub(8)).into_iter().enumerate() {
            let sign = if at == 0 { "! " } else { "  " };
            lines.push(format!("      {}", Paint::Bad.label(&format!("{sign}{line}"))));
        }
    }
}

fn changes(step: &Step, detail: &StepDetail, stack: &Stack, view: View, lines: &mut Vec<String>) {
    let block = stack.blocks.get(&step.address);
    // A create shows what the file says; defaults and the place of a package on this machine say nothing new.
    let schemas = block.and_then(|block| properties(block.kind.inputs()));
    let is_told = |change: &AttrChange| {
        let Some(block) = block.filter(|_| step.action == Action::Create && !view.details) else {
            return true;
        };
        let schema = schemas.and_then(|schemas| schemas.get(change.path.head()));
        let default = schema.is_some_and(|schema| schema.get("default") == Some(&change.after));
        block.inputs.get(change.path.head()).is_some() || !(default || change.path.is("artifact"))
    };
    let (told, silent): (Vec<_>, Vec<_>) =
        step.changes.iter().zip(&detail.changes).partition(|(change, _)| is_told(change));
    let column = leaves::column(told.iter().map(|(_, detail)| *detail), view);
    for (change, detail) in told {
        let note = (change.effect == Effect::Replace && step.action.replaces()).then(|| {
            let place = block.map(|block| stack.place(block.span_of(&change.path)));
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            format!("forces the replacement{place}")
        });
        lines.extend(leaves::lines(detail, note.as_deref(), step.action == Action::Create, column, view));
    }
    let defaults = silent.iter().filter(|(change, _)| !change.path.is("artifact")).count();
    if defaults > 0 {
        lines.push(format!("        {}", Paint::Dim.label(&format!("and {defaults} by default"))));
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

fn refused(plan: &Plan, view: View, lines: &mut Vec<String>) {
    if plan.refused.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label("AWS would refuse"));
    for refusal in &plan.refused {
        for (at, line) in wrap(&refusal.why, view.width.saturating_sub(6)).iter().enumerate() {
            let sign = if at == 0 { Paint::Bad.label("!") } else { " ".to_owned() };
            lines.push(format!("    {sign} {line}"));
        }
        lines.extend(indented(&refusal.help, 6, view.width));
    }
    lines.push(String::new());
}

fn outputs(plan: &Plan, lines: &mut Vec<String>, view: View) {
    if plan.outputs.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label("Outputs"));
    let details: Vec<Detail> = plan.outputs.iter().map(of_output).collect();
    let column = leaves::column(details.iter(), view);
    lines.extend(details.iter().flat_map(|detail| leaves::lines(detail, None, false, column, view)));
    lines.push(String::new());
}

/// Said once more where somebody is about to agree.
fn widened(plan: &Plan, view: View) -> Vec<String> {
    let wide: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| !of(step, plan).widens.is_empty())
        .map(|step| step.address.to_string())
        .collect();
    if wide.is_empty() {
        return vec![];
    }
    let text = format!("Lets more through than before: {}.", wide.join(", "));
    wrap(&text, view.width).into_iter().map(|line| Paint::Bad.label(&line)).collect()
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
