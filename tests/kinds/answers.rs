//! AWS as a function from a call to its answer, for what emulators do not play: conflicts, failures, odd spellings, answers that
//! take their time or never come. In every protocol that a kind speaks: query, EC2, JSON, REST with JSON, REST with XML, CBOR.

mod answer;
mod asked;
mod cbor;
mod double;

pub use answer::Answer;
pub use asked::Asked;
pub use double::{Calls, aws};

use stackctl::chaos::Protocol;
use stackctl::cloud::Cloud;

/// A cloud (not an emulator of it) whose EC2 answers `answer(action, body)`, a status and the XML inside the response
/// element.
pub fn ec2(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> (Cloud, Calls) {
    query(move |action, body| {
        let (status, inner) = answer(action, body);
        let text = if status < 300 { format!("<{action}Response>{inner}</{action}Response>") } else { inner };
        (status, text)
    })
}

/// The same for every service that is asked by forms: the whole answer.
pub fn query(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> (Cloud, Calls) {
    aws(move |asked| {
        let (status, text) = answer(asked.operation(), &asked.text());
        Answer::text(status, &text)
    })
}

/// An error as EC2 answers it.
pub fn error(code: &str, message: &str) -> (u16, String) {
    let errors = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
    (400, format!("<Response>{errors}<RequestID>r-1</RequestID></Response>"))
}

/// One service of each protocol, an operation of it, its answer and what is asked for that: every protocol carries requests
/// there, and answers and refusals back.
#[tokio::test]
async fn every_protocol_is_played() {
    let (cloud, calls) = aws(|asked| match (asked.service(), asked.operation()) {
        ("ec2", _) => Answer::text(
            200,
            "<DescribeVpcsResponse><vpcSet><item><vpcId>played</vpcId></item></vpcSet></DescribeVpcsResponse>",
        ),
        ("iam", _) => Answer::result(asked, "<Policy><PolicyName>played</PolicyName></Policy>"),
        ("sqs", _) => Answer::json(serde_json::json!({"QueueUrl": "played"})),
        ("logs", _) => Answer::json(serde_json::json!({"logGroups": [{"logGroupName": "played"}]})),
        ("lambda", _) if asked.is("GET /2017-03-31/tags/{}") => {
            Answer::json(serde_json::json!({"Tags": {"a": "played"}}))
        }
        ("s3", _) if asked.is("GET /?policy") => Answer::text(200, "played"),
        ("s3", _) if asked.is("HEAD /") => Answer::empty().with("x-amz-bucket-region", "played"),
        ("cloudwatch", _) => {
            Answer::json(serde_json::json!({"MetricAlarms": [{"AlarmName": "played", "Threshold": 1.5}]}))
        }
        _ => panic!("{asked:?}"),
    });
    let vpcs = cloud.ec2().describe_vpcs().vpc_ids("vpc-1").send().await.unwrap();
    assert_eq!(vpcs.vpcs()[0].vpc_id(), Some("played"));
    let policy = cloud.iam().get_policy().policy_arn("arn:aws:iam::aws:policy/x").send().await.unwrap();
    assert_eq!(policy.policy().unwrap().policy_name(), Some("played"));
    let queue = cloud.sqs().get_queue_url().queue_name("jobs").send().await.unwrap();
    assert_eq!(queue.queue_url(), Some("played"));
    let groups = cloud.logs().describe_log_groups().log_group_name_prefix("x").send().await.unwrap();
    assert_eq!(groups.log_groups()[0].log_group_name(), Some("played"));
    let tags =
        cloud.lambda().list_tags().resource("arn:aws:lambda:eu-west-1:000000000000:function:x").send().await;
    assert_eq!(tags.unwrap().tags().unwrap()["a"], "played");
    let policy = cloud.s3().get_bucket_policy().bucket("raw").send().await.unwrap();
    assert_eq!(policy.policy(), Some("played"));
    let bucket = cloud.s3().head_bucket().bucket("raw").send().await.unwrap();
    assert_eq!(bucket.bucket_region(), Some("played"));
    let alarms = cloud.cloudwatch().describe_alarms().alarm_names("x").send().await.unwrap();
    assert_eq!(
        (alarms.metric_alarms()[0].alarm_name(), alarms.metric_alarms()[0].threshold()),
        (Some("played"), Some(1.5))
    );
    assert_eq!(
        calls.actions(),
        [
            "DescribeVpcs",
            "GetPolicy",
            "GetQueueUrl",
            "DescribeLogGroups",
            "ListTags",
            "GetBucketPolicy",
            "HeadBucket",
            "DescribeAlarms"
        ]
    );
    let protocols: Vec<Protocol> = calls.all().iter().map(Asked::protocol).collect();
    let all = [
        Protocol::Ec2,
        Protocol::Query,
        Protocol::Json10,
        Protocol::Json11,
        Protocol::RestJson,
        Protocol::S3,
        Protocol::S3,
        Protocol::Cbor,
    ];
    assert_eq!(protocols, all);
    // What was sent is there to be looked at, whatever it travelled as.
    assert_eq!(calls.sent("DescribeAlarms"), [serde_json::json!({"AlarmNames": ["x"]})]);
    assert_eq!(calls.sent("GetQueueUrl"), [serde_json::json!({"QueueName": "jobs"})]);
    assert!(calls.of("DescribeVpcs")[0].contains("VpcId.1=vpc-1"));
    assert_eq!(calls.all()[5].host(), "raw.aws.invalid");
}

#[tokio::test]
async fn every_protocol_refuses() {
    let (cloud, _) = aws(|_| Answer::refused(400, "No.Way", "because"));
    let refusals = [
        cloud.ec2().describe_vpcs().send().await.map(drop).map_err(stackctl::cloud::aws("ec2")),
        cloud
            .iam()
            .get_policy()
            .policy_arn("arn:aws:iam::aws:policy/x")
            .send()
            .await
            .map(drop)
            .map_err(stackctl::cloud::aws("iam")),
        cloud
            .sqs()
            .get_queue_url()
            .queue_name("jobs")
            .send()
            .await
            .map(drop)
            .map_err(stackctl::cloud::aws("sqs")),
        cloud.logs().describe_log_groups().send().await.map(drop).map_err(stackctl::cloud::aws("logs")),
        cloud
            .lambda()
            .get_function()
            .function_name("x")
            .send()
            .await
            .map(drop)
            .map_err(stackctl::cloud::aws("lambda")),
        cloud
            .s3()
            .get_bucket_policy()
            .bucket("raw")
            .send()
            .await
            .map(drop)
            .map_err(stackctl::cloud::aws("s3")),
        cloud
            .cloudwatch()
            .describe_alarms()
            .send()
            .await
            .map(drop)
            .map_err(stackctl::cloud::aws("cloudwatch")),
    ];
    for refused in refusals {
        let error = refused.unwrap_err();
        assert!(error.is(&["No.Way"]) && error.to_string().contains("because"), "{error}");
    }
}

/// In virtual time: what takes an hour is through at once, and what never comes ends by the client's own timeout.
#[tokio::test(start_paused = true)]
async fn answers_take_their_time() {
    let (cloud, _) = aws(|asked| match asked.operation() {
        "GetQueueUrl" => {
            Answer::json(serde_json::json!({"QueueUrl": "late"})).after(std::time::Duration::from_secs(50))
        }
        _ => Answer::never(),
    });
    let started = tokio::time::Instant::now();
    let found = cloud.sqs().get_queue_url().queue_name("jobs").send().await.unwrap();
    assert_eq!((found.queue_url(), started.elapsed().as_secs()), (Some("late"), 50));
    assert!(cloud.sqs().list_queues().send().await.is_err());
}
