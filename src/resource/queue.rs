//! `[queue.NAME]`: an SQS queue.

use super::taken::{Taken, taken};
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit};
use crate::cloud::{Cloud, Gone, Remedy, aws, tags};
use crate::error::Result;
use crate::schema::policy;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};

pub struct Queue;

/// An SQS queue, encrypted with SQS's own keys unless told otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the queue; from stack and address when unset. Must end in `.fifo` if `fifo` is set.
    #[schemars(
        length(min = 1, max = 80),
        regex(pattern = r"^[A-Za-z0-9_-]+(\.fifo)?$"),
        extend("x-replace" = true, "x-name" = {"max": 80}, "examples" = ["loans-jobs"])
    )]
    pub name: Option<String>,
    /// Delivers in order, exactly once.
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub fifo: bool,
    /// Seconds that a received message stays hidden from other receivers.
    #[serde(default = "thirty")]
    #[schemars(range(min = 0, max = 43_200))]
    pub visibility_timeout: u32,
    /// Seconds that an unread message is kept.
    #[serde(default = "four_days")]
    #[schemars(range(min = 60, max = 1_209_600))]
    pub retention: u32,
    /// ARN of the queue that takes what could not be handled.
    #[schemars(extend("x-ref" = "queue.arn"))]
    pub dead_letter: Option<String>,
    /// How often a message is received before it goes to `dead_letter`.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_receives: u32,
    /// Resource policy.
    #[schemars(extend("x-policy" = true))]
    pub policy: Option<Json>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn thirty() -> u32 {
    30
}
fn four_days() -> u32 {
    345_600
}
fn five() -> u32 {
    5
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    /// As CloudWatch's dimension `QueueName` has it.
    pub name: String,
    pub url: String,
}

const GONE: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue"];

const QUEUE: &str = "sqs:{region}:{account}:{name}";

impl Resource for Queue {
    const KIND: &'static str = "queue";
    const PROFILE: Profile = Profile {
        // Attributes are answered old and new in turn for up to a minute, and a deleted queue shows as long. The counts are those
        // of Terraform's provider.
        create: Wait::secs(0, 1, 1, 300).equal(6, 5),
        update: Wait::secs(0, 1, 1, 300).equal(6, 5),
        delete: Wait::secs(0, 3, 15, 300),
        typical: Typical { create: 27, update: 27, delete: 60 },
        gone: GONE,
        retries: &[
            Retry::secs("AWS.SimpleQueueService.QueueDeletedRecently", "", 70),
            Retry::secs("InvalidAttributeValue", policy::TOO_NEW, 60),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: QUEUE,
            read: &[Permit::on(&["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ListQueueTags"], &[QUEUE])],
            create: &[
                Permit::on(&["sqs:CreateQueue"], &[QUEUE]),
                Permit::on(&["sqs:TagQueue"], &[QUEUE]).along("CreateQueue tags the queue"),
            ],
            update: &[Permit::on(&["sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"], &[QUEUE])],
            delete: &[Permit::on(&["sqs:DeleteQueue"], &[QUEUE])],
        },
    };
    const HOLDS: Holds = Holds::Data("its messages");
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// CreateQueue answers with a queue that is there already, if its attributes agree, as if it had made it. So it is looked
    /// for before; and the tags, which only a new one gets, say afterwards whether it was made.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        if let Some(url) = url(ctx.cloud, inputs).await? {
            return claimed(ctx, inputs, url).await;
        }
        let mut call = ctx.cloud.sqs().create_queue().set_queue_name(inputs.name.clone());
        if inputs.fifo {
            call = call.attributes(Name::FifoQueue, "true");
        }
        for (name, value) in attributes(inputs) {
            if !value.is_empty() {
                call = call.attributes(name, value);
            }
        }
        let tags = ctx.tags(&inputs.tags).into_iter().collect();
        let made = call.set_tags(Some(tags)).send().await.map_err(aws("sqs:CreateQueue"));
        let name = inputs.name.as_deref();
        // Somebody has made it in between, with other attributes or tags.
        let made = principals(inputs, made).taken(&["QueueAlreadyExists", "QueueNameExists"], "a queue", name, "name")?;
        claimed(ctx, inputs, made.queue_url.unwrap_or_default()).await
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let Some(url) = url(cloud, inputs).await? else { return Ok(None) };
        let all = all_tags(cloud, &url).await?;
        Ok(all.is_some_and(|tags| owner.owns(&tags)).then_some(Id(url)))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (attributes(change.before), attributes(change.after));
        let changed: HashMap<Name, String> =
            after.into_iter().filter(|(name, value)| before.get(name) != Some(value)).collect();
        if !changed.is_empty() {
            let call = cloud.sqs().set_queue_attributes().queue_url(&id.0).set_attributes(Some(changed));
            principals(change.after, call.send().await.map_err(aws("sqs:SetQueueAttributes")))?;
        }
        let (removed, set) = tags::changes(&change.before.tags, &change.after.tags);
        if !removed.is_empty() {
            let call = cloud.sqs().untag_queue().queue_url(&id.0).set_tag_keys(Some(removed));
            call.send().await.map_err(aws("sqs:UntagQueue"))?;
        }
        if !set.is_empty() {
            let call = cloud.sqs().tag_queue().queue_url(&id.0).set_tags(Some(set.into_iter().collect()));
            call.send().await.map_err(aws("sqs:TagQueue"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.sqs().delete_queue().queue_url(&id.0);
        call.send().await.map_err(aws("sqs:DeleteQueue")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        let mut complaints = vec![];
        let mut complain = |path: &str, text: String| complaints.push((path.to_owned(), text));
        let receives = inputs["max_receives"].as_u64();
        if inputs["dead_letter"].is_null() && receives.is_some_and(|receives| receives != u64::from(five())) {
            let text = "says when a message goes to `dead_letter`, and there is none: add `dead_letter = \"${queue.NAME.arn}\"`, \
                        or remove this";
            complain("max_receives", text.to_owned());
        }
        let name = inputs["name"].as_str();
        match (inputs["fifo"].as_bool(), name) {
            (Some(true), None) if inputs["name"].is_null() => {
                complain("fifo", "a FIFO queue needs a name of its own: add `name = \"….fifo\"`".to_owned())
            }
            (Some(true), Some(name)) if !name.ends_with(".fifo") => {
                complain("name", format!("the name of a FIFO queue ends in .fifo: write `{name}.fifo`"))
            }
            (Some(false), Some(name)) if name.ends_with(".fifo") => {
                complain("name", "only a FIFO queue is called so: add `fifo = true`, or take another name".to_owned())
            }
            _ => {}
        }
        complaints
    }
}

/// SQS says of every mistake in a policy the same. Only one that names somebody of IAM can be right all the same: who was made a
/// moment ago is not known to SQS yet.
fn principals<T>(inputs: &Inputs, answer: Result<T>) -> Result<T> {
    match answer {
        Err(error)
            if error.to_string().contains("parameter Policy")
                && inputs.policy.as_ref().is_some_and(policy::names_identities) =>
        {
            Err(error).remedy(&["InvalidAttributeValue"], policy::TOO_NEW)
        }
        other => other,
    }
}

/// The queue of that name.
async fn url(cloud: &Cloud, inputs: &Inputs) -> Result<Option<String>> {
    let call = cloud.sqs().get_queue_url().set_queue_name(inputs.name.clone());
    let found = call.send().await.map_err(aws("sqs:GetQueueUrl")).gone(GONE)?;
    Ok(found.and_then(|found| found.queue_url))
}

/// The queue, if this very create made it.
async fn claimed(ctx: &Create<'_>, inputs: &Inputs, url: String) -> Result<Id> {
    let all = all_tags(ctx.cloud, &url).await?.unwrap_or_default();
    if ctx.owner.owns(&all) {
        return Ok(Id(url));
    }
    let name = inputs.name.as_deref().unwrap_or_default();
    Err(taken(&format!("a queue named {name}"), "name"))
}

/// The attributes that can change, as SQS spells them; an empty string unsets.
fn attributes(inputs: &Inputs) -> HashMap<Name, String> {
    let redrive = inputs.dead_letter.as_ref().map(|arn| {
        json!({ "deadLetterTargetArn": arn, "maxReceiveCount": inputs.max_receives }).to_string()
    });
    HashMap::from([
        (Name::VisibilityTimeout, inputs.visibility_timeout.to_string()),
        (Name::MessageRetentionPeriod, inputs.retention.to_string()),
        (Name::RedrivePolicy, redrive.unwrap_or_default()),
        (Name::Policy, inputs.policy.as_ref().map(policy::text).unwrap_or_default()),
    ])
}

async fn all_tags(cloud: &Cloud, url: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.sqs().list_queue_tags().queue_url(url);
    let found = call.send().await.map_err(aws("sqs:ListQueueTags")).gone(GONE)?;
    Ok(found.map(|found| found.tags.unwrap_or_default().into_iter().collect()))
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<Queue>>> {
    let call = cloud.sqs().get_queue_attributes().queue_url(&id.0).attribute_names(Name::All);
    let found = call.send().await.map_err(aws("sqs:GetQueueAttributes")).gone(GONE)?;
    let (Some(found), Some(all)) = (found, all_tags(cloud, &id.0).await?) else { return Ok(None) };
    let attributes = found.attributes.unwrap_or_default();
    let text = |name: Name| attributes.get(&name).filter(|value| !value.is_empty()).cloned();
    let number = |name: Name, default: u32| text(name).and_then(|n| n.parse().ok()).unwrap_or(default);
    let redrive: Option<Json> = text(Name::RedrivePolicy).and_then(|json| serde_json::from_str(&json).ok());
    // Some emulators answer the count as a string.
    let receives = |value: &Json| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let inputs = Inputs {
        name: id.0.rsplit('/').next().map(str::to_owned),
        fifo: text(Name::FifoQueue).as_deref() == Some("true"),
        visibility_timeout: number(Name::VisibilityTimeout, thirty()),
        retention: number(Name::MessageRetentionPeriod, four_days()),
        dead_letter: redrive.as_ref().and_then(|r| Some(r["deadLetterTargetArn"].as_str()?.to_owned())),
        max_receives: redrive
            .as_ref()
            .and_then(|r| receives(&r["maxReceiveCount"]))
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(five()),
        policy: text(Name::Policy).as_deref().and_then(policy::parse),
        tags: tags::read(&all),
    };
    let name = inputs.name.clone().unwrap_or_default();
    let outputs = Outputs { arn: text(Name::QueueArn).unwrap_or_default(), name, url: id.0.clone() };
    Ok(Some(Live { inputs, outputs, status: Status::Ready }))
}
