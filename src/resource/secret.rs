//! `[secret.NAME]`: a secret in Secrets Manager. Its value never enters state, plan, journal or log.

mod written;

use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, Remedy, aws, tags};
use crate::error::Result;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput as Found;
use aws_sdk_secretsmanager::types::Tag;
use rand::{Rng, rngs::OsRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub struct Secret;

/// A secret in Secrets Manager, with a generated value, a given one, or none (somebody else puts it in).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the secret; from stack and address when unset.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[0-9A-Za-z/_+=.@-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 512}, "examples" = ["loans/database"])
    )]
    pub name: Option<String>,
    /// What it is for.
    #[schemars(length(min = 1, max = 2048))]
    pub description: Option<String>,
    /// ARN, id or alias of the KMS key that encrypts it, as one likes to spell it; `aws/secretsmanager` when unset.
    #[schemars(extend("x-key" = true))]
    pub kms_key: Option<String>,
    /// Days during which a deleted secret can be restored and its name is taken: 7 to 30, or 0 to delete at once and
    /// for ever.
    #[serde(default = "week")]
    #[schemars(range(min = 0, max = 30), extend("x-local" = true))]
    pub recovery_days: u32,
    /// How to make the value: at creation, and again whenever `rotate` changes. A change here alone makes no new value.
    #[schemars(extend("x-local" = true))]
    pub generate: Option<Generate>,
    /// Any text, such as a date; a change makes a new value by `generate`. Kept on the secret as a tag.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[0-9A-Za-z _.:/=+@-]+$"))]
    pub rotate: Option<String>,
    /// The value itself, mostly from a parameter of the stack; at most 64 KiB. Rather let it be generated.
    #[schemars(length(min = 1, max = 65_536), extend("x-sensitive" = true, "x-write-only" = true))]
    pub value: Option<Value>,
    /// Tags of the secret.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// How a value is made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// Characters of the value or password.
    #[serde(default = "length")]
    #[schemars(range(min = 8, max = 1024))]
    pub length: u16,
    /// Characters that must not come up, out of letters, digits and `-_.~` (which no URL, shell or database minds).
    #[serde(default)]
    pub exclude_characters: String,
    /// With it the secret is JSON, `{"username": …, "password": …}`, as databases want it; without it the bare value.
    #[schemars(length(min = 1))]
    pub username: Option<String>,
}

/// A secret value; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Value(String);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

fn week() -> u32 {
    7
}
fn length() -> u16 {
    32
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
    /// Of the current value; none while the secret has no value. An update may change it.
    #[schemars(extend("x-volatile" = ["rotate", "value"]))]
    pub version_id: Option<String>,
}

const GONE: &[&str] = &["ResourceNotFoundException"];
/// Where the marker is kept that made the current value.
const ROTATE: &str = "stackctl:rotate";
/// What stands in the state for a given value.
const DIGEST: &str = "$digest:";
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
const BLOCKED: &str = "a deleted secret of this name waits for its end: restore it with `aws secretsmanager \
     restore-secret` and take it over (docs/state.md says how), end it with `aws secretsmanager delete-secret --force-delete-without-recovery`, or \
     set another `name` (recovery_days = 0 avoids this in throw-away stacks)";

const NAME: &str = "secretsmanager:{region}:{account}:secret:{name}";
const SECRET: &str = "secretsmanager:{region}:{account}:secret:{name}-??????";
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>
const KEYED: Permit = Permit::on(&["kms:GenerateDataKey", "kms:Decrypt"], &["={kms_key}"])
    .given("kms_key")
    .when(When::Via("secretsmanager"))
    .along("Secrets Manager encrypts the value with that key");

impl Resource for Secret {
    const KIND: &'static str = "secret";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 2, 1, 120),
        typical: Typical { create: 3, update: 2, delete: 3 },
        gone: GONE,
        // A forced deletion takes some seconds behind the scenes.
        retries: &[
            Retry::secs("InvalidRequestException", "scheduled for deletion", 120),
            Retry::secs("InvalidRequestException", "was deleted", 120),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: SECRET,
            read: &[Permit::on(&["secretsmanager:DescribeSecret"], &[SECRET])],
            create: &[
                // AWS draws the last six characters, and this request does not have them yet.
                Permit::on(&["secretsmanager:CreateSecret"], &[NAME, SECRET]),
                Permit::on(&["secretsmanager:TagResource"], &[NAME, SECRET]).along("CreateSecret tags the secret"),
                KEYED,
            ],
            update: &[
                Permit::on(
                    &[
                        "secretsmanager:UpdateSecret",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:TagResource",
                        "secretsmanager:UntagResource",
                    ],
                    &[SECRET],
                ),
                KEYED,
            ],
            delete: &[Permit::on(&["secretsmanager:DeleteSecret"], &[SECRET])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Data("its value");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let mut all = ctx.tags(&inputs.tags);
        all.extend(inputs.rotate.iter().map(|marker| (ROTATE.to_owned(), marker.clone())));
        let call = ctx
            .cloud
            .secrets()
            .create_secret()
            .set_name(inputs.name.clone())
            .set_description(inputs.description.clone())
            .set_kms_key_id(inputs.kms_key.clone())
            .set_secret_string(value(inputs))
            .client_request_token(ctx.token())
            .set_tags(Some(secret_tags(all)));
        let made = call.send().await.map_err(aws("secretsmanager:CreateSecret"));
        match made.remedy(&["InvalidRequestException"], BLOCKED) {
            Ok(made) => Ok(Id(made.arn.unwrap_or_default())),
            // A generated value differs at every attempt, so the token alone does not make a repetition succeed.
            Err(error) if error.is(&["ResourceExistsException"]) => {
                let earlier = Self::find(ctx.cloud, ctx.owner, inputs).await?;
                let name = inputs.name.as_deref().unwrap_or_default();
                earlier.ok_or_else(|| taken(&format!("a secret named {name}"), "name"))
            }
            Err(error) => Err(error),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, &inputs.name.clone().unwrap_or_default()).await?;
        Ok(found.filter(|found| owner.owns(&all_tags(found))).and_then(|found| found.arn).map(Id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after, secrets) = (change.before, change.after, cloud.secrets());
        if (&before.description, &before.kms_key) != (&after.description, &after.kms_key) {
            // An empty string takes a description away and goes back to the key of Secrets Manager.
            let call = secrets
                .update_secret()
                .secret_id(&id.0)
                .description(after.description.clone().unwrap_or_default())
                .set_kms_key_id(
                    (before.kms_key != after.kms_key).then(|| after.kms_key.clone().unwrap_or_default()),
                );
            call.send().await.map_err(aws("secretsmanager:UpdateSecret"))?;
        }
        if let Some(value) = new_value(before, after) {
            let call = secrets.put_secret_value().secret_id(&id.0).secret_string(value);
            let made = call.send().await.map_err(aws("secretsmanager:PutSecretValue"))?;
            written::note(cloud, &id.0, made.version_id);
        }
        // The marker goes last: if the value did not get through, the next apply tries again.
        let (removed, set) = tags::changes(&with_marker(before), &with_marker(after));
        if !removed.is_empty() {
            let call = secrets.untag_resource().secret_id(&id.0).set_tag_keys(Some(removed));
            call.send().await.map_err(aws("secretsmanager:UntagResource"))?;
        }
        if !set.is_empty() {
            let call = secrets.tag_resource().secret_id(&id.0).set_tags(Some(secret_tags(set)));
            call.send().await.map_err(aws("secretsmanager:TagResource"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let call = cloud.secrets().delete_secret().secret_id(&id.0);
        let call = match live.inputs.recovery_days {
            0 => call.force_delete_without_recovery(true),
            days => call.recovery_window_in_days(days.into()),
        };
        match call.send().await.map_err(aws("secretsmanager:DeleteSecret")).gone(GONE) {
            // Scheduled for deletion already.
            Err(error) if error.is(&["InvalidRequestException"]) => match describe(cloud, &id.0).await? {
                None => Ok(()),
                Some(_) => Err(error),
            },
            other => other.map(|_| ()),
        }
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        let mut complaints = vec![];
        let mut complain = |path: &str, text: &str| complaints.push((path.to_owned(), text.to_owned()));
        let set = |name: &str| inputs.get(name).is_some_and(|value| !value.is_null());
        if set("generate") && set("value") {
            complain("value", "the value is generated already: remove `value` or `generate`");
        }
        if set("rotate") && !set("generate") {
            complain(
                "rotate",
                "makes a new value by `generate`, which is missing: add it, or remove `rotate`",
            );
        }
        if (1..7).contains(&inputs["recovery_days"].as_u64().unwrap_or(7)) {
            complain("recovery_days", "Secrets Manager takes 7 to 30 days, or 0 to delete at once");
        }
        let excluded = inputs["generate"]["exclude_characters"].as_str().unwrap_or_default();
        if alphabet(excluded).len() < 16 {
            complain(
                "generate.exclude_characters",
                "leaves fewer than 16 characters to draw from: exclude fewer",
            );
        }
        complaints
    }
}

fn alphabet(excluded: &str) -> Vec<char> {
    ALPHABET.chars().filter(|character| !excluded.contains(*character)).collect()
}

/// The value that a new secret gets.
fn value(inputs: &Inputs) -> Option<String> {
    match (&inputs.generate, &inputs.value) {
        (Some(generate), _) => Some(generated(generate)),
        (None, Some(Value(given))) => Some(given.clone()),
        (None, None) => None,
    }
}

/// The value that a change asks for, if any. What the state kept of a given value is a digest, never a value to send.
fn new_value(before: &Inputs, after: &Inputs) -> Option<String> {
    match (&after.generate, &after.value) {
        (Some(generate), _) if after.rotate.is_some() && after.rotate != before.rotate => {
            Some(generated(generate))
        }
        (None, Some(given)) if before.value.as_ref() != Some(given) => {
            (!given.0.starts_with(DIGEST)).then(|| given.0.clone())
        }
        _ => None,
    }
}

/// Random numbers of the operating system, each character as likely as any other.
fn generated(generate: &Generate) -> String {
    let alphabet = alphabet(&generate.exclude_characters);
    let mut random = rand::rand_core::UnwrapErr(OsRng);
    let password: String =
        (0..generate.length).map(|_| alphabet[random.random_range(0..alphabet.len())]).collect();
    crate::veil::veil(&password);
    match &generate.username {
        None => password,
        Some(username) => json!({ "username": username, "password": password }).to_string(),
    }
}

fn with_marker(inputs: &Inputs) -> BTreeMap<String, String> {
    let mut tags = inputs.tags.clone();
    tags.extend(inputs.rotate.iter().map(|marker| (ROTATE.to_owned(), marker.clone())));
    tags
}

fn secret_tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn all_tags(found: &Found) -> BTreeMap<String, String> {
    let tag = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    found.tags().iter().filter_map(tag).collect()
}

/// A secret that is scheduled for deletion counts as gone.
async fn describe(cloud: &Cloud, id: &str) -> Result<Option<Found>> {
    let call = cloud.secrets().describe_secret().secret_id(id);
    let found = call.send().await.map_err(aws("secretsmanager:DescribeSecret")).gone(GONE)?;
    Ok(found.filter(|found| found.deleted_date.is_none()))
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<Secret>>> {
    let Some(found) = describe(cloud, &id.0).await? else { return Ok(None) };
    let all = all_tags(&found);
    let versions = found.version_ids_to_stages.unwrap_or_default();
    let inputs = Inputs {
        name: found.name.clone(),
        description: found.description.filter(|text| !text.is_empty()),
        kms_key: found.kms_key_id.filter(|key| !key.is_empty() && key != "alias/aws/secretsmanager"),
        recovery_days: week(),
        generate: None,
        rotate: all.get(ROTATE).cloned(),
        value: None,
        tags: tags::read(&all),
    };
    let arn = found.arn.unwrap_or_default();
    let version_id = written::current(cloud, &arn, versions);
    let outputs = Outputs { arn, name: found.name.unwrap_or_default(), version_id };
    Ok(Some(Live { inputs, outputs, status: Status::Ready }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(json: Json) -> Inputs {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_generated_value_keeps_to_its_rules() {
        let made =
            value(&inputs(json!({"generate": {"length": 500, "exclude_characters": "-_.~0O"}}))).unwrap();
        assert_eq!(made.len(), 500);
        assert!(made.chars().all(|c| c.is_ascii_alphanumeric() && c != '0' && c != 'O'));
        let user = value(&inputs(json!({"generate": {"username": "loans"}}))).unwrap();
        let user: Json = serde_json::from_str(&user).unwrap();
        assert_eq!(
            (user["username"].as_str(), user["password"].as_str().unwrap().len()),
            (Some("loans"), 32)
        );
    }

    #[test]
    fn a_new_value_comes_only_when_asked_for() {
        let plain = inputs(json!({"generate": {}, "rotate": "1"}));
        assert_eq!(new_value(&plain, &inputs(json!({"generate": {"length": 64}, "rotate": "1"}))), None);
        assert_eq!(new_value(&plain, &inputs(json!({"generate": {}}))), None);
        assert!(new_value(&plain, &inputs(json!({"generate": {}, "rotate": "2"}))).is_some());
        let given = inputs(json!({"value": "a"}));
        assert_eq!(new_value(&given, &inputs(json!({"value": "b"}))).as_deref(), Some("b"));
        assert_eq!(new_value(&inputs(json!({})), &inputs(json!({"value": "$digest:ab"}))), None);
    }

    #[test]
    fn a_value_is_not_shown() {
        let shown = format!("{:?}", inputs(json!({"value": "hunter2"})));
        assert!(!shown.contains("hunter2") && shown.contains("(secret)"), "{shown}");
    }

    #[test]
    fn contradictions_are_refused() {
        let paths = |json: Json| Secret::check(&json).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(paths(json!({"generate": {}, "value": "x"})), ["value"]);
        assert_eq!(paths(json!({"rotate": "1", "recovery_days": 3})), ["rotate", "recovery_days"]);
        let few = json!({"generate": {"exclude_characters": &ALPHABET[..60]}});
        assert_eq!(paths(few), ["generate.exclude_characters"]);
        assert_eq!(paths(json!({"generate": {}, "recovery_days": 0, "value": null})), [""; 0]);
    }
}
