//! `[lambda_invocation.NAME]`: a call of a function, and the record of it, which is a tag of the function.

mod answered;
mod call;
mod record;

use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit};
use crate::cloud::Cloud;
use crate::error::Result;
use record::Place;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub struct LambdaInvocation;

/// Calls a Lambda function once and waits for its answer, and again when `payload` or `triggers` change or the function
/// was made anew: for what has to be done in a place that only the function reaches, such as setting up a database.
///
/// The function must tolerate being called again with the same payload: that it was called is recorded (as a tag of the
/// function) after it has answered, and whoever dies in between does not know. What it answers is not kept, except that it
/// failed: then this fails, and the next apply calls it again. Destroying the block forgets the record and calls nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// ARN of the function, without version or alias.
    #[schemars(
        regex(pattern = r"^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$"),
        extend(
            "x-replace" = true,
            "x-ref" = "lambda_function.arn",
            "examples" = ["arn:aws:lambda:eu-west-1:123456789012:function:loader"]
        )
    )]
    pub function: String,
    /// What the function is called with: a table, sent as JSON. It is shown and stored as it is: hand over the ARN of a
    /// secret and not the secret.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub payload: BTreeMap<String, Json>,
    /// Whatever should make it be called again when it changes, such as the function's `code_sha256` or a secret's
    /// `version_id`. Not sent.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub triggers: BTreeMap<String, String>,
    /// Stands for `payload` and `triggers` in the record; stackctl fills it in. It differs from what was recorded last if
    /// the function has to be called.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_.=+@-]{1,64}$"),
        extend("x-fingerprint" = ["payload", "triggers"])
    )]
    pub fingerprint: Option<String>,
}

/// What a call is known by.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// Key of the tag that records it.
    pub record: String,
}

const CONFLICT: &str = "ResourceConflictException";

impl Resource for LambdaInvocation {
    const KIND: &'static str = "lambda_invocation";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 1, 120),
        delete: Wait::secs(0, 1, 1, 120),
        typical: Typical { create: 15, update: 15, delete: 1 },
        gone: record::GONE,
        // None of them lets the function run; where it is the record that is refused, it is not called again.
        retries: &[
            // `Pending`, or in the midst of an update.
            Retry::secs(CONFLICT, "", 600),
            Retry::secs("ResourceNotReadyException", "", 600),
            Retry::secs("SnapStartNotReadyException", "", 600),
            Retry::secs("ENINotReadyException", "", 600),
            Retry::secs("EC2ThrottledException", "", 300),
            Retry::secs("AccessDeniedException", "The role defined for the function cannot be assumed by Lambda", 300),
            // The grant of a new role on the key of its variables takes a moment.
            Retry::secs("KMSAccessDeniedException", "", 60),
            // It was created a moment ago.
            Retry::secs("ResourceNotFoundException", "", 120),
        ],
        actions: Actions {
            arn: "",
            read: &[Permit::on(&["lambda:ListTags"], &["={function}"])],
            create: &[Permit::on(&["lambda:TagResource"], &["={function}"])],
            update: &[Permit::on(&["lambda:InvokeFunction", "lambda:TagResource"], &["={function}"])],
            delete: &[Permit::on(&["lambda:UntagResource"], &["={function}"])],
        },
        ..Profile::INSTANT
    };
    // What the call did stays done.
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// Only takes the place of the record; `update` calls the function. So a call that fails, or that nobody sees the end
    /// of, belongs to an object that the state knows, and is never repeated unasked.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let place = Place::of(ctx.cloud, ctx.owner, &inputs.function);
        // The answer to an earlier attempt may have been lost on the way, and the call have been made since.
        if record::get(ctx.cloud, &place).await?.is_none() {
            record::put(ctx.cloud, &place, None).await?;
        }
        Ok(place.id())
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        // Whoever looks without a state may not know the function yet.
        if !inputs.function.starts_with("arn:") {
            return Ok(None);
        }
        let tags = record::tags(cloud, BTreeSet::from([inputs.function.as_str()])).await?;
        let keys = tags.get(&inputs.function).into_iter().flat_map(HashMap::keys);
        let place = |key: &String| Place { function: inputs.function.clone(), key: key.clone() };
        if owner.intent.is_empty() {
            let prefix = Place::prefix(cloud, owner);
            return owner.only(keys.filter(|key| key.starts_with(&prefix)).map(|key| place(key).id().0));
        }
        let ours = Place::of(cloud, owner, &inputs.function);
        Ok(keys.map(place).find(|place| *place == ours).map(|place| place.id()))
    }

    /// One call for each function, however many calls of it there are.
    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let places = ids.iter().map(|id| Ok((id, Place::parse(id)?))).collect::<Result<Vec<_>>>()?;
        let functions: BTreeSet<&str> = places.iter().map(|(_, place)| place.function.as_str()).collect();
        let tags = record::tags(cloud, functions).await?;
        let found = places.iter().filter_map(|(id, place)| {
            let value = tags.get(&place.function)?.get(&place.key)?;
            answered::seen(cloud, place, record::fingerprint(value).as_deref());
            let inputs = Inputs {
                function: place.function.clone(),
                payload: BTreeMap::new(),
                triggers: BTreeMap::new(),
                fingerprint: record::fingerprint(value),
            };
            let outputs = Outputs { record: place.key.clone() };
            Some(((*id).clone(), Live { inputs, outputs, status: Status::Ready }))
        });
        Ok(found.collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (place, after) = (Place::parse(id)?, change.after);
        // An earlier attempt may have come this far. A record that does not show is no obstacle: it was written a moment
        // ago, or the function was made anew, and has to be called.
        let called = record::get(cloud, &place).await?.as_deref().and_then(record::fingerprint);
        if called.is_some() && called == after.fingerprint {
            answered::forget(cloud, &place);
            return Ok(());
        }
        if !answered::has(cloud, &place, after.fingerprint.as_deref()) {
            call::call(cloud, &place.function, &after.payload).await?;
            answered::note(cloud, &place, after.fingerprint.as_deref());
        }
        record::put(cloud, &place, after.fingerprint.as_deref()).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        record::remove(cloud, &Place::parse(id)?).await
    }
}
