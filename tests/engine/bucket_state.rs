//! A state in a bucket as S3 has it: in another region, under a policy that demands an encryption, without s3:ListBucket, with
//! years of versions. A double of S3, of the answers that its documentation gives.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use stackctl::cloud::Cloud;
use stackctl::config::BucketPlace;
use stackctl::state::{Bucket, Condition, Objects, PutError};
use std::sync::{Arc, Mutex};

/// Status, headers and body of an answer.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// A double that answers as `answer` says, and keeps what it was asked.
#[derive(Clone)]
struct S3 {
    answer: Arc<dyn Fn(&HttpRequest) -> Answer + Send + Sync>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3")
    }
}

impl HttpConnector for S3 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(format!(
            "{} {} as {}",
            request.method(),
            request.uri(),
            signed_for(&request)
        ));
        let (status, headers, body) = (self.answer)(&request);
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn signed_for(request: &HttpRequest) -> String {
    let signature = request.headers().get("authorization").unwrap_or_default();
    signature.split('/').nth(2).unwrap_or_default().to_owned()
}

fn s3(answer: impl Fn(&HttpRequest) -> Answer + Send + Sync + 'static) -> (Cloud, Arc<Mutex<Vec<String>>>) {
    let double = S3 { answer: Arc::new(answer), asked: Arc::default() };
    let asked = double.asked.clone();
    let http: SharedHttpClient = http_client_fn(move |_, _| SharedHttpConnector::new(double.clone()));
    (Cloud::emulator("http://s3.invalid", "eu-west-1", http), asked)
}

fn place(text: &str) -> BucketPlace {
    BucketPlace::parse(text).unwrap().unwrap()
}

fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>")
}

fn good(request: &HttpRequest) -> Answer {
    let etag = vec![("etag", "\"e\"".to_owned())];
    if request.method() == "DELETE" { (204, vec![], String::new()) } else { (200, etag, "{}".to_owned()) }
}

/// What S3 says in a region where the bucket is not: each of the three forms.
fn elsewhere(form: usize) -> Answer {
    let header = vec![("x-amz-bucket-region", "eu-central-1".to_owned())];
    match form {
        0 => (301, header, error("PermanentRedirect")),
        1 => (307, header, error("TemporaryRedirect")),
        _ => {
            let text = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'eu-west-1' is wrong; expecting \
                'eu-central-1'</Message><Region>eu-central-1</Region></Error>";
            (400, vec![], text.to_owned())
        }
    }
}

/// Whatever is asked first.
#[tokio::test]
async fn a_bucket_in_another_region_is_asked_there() {
    for form in 0..3 {
        for first in 0..4 {
            let (cloud, asked) =
                s3(
                    move |request| {
                        if signed_for(request) == "eu-central-1" { good(request) } else { elsewhere(form) }
                    },
                );
            let bucket = Bucket::at(&cloud, &place("s3://team/loans.json"));
            for call in (first..4).chain(0..first) {
                match call {
                    0 => assert_eq!(bucket.get("k").await.unwrap().unwrap().bytes, b"{}"),
                    1 => drop(bucket.put("k", b"x".to_vec(), Condition::Absent).await.unwrap()),
                    2 => bucket.delete("k", "\"e\"").await.unwrap(),
                    _ => drop(bucket.version("k", "v").await.unwrap().unwrap()),
                }
            }
            let asked = asked.lock().unwrap();
            assert_eq!(asked.len(), 5, "it is learnt once: {asked:?}");
            assert_eq!(asked.iter().filter(|call| call.ends_with(" as eu-west-1")).count(), 1, "{asked:?}");
        }
    }
    // Who names it need not be told.
    let (cloud, asked) = s3(good);
    Bucket::at(&cloud, &place("s3://team/loans.json?region=eu-central-1")).get("k").await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1);
    assert!(asked.lock().unwrap()[0].ends_with(" as eu-central-1"));
}

/// Two regions that send to each other do not go on for ever.
#[tokio::test]
async fn a_circle_of_regions_ends() {
    let (cloud, asked) = s3(|request| {
        let other = if signed_for(request) == "eu-west-1" { "eu-central-1" } else { "eu-west-1" };
        (301, vec![("x-amz-bucket-region", other.to_owned())], error("PermanentRedirect"))
    });
    let bucket = Bucket::at(&cloud, &place("s3://team/loans.json"));
    assert!(bucket.get("k").await.unwrap_err().is(&["PermanentRedirect"]));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

/// A policy that denies writes without `x-amz-server-side-encryption`, as many demand, and those that are not conditional.
#[tokio::test]
async fn an_encryption_that_a_policy_demands_is_asked_for_and_the_condition_is_kept() {
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/0a-1";
    let demands = |sse: &'static str, key: Option<&'static str>| {
        s3(move |request| {
            let header = |name: &str| request.headers().get(name);
            let met = header("x-amz-server-side-encryption") == Some(sse)
                && header("x-amz-server-side-encryption-aws-kms-key-id") == key
                && (header("if-none-match").is_some() ^ header("if-match").is_some());
            if met { good(request) } else { (403, vec![], error("AccessDenied")) }
        })
    };
    for (text, sse, key) in [
        ("s3://team/x?sse=AES256", "AES256", None),
        ("s3://team/x?sse=aws:kms", "aws:kms", None),
        ("s3://team/x?kms_key=arn:aws:kms:eu-west-1:123456789012:key/0a-1", "aws:kms", Some(KEY)),
        (
            "s3://team/x?sse=aws:kms:dsse&kms_key=arn:aws:kms:eu-west-1:123456789012:key/0a-1",
            "aws:kms:dsse",
            Some(KEY),
        ),
    ] {
        let (cloud, _) = demands(sse, key);
        let bucket = Bucket::at(&cloud, &place(text));
        for condition in [Condition::Absent, Condition::Match("\"e\"".to_owned())] {
            bucket.put("k", b"x".to_vec(), condition).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        // Who does not ask for it is told how.
        let refused = Bucket::at(&cloud, &place("s3://team/x")).put("k", vec![], Condition::Absent).await;
        let Err(PutError::Failed(error)) = refused else { panic!("{refused:?}") };
        assert!(error.to_string().contains("?sse=aws:kms"), "{error}");
    }
}

/// Without s3:ListBucket there is no telling whether there is a state, and it is never taken for absent.
#[tokio::test]
async fn a_state_that_may_not_be_listed_is_not_absent_and_says_what_is_missing() {
    let (cloud, _) = s3(|_| (403, vec![], error("AccessDenied")));
    let error = Bucket::at(&cloud, &place("s3://team/x")).get("k").await.unwrap_err().to_string();
    assert!(error.contains("without s3:ListBucket S3 says the same where there is no state yet"), "{error}");
    assert!(error.contains("docs/state.md"), "{error}");
}

/// A bucket as it is after months: the lock beside the state was written every few seconds.
#[tokio::test]
async fn a_history_reads_the_versions_of_the_state_alone_and_no_more_than_are_asked_for() {
    // By key, newest first, a thousand a page.
    let all: Vec<(String, usize)> =
        [("s/x.json", 2500), ("s/x.json.journal", 40_000), ("s/x.json.lock", 90_000)]
            .iter()
            .flat_map(|(key, count)| (0..*count).map(|nth| ((*key).to_owned(), nth)))
            .collect();
    let (cloud, asked) = s3(move |request| {
        let uri = request.uri().replace("%2F", "/");
        let part = |name: &str| {
            let (_, rest) = uri.split_once(&format!("{name}="))?;
            Some(rest.split('&').next()?.to_owned())
        };
        let after =
            part("key-marker").map(|key| (key, part("version-id-marker").unwrap().parse::<usize>().unwrap()));
        let from = after.map_or(0, |after| all.iter().position(|one| *one == after).unwrap() + 1);
        let page = &all[from..(from + 1000).min(all.len())];
        let mut text = "<ListVersionsResult>".to_owned();
        for (key, id) in page {
            text += &format!(
                "<Version><Key>{key}</Key><VersionId>{id}</VersionId><LastModified>2026-01-01T00:00:00Z</LastModified>\
                 <Size>1</Size></Version>"
            );
        }
        if from + 1000 < all.len() {
            let (key, id) = page.last().unwrap();
            text += &format!(
                "<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>"
            );
        }
        (200, vec![], text + "</ListVersionsResult>")
    });
    let bucket = Bucket::at(&cloud, &place("s3://team/s"));
    for (most, found, calls) in [(20, 20, 1), (1000, 1000, 1), (1001, 1001, 2), (usize::MAX, 2500, 3)] {
        let versions = bucket.versions("s/x.json", most).await.unwrap();
        let ids: Vec<String> = (0..found).map(|nth| nth.to_string()).collect();
        assert_eq!(versions.iter().map(|version| version.id.clone()).collect::<Vec<_>>(), ids);
        assert_eq!(std::mem::take(&mut *asked.lock().unwrap()).len(), calls, "{most}");
    }
}
