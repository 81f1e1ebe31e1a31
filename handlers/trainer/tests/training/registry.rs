//! Models are kept once, judged on the same loans, and promoted only if they are better.

use crate::server::World;

const TRAIN: [&str; 3] = ["train", "--resamples", "100"];

fn train(more: &[&'static str]) -> Vec<&'static str> {
    [&TRAIN, more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_loans_and_seed_give_the_same_bytes() {
    let world = World::generated(6000).await;
    let first = world.run(&train(&["--test-from", "2015-07"]));
    assert!(first.contains("model 1 (") && first.contains("): registered"), "{first}");
    let kept = world.kept("models");
    let bytes = std::fs::read(&kept[0]).unwrap();
    std::fs::remove_file(&kept[0]).unwrap();
    let second = world.run(&train(&["--test-from", "2015-07"]));
    assert!(second.contains("the same artifact was registered before"), "{second}");
    assert_eq!(world.kept("models"), kept);
    assert!(std::fs::read(&kept[0]).unwrap() == bytes, "the second artifact differs from the first");
    assert_eq!(world.number("select count(*) from ml.models").await, 1);
    assert_eq!(world.number("select count(*) from ml.evaluations").await, 1);

    // Another database, filled on its own, and another number of threads.
    let other = World::generated(6000).await;
    other.run(&train(&["--test-from", "2015-07"]));
    assert!(
        std::fs::read(&other.kept("models")[0]).unwrap() == bytes,
        "another database gives another artifact"
    );
    let seeded = world.run(&train(&["--test-from", "2015-07", "--seed", "2"]));
    assert!(seeded.contains("model 3 (") || seeded.contains("model 2 ("), "{seeded}");
    assert_eq!(world.kept("models").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenger_must_beat_the_champion_by_more_than_the_noise() {
    let world = World::generated(12_000).await;
    let view: String = world
        .client
        .query_one("select pg_get_viewdef('mart.loan_features'::regclass)", &[])
        .await
        .unwrap()
        .get(0);

    // A champion that knows next to nothing.
    world
        .sql("drop view mart.loan_features;
              create view mart.loan_features as
              select loan_key, issue_d, label, sub_grade, length(purpose) as unrelated, dti from (select * from mart.loans) l
              join (select loan_key as k, case loan_status when 'Fully Paid' then 0 when 'Charged Off' then 1 end as label
                    from mart.loans) b on b.k = l.loan_key;
              grant select on mart.loan_features to loan_trainer")
        .await;
    let first = world.run(&train(&["--without-pricing", "--no-promote"]));
    assert!(first.contains("not promoted: --no-promote"), "{first}");
    let promoted = world.run(&["promote", "1", "--force", "a start"]);
    assert!(promoted.contains("is the champion now: a start"), "{promoted}");

    // With all that is known at issue it is better.
    world
        .sql(&format!(
            "drop view mart.loan_features; create view mart.loan_features as {view};
                        grant select on mart.loan_features to loan_trainer"
        ))
        .await;
    let better = world.run(&TRAIN);
    assert!(
        better.contains("promoted: against model 1") && better.contains("better by more than the noise"),
        "{better}"
    );

    // The old one does not come back by itself, nor does one that is just as good.
    let error = world.refused(&["promote", "1"]);
    assert!(
        error.contains("was not promoted over model 2") && error.contains("worse by more than the noise"),
        "{error}"
    );
    let equal = world.run(&train(&["--seed", "9"]));
    assert!(
        equal.contains("not promoted over model 2") && equal.contains("no better than the noise"),
        "{equal}"
    );
    let compared = world.run(&["compare", "2", "1"]);
    assert!(compared.contains("better by more than the noise: AUC +"), "{compared}");

    let listed = world.run(&["list"]);
    let star = |listed: &str| {
        listed
            .lines()
            .find(|line| line.starts_with('*'))
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(star(&listed), "2");
    let back = world.run(&["rollback", "--reason", "it was a bad day"]);
    assert!(back.contains("model 1 is the champion again, in place of model 2"), "{back}");
    let listed = world.run(&["list"]);
    assert_eq!(star(&listed), "1");
    assert!(listed.contains("it was a bad day"), "{listed}");
    let error = world.refused(&["rollback"]);
    assert!(error.contains("no champion before model 1"), "{error}");
    assert_eq!(world.number("select id from ml.champion").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_loans_are_scored_once_each_by_the_role_that_may() {
    let world = World::generated(6000).await;
    // So few loans may well not be enough to beat the lender's grade.
    world.run(&train(&["--test-from", "2015-07", "--no-promote"]));
    world.run(&["promote", "1", "--force", "the first"]);
    world.sql("drop role if exists worker; create role worker login in role loan_trainer").await;
    for _ in 0..2 {
        let output = world.run_as(&world.url_of("worker"), &world.artifacts(), &["score"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains("open loans") && printed.contains("moved since training"), "{printed}");
        let open = world.number("select count(*) from mart.loan_features where label is null").await;
        assert!(open > 1000, "{open}");
        let scored = "select count(*) from ml.predictions join mart.loan_features using (loan_key) where label is null";
        assert_eq!(world.number(scored).await, open);
        assert_eq!(world.number("select count(*) from ml.predictions").await, open);
    }
    let spread = "select (100 * (max(probability) - min(probability)))::bigint from ml.predictions";
    assert!(world.number(spread).await > 10);
    // Riskier grades have higher probabilities.
    let ordered = "select (avg(probability) filter (where grade >= 'D') > avg(probability) filter (where grade <= 'B'))::int::bigint
                   from ml.predictions join mart.loan_features using (loan_key)";
    assert_eq!(world.number(ordered).await, 1);
    world.sql("drop owned by worker; drop role worker").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_was_changed_is_not_used() {
    let world = World::generated(6000).await;
    world.run(&train(&["--test-from", "2015-07", "--no-promote"]));
    let path = &world.kept("models")[0];
    let text = std::fs::read_to_string(path).unwrap();
    let changed = text.replacen("\"slope\":", "\"slope\":1", 1);
    assert_ne!(changed, text);
    std::fs::write(path, changed).unwrap();
    let error = world.refused(&["score", "--model", "1"]);
    assert!(error.contains("it was changed or cut off"), "{error}");
    let error = world.refused(&["promote", "1", "--force", "all the same"]);
    assert!(error.contains("it was changed or cut off"), "{error}");
    assert_eq!(world.number("select count(*) from ml.predictions").await, 0);
    let error = world.refused(&["score", "--model", "7"]);
    assert!(error.contains("there is no model 7"), "{error}");
}
