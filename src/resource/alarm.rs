//! `[alarm.NAME]`: a CloudWatch alarm on one metric.

mod rules;

use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, READS_AT_ONCE, Resource, Retry, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, tags};
use crate::error::Result;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, MetricAlarm as Found, StandardUnit, Statistic, Tag,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct Alarm;

/// A CloudWatch alarm: compares one metric with a threshold and calls its actions when that turns out otherwise than
/// before.
///
/// What an alarm by metric math, of another account's metrics or of several alarms needs has no place here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the alarm; from stack and address when unset.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^[^\x00-\x1f\x7f]+$"),
        extend("x-replace" = true, "x-name" = {"max": 255}, "examples" = ["loans-rejects"])
    )]
    pub name: Option<String>,
    /// What it means and what to do about it, for whoever is woken by it.
    #[schemars(length(min = 1, max = 1024))]
    pub description: Option<String>,
    /// Namespace of the metric: `AWS/SQS`, or that of a program's own metrics.
    #[schemars(length(min = 1, max = 255))]
    pub namespace: String,
    /// Name of the metric, such as `ApproximateNumberOfMessagesVisible`.
    #[schemars(length(min = 1, max = 255))]
    pub metric: String,
    /// Which of the metrics of that name: all the dimensions that it was written with, such as
    /// `{ QueueName = "${queue.failed.name}" }`.
    #[serde(default)]
    #[schemars(length(max = 30))]
    pub dimensions: BTreeMap<String, String>,
    /// What becomes of the values of a period: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, or a percentile
    /// (`p99`), trimmed mean (`tm95`) and the like in CloudWatch's spelling.
    #[serde(default = "average")]
    #[schemars(
        regex(pattern = r"^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|tc|ts|wm)\d{1,3}(\.\d{1,10})?|(PR|TM|TC|TS|WM)\(.+\))$"),
        extend("examples" = ["Sum", "Average", "p99"])
    )]
    pub statistic: String,
    /// Seconds of a period: 10, 20, 30 or a multiple of 60. Below 60 only for metrics of high resolution.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 10, max = 604_800))]
    pub period: u32,
    /// How many of the latest periods are looked at. All of them together are a day at most, and seven days where a
    /// period is an hour or longer.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10_080))]
    pub evaluation_periods: u32,
    /// How many of these periods must be beyond the threshold; all of them when unset.
    #[schemars(range(min = 1, max = 10_080))]
    pub datapoints_to_alarm: Option<u32>,
    /// What the statistic is compared with.
    pub threshold: f64,
    /// When a period is beyond the threshold, in the words of CloudWatch.
    #[schemars(extend("enum" = ["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold",
        "LessThanOrEqualToThreshold"]))]
    pub comparison: String,
    /// Takes only values that were written with this unit, such as `Count` or `Seconds`; all of them when unset.
    #[schemars(extend("enum" = ["Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes",
        "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count",
        "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
        "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second",
        "None", null]))]
    pub unit: Option<String>,
    /// What a period without any value counts as: `missing` (the alarm has too little data), `breaching`, `notBreaching`,
    /// or `ignore` (the alarm stays as it is).
    #[serde(default = "missing")]
    #[schemars(extend("enum" = ["missing", "breaching", "notBreaching", "ignore"]))]
    pub treat_missing_data: String,
    /// Calls the actions; false silences the alarm.
    #[serde(default = "yes")]
    pub actions_enabled: bool,
    /// ARNs of what to call when it goes off, such as an SNS topic.
    #[serde(default)]
    #[schemars(length(max = 5), inner(regex(pattern = r"^arn:")), extend("x-set" = true))]
    pub alarm_actions: Vec<String>,
    /// ARNs of what to call when all is well again.
    #[serde(default)]
    #[schemars(length(max = 5), inner(regex(pattern = r"^arn:")), extend("x-set" = true))]
    pub ok_actions: Vec<String>,
    /// ARNs of what to call when there is too little data to tell.
    #[serde(default)]
    #[schemars(length(max = 5), inner(regex(pattern = r"^arn:")), extend("x-set" = true))]
    pub insufficient_data_actions: Vec<String>,
    /// Tags of the alarm.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn average() -> String {
    "Average".to_owned()
}
fn five_minutes() -> u32 {
    300
}
fn one() -> u32 {
    1
}
fn missing() -> String {
    "missing".to_owned()
}
fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
}

/// The code is `ResourceNotFound` for alarms and `ResourceNotFoundException` for their tags.
const GONE: &[&str] = &["ResourceNotFound", "ResourceNotFoundException"];
/// As many names as DescribeAlarms takes. Unasked it answers with half of them.
const NAMES: usize = 100;

const ALARM: &str = "cloudwatch:{region}:{account}:alarm:{name}";

impl Resource for Alarm {
    const KIND: &'static str = "alarm";
    const PROFILE: Profile = Profile {
        // Written is not read everywhere at once.
        create: Wait::secs(0, 1, 2, 120),
        update: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 1, 2, 120),
        gone: GONE,
        retries: &[
            Retry::secs("ConcurrentModificationException", "", 60),
            Retry::secs("ResourceConflict", "", 60),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: ALARM,
            read: &[Permit::on(&["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"], &[ALARM])],
            create: &[
                Permit::on(&["cloudwatch:PutMetricAlarm"], &[ALARM]),
                Permit::on(&["cloudwatch:TagResource"], &[ALARM]).along("PutMetricAlarm tags the alarm"),
            ],
            update: &[Permit::on(
                &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
                &[ALARM],
            )],
            delete: &[Permit::on(&["cloudwatch:DeleteAlarms"], &[ALARM])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// PutMetricAlarm overwrites whatever has the name, so somebody looks first.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        if let Some(there) = list(ctx.cloud, &[Id(name.clone())]).await?.pop() {
            // The answer to an earlier attempt may have been lost on the way.
            let all = all_tags(ctx.cloud, there.alarm_arn().unwrap_or_default()).await?.unwrap_or_default();
            return if ctx.owner.owns(&all) { Ok(Id(name)) } else { Err(taken(&format!("an alarm named {name}"), "name")) };
        }
        put(ctx.cloud, &name, inputs, Some(cloudwatch_tags(ctx.tags(&inputs.tags)))).await?;
        Ok(Id(name))
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.name.clone().unwrap_or_default());
        let Some(there) = list(cloud, std::slice::from_ref(&id)).await?.pop() else { return Ok(None) };
        let all = all_tags(cloud, there.alarm_arn().unwrap_or_default()).await?;
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let reads: Vec<_> = list(cloud, ids).await?.into_iter().map(|found| with_tags(cloud, found)).collect();
        let lives: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        Ok(lives.into_iter().flatten().collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        if untagged(before) != untagged(after) {
            // CloudWatch takes tags with a new alarm only.
            put(cloud, &id.0, after, None).await?;
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if removed.is_empty() && set.is_empty() {
            return Ok(());
        }
        let Some(there) = list(cloud, std::slice::from_ref(id)).await?.pop() else { return Ok(()) };
        let arn = there.alarm_arn().unwrap_or_default();
        if !removed.is_empty() {
            let call = cloud.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(removed));
            call.send().await.map_err(aws("cloudwatch:UntagResource"))?;
        }
        if !set.is_empty() {
            let call = cloud.cloudwatch().tag_resource().resource_arn(arn);
            call.set_tags(Some(cloudwatch_tags(set)))
                .send()
                .await
                .map_err(aws("cloudwatch:TagResource"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.cloudwatch().delete_alarms().alarm_names(&id.0);
        call.send().await.map_err(aws("cloudwatch:DeleteAlarms")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &serde_json::Value) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

fn untagged(inputs: &Inputs) -> Inputs {
    Inputs { tags: BTreeMap::new(), ..inputs.clone() }
}

/// Writes the whole alarm: what is left out of the call is reset.
async fn put(cloud: &Cloud, name: &str, inputs: &Inputs, tags: Option<Vec<Tag>>) -> Result<()> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let plain = Statistic::from(inputs.statistic.as_str());
    let plain = Statistic::values().contains(&plain.as_str()).then_some(plain);
    let extended = plain.is_none().then(|| inputs.statistic.clone());
    let dimensions = inputs.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let call = cloud
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(name)
        .set_alarm_description(inputs.description.clone())
        .namespace(&inputs.namespace)
        .metric_name(&inputs.metric)
        .set_dimensions(Some(dimensions.collect()))
        .set_statistic(plain)
        .set_extended_statistic(extended)
        .period(number(inputs.period))
        .evaluation_periods(number(inputs.evaluation_periods))
        .set_datapoints_to_alarm(inputs.datapoints_to_alarm.map(number))
        .threshold(inputs.threshold)
        .comparison_operator(ComparisonOperator::from(inputs.comparison.as_str()))
        .set_unit(inputs.unit.as_deref().map(StandardUnit::from))
        .treat_missing_data(&inputs.treat_missing_data)
        .actions_enabled(inputs.actions_enabled)
        .set_alarm_actions(some(&inputs.alarm_actions))
        .set_ok_actions(some(&inputs.ok_actions))
        .set_insufficient_data_actions(some(&inputs.insufficient_data_actions))
        .set_tags(tags);
    call.send().await.map_err(aws("cloudwatch:PutMetricAlarm"))?;
    Ok(())
}

/// Those that exist, in as few calls as CloudWatch allows.
async fn list(cloud: &Cloud, ids: &[Id]) -> Result<Vec<Found>> {
    let mut found = vec![];
    for ids in ids.chunks(NAMES) {
        let names = ids.iter().map(|id| id.0.clone()).collect();
        let call = cloud.cloudwatch().describe_alarms().set_alarm_names(Some(names));
        let call = call.alarm_types(AlarmType::MetricAlarm).max_records(i32::try_from(ids.len()).unwrap_or(i32::MAX));
        let answer = call.send().await.map_err(aws("cloudwatch:DescribeAlarms"))?;
        found.extend(answer.metric_alarms.unwrap_or_default());
    }
    Ok(found)
}

async fn all_tags(cloud: &Cloud, arn: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.cloudwatch().list_tags_for_resource().resource_arn(arn);
    let found = call.send().await.map_err(aws("cloudwatch:ListTagsForResource")).gone(GONE)?;
    let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    Ok(found.map(|found| found.tags.unwrap_or_default().into_iter().map(pair).collect()))
}

fn cloudwatch_tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// None where it went between the two calls.
async fn with_tags(cloud: &Cloud, found: Found) -> Result<Option<(Id, Live<Alarm>)>> {
    let all = all_tags(cloud, found.alarm_arn().unwrap_or_default()).await?;
    Ok(all.map(|all| (Id(found.alarm_name().unwrap_or_default().to_owned()), live(found, &all))))
}

fn live(found: Found, all: &BTreeMap<String, String>) -> Live<Alarm> {
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let plain = found.statistic.map(|statistic| statistic.as_str().to_owned());
    let pair = |dimension: Dimension| {
        (dimension.name.unwrap_or_default(), dimension.value.unwrap_or_default())
    };
    let name = found.alarm_name.unwrap_or_default();
    let inputs = Inputs {
        name: Some(name.clone()),
        description: some(found.alarm_description),
        namespace: found.namespace.unwrap_or_default(),
        metric: found.metric_name.unwrap_or_default(),
        dimensions: found.dimensions.unwrap_or_default().into_iter().map(pair).collect(),
        // An alarm has one of the two; MiniStack answers a percentile's with a made-up plain one besides.
        statistic: some(found.extended_statistic).or(plain).unwrap_or_default(),
        period: number(found.period).unwrap_or_default(),
        evaluation_periods: number(found.evaluation_periods).unwrap_or_else(one),
        datapoints_to_alarm: number(found.datapoints_to_alarm),
        threshold: found.threshold.unwrap_or_default(),
        comparison: found.comparison_operator.map(|how| how.as_str().to_owned()).unwrap_or_default(),
        unit: found.unit.map(|unit| unit.as_str().to_owned()),
        treat_missing_data: some(found.treat_missing_data).unwrap_or_else(missing),
        actions_enabled: found.actions_enabled.unwrap_or(true),
        alarm_actions: found.alarm_actions.unwrap_or_default(),
        ok_actions: found.ok_actions.unwrap_or_default(),
        insufficient_data_actions: found.insufficient_data_actions.unwrap_or_default(),
        tags: tags::read(all),
    };
    Live { inputs, outputs: Outputs { arn: found.alarm_arn.unwrap_or_default(), name }, status: Status::Ready }
}
