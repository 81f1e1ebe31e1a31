use crate::answers::{Answer, Calls, aws};
use crate::emulator::{ministack, moto};
use crate::engine::Stack;
use crate::harness::{create, lifecycle, read, unique};
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use stackctl::resource::Id;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

pub async fn life(cloud: &Cloud, changes: &[Json]) {
    let name = format!("/aws/lambda/{}", unique("loans"));
    let inputs = json!({"name": name, "tags": {"owner": "x", "old": "1"}});
    lifecycle("log_group", cloud, inputs, changes).await;
}

pub fn changes() -> Vec<Json> {
    vec![
        json!({"retention_days": 0}),
        json!({"retention_days": 365}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ]
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto(), &changes()).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack(), &changes()).await;
}

/// A name that is the start of another, names in different folders, and one that is not there.
#[tokio::test]
async fn many_are_read_by_their_exact_names() {
    for cloud in [moto(), ministack()] {
        let name = unique("exact");
        let long =
            create("log_group", &cloud, json!({"name": format!("{name}-long"), "retention_days": 1})).await;
        let missing = Id(name.clone());
        let found = read("log_group", &cloud, &[missing.clone(), long.id.clone()]).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&long.id]);
        let short = create("log_group", &cloud, json!({"name": name})).await;
        let other = create("log_group", &cloud, json!({"name": format!("/aws/{name}")})).await;
        let ids = [short.id.clone(), long.id.clone(), other.id.clone()];
        let found = read("log_group", &cloud, &ids).await;
        assert_eq!(found.len(), 3);
        assert_eq!(found[&long.id].inputs["retention_days"], 1);
        let arn = found[&short.id].outputs["arn"].as_str().unwrap();
        assert!(arn.ends_with(&format!(":log-group:{name}")), "{arn}");
        for subject in [short, long, other] {
            subject.delete().await;
        }
    }
}

/// CloudWatch Logs of an account with groups of others: those whose names start with one of `theirs`, two thousand of each.
/// A new group is not read for ten seconds.
fn logs(theirs: &'static [&'static str]) -> (Cloud, Calls) {
    let (ours, made) = (Mutex::new(BTreeMap::<String, (Json, Instant)>::new()), Duration::from_secs(10));
    aws(move |asked| {
        let (mut ours, sent) = (ours.lock().unwrap(), asked.json());
        let text = |name: &str| sent[name].as_str().unwrap_or_default().to_owned();
        let name = text("logGroupName");
        match asked.operation() {
            "CreateLogGroup" => {
                let group = json!({"logGroupName": name, "tags": sent["tags"]});
                ours.insert(name, (group, Instant::now()));
            }
            "PutRetentionPolicy" => {
                ours.get_mut(&name).unwrap().0["retentionInDays"] = sent["retentionInDays"].clone()
            }
            "ListTagsForResource" => {
                let of = text("resourceArn").split(':').nth(6).unwrap().to_owned();
                let tags = ours.get(&of).map(|(group, _)| group["tags"].clone());
                return Answer::json(json!({"tags": tags.unwrap_or_else(|| json!({}))}));
            }
            "DescribeLogGroups" => {
                let seen = ours.iter().filter(|(_, (_, since))| since.elapsed() >= made);
                let others =
                    theirs.iter().flat_map(|prefix| (0..2000).map(move |n| format!("{prefix}{n:04}")));
                let others = others.map(|name| (name.clone(), json!({"logGroupName": name})));
                let all: BTreeMap<_, _> =
                    seen.map(|(name, (group, _))| (name.clone(), group.clone())).chain(others).collect();
                let from = text("nextToken").parse().unwrap_or(0);
                let found: Vec<_> = all.range(text("logGroupNamePrefix")..).skip(from).collect();
                let found =
                    found.into_iter().take_while(|(name, _)| name.starts_with(&text("logGroupNamePrefix")));
                let mut page: Vec<Json> = found.take(51).map(|(_, group)| group.clone()).collect();
                let more = page.len() > 50;
                page.truncate(50);
                for group in &mut page {
                    group["logGroupArn"] = json!(format!(
                        "arn:aws:logs:eu-west-1:000000000000:log-group:{}",
                        group["logGroupName"].as_str().unwrap()
                    ));
                }
                return Answer::json(match more {
                    true => json!({"logGroups": page, "nextToken": (from + 50).to_string()}),
                    false => json!({"logGroups": page}),
                });
            }
            other => panic!("{other}"),
        }
        Answer::empty()
    })
}

/// Whatever else there is in the account, a read takes a call or two, and never one for each fifty groups of others.
#[tokio::test]
async fn groups_of_others_are_not_listed() {
    let ids = |names: &[&str]| names.iter().map(|name| Id::from(*name)).collect::<Vec<_>>();
    for (theirs, names, most) in [
        (&["/aws/lambda/", "/aws/rds/", "loans"][..], &["/aws/lambda/a", "loans-b"][..], 2),
        (&["/aws/lambda/loans-"], &["/aws/lambda/loans-a", "/aws/lambda/loans-x", "/aws/lambda/loans-z"], 4),
        (&[], &["/aws/lambda/loans-a", "/aws/lambda/loans-x", "/aws/lambda/loans-z"], 1),
    ] {
        let (cloud, calls) = logs(theirs);
        let found = read("log_group", &cloud, &ids(names)).await;
        assert!(found.is_empty());
        assert!(
            calls.count("DescribeLogGroups") <= most,
            "{names:?}: {} calls",
            calls.count("DescribeLogGroups")
        );
    }
    // It is found among thousands that begin alike.
    let (cloud, calls) = logs(&["/aws/lambda/loans-"]);
    let found = read(
        "log_group",
        &cloud,
        &ids(&["/aws/lambda/loans-1999", "/aws/lambda/loans-0000", "/aws/lambda/loans-x"]),
    )
    .await;
    assert_eq!((found.len(), calls.count("DescribeLogGroups")), (2, 3));
}

/// The whole way at the pace of AWS, in virtual time.
#[tokio::test(start_paused = true)]
async fn a_group_is_made_among_thousands() {
    let (cloud, calls) = logs(&["/aws/lambda/"]);
    let inputs = json!({"name": "/aws/lambda/loans", "retention_days": 7});
    let stack =
        Stack::new("loans", Address::new("log_group", "a"), &inputs, &cloud).with_the_patience_for_aws();
    let started = Instant::now();
    let summary = stack.apply().await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert!(started.elapsed() >= Duration::from_secs(10));
    assert_eq!(calls.sent("PutRetentionPolicy").len(), 1);
    let before = calls.all().len();
    assert_eq!(stack.apply().await.done, []);
    assert!(calls.all().len() - before <= 3, "{:?}", &calls.actions()[before..]);
}
