//! `[schedule.NAME]`: EventBridge Scheduler does something at set times.

mod rules;

use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws, built, naming};
use crate::error::{Error, Result};
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::primitives::{DateTime, DateTimeFormat};
use aws_sdk_scheduler::types::{
    DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, ScheduleState, Target,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

pub struct Schedule;

/// Does something at set times: calls a function, sends to a queue, or calls any AWS API (`target`).
///
/// A schedule has no tags that could say whose it is, so its name does: it is made from stack, address and the apply that
/// created it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// When: `rate(1 hour)`, `cron(MINUTE HOUR DAY MONTH WEEKDAY YEAR)` with `?` for one of the two sorts of days, or once,
    /// `at(2027-01-31T06:00:00)`, after which the schedule stays and does nothing.
    #[schemars(
        length(max = 256),
        regex(pattern = r"^(rate\([1-9][0-9]* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)|at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\))$"),
        extend("examples" = ["cron(0 6 * * ? *)"])
    )]
    pub expression: String,
    /// Time zone of `expression`, such as `Europe/Berlin`; summer time is minded.
    #[serde(default = "utc")]
    #[schemars(length(min = 1, max = 50))]
    pub timezone: String,
    /// Minutes within which it may start, so that not everything starts at the same moment. Unset: at the minute.
    #[schemars(range(min = 1, max = 1440))]
    pub flexible_window: Option<u32>,
    /// ARN of what is called: a function, a queue, or an operation of any service as in
    /// `arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob`, with its parameters in `input`.
    #[schemars(
        length(max = 1600),
        regex(pattern = r"^arn:"),
        extend("x-ref" = ["lambda_function.arn", "queue.arn"])
    )]
    pub target: String,
    /// ARN of the role that is assumed (by `scheduler.amazonaws.com`) to call the target.
    #[schemars(extend("x-ref" = "iam_role.arn"))]
    pub role: String,
    /// What the target is called with: a table, sent as JSON. In its texts `<aws.scheduler.scheduled-time>`,
    /// `<aws.scheduler.execution-id>` and the like are filled in. It is shown and stored as it is: no secrets.
    pub input: Option<BTreeMap<String, Json>>,
    /// How often a call that failed is made again before it goes to `dead_letter`.
    #[serde(default = "max_retries")]
    #[schemars(range(min = 0, max = 185))]
    pub max_retries: u32,
    /// Seconds for which it is made again.
    #[serde(default = "max_event_age")]
    #[schemars(range(min = 60, max = 86_400))]
    pub max_event_age: u32,
    /// ARN of the queue that takes what could not be delivered. The role must be allowed to send to it.
    #[schemars(extend("x-ref" = "queue.arn"))]
    pub dead_letter: Option<String>,
    /// False stops it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Not before this moment, in UTC. Once it has passed AWS may forget it.
    #[schemars(
        regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
        extend("x-silent" = true, "examples" = ["2027-01-01T00:00:00Z"])
    )]
    pub start: Option<String>,
    /// Not after this moment, in UTC.
    #[schemars(
        regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
        extend("examples" = ["2027-12-31T00:00:00Z"])
    )]
    pub end: Option<String>,
    /// ARN of the KMS key that encrypts it; AWS's own when unset.
    #[schemars(regex(pattern = r"^arn:"), extend("x-key" = true))]
    pub kms_key: Option<String>,
    /// What it is for.
    #[schemars(length(min = 1, max = 512))]
    pub description: Option<String>,
    /// Name of a schedule group that is there already.
    #[serde(default = "group")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[0-9A-Za-z_.-]+$"), extend("x-replace" = true))]
    pub group: String,
}

fn utc() -> String {
    "UTC".to_owned()
}
fn max_retries() -> u32 {
    185
}
fn max_event_age() -> u32 {
    86_400
}
fn yes() -> bool {
    true
}
fn group() -> String {
    "default".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
}

const GONE: &[&str] = &["ResourceNotFoundException"];

/// Names begin with that of the stack.
const SCHEDULE: &str = "scheduler:{region}:{account}:schedule/{group}/{stack}-*";
const PASSED: Permit = Permit::on(&["iam:PassRole"], &["={role}"])
    .when(When::PassedTo("scheduler.amazonaws.com"))
    .along("EventBridge Scheduler takes the role of the schedule");

impl Resource for Schedule {
    const KIND: &'static str = "schedule";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 120),
        update: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 1, 2, 120),
        gone: GONE,
        retries: &[
            Retry::secs("ValidationException", "must allow AWS EventBridge Scheduler to assume the role", 120),
            Retry::secs("ConflictException", "", 60),
        ],
        actions: Actions {
            arn: SCHEDULE,
            read: &[
                Permit::on(&["scheduler:GetSchedule"], &[SCHEDULE]),
                // It knows no narrower resource.
                Permit::on(&["scheduler:ListSchedules"], &["*"]),
            ],
            create: &[Permit::on(&["scheduler:CreateSchedule"], &[SCHEDULE]), PASSED],
            update: &[Permit::on(&["scheduler:UpdateSchedule"], &[SCHEDULE]), PASSED],
            delete: &[Permit::on(&["scheduler:DeleteSchedule"], &[SCHEDULE])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let place = Place::of(ctx.cloud, ctx.owner, inputs);
        let call = ctx
            .cloud
            .scheduler()
            .create_schedule()
            .name(&place.name)
            .group_name(&place.group)
            .client_token(ctx.token())
            .schedule_expression(&inputs.expression)
            .schedule_expression_timezone(&inputs.timezone)
            .flexible_time_window(window(inputs)?)
            .target(target(inputs)?)
            .state(state(inputs))
            .set_end_date(moment(inputs.end.as_deref())?)
            .set_kms_key_arn(inputs.kms_key.clone())
            .set_description(inputs.description.clone());
        let made = beginning(inputs, |start| {
            let call = call.clone().set_start_date(start);
            async move { call.send().await.map_err(aws("scheduler:CreateSchedule")) }
        });
        match made.await {
            // The answer to an earlier attempt was lost on the way: nobody else makes this name. Or its group is on its way out.
            Err(error) if error.is(&["ConflictException"]) => {
                read_one(ctx.cloud, place.id()).await?.map(|_| place.id()).ok_or(error)
            }
            other => other.map(|_| place.id()),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        if owner.intent.is_empty() {
            return owner.only(list(cloud, &inputs.group, &Place::prefix(cloud, owner)).await?);
        }
        let id = Place::of(cloud, owner, inputs).id();
        Ok(read_one(cloud, id.clone()).await?.map(|_| id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    /// The whole schedule: what is left out of the call is reset.
    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (place, inputs) = (Place::parse(id)?, change.after);
        let call = cloud
            .scheduler()
            .update_schedule()
            .name(&place.name)
            .group_name(&place.group)
            .schedule_expression(&inputs.expression)
            .schedule_expression_timezone(&inputs.timezone)
            .flexible_time_window(window(inputs)?)
            .target(target(inputs)?)
            .state(state(inputs))
            .set_end_date(moment(inputs.end.as_deref())?)
            .set_kms_key_arn(inputs.kms_key.clone())
            .set_description(inputs.description.clone());
        let changed = beginning(inputs, |start| {
            let call = call.clone().set_start_date(start);
            async move { call.send().await.map_err(aws("scheduler:UpdateSchedule")) }
        });
        changed.await.map(drop)
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let place = Place::parse(id)?;
        let call = cloud.scheduler().delete_schedule().name(&place.name).group_name(&place.group);
        call.send().await.map_err(aws("scheduler:DeleteSchedule")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// `GROUP/NAME`, the id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    group: String,
    name: String,
}

impl Place {
    /// Made from stack and address, which people read, and from the intent, so that what another create made at this
    /// address is never taken for ours.
    fn of(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Self {
        let intent = hex::encode(&Sha256::digest(&owner.intent)[..3]);
        Self { group: inputs.group.clone(), name: format!("{}{intent}", Self::prefix(cloud, owner)) }
    }

    /// How the names of this address begin, whichever create made them. Six characters are left of the 64.
    fn prefix(cloud: &Cloud, owner: &Owner) -> String {
        let scope = Some((cloud.account.as_str(), cloud.region.as_str()));
        format!("{}-", naming::physical(&owner.stack, &owner.address, 57, scope))
    }

    fn id(&self) -> Id {
        Id(format!("{}/{}", self.group, self.name))
    }

    fn parse(id: &Id) -> Result<Self> {
        match id.0.split_once('/') {
            Some((group, name)) if !name.is_empty() && !name.contains('/') => {
                Ok(Self { group: group.to_owned(), name: name.to_owned() })
            }
            _ => Err(Error::Refused(format!("`{id}` is no id of a schedule: write GROUP/NAME"))),
        }
    }
}

/// Ids of the schedules of a group whose names begin with `prefix`; none of a group that is not there.
async fn list(cloud: &Cloud, group: &str, prefix: &str) -> Result<Vec<String>> {
    let call = cloud.scheduler().list_schedules().group_name(group).name_prefix(prefix);
    let pages = call.into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>().await;
    let found = pages.map_err(aws("scheduler:ListSchedules")).gone(GONE)?.unwrap_or_default();
    // Not every emulator minds the prefix.
    let names = found.into_iter().filter_map(|schedule| schedule.name).filter(|name| name.starts_with(prefix));
    Ok(names.map(|name| Place { group: group.to_owned(), name }.id().0).collect())
}

fn window(inputs: &Inputs) -> Result<FlexibleTimeWindow> {
    let mode =
        inputs.flexible_window.map_or(FlexibleTimeWindowMode::Off, |_| FlexibleTimeWindowMode::Flexible);
    let minutes = inputs.flexible_window.map(u32::cast_signed);
    built(FlexibleTimeWindow::builder().mode(mode).set_maximum_window_in_minutes(minutes).build())
}

fn target(inputs: &Inputs) -> Result<Target> {
    let retries = RetryPolicy::builder()
        .maximum_retry_attempts(inputs.max_retries.cast_signed())
        .maximum_event_age_in_seconds(inputs.max_event_age.cast_signed());
    let letters = inputs.dead_letter.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build());
    let input = inputs.input.as_ref().map(serde_json::to_string).transpose();
    let input = input.map_err(|source| Error::Inputs { kind: Schedule::KIND, source })?;
    let target = Target::builder()
        .arn(&inputs.target)
        .role_arn(&inputs.role)
        .set_input(input)
        .retry_policy(retries.build())
        .set_dead_letter_config(letters);
    built(target.build())
}

fn state(inputs: &Inputs) -> ScheduleState {
    if inputs.enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
}

fn moment(text: Option<&str>) -> Result<Option<DateTime>> {
    let parsed = text.map(|text| {
        let wrong = |error| Error::Refused(format!("`{text}` is no moment such as 2027-01-01T00:00:00Z: {error}"));
        DateTime::from_str(text, DateTimeFormat::DateTime).map_err(wrong)
    });
    parsed.transpose()
}

/// Makes the call with the start, and without it where AWS takes none that has passed: then it says nothing any more. But the hour
/// of a rate is counted from it.
async fn beginning<T, F>(inputs: &Inputs, call: impl Fn(Option<DateTime>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let start = moment(inputs.start.as_deref())?;
    let has_passed = |error: &Error| {
        let said = error.to_string();
        start.is_some() && error.is(&["ValidationException"]) && said.contains("StartDate") && said.contains("earlier")
    };
    match call(start).await {
        Err(error) if has_passed(&error) && inputs.expression.starts_with("rate(") => Err(Error::Refused(format!(
            "AWS takes no `start` that has passed, and without it {} would be counted from now: set `start` to a moment that \
             is still to come, or write the hours as cron(…) ({error})",
            inputs.expression
        ))),
        Err(error) if has_passed(&error) => call(None).await,
        other => other,
    }
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<Schedule>>> {
    let place = Place::parse(&id)?;
    let call = cloud.scheduler().get_schedule().name(&place.name).group_name(&place.group);
    let found = call.send().await.map_err(aws("scheduler:GetSchedule")).gone(GONE)?;
    Ok(found.map(|found| live(found, place)))
}

fn live(found: GetScheduleOutput, place: Place) -> Live<Schedule> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let text = |moment: Option<DateTime>| moment.and_then(|moment| moment.fmt(DateTimeFormat::DateTime).ok());
    let window = found.flexible_time_window.filter(|window| window.mode == FlexibleTimeWindowMode::Flexible);
    let (mut arn, mut role, mut input, mut retries, mut letters) = (String::new(), String::new(), None, None, None);
    if let Some(target) = found.target {
        (arn, role, input) = (target.arn, target.role_arn, target.input);
        (retries, letters) = (target.retry_policy, target.dead_letter_config);
    }
    let inputs = Inputs {
        expression: found.schedule_expression.unwrap_or_default(),
        timezone: some(found.schedule_expression_timezone).unwrap_or_else(utc),
        flexible_window: window.and_then(|window| number(window.maximum_window_in_minutes)),
        target: arn,
        role,
        input: some(input).map(parsed),
        max_retries: number(retries.as_ref().and_then(|r| r.maximum_retry_attempts)).unwrap_or_else(max_retries),
        max_event_age: number(retries.as_ref().and_then(|r| r.maximum_event_age_in_seconds))
            .unwrap_or_else(max_event_age),
        dead_letter: letters.and_then(|letters| letters.arn),
        enabled: found.state.is_none_or(|state| state == ScheduleState::Enabled),
        start: text(found.start_date),
        end: text(found.end_date),
        kms_key: some(found.kms_key_arn),
        description: some(found.description),
        group: place.group,
    };
    Live { inputs, outputs: Outputs { arn: found.arn.unwrap_or_default(), name: place.name }, status: Status::Ready }
}

/// Whatever is no table was written by somebody else, and is shown as what it is.
fn parsed(text: String) -> BTreeMap<String, Json> {
    serde_json::from_str(&text).unwrap_or_else(|_| BTreeMap::from([("(text)".to_owned(), Json::String(text))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::cloud::http;

    #[test]
    fn names_fit_and_ids_lead_back() {
        let cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http());
        let address = Address::keyed("schedule", &"x".repeat(90), "a");
        let owner = Owner { intent: "i".to_owned(), ..Owner::any("loans", &address) };
        let place = Place { group: "g".to_owned(), name: format!("{}abcdef", Place::prefix(&cloud, &owner)) };
        assert!(place.name.len() <= 64, "{}", place.name);
        assert_eq!(Place::parse(&place.id()).unwrap(), place);
        for wrong in ["name", "a/b/c", "g/"] {
            assert!(Place::parse(&Id::from(wrong)).is_err(), "{wrong}");
        }
    }
}
