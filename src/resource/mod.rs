//! What a resource kind is, and the list of all kinds.
//!
//! A kind is one file: two structs that derive `JsonSchema` and five verbs. The engine owns everything else: waiting,
//! retrying, journalling, batching, diffing, redaction. Verbs never wait and never loop until something is ready.

mod ec2;
mod erased;
mod glue;
mod holds;
mod leftover;
mod live;
pub mod ownership;
mod permit;
mod profile;
mod rds;
mod taken;

pub use erased::{Kind, Observed};
pub use holds::Holds;
pub use leftover::Leftover;
pub use live::{Ailment, Change, Create, Id, Live, Owner, Status};
pub use permit::{Actions, Permit, When};
pub use profile::{Profile, Retry, Typical, Wait};

use crate::cloud::Cloud;
use crate::error::Result;
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::future::Future;

/// Inputs or outputs of a kind: one derive feeds validation, defaults, diff, redaction and documentation.
pub trait Attrs: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> Attrs for T {}

/// One kind of AWS resource.
///
/// Every verb may be called again after it failed half-way, so each step tolerates that it was done before.
pub trait Resource: Sized + Send + Sync + 'static {
    /// The word in `stack.toml`: `[KIND.name]`.
    const KIND: &'static str;
    /// How long things take, which errors mean "gone" or "again", and which API actions each verb needs.
    const PROFILE: Profile;
    /// What is lost with it.
    const HOLDS: Holds;
    type Inputs: Attrs;
    type Outputs: Attrs;

    /// Makes the object with its ownership tags and returns its id as soon as AWS has assigned it. Never waits, and
    /// leaves to `update` whatever the create call itself cannot set: the engine reads the new object, compares it
    /// with the wanted inputs and calls `update` for the rest, which is also how a half-configured object heals.
    fn create(ctx: &Create<'_>, inputs: &Self::Inputs) -> impl Future<Output = Result<Id>> + Send;

    /// Finds the object that an earlier run created for this owner and died before recording: by ownership tags, or
    /// by its deterministic name if the ownership tags on it agree. `inputs` are those of the intent.
    fn find(
        cloud: &Cloud,
        owner: &Owner,
        inputs: &Self::Inputs,
    ) -> impl Future<Output = Result<Option<Id>>> + Send;

    /// Reads many at once, in as few calls as the service allows. An object that does not exist is absent from the
    /// answer; any other trouble (access denied, throttling) is an error, never absence.
    fn read(cloud: &Cloud, ids: &[Id]) -> impl Future<Output = Result<HashMap<Id, Live<Self>>>> + Send;

    /// Brings the object from `change.before` (as read just now) to `change.after`. Never called for a change of an
    /// attribute that replaces.
    fn update(
        cloud: &Cloud,
        id: &Id,
        change: Change<'_, Self::Inputs>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// By which id an object with these inputs is known, where AWS changes it in place: of kinds with an attribute `x-renames`.
    fn renamed(_inputs: &Self::Inputs) -> Option<Id> {
        None
    }

    /// Asks for the id that [`Self::renamed`] says; the engine waits until the object is known by it. Never called for a kind
    /// that says none.
    fn rename(_cloud: &Cloud, _id: &Id, _inputs: &Self::Inputs) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Starts the deletion; the engine polls `read` until the object is absent. Objects that are gone already are a
    /// success. `live` is what was read just before; inputs that AWS does not store (`x-local`, `x-write-only`) come
    /// from the state.
    fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> impl Future<Output = Result<()>> + Send;

    /// What is there of it after its deletion, such as a final snapshot: told, since somebody pays for it. `live` is what
    /// `delete` gets.
    fn leaves(_id: &Id, _live: &Live<Self>) -> Vec<Leftover> {
        vec![]
    }

    /// Rules between attributes that a JSON Schema cannot say. `inputs` may hold unknown values
    /// (`{"$unknown": "vpc.main.id"}`) anywhere. Returns pairs of attribute path and complaint with remedy.
    fn check(_inputs: &serde_json::Value) -> Vec<(String, String)> {
        vec![]
    }
}

macro_rules! registry {
    ($($module:ident :: $kind:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every kind that stackctl knows, in the order of the documentation.
        pub fn registry() -> &'static [&'static dyn Kind] {
            static KINDS: &[&dyn Kind] = &[$({
                static KIND: erased::Erased<$module::$kind> = erased::Erased::new();
                &KIND
            }),*];
            KINDS
        }
    };
}

registry! {
    alarm::Alarm,
    bucket::Bucket,
    db_instance::DbInstance,
    db_subnet_group::DbSubnetGroup,
    iam_role::IamRole,
    log_group::LogGroup,
    queue::Queue,
    secret::Secret,
    vpc::Vpc,
    subnet::Subnet,
    internet_gateway::InternetGateway,
    route_table::RouteTable,
    security_group::SecurityGroup,
    security_group_rule::SecurityGroupRule,
    vpc_endpoint::VpcEndpoint,
    lambda_function::LambdaFunction,
    lambda_invocation::LambdaInvocation,
    trigger::Trigger,
    schedule::Schedule,
    glue_database::GlueDatabase,
    glue_table::GlueTable,
    athena_workgroup::AthenaWorkgroup,
}

/// Reads one by one, several at a time: for services without a call that describes many.
async fn each<R, F>(cloud: &Cloud, ids: &[Id], read: impl Fn(Id) -> F) -> Result<HashMap<Id, Live<R>>>
where
    R: Resource,
    F: Future<Output = Result<Option<Live<R>>>>,
{
    let mut reads = Vec::with_capacity(ids.len());
    for id in ids {
        let found = read(id.clone());
        reads.push(async move {
            let live = found.await;
            cloud.gauge.count();
            live.map(|live| live.map(|live| (id.clone(), live)))
        });
    }
    let found: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Below what any service throttles.
const READS_AT_ONCE: usize = 16;

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    registry().iter().copied().find(|kind| kind.name() == name)
}
