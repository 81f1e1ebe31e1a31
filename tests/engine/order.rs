use crate::plan::STACK;
use crate::world::{Fault, Test};

fn position(calls: &[String], call: &str) -> usize {
    calls.iter().position(|made| made == call).unwrap_or_else(|| panic!("no {call} in {calls:?}"))
}

fn in_order(calls: &[String], expected: &[&str]) {
    let at: Vec<usize> = expected.iter().map(|call| position(calls, call)).collect();
    assert!(at.is_sorted(), "{expected:?} is not the order of {calls:?}");
}

#[tokio::test(start_paused = true)]
async fn dependencies_first_and_the_destroy_the_other_way_round() {
    let test = Test::new();
    test.apply(STACK).await;
    in_order(&test.calls(), &["create net.main", "create db.loans", "create app.loader"]);
    let summary = test.destroy(STACK).await;
    assert!(summary.failed.is_empty() && test.count() == 0);
    in_order(&test.calls(), &["delete app.loader", "delete db.loans", "delete net.main"]);
}

#[tokio::test(start_paused = true)]
async fn destroy_first_deletes_dependants_before_and_creates_them_after() {
    let test = Test::new();
    test.apply(STACK).await;
    test.calls();
    let renamed = STACK.replace("label = \"main\"", "label = \"other\"");
    assert!(test.apply(&renamed).await.failed.is_empty());
    let calls = test.calls();
    in_order(
        &calls,
        &["delete db.loans", "delete net.main", "create net.other", "create db.loans", "update app.loader"],
    );
    assert_eq!(test.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn create_first_points_dependants_at_the_new_one_before_the_old_one_goes() {
    let test = Test::new();
    let stack = |label: &str| {
        format!(
            "[net.a]\nlabel = {label:?}\nlifecycle = {{ create_before_destroy = true }}\n\
             [app.b]\nlabel = \"b\"\npeer = \"${{net.a.id}}\"\n"
        )
    };
    test.apply(&stack("one")).await;
    test.calls();
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    in_order(&test.calls(), &["create net.two", "update app.b", "delete net.one"]);
    assert_eq!(test.count(), 2);
    assert!(test.plan(&stack("two")).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn create_first_spreads_to_what_it_depends_on() {
    let test = Test::new();
    let stack = |label: &str| {
        format!(
            "[net.a]\nlabel = {label:?}\n[app.b]\nlabel = \"b\"\nparent = \"${{net.a.id}}\"\n\
             lifecycle = {{ create_before_destroy = true }}\n"
        )
    };
    test.apply(&stack("one")).await;
    test.calls();
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    in_order(&test.calls(), &["create net.two", "create app.b", "delete app.b", "delete net.one"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_object_that_could_not_be_deleted_is_deleted_by_the_next_apply() {
    let test = Test::new();
    let stack =
        |label: &str| format!("[net.a]\nlabel = {label:?}\nlifecycle = {{ create_before_destroy = true }}\n");
    test.apply(&stack("one")).await;
    test.fault("delete net.one", Fault::Refuse);
    assert_eq!(test.apply(&stack("two")).await.failed.len(), 1);
    assert_eq!(test.count(), 2);
    let (plan, ..) = test.plan(&stack("two")).await;
    assert!(!plan.is_empty() && plan.steps[0].deposed.len() == 1);
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    assert_eq!(test.count(), 1);
    assert!(test.plan(&stack("two")).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_longest_path_starts_first_and_nothing_waits_for_a_level() {
    let test = Test::new();
    let mut stack = String::from("[db.slow]\nlabel = \"slow\"\n");
    for index in 0..20 {
        stack += &format!("[app.a{index}]\nlabel = \"a{index}\"\n");
    }
    let started = tokio::time::Instant::now();
    test.apply(&stack).await;
    assert_eq!(position(&test.calls(), "create db.slow"), 0);
    let took = started.elapsed().as_secs();
    assert!((600..630).contains(&took), "the database takes 600 s, all together took {took} s");
}

#[tokio::test(start_paused = true)]
async fn what_has_a_fixed_name_and_what_depends_on_it_goes_before_it_comes() {
    let test = Test::new();
    let stack = |label: &str| {
        let first = "lifecycle = { create_before_destroy = true }\n";
        format!(
            "[net.a]\nlabel = {label:?}\n[db.b]\nlabel = \"b\"\nparent = \"${{net.a.id}}\"\n{first}\
             [app.c]\nlabel = \"c\"\nparent = \"${{db.b.id}}\"\n{first}"
        )
    };
    test.apply(&stack("one")).await;
    test.calls();
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    in_order(
        &test.calls(),
        &["create net.two", "delete app.c", "delete db.b", "create db.b", "create app.c"],
    );
    assert_eq!(test.count(), 3);
    assert!(test.plan(&stack("two")).await.0.is_empty());
}
