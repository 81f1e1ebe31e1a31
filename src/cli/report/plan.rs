use super::document::of_output;
use super::leaves::{self, View, plain_length};
use super::notes::{AILING, Note, ailing, counted, notes, of, rename, told};
use super::style::{Paint, count};
use super::wrap::{point, wrap};
use super::{data, note, width};
use crate::cli::places::Places;
use crate::cli::site::Site;
use crate::detail::{Detail, StepDetail};
use crate::plan::{Action, Plan, Step, Tally};

/// The plan for people: what was found changed, what will be done and why, and a summary.
pub fn plan(plan: &Plan, places: &Places, site: &Site, details: bool) {
    for line in lines(plan, places, View { width: width(), details, times: site.is_aws() }) {
        data(&line);
    }
}

pub(super) fn lines(plan: &Plan, places: &Places, view: View) -> Vec<String> {
    let mut lines = vec![];
    drift(plan, &mut lines, view);
    ail(plan, &mut lines, view);
    moves(plan, places, view, &mut lines);
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
            head(step, places, paint, sign, view, &mut lines);
            warnings(&detail, view, &mut lines);
            changes(step, &detail, places, view, &mut lines);
        }
        lines.push(String::new());
    }
    left_behind(plan, view, &mut lines);
    renames(plan, view, &mut lines);
    outputs(plan, &mut lines, view);
    refused(plan, view, &mut lines);
    lines.extend(widened(plan, view));
    lines.extend(indented(&summary(plan, view), 0, view.width));
    lines
}

/// So many that were changed by others are listed; what happens to them is shown below in any case.
const DRIFTED: usize = 20;

fn drift(plan: &Plan, lines: &mut Vec<String>, view: View) {
    let drifted: Vec<&Step> = plan.steps.iter().filter(|step| !step.drift.is_empty()).collect();
    if drifted.is_empty() && plan.gone.is_empty() {
        return;
    }
    let total = plan.gone.len() + drifted.len();
    let most = if view.details { usize::MAX } else { DRIFTED };
    let many = if total > most { format!(": {} resources", count(total)) } else { String::new() };
    lines.push(Paint::Strong.label(&format!("Changed outside of stackctl{many}")));
    for gone in plan.gone.iter().take(most) {
        let text = format!("{} ({}) does not exist any more", gone.address, gone.id);
        lines.extend(point("  !", Paint::Bad, &text, view.width));
    }
    for step in drifted.into_iter().take(most.saturating_sub(plan.gone.len())) {
        lines.push(format!("  {} {}", Paint::Change.label("!"), step.address));
        let drift = of(step, plan).drift;
        let column = leaves::column(drift.iter(), view);
        lines.extend(drift.iter().flat_map(|detail| leaves::lines(detail, None, false, column, view)));
    }
    if total > most {
        lines.push(format!("    and {} more; --details shows all", count(total - most)));
    }
    lines.push(String::new());
}

/// What is not well, and what to do about it.
fn ail(plan: &Plan, lines: &mut Vec<String>, view: View) {
    let ailing: Vec<String> = plan.steps.iter().filter_map(ailing).collect();
    if ailing.is_empty() {
        return;
    }
    lines.push(Paint::Strong.label(AILING));
    lines.extend(ailing.iter().flat_map(|text| point("  !", Paint::Bad, text, view.width)));
    lines.push(String::new());
}

fn head(step: &Step, places: &Places, paint: Paint, sign: &str, view: View, lines: &mut Vec<String>) {
    let place = places.block(&step.address);
    let painted = |note: Note| if note.loud { Paint::Bad.label(&note.text) } else { note.text };
    let notes: Vec<String> = notes(step, view.times).into_iter().map(painted).collect();
    let told = place.map(|place| format!("  {}", Paint::Dim.label(place))).unwrap_or_default();
    let address = Paint::Strong.label(&step.address.to_string());
    let line = format!("  {} {address}{told}", paint.label(&format!("{sign:>3}")));
    let whole = if notes.is_empty() { line.clone() } else { format!("{line}  {}", notes.join("; ")) };
    if plain_length(&whole) <= view.width {
        return lines.push(whole);
    }
    if plain_length(&line) <= view.width {
        lines.push(line);
    } else {
        lines.extend(point(&format!("  {sign:>3}"), paint, &step.address.to_string(), view.width));
        lines.extend(place.map(|place| format!("        {}", Paint::Dim.label(place))));
    }
    for note in notes {
        lines.extend(indented(&note, 8, view.width));
    }
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

fn changes(step: &Step, detail: &StepDetail, places: &Places, view: View, lines: &mut Vec<String>) {
    let told = told(step, detail, places, view.details);
    let column = leaves::column(told.changes.iter().map(|(detail, _)| *detail), view);
    for (detail, note) in &told.changes {
        lines.extend(leaves::lines(detail, note.as_deref(), step.action == Action::Create, column, view));
    }
    if told.defaults > 0 {
        lines.push(format!("        {}", Paint::Dim.label(&format!("and {} by default", told.defaults))));
    }
}

/// Objects that get another address.
fn moves(plan: &Plan, places: &Places, view: View, lines: &mut Vec<String>) {
    if plan.kept().next().is_none() {
        return;
    }
    lines.push(Paint::Strong.label("Move (nothing is made or deleted)"));
    for one in plan.kept() {
        let place = places.block(&one.to);
        let place = place.map(|place| format!("  {}", Paint::Dim.label(place))).unwrap_or_default();
        let to = Paint::Strong.label(&one.to.to_string());
        let line = format!("  {} {} is {to} now{place}", Paint::Change.label("  >"), one.from);
        match plain_length(&line) <= view.width {
            true => lines.push(line),
            false => lines.extend(point(
                "    >",
                Paint::Change,
                &format!("{} is {} now", one.from, one.to),
                view.width,
            )),
        }
    }
    lines.push(String::new());
}

/// How to keep what looks renamed.
fn renames(plan: &Plan, view: View, lines: &mut Vec<String>) {
    for one in &plan.renames {
        lines.extend(point("Renamed?", Paint::Strong, &rename(one), view.width));
    }
    if !plan.renames.is_empty() {
        lines.push(String::new());
    }
}

fn left_behind(plan: &Plan, view: View, lines: &mut Vec<String>) {
    for step in plan.steps.iter().filter(|step| step.action == Action::Noop) {
        for id in &step.deposed {
            let text = format!("{} ({id}): left over from a replacement", step.address);
            lines.extend(point("    -", Paint::Bad, &text, view.width));
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
fn summary(plan: &Plan, view: View) -> String {
    let tally = Tally::of(plan);
    if plan.is_empty() {
        return format!("{} {tally}", Paint::Good.label("No changes."));
    }
    format!("{} {}.", Paint::Strong.label("Plan:"), counted(plan, view.times))
}

/// Where a saved plan went.
pub fn saved(path: &std::path::Path) {
    note(&format!(
        "Saved. `stackctl apply {0}` carries out exactly this, `stackctl show {0}` shows it again.",
        path.display()
    ));
}
