use super::ownership;
use super::{Change, Create, Holds, Id, Leftover, Live, Owner, Profile, Resource, Status};
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use futures::future::BoxFuture;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// An object as read, in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub inputs: Json,
    pub outputs: Json,
    pub status: Status,
    /// The ownership tags on it, which its inputs do not have; `None` where its kind has no tags, or where it was not read.
    pub owner: Option<BTreeMap<String, String>>,
}

/// The face of a kind that the engine sees. Nobody implements it by hand but tests: [`Resource`] is what a kind
/// implements.
pub trait Kind: Send + Sync {
    fn name(&self) -> &'static str;
    fn profile(&self) -> &Profile;
    /// What is lost with an object of it.
    fn holds(&self) -> Holds {
        Holds::Nothing
    }
    /// JSON Schema (draft 2020-12, no `$ref`) of the inputs, with the `x-` keywords of [`crate::schema`].
    fn inputs(&self) -> &Json;
    /// JSON Schema of the outputs; `id` is an output of every kind and not listed.
    fn outputs(&self) -> &Json;
    fn check(&self, inputs: &Json) -> Vec<(String, String)>;
    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id>>;
    fn find<'a>(
        &'a self,
        cloud: &'a Cloud,
        owner: &'a Owner,
        inputs: Json,
    ) -> BoxFuture<'a, Result<Option<Id>>>;
    fn read<'a>(&'a self, cloud: &'a Cloud, ids: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>>;
    fn update<'a>(
        &'a self,
        cloud: &'a Cloud,
        id: &'a Id,
        before: Json,
        after: Json,
    ) -> BoxFuture<'a, Result<()>>;
    /// The id that an object with these inputs has, where AWS changes it in place; none of inputs that are not known whole.
    fn renamed(&self, _inputs: &Json) -> Option<Id> {
        None
    }
    fn rename<'a>(&'a self, _cloud: &'a Cloud, _id: &'a Id, _inputs: Json) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn delete<'a>(&'a self, cloud: &'a Cloud, id: &'a Id, live: Observed) -> BoxFuture<'a, Result<()>>;
    /// What is there of it after its deletion; what cannot be told is not.
    fn leaves(&self, _id: &Id, _live: &Observed) -> Vec<Leftover> {
        vec![]
    }
}

pub(super) struct Erased<R> {
    inputs: OnceLock<Json>,
    outputs: OnceLock<Json>,
    kind: PhantomData<fn() -> R>,
}

impl<R> Erased<R> {
    pub(super) const fn new() -> Self {
        Self { inputs: OnceLock::new(), outputs: OnceLock::new(), kind: PhantomData }
    }
}

fn schema<T: JsonSchema>() -> Json {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn typed<R: Resource, T: DeserializeOwned>(json: Json) -> Result<T> {
    serde_json::from_value(json).map_err(|source| Error::Inputs { kind: R::KIND, source })
}

fn untyped<R: Resource, T: serde::Serialize>(value: T) -> Result<Json> {
    serde_json::to_value(value).map_err(|source| Error::Inputs { kind: R::KIND, source })
}

impl<R: Resource> Kind for Erased<R> {
    fn name(&self) -> &'static str {
        R::KIND
    }

    fn profile(&self) -> &Profile {
        const { &R::PROFILE }
    }

    fn holds(&self) -> Holds {
        R::HOLDS
    }

    fn inputs(&self) -> &Json {
        self.inputs.get_or_init(schema::<R::Inputs>)
    }

    fn outputs(&self) -> &Json {
        self.outputs.get_or_init(schema::<R::Outputs>)
    }

    fn check(&self, inputs: &Json) -> Vec<(String, String)> {
        R::check(inputs)
    }

    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move { R::create(ctx, &typed::<R, _>(inputs)?).await })
    }

    fn find<'a>(
        &'a self,
        cloud: &'a Cloud,
        owner: &'a Owner,
        inputs: Json,
    ) -> BoxFuture<'a, Result<Option<Id>>> {
        Box::pin(async move { R::find(cloud, owner, &typed::<R, _>(inputs)?).await })
    }

    fn read<'a>(&'a self, cloud: &'a Cloud, ids: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>> {
        Box::pin(async move {
            let mut observed = HashMap::new();
            for (id, live) in R::read(cloud, ids).await? {
                let (mut inputs, outputs) = (untyped::<R, _>(live.inputs)?, untyped::<R, _>(live.outputs)?);
                let owner = ownership::take(self.inputs(), &mut inputs);
                observed.insert(id, Observed { inputs, outputs, status: live.status, owner });
            }
            Ok(observed)
        })
    }

    fn update<'a>(
        &'a self,
        cloud: &'a Cloud,
        id: &'a Id,
        before: Json,
        after: Json,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (before, after) = (typed::<R, _>(before)?, typed::<R, _>(after)?);
            R::update(cloud, id, Change { before: &before, after: &after }).await
        })
    }

    fn renamed(&self, inputs: &Json) -> Option<Id> {
        R::renamed(&typed::<R, R::Inputs>(inputs.clone()).ok()?)
    }

    fn rename<'a>(&'a self, cloud: &'a Cloud, id: &'a Id, inputs: Json) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { R::rename(cloud, id, &typed::<R, R::Inputs>(inputs)?).await })
    }

    fn delete<'a>(&'a self, cloud: &'a Cloud, id: &'a Id, live: Observed) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let live = Live::<R> {
                inputs: typed::<R, _>(live.inputs)?,
                outputs: typed::<R, _>(live.outputs)?,
                status: live.status,
            };
            R::delete(cloud, id, &live).await
        })
    }

    fn leaves(&self, id: &Id, live: &Observed) -> Vec<Leftover> {
        let inputs = typed::<R, _>(live.inputs.clone());
        let outputs = typed::<R, _>(live.outputs.clone());
        let live = inputs
            .and_then(|inputs| Ok(Live::<R> { inputs, outputs: outputs?, status: live.status.clone() }));
        live.map(|live| R::leaves(id, &live)).unwrap_or_default()
    }
}
