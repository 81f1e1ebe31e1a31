//! Long lists, long names and times in plans.

use super::leaves::View;
use super::plan::lines;
use super::plan_tests::{plan, shown, stack, step};
use crate::address::Address;
use crate::cli::places::Places;
use crate::diff::diff;
use crate::plan::{Action, Plan, Step};
use serde_json::json;

fn drifted(count: usize) -> Plan {
    let queue = |seconds: u32| json!({ "visibility_timeout": seconds });
    let steps = (0..count).map(|at| {
        let step = step("queue", &queue(77), &queue(30));
        let drift = diff(crate::resource::kind("queue").unwrap().inputs(), &queue(30), &queue(77));
        Step { address: Address::new("queue", &format!("q{at}")), drift, ..step }
    });
    plan(steps.collect(), vec![])
}

/// A list that fits; what happens to each stands in the plan in any case.
#[test]
fn hundreds_that_were_changed_by_others_are_counted() {
    let said = shown(&drifted(312), 100, false);
    let head = said.split("Update in place").next().unwrap();
    assert!(head.starts_with("Changed outside of stackctl: 312 resources\n"), "{head}");
    assert!(head.contains("    and 292 more; --details shows all\n"), "{head}");
    assert_eq!(head.matches("  ! queue.q").count(), 20, "{head}");
    assert_eq!(said.matches("    ~ queue.q").count(), 312);
    let all = shown(&drifted(312), 100, true);
    assert_eq!(all.matches("  ! queue.q").count(), 312);
    let few = shown(&drifted(20), 100, false);
    assert!(few.starts_with("Changed outside of stackctl\n") && !few.contains("more;"), "{few}");
}

/// What one resource takes and what all take agree, also where it is replaced; and away from AWS there are no times.
#[test]
fn times_of_a_resource_and_of_the_plan_agree() {
    let mut replaced = step("queue", &json!({ "name": "a" }), &json!({ "name": "b" }));
    (replaced.action, replaced.seconds, replaced.delete_seconds) = (Action::Replace, 780, 300);
    let plan = plan(vec![replaced], vec![]);
    assert_eq!(crate::plan::Order::new(&plan).longest(), 780);
    let said = shown(&plan, 100, false);
    assert_eq!(said.matches("about 13 min").count(), 2, "{said}");
    let view = View { width: 100, details: false, times: false };
    assert!(!lines(&plan, &Places::of(&stack(), &plan), view).join("\n").contains("about"));
}

/// Whatever the names, a line is as wide as the terminal, and nothing of them is lost.
#[test]
fn moves_and_renames_break_at_words() {
    let mut one = plan(vec![], vec![]);
    let (from, to) = (
        Address::new("queue", "a_rather_long_name_of_a_queue"),
        Address::new("queue", "another_rather_long_name"),
    );
    one.renames.push(crate::plan::Rename { from: from.clone(), to: to.clone(), keep: None });
    one.gone.push(crate::plan::Gone {
        address: from,
        id: "https://sqs.eu-west-1.amazonaws.com/123456789012/a".into(),
    });
    for width in [40, 60, 100, 300] {
        let said = shown(&one, width, false).replace("↵\n", "").replace([' ', '\n'], "");
        assert!(
            said.contains("queue.a_rather_long_name_of_a_queue")
                && said.contains("queue.another_rather_long_name"),
            "{said}"
        );
        assert!(said.contains("doesnotexistanymore") && said.contains("andtheobjectstays"), "{said}");
    }
}
