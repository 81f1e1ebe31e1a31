use crate::habit::{HABITS, Habit};
use crate::process::current;
use crate::story::Point;
use crate::wire::send;
use futures::future::BoxFuture;
use serde_json::Value as Json;
use stackctl::cloud::Cloud;
use stackctl::error::Result;
use stackctl::resource::{Create, Id, Kind, Observed, Owner, Profile};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A kind of the simulated cloud: every verb is one call of the current process.
struct Simulated {
    habit: &'static Habit,
    profile: Profile,
    inputs: Json,
    outputs: Json,
}

/// Every simulated kind.
pub fn kinds() -> &'static [&'static dyn Kind] {
    static KINDS: OnceLock<Vec<&'static dyn Kind>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let kind = |habit: &'static Habit| -> &'static dyn Kind {
            let (profile, inputs) = (habit.profile(), habit.inputs());
            Box::leak(Box::new(Simulated { habit, profile, inputs, outputs: Habit::outputs() }))
        };
        HABITS.iter().map(kind).collect()
    })
}

pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    kinds().iter().copied().find(|kind| kind.name() == name)
}

impl Kind for Simulated {
    fn name(&self) -> &'static str {
        self.habit.name
    }

    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn inputs(&self) -> &Json {
        &self.inputs
    }

    fn outputs(&self) -> &Json {
        &self.outputs
    }

    fn check(&self, _: &Json) -> Vec<(String, String)> {
        vec![]
    }

    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move {
            let (process, owner, habit) = (current(), ctx.owner.clone(), self.habit);
            process.sim.creates(&owner);
            let sim = process.sim.clone();
            let what = owner.address.to_string();
            let act = move |twist| sim.world().create(habit, inputs, owner, twist, &mut sim.dice());
            send(&process, ctx.cloud, Point::Create, what, act).await?
        })
    }

    fn find<'a>(
        &'a self,
        cloud: &'a Cloud,
        owner: &'a Owner,
        inputs: Json,
    ) -> BoxFuture<'a, Result<Option<Id>>> {
        Box::pin(async move {
            let (process, owner, habit) = (current(), owner.clone(), self.habit);
            let (sim, what) = (process.sim.clone(), owner.address.to_string());
            send(&process, cloud, Point::Find, what, move |_| sim.world().find(habit, &owner, &inputs)).await
        })
    }

    fn read<'a>(&'a self, cloud: &'a Cloud, ids: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>> {
        Box::pin(async move {
            let (process, ids) = (current(), ids.to_vec());
            let sim = process.sim.clone();
            let what = ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(" ");
            let who = process.name;
            let act = move |_| sim.world().read(&ids, who, &mut sim.dice());
            send(&process, cloud, Point::Read, what, act).await
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
            let (process, id) = (current(), id.clone());
            process.sim.updates(&id);
            let (sim, what) = (process.sim.clone(), id.to_string());
            let act = move |twist| sim.world().update(&id, &before, after, twist, &mut sim.dice());
            send(&process, cloud, Point::Update, what, act).await?
        })
    }

    fn delete<'a>(&'a self, cloud: &'a Cloud, id: &'a Id, _: Observed) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (process, id) = (current(), id.clone());
            process.sim.deletes(&id);
            let (sim, what) = (process.sim.clone(), id.to_string());
            let act = move |twist| sim.world().delete(&id, twist, &mut sim.dice());
            send(&process, cloud, Point::Delete, what, act).await?
        })
    }
}
