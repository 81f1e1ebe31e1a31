use super::fact::date;
use super::item::Cost;
use crate::address::Address;
use crate::plan::{Action, Plan};
use crate::state::Document;
use serde::{Deserialize, Serialize};

/// What the stack costs a month before and after a plan, and each resource of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCost {
    pub currency: String,
    pub region: String,
    /// Until when all prices are known to have held.
    pub date: String,
    /// A month, without what is charged by use.
    pub before: f64,
    pub after: f64,
    pub difference: f64,
    pub steps: Vec<StepCost>,
    /// Of no single resource.
    pub not_counted: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCost {
    pub address: Address,
    /// None: it is not there.
    pub before: Option<Cost>,
    pub after: Option<Cost>,
}

impl StepCost {
    /// A month, after less before.
    pub fn difference(&self) -> f64 {
        let monthly = |cost: &Option<Cost>| cost.as_ref().map_or(0.0, |cost| cost.monthly);
        monthly(&self.after) - monthly(&self.before)
    }
}

/// Of no resource of a stack.
const NEVER_COUNTED: [&str; 3] = ["data transfer", "the free tier", "taxes and discounts"];

/// `state` says what is there.
pub fn of_plan(plan: &Plan, state: &Document, region: &str) -> PlanCost {
    let steps = plan.steps.iter().map(|step| {
        let kind = step.address.kind.as_str();
        let record = state.resources.get(step.moved_from.as_ref().unwrap_or(&step.address));
        let before = record.map(|record| Cost::of(kind, &record.inputs, region));
        let after = match step.action {
            Action::Delete => None,
            // What is left as it is may stand in a plan without its inputs.
            Action::Noop => before.clone(),
            _ => Some(Cost::of(kind, &step.inputs, region)),
        };
        StepCost { address: step.address.clone(), before, after }
    });
    let steps: Vec<StepCost> = steps.filter(|step| step.before.is_some() || step.after.is_some()).collect();
    let sum = |of: fn(&StepCost) -> &Option<Cost>| -> f64 {
        steps.iter().filter_map(|step| of(step).as_ref()).map(|cost| cost.monthly).sum()
    };
    let (before, after) = (sum(|step| &step.before), sum(|step| &step.after));
    PlanCost {
        currency: "USD".to_owned(),
        region: region.to_owned(),
        date: date().to_owned(),
        before,
        after,
        difference: after - before,
        steps,
        not_counted: NEVER_COUNTED.map(str::to_owned).to_vec(),
    }
}
