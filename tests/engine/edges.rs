//! What depends on what is recorded as the file says it, whatever else changes.

use crate::world::{Test, actions};
use proptest::prelude::*;
use stackctl::diff::Effect;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// For each block, which of the others it names in `depends_on` and which it refers to. An edge goes from the later to
/// the earlier one in `order`, so that there is no circle.
#[derive(Debug, Clone)]
struct Graph {
    order: Vec<usize>,
    edges: Vec<(usize, usize, bool)>,
}

impl Graph {
    fn text(&self, sizes: &[u32]) -> String {
        let rank = |block: usize| self.order.iter().position(|other| *other == block).unwrap();
        let mut text = String::new();
        for (block, size) in sizes.iter().enumerate() {
            write!(text, "[app.b{block}]\nlabel = \"b{block}\"\nsize = {size}\n").unwrap();
            let needs = self.edges.iter().filter_map(|(a, b, reference)| {
                let (early, late) = if rank(*a) < rank(*b) { (a, b) } else { (b, a) };
                (*late == block && early != late).then_some((*early, *reference))
            });
            let (refers, names): (Vec<_>, Vec<_>) = needs.partition(|(_, reference)| *reference);
            let names: BTreeSet<String> = names.iter().map(|(on, _)| format!("\"app.b{on}\"")).collect();
            if !names.is_empty() {
                let names: Vec<String> = names.into_iter().collect();
                writeln!(text, "depends_on = [{}]", names.join(", ")).unwrap();
            }
            if let Some((on, _)) = refers.first() {
                writeln!(text, "peer = \"${{app.b{on}.arn}}\"").unwrap();
            }
        }
        text
    }
}

fn graph() -> impl Strategy<Value = Graph> {
    let order = Just((0..6).collect::<Vec<usize>>()).prop_shuffle();
    (order, prop::collection::vec((0_usize..6, 0_usize..6, any::<bool>()), 0..8))
        .prop_map(|(order, edges)| Graph { order, edges })
}

async fn recorded_as_said(test: &Test, text: &str) {
    let document = test.store().peek().await.unwrap().unwrap();
    let desired = test.desired(text);
    for (address, record) in &document.resources {
        let said: BTreeSet<_> = desired.depends_on(address).iter().collect();
        assert_eq!(record.depends_on.iter().collect::<BTreeSet<_>>(), said, "{address} in\n{text}");
    }
    assert!(test.plan(text).await.0.is_empty(), "{text}");
}

async fn play(graphs: Vec<(Graph, Vec<u32>)>) {
    let test = Test::new();
    let mut last = None;
    for (graph, sizes) in graphs {
        let text = graph.text(&sizes);
        assert!(test.apply(&text).await.failed.is_empty());
        recorded_as_said(&test, &text).await;
        last = Some(text);
    }
    // By the state alone.
    let text = last.unwrap();
    let desired = test.desired(&text);
    test.calls();
    assert!(test.destroy("").await.failed.is_empty());
    let calls = test.calls();
    let at = |name: &str| calls.iter().position(|call| *call == format!("delete app.{name}")).unwrap();
    for address in desired.order() {
        for on in desired.depends_on(address) {
            assert!(at(&address.name) < at(&on.name), "{on} went before {address}: {calls:?} of\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn edges_are_recorded_as_the_file_says_them(
        graphs in prop::collection::vec((graph(), prop::collection::vec(1_u32..3, 6)), 1..4),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(graphs));
    }
}

#[tokio::test(start_paused = true)]
async fn depends_on_alone_is_a_change_of_the_state_for_which_nothing_is_called() {
    let test = Test::new();
    let plain = "[app.a]\nlabel = \"a\"\n[app.b]\nlabel = \"b\"\n";
    test.apply(plain).await;
    let (there, back) = (
        plain.replace("label = \"a\"", "label = \"a\"\ndepends_on = [\"app.b\"]"),
        plain.replace("label = \"b\"", "label = \"b\"\ndepends_on = [\"app.a\"]"),
    );
    for (text, changed) in [(&there, vec!["Update app.a"]), (&back, vec!["Update app.b", "Update app.a"])] {
        let (plan, ..) = test.plan(text).await;
        let mut found = actions(&plan);
        found.sort();
        let mut changed = changed;
        changed.sort_unstable();
        assert_eq!(found, changed);
        let steps = plan.steps.iter().filter(|step| step.is_pending());
        steps.for_each(|step| {
            assert!(step.is_recorded_only());
            assert_eq!(
                (step.changes[0].path.to_string().as_str(), &step.changes[0].effect),
                ("depends_on", &Effect::Recorded)
            );
        });
        test.calls();
        let reads = test.world.lock().unwrap().reads;
        assert!(test.apply(text).await.failed.is_empty());
        assert_eq!(test.calls(), Vec::<String>::new());
        assert_eq!(test.world.lock().unwrap().reads, reads + 1, "for the plan");
        recorded_as_said(&test, text).await;
    }
}
