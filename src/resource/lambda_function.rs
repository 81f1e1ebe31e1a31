//! `[lambda_function.NAME]`: a Lambda function from a zip.

mod attributes;
mod calls;
mod rules;

pub use attributes::{Inputs, Outputs};

use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws, tags};
use crate::error::Result;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{FunctionConfiguration, LastUpdateStatus, State};
use std::collections::{BTreeMap, HashMap};

pub struct LambdaFunction;

const GONE: &[&str] = &["ResourceNotFoundException"];
const INVALID: &str = "InvalidParameterValueException";
const CONFLICT: &str = "ResourceConflictException";

const FUNCTION: &str = "lambda:{region}:{account}:function:{name}";
const PASSED: Permit = Permit::on(&["iam:PassRole"], &["={role}"])
    .when(When::PassedTo("lambda.amazonaws.com"))
    .along("Lambda takes the role of the function");
const NETWORK: Permit =
    Permit::on(&["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], &["*"])
        .given("subnet_ids")
        .along("Lambda looks at the network of the function");

impl Resource for LambdaFunction {
    const KIND: &'static str = "lambda_function";
    const PROFILE: Profile = Profile {
        create: Wait::secs(1, 2, 1, 600),
        update: Wait::secs(0, 1, 1, 600),
        typical: Typical { create: 10, update: 6, delete: 2 },
        gone: GONE,
        retries: &[
            // The role, or what it may do, is too new. A role that does not exist says the same, so the wait is not
            // longer than propagation takes.
            Retry::secs(INVALID, "The role defined for the function cannot be assumed by Lambda", 300),
            Retry::secs(INVALID, "The provided execution role does not have permissions", 300),
            Retry::secs(INVALID, "because the KMS key is invalid for CreateGrant", 300),
            Retry::secs(INVALID, "throttled by EC2", 840),
            // Whatever it says: somebody else changes it at this moment. `create` makes an end of its own of a name that is taken.
            Retry::secs(CONFLICT, "", 300),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: FUNCTION,
            // Without ListTags, GetFunction leaves out the tags.
            read: &[
                Permit::on(&["lambda:GetFunction", "lambda:GetFunctionEventInvokeConfig"], &[FUNCTION]),
                Permit::on(&["lambda:ListTags"], &[FUNCTION]).along("GetFunction answers the tags"),
            ],
            create: &[
                Permit::on(&["lambda:CreateFunction"], &[FUNCTION]),
                Permit::on(&["lambda:TagResource"], &[FUNCTION]).along("CreateFunction tags the function"),
                PASSED,
                NETWORK,
            ],
            update: &[
                Permit::on(
                    &[
                        "lambda:GetFunctionConfiguration",
                        "lambda:UpdateFunctionCode",
                        "lambda:UpdateFunctionConfiguration",
                        "lambda:PutFunctionConcurrency",
                        "lambda:DeleteFunctionConcurrency",
                        "lambda:PutFunctionEventInvokeConfig",
                        "lambda:TagResource",
                        "lambda:UntagResource",
                    ],
                    &[FUNCTION],
                ),
                PASSED,
                NETWORK,
            ],
            delete: &[Permit::on(&["lambda:DeleteFunction"], &[FUNCTION])],
        },
        ..Profile::INSTANT
    };
    // Its code is built from the stack.
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// A second CreateFunction has been seen to take the tags off the function that is there, ours or another's (aws-sdk-js 2860):
    /// so it is looked for first, and the SDK does not make the call again of itself.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        if get(ctx.cloud, &name).await?.is_some() {
            return claimed(ctx, inputs).await;
        }
        match calls::create(ctx, inputs).await {
            // Somebody made it in between.
            Err(error) if error.is(&[CONFLICT]) && error.to_string().contains("already exist") => {
                claimed(ctx, inputs).await
            }
            other => other.map(|()| Id(name)),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let name = inputs.name.clone().unwrap_or_default();
        let Some(found) = get(cloud, &name).await? else { return Ok(None) };
        Ok(owner.owns(&all_tags(&found)).then_some(Id(name)))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    /// Lambda takes one change at a time and refuses the next until the function is ready again, so a call changes
    /// the configuration or else the code; the engine comes back for the other.
    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let Change { before, after } = change;
        // These are instant, and must come while nothing else is in progress.
        calls::settings(cloud, id, before, after).await?;
        if calls::grant_is_of_another_role(before, after) {
            // Variables that a function has not had need a new grant; the engine comes back with them.
            let none = Inputs { environment: Some(BTreeMap::new()), ..before.clone() };
            calls::configure(cloud, id, before, &none).await
        } else if calls::configuration_differs(before, after) {
            calls::configure(cloud, id, before, after).await
        } else if calls::code_differs(before, after) {
            calls::upload(cloud, id, after).await
        } else if !calls::settings_differ(before, after) {
            // Nothing differs: Lambda gave the last change up, and shows it all the same.
            calls::configure(cloud, id, &Inputs::unknown(after), after).await
        } else {
            Ok(())
        }
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.lambda().delete_function().function_name(&id.0);
        call.send().await.map_err(aws("lambda:DeleteFunction")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &serde_json::Value) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// The function, if this very create made it.
async fn claimed(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
    let name = inputs.name.as_deref().unwrap_or_default();
    let earlier = LambdaFunction::find(ctx.cloud, ctx.owner, inputs).await?;
    earlier.ok_or_else(|| taken(&format!("a Lambda function named {name}"), "name"))
}

async fn get(cloud: &Cloud, name: &str) -> Result<Option<GetFunctionOutput>> {
    let call = cloud.lambda().get_function().function_name(name);
    let found = call.send().await.map_err(aws("lambda:GetFunction")).gone(GONE)?;
    // A missing right to read tags must not look like a function without tags.
    match found.as_ref().and_then(|found| found.tags_error()) {
        Some(error) => Err(crate::error::Error::Refused(format!(
            "AWS did not return the tags of the function {name}: {} ({})",
            error.message(),
            error.error_code()
        ))),
        None => Ok(found),
    }
}

fn all_tags(found: &GetFunctionOutput) -> BTreeMap<String, String> {
    found.tags().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<LambdaFunction>>> {
    let call = cloud.lambda().get_function_event_invoke_config().function_name(&id.0);
    let (found, invocations) = futures::join!(get(cloud, &id.0), call.send());
    let Some(found) = found? else { return Ok(None) };
    let invocations = invocations.map_err(aws("lambda:GetFunctionEventInvokeConfig")).gone(GONE)?;
    let tags = tags::read(&all_tags(&found));
    let concurrency = found.concurrency().and_then(|limit| limit.reserved_concurrent_executions());
    let Some(configuration) = found.configuration else { return Ok(None) };
    let status = status(&configuration);
    let outputs = Outputs::of(cloud, &id.0, &configuration);
    let mut inputs = Inputs::of(id.0, &configuration);
    inputs.tags = tags;
    inputs.reserved_concurrency = concurrency.and_then(|limit| u32::try_from(limit).ok());
    if let Some(invocations) = invocations {
        let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
        inputs.max_retries = number(invocations.maximum_retry_attempts).unwrap_or(inputs.max_retries);
        inputs.max_event_age = number(invocations.maximum_event_age_in_seconds).unwrap_or(inputs.max_event_age);
    }
    Ok(Some(Live { inputs, outputs, status }))
}

/// A function is ready when it can run and its last change is through. `Inactive` is ready too: idle for weeks, it wakes
/// at the next invocation.
fn status(configuration: &FunctionConfiguration) -> Status {
    let reason = |code: Option<&str>, text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty()).unwrap_or("AWS gives no reason");
        code.filter(|code| !code.is_empty()).map_or(text.to_owned(), |code| format!("{code}: {text}"))
    };
    let reason_code = configuration.state_reason_code().map(|code| code.as_str());
    match configuration.state() {
        // "You must delete it and make it anew": Lambda's guide, "Lambda function states".
        Some(State::Failed) => return Status::Lost(reason(reason_code, configuration.state_reason())),
        None | Some(State::Active | State::Inactive | State::ActiveNonInvocable) => {}
        Some(other) => return Status::Pending(other.as_str().to_owned()),
    }
    match configuration.last_update_status() {
        None | Some(LastUpdateStatus::Successful) => {}
        Some(LastUpdateStatus::InProgress) => return Status::Pending("update in progress".to_owned()),
        Some(LastUpdateStatus::Failed) => {
            let code = configuration.last_update_status_reason_code().map(|code| code.as_str());
            return Status::undone(
                reason(code, configuration.last_update_status_reason()),
                "it runs on as it was before its last change: mend the cause, and apply again",
            );
        }
        Some(other) => return Status::Pending(other.as_str().to_owned()),
    }
    match configuration.environment().and_then(|environment| environment.error()) {
        Some(error) => Status::ailing(
            format!("its environment variables cannot be read: {}", reason(error.error_code(), error.message())),
            "let whoever runs this decrypt with their KMS key (kms:Decrypt), or enable the key; until then they count as \
             they were last written",
        ),
        None => Status::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{EnvironmentError, EnvironmentResponse, LastUpdateStatusReasonCode, StateReasonCode};

    #[test]
    fn the_status_carries_the_reason_of_aws() {
        let of = |state: State| FunctionConfiguration::builder().state(state);
        assert_eq!(status(&of(State::Pending).build()), Status::Pending("Pending".to_owned()));
        assert_eq!(status(&of(State::Inactive).build()), Status::Ready);
        let failed = of(State::Failed)
            .state_reason("no free addresses")
            .state_reason_code(StateReasonCode::SubnetOutOfIpAddresses);
        let reason = "SubnetOutOfIPAddresses: no free addresses";
        assert_eq!(status(&failed.build()), Status::Lost(reason.to_owned()));
        let active = of(State::Active);
        let updating = active.clone().last_update_status(LastUpdateStatus::InProgress).build();
        assert_eq!(status(&updating), Status::Pending("update in progress".to_owned()));
        let failed = active
            .clone()
            .last_update_status(LastUpdateStatus::Failed)
            .last_update_status_reason_code(LastUpdateStatusReasonCode::EniLimitExceeded)
            .build();
        let ailment = status(&failed).ailment().cloned().unwrap();
        assert!(ailment.undone && ailment.what == "EniLimitExceeded: AWS gives no reason", "{ailment}");
        let deleting = Status::Pending(State::Deleting.as_str().to_owned());
        assert!(deleting.is_leaving() && status(&of(State::Deleting).build()) == deleting);
        assert_eq!(status(&of(State::from("Tomorrow")).build()), Status::Pending("Tomorrow".to_owned()));
        let unread = EnvironmentResponse::builder()
            .error(EnvironmentError::builder().error_code("AccessDeniedException").message("no key").build())
            .build();
        let unread = active.clone().environment(unread).build();
        assert!(status(&unread).ailment().is_some_and(|ailment| !ailment.undone));
        assert_eq!(Inputs::of("f".to_owned(), &unread).environment, None);
        assert_eq!(status(&active.last_update_status(LastUpdateStatus::Successful).build()), Status::Ready);
    }
}
