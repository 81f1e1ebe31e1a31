//! One set of figures: whoever sees what a plan costs in one form sees it in every other.

use super::bill::Bill;
use super::cost::lines;
use super::document::document;
use super::plan_tests::plan;
use super::review;
use crate::address::Address;
use crate::cli::beside::Beside;
use crate::cost::{ByUse, Cost, Part, PlanCost, StepCost};
use proptest::prelude::*;

fn cost() -> impl Strategy<Value = Cost> {
    let part = (1u32..2_000, 1u32..90_000).prop_map(|(quantity, price)| {
        let (quantity, price) = (f64::from(quantity), f64::from(price) / 10_000.0);
        Part {
            what: "hours".to_owned(),
            quantity,
            price,
            per: "hour".to_owned(),
            monthly: quantity * price,
            source: "a.b".to_owned(),
        }
    });
    let used = (1u32..90_000).prop_map(|price| ByUse {
        what: "objects kept".to_owned(),
        price: f64::from(price) / 10_000.0,
        per: "GB and month".to_owned(),
        source: "a.b".to_owned(),
    });
    let left = "backups of [a-z]{4}|x: no price is known for [a-z]{4}";
    let several = |most| 0..most;
    (
        prop::collection::vec(part, several(3)),
        prop::collection::vec(used, several(3)),
        prop::collection::vec(left, several(3)),
    )
        .prop_map(|(parts, by_use, not_counted)| Cost {
            monthly: parts.iter().map(|part| part.monthly).sum(),
            parts,
            by_use,
            not_counted,
        })
}

fn plan_cost() -> impl Strategy<Value = PlanCost> {
    let side = || prop::option::of(cost());
    prop::collection::vec((side(), side()), 1..8).prop_map(|sides| {
        let steps: Vec<StepCost> = sides
            .into_iter()
            .enumerate()
            .map(|(at, (before, after))| StepCost {
                address: Address::new("queue", &format!("q{at}")),
                before,
                after,
            })
            .collect();
        let sum = |of: fn(&StepCost) -> &Option<Cost>| {
            steps.iter().filter_map(|step| of(step).as_ref()).map(|cost| cost.monthly).sum::<f64>()
        };
        let (before, after) = (sum(|step| &step.before), sum(|step| &step.after));
        PlanCost {
            currency: "USD".to_owned(),
            region: "eu-west-1".to_owned(),
            date: "2026-06-01".to_owned(),
            before,
            after,
            difference: after - before,
            steps,
            not_counted: vec!["data transfer".to_owned()],
        }
    })
}

/// Everything that is to be found of it, as people read it.
fn figures(cost: &PlanCost) -> Vec<String> {
    let mut found = vec![];
    for step in &cost.steps {
        let money = |cost: &Option<Cost>| {
            cost.as_ref().map_or("nothing".to_owned(), |cost| format!("${:.2}", cost.monthly))
        };
        let Some(told) = step.after.as_ref().or(step.before.as_ref()) else { continue };
        if told.parts.is_empty() && told.by_use.is_empty() && told.not_counted.is_empty() {
            continue;
        }
        let (before, after) = (money(&step.before), money(&step.after));
        found.extend([step.address.to_string(), before, after]);
        found.extend(told.parts.iter().map(|part| format!("{} × ${}", part.quantity, part.price)));
        found.extend(told.by_use.iter().map(|used| format!("objects kept, ${}", used.price)));
        found.extend(told.not_counted.iter().map(|what| format!("not counted: {what}")));
    }
    found.push("Prices of eu-west-1, until 2026-06-01. Not counted: data transfer.".to_owned());
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_form_of_a_plan_has_the_same_cost(cost in plan_cost(), local: bool) {
        let plan = plan(vec![], vec![]);
        let mut beside = Beside::bare(&plan);
        (beside.site.local, beside.cost) = (local, Some(cost.clone()));
        let terminal = |details| lines(&Bill::of(&cost, local), details, usize::MAX).join("\n");
        let terminal = [terminal(true), terminal(false)].map(|text| anstream::adapter::strip_str(&text).to_string());
        let (markdown, html) = review::both(&plan, &beside);
        // Words of the line stand in code in Markdown.
        let plain = markdown.replace('`', "");
        let html = html.replace("<wbr>", "").replace("&lt;", "<").replace("&gt;", ">");
        let bill = Bill::of(&cost, local);
        let news = cost.steps.iter().any(|step| step.before != step.after);
        for (form, text) in [("terminal", &terminal[0]), ("Markdown", &plain), ("HTML", &html)] {
            if form == "terminal" || news {
                prop_assert!(text.contains(&bill.says), "{} is not in {form}: {text}", bill.says);
                for figure in figures(&cost) {
                    prop_assert!(text.contains(&figure), "{figure} is not in {form}: {text}");
                }
            } else {
                prop_assert!(!text.contains("It costs"), "{form}: {text}");
            }
        }
        // Programs have the numbers that these are made of, also in the events of an apply.
        let told: PlanCost = serde_json::from_value(document(&plan, Some(&cost))["cost"].clone()).unwrap();
        let untold = document(&plan, None);
        prop_assert_eq!(&told, &cost);
        prop_assert!(untold.get("cost").is_none());
    }
}
