use crate::fixture::{mistakes, mistakes_with, read, target};
use serde_json::json;
use stackctl::config::{Options, Resolved};

const TEXT: &str = r#"
[params]
days = 30
[queue.jobs]
name = "jobs"
visibility_timeout = "${param.days}"
tags = { owner = "a", team = "b" }
[targets.local]
endpoint_url = "http://localhost:4566"
region = "us-east-1"
account = "000000000000"
state = "state/local"
profile = "local"
[targets.local.params]
days = 1
[targets.local.queue.jobs]
fifo = true
name = "jobs.fifo"
tags = { owner = "c" }
"#;

#[test]
fn a_target_lays_over_and_every_value_keeps_its_line() {
    let stack = read(TEXT, &target("local")).unwrap();
    let target = stack.target.as_ref().unwrap();
    assert_eq!(target.endpoint_url.as_deref(), Some("http://localhost:4566"));
    assert_eq!((stack.region.as_str(), stack.state.as_str()), ("us-east-1", "state/local"));
    let block = &stack.blocks[0];
    assert_eq!(
        stack.resolve(block, &|_| Resolved::Unknown),
        json!({ "name": "jobs.fifo", "visibility_timeout": 1, "tags": { "owner": "c", "team": "b" }, "fifo": true })
    );
    assert_eq!(stack.place(block.span_of(&"tags.owner".parse().unwrap())), "stack.toml:22:18");
    assert_eq!(stack.place(block.span_of(&"tags.team".parse().unwrap())), "stack.toml:10:30");
}

#[test]
fn without_a_target_nothing_is_laid_over() {
    let stack = read(TEXT, &Options::default()).unwrap();
    assert_eq!((stack.target, stack.region.as_str()), (None, "eu-west-1"));
    assert_eq!(stack.blocks[0].inputs.get("name").unwrap().as_str(), Some("jobs"));
}

#[test]
fn every_target_is_checked() {
    assert_eq!(
        mistakes(
            "[queue.jobs]\n[targets.a]\nendpoint = 'x'\n[targets.b]\nendpoint_url = 'localhost:1'\n[targets.c.params]\n\
             x = 1\n[targets.d.queue.job]\n"
        ),
        "3:1 unknown_key: [targets.a] has no `endpoint`. Did you mean `endpoint_url`?\n\
         5:16 wrong_value: `localhost:1` is not the address of a server. Write it with its scheme, such as \
         `http://localhost:4566`.\n\
         7:1 unknown_param: there is no param `x`. Declare it: `[params]`, then `x = …`.\n\
         8:18 unknown_resource: there is no `queue.job` to change. Did you mean `queue.jobs`?"
    );
}

#[test]
fn an_unknown_target_is_suggested() {
    assert_eq!(
        mistakes_with(TEXT, &target("locl")),
        "- unknown_target: there is no target `locl`. Did you mean `local`? A new one is a table `[targets.locl]`."
    );
}

#[test]
fn the_local_target_needs_no_table() {
    let stack = read("", &target("local")).unwrap();
    assert!(stack.target.is_some_and(|target| target.is_local()));
}
