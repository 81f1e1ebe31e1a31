//! LightGBM among the candidates: `cargo test --workspace --test training --features trainer/lightgbm lightgbm`.

use crate::server::World;

#[tokio::test(flavor = "multi_thread")]
async fn lightgbm_is_one_candidate_more() {
    let world = World::generated(6000).await;
    let train = ["train", "--test-from", "2015-07", "--resamples", "20", "--no-promote"];
    let told = world.run(&train);
    assert!(told.contains("LightGBM") && told.contains("LightGBM, without pricing"), "{told}");
    let better = "select ((c -> 'figures' -> 0 -> 1 ->> 'figure')::float8 > 0.55)::int::bigint
                  from ml.evaluations, jsonb_array_elements(details -> 'contestants') c where c ->> 'name' = 'lightgbm'";
    assert_eq!(world.number(better).await, 1);
    let tried = "select count(*) from ml.models, jsonb_array_elements(parameters -> 'trials') t where t ->> 'algorithm' = 'lightgbm'";
    assert_eq!(world.number(tried).await, 4);
    assert!(world.run(&train).contains("the same artifact was registered before"));
    world.run(&["score", "--model", "1"]);
    assert!(world.number("select count(*) from ml.predictions").await > 1000);
}
