//! A part of a plan leaves the rest alone: outputs after `--only`, `--exclude`, partial destroys and failures.

use crate::world::{Fault, Test};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::plan::Selection;
use stackctl::state::Document;
use std::fmt::Write as _;

/// A stack of some blocks, each of which may refer to an earlier one, and outputs over one or two of them.
#[derive(Debug, Clone)]
struct Sketch {
    sizes: Vec<u32>,
    peers: Vec<Option<usize>>,
    outputs: Vec<(usize, usize)>,
}

/// One command: which blocks it is about, and what goes wrong.
#[derive(Debug, Clone)]
struct Step {
    destroy: bool,
    only: Vec<usize>,
    exclude: Vec<usize>,
    grow: usize,
    refuse: Option<usize>,
}

fn address(block: usize) -> Address {
    Address::new("app", &format!("b{block}"))
}

impl Sketch {
    fn text(&self) -> String {
        let mut text = String::new();
        for (block, size) in self.sizes.iter().enumerate() {
            write!(text, "[app.b{block}]\nlabel = \"b{block}\"\nsize = {size}\n").unwrap();
            if let Some(peer) = self.peers[block].filter(|peer| *peer < block) {
                writeln!(text, "peer = \"${{app.b{peer}.arn}}\"").unwrap();
            }
        }
        text += "[outputs]\nfixed = \"f\"\n";
        for (number, (a, b)) in self.outputs.iter().enumerate() {
            writeln!(text, "o{number} = \"${{app.b{a}.arn}} ${{app.b{b}.version}}\"").unwrap();
        }
        text
    }

    /// What the outputs have to be, by what there is in the cloud.
    fn expected(&self, test: &Test, document: &Document, destroyed: bool) -> Vec<(String, Json)> {
        let world = test.world.lock().unwrap();
        let there = |block: usize| {
            let record = document.resources.get(&address(block))?;
            Some((&record.id, world.objects.get(&record.id.0)?.inputs["size"].clone()))
        };
        let mut expected = vec![];
        // Of nothing that was destroyed nothing is told.
        if !destroyed || !document.resources.is_empty() {
            expected.push(("fixed".to_owned(), json!("f")));
        }
        for (number, (a, b)) in self.outputs.iter().enumerate() {
            if let (Some((a, _)), Some((_, size))) = (there(*a), there(*b)) {
                expected.push((format!("o{number}"), json!(format!("arn:{a} {size}"))));
            }
        }
        expected
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (2_usize..6).prop_flat_map(|count| {
        (
            prop::collection::vec(1_u32..4, count),
            prop::collection::vec(prop::option::of(0..count), count),
            prop::collection::vec((0..count, 0..count), 1..5),
        )
            .prop_map(|(sizes, peers, outputs)| Sketch { sizes, peers, outputs })
    })
}

fn step() -> impl Strategy<Value = Step> {
    let some = || prop::collection::vec(0_usize..6, 0..3);
    (prop::bool::weighted(0.4), some(), some(), 0_usize..6, prop::option::weighted(0.2, 0_usize..6))
        .prop_map(|(destroy, only, exclude, grow, refuse)| Step { destroy, only, exclude, grow, refuse })
}

async fn play(mut sketch: Sketch, steps: Vec<Step>) {
    let mut test = Test::new();
    let count = sketch.sizes.len();
    for step in &steps {
        sketch.sizes[step.grow % count] += 1;
        let named = |blocks: &[usize]| blocks.iter().map(|block| address(block % count)).collect();
        test.selection =
            Selection { targets: named(&step.only), excludes: named(&step.exclude), ..Selection::default() };
        test.world.lock().unwrap().faults.clear();
        if let Some(block) = step.refuse {
            let verbs = if step.destroy { ["delete"].as_slice() } else { &["create", "update"] };
            verbs
                .iter()
                .for_each(|verb| test.fault(&format!("{verb} app.b{}", block % count), Fault::Refuse));
        }
        let text = sketch.text();
        let summary = if step.destroy { test.destroy(&text).await } else { test.apply(&text).await };
        let document = summary.document;
        let outputs: Vec<(String, Json)> = document.outputs.clone().into_iter().collect();
        if summary.failed.is_empty() {
            assert_eq!(outputs, sketch.expected(&test, &document, step.destroy), "after {step:?} of\n{text}");
        }
        for (number, (a, b)) in sketch.outputs.iter().enumerate() {
            let gone = [a, b].iter().any(|block| !document.resources.contains_key(&address(**block)));
            assert!(
                !gone || !document.outputs.contains_key(&format!("o{number}")),
                "o{number} speaks of what is gone, after {step:?} of\n{text}"
            );
        }
    }
    test.selection = Selection::default();
    test.world.lock().unwrap().faults.clear();
    let text = sketch.text();
    let document = test.apply(&text).await.document;
    assert_eq!(document.outputs.len(), sketch.outputs.len() + 1);
    assert_eq!(
        document.outputs.into_iter().collect::<Vec<_>>(),
        sketch.expected(&test, &document_of(&test).await, false)
    );
    assert!(test.plan(&text).await.0.is_empty());
}

async fn document_of(test: &Test) -> Document {
    test.store().peek().await.unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn outputs_are_those_of_what_is_there(sketch in sketch(), steps in prop::collection::vec(step(), 1..6)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(sketch, steps));
    }
}

const TWO: &str = "[app.first]\nlabel = \"first\"\n[app.second]\nlabel = \"second\"\nsecret = \"canary\"\n[outputs]\n\
    first = \"${app.first.arn}\"\nsecond = \"${app.second.arn}\"\n\
    hidden = { value = \"x ${app.second.secret}\", sensitive = true }\n";

#[tokio::test(start_paused = true)]
async fn a_secret_of_what_is_left_alone_changes_no_output() {
    let mut test = Test::new();
    let before = test.apply(TWO).await.document.outputs;
    test.selection.targets = vec!["app.first".parse().unwrap()];
    let (plan, ..) = test.plan(&TWO.replace("label = \"first\"", "label = \"first\"\nsize = 2")).await;
    assert_eq!(plan.outputs, vec![]);
    let after = test.destroy(TWO).await.document.outputs;
    assert_eq!(after.get("hidden"), before.get("hidden"));
    assert_eq!(after.get("second"), before.get("second"));
    assert_eq!(after.get("first"), None);
}

/// What is there already gives its secret to what comes later, and not the digest of it.
#[tokio::test(start_paused = true)]
async fn a_secret_of_what_stays_is_known_in_plain() {
    let test = Test::new();
    let first = "[app.first]\nlabel = \"first\"\nsecret = \"canary\"\n";
    test.apply(first).await;
    let both = format!("{first}[app.second]\nlabel = \"second\"\nsecret = \"${{app.first.secret}}\"\n");
    assert!(test.apply(&both).await.failed.is_empty());
    assert_eq!(test.world.lock().unwrap().secrets, ["canary", "canary"]);
    assert!(test.plan(&both).await.0.is_empty());
}

/// What a failure leaves undone keeps its output if it is there, and loses it if it is gone.
#[tokio::test(start_paused = true)]
async fn a_failed_apply_keeps_the_outputs_of_what_came_about() {
    let test = Test::new();
    test.apply(TWO).await;
    test.fault("create app.other", Fault::Refuse);
    let edited = TWO.replace("label = \"first\"", "label = \"other\"").replace("\"second\"\ns", "\"new\"\ns");
    let summary = test.apply(&edited).await;
    assert_eq!(summary.failed.len(), 1);
    let second = &summary.document.resources[&"app.second".parse().unwrap()].id;
    assert_eq!(summary.document.outputs.get("first"), None);
    assert_eq!(summary.document.outputs["second"], json!(format!("arn:{second}")));
}
