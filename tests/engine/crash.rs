use crate::plan::STACK;
use crate::world::{Fault, PATIENCE, Test, actions};
use stackctl::apply::Finding;
use std::time::Duration;

/// Whatever the call in which the process dies: afterwards the next apply ends with exactly what is wanted.
async fn dies_at(call: &str, fault: Fault, before: Option<&str>, after: &str) -> Vec<Finding> {
    let there = dies(Test::remote(), call, fault, before, after).await;
    let here = dies(Test::new(), call, fault, before, after).await;
    assert_eq!(
        format!("{there:?}").len(),
        format!("{here:?}").len(),
        "the place of the state makes a difference"
    );
    here
}

async fn dies(test: Test, call: &str, fault: Fault, before: Option<&str>, after: &str) -> Vec<Finding> {
    if let Some(before) = before {
        assert!(test.apply(before).await.failed.is_empty());
    }
    test.fault(call, fault);
    test.apply_and_die(after).await;
    let (_, _, _, findings) = test.plan(after).await;
    assert!(test.apply(after).await.failed.is_empty(), "{call} {fault:?}");
    assert!(
        test.plan(after).await.0.is_empty(),
        "{call} {fault:?}: {:?}",
        actions(&test.plan(after).await.0)
    );
    let wanted = after.matches("label").count();
    assert_eq!(test.count(), wanted, "{call} {fault:?}: an orphan or a duplicate");
    assert!(test.destroy(after).await.failed.is_empty());
    assert_eq!(test.count(), 0, "{call} {fault:?}: destroy leaves something");
    findings
}

#[tokio::test(start_paused = true)]
async fn a_death_after_the_create_call_leaves_no_orphan() {
    let findings = dies_at("create db.loans", Fault::Hang, None, STACK).await;
    assert!(matches!(findings.as_slice(), [Finding::Adopted { .. }]), "{findings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_death_before_the_create_call_leaves_no_phantom() {
    let findings = dies_at("create db.loans", Fault::HangBefore, None, STACK).await;
    assert!(matches!(findings.as_slice(), [Finding::Nothing { .. }]), "{findings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_death_between_create_and_configuration_is_finished() {
    let sized = STACK.replace("label = \"loader\"", "label = \"loader\"\nsize = 3");
    for fault in [Fault::Hang, Fault::HangBefore] {
        let findings = dies_at("update app.loader", fault, None, &sized).await;
        assert!(matches!(findings.as_slice(), [Finding::Adopted { .. }]), "{findings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_in_an_update_is_finished() {
    let sized = STACK.replace("label = \"loader\"", "label = \"loader\"\nsize = 3");
    for fault in [Fault::Hang, Fault::HangBefore] {
        dies_at("update app.loader", fault, Some(STACK), &sized).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_between_the_halves_of_a_replacement_is_finished() {
    let renamed = STACK.replace("label = \"main\"", "label = \"other\"");
    for call in
        ["delete db.loans", "delete net.main", "create net.other", "create db.loans", "update app.loader"]
    {
        for fault in [Fault::Hang, Fault::HangBefore] {
            dies_at(call, fault, Some(STACK), &renamed).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_in_a_create_first_replacement_is_finished() {
    let first = "[net.a]\nlabel = \"one\"\nlifecycle = { create_before_destroy = true }\n\
                 [app.b]\nlabel = \"b\"\npeer = \"${net.a.id}\"\n";
    let second = first.replace("\"one\"", "\"two\"");
    for call in ["create net.two", "update app.b", "delete net.one"] {
        for fault in [Fault::Hang, Fault::HangBefore] {
            dies_at(call, fault, Some(first), &second).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_was_folded_already_changes_nothing() {
    let test = Test::new();
    let journal = test.folder.path().join("test.journal");
    test.fault("create app.loader", Fault::HangBefore);
    test.apply_and_die(STACK).await;
    let old = std::fs::read(&journal).unwrap();
    assert!(test.apply(STACK).await.failed.is_empty());
    // As after a crash between the write of the state and the removal of its journal.
    std::fs::write(&journal, old).unwrap();
    let (plan, _, _, findings) = test.plan(STACK).await;
    assert!(plan.is_empty() && findings.is_empty());
}

/// Whoever comes next dies as well, as soon as its own journal has taken the place of the dead one's.
#[tokio::test(start_paused = true)]
async fn the_journal_of_a_dead_run_is_in_the_state_before_another_takes_its_place() {
    for test in [Test::new(), Test::remote()] {
        test.fault("create db.loans", Fault::Hang);
        test.apply_and_die(STACK).await;
        let (document, held) = test.store().open("apply", PATIENCE).await.unwrap();
        drop(held.journal(&document.unwrap(), "apply").await.unwrap());
        drop(held);
        let seen = test.store().peek().await.unwrap().unwrap();
        assert!(seen.resources.contains_key(&"net.main".parse().unwrap()), "what was done is forgotten");
        assert_eq!(seen.open.len(), 1, "what was begun is forgotten");
        assert!(test.apply(STACK).await.failed.is_empty());
        assert_eq!(test.count(), 3, "an orphan or a duplicate");
        assert!(test.plan(STACK).await.0.is_empty());
    }
}

/// What the dead run itself deleted is no change outside of stackctl.
#[tokio::test(start_paused = true)]
async fn a_death_in_a_deletion_is_told_as_such() {
    for test in [Test::new(), Test::remote()] {
        for fault in [Fault::Hang, Fault::HangBefore] {
            test.apply(STACK).await;
            test.fault("delete app.loader", fault);
            let died = tokio::time::timeout(Duration::from_secs(100_000), test.destroy(STACK)).await;
            assert!(died.is_err(), "nothing hung");
            let (plan, _, _, findings) = test.plan(STACK).await;
            match fault {
                Fault::Hang => assert!(matches!(findings[..], [Finding::Deleted { .. }]), "{findings:?}"),
                _ => assert!(matches!(findings[..], [Finding::Interrupted { .. }]), "{findings:?}"),
            }
            assert!(plan.gone.is_empty(), "{:?}", plan.gone);
            assert!(test.destroy(STACK).await.failed.is_empty());
            assert_eq!(test.count(), 0);
        }
    }
}

/// The next command comes so soon that the object shows in lists and cannot be read yet.
#[tokio::test(start_paused = true)]
async fn what_was_adopted_and_does_not_show_yet_is_not_made_twice() {
    let test = Test::new();
    test.world.lock().unwrap().unseen = 20;
    test.fault("create net.main", Fault::Hang);
    let died = tokio::time::timeout(Duration::from_secs(1), test.apply(STACK)).await;
    assert!(died.is_err(), "nothing hung");
    let (plan, _, _, findings) = test.plan(STACK).await;
    assert!(matches!(findings.as_slice(), [Finding::Adopted { .. }]), "{findings:?}");
    assert_eq!(actions(&plan), ["Update net.main", "Create db.loans", "Create app.loader"]);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 3, "it was made twice");
}

/// The object is made, and the call that gives it the rest is refused: what is half configured is known, and finished by the
/// next apply.
#[tokio::test(start_paused = true)]
async fn what_is_half_configured_is_finished_and_not_made_anew() {
    let sized = STACK.replace("label = \"loader\"", "label = \"loader\"\nsize = 3");
    for test in [Test::new(), Test::remote()] {
        test.fault("update app.loader", Fault::Refuse);
        let failed = test.apply(&sized).await.failed;
        assert_eq!(failed.len(), 1, "{failed:?}");
        let (plan, _, _, findings) = test.plan(&sized).await;
        assert!(findings.is_empty(), "it is recorded, nothing is open: {findings:?}");
        assert_eq!(actions(&plan), ["Update app.loader"]);
        assert!(test.apply(&sized).await.failed.is_empty());
        assert!(test.plan(&sized).await.0.is_empty());
        assert_eq!(test.count(), 3, "an orphan or a duplicate");
    }
}
