//! Every request that a test of this program sends, to an emulator or to replayed answers, is one that AWS's own models allow:
//! emulators forgive what AWS does not. `requests.py` has the models of botocore, and says at the end of the process how many
//! requests there were.

use crate::started::bin;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use stackctl::cloud::Call;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The models, loaded once. They are gone with the process, whose end of the pipe closes.
static MODELS: LazyLock<Mutex<Models>> = LazyLock::new(|| Mutex::new(Models::load()));
static COUNTED: Mutex<Json> = Mutex::new(Json::Null);

struct Models {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Models {
    fn load() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kinds/requests.py");
        let mut command = Command::new(bin("python"));
        command.arg("-u").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, requests, answers }
    }

    fn ask(&mut self, line: &Json) -> Json {
        writeln!(self.requests, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer)
            .unwrap_or_else(|error| panic!("{error}: {answer:?} to {line}; {:?}", self.child.try_wait()))
    }
}

/// The request as `requests.py` reads it.
pub fn line(request: &HttpRequest) -> Json {
    let call = request.extension::<Call>().expect("every request is named");
    let headers: serde_json::Map<String, Json> =
        request.headers().iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    json!({
        "service": call.service,
        "operation": call.operation,
        "method": request.method(),
        "url": request.uri(),
        "headers": headers,
        "body": STANDARD.encode(request.body().bytes().unwrap_or_default()),
    })
}

/// What the models say against it.
pub fn violations(line: &Json) -> Vec<String> {
    let answer = MODELS.lock().unwrap_or_else(PoisonError::into_inner).ask(line);
    COUNTED.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&answer["checked"]);
    answer["violations"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// How many requests of this service were checked so far.
pub fn counted(service: &str) -> u64 {
    COUNTED.lock().unwrap_or_else(PoisonError::into_inner)[service].as_u64().unwrap_or(0)
}

/// What is sent to an emulator alone, in its own words beside those of AWS: service, operation, end of what the models say.
const EMULATORS_OWN: &[(&str, &str, &str)] = &[
    // MiniStack looks for the other group under the name that it has in descriptions.
    ("ec2", "ModifySecurityGroupRules", ".ReferencedGroupInfo.GroupId: no such member"),
];

/// # Panics
/// AWS would not take it.
pub fn check(request: &HttpRequest) {
    let line = line(request);
    let mut violations = violations(&line);
    if request.uri().starts_with("http://127.0.0.1:") {
        violations.retain(|said| {
            !EMULATORS_OWN.iter().any(|(service, operation, end)| {
                line["service"] == *service && line["operation"] == *operation && said.ends_with(end)
            })
        });
    }
    assert!(
        violations.is_empty(),
        "AWS would not take {}:{}: {violations:#?}",
        line["service"],
        line["operation"]
    );
}

/// A request as the clients make it, changed by `change`, and what is said against it.
fn wrong(mut line: Json, body: impl Fn(&str) -> String) -> Vec<String> {
    assert_eq!(violations(&line), [""; 0], "{line}");
    let text = STANDARD.decode(line["body"].as_str().unwrap()).unwrap();
    line["made_wrong"] = json!(true);
    line["body"] = json!(STANDARD.encode(body(std::str::from_utf8(&text).unwrap())));
    violations(&line)
}

/// What is wrong is found, in every protocol, and whatever is wrong with it.
#[tokio::test]
async fn a_request_that_aws_would_refuse_is_found() {
    use crate::answers::{Answer, aws};
    let (cloud, calls) = aws(|_| Answer::refused(400, "No", "no"));
    let _ = cloud
        .s3()
        .put_bucket_versioning()
        .bucket("raw")
        .versioning_configuration(
            aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build(),
        )
        .send()
        .await;
    let _ = cloud.ec2().describe_subnets().subnet_ids("subnet-1").max_results(5).send().await;
    let _ = cloud.iam().get_role().role_name("loader").send().await;
    let _ = cloud.sqs().get_queue_url().queue_name("jobs").send().await;
    let _ =
        cloud.logs().put_retention_policy().log_group_name("/aws/lambda/x").retention_in_days(7).send().await;
    let _ = cloud
        .lambda()
        .put_function_concurrency()
        .function_name("loader")
        .reserved_concurrent_executions(1)
        .send()
        .await;
    let _ = cloud.scheduler().get_schedule().name("daily").send().await;
    let lines: Vec<Json> = calls.all().iter().map(|asked| asked.line().clone()).collect();
    let of = |operation: &str| lines.iter().find(|line| line["operation"] == operation).unwrap().clone();
    let says = |found: Vec<String>, text: &str| {
        assert!(found.len() == 1 && found[0].contains(text), "{found:?} and not {text}")
    };
    // An enum, an element that is none, in XML.
    says(
        wrong(of("PutBucketVersioning"), |body| body.replace("Enabled", "On")),
        "'On' is none of Enabled, Suspended",
    );
    says(wrong(of("PutBucketVersioning"), |body| body.replace("Status>", "State>")), "State is no member");
    // A number below the least, and a parameter that is none, in EC2's forms.
    says(wrong(of("DescribeSubnets"), |body| body.replace("MaxResults=5", "MaxResults=4")), "4 is below 5");
    says(wrong(of("DescribeSubnets"), |body| format!("{body}&Subnet=x")), "Subnet: no such member");
    // A form that is not that of the name, and a name that is too long or missing, in a query.
    says(wrong(of("GetRole"), |body| body.replace("loader", "lo%20ader")), "is not of the form");
    says(wrong(of("GetRole"), |body| body.replace("loader", &"x".repeat(65))), "65 is above 64");
    says(wrong(of("GetRole"), |body| body.replace("&RoleName=loader", "")), "RoleName is missing");
    // JSON.
    says(wrong(of("GetQueueUrl"), |body| body.replace("QueueName", "Name")), "Name is no member");
    says(wrong(of("PutRetentionPolicy"), |body| body.replace('7', "\"7\"")), "'7' is no integer");
    // REST with JSON: body, path, query.
    says(wrong(of("PutFunctionConcurrency"), |body| body.replace(":1", ":-1")), "-1 is below 0");
    let url = |operation: &str, from: &str, to: &str| {
        let mut line = of(operation);
        line["made_wrong"] = json!(true);
        line["url"] = json!(line["url"].as_str().unwrap().replace(from, to));
        violations(&line)
    };
    says(url("GetSchedule", "daily", "da%20ily"), "is not of the form");
    says(url("GetSchedule", "daily", "daily?group=x"), "group: no such parameter");
    says(url("GetSchedule", "schedules", "schedule"), "is not /schedules/{Name}");
}
