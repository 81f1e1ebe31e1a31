//! The ownership tags: compared like others, written again, and never taken from another stack.

use crate::world::{Test, actions};
use stackctl::plan::{Plan, Step};
use std::collections::BTreeMap;

const STACK: &str = "[app.a]\nlabel = \"a\"\ntags = { team = \"x\" }\n[app.b]\nlabel = \"b\"\n";

fn tags(test: &Test, change: impl Fn(&mut BTreeMap<String, String>)) {
    let mut world = test.world.lock().unwrap();
    let object = world.objects.values_mut().find(|object| object.inputs["label"] == "a").unwrap();
    change(&mut object.owner);
}

fn pending(plan: &Plan) -> Vec<&Step> {
    plan.steps.iter().filter(|step| step.is_pending()).collect()
}

#[tokio::test(start_paused = true)]
async fn tags_that_lack_or_are_wrong_are_a_change_and_are_written_again() {
    let test = Test::new();
    test.apply(STACK).await;
    let mut right = BTreeMap::new();
    test.world.lock().unwrap().objects.values().for_each(|object| {
        right.insert(object.inputs["label"].clone().to_string(), object.owner.clone());
    });
    let changes: [fn(&mut BTreeMap<String, String>); 3] = [
        BTreeMap::clear,
        |owner| drop(owner.remove("stackctl:stack")),
        |owner| drop(owner.insert("stackctl:address".to_owned(), "app.z".to_owned())),
    ];
    for change in changes {
        tags(&test, change);
        let (plan, ..) = test.plan(STACK).await;
        assert_eq!(actions(&plan), ["Update app.a"]);
        assert!(
            pending(&plan)[0]
                .changes
                .iter()
                .all(|change| change.path.to_string().starts_with("tags.\"stackctl:"))
        );
        test.calls();
        assert!(test.apply(STACK).await.failed.is_empty());
        assert_eq!(test.calls(), ["update app.a"]);
        test.world.lock().unwrap().objects.values().for_each(|object| {
            assert_eq!(right[&object.inputs["label"].to_string()], object.owner);
        });
        assert!(test.plan(STACK).await.0.is_empty());
    }
}

/// Whatever was to be done with it: what says that it belongs to another stack is left as it is.
#[tokio::test(start_paused = true)]
async fn what_belongs_to_another_stack_is_neither_changed_nor_deleted() {
    let test = Test::new();
    test.apply(STACK).await;
    tags(&test, |owner| drop(owner.insert("stackctl:stack".to_owned(), "theirs".to_owned())));
    let edits = [
        STACK.to_owned(),
        STACK.replace("team = \"x\"", "team = \"y\""),
        STACK.replace("label = \"a\"", "label = \"c\""),
        "[app.b]\nlabel = \"b\"\n".to_owned(),
    ];
    for edit in &edits {
        let (plan, ..) = test.plan(edit).await;
        let step = plan.step(&"app.a".parse().unwrap()).unwrap();
        assert_eq!(step.belongs_to.as_deref(), Some("theirs"));
        assert!(step.is_pending());
        test.calls();
        let summary = test.apply(edit).await;
        assert_eq!(summary.failed.len(), 1, "{edit}");
        assert!(summary.failed[0].error.to_string().contains("belongs to the stack theirs"));
        assert_eq!(test.calls(), Vec::<String>::new(), "{edit}");
    }
    let summary = test.destroy(STACK).await;
    assert_eq!((summary.failed.len(), test.count()), (1, 1));
}
