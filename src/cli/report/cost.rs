use super::bill::{Bill, Item};
use super::style::Paint;
use super::wrap::wrap;
use super::{data, width};
use crate::cost::PlanCost;

/// What the plan costs a month more or less: one line, or with `details` each resource.
pub fn cost(cost: &PlanCost, local: bool, details: bool) {
    let bill = Bill::of(cost, local);
    // Nothing is said of a plan in which nothing costs anything.
    if details || bill.is_news {
        lines(&bill, details, width()).iter().for_each(|line| data(line));
    }
}

pub(super) fn lines(bill: &Bill, details: bool, room: usize) -> Vec<String> {
    let end = if bill.has_more && !details { " (--details)." } else { "." };
    let mut lines = wrap(&format!("{}{end}", bill.says), room);
    if details {
        lines.extend(bill.items.iter().flat_map(|item| one(item, room)));
        lines.extend(wrap(&bill.foot, room).iter().map(|line| Paint::Dim.label(line)));
    }
    lines
}

fn one(item: &Item, room: usize) -> Vec<String> {
    let indented = |text: &str, indent: usize| {
        let lines = wrap(text, room.saturating_sub(indent)).into_iter();
        lines.map(|line| format!("{:indent$}{line}", "")).collect::<Vec<_>>()
    };
    let mut lines = indented(&format!("{}: {}", item.address, item.change), 2);
    lines.extend(item.lines.iter().flat_map(|line| indented(line, 6)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::cost::{Cost, StepCost};
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
            currency: "USD".to_owned(),
            region: "eu-west-1".to_owned(),
            date: "2026-06-01".to_owned(),
            before: 0.0,
            after,
            difference: after,
            steps,
            not_counted: vec!["data transfer".to_owned()],
        }
    }

    fn shown(local: bool, details: bool, room: usize) -> String {
        anstream::adapter::strip_str(&lines(&Bill::of(&plan(), local), details, room).join("\n")).to_string()
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
        let line = lines(&Bill::of(&nothing, false), false, usize::MAX).join("");
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
