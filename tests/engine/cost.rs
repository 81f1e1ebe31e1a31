use crate::world::Test;
use std::time::Duration;
use tokio::time::Instant;

/// One network and 99 resources, two and three levels deep.
fn stack() -> String {
    let mut text = "[net.main]\nlabel = \"main\"\n".to_owned();
    for index in 0..33 {
        text += &format!(
            "[app.a{index}]\nlabel = \"a{index}\"\n[app.b{index}]\nlabel = \"b{index}\"\npeer = \"${{app.a{index}.arn}}\"\n\
             [app.c{index}]\nlabel = \"c{index}\"\nparent = \"${{net.main.id}}\"\nsize = 3\n"
        );
    }
    text
}

/// Milliseconds of an apply and of a destroy, and the requests for the state of each.
async fn times(test: Test) -> [(f64, usize); 2] {
    test.world.lock().unwrap().latency = Duration::from_millis(50);
    let requests = || test.memory.as_ref().map_or(0, |memory| memory.requests());
    let (begun, before) = (Instant::now(), requests());
    assert!(test.apply(&stack()).await.failed.is_empty());
    let apply = (begun.elapsed().as_secs_f64() * 1000.0, requests() - before);
    let (begun, before) = (Instant::now(), requests());
    assert!(test.destroy(&stack()).await.failed.is_empty());
    [apply, (begun.elapsed().as_secs_f64() * 1000.0, requests() - before)]
}

/// Calls take 50 ms, requests for the state 20; a state in a folder takes no time here. Lock, reading and the two writes at
/// either end are some 15 requests, whatever the stack; all the rest gathers on the way, beside the calls. What that means on
/// a real machine: `cargo bench --bench state`.
#[tokio::test(start_paused = true)]
async fn state_in_an_object_store_costs_little_more_than_its_beginning_and_end() {
    let (here, there) = (times(Test::new()).await, times(Test::remote()).await);
    for (here, there) in here.iter().zip(&there) {
        let (added, requests) = (there.0 - here.0, there.1);
        assert!(added < 25.0 * 20.0, "{added:.0} ms more than {:.0} ms for 100 resources", here.0);
        assert!((20..70).contains(&requests), "{requests} requests for 100 resources");
    }
}
