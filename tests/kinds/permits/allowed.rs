//! Kinds as an IAM user who may do what they declare, and nothing else. On MiniStack with `AUTH=true`, which checks actions,
//! resources and conditions; moto checks actions alone.

use super::lives::{LIVES, Life};
use super::quirks::as_ministack_asks;
use crate::harness::unique;
use crate::started::Emulator;
use crate::watched::{heard, under_way, watching};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Builder;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::permissions::{Document, Need, needs_of_kind, statements};
use stackctl::resource;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;

pub static STRICT: LazyLock<Emulator> =
    LazyLock::new(|| Emulator::with("ministack", &|_| vec![], &[("AUTH", "true")]));

pub fn root() -> Credentials {
    Credentials::new("test", "test", None, None, "root of the emulator")
}

/// The keys of a user who may do what the policy says.
pub async fn user(root: &Cloud, policy: &Json) -> Credentials {
    let (iam, name) = (root.iam(), unique("user"));
    iam.create_user().user_name(&name).send().await.unwrap();
    let policy = as_ministack_asks(policy).to_string();
    iam.put_user_policy().user_name(&name).policy_name("all").policy_document(policy).send().await.unwrap();
    let key = iam.create_access_key().user_name(&name).send().await.unwrap().access_key.unwrap();
    Credentials::new(key.access_key_id, key.secret_access_key, None, None, "user of the emulator")
}

/// Signs the verbs of one kind as the user, and all else, which only sets the scene, as root.
#[derive(Debug)]
struct Keys {
    kind: &'static str,
    user: Credentials,
}

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let own = under_way().is_some_and(|(kind, _)| kind == self.kind);
        future::ProvideCredentials::ready(Ok(if own { self.user.clone() } else { root() }))
    }
}

pub fn cloud(keys: impl ProvideCredentials + 'static) -> Cloud {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(&STRICT.endpoint)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .http_client(watching(Builder::new().build_http()))
        .build();
    Cloud::new(config, "000000000000".to_owned(), true)
}

tokio::task_local! {
    static ATTEMPT: ();
}

/// Most attempts are to panic: nobody needs to read that.
static QUIET: LazyLock<()> = LazyLock::new(|| {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if ATTEMPT.try_with(|()| ()).is_err() {
            loud(panic);
        }
    }));
});

/// How a life ends under the policy of its kind, without one action.
async fn attempt(kind: &'static str, life: Life, without: Option<&str>) -> Result<(), String> {
    let needs = needs_of_kind(resource::kind(kind).unwrap(), "kinds", "eu-west-1", "000000000000");
    let left: Vec<Need> = needs.into_iter().filter(|need| Some(need.action) != without).collect();
    let user = user(&cloud(root()), &json!(Document::of(statements(&left)))).await;
    let cloud = cloud(Keys { kind, user });
    LazyLock::force(&QUIET);
    let ended = ATTEMPT.scope((), AssertUnwindSafe(life(&cloud)).catch_unwind()).await;
    ended.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(String::new, |text| (*text).to_owned()),
    })
}

fn is_denied(text: &str) -> bool {
    ["AccessDenied", "UnauthorizedOperation", "not authorized", "Forbidden", "403"]
        .iter()
        .any(|word| text.contains(word))
}

#[tokio::test]
async fn every_kind_lives_under_its_policy() {
    let lives = LIVES.iter().map(|(kind, life)| async move { (kind, attempt(kind, *life, None).await) });
    let ends: Vec<_> = stream::iter(lives).buffer_unordered(6).collect().await;
    let failed: Vec<String> =
        ends.into_iter().filter_map(|(kind, end)| Some(format!("{kind}: {}", end.err()?))).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Actions that MiniStack lets pass whatever the policy says: why.
const UNCHECKED: &[(&str, &str)] = &[
    ("cloudwatch:DeleteAlarms", "it does not find the action of a call in CBOR"),
    ("cloudwatch:DescribeAlarms", "the same"),
    ("cloudwatch:ListTagsForResource", "the same"),
    ("cloudwatch:PutMetricAlarm", "the same"),
    ("cloudwatch:TagResource", "the same"),
    ("cloudwatch:UntagResource", "the same"),
    (
        "ec2:DescribeNetworkInterfaces",
        "a deletion that is refused asks what holds on, and says less where it may not",
    ),
    ("lambda:DeleteFunctionConcurrency", "it asks for PutFunctionConcurrency"),
    ("lambda:GetFunctionEventInvokeConfig", "it asks for GetFunction"),
    ("lambda:PutFunctionEventInvokeConfig", "it asks for UpdateFunctionCode"),
    ("rds:DescribeEvents", "a version that does not come asks why, and says less where it may not"),
];

#[tokio::test]
async fn without_any_one_action_no_kind_lives() {
    let cloud = cloud(root());
    let mut actions: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (at, (kind, life)) in LIVES.iter().enumerate() {
        actions.insert(at, heard(kind, life(&cloud)).await);
    }
    let attempts =
        actions.into_iter().flat_map(|(at, actions)| actions.into_iter().map(move |action| (at, action)));
    let attempts = attempts.map(|(at, action)| async move {
        let (kind, life) = LIVES[at];
        (kind, attempt(kind, life, Some(&action)).await, action)
    });
    let ends: Vec<_> = stream::iter(attempts).buffer_unordered(6).collect().await;
    let tried = ends.len();
    let mut passed: BTreeSet<String> = BTreeSet::new();
    for (kind, end, action) in ends {
        match end {
            Ok(()) => drop(passed.insert(action)),
            Err(why) => assert!(is_denied(&why), "{kind} without {action}: {why}"),
        }
    }
    assert!(tried > 150, "{tried} attempts");
    let unchecked: BTreeSet<String> = UNCHECKED.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(passed, unchecked);
}
