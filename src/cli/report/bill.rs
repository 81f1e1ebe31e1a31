//! What a plan costs, in words: the same for every form of a plan.

use crate::cost::{Cost, PlanCost, StepCost};
use crate::visible::visible;

/// So little is nothing.
const CENT: f64 = 0.005;

/// The cost of a plan as it is told.
pub struct Bill {
    /// The line that stands alone, without its full stop.
    pub says: String,
    /// Whether anything of the cost changes: what stays as it was is told only to who asks for details.
    pub is_news: bool,
    /// Whether there is more to it than the line says.
    pub has_more: bool,
    /// Each resource that costs something.
    pub items: Vec<Item>,
    /// Whose prices these are, until when, and what is not in them.
    pub foot: String,
}

/// What one resource costs.
pub struct Item {
    pub address: String,
    /// `$13.80 → $56.72`
    pub change: String,
    /// `+`, `-`, or a blank where it is as before.
    pub sign: char,
    /// What it is made up of, what is charged by use, what is not counted.
    pub lines: Vec<String>,
}

impl Bill {
    /// `local`: nothing of it is due.
    pub fn of(cost: &PlanCost, local: bool) -> Self {
        let mut changed: Vec<&StepCost> =
            cost.steps.iter().filter(|step| step.difference().abs() >= CENT).collect();
        changed.sort_by(|a, b| b.difference().abs().total_cmp(&a.difference().abs()));
        let begin = if local { "It costs nothing on this machine. On AWS: " } else { "It costs " };
        Self {
            says: format!("{begin}{}", summary(cost, &changed)),
            is_news: cost.steps.iter().any(|step| step.before != step.after),
            has_more: !changed.is_empty(),
            items: cost.steps.iter().filter_map(Item::of).collect(),
            foot: format!(
                "Prices of {}, until {}. Not counted: {}.",
                visible(&cost.region),
                visible(&cost.date),
                cost.not_counted.join(", ")
            ),
        }
    }
}

impl Item {
    fn of(step: &StepCost) -> Option<Self> {
        let told = step.after.as_ref().or(step.before.as_ref())?;
        if told.parts.is_empty() && told.by_use.is_empty() && told.not_counted.is_empty() {
            return None;
        }
        let amount = |cost: &Option<Cost>| {
            cost.as_ref().map_or("nothing".to_owned(), |cost| format!("${:.2}", cost.monthly))
        };
        let (before, after) = (amount(&step.before), amount(&step.after));
        let parts = told
            .parts
            .iter()
            .map(|part| format!("{}: {} × ${} a {}", part.what, part.quantity, part.price, part.per));
        let by_use = told
            .by_use
            .iter()
            .map(|used| format!("by use: {}, ${} for each {}", used.what, used.price, used.per));
        let not_counted = told.not_counted.iter().map(|what| format!("not counted: {what}"));
        Some(Self {
            address: visible(&step.address.to_string()).into_owned(),
            change: if before == after { after } else { format!("{before} → {after}") },
            sign: match step.difference() {
                more if more >= CENT => '+',
                less if less <= -CENT => '-',
                _ => ' ',
            },
            lines: parts.chain(by_use).chain(not_counted).map(|line| visible(&line).into_owned()).collect(),
        })
    }
}

fn summary(cost: &PlanCost, changed: &[&StepCost]) -> String {
    let difference = cost.difference;
    let most: Vec<String> = changed
        .iter()
        .take(3)
        .map(|step| format!("{} {}", visible(&step.address.to_string()), signed(step.difference())))
        .collect();
    let unpriced = cost.steps.iter().filter(|step| lacks(step)).count();
    let mut text = if difference.abs() < CENT && cost.after < CENT {
        "nothing by the month".to_owned()
    } else if difference.abs() < CENT {
        format!("about ${:.2} a month, as before", cost.after)
    } else if difference > 0.0 {
        format!("about ${difference:.2} a month more (${:.2} in all)", cost.after)
    } else {
        format!("about ${:.2} a month less (${:.2} in all)", -difference, cost.after)
    };
    if !most.is_empty() {
        text.push_str(&format!(": {}", most.join(", ")));
        if changed.len() > most.len() {
            text.push_str(&format!(" and {} more", changed.len() - most.len()));
        }
    }
    text.push_str(". What is charged by use comes on top");
    if unpriced > 0 {
        let resources = if unpriced == 1 { "resource" } else { "resources" };
        text.push_str(&format!("; no price is known for something of {unpriced} {resources}"));
    }
    text
}

fn lacks(step: &StepCost) -> bool {
    step.after
        .as_ref()
        .is_some_and(|cost| cost.not_counted.iter().any(|what| what.contains("no price is known")))
}

fn signed(amount: f64) -> String {
    if amount < 0.0 { format!("-${:.2}", -amount) } else { format!("+${amount:.2}") }
}
