//! No create takes over what another has made: for every kind that there is, on both emulators, an object stands where the
//! stack wants its own, made by somebody who has no stack, by another stack, or by this stack with another state.

use crate::db_subnet_group::subnets;
use crate::emulator::{ministack, moto, moto_calls};
use crate::engine::Stack;
use crate::eye::look;
use crate::harness::{Subject, create, create_as, owner, retrying, unique};
use crate::lambda_function::smallest;
use crate::lambda_invocation::Callee;
use crate::trigger::bucket;
use aws_sdk_s3::types::{Tag, Tagging};
use futures::FutureExt;
use futures::future::join_all;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use stackctl::diff::complete;
use stackctl::resource::{self, Kind, Owner, ownership};
use stackctl::schema::properties;
use std::panic::AssertUnwindSafe;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emulator {
    Moto,
    MiniStack,
}

/// Who has made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stranger {
    Nobody,
    AnotherStack,
    AnotherState,
}

/// What comes of wanting an object like the one that is there.
enum Case {
    /// Two of these cannot be: the create is refused.
    Taken(Json),
    /// There may be two, for this reason: the other one stays as it is.
    Beside(Json, &'static str),
    /// The emulator cannot play it; the other one does.
    Untold,
}

/// What a kind holds while it is tried.
type Kept = Vec<Box<dyn std::any::Any>>;

/// Every kind has its case here: a new one without fails the tests below.
async fn case(kind: &str, cloud: &Cloud, emulator: Emulator, kept: &mut Kept) -> Option<Case> {
    use Case::{Beside, Taken, Untold};
    let name = unique("theirs");
    Some(match kind {
        // moto does not speak CloudWatch's protocol (CBOR), and no AWS SDK for Rust can read its GetBucketVersioning.
        "alarm" | "bucket" if emulator == Emulator::Moto => Untold,
        "alarm" => Taken(
            json!({"name": name, "namespace": "AWS/SQS", "metric": "NumberOfMessagesSent", "threshold": 1.0,
            "comparison": "GreaterThanThreshold"}),
        ),
        "bucket" | "log_group" | "queue" | "athena_workgroup" => Taken(json!({"name": name})),
        "secret" => Taken(json!({"name": name, "description": "theirs"})),
        "iam_role" => Taken(json!({"name": name, "assumed_by": "lambda.amazonaws.com"})),
        "db_instance" => {
            Taken(json!({"identifier": name, "instance_class": "db.t4g.micro", "skip_final_snapshot": true}))
        }
        "db_subnet_group" => Taken(json!({"name": name, "subnet_ids": subnets(cloud).await})),
        "vpc" => {
            Beside(json!({"cidr_block": "10.0.0.0/16"}), "AWS gives out the ids, and networks may be alike")
        }
        "subnet" => {
            let inputs = json!({"vpc_id": vpc(cloud).await, "cidr_block": "10.0.1.0/24"});
            match emulator {
                Emulator::Moto => Taken(inputs),
                Emulator::MiniStack => Beside(inputs, "MiniStack lets subnets overlap, AWS does not"),
            }
        }
        "internet_gateway" => Taken(json!({"vpc_id": vpc(cloud).await})),
        "route_table" => {
            let vpc = vpc(cloud).await;
            let subnet = create("subnet", cloud, json!({"vpc_id": vpc, "cidr_block": "10.0.1.0/24"})).await;
            Taken(json!({"vpc_id": vpc, "subnet_ids": [subnet.id.0]}))
        }
        "security_group" => Taken(json!({"vpc_id": vpc(cloud).await, "name": name})),
        "security_group_rule" => {
            let group = json!({"vpc_id": vpc(cloud).await, "name": name});
            let group = create("security_group", cloud, group).await.id.0;
            Taken(json!({"type": "ingress", "security_group_id": group, "port": 443, "cidr": "10.0.0.0/16"}))
        }
        "vpc_endpoint" => Beside(
            json!({"vpc_id": vpc(cloud).await, "service": "s3"}),
            "AWS gives out the ids; a route table with one of them takes no second, which AWS says itself",
        ),
        "lambda_function" => {
            let folder = TempDir::new().unwrap();
            let inputs = smallest(cloud, folder.path()).await;
            kept.push(Box::new(folder));
            Taken(inputs)
        }
        "lambda_invocation" => {
            let callee = Callee::new(cloud).await;
            let inputs = json!({"function": callee.arn});
            kept.push(Box::new(callee));
            Beside(inputs, "its record on the function is named for the intent that made it")
        }
        "trigger" => {
            let folder = TempDir::new().unwrap();
            let function = create("lambda_function", cloud, smallest(cloud, folder.path()).await).await;
            let bucket = bucket(cloud).await;
            let arn = function.ready().await.outputs["arn"].clone();
            Beside(
                json!({"bucket": bucket, "function": arn, "prefix": "incoming/"}),
                "its entry is named for the intent that made it; S3 refuses one that overlaps, no emulator does",
            )
        }
        "schedule" => Beside(
            json!({"expression": "rate(1 day)", "target": "arn:aws:lambda:eu-west-1:123456789012:function:x",
                "role": "arn:aws:iam::123456789012:role/x"}),
            "its name has the intent that made it in it",
        ),
        "glue_database" => Taken(json!({"name": name.replace('-', "_")})),
        "glue_table" => {
            let database = create("glue_database", cloud, json!({"name": name.replace('-', "_")})).await.id.0;
            Taken(json!({"name": "loans", "database": database, "location": "s3://lake/loans/",
                "columns": [{"name": "id", "type": "bigint"}]}))
        }
        _ => return None,
    })
}

async fn vpc(cloud: &Cloud) -> String {
    create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await.id.0
}

/// An object as the stack wants it, made by the stranger.
async fn theirs(stranger: Stranger, kind: &dyn Kind, cloud: &Cloud, inputs: &Json) -> Subject {
    let stack = if stranger == Stranger::AnotherState { "ours" } else { "theirs" };
    let owner = Owner { stack: stack.to_owned(), address: address(kind), ..owner(kind.name()) };
    let subject = create_as(owner, cloud, inputs.clone()).await;
    if stranger == Stranger::Nobody {
        bare(&subject).await;
    }
    subject
}

/// Takes the tags of a stack off, and leaves those of people.
async fn bare(subject: &Subject) {
    let schema = subject.kind.inputs();
    match subject.kind.name() {
        "glue_table" => return bare_table(subject).await,
        "bucket" => return bare_bucket(subject).await,
        _ => {}
    }
    if properties(schema).unwrap().contains_key("tags") {
        let observed = subject.ready().await;
        let seen = complete(schema, &observed.inputs, &subject.wanted);
        let before = ownership::with(schema, &seen, &observed.owner.unwrap());
        let mut after = subject.wanted.clone();
        after["tags"] = json!({"team": "theirs"});
        let update = || subject.kind.update(&subject.cloud, &subject.id, before.clone(), after.clone());
        retrying(subject.kind, update).await.unwrap();
        assert_eq!(subject.ready().await.owner, Some([].into()), "{}", subject.kind.name());
    }
}

/// A bucket's tags are written whole, and its kind keeps those of a stack.
async fn bare_bucket(subject: &Subject) {
    let tag = Tag::builder().key("team").value("theirs").build().unwrap();
    let tags = Tagging::builder().tag_set(tag).build().unwrap();
    subject.cloud.s3().put_bucket_tagging().bucket(&subject.id.0).tagging(tags).send().await.unwrap();
}

/// A table of the catalog has its tags among its parameters.
async fn bare_table(subject: &Subject) {
    let (glue, database) = (subject.cloud.glue(), subject.wanted["database"].as_str().unwrap());
    let found = glue.get_table().database_name(database).name("loans").send().await.unwrap().table.unwrap();
    let input = aws_sdk_glue::types::TableInput::builder()
        .name("loans")
        .set_storage_descriptor(found.storage_descriptor)
        .parameters("team", "theirs");
    let update = glue.update_table().database_name(database).table_input(input.build().unwrap());
    update.send().await.unwrap();
}

fn address(kind: &dyn Kind) -> Address {
    Address::new(kind.name(), "wanted")
}

async fn try_kind(kind: &'static dyn Kind, stranger: Stranger, cloud: &Cloud, emulator: Emulator) {
    let mut kept = vec![];
    let Some(case) = case(kind.name(), cloud, emulator, &mut kept).await else {
        panic!("no case says what becomes of another's object of this kind");
    };
    let (inputs, reason) = match &case {
        Case::Taken(inputs) => (inputs, None),
        Case::Beside(inputs, reason) => (inputs, Some(reason)),
        Case::Untold => return,
    };
    let theirs = theirs(stranger, kind, cloud, inputs).await;
    let seen = theirs.ready().await;
    let before = look(kind, cloud, &theirs.id).await;
    let stack = Stack::new("ours", address(kind), inputs, cloud);
    let applied = stack.apply().await;
    assert_ne!(stack.id(&applied), Some(theirs.id.0.clone()), "it was taken over");
    if let Some(reason) = reason {
        assert!(applied.failed.is_empty(), "{reason}; but {:?}", applied.failed);
        assert!(stack.id(&applied).is_some());
        assert_eq!(theirs.ready().await, seen, "after the apply");
    } else {
        let [failure] = &applied.failed[..] else { panic!("it was not refused: {:?}", applied.done) };
        let error = failure.error.to_string();
        assert!(error.contains("exist") && error.contains("this stack did not create it"), "{error}");
        unchanged(&before, &look(kind, cloud, &theirs.id).await, "apply");
    }
    let destroyed = stack.destroy().await;
    assert!(destroyed.failed.is_empty(), "{:?}", destroyed.failed);
    unchanged(&before, &look(kind, cloud, &theirs.id).await, "destroy");
    assert_eq!(theirs.ready().await, seen, "after the destroy");
}

fn unchanged(before: &[String], after: &[String], command: &str) {
    let changed = before.iter().zip(after).find(|(before, after)| before != after);
    if let Some((before, after)) = changed {
        let same = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
        let part = |text: &str| text.chars().skip(same.saturating_sub(60)).take(200).collect::<String>();
        panic!("the {command} changed …{}… to …{}…", part(before), part(after));
    }
    assert_eq!(before.len(), after.len(), "after the {command}");
}

/// All kinds with all strangers at once; every failure with its name.
async fn all(emulator: Emulator, cloud: Cloud, calls: Cloud) {
    let (cloud, calls) = (&cloud, &calls);
    let strangers = [Stranger::Nobody, Stranger::AnotherStack, Stranger::AnotherState];
    let tried = resource::registry().iter().flat_map(|kind| {
        strangers.map(|stranger| async move {
            let cloud = if kind.name() == "lambda_invocation" { calls } else { cloud };
            let tried = AssertUnwindSafe(try_kind(*kind, stranger, cloud, emulator)).catch_unwind().await;
            tried.map_err(|panic| {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                format!("{} of {stranger:?}: {text}", kind.name())
            })
        })
    });
    let wrong: Vec<String> = join_all(tried).await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} of them:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[tokio::test]
async fn nothing_of_others_is_taken_over_on_moto() {
    // moto's own account: Athena does not tell whose a workgroup is.
    let of = |mut cloud: Cloud| {
        "123456789012".clone_into(&mut cloud.account);
        cloud
    };
    all(Emulator::Moto, of(moto()), of(moto_calls())).await;
}

#[tokio::test]
async fn nothing_of_others_is_taken_over_on_ministack() {
    all(Emulator::MiniStack, ministack(), ministack()).await;
}
