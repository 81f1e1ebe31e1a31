//! The bucket and what only S3 itself does.

use crate::answers::{Answer, Asked, Calls, aws};
use crate::harness::{owner, passes, with_defaults};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::error::Result;
use stackctl::resource::{self, Create, Id, Kind, Observed, Status};
use std::time::Duration;
use tokio::time::Instant;

fn kind() -> &'static dyn Kind {
    resource::kind("bucket").unwrap()
}

fn inputs(more: Json) -> Json {
    let mut inputs = json!({"name": "raw"});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_defaults(kind().inputs(), inputs)
}

/// A bucket that has none of the parts which S3 keeps apart, but those that `part` answers.
pub fn s3(part: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> (Cloud, Calls) {
    aws(move |asked| {
        let none = |code: &str| Answer::refused(404, code, "The bucket has none");
        part(asked).unwrap_or_else(|| match asked.operation() {
            "HeadBucket" => Answer::empty().with("x-amz-bucket-region", "eu-west-1"),
            "GetBucketVersioning" => Answer::text(200, "<VersioningConfiguration/>"),
            "GetBucketEncryption" => none("ServerSideEncryptionConfigurationNotFoundError"),
            "GetPublicAccessBlock" => none("NoSuchPublicAccessBlockConfiguration"),
            "GetBucketOwnershipControls" => none("OwnershipControlsNotFoundError"),
            "GetBucketPolicy" => none("NoSuchBucketPolicy"),
            "GetBucketLifecycleConfiguration" => none("NoSuchLifecycleConfiguration"),
            "GetBucketTagging" => none("NoSuchTagSet"),
            _ => Answer::empty(),
        })
    })
}

async fn read(cloud: &Cloud) -> Result<Option<Observed>> {
    let id = Id::from("raw");
    Ok(kind().read(cloud, std::slice::from_ref(&id)).await?.remove(&id))
}

/// What `lifecycle_rules` differ from `wanted` in, where S3 has this rule.
async fn differs(rule: &'static str, wanted: Json) -> bool {
    let (cloud, _) = s3(move |asked| {
        let text = format!(
            "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status>{rule}</Rule></LifecycleConfiguration>"
        );
        (asked.operation() == "GetBucketLifecycleConfiguration").then(|| Answer::text(200, &text))
    });
    let mut rule = json!({"id": "r"});
    rule.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
    let wanted = inputs(json!({"lifecycle_rules": [rule]}));
    let seen = complete(kind().inputs(), &read(&cloud).await.unwrap().unwrap().inputs, &wanted);
    diff(kind().inputs(), &seen, &wanted).iter().any(|change| change.is_within("lifecycle_rules"))
}

/// What the terms of `stack.toml` cannot say is seen, and not overwritten without a word.
#[tokio::test]
async fn a_rule_that_says_more_is_another_rule() {
    let expires = || json!({"expiration_days": 30});
    for rule in [
        "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Expiration><Days>30</Days></Expiration>",
        "<Filter><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter><Expiration><Days>30</Days></Expiration>",
        "<Filter><And><Prefix></Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter><Expiration><Days>30</Days></Expiration>",
        "<Filter><And><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter><Expiration><Days>30</Days></Expiration>",
        "<Filter/><Expiration><Days>30</Days></Expiration><NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays>\
         <StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>",
        "<Filter/><Expiration><Days>30</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
    ] {
        assert!(differs(rule, expires()).await, "{rule}");
    }
    let noncurrent = "<Filter/><NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays>\
        <NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>";
    assert!(differs(noncurrent, json!({"noncurrent_expiration_days": 9})).await);
    let dated = "<Filter/><Transition><Date>2030-01-01T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition>\
        <Expiration><Days>30</Days></Expiration>";
    assert!(differs(dated, expires()).await);
}

/// But another spelling is not.
#[tokio::test]
async fn a_rule_in_other_words_is_the_same() {
    let expires = || json!({"expiration_days": 30});
    for rule in [
        "<Filter/><Expiration><Days>30</Days></Expiration>",
        "<Prefix></Prefix><Expiration><Days>30</Days></Expiration>",
        "<Filter><Prefix></Prefix></Filter><Expiration><Days>30</Days><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>",
    ] {
        assert!(!differs(rule, expires()).await, "{rule}");
    }
    let prefixed = || json!({"prefix": "in/", "expiration_days": 30});
    for rule in [
        "<Prefix>in/</Prefix><Expiration><Days>30</Days></Expiration>",
        "<Filter><Prefix>in/</Prefix></Filter><Expiration><Days>30</Days></Expiration>",
        "<Filter><And><Prefix>in/</Prefix></And></Filter><Expiration><Days>30</Days></Expiration>",
    ] {
        assert!(!differs(rule, prefixed()).await, "{rule}");
    }
    let moves = "<Filter/><Transition><Days>60</Days><StorageClass>GLACIER</StorageClass></Transition>\
        <Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>";
    let wanted = json!({"transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 60, "storage_class": "GLACIER"}]});
    assert!(!differs(moves, wanted).await);
}

/// What stands beside what is written is sent back.
#[tokio::test]
async fn what_is_none_of_ours_stays() {
    let (cloud, calls) = s3(|asked| match asked.operation() {
        "GetBucketEncryption" => Some(Answer::text(
            200,
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
             </ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType>\
             </BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>",
        )),
        "GetBucketLifecycleConfiguration" => {
            let none = Answer::text(200, "<LifecycleConfiguration/>");
            Some(none.with("x-amz-transition-default-minimum-object-size", "varies_by_storage_class"))
        }
        _ => None,
    });
    let after = inputs(json!({"encryption": "aws:kms", "abort_incomplete_multipart_days": 9}));
    kind().update(&cloud, &Id::from("raw"), inputs(json!({})), after).await.unwrap();
    let sent = &calls.of("PutBucketEncryption")[0];
    assert!(sent.contains("aws:kms") && sent.contains("<EncryptionType>SSE-C</EncryptionType>"), "{sent}");
    let put =
        calls.all().into_iter().find(|asked| asked.operation() == "PutBucketLifecycleConfiguration").unwrap();
    assert_eq!(
        put.line()["headers"]["x-amz-transition-default-minimum-object-size"],
        "varies_by_storage_class"
    );
}

/// The answer to a HEAD has no body: its status is all that tells, and nothing else is taken for a name that is taken.
#[tokio::test(start_paused = true)]
async fn an_answer_without_words_is_told_as_what_it_is() {
    let taken = "this stack did not create it";
    for (status, code, says) in [
        (400, Some("BadRequest"), "credentials have expired"),
        (403, Some("Forbidden"), "s3:ListBucket"),
        (301, Some("PermanentRedirect"), "another region"),
        (503, None, ""),
    ] {
        let (mut cloud, _) =
            s3(move |asked| (asked.operation() == "HeadBucket").then(|| Answer::empty().status(status)));
        let error = read(&cloud).await.unwrap_err();
        let text = error.to_string();
        assert!(error.code() == code && text.contains(says) && !text.contains(taken), "{status}: {text}");
        // Where a bucket of that name is in the way.
        cloud.region = "us-east-1".to_owned();
        let owner = owner("bucket");
        let error =
            kind().create(&Create { cloud: &cloud, owner: &owner }, inputs(json!({}))).await.unwrap_err();
        assert_eq!(error.to_string().contains(taken), [301, 403].contains(&status), "{status}: {error}");
    }
}

#[tokio::test]
async fn a_mistake_in_a_policy_does_not_pass() {
    for (said, again) in [("Policy has invalid resource", false), ("Invalid principal in policy", true)] {
        let (cloud, _) = s3(move |asked| {
            (asked.operation() == "PutBucketPolicy").then(|| Answer::refused(400, "MalformedPolicy", said))
        });
        let before = inputs(json!({"tls_only": false}));
        let error = kind().update(&cloud, &Id::from("raw"), before, inputs(json!({}))).await.unwrap_err();
        assert_eq!(passes(kind(), &error), again, "{error}");
    }
}

/// Twenty pages of a thousand, each deleted in a second: eight at a time, while the next is listed.
#[tokio::test(start_paused = true)]
async fn a_bucket_is_emptied_by_many_hands() {
    let (cloud, calls) = s3(|asked| match asked.operation() {
        "DeleteBucket" => {
            Some(Answer::refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"))
        }
        "ListMultipartUploads" => Some(Answer::text(200, "<ListMultipartUploadsResult/>")),
        "ListObjectVersions" => {
            let from = asked
                .parameter("key-marker")
                .map_or(0, |key| key.strip_prefix("k+").unwrap().parse().unwrap());
            let keys = (from..from + 1000)
                .map(|n| format!("<Version><Key>k%2B{n}</Key><VersionId>v</VersionId></Version>"));
            let (keys, next) = (keys.collect::<String>(), from + 1000);
            let text = format!(
                "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated><NextKeyMarker>k%2B{next}\
                 </NextKeyMarker>{keys}</ListVersionsResult>",
                next < 20_000
            );
            Some(Answer::text(200, &text).after(Duration::from_millis(50)))
        }
        "DeleteObjects" => Some(Answer::text(200, "<DeleteResult/>").after(Duration::from_secs(1))),
        _ => None,
    });
    let started = Instant::now();
    delete(&cloud, true).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let sent = calls.of("DeleteObjects");
    assert_eq!(sent.len(), 20);
    let keys: usize = sent.iter().map(|body| body.matches("<Key>k+").count()).sum();
    assert_eq!(keys, 20_000);
}

/// XML has no place for some keys, neither in a list nor in a deletion.
#[tokio::test]
async fn odd_keys_are_deleted_too() {
    let (cloud, calls) = s3(|asked| match asked.operation() {
        "DeleteBucket" => Some(Answer::refused(409, "BucketNotEmpty", "not empty")),
        "ListMultipartUploads" => Some(Answer::text(
            200,
            "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>a+%C3%A4</Key><UploadId>u</UploadId></Upload>\
             </ListMultipartUploadsResult>",
        )),
        "ListObjectVersions" => Some(Answer::text(
            200,
            "<ListVersionsResult><EncodingType>url</EncodingType><DeleteMarker><Key>odd%01</Key><VersionId>1</VersionId>\
             </DeleteMarker><Version><Key>plain+%2B</Key><VersionId>2</VersionId></Version></ListVersionsResult>",
        )),
        "DeleteObjects" => Some(Answer::text(200, "<DeleteResult/>")),
        _ => None,
    });
    delete(&cloud, true).await.unwrap_err();
    assert!(calls.all().iter().any(|asked| asked.is("DELETE /odd%01?versionId=1")), "{:?}", calls.actions());
    assert!(
        calls.all().iter().any(|asked| asked.is("DELETE /a%20%C3%A4?uploadId=u")),
        "{:?}",
        calls.actions()
    );
    let sent = &calls.of("DeleteObjects")[0];
    assert!(sent.contains("<Key>plain +</Key>") && sent.matches("<Object>").count() == 1, "{sent}");
}

/// What a lock keeps stays, and is named.
#[tokio::test]
async fn a_locked_object_is_named() {
    let (cloud, _) = s3(|asked| match asked.operation() {
        "DeleteBucket" => Some(Answer::refused(409, "BucketNotEmpty", "not empty")),
        "ListMultipartUploads" => Some(Answer::text(200, "<ListMultipartUploadsResult/>")),
        "ListObjectVersions" => {
            let version = "<Version><Key>kept</Key><VersionId>1</VersionId></Version>";
            Some(Answer::text(200, &format!("<ListVersionsResult>{version}</ListVersionsResult>")))
        }
        "DeleteObjects" => {
            let error = "<Error><Key>kept</Key><Code>AccessDenied</Code><Message>it is protected by object lock</Message></Error>";
            Some(Answer::text(200, &format!("<DeleteResult>{error}</DeleteResult>")))
        }
        _ => None,
    });
    let error = delete(&cloud, true).await.unwrap_err();
    assert!(error.is(&["AccessDenied"]) && error.to_string().contains("kept stays in the bucket"), "{error}");
}

async fn delete(cloud: &Cloud, force: bool) -> Result<()> {
    let outputs =
        json!({"arn": "arn:aws:s3:::raw", "name": "raw", "domain_name": "raw", "region": "eu-west-1"});
    let live = Observed {
        inputs: inputs(json!({"force_destroy": force})),
        outputs,
        status: Status::Ready,
        owner: None,
    };
    kind().delete(cloud, &Id::from("raw"), live).await
}
