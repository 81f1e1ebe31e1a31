//! `plan --json`: the plan with each change and output in detail (docs/plans.md, docs/plan.schema.json).

use super::notes::of;
use crate::cli::site::Site;
use crate::cost::PlanCost;
use crate::detail::{Detail, StepDetail, leaves};
use crate::diff::Effect;
use crate::plan::{Action, OutputChange, Plan, Reason, Step, Tally};
use serde_json::{Value as Json, json};

/// The plan for programs: one JSON document.
pub fn plan_json(plan: &Plan, site: &Site, cost: Option<&PlanCost>) {
    let mut document = document(plan, cost);
    document["on"] = json!(site);
    super::document(&document.to_string());
}

pub(super) fn document(plan: &Plan, cost: Option<&PlanCost>) -> Json {
    let mut document = json!(plan);
    document["changes"] = json!(!plan.is_empty());
    document["summary"] = json!(Tally::of(plan).counts());
    if let Some(cost) = cost {
        document["cost"] = json!(cost);
    }
    for (step, told) in plan.steps.iter().zip(document["steps"].as_array_mut().into_iter().flatten()) {
        let detail = of(step, plan);
        told["widens"] = json!(detail.widens);
        let (reason, why) = reason(step);
        told["reason"] = json!(reason);
        if let Some(why) = why {
            told["why"] = json!(why);
        }
        for (name, changes, details) in
            [("changes", &step.changes, &detail.changes), ("drift", &step.drift, &detail.drift)]
        {
            let told = told[name].as_array_mut().into_iter().flatten();
            for ((change, detail), told) in changes.iter().zip(details).zip(told) {
                told["leaves"] = json!(detail.differing().collect::<Vec<_>>());
                told["unchanged"] = json!(detail.unchanged());
                if let Effect::Interrupts(how) = &change.effect {
                    told["effect"] = json!("interrupts");
                    told["interrupts"] = json!(how);
                }
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

/// Always a word, and what is said beside some of them.
fn reason(step: &Step) -> (&'static str, Option<&str>) {
    if step.action == Action::Noop {
        return (if step.left_alone { "not_chosen" } else { "unchanged" }, None);
    }
    match &step.reason {
        Reason::New => ("new", None),
        Reason::Changed => ("changed", None),
        Reason::Removed => ("removed", None),
        Reason::Vanished => ("vanished", None),
        Reason::Incomplete => ("incomplete", None),
        Reason::Failed(why) => ("failed", Some(why)),
        Reason::Bound(why) => ("bound", Some(why)),
        Reason::Asked => ("asked", None),
        Reason::Destroy => ("destroy", None),
    }
}

/// What a change of one attribute widens.
fn detail_widens(steps: &[crate::path::Step], detail: &StepDetail) -> Vec<String> {
    let own = detail.widens.iter().filter(|widens| widens.path.steps().starts_with(steps));
    own.map(|widens| widens.says.clone()).collect()
}

/// A change of an output in detail.
pub(super) fn of_output(output: &OutputChange) -> Detail {
    let schema = if output.sensitive { json!({ "x-sensitive": true }) } else { Json::Null };
    let mut leaves = leaves(&schema, &output.before, &output.after);
    for leaf in &mut leaves {
        leaf.path = crate::path::Path::key(&output.name).join(&leaf.path);
    }
    Detail { leaves }
}
