use super::format::Format;
use super::places::Places;
use super::report;
use super::session::Planned;
use super::site::Site;
use crate::address::Address;
use crate::config::LOCAL;
use crate::cost::PlanCost;
use crate::plan::{Action, Plan};
use crate::terraform::show;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the forms of a plan say beside it. It is saved with the plan, which so can be shown again where neither its stack nor
/// its state is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Beside {
    pub site: Site,
    pub places: Places,
    /// None: whoever saved the plan did not keep it.
    pub cost: Option<PlanCost>,
    /// What the state says of that which goes.
    pub goes: BTreeMap<Address, Json>,
}

impl Beside {
    pub fn of(planned: &Planned) -> Self {
        let Planned { open, plan, .. } = planned;
        let goes = plan.steps.iter().filter(|step| step.action == Action::Delete);
        let record =
            |address: &Address| Some((address.clone(), open.document.resources.get(address)?.inputs.clone()));
        Self {
            site: open.site.clone(),
            places: Places::of(&open.stack, plan),
            cost: Some(planned.cost()),
            goes: goes.filter_map(|step| record(&step.address)).collect(),
        }
    }

    /// Of a plan that was saved without: what it says itself.
    pub fn bare(plan: &Plan) -> Self {
        let local = plan.target.as_deref() == Some(LOCAL);
        let site = Site {
            target: plan.target.clone(),
            local,
            endpoint: None,
            account: plan.account.clone(),
            identity: None,
            region: plan.region.clone(),
            state: format!("with the serial {}", plan.serial),
            protected: false,
            real: !local,
        };
        Self { site, places: Places::default(), cost: None, goes: BTreeMap::new() }
    }

    /// Prints the plan in that form.
    pub fn print(&self, plan: &Plan, format: Format, details: bool) {
        let Self { site, places, cost, goes } = self;
        match format {
            Format::Text => {
                report::plan(plan, places, site, details);
                cost.iter().for_each(|cost| report::cost(cost, site.local, details));
            }
            Format::Markdown => report::plan_markdown(plan, self),
            Format::Html => report::plan_html(plan, self),
            Format::Json => report::plan_json(plan, site, cost.as_ref()),
            Format::TerraformJson => report::document(&show(plan, goes).to_string()),
        }
    }
}
