//! What stands in the way of an apply, on MiniStack with `AUTH=true`: everything at once, and nothing stopped by what may not be
//! asked.

use crate::harness::unique;
use crate::permits::{cloud, root, user};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::config::{Options, Source, parse};
use stackctl::desired::Desired;
use stackctl::permissions::{Document, Purpose, needs, statements};
use stackctl::preflight::{Check, Depth, Finding, Verdict, notifications, preflight};
use stackctl::resource::registry;
use std::collections::HashMap;
use std::path::Path;

fn desired(text: &str) -> Desired {
    let text = format!("[stack]\nname = \"ahead\"\nregion = \"eu-west-1\"\nnew = [\"db.t9.huge\"]\n{text}");
    let stack = parse(Source::new("stack.toml", text), &Options::default(), registry()).unwrap();
    Desired::new(stack, "000000000000", "eu-west-1", HashMap::new())
}

/// As the identity of these keys.
async fn identified(keys: aws_credential_types::Credentials) -> Cloud {
    let mut cloud = cloud(keys);
    cloud.identity = cloud.sts().get_caller_identity().send().await.unwrap().arn;
    cloud
}

fn only(findings: &[Finding], check: Check) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.check == check).collect()
}

/// A policy that lets one also ask what one may do, and what RDS has.
fn asking(mut policy: Json, more: &[&str]) -> Json {
    let statement = json!({"Effect": "Allow", "Action": more, "Resource": ["*"]});
    policy["Statement"].as_array_mut().unwrap().push(statement);
    policy
}

#[tokio::test]
async fn a_missing_permission_is_named_before_anything_is_made() {
    let wanted = desired(&format!("[queue.jobs]\nname = \"{}\"\n", unique("jobs")));
    let needed = needs(&wanted, Some("000000000000"), None, Purpose::Apply);
    let without: Vec<_> = needed.iter().filter(|need| need.action != "sqs:CreateQueue").cloned().collect();
    let simulate = ["iam:SimulatePrincipalPolicy"];
    let root = cloud(root());
    for (needs, missing) in [(needed.clone(), false), (without, true)] {
        let policy = asking(json!(Document::of(statements(&needs))), &simulate);
        let cloud = identified(user(&root, &policy).await).await;
        let found = preflight(&cloud, &wanted, None, Path::new("."), Depth::Whole).await;
        let found = only(&found, Check::Permissions);
        let named =
            found.iter().any(|f| f.verdict == Verdict::Wrong && f.message.contains("sqs:CreateQueue"));
        assert_eq!((named, found.len()), (missing, usize::from(missing)), "{found:?}");
    }
    // Who may not ask is not judged, and nothing else is stopped by it.
    let policy = json!(Document::of(statements(&needed)));
    let cloud = identified(user(&root, &policy).await).await;
    let found = preflight(&cloud, &wanted, None, Path::new("."), Depth::Whole).await;
    let permissions = only(&found, Check::Permissions);
    assert_eq!(
        permissions.iter().map(|f| f.verdict).collect::<Vec<_>>(),
        [Verdict::NotChecked],
        "{permissions:?}"
    );
    assert!(found.iter().all(|finding| finding.verdict != Verdict::Wrong), "{found:?}");
}

#[tokio::test]
async fn names_that_are_taken_and_classes_that_are_not_there_are_all_told_at_once() {
    let cloud = identified(root()).await;
    let name = unique("/aws/taken");
    cloud.logs().create_log_group().log_group_name(&name).send().await.unwrap();
    let wanted = desired(&format!(
        "[log_group.one]\nname = \"{name}\"\n\n[log_group.free]\n\n[db_instance.main]\ninstance_class = \"db.t9.huge\"\n"
    ));
    let found = preflight(&cloud, &wanted, None, Path::new("."), Depth::Whole).await;
    let names = only(&found, Check::Names);
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(
        names[0].message.contains(&name) && names[0].place.as_deref() == Some("stack.toml:5:1"),
        "{names:?}"
    );
    let offers = only(&found, Check::Offers);
    // Told, and no reason to stop: an emulator does not know what AWS has.
    assert!(
        offers.iter().any(|f| f.verdict == Verdict::NotChecked && f.message.contains("db.t9.huge")),
        "{offers:?}"
    );
}

/// Whatever does not answer is not waited for.
#[tokio::test]
async fn a_silent_cloud_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let http = aws_smithy_http_client::Builder::new().build_http();
    let cloud = Cloud::emulator(&endpoint, "eu-west-1", http);
    let wanted = desired("[log_group.one]\nname = \"one\"\n");
    let begun = std::time::Instant::now();
    let found = preflight(&cloud, &wanted, None, Path::new("."), Depth::Cheap).await;
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    assert!(found.iter().all(|finding| finding.verdict == Verdict::NotChecked), "{found:?}");
    assert!(!only(&found, Check::Names).is_empty(), "{found:?}");
    drop(listener);
}

#[test]
fn triggers_that_take_the_same_objects_are_told_apart_from_those_that_do_not() {
    let two = |first: &str, second: &str| {
        let function = "function = \"arn:aws:lambda:eu-west-1:000000000000:function:f\"";
        let text = format!(
            "[trigger.a]\nbucket = \"files\"\n{function}\n{first}\n[trigger.b]\nbucket = \"files\"\n{function}\n{second}\n"
        );
        notifications(&desired(&text)).len()
    };
    assert_eq!(two("prefix = \"in/\"", "prefix = \"in/new/\""), 1);
    assert_eq!(two("prefix = \"in/\"", "prefix = \"out/\""), 0);
    assert_eq!(two("suffix = \".csv\"", "suffix = \".csv.gz\""), 0);
    assert_eq!(two("", "prefix = \"in/\""), 1);
    assert_eq!(two("events = [\"s3:ObjectRemoved:*\"]", "prefix = \"in/\""), 0);
}
