//! Whose object of a name is: one that says this stack and this address may be of another state all the same.

use crate::world::{Fault, Object, Test, actions};
use stackctl::address::Address;
use stackctl::resource::Owner;

const STACK: &str = "[box.a]\nlabel = \"a\"\nname = \"crate\"\n";

/// A colleague has a copy of the repository, and no state.
#[tokio::test(start_paused = true)]
async fn what_another_state_of_the_stack_has_is_neither_taken_over_nor_deleted() {
    for test in [Test::new(), Test::remote()] {
        assert!(test.apply(STACK).await.failed.is_empty());
        let copy = test.beside();
        let summary = copy.apply(STACK).await;
        assert!(summary.failed[0].error.to_string().contains("the name is taken"), "{:?}", summary.failed);
        assert!(summary.document.resources.is_empty());
        assert!(copy.destroy(STACK).await.failed.is_empty());
        assert!(test.plan(STACK).await.0.is_empty(), "{:?}", actions(&test.plan(STACK).await.0));
        assert_eq!(test.count(), 1);
    }
}

/// A create that got no answer was given up, and what it asked for is made after that: it says stack and address.
#[tokio::test(start_paused = true)]
async fn what_arrives_after_it_was_given_up_is_ours() {
    let test = Test::new();
    (0..4).for_each(|_| test.fault("create box.a", Fault::NeverArrived));
    assert_eq!(test.apply(STACK).await.failed.len(), 1);
    let address: Address = "box.a".parse().unwrap();
    let seen = test.store().peek().await.unwrap().unwrap();
    assert!(seen.serial > 0 && seen.resources.is_empty());
    // Whichever create of this address it was.
    let owner = Owner { intent: "of an earlier create".to_owned(), ..Owner::any("test", &address) };
    let now = tokio::time::Instant::now();
    let inputs = serde_json::json!({"label": "a", "name": "crate", "size": 1, "tags": {}, "zone": "zone-1"});
    let late = Object::new("box", inputs, owner.tags(), now);
    test.world.lock().unwrap().objects.insert("box-9".to_owned(), late);
    let summary = test.apply(STACK).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(summary.document.resources[&address].id.0, "box-9");
    assert!(test.plan(STACK).await.0.is_empty());
    assert_eq!(test.count(), 1);
}
