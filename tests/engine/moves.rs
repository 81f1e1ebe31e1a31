//! One physical object under two addresses: it moves, whatever else changes, and is never lost.

use crate::world::{Fault, Test, actions};
use proptest::prelude::*;
use serde_json::json;
use stackctl::address::Address;
use stackctl::plan::{Plan, Selection};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

fn stack(blocks: &[(&str, &str, &str)]) -> String {
    let block = |(block, name, more): &(&str, &str, &str)| {
        format!("[box.{block}]\nlabel = \"l\"\nname = \"{name}\"\n{more}\n")
    };
    blocks.iter().map(block).collect()
}

fn moved(plan: &Plan) -> Vec<String> {
    plan.kept().map(|one| format!("{} is {}", one.from, one.to)).collect()
}

/// Which object each name has, by its id.
fn by_name(test: &Test) -> BTreeMap<String, String> {
    let world = test.world.lock().unwrap();
    let named = world.objects.iter().filter(|(_, object)| object.kind == "box");
    named.map(|(id, object)| (object.inputs["name"].as_str().unwrap().to_owned(), id.clone())).collect()
}

/// From `before` to `after` in one apply without a create or a delete call, and every object says its new address.
async fn goes_over(test: Test, before: &str, after: &str, expected: &[&str]) {
    test.apply(before).await;
    let ids = by_name(&test);
    test.calls();
    let (plan, ..) = test.plan(after).await;
    assert_eq!(moved(&plan), expected);
    let summary = test.apply(after).await;
    assert!(summary.failed.is_empty() && summary.moved == expected.len(), "{:?}", summary.failed);
    let calls = test.calls();
    assert!(!calls.iter().any(|call| call.starts_with("create") || call.starts_with("delete")), "{calls:?}");
    assert_eq!(by_name(&test), ids);
    says_its_address(&test).await;
    assert!(test.plan(after).await.0.is_empty());
}

async fn says_its_address(test: &Test) {
    let document = test.store().peek().await.unwrap().unwrap();
    let world = test.world.lock().unwrap();
    for (address, record) in &document.resources {
        assert_eq!(world.objects[&record.id.0].owner["stackctl:address"], address.tag_value());
    }
}

const SEVERAL: [fn() -> Test; 2] = [Test::new, Test::remote];

#[tokio::test(start_paused = true)]
async fn a_renamed_block_a_swap_a_chain_and_a_circle_move() {
    for test in SEVERAL {
        let a = ("a", "x", "");
        goes_over(test(), &stack(&[a]), &stack(&[("b", "x", "")]), &["box.a is box.b"]).await;
        goes_over(test(), &stack(&[a]), &stack(&[("b", "x", "size = 4")]), &["box.a is box.b"]).await;
        let two = [a, ("b", "y", "")];
        let swapped = stack(&[("a", "y", ""), ("b", "x", "size = 3")]);
        goes_over(test(), &stack(&two), &swapped, &["box.a is box.b", "box.b is box.a"]).await;
        let chained = stack(&[("b", "x", ""), ("c", "y", "")]);
        goes_over(test(), &stack(&two), &chained, &["box.a is box.b", "box.b is box.c"]).await;
        let three = [a, ("b", "y", ""), ("c", "z", "")];
        let turned = stack(&[("a", "z", ""), ("b", "x", ""), ("c", "y", "")]);
        let all = ["box.a is box.b", "box.b is box.c", "box.c is box.a"];
        goes_over(test(), &stack(&three), &turned, &all).await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_for_each_and_what_refers_to_them_move() {
    let text = |family: &str, keys: &str, one: &str| {
        format!(
            "[box.{family}]\nfor_each = {{ {keys} }}\nlabel = \"l\"\nname = \"${{each.value}}\"\n\
             [app.user]\nlabel = \"u\"\npeer = '${{box.{family}[\"{one}\"].arn}}'\n"
        )
    };
    let before = text("q", "k1 = \"x\", k2 = \"y\"", "k1");
    let after = text("r", "k2 = \"x\", k3 = \"y\"", "k2");
    let expected = ["box.q[\"k1\"] is box.r[\"k2\"]", "box.q[\"k2\"] is box.r[\"k3\"]"];
    goes_over(Test::new(), &before, &after, &expected).await;
    let shifted = text("q", "k2 = \"x\", k3 = \"y\"", "k2");
    let expected = ["box.q[\"k1\"] is box.q[\"k2\"]", "box.q[\"k2\"] is box.q[\"k3\"]"];
    goes_over(Test::new(), &before, &shifted, &expected).await;
}

/// What is in the way of a move is deleted as what it is, and guarded as what it was.
#[tokio::test(start_paused = true)]
async fn what_makes_room_is_deleted_and_stays_protected() {
    let test = Test::new();
    let protected = "lifecycle = { prevent_destroy = true }";
    test.apply(&stack(&[("a", "x", ""), ("b", "y", protected)])).await;
    let (plan, ..) = test.plan(&stack(&[("b", "x", protected)])).await;
    assert_eq!(moved(&plan), ["box.a is box.b"]);
    let gone = plan.step(&"box.a".parse().unwrap()).unwrap();
    assert!(gone.protected && gone.action.deletes(), "{gone:?}");
    assert_eq!(gone.moved_from, Some("box.b".parse().unwrap()));
    let ids = by_name(&test);
    let after = stack(&[("b", "x", "")]);
    assert!(test.apply(&after).await.failed.is_empty());
    assert_eq!(by_name(&test), BTreeMap::from([("x".to_owned(), ids["x"].clone())]));
    says_its_address(&test).await;
    assert!(test.plan(&after).await.0.is_empty());
}

/// A command about one end of a move makes the move; one about something else leaves it.
#[tokio::test(start_paused = true)]
async fn a_part_of_a_plan_moves_what_it_is_about_and_loses_nothing() {
    let before = stack(&[("a", "x", ""), ("o", "o", "")]);
    let after = stack(&[("b", "x", "size = 2"), ("o", "o", "size = 2")]);
    for (only, exclude, expected) in [
        (vec!["box.b"], vec![], vec!["box.a is box.b"]),
        (vec!["box.a"], vec![], vec!["box.a is box.b"]),
        (vec![], vec!["box.b"], vec!["box.a is box.b"]),
        (vec![], vec!["box.a"], vec!["box.a is box.b"]),
        (vec!["box.o"], vec![], vec![]),
    ] {
        let mut test = Test::new();
        test.apply(&before).await;
        let ids = by_name(&test);
        let parse = |all: &[&str]| all.iter().map(|text| text.parse().unwrap()).collect();
        test.selection =
            Selection { targets: parse(&only), excludes: parse(&exclude), ..Selection::default() };
        assert_eq!(moved(&test.plan(&after).await.0), expected, "{only:?} {exclude:?}");
        assert!(test.apply(&after).await.failed.is_empty());
        test.selection = Selection::default();
        assert!(test.apply(&after).await.failed.is_empty());
        assert_eq!(by_name(&test), ids);
        says_its_address(&test).await;
        assert!(test.plan(&after).await.0.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_at_any_call_of_a_move_loses_nothing() {
    for test in SEVERAL {
        for fault in [Fault::HangBefore, Fault::Hang] {
            let test = test();
            let before = stack(&[("a", "x", ""), ("b", "y", "")]);
            let after = stack(&[("a", "y", ""), ("b", "x", "size = 3")]);
            test.apply(&before).await;
            let ids = by_name(&test);
            test.fault("update box.l", fault);
            test.apply_and_die(&after).await;
            assert!(test.apply(&after).await.failed.is_empty());
            assert_eq!(by_name(&test), ids);
            says_its_address(&test).await;
            assert!(test.plan(&after).await.0.is_empty());
        }
    }
}

/// Where the name comes from the address, the object is another one; the plan says how to keep it.
#[tokio::test(start_paused = true)]
async fn a_name_from_the_address_is_told_with_how_to_keep_the_object() {
    let test = Test::new();
    test.apply("[box.a]\nlabel = \"l\"\n").await;
    let renamed = "[box.b]\nlabel = \"l\"\n";
    let (plan, ..) = test.plan(renamed).await;
    assert_eq!(actions(&plan), ["Create box.b", "Delete box.a"]);
    let hint = &plan.renames[0];
    assert_eq!((&hint.from, &hint.to), (&"box.a".parse().unwrap(), &"box.b".parse().unwrap()));
    let (attribute, value) = hint.keep.clone().unwrap();
    goes_over(
        test,
        "[box.a]\nlabel = \"l\"\n",
        &format!("{renamed}{attribute} = \"{value}\"\n"),
        &["box.a is box.b"],
    )
    .await;
    let test = Test::new();
    test.apply("[app.a]\nlabel = \"l\"\n").await;
    let (plan, ..) = test.plan("[app.b]\nlabel = \"l\"\n").await;
    assert_eq!((plan.renames.len(), plan.renames[0].keep.clone()), (1, None));
}

/// Blocks by number, each with the name of an object and a size.
type Sketch = BTreeMap<usize, (usize, u32)>;

fn sketch() -> impl Strategy<Value = Sketch> {
    let names = Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle();
    (names, prop::collection::btree_map(0_usize..6, 1_u32..3, 1..6)).prop_map(|(names, blocks)| {
        blocks.into_iter().map(|(block, size)| (block, (names[block], size))).collect()
    })
}

fn text(sketch: &Sketch) -> String {
    sketch.iter().fold(String::new(), |mut text, (block, (name, size))| {
        write!(text, "[box.b{block}]\nlabel = \"l\"\nname = \"n{name}\"\nsize = {size}\n").unwrap();
        text
    })
}

async fn play(sketches: Vec<Sketch>, only: Vec<usize>) {
    let mut test = Test::new();
    for sketch in &sketches {
        let ids = by_name(&test);
        let text = text(sketch);
        // A part of it first, now and then: the rest is left alone, and the whole still arrives.
        test.selection.targets = only.iter().map(|block| Address::new("box", &format!("b{block}"))).collect();
        if !test.selection.targets.is_empty() {
            test.apply(&text).await;
        }
        test.selection = Selection::default();
        let summary = test.apply(&text).await;
        assert!(summary.failed.is_empty(), "{:?} of\n{text}", summary.failed);
        let now = by_name(&test);
        let wanted: BTreeSet<String> = sketch.values().map(|(name, _)| format!("n{name}")).collect();
        assert_eq!(now.keys().cloned().collect::<BTreeSet<_>>(), wanted);
        for (name, id) in &now {
            assert!(ids.get(name).is_none_or(|before| before == id), "{name} was lost at\n{text}");
        }
        for (block, (name, size)) in sketch {
            let address = Address::new("box", &format!("b{block}"));
            let record = &summary.document.resources[&address];
            assert_eq!(record.id.0, now[&format!("n{name}")]);
            assert_eq!(record.inputs["size"], json!(size));
        }
        says_its_address(&test).await;
        let (plan, ..) = test.plan(&text).await;
        assert!(plan.is_empty(), "{plan:#?} after\n{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_object_whose_name_stays_is_never_deleted(
        sketches in prop::collection::vec(sketch(), 2..5),
        only in prop::collection::vec(0_usize..6, 0..2),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(sketches, only));
    }
}
