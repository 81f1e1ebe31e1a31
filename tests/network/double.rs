//! A kind with the schema, defaults, waits and retries of the real one, whose verbs act on the double's world.

use crate::law::Law;
use crate::world::{World, outputs, refuse};
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::error::Result;
use stackctl::resource::{self, Create, Holds, Id, Kind, Observed, Owner, Profile, Status, ownership};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub type Shared = Arc<Mutex<World>>;

pub struct Double {
    real: &'static dyn Kind,
    law: &'static Law,
    world: Shared,
}

impl Double {
    pub fn kind(law: &'static Law, world: &Shared) -> &'static dyn Kind {
        let real = resource::kind(law.kind).expect("a kind");
        Box::leak(Box::new(Self { real, law, world: world.clone() }))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A call on its way; it may be the one that is refused.
    async fn call(&self, what: String) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut world = self.world();
        world.now();
        world.log.push(what);
        match &mut world.fault {
            Some(0) => {
                world.fault = None;
                refuse("InternalRefusal", "for no reason")
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn told<T>(&self, outcome: Result<T>) -> Result<T> {
        outcome.inspect_err(|error| self.world().log.push(format!("  refused: {error}")))
    }
}

impl Kind for Double {
    fn name(&self) -> &'static str {
        self.real.name()
    }
    fn profile(&self) -> &Profile {
        self.real.profile()
    }
    fn holds(&self) -> Holds {
        self.real.holds()
    }
    fn inputs(&self) -> &Json {
        self.real.inputs()
    }
    fn outputs(&self) -> &Json {
        self.real.outputs()
    }
    fn check(&self, inputs: &Json) -> Vec<(String, String)> {
        self.real.check(inputs)
    }

    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move {
            self.call(format!("create {} {inputs}", ctx.owner.address)).await?;
            let made = self.made(ctx.owner.clone(), inputs);
            self.told(made)
        })
    }

    fn find<'a>(&'a self, _: &'a Cloud, owner: &'a Owner, inputs: Json) -> BoxFuture<'a, Result<Option<Id>>> {
        Box::pin(async move {
            let world = self.world();
            // By its name, where it has one.
            let fits = |id: &str| self.law.named.is_none_or(|name| inputs[name].as_str() == Some(id));
            let mut all = world.all(self.law.kind);
            let found = all.find(|(id, object)| fits(id) && owner.owns(&object.owner.tags()));
            Ok(found.map(|(id, _)| Id(id.clone())))
        })
    }

    fn read<'a>(&'a self, _: &'a Cloud, ids: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut world = self.world();
            let now = world.now();
            let found = ids.iter().filter_map(|id| {
                let object = world.get(self.law.kind, &id.0)?;
                let status = match object.dying {
                    Some(_) => Status::Pending("deleting".to_owned()),
                    None if now < object.ready => Status::Pending("in progress".to_owned()),
                    None => Status::Ready,
                };
                Some((
                    id.clone(),
                    Observed {
                        inputs: object.inputs.clone(),
                        outputs: object.outputs.clone(),
                        status,
                        // The engine has them apart from the other tags.
                        owner: self.has_tags().then(|| object.owner.tags()),
                    },
                ))
            });
            Ok(found.collect())
        })
    }

    fn update<'a>(&'a self, _: &'a Cloud, id: &'a Id, _: Json, after: Json) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.call(format!("update {id} {after}")).await?;
            let done = self.changed(id, after);
            self.told(done)
        })
    }

    fn delete<'a>(&'a self, _: &'a Cloud, id: &'a Id, _: Observed) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.call(format!("delete {id}")).await?;
            let done = self.deleted(id);
            self.told(done)
        })
    }
}

impl Double {
    fn has_tags(&self) -> bool {
        self.real.inputs()["properties"].get("tags").is_some()
    }

    fn made(&self, owner: Owner, wanted: Json) -> Result<Id> {
        let mut world = self.world();
        let mut inputs = wanted;
        // What the create call cannot set is left to an update.
        for (name, empty) in self.law.later {
            inputs[*name] = if *empty { json!([]) } else { Json::Null };
        }
        let more = (self.law.create)(&mut world, &mut inputs)?;
        let id = match self.law.named {
            Some(name) => {
                let id = inputs[name].as_str().unwrap_or_default().to_owned();
                if world.objects.contains_key(&id) {
                    return refuse("AlreadyExists", format!("{id} exists"));
                }
                id
            }
            None => world.new_id(self.law.kind),
        };
        let outputs = outputs(self.real.outputs(), &id, &inputs, more);
        Ok(world.insert(self.law.kind, id, inputs, outputs, owner, self.law.slow))
    }

    fn changed(&self, id: &Id, after: Json) -> Result<()> {
        let mut world = self.world();
        let Some(object) = world.get(self.law.kind, &id.0) else { return refuse("NotFound", id.to_string()) };
        if object.dying.is_some() {
            return refuse("InvalidState", format!("{id} is being deleted"));
        }
        let before = object.inputs.clone();
        let mut after = after;
        let owned = ownership::take(self.real.inputs(), &mut after);
        let more = (self.law.update)(&mut world, &id.0, &before, &mut after)?;
        let outputs = outputs(self.real.outputs(), &id.0, &after, more);
        if let Some(object) = world.objects.get_mut(&id.0) {
            for (name, value) in outputs.as_object().into_iter().flatten() {
                object.outputs[name] = value.clone();
            }
            object.inputs = after;
            if let Some(address) = owned.and_then(|owned| owned.get(Owner::ADDRESS)?.parse().ok()) {
                object.owner.address = address;
            }
        }
        Ok(())
    }

    fn deleted(&self, id: &Id) -> Result<()> {
        let mut world = self.world();
        let Some(object) = world.get(self.law.kind, &id.0) else { return Ok(()) };
        if object.dying.is_some() {
            return Ok(());
        }
        (self.law.delete)(&mut world, &id.0)?;
        let end = world.now() + Duration::from_secs(self.law.fade);
        if self.law.fade == 0 {
            world.objects.remove(&id.0);
        } else if let Some(object) = world.objects.get_mut(&id.0) {
            object.dying = Some(end);
        }
        Ok(())
    }
}
