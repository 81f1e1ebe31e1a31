use crate::plan::STACK;
use crate::world::{Fault, Test};

/// The answer to a create call is lost: one object all the same, and the apply goes on.
async fn one_of_each_despite(fault: Fault) -> Vec<String> {
    let test = Test::new();
    test.fault("create net.main", fault);
    let summary = test.apply(STACK).await;
    assert!(summary.failed.is_empty(), "{fault:?}: {:?}", summary.failed);
    assert_eq!(test.count(), STACK.matches("label").count(), "{fault:?}: an orphan or a duplicate");
    test.calls().into_iter().filter(|call| call == "create net.main").collect()
}

#[tokio::test(start_paused = true)]
async fn what_lists_do_not_show_yet_is_waited_for() {
    assert_eq!(one_of_each_despite(Fault::LostAndUnseen).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_never_arrived_is_asked_for_again() {
    assert_eq!(one_of_each_despite(Fault::NeverArrived).await.len(), 2);
}
