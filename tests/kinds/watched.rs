//! Who calls what: the verb of a kind that is under way, and the IAM actions of the calls that it makes.

use crate::requests;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use stackctl::cloud::{Call, Layer, Wrap};
use stackctl::permissions::Verb;
use stackctl::resource::{self, Kind};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Kind, verb and action of every call so far.
pub static CALLED: Mutex<BTreeSet<(&'static str, Verb, String)>> = Mutex::new(BTreeSet::new());

tokio::task_local! {
    static DURING: (&'static str, Verb);
    /// The same for one kind, apart from what other tests do meanwhile.
    static HEARD: (&'static str, Arc<Mutex<BTreeSet<String>>>);
}

/// The actions that the verbs of a kind call meanwhile.
pub async fn heard(kind: &'static str, life: impl Future<Output = ()>) -> BTreeSet<String> {
    let heard = Arc::default();
    HEARD.scope((kind, Arc::clone(&heard)), life).await;
    Arc::try_unwrap(heard).unwrap().into_inner().unwrap()
}

/// Runs a verb, whose calls are then known as its own.
pub async fn during<F: Future>(kind: &dyn Kind, verb: Verb, future: F) -> F::Output {
    DURING.scope((kind.name(), verb), future).await
}

/// The verb that is under way.
pub fn under_way() -> Option<(&'static str, Verb)> {
    DURING.try_with(|during| *during).ok()
}

/// An HTTP client that notes the calls of verbs, and allows none that their kind has not declared.
pub fn watching(http: impl HttpClient + 'static) -> SharedHttpClient {
    SharedHttpClient::new(Layer::around(http, Watch))
}

#[derive(Debug)]
struct Watch;

impl Wrap for Watch {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Watching(inner))
    }
}

#[derive(Debug)]
struct Watching(SharedHttpConnector);

impl HttpConnector for Watching {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        // MiniStack takes it for TLS, without which the policy of a bucket refuses everything.
        request.headers_mut().insert("x-forwarded-proto", "https");
        requests::check(&request);
        if let (Some((kind, verb)), Some(call)) = (under_way(), request.extension::<Call>()) {
            for action in actions(call) {
                let declared = declared(kind, verb).any(|declared| declared == action);
                assert!(
                    declared || is_of_emulators(kind, &action),
                    "{kind} calls {action} and does not declare it for {verb:?}"
                );
                let own = |(of, heard): &(&str, Arc<Mutex<BTreeSet<String>>>)| {
                    if *of == kind {
                        heard.lock().unwrap().insert(action.clone());
                    }
                };
                let _ = HEARD.try_with(own);
                CALLED.lock().unwrap().insert((kind, verb, action));
            }
        }
        self.0.call(request)
    }
}

/// What a verb may call: its own actions, and those of `read`.
pub fn declared(kind: &str, verb: Verb) -> impl Iterator<Item = &'static str> {
    let actions = &resource::kind(kind).unwrap().profile().actions;
    let permits = verb.of(actions).iter().chain(actions.read);
    permits.flat_map(|permit| permit.actions.iter().copied())
}

/// What `ec2/ministack.rs` asks, and AWS is never asked.
fn is_of_emulators(kind: &str, action: &str) -> bool {
    kind == "security_group_rule"
        && ["ec2:DescribeSecurityGroups", "ec2:ModifySecurityGroupRules"].contains(&action)
}

/// The IAM actions of a call. Most have the name of their operation; S3 has others:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>
pub fn actions(call: &Call) -> Vec<String> {
    let other: &[&str] = match (call.service.as_str(), call.operation.as_str()) {
        ("s3", "HeadBucket" | "ListObjectsV2") => &["ListBucket"],
        ("s3", "GetPublicAccessBlock") => &["GetBucketPublicAccessBlock"],
        ("s3", "PutPublicAccessBlock") => &["PutBucketPublicAccessBlock"],
        ("s3", "GetBucketEncryption") => &["GetEncryptionConfiguration"],
        ("s3", "PutBucketEncryption") => &["PutEncryptionConfiguration"],
        ("s3", "GetBucketLifecycleConfiguration") => &["GetLifecycleConfiguration"],
        ("s3", "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle") => &["PutLifecycleConfiguration"],
        ("s3", "DeleteBucketTagging") => &["PutBucketTagging"],
        ("s3", "ListObjectVersions") => &["ListBucketVersions"],
        ("s3", "ListMultipartUploads") => &["ListBucketMultipartUploads"],
        ("s3", "DeleteObjects") => &["DeleteObject", "DeleteObjectVersion"],
        ("s3", "GetBucketNotificationConfiguration") => &["GetBucketNotification"],
        ("s3", "PutBucketNotificationConfiguration") => &["PutBucketNotification"],
        ("lambda", "Invoke") => &["InvokeFunction"],
        (_, operation) => return vec![format!("{}:{operation}", call.service)],
    };
    other.iter().map(|action| format!("{}:{action}", call.service)).collect()
}
