use crate::world::{Fault, Test, actions};
use serde_json::json;
use stackctl::diff::Effect;
use stackctl::plan::{Action, Reason};

pub const STACK: &str = r#"
[net.main]
label = "main"
[db.loans]
label = "loans"
parent = "${net.main.id}"
[app.loader]
label = "loader"
peer = "${db.loans.arn}"
tags = { owner = "data" }
"#;

#[tokio::test(start_paused = true)]
async fn a_first_plan_creates_and_names_what_it_does_not_know() {
    let test = Test::new();
    let (plan, ..) = test.plan(STACK).await;
    assert_eq!(actions(&plan), ["Create net.main", "Create db.loans", "Create app.loader"]);
    assert_eq!(plan.steps[1].inputs["parent"], json!({"$unknown": "net.main.id"}));
    assert_eq!(test.count(), 0, "a plan changes nothing");
}

#[tokio::test(start_paused = true)]
async fn after_an_apply_nothing_is_left_to_do() {
    let test = Test::new();
    assert!(test.apply(STACK).await.failed.is_empty());
    let (plan, ..) = test.plan(STACK).await;
    assert!(plan.is_empty(), "{plan:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_dependency_replaces_what_cannot_follow_it_in_place() {
    let test = Test::new();
    test.apply(STACK).await;
    let (plan, ..) = test.plan(&STACK.replace("label = \"main\"", "label = \"other\"")).await;
    assert_eq!(actions(&plan), ["Replace net.main", "Replace db.loans", "Update app.loader"]);
    let forcing: Vec<String> = plan.steps[1].forcing().map(|change| change.path.to_string()).collect();
    assert_eq!(forcing, ["parent"]);
    assert_eq!(plan.steps[2].changes[0].after, json!({"$unknown": "db.loans.arn"}));
}

#[tokio::test(start_paused = true)]
async fn an_update_hides_volatile_outputs_and_nothing_else() {
    let test = Test::new();
    let stack = |size: u32, output: &str| {
        format!(
            "[net.a]\nlabel = \"a\"\nsize = {size}\n[app.b]\nlabel = \"b\"\npeer = \"${{net.a.{output}}}\"\n"
        )
    };
    for (output, expected) in
        [("version", vec!["Update net.a", "Update app.b"]), ("arn", vec!["Update net.a"])]
    {
        test.apply(&stack(1, output)).await;
        let (plan, ..) = test.plan(&stack(2, output)).await;
        assert_eq!(actions(&plan), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn drift_is_told_apart_and_taken_back() {
    let test = Test::new();
    test.apply(STACK).await;
    {
        let mut world = test.world.lock().unwrap();
        let app = world.objects.values_mut().find(|object| object.kind == "app").unwrap();
        app.inputs["tags"] = json!({"owner": "someone"});
    }
    let (plan, ..) = test.plan(STACK).await;
    let step = plan.step(&"app.loader".parse().unwrap()).unwrap();
    assert_eq!(
        (step.action, step.drift.len(), step.drift[0].after.clone()),
        (Action::Update, 1, json!("someone"))
    );
    assert_eq!(step.changes[0].after, json!("data"));
    test.apply(STACK).await;
    assert!(test.plan(STACK).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_someone_deleted_is_created_again() {
    let test = Test::new();
    test.apply(STACK).await;
    test.world.lock().unwrap().objects.retain(|_, object| object.kind != "app");
    let (plan, ..) = test.plan(STACK).await;
    assert_eq!(actions(&plan), ["Create app.loader"]);
    assert_eq!(plan.gone.len(), 1);
    assert_eq!(plan.steps[2].reason, Reason::Vanished);
    test.apply(STACK).await;
    assert!(test.plan(STACK).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_block_that_is_gone_is_a_delete_and_ignored_changes_are_none() {
    let test = Test::new();
    test.apply(STACK).await;
    let (plan, ..) = test.plan("[net.main]\nlabel = \"main\"\n").await;
    assert_eq!(actions(&plan), ["Delete app.loader", "Delete db.loans"]);
    let ignoring =
        STACK.replace("\"data\" }", "\"new\" }\nlifecycle = { ignore_changes = [\"tags.owner\"] }");
    assert!(test.plan(&ignoring).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_only_the_state_has_is_still_applied() {
    let test = Test::new();
    test.apply(STACK).await;
    let forced = STACK.replace("[db.loans]", "[db.loans]\nforce = true");
    assert_eq!(actions(&test.plan(&forced).await.0), ["Update db.loans"]);
    let summary = test.apply(&forced).await;
    assert_eq!(summary.document.resources[&"db.loans".parse().unwrap()].inputs["force"], json!(true));
    assert!(test.plan(&forced).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_changed_secret_is_seen_and_never_written() {
    let test = Test::new();
    let stack = |secret: &str| STACK.replace("[db.loans]", &format!("[db.loans]\nsecret = {secret:?}"));
    test.apply(&stack("canary-one")).await;
    assert!(test.plan(&stack("canary-one")).await.0.is_empty());
    let (plan, ..) = test.plan(&stack("canary-two")).await;
    assert_eq!(actions(&plan), ["Update db.loans"]);
    assert!(plan.steps[1].changes[0].sensitive);
    assert_eq!(plan.steps[1].changes[0].effect, Effect::InPlace);
    assert!(!format!("{plan:?}").contains("canary"));
    test.apply(&stack("canary-two")).await;
    assert!(test.plan(&stack("canary-two")).await.0.is_empty());
    assert!(!test.written().contains("canary"), "a secret was written");
    assert!(!format!("{:?}", test.events.lock().unwrap()).contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_target_brings_what_it_needs_and_an_exclude_takes_what_needs_it() {
    let mut test = Test::new();
    test.selection.targets = vec!["db.loans".parse().unwrap()];
    assert_eq!(actions(&test.plan(STACK).await.0), ["Create net.main", "Create db.loans"]);
    test.selection.targets = vec![];
    test.selection.excludes = vec!["db.loans".parse().unwrap()];
    assert_eq!(actions(&test.plan(STACK).await.0), ["Create net.main"]);
}

#[tokio::test(start_paused = true)]
async fn protection_is_applied_and_outlives_its_block() {
    let test = Test::new();
    test.apply(STACK).await;
    let protected = format!("{STACK}lifecycle = {{ prevent_destroy = true }}\n");
    assert_eq!(actions(&test.plan(&protected).await.0), ["Update app.loader"]);
    test.apply(&protected).await;
    assert!(test.plan(&protected).await.0.is_empty());
    let (plan, ..) = test.plan("[net.main]\nlabel = \"main\"\n").await;
    let step = plan.step(&"app.loader".parse().unwrap()).unwrap();
    assert!(step.protected && step.action == Action::Delete);
}

/// A block that takes it back sets its object free, also where the same apply replaces it; a destroy does not.
#[tokio::test(start_paused = true)]
async fn protection_is_taken_back_by_its_block() {
    let test = Test::new();
    let protected = format!("{STACK}lifecycle = {{ prevent_destroy = true }}\n");
    test.apply(&protected).await;
    let renamed = protected.replace("label = \"loader\"", "label = \"other\"");
    let loader = "app.loader".parse().unwrap();
    let (plan, ..) = test.plan(&renamed).await;
    assert!(plan.step(&loader).unwrap().protected, "not taken back");
    let free = renamed.replace("prevent_destroy = true", "prevent_destroy = false");
    let (plan, ..) = test.plan(&free).await;
    let step = plan.step(&loader).unwrap();
    assert!(!step.protected && step.action.replaces());
    assert!(
        step.changes.iter().any(|change| change.path.to_string() == "lifecycle.prevent_destroy"),
        "it is told"
    );

    // The journal has it before anything is deleted.
    test.fault("delete app.loader", Fault::HangBefore);
    test.apply_and_die(&free).await;
    let (_, document, ..) = test.plan(&free).await;
    assert!(!document.resources[&loader].protected);
    assert!(test.apply(&free).await.failed.is_empty());
    assert!(test.plan(&free).await.0.is_empty());
    assert_eq!(test.count(), 3);
}
