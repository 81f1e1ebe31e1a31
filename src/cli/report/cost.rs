use super::style::Paint;
use super::wrap::wrap;
use super::{data, width};
use crate::cost::{Cost, PlanCost, StepCost};

/// What the plan costs a month more or less: one line, or with `details` each resource.
pub fn cost(cost: &PlanCost, local: bool, details: bool) {
    // Nothing is said of a plan in which nothing costs anything.
    if !details && cost.steps.iter().all(|step| step.before == step.after) {
        return;
    }
    lines(cost, local, details, width()).iter().for_each(|line| data(line));
}

pub(super) fn lines(cost: &PlanCost, local: bool, details: bool, room: usize) -> Vec<String> {
    let text = match local {
        true => format!("It costs nothing on this machine. On AWS: {}", summary(cost)),
        false => format!("It costs {}", summary(cost)),
    };
    let mut lines = wrap(&text, room);
    if details {
        lines.extend(cost.steps.iter().flat_map(one).flat_map(|line| {
            let indent = line.len() - line.trim_start().len();
            let wrapped = wrap(line.trim_start(), room.saturating_sub(indent));
            wrapped.into_iter().map(move |part| format!("{}{part}", " ".repeat(indent)))
        }));
        let text = format!(
            "Prices of {}, until {}. Not counted: {}.",
            cost.region,
            cost.date,
            cost.not_counted.join(", ")
        );
        lines.extend(wrap(&text, room).iter().map(|line| Paint::Dim.label(line)));
    }
    lines
}

/// So little is nothing.
const CENT: f64 = 0.005;

fn summary(cost: &PlanCost) -> String {
    let difference = cost.difference;
    let mut changed: Vec<&StepCost> =
        cost.steps.iter().filter(|step| step.difference().abs() >= CENT).collect();
    changed.sort_by(|a, b| b.difference().abs().total_cmp(&a.difference().abs()));
    let most: Vec<String> = changed
        .iter()
        .take(3)
        .map(|step| format!("{} {}", step.address, signed(step.difference())))
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
        text.push_str(&format!("; no price is known for something of {unpriced} resources"));
    }
    text.push_str(if most.is_empty() { "." } else { " (--details)." });
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

fn one(step: &StepCost) -> Vec<String> {
    let amount = |cost: &Option<Cost>| {
        cost.as_ref().map_or("nothing".to_owned(), |cost| format!("${:.2}", cost.monthly))
    };
    let Some(told) = step.after.as_ref().or(step.before.as_ref()) else { return vec![] };
    if told.parts.is_empty() && told.by_use.is_empty() && told.not_counted.is_empty() {
        return vec![];
    }
    let (before, after) = (amount(&step.before), amount(&step.after));
    let change = if before == after { after } else { format!("{before} → {after}") };
    let mut lines = vec![format!("  {}: {change}", step.address)];
    lines.extend(
        told.parts
            .iter()
            .map(|part| format!("      {}: {} × ${} a {}", part.what, part.quantity, part.price, part.per)),
    );
    lines.extend(
        told.by_use
            .iter()
            .map(|used| format!("      by use: {}, ${} for each {}", used.what, used.price, used.per)),
    );
    lines.extend(told.not_counted.iter().map(|what| format!("      not counted: {what}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use serde_json::json;

    fn plan() -> PlanCost {
        let step = |kind: &str, inputs: serde_json::Value| StepCost {
            address: Address::new(kind, "main"),
            before: None,
            after: Some(Cost::of(kind, &inputs, "eu-west-1")),
        };
        let database =
            json!({"instance_class": "db.t4g.medium", "allocated_storage": 50, "storage_type": "gp3"});
        let steps = vec![
            step("db_instance", database),
            step("secret", json!({})),
            step("bucket", json!({})),
            step("vpc", json!({})),
        ];
        let after = steps.iter().filter_map(|step| step.after.as_ref()).map(|cost| cost.monthly).sum();
        PlanCost {
            currency: "USD",
            region: "eu-west-1".to_owned(),
            date: "2026-06-01",
            before: 0.0,
            after,
            difference: after,
            steps,
            not_counted: vec!["data transfer"],
        }
    }

    fn shown(local: bool, details: bool, room: usize) -> String {
        anstream::adapter::strip_str(&lines(&plan(), local, details, room).join("\n")).to_string()
    }

    #[test]
    fn one_line_says_how_much_and_what_it_is_for() {
        let line = shown(false, false, usize::MAX);
        assert!(
            line.starts_with(
                "It costs about $57.12 a month more ($57.12 in all): db_instance.main +$56.72, secret.main +$0.40."
            ),
            "{line}"
        );
        assert!(
            shown(true, false, usize::MAX)
                .starts_with("It costs nothing on this machine. On AWS: about $57.12")
        );
    }

    #[test]
    fn nothing_is_no_amount() {
        let nothing = PlanCost { before: 0.0, after: 0.0, difference: 0.0, steps: vec![], ..plan() };
        let line = lines(&nothing, false, false, usize::MAX).join("");
        assert_eq!(line, "It costs nothing by the month. What is charged by use comes on top.");
    }

    #[test]
    fn details_fit_and_name_what_is_used_and_what_is_not_counted() {
        let text = shown(false, true, 40);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        let text = shown(false, true, 110);
        assert!(text.contains("by use: objects kept, $0.023 for each GB and month"), "{text}");
        assert!(
            text.contains("not counted: backups") && text.contains("Not counted: data transfer."),
            "{text}"
        );
        assert!(!text.contains("vpc.main"), "{text}");
    }
}
