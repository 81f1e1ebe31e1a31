//! The calls that make and change a function.

use super::super::{Create, Id};
use super::attributes::Inputs;
use crate::cloud::{Cloud, Gone, aws, tags};
use crate::error::{Error, Result};
use crate::package::{self, Architecture};
use aws_sdk_lambda::error::BuildError;
use aws_sdk_lambda::types::{
    self, DeadLetterConfig, Environment, EphemeralStorage, FunctionCode, LoggingConfig, TracingConfig,
    TracingMode, VpcConfig,
};
use aws_sdk_lambda::primitives::Blob;
use std::collections::BTreeSet;

pub(super) async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<()> {
    let code = Code::load(inputs).await?;
    let call = ctx
        .cloud
        .lambda_once_for(size(&code))
        .create_function()
        .set_function_name(inputs.name.clone())
        .code(FunctionCode::builder().zip_file(code.zip).build())
        .set_architectures(code.architecture.map(|known| vec![known]))
        .role(&inputs.role)
        .runtime(types::Runtime::from(inputs.runtime.as_str()))
        .handler(&inputs.handler)
        .memory_size(number(inputs.memory))
        .timeout(number(inputs.timeout))
        .environment(environment(inputs))
        .ephemeral_storage(ephemeral_storage(inputs)?)
        .tracing_config(tracing(inputs))
        .set_description(inputs.description.clone())
        .set_tags(Some(ctx.tags(&inputs.tags).into_iter().collect()))
        .set_vpc_config((!inputs.subnet_ids.is_empty()).then(|| vpc(inputs)))
        .set_dead_letter_config(inputs.dead_letter.is_some().then(|| dead_letter(inputs)))
        .set_logging_config(logging(inputs));
    call.send().await.map_err(aws("lambda:CreateFunction"))?;
    Ok(())
}

/// Bytes.
fn size(code: &Code) -> u64 {
    u64::try_from(code.zip.as_ref().len()).unwrap_or(u64::MAX)
}

/// Lambda gives the role a grant on the key of the environment variables: the role that there is at the time, and not
/// whichever has its ARN later ("If the IAM role is recreated, the grant is no longer valid": the provider's page of
/// `aws_lambda_function`). Another ARN gets a grant of its own.
pub(super) fn grant_is_of_another_role(before: &Inputs, after: &Inputs) -> bool {
    let has_variables = |inputs: &Inputs| inputs.environment.as_ref().is_some_and(|all| !all.is_empty());
    let another = before.role_identity.is_some() && after.role_identity.is_some() && before.role_identity != after.role_identity;
    another && before.role == after.role && has_variables(before) && has_variables(after)
}

/// Whether [`settings`] has something to do.
pub(super) fn settings_differ(before: &Inputs, after: &Inputs) -> bool {
    before.reserved_concurrency != after.reserved_concurrency
        || (before.max_retries, before.max_event_age) != (after.max_retries, after.max_event_age)
        || before.tags != after.tags
}

/// Whether `UpdateFunctionConfiguration` has something to do.
pub(super) fn configuration_differs(before: &Inputs, after: &Inputs) -> bool {
    let set = |items: &[String]| items.iter().cloned().collect::<BTreeSet<_>>();
    before.role != after.role
        || before.runtime != after.runtime
        || before.handler != after.handler
        || before.memory != after.memory
        || before.timeout != after.timeout
        || before.environment != after.environment
        || before.ephemeral_storage != after.ephemeral_storage
        || before.tracing != after.tracing
        || before.description != after.description
        || before.dead_letter != after.dead_letter
        || set(&before.subnet_ids) != set(&after.subnet_ids)
        || set(&before.security_group_ids) != set(&after.security_group_ids)
        || after.log_group.is_some() && before.log_group != after.log_group
}

/// Sends only what differs, since everything sent is checked anew (a role needs `iam:PassRole`, a VPC its rights), and
/// empty values for what is unset: Lambda takes an absent one for "keep".
pub(super) async fn configure(cloud: &Cloud, id: &Id, before: &Inputs, after: &Inputs) -> Result<()> {
    let mut call = cloud.lambda().update_function_configuration().function_name(&id.0);
    if before.role != after.role {
        call = call.role(&after.role);
    }
    if before.runtime != after.runtime {
        call = call.runtime(types::Runtime::from(after.runtime.as_str()));
    }
    if before.handler != after.handler {
        call = call.handler(&after.handler);
    }
    if before.memory != after.memory {
        call = call.memory_size(number(after.memory));
    }
    if before.timeout != after.timeout {
        call = call.timeout(number(after.timeout));
    }
    if before.environment != after.environment {
        call = call.environment(environment(after));
    }
    if before.ephemeral_storage != after.ephemeral_storage {
        call = call.ephemeral_storage(ephemeral_storage(after)?);
    }
    if before.tracing != after.tracing {
        call = call.tracing_config(tracing(after));
    }
    if before.description != after.description {
        call = call.description(after.description.clone().unwrap_or_default());
    }
    if before.dead_letter != after.dead_letter {
        call = call.dead_letter_config(dead_letter(after));
    }
    if before.subnet_ids != after.subnet_ids || before.security_group_ids != after.security_group_ids {
        call = call.vpc_config(vpc(after));
    }
    if before.log_group != after.log_group {
        call = call.set_logging_config(logging(after));
    }
    call.send().await.map_err(aws("lambda:UpdateFunctionConfiguration"))?;
    Ok(())
}

/// Whether `UpdateFunctionCode` has something to do; the processor changes with the code.
pub(super) fn code_differs(before: &Inputs, after: &Inputs) -> bool {
    after.code_sha256.is_some() && before.code_sha256 != after.code_sha256
        || after.architecture.is_some() && before.architecture != after.architecture
}

pub(super) async fn upload(cloud: &Cloud, id: &Id, after: &Inputs) -> Result<()> {
    let code = Code::load(after).await?;
    let call = cloud
        .lambda_for(size(&code))
        .update_function_code()
        .function_name(&id.0)
        .zip_file(code.zip)
        .set_architectures(code.architecture.map(|known| vec![known]));
    call.send().await.map_err(aws("lambda:UpdateFunctionCode"))?;
    Ok(())
}

/// What has calls of its own: concurrency, asynchronous invocations, tags.
pub(super) async fn settings(cloud: &Cloud, id: &Id, before: &Inputs, after: &Inputs) -> Result<()> {
    let lambda = cloud.lambda();
    if before.reserved_concurrency != after.reserved_concurrency {
        match after.reserved_concurrency {
            Some(limit) => {
                let call = lambda.put_function_concurrency().function_name(&id.0);
                let call = call.reserved_concurrent_executions(number(limit));
                call.send().await.map_err(aws("lambda:PutFunctionConcurrency"))?;
            }
            None => {
                let call = lambda.delete_function_concurrency().function_name(&id.0);
                call.send().await.map_err(aws("lambda:DeleteFunctionConcurrency"))?;
            }
        }
    }
    if (before.max_retries, before.max_event_age) != (after.max_retries, after.max_event_age) {
        // The whole object is written: destinations that somebody else set are kept.
        let call = lambda.get_function_event_invoke_config().function_name(&id.0);
        let there = call.send().await.map_err(aws("lambda:GetFunctionEventInvokeConfig"));
        let there = there.gone(super::GONE)?;
        let call = lambda
            .put_function_event_invoke_config()
            .function_name(&id.0)
            .maximum_retry_attempts(number(after.max_retries))
            .maximum_event_age_in_seconds(number(after.max_event_age))
            .set_destination_config(there.and_then(|there| there.destination_config));
        call.send().await.map_err(aws("lambda:PutFunctionEventInvokeConfig"))?;
    }
    let (removed, set) = tags::changes(&before.tags, &after.tags);
    if removed.is_empty() && set.is_empty() {
        return Ok(());
    }
    let call = lambda.get_function_configuration().function_name(&id.0);
    let found = call.send().await.map_err(aws("lambda:GetFunctionConfiguration"))?;
    let arn = found.function_arn.unwrap_or_default();
    if !removed.is_empty() {
        let call = lambda.untag_resource().resource(&arn).set_tag_keys(Some(removed));
        call.send().await.map_err(aws("lambda:UntagResource"))?;
    }
    if !set.is_empty() {
        let call = lambda.tag_resource().resource(&arn).set_tags(Some(set.into_iter().collect()));
        call.send().await.map_err(aws("lambda:TagResource"))?;
    }
    Ok(())
}

/// A zip ready to be sent.
struct Code {
    zip: Blob,
    architecture: Option<types::Architecture>,
}

impl Code {
    async fn load(inputs: &Inputs) -> Result<Self> {
        let Some(path) = &inputs.artifact else {
            let remedy = "the function has no code: give `source`, the folder of a crate, or `artifact`, a zip";
            return Err(Error::Refused(remedy.to_owned()));
        };
        let place = std::path::PathBuf::from(path);
        let read = tokio::task::spawn_blocking(move || package::load(&place)).await;
        let zip = read
            .map_err(|error| Error::Refused(error.to_string()))?
            .map_err(|error| Error::Refused(error.to_string()))?;
        // What was approved is what is deployed.
        if inputs.code_sha256.as_ref().is_some_and(|planned| *planned != package::sha256(&zip)) {
            return Err(Error::Refused(format!("{path} changed since the plan was made: plan again")));
        }
        let found = || package::executable_in(&zip).map(|executable| executable.architecture);
        let architecture = inputs.architecture.or_else(found).map(|known| match known {
            Architecture::X86_64 => types::Architecture::X8664,
            Architecture::Arm64 => types::Architecture::Arm64,
        });
        Ok(Self { zip: Blob::new(zip), architecture })
    }
}

/// The schema keeps all numbers small.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn environment(inputs: &Inputs) -> Environment {
    let variables = inputs.environment.clone().unwrap_or_default().into_iter().collect();
    Environment::builder().set_variables(Some(variables)).build()
}

fn ephemeral_storage(inputs: &Inputs) -> Result<EphemeralStorage> {
    let built = EphemeralStorage::builder().size(number(inputs.ephemeral_storage)).build();
    built.map_err(|error: BuildError| Error::Refused(error.to_string()))
}

fn tracing(inputs: &Inputs) -> TracingConfig {
    let mode = if inputs.tracing { TracingMode::Active } else { TracingMode::PassThrough };
    TracingConfig::builder().mode(mode).build()
}

fn vpc(inputs: &Inputs) -> VpcConfig {
    VpcConfig::builder()
        .set_subnet_ids(Some(inputs.subnet_ids.clone()))
        .set_security_group_ids(Some(inputs.security_group_ids.clone()))
        .build()
}

fn dead_letter(inputs: &Inputs) -> DeadLetterConfig {
    DeadLetterConfig::builder().target_arn(inputs.dead_letter.clone().unwrap_or_default()).build()
}

fn logging(inputs: &Inputs) -> Option<LoggingConfig> {
    inputs.log_group.as_ref().map(|group| LoggingConfig::builder().log_group(group).build())
}
