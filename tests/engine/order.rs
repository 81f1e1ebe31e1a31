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
async fn an_old_object_whose_name_another_block_wants_goes_first() {
    let test = Test::new();
    let first = "lifecycle = { create_before_destroy = true }\n";
    let stack = |name: &str, more: &str| format!("[box.a]\nlabel = \"l\"\nname = {name:?}\n{first}{more}");
    test.apply(&stack("old", "")).await;
    test.fault("delete box.l", Fault::Refuse);
    assert_eq!(test.apply(&stack("new", "")).await.failed.len(), 1);
    assert_eq!(test.count(), 2);
    test.calls();
    let after = stack("new", "[box.b]\nlabel = \"b\"\nname = \"old\"\n");
    let summary = test.apply(&after).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    in_order(&test.calls(), &["delete box.l", "create box.b"]);
    assert!(test.plan(&after).await.0.is_empty());
    assert_eq!(test.count(), 2);
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

/// From `before` to `after` in one apply, with these calls in this order, and nothing to do afterwards.
async fn goes_over(before: &str, after: &str, expected: &[&str]) {
    let test = Test::new();
    assert!(test.apply(before).await.failed.is_empty());
    test.calls();
    let summary = test.apply(after).await;
    assert!(
        summary.failed.is_empty() && summary.not_started.is_empty(),
        "{:?} {:?}",
        summary.failed,
        summary.not_started
    );
    in_order(&test.calls(), expected);
    assert_eq!(test.count(), after.matches("label").count());
    assert!(test.plan(after).await.0.is_empty());
}

/// What uses the renamed one would be updated before that goes; but the new one can only come when it has gone, since
/// what both depend on is deleted first.
#[tokio::test(start_paused = true)]
async fn a_rename_on_top_of_a_destroy_first_replacement_finds_an_order() {
    goes_over(
        "[db.r]\nlabel = \"one\"\n[net.n]\nlabel = \"n\"\nparent = \"${db.r.id}\"\n\
         [app.x]\nlabel = \"x\"\npeer = \"${net.n.id}\"\n",
        "[db.r]\nlabel = \"two\"\n[net.m]\nlabel = \"m\"\nparent = \"${db.r.id}\"\n\
         [app.x]\nlabel = \"x\"\npeer = \"${net.m.id}\"\n",
        &["delete net.n", "delete db.one", "create db.two", "create net.m", "update app.x"],
    )
    .await;
}

const FIRST: &str = "lifecycle = { create_before_destroy = true }\n";

/// The old `app.x` stands in the way of the database that the new one needs, by way of something new.
#[tokio::test(start_paused = true)]
async fn create_first_gives_way_where_it_would_wait_for_itself() {
    goes_over(
        &format!("[db.o]\nlabel = \"one\"\n[app.x]\nlabel = \"x\"\nparent = \"${{db.o.id}}\"\n{FIRST}"),
        &format!(
            "[db.o]\nlabel = \"two\"\n[net.n]\nlabel = \"n\"\nparent = \"${{db.o.id}}\"\n\
             [app.x]\nlabel = \"x\"\nparent = \"${{net.n.id}}\"\n{FIRST}"
        ),
        &["delete app.x", "delete db.one", "create db.two", "create net.n", "create app.x"],
    )
    .await;
}

/// Each old one stands in the way of what the other new one needs.
#[tokio::test(start_paused = true)]
async fn two_create_first_replacements_that_change_places_find_an_order() {
    let stack = |label: &str, [x, y]: [&str; 2]| {
        format!(
            "[db.r]\nlabel = \"r{label}\"\n[db.s]\nlabel = \"s{label}\"\n\
             [app.x]\nlabel = \"x\"\nparent = \"${{db.{x}.id}}\"\n{FIRST}\
             [app.y]\nlabel = \"y\"\nparent = \"${{db.{y}.id}}\"\n{FIRST}"
        )
    };
    goes_over(&stack("1", ["r", "s"]), &stack("2", ["s", "r"]), &["delete db.r1", "create db.r2"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_in_which_two_depend_on_each_other_can_be_destroyed() {
    let test = Test::new();
    let stack = "[net.a]\nlabel = \"a\"\n[net.b]\nlabel = \"b\"\n";
    test.apply(stack).await;
    let (document, held) = test.store().open("edit", std::time::Duration::ZERO).await.unwrap();
    let mut document = document.unwrap();
    for (of, on) in [("net.a", "net.b"), ("net.b", "net.a")] {
        document.resources.get_mut(&of.parse().unwrap()).unwrap().depends_on = vec![on.parse().unwrap()];
    }
    held.write(&mut document).await.unwrap();
    drop(held);
    let summary = test.destroy(stack).await;
    assert!(summary.failed.is_empty() && summary.not_started.is_empty());
    assert_eq!(test.count(), 0);
}
