//! The cases that the property came from, one by one.

use crate::play::{Planned, Stage};
use stackctl::census::census;
use stackctl::plan::{Action, Plan, Reason, Selection};
use stackctl::resource::Id;
use stackctl::state::Document;

const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[subnet.a]
vpc_id = "${vpc.main.id}"
cidr_block = "10.0.1.0/24"
availability_zone = "eu-west-1a"
[subnet.b]
vpc_id = "${vpc.main.id}"
cidr_block = "10.0.2.0/24"
availability_zone = "eu-west-1b"
[security_group.db]
vpc_id = "${vpc.main.id}"
description = "one"
[security_group_rule.in]
type = "ingress"
security_group_id = "${security_group.db.id}"
port = 5432
cidr = "10.0.0.0/16"
[db_subnet_group.g]
subnet_ids = ["${subnet.a.id}", "${subnet.b.id}"]
"#;
const DATABASE: &str = r#"
[db_instance.d]
instance_class = "db.t4g.micro"
db_subnet_group = "${db_subnet_group.g.id}"
security_group_ids = ["${security_group.db.id}"]
"#;
const FUNCTION: &str = r#"
[lambda_function.f]
artifact = "f.zip"
role = "arn:aws:iam::000000000000:role/x"
subnet_ids = ["${subnet.a.id}"]
security_group_ids = ["${security_group.db.id}"]
"#;

fn stack(parts: &[&str]) -> String {
    format!("[stack]\nname = \"test\"\nregion = \"eu-west-1\"\n{}", parts.concat())
}

fn action(plan: &Plan, address: &str) -> Action {
    plan.step(&address.parse().unwrap()).unwrap().action
}

async fn applied(stage: &Stage, text: &str) -> Planned {
    let planned = stage.plan(text, false).await.unwrap();
    assert_eq!(planned.3.refused, vec![]);
    let summary = stage.apply(&planned).await;
    assert!(summary.failed.is_empty() && summary.not_started.is_empty(), "{:#?}", summary.failed);
    let (.., after) = stage.plan(text, false).await.unwrap();
    assert!(after.is_empty(), "{after:#?}");
    assert!(after.steps.iter().all(|step| step.drift.is_empty()));
    assert_eq!(stage.world.lock().unwrap().disorder, None);
    planned
}

#[tokio::test(start_paused = true)]
async fn a_vpc_that_is_replaced_takes_its_subnet_group_with_it() {
    let stage = Stage::new();
    let text = stack(&[NET]);
    applied(&stage, &text).await;
    let (.., plan) = applied(&stage, &text.replace("10.0.", "10.1.")).await;
    let group = plan.step(&"db_subnet_group.g".parse().unwrap()).unwrap();
    assert_eq!(group.action, Action::Replace);
    let Reason::Bound(why) = &group.reason else { panic!("{:?}", group.reason) };
    assert!(why.contains("another VPC"), "{why}");
    assert_eq!(group.forcing().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_database_moves_with_its_vpc_and_its_group_gets_another_name() {
    let stage = Stage::new();
    let text = stack(&[NET, DATABASE, FUNCTION]);
    applied(&stage, &text).await;
    let (.., plan) = applied(&stage, &text.replace("10.0.", "10.1.")).await;
    assert_eq!(action(&plan, "db_subnet_group.g"), Action::ReplaceCreateFirst);
    assert_eq!(action(&plan, "vpc.main"), Action::ReplaceCreateFirst);
    assert_eq!(action(&plan, "db_instance.d"), Action::Update);
    assert_eq!(action(&plan, "lambda_function.f"), Action::Update);
    let name = |plan: &Plan| plan.step(&"db_subnet_group.g".parse().unwrap()).unwrap().inputs["name"].clone();
    assert_ne!(name(&plan), "test-g");
    // And back: the first name is free again.
    let (.., plan) = applied(&stage, &text).await;
    assert_eq!(name(&plan), "test-g");
}

#[tokio::test(start_paused = true)]
async fn a_database_in_two_zones_does_not_move_and_says_why() {
    let stage = Stage::new();
    let text = stack(&[NET, DATABASE, "multi_az = true\n"]);
    applied(&stage, &text).await;
    let (.., plan) = applied(&stage, &text.replace("10.0.", "10.1.")).await;
    let database = plan.step(&"db_instance.d".parse().unwrap()).unwrap();
    assert!(database.action.replaces() && database.holds_data);
    assert!(
        matches!(&database.reason, Reason::Bound(why) if why.contains("multi_az")),
        "{:?}",
        database.reason
    );
}

#[tokio::test(start_paused = true)]
async fn another_group_in_the_same_vpc_replaces_the_database() {
    let stage = Stage::new();
    let other = "[db_subnet_group.h]\nsubnet_ids = [\"${subnet.b.id}\", \"${subnet.a.id}\"]\n";
    let text = stack(&[NET, other, DATABASE]);
    applied(&stage, &text).await;
    let (.., plan) = applied(&stage, &text.replace("db_subnet_group.g.id", "db_subnet_group.h.id")).await;
    assert_eq!(action(&plan, "db_instance.d"), Action::Replace);
}

#[tokio::test(start_paused = true)]
async fn a_subnet_with_another_network_comes_first_and_whoever_lives_in_it_is_replaced() {
    let stage = Stage::new();
    let text = stack(&[NET, FUNCTION]);
    applied(&stage, &text).await;
    let (.., plan) = applied(&stage, &text.replace("10.0.1.0", "10.0.3.0")).await;
    assert_eq!(action(&plan, "subnet.a"), Action::ReplaceCreateFirst);
    assert_eq!(action(&plan, "db_subnet_group.g"), Action::Update);
    // In which of the two a database lives is AWS's choice; if both go, it is one of them.
    let stage = Stage::new();
    let text = stack(&[NET, DATABASE]);
    applied(&stage, &text).await;
    let moved = text.replace("10.0.1.0", "10.0.3.0").replace("10.0.2.0", "10.0.4.0");
    let (.., plan) = applied(&stage, &moved).await;
    let database = plan.step(&"db_instance.d".parse().unwrap()).unwrap();
    assert_eq!(database.action, Action::Replace);
    assert!(
        matches!(&database.reason, Reason::Bound(why) if why.contains("it lives in subnet.")),
        "{:?}",
        database.reason
    );
}

/// The rules of the old group work until nobody is in it.
#[tokio::test(start_paused = true)]
async fn a_group_in_use_is_replaced_without_a_gap() {
    let stage = Stage::new();
    let text = stack(&[NET, DATABASE, FUNCTION]);
    applied(&stage, &text).await;
    stage.world.lock().unwrap().log.clear();
    let (.., plan) = applied(&stage, &text.replace("\"one\"", "\"two\"")).await;
    assert_eq!(action(&plan, "security_group.db"), Action::ReplaceCreateFirst);
    let log = stage.world.lock().unwrap().log.clone();
    let at = |start: &str| {
        log.iter().rposition(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {log:#?}"))
    };
    assert!(at("create security_group.db") < at("update test-d"), "{log:#?}");
    for user in ["update test-d", "update test-f"] {
        assert!(at(user) < at("delete security_group_rule"), "{log:#?}");
    }
    assert!(at("delete security_group_rule") < at("delete security_group-"), "{log:#?}");
}

#[tokio::test(start_paused = true)]
async fn create_before_destroy_gives_a_derived_name_a_suffix() {
    let stage = Stage::new();
    let first = "lifecycle = { create_before_destroy = true }\n";
    let group = |text: &str| {
        stack(&[
            &NET[..NET.find("[subnet.a]").unwrap()],
            &format!("[security_group.x]\nvpc_id = \"${{vpc.main.id}}\"\ndescription = \"{text}\"\n{first}"),
        ])
    };
    applied(&stage, &group("one")).await;
    let (.., plan) = applied(&stage, &group("two")).await;
    let step = plan.step(&"security_group.x".parse().unwrap()).unwrap();
    assert_eq!(step.action, Action::ReplaceCreateFirst);
    let name = step.inputs["name"].as_str().unwrap();
    assert!(name.starts_with("test-x-"), "{name}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_is_recovered_under_the_name_with_the_suffix() {
    let stage = Stage::new();
    let text = stack(&[NET, DATABASE]);
    applied(&stage, &text).await;
    let moved = text.replace("10.0.", "10.1.");
    let (_, document, ..) = {
        applied(&stage, &moved).await;
        stage.plan(&moved, false).await.unwrap()
    };
    let mut lost = Document::new("test", "000000000000", "eu-west-1");
    let found = census(&stage.cloud, &stage.kinds, &stage.desired(&moved).unwrap(), &mut lost).await.unwrap();
    assert_eq!(found.missing, vec![]);
    for (address, record) in &document.resources {
        assert_eq!(lost.resources[address].id, record.id, "{address}");
    }
    assert_ne!(lost.resources[&"db_subnet_group.g".parse().unwrap()].id, Id::from("test-g"));
}

async fn refused(stage: &Stage, text: &str) -> String {
    let (.., plan) = stage.plan(text, false).await.unwrap();
    let refusal = plan.refused.first().unwrap_or_else(|| panic!("{plan:#?}"));
    format!("{} {}", refusal.why, refusal.help)
}

#[tokio::test(start_paused = true)]
async fn what_has_no_order_is_refused_with_the_names() {
    let stage = Stage::new();
    let named = stack(&[NET, "name = \"own\"\n", DATABASE]);
    applied(&stage, &named).await;
    let why = refused(&stage, &named.replace("10.0.", "10.1.")).await;
    assert!(why.contains("db_subnet_group.g is replaced while db_instance.d uses it"), "{why}");
    assert!(why.contains("another `name`"), "{why}");
    // Another zone needs the same network.
    let stage = Stage::new();
    let text = stack(&[NET, FUNCTION]);
    applied(&stage, &text).await;
    let why = refused(&stage, &text.replace("eu-west-1a", "eu-west-1c")).await;
    assert!(why.contains("subnet.a is replaced while lambda_function.f uses it"), "{why}");
    // Half of it is in its way as well.
    let why = refused(&stage, &text.replace("10.0.1.0/24", "10.0.1.0/25")).await;
    assert!(why.contains("`cidr_block`"), "{why}");
    // Networks that are known are told apart by the file alone.
    let why = stage.desired(&text.replace("10.0.2.0/24", "10.0.1.128/25")).unwrap_err();
    assert!(why.contains("subnet.a and subnet.b overlap: 10.0.1.0/24 and 10.0.1.128/25"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_and_holds_on_is_named_at_once() {
    let mut stage = Stage::new();
    let text = stack(&[NET, FUNCTION]);
    applied(&stage, &text).await;
    stage.selection =
        Selection { targets: vec!["security_group.db".parse().unwrap()], ..Selection::default() };
    let why = refused(&stage, &text.replace("\"one\"", "\"two\"")).await;
    assert!(why.contains("lambda_function.f goes on to name it in `security_group_ids`"), "{why}");
    stage.selection =
        Selection { excludes: vec!["lambda_function.f".parse().unwrap()], ..Selection::default() };
    let why = refused(&stage, &text.replace("\"one\"", "\"two\"")).await;
    assert!(why.contains("lambda_function.f goes on"), "{why}");
    stage.selection = Selection::default();
    applied(&stage, &text.replace("\"one\"", "\"two\"")).await;
}

#[tokio::test(start_paused = true)]
async fn what_an_apply_of_ours_left_half_done_was_not_changed_outside() {
    let text =
        stack(&[NET, "[route_table.t]\nvpc_id = \"${vpc.main.id}\"\nsubnet_ids = [\"${subnet.b.id}\"]\n"]);
    let renetted = text.replace("10.0.2.0/24", "10.0.2.0/25");
    for luck in 0..12 {
        let stage = Stage::new();
        applied(&stage, &text).await;
        let planned = stage.plan(&renetted, false).await.unwrap();
        stage.world.lock().unwrap().fault = Some(luck);
        stage.apply(&planned).await;
        {
            let mut world = stage.world.lock().unwrap();
            (world.fault, world.disorder) = (None, None);
        }
        let (.., plan) = stage.plan(&renetted, false).await.unwrap();
        let drifted: Vec<_> = plan.steps.iter().filter(|step| !step.drift.is_empty()).collect();
        assert!(drifted.is_empty() && plan.gone.is_empty(), "{luck}: {drifted:#?}");
        applied(&stage, &renetted).await;
    }
    // A hand that takes the subnet out of the table is told all the same.
    let stage = Stage::new();
    applied(&stage, &text).await;
    let id = {
        let mut world = stage.world.lock().unwrap();
        let id = world.all("route_table").next().map(|(id, _)| Id(id.clone())).unwrap();
        world.objects.get_mut(&id.0).unwrap().inputs["subnet_ids"] = serde_json::json!([]);
        id
    };
    let (.., plan) = stage.plan(&text, false).await.unwrap();
    assert!(plan.steps.iter().any(|step| step.id.as_ref() == Some(&id) && !step.drift.is_empty()));
}
