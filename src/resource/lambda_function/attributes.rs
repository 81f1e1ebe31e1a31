use crate::cloud::Cloud;
use crate::package::Architecture;
use aws_sdk_lambda::types::{FunctionConfiguration, TracingMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Lambda function. Give either `source`, the folder of a Rust crate that stackctl builds and zips, or `artifact`, a
/// zip made elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the function; from stack and address when unset.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = r"^[A-Za-z0-9_-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 64}, "examples" = ["loans-loader"])
    )]
    pub name: Option<String>,
    /// Folder of the crate that is the handler, relative to `stack.toml`, as in `"handlers/loader"`. Its binary is built
    /// in release mode with `cargo build --locked` before the plan, checked to run on Lambda, and zipped as `bootstrap`.
    #[schemars(extend("x-local" = true, "x-package" = true))]
    pub source: Option<String>,
    /// Path of a zip to upload as it is, at most 50 MB, relative to `stack.toml`. With `source` stackctl fills it in.
    #[schemars(extend("x-local" = true))]
    pub artifact: Option<String>,
    /// More files in the zip, by their names there. The function finds them in the folder that it is started in.
    #[serde(default)]
    #[schemars(extend("x-local" = true))]
    pub files: BTreeMap<String, File>,
    /// SHA-256 of the zip in base64, as AWS reports it; stackctl fills it in. Tells changed code from code that is there.
    #[schemars(extend("x-computed" = true))]
    pub code_sha256: Option<String>,
    /// ARN of the role that the function runs as.
    #[schemars(extend("x-ref" = "iam_role.arn"))]
    pub role: String,
    /// Which role `role` names, where it is one of the stack; stackctl fills it in. A role that was deleted and made again has
    /// the same ARN, but not the right to the key of the environment variables: Lambda gives it once more then.
    #[schemars(extend("x-write-only" = true, "x-identity" = {"of": "role", "output": "unique_id"}))]
    pub role_identity: Option<String>,
    /// What runs the code. `provided.al2023` starts the executable `bootstrap`, which is what Rust needs.
    #[serde(default = "provided")]
    #[schemars(extend("x-fact" = "runtime"))]
    pub runtime: String,
    /// Entry point, for runtimes of other languages; OS-only runtimes hand it to `bootstrap` as `_HANDLER`.
    #[serde(default = "bootstrap")]
    #[schemars(length(min = 1, max = 128))]
    pub handler: String,
    /// Processor; that of the built executable when unset.
    #[schemars(extend("x-computed" = true))]
    pub architecture: Option<Architecture>,
    /// MB of memory. The share of CPU grows with it: one full core at 1769.
    #[serde(default = "memory")]
    #[schemars(range(min = 128, max = 10_240))]
    pub memory: u32,
    /// Seconds until an invocation is cut off.
    #[serde(default = "timeout")]
    #[schemars(range(min = 1, max = 900))]
    pub timeout: u32,
    /// Environment variables, 4 KB at most. They are stored and shown as they are: hand over the ARN of a secret and not
    /// the secret.
    #[serde(default = "variables")]
    #[schemars(extend("x-silent" = true))]
    pub environment: Option<BTreeMap<String, String>>,
    /// Subnets whose network the function reaches; without, it has the public internet only. Needs
    /// `security_group_ids`, and a role with AWSLambdaVPCAccessExecutionRole.
    #[serde(default)]
    #[schemars(length(max = 16), extend("x-set" = true, "x-ref" = "subnet.id", "x-holds" = true, "x-within" = {"place": "vpc_id"}))]
    pub subnet_ids: Vec<String>,
    /// Security groups of the function's network interfaces in `subnet_ids`.
    #[serde(default)]
    #[schemars(
        length(max = 5),
        extend("x-set" = true, "x-ref" = "security_group.id", "x-holds" = true, "x-within" = {"place": "vpc_id"})
    )]
    pub security_group_ids: Vec<String>,
    /// ARN of the queue (or SNS topic) that takes events whose asynchronous invocations all failed. The role must be
    /// allowed to send to it.
    #[schemars(extend("x-ref" = "queue.arn"))]
    pub dead_letter: Option<String>,
    /// MB of `/tmp`.
    #[serde(default = "ephemeral_storage")]
    #[schemars(range(min = 512, max = 10_240))]
    pub ephemeral_storage: u32,
    /// Invocations at one time, at most and kept free for this function; 0 stops it. Unset, it shares the account's.
    pub reserved_concurrency: Option<u32>,
    /// Name of the log group; `/aws/lambda/NAME` when unset, made by Lambda and kept for ever.
    #[schemars(extend("x-computed" = true, "x-ref" = "log_group.name"))]
    pub log_group: Option<String>,
    /// Traces invocations with X-Ray.
    #[serde(default)]
    pub tracing: bool,
    /// Shown in the console.
    #[schemars(length(min = 1, max = 256))]
    pub description: Option<String>,
    /// How often a failed asynchronous invocation, such as that by a bucket, is repeated before it goes to `dead_letter`.
    #[serde(default = "max_retries")]
    #[schemars(range(min = 0, max = 2))]
    pub max_retries: u32,
    /// Seconds that an asynchronous event may wait and be repeated before it goes to `dead_letter`.
    #[serde(default = "max_event_age")]
    #[schemars(range(min = 60, max = 21_600))]
    pub max_event_age: u32,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A file that travels with the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it is, relative to `stack.toml`.
    #[schemars(length(min = 1))]
    pub path: String,
    /// Where it can be had: told when it is not there. stackctl downloads nothing by itself.
    #[schemars(regex(pattern = r"^https?://"), extend("examples" = ["https://example.com/roots.pem"]))]
    pub url: Option<String>,
}

fn provided() -> String {
    "provided.al2023".to_owned()
}
fn bootstrap() -> String {
    "bootstrap".to_owned()
}
fn memory() -> u32 {
    256
}
fn timeout() -> u32 {
    30
}
/// None but in what is read: then Lambda could not read them.
#[expect(clippy::unnecessary_wraps, reason = "serde takes it as it is")]
fn variables() -> Option<BTreeMap<String, String>> {
    Some(BTreeMap::new())
}
fn ephemeral_storage() -> u32 {
    512
}
/// What Lambda does without a configuration of its own; so is [`max_event_age`].
fn max_retries() -> u32 {
    2
}
fn max_event_age() -> u32 {
    21_600
}

/// What a function is known by.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the function.
    pub arn: String,
    /// ARN that API Gateway integrates.
    pub invoke_arn: String,
    /// `$LATEST`: stackctl publishes no versions.
    pub version: String,
    /// Name of the log group that it writes to.
    pub log_group: String,
}

impl Outputs {
    pub(super) fn of(cloud: &Cloud, name: &str, configuration: &FunctionConfiguration) -> Self {
        let arn = configuration.function_arn().unwrap_or_default().to_owned();
        let partition = arn.split(':').nth(1).unwrap_or("aws");
        let region = &cloud.region;
        let invoke_arn =
            format!("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations");
        let log_group = configuration.logging_config().and_then(|logging| logging.log_group());
        Self {
            invoke_arn,
            version: configuration.version().unwrap_or("$LATEST").to_owned(),
            log_group: log_group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
            arn,
        }
    }
}

impl Inputs {
    /// One of which no configuration is known: all of `wanted` differs from it, but what is unset in both.
    pub(super) fn unknown(wanted: &Self) -> Self {
        let none = String::new;
        Self {
            role: none(),
            runtime: none(),
            handler: none(),
            memory: 0,
            timeout: 0,
            environment: None,
            subnet_ids: vec![],
            security_group_ids: vec![],
            dead_letter: None,
            ephemeral_storage: 0,
            log_group: None,
            tracing: !wanted.tracing,
            description: None,
            ..wanted.clone()
        }
    }

    /// What `GetFunction` says; concurrency, retries and tags come from elsewhere.
    pub(super) fn of(name: String, configuration: &FunctionConfiguration) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let number = |value: Option<i32>, default: u32| {
            value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default)
        };
        let vpc = configuration.vpc_config();
        let environment = configuration.environment();
        let unread = environment.is_some_and(|environment| environment.error().is_some());
        let variables = environment.and_then(|environment| environment.variables());
        Self {
            name: Some(name),
            source: None,
            artifact: None,
            files: BTreeMap::new(),
            code_sha256: text(configuration.code_sha256()),
            role_identity: None,
            role: configuration.role().unwrap_or_default().to_owned(),
            runtime: configuration.runtime().map(|r| r.as_str().to_owned()).unwrap_or_default(),
            handler: configuration.handler().unwrap_or_default().to_owned(),
            architecture: configuration.architectures().first().and_then(|a| Architecture::parse(a.as_str())),
            memory: number(configuration.memory_size(), 128),
            timeout: number(configuration.timeout(), 3),
            environment: (!unread).then(|| {
                variables.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
            }),
            subnet_ids: vpc.map(|vpc| vpc.subnet_ids().to_vec()).unwrap_or_default(),
            security_group_ids: vpc.map(|vpc| vpc.security_group_ids().to_vec()).unwrap_or_default(),
            dead_letter: text(configuration.dead_letter_config().and_then(|letter| letter.target_arn())),
            ephemeral_storage: configuration
                .ephemeral_storage()
                .and_then(|storage| u32::try_from(storage.size()).ok())
                .unwrap_or(ephemeral_storage()),
            reserved_concurrency: None,
            log_group: text(configuration.logging_config().and_then(|logging| logging.log_group())),
            tracing: configuration.tracing_config().and_then(|tracing| tracing.mode())
                == Some(&TracingMode::Active),
            description: text(configuration.description()),
            max_retries: max_retries(),
            max_event_age: max_event_age(),
            tags: BTreeMap::new(),
        }
    }
}
