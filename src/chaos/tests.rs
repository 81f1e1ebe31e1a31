use super::{ChaosHttpClient, Fault, Faults, Refusal};
use crate::cloud::{Cloud, aws};
use crate::error::{AwsError, Error};
use aws_config::retry::RetryConfig;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const VPCS: &str = "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><vpcSet><item>\
    <vpcId>vpc-1</vpcId><state>available</state></item></vpcSet></DescribeVpcsResponse>";
const CREATED: &str = "<CreateVpcResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><vpc>\
    <vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>";

/// A cloud whose server gives one answer to everything, and how often it was asked.
fn cloud(answer: &'static str, faults: Faults) -> (Cloud, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let server = infallible_client_fn(move |_: http::Request<_>| {
        count.fetch_add(1, Ordering::SeqCst);
        http::Response::builder().status(200).body(answer).unwrap()
    });
    let http = SharedHttpClient::new(ChaosHttpClient::new(server, faults));
    let cloud = Cloud::emulator("http://127.0.0.1:1", "eu-west-1", http);
    (cloud.retrying(RetryConfig::disabled()), asked)
}

fn refusing(service: &str, operation: &str, code: &str) -> (Cloud, Arc<AtomicU64>) {
    let refusal = Refusal::new(400, code, "a <message> & more");
    cloud("", Faults::none().on(service, operation, 1, Fault::Refused(refusal)))
}

fn of_aws(error: Error) -> AwsError {
    match error {
        Error::Aws(error) => error,
        other => panic!("not from AWS: {other}"),
    }
}

/// The code, the message and the request id of the SDK's error are what was injected.
macro_rules! parses {
    ($name:ident, $client:ident, $service:literal, $operation:literal, $code:literal, $call:expr) => {
        #[tokio::test]
        async fn $name() {
            let (cloud, asked) = refusing($service, $operation, $code);
            let call: fn(_) -> _ = $call;
            let error = call(cloud.$client()).await.map_err(aws("x")).unwrap_err();
            let error = of_aws(error);
            assert_eq!(error.code.as_deref(), Some($code));
            assert_eq!(error.message, "a <message> & more");
            assert_eq!(error.request_id.as_deref(), Some("chaos-1"));
            assert_eq!((error.status, asked.load(Ordering::SeqCst)), (Some(400), 0));
        }
    };
}

parses!(ec2, ec2, "ec2", "CreateVpc", "VpcLimitExceeded", |ec2: aws_sdk_ec2::Client| async move {
    ec2.create_vpc().send().await
});
parses!(query, iam, "iam", "GetRole", "NoSuchEntity", |iam: aws_sdk_iam::Client| async move {
    iam.get_role().role_name("r").send().await
});
parses!(
    query_rds,
    rds,
    "rds",
    "DescribeDBInstances",
    "DBInstanceNotFound",
    |rds: aws_sdk_rds::Client| async move { rds.describe_db_instances().send().await }
);
parses!(
    json_1_0,
    sqs,
    "sqs",
    "GetQueueUrl",
    "AWS.SimpleQueueService.NonExistentQueue",
    |sqs: aws_sdk_sqs::Client| async move { sqs.get_queue_url().queue_name("q").send().await }
);
parses!(
    json_1_1,
    secrets,
    "secretsmanager",
    "CreateSecret",
    "InvalidRequestException",
    |secrets: aws_sdk_secretsmanager::Client| async move { secrets.create_secret().name("s").send().await }
);
parses!(
    json_1_1_logs,
    logs,
    "logs",
    "CreateLogGroup",
    "ResourceAlreadyExistsException",
    |logs: aws_sdk_cloudwatchlogs::Client| async move { logs.create_log_group().log_group_name("g").send().await }
);
parses!(
    rest_json,
    lambda,
    "lambda",
    "GetFunction",
    "ResourceNotFoundException",
    |lambda: aws_sdk_lambda::Client| async move { lambda.get_function().function_name("f").send().await }
);
parses!(
    rest_json_scheduler,
    scheduler,
    "scheduler",
    "GetSchedule",
    "ResourceNotFoundException",
    |scheduler: aws_sdk_scheduler::Client| async move { scheduler.get_schedule().name("s").send().await }
);
parses!(
    json_1_1_glue,
    glue,
    "glue",
    "GetDatabase",
    "EntityNotFoundException",
    |glue: aws_sdk_glue::Client| async move { glue.get_database().name("d").send().await }
);
parses!(
    json_1_1_athena,
    athena,
    "athena",
    "GetWorkGroup",
    "InvalidRequestException",
    |athena: aws_sdk_athena::Client| async move { athena.get_work_group().work_group("w").send().await }
);
parses!(
    cbor,
    cloudwatch,
    "cloudwatch",
    "DeleteAlarms",
    "ResourceNotFound",
    |cloudwatch: aws_sdk_cloudwatch::Client| async move {
        cloudwatch.delete_alarms().alarm_names("a").send().await
    }
);
parses!(s3_xml, s3, "s3", "PutBucketPolicy", "NoSuchBucket", |s3: aws_sdk_s3::Client| async move {
    s3.put_bucket_policy().bucket("b").policy("{}").send().await
});

#[tokio::test]
async fn a_head_is_refused_without_a_body() {
    let refusal = Refusal::new(404, "NotFound", "");
    let (cloud, _) = cloud("", Faults::none().on("s3", "HeadBucket", 1, Fault::Refused(refusal)));
    let error = cloud.s3().head_bucket().bucket("b").send().await.map_err(aws("s3:HeadBucket")).unwrap_err();
    assert_eq!((of_aws(error).status), Some(404));
}

/// What every service says when it is asked too much is on the SDK's list of what is worth a repetition.
#[tokio::test]
async fn throttling_and_500s_are_repeated() {
    for fault in [Fault::Throttled, Fault::Internal] {
        let faults = [
            ("ec2", "DescribeVpcs"),
            ("iam", "ListRoles"),
            ("s3", "ListBuckets"),
            ("lambda", "ListFunctions"),
        ]
        .into_iter()
        .chain([("sqs", "ListQueues"), ("secretsmanager", "ListSecrets"), ("rds", "DescribeDBInstances")])
        .chain([("scheduler", "ListSchedules"), ("glue", "GetDatabases"), ("athena", "ListWorkGroups")])
        .fold(Faults::none(), |faults, (service, operation)| faults.on(service, operation, 1, fault.clone()));
        let (cloud, asked) = cloud("", faults);
        let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let cloud = cloud.retrying(quick);
        // The server's answer is none of theirs: what counts is that it was asked.
        let _ = cloud.ec2().describe_vpcs().send().await;
        let _ = cloud.iam().list_roles().send().await;
        let _ = cloud.s3().list_buckets().send().await;
        let _ = cloud.lambda().list_functions().send().await;
        let _ = cloud.sqs().list_queues().send().await;
        let _ = cloud.secrets().list_secrets().send().await;
        let _ = cloud.rds().describe_db_instances().send().await;
        let _ = cloud.scheduler().list_schedules().send().await;
        let _ = cloud.glue().get_databases().send().await;
        let _ = cloud.athena().list_work_groups().send().await;
        // The first attempt meets the fault; those that are left meet an answer that cannot be read. One that was throttled
        // does not count.
        let left = if fault == Fault::Throttled { 3 } else { 2 };
        assert_eq!(asked.load(Ordering::SeqCst), 10 * left, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_reached_the_server_and_a_reset_did_not() {
    let (lost, asked) = cloud(CREATED, Faults::none().on("ec2", "CreateVpc", 1, Fault::LostAnswer));
    assert!(lost.ec2().create_vpc().send().await.unwrap_err().as_service_error().is_none());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let (reset, asked) = cloud(CREATED, Faults::none().on("ec2", "CreateVpc", 1, Fault::Reset));
    assert!(reset.ec2().create_vpc().send().await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert!(reset.ec2().create_vpc().send().await.is_ok());
}

/// A VPC has no name and no client token: asked for twice, it is there twice.
#[tokio::test]
async fn what_would_be_made_twice_is_asked_for_once() {
    for (fault, times) in
        [(Fault::LostAnswer, 1), (Fault::Reset, 0), (Fault::Internal, 0), (Fault::Throttled, 1)]
    {
        let (cloud, asked) = cloud(CREATED, Faults::none().on("ec2", "CreateVpc", 1, fault.clone()));
        let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let made = cloud.retrying(quick).ec2_once().create_vpc().send().await;
        assert_eq!(made.is_ok(), fault == Fault::Throttled, "{fault:?}");
        assert_eq!(asked.load(Ordering::SeqCst), times, "{fault:?}");
    }
}

/// AWS lists the rules of a new group later than the group itself.
#[tokio::test]
async fn a_group_whose_rules_are_not_listed_yet_is_not_ready() {
    let server = infallible_client_fn(|request: http::Request<aws_smithy_types::body::SdkBody>| {
        let asked = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
        let body = if asked.contains("Action=DescribeSecurityGroupRules") {
            "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet/></DescribeSecurityGroupRulesResponse>"
        } else {
            "<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId>\
             <groupName>g</groupName><vpcId>vpc-1</vpcId><groupDescription>d</groupDescription>\
             <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol></item></ipPermissionsEgress></item>\
             </securityGroupInfo></DescribeSecurityGroupsResponse>"
        };
        http::Response::builder().status(200).body(body).unwrap()
    });
    let cloud = Cloud::emulator("http://127.0.0.1:1", "eu-west-1", SharedHttpClient::new(server));
    let id = crate::resource::Id("sg-1".to_owned());
    let read = crate::resource::kind("security_group").unwrap().read(&cloud, std::slice::from_ref(&id)).await;
    let status = read.unwrap().remove(&id).unwrap().status;
    assert!(matches!(status, crate::resource::Status::Pending(_)), "{status:?}");
}

#[tokio::test]
async fn what_was_just_created_may_not_be_seen_and_becomes_ready_slowly() {
    let faults = Faults::none()
        .on("ec2", "CreateVpc", 1, Fault::Slow(1))
        .on("ec2", "DescribeVpcs", 1, Fault::Stale)
        .on("ec2", "DescribeVpcs", 2, Fault::Stale);
    let (cloud, _) = cloud(VPCS, faults);
    let look = || async {
        let vpcs = cloud.ec2().describe_vpcs().send().await.unwrap().vpcs.unwrap();
        vpcs.first().map(|vpc| vpc.state().unwrap().as_str().to_owned())
    };
    // Nothing was written: a read cannot be stale.
    assert_eq!(look().await.as_deref(), Some("available"));
    let _ = cloud.ec2().create_vpc().send().await;
    assert_eq!(look().await.as_deref(), Some("available"), "what was so before the write");
    assert_eq!(look().await.as_deref(), Some("pending"));
    assert_eq!(look().await.as_deref(), Some("available"));
}

#[tokio::test]
async fn a_creation_may_be_unseen() {
    let (cloud, _) = cloud(VPCS, Faults::none().on("ec2", "DescribeVpcs", 1, Fault::Stale));
    let _ = cloud.ec2().create_vpc().send().await;
    assert!(cloud.ec2().describe_vpcs().send().await.unwrap().vpcs().is_empty());
    assert_eq!(cloud.ec2().describe_vpcs().send().await.unwrap().vpcs().len(), 1);
}

#[tokio::test]
async fn propagation_errors_are_those_that_the_kinds_repeat() {
    let faults = Faults::none().on("lambda", "CreateFunction", 1, Fault::Propagation);
    let (cloud, _) = cloud("{}", faults);
    let call = cloud.lambda().create_function().function_name("f").role("r");
    let call = call.code(aws_sdk_lambda::types::FunctionCode::builder().build());
    let error = of_aws(call.send().await.map_err(aws("lambda:CreateFunction")).unwrap_err());
    assert_eq!(error.code.as_deref(), Some("InvalidParameterValueException"));
    assert!(error.message.contains("cannot be assumed by Lambda"));
}
