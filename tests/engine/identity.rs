//! What is deleted and made again under its name is another one: whoever hangs on it is written again.

use crate::world::{Fault, Test, actions};

const STACK: &str = "[net.a]\nlabel = \"a\"\n[fun.f]\nlabel = \"f\"\npeer = '${net.a.role}'\n\
    [fun.g]\nlabel = \"g\"\npolicy = { Statement = [{ Effect = \"Allow\", Principal = { AWS = '${net.a.role}' }, Action = \"s:Do\", Resource = \"*\" }] }\n\
    [fun.other]\nlabel = \"other\"\npeer = \"arn:role/a\"\n";

async fn applied() -> Test {
    let test = Test::new();
    assert!(test.apply(STACK).await.failed.is_empty());
    assert!(test.plan(STACK).await.0.is_empty());
    test.calls();
    test
}

/// Somebody deletes it.
fn vanish(test: &Test) {
    test.world.lock().unwrap().objects.retain(|_, object| object.kind != "net");
}

/// Somebody deletes it and makes another one of its name.
fn replace(test: &Test) {
    let mut world = test.world.lock().unwrap();
    world.objects.values_mut().filter(|object| object.kind == "net").for_each(|it| it.identity.push('!'));
}

fn updates(test: &Test) -> Vec<String> {
    let mut calls: Vec<String> =
        test.calls().into_iter().filter(|call| call.starts_with("update fun")).collect();
    calls.sort();
    calls
}

#[tokio::test(start_paused = true)]
async fn whoever_names_what_is_made_anew_is_written_again() {
    let test = applied().await;
    vanish(&test);
    assert_eq!(actions(&test.plan(STACK).await.0), ["Create net.a", "Update fun.f", "Update fun.g"]);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(updates(&test), ["update fun.f", "update fun.g"]);
    assert!(test.plan(STACK).await.0.is_empty());
    // By another hand: nothing but the identity tells.
    replace(&test);
    let (plan, ..) = test.plan(STACK).await;
    assert_eq!(actions(&plan), ["Update fun.f"]);
    let step = plan.step(&"fun.f".parse().unwrap()).unwrap();
    assert_eq!(step.changes[0].path.to_string(), "peer_identity");
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(updates(&test), ["update fun.f"]);
    assert!(test.plan(STACK).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_written_again_is_written_by_the_next_apply() {
    let test = applied().await;
    vanish(&test);
    test.fault("update fun.f", Fault::Refuse);
    assert_eq!(test.apply(STACK).await.failed.len(), 1);
    assert_eq!(actions(&test.plan(STACK).await.0), ["Update fun.f"]);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(updates(&test), ["update fun.f", "update fun.f", "update fun.g"]);
    assert!(test.plan(STACK).await.0.is_empty());
}

/// A state of before identities were recorded is no reason to change anything, and is enough to know another one.
#[tokio::test(start_paused = true)]
async fn an_older_state_is_enough() {
    let test = applied().await;
    let (document, held) = test.store().open("edit", crate::world::PATIENCE).await.unwrap();
    let mut document = document.unwrap();
    for record in document.resources.values_mut() {
        record.inputs.as_object_mut().unwrap().remove("peer_identity");
    }
    held.write(&mut document).await.unwrap();
    held.release().await;
    assert!(test.plan(STACK).await.0.is_empty());
    replace(&test);
    assert_eq!(actions(&test.plan(STACK).await.0), ["Update fun.f"]);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(updates(&test), ["update fun.f"]);
    assert!(test.plan(STACK).await.0.is_empty());
}
