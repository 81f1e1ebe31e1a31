//! A database gets another name in place: it goes on under another id, and nothing of it is deleted. And what does not set it
//! in motion does not wait as if it did.

use crate::answers::{Calls, query};
use crate::engine::Stack;
use serde_json::json;
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// The one instance: its name, the one to come and how many reads it takes until then, and its tags.
#[derive(Default)]
struct Instance {
    name: Option<String>,
    to_come: Option<(String, u32)>,
    tags: BTreeMap<String, String>,
    /// RDS refuses the next requests that change something.
    busy: u32,
    /// The answer to a renaming is that there is no such instance, and it is known by the new name at once.
    loses: bool,
}

type Shared = Arc<Mutex<Instance>>;

fn rds(shared: &Shared) -> (Cloud, Calls) {
    let shared = shared.clone();
    query(move |action, body| {
        let fields: BTreeMap<&str, &str> =
            body.split('&').filter_map(|field| field.split_once('=')).collect();
        let mut instance = shared.lock().unwrap();
        let tags = || -> BTreeMap<String, String> {
            let at = |n: u32, part: &str| {
                fields.get(format!("Tags.Tag.{n}.{part}").as_str()).map(|text| (*text).to_owned())
            };
            (1..).map_while(|n| Some((at(n, "Key")?, at(n, "Value")?))).collect()
        };
        let refused = |code: &str, message: &str| {
            let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            (400, format!("<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>"))
        };
        if action != "DescribeDBInstances" && instance.busy > 0 {
            instance.busy -= 1;
            return refused("InvalidDBInstanceState", "Database instance is not in available state.");
        }
        match action {
            "CreateDBInstance" => {
                instance.name = fields.get("DBInstanceIdentifier").map(|name| (*name).to_owned());
                instance.tags = tags();
            }
            "AddTagsToResource" => instance.tags.extend(tags()),
            "ModifyDBInstance" => {
                let new = fields.get("NewDBInstanceIdentifier").map(|new| ((*new).to_owned(), 3));
                if let Some((new, _)) = new.as_ref().filter(|_| instance.loses) {
                    instance.name = Some(new.clone());
                    return refused("DBInstanceNotFound", "DBInstance old not found.");
                }
                instance.to_come = new.or_else(|| instance.to_come.take());
            }
            _ => {}
        }
        let text = instance.read();
        (
            200,
            format!(
                "<{action}Response><{action}Result><DBInstances>{text}</DBInstances></{action}Result></{action}Response>"
            ),
        )
    })
}

impl Instance {
    /// As DescribeDBInstances shows it at this moment.
    fn read(&mut self) -> String {
        if let Some((new, left)) = self.to_come.take() {
            match left {
                0 => self.name = Some(new),
                left => self.to_come = Some((new, left - 1)),
            }
        }
        let Some(name) = &self.name else { return String::new() };
        let status = if self.to_come.is_some() { "renaming" } else { "available" };
        let tags: String = self
            .tags
            .iter()
            .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
            .collect();
        format!(
            "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
             <DBInstanceClass>db.t4g.micro</DBInstanceClass><Engine>postgres</Engine><EngineVersion>16.4</EngineVersion>\
             <DBInstanceArn>arn:aws:rds:eu-west-1:1:db:{name}</DBInstanceArn><StorageType>gp3</StorageType>\
             <StorageEncrypted>true</StorageEncrypted><BackupRetentionPeriod>7</BackupRetentionPeriod>\
             <AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade><CopyTagsToSnapshot>true</CopyTagsToSnapshot>\
             <Endpoint><Address>{name}.invalid</Address><Port>5432</Port></Endpoint><TagList>{tags}</TagList></DBInstance>"
        )
    }
}

fn named(name: &str) -> serde_json::Value {
    json!({"identifier": name, "instance_class": "db.t4g.micro"})
}

#[tokio::test(start_paused = true)]
async fn another_identifier_renames_in_place() {
    let shared = Shared::default();
    let (cloud, calls) = rds(&shared);
    let address = Address::new("db_instance", "a");
    let mut stack = Stack::new("loans", address, &named("old"), &cloud).with_the_patience_for_aws();
    let made = stack.apply().await;
    assert!(made.failed.is_empty(), "{:?}", made.failed);
    shared.lock().unwrap().busy = 2;
    stack.wants(&named("new"));
    let renamed = stack.apply().await;
    assert!(renamed.failed.is_empty(), "{:?}", renamed.failed);
    let record = stack.record(&renamed);
    assert_eq!((record.id.0.as_str(), &record.inputs["identifier"]), ("new", &json!("new")));
    assert_eq!(record.outputs["address"], "new.invalid");
    assert!(!record.incomplete);
    let changed =
        |calls: &Calls| calls.actions().iter().filter(|action| !action.starts_with("Describe")).count();
    assert_eq!((calls.of("CreateDBInstance").len(), calls.of("DeleteDBInstance").len()), (1, 0));
    let before = changed(&calls);
    let again = stack.apply().await;
    assert!(again.failed.is_empty() && changed(&calls) == before, "{:?}", calls.actions());
}

/// The answer to the request was lost, and what the SDK asks again is refused: nothing has the old name any more.
#[tokio::test(start_paused = true)]
async fn a_renaming_whose_answer_was_lost_is_one() {
    let shared = Shared::default();
    let (cloud, _) = rds(&shared);
    let address = Address::new("db_instance", "a");
    let mut stack = Stack::new("loans", address, &named("old"), &cloud).with_the_patience_for_aws();
    stack.apply().await;
    shared.lock().unwrap().loses = true;
    stack.wants(&named("new"));
    let renamed = stack.apply().await;
    assert!(renamed.failed.is_empty(), "{:?}", renamed.failed);
    assert_eq!(stack.record(&renamed).id.0, "new");
}

/// Nobody waits for a maintenance window: nothing is asked, and the record stays that of the old name.
#[tokio::test(start_paused = true)]
async fn a_name_that_shall_wait_is_refused() {
    let shared = Shared::default();
    let (cloud, calls) = rds(&shared);
    let address = Address::new("db_instance", "a");
    let mut stack = Stack::new("loans", address, &named("old"), &cloud).with_the_patience_for_aws();
    stack.apply().await;
    stack.wants(&json!({"identifier": "new", "instance_class": "db.t4g.micro", "apply_immediately": false}));
    let refused = stack.apply().await;
    assert_eq!(refused.failed.len(), 1);
    assert_eq!(stack.record(&refused).id.0, "old");
    assert!(calls.of("ModifyDBInstance").is_empty(), "{:?}", calls.actions());
}

/// Tags are there with the call: neither before nor after is there anything to wait for, as there is with a class.
#[tokio::test(start_paused = true)]
async fn tags_take_seconds() {
    let shared = Shared::default();
    let (cloud, calls) = rds(&shared);
    let address = Address::new("db_instance", "a");
    let mut stack = Stack::new("loans", address, &named("old"), &cloud).with_the_patience_for_aws();
    stack.apply().await;
    let mut tagged = named("old");
    tagged["tags"] = json!({"owner": "me"});
    stack.wants(&tagged);
    let started = Instant::now();
    let summary = stack.apply().await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(calls.of("AddTagsToResource").len(), 1);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}
