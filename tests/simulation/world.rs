use crate::dice::Dice;
use crate::habit::Habit;
use crate::process::Twist;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::error::{AwsError, Error, Result};
use stackctl::resource::ownership;
use stackctl::resource::{Id, Observed, Owner, Status};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// An object of the cloud.
#[derive(Debug, Clone)]
pub struct Object {
    pub habit: &'static Habit,
    pub inputs: Json,
    pub owner: Owner,
    version: u64,
    /// From when reads see it.
    visible: Instant,
    /// From when searches by tag or name see it.
    listed: Instant,
    ready: Instant,
    broken: Option<&'static str>,
    /// What reads return until then.
    stale: Option<(Json, Instant)>,
    /// When a deletion is through.
    dying: Option<Instant>,
}

impl Object {
    /// Exists, and nobody is deleting it.
    pub fn lives(&self) -> bool {
        self.dying.is_none()
    }

    /// Nobody broke it: nothing but a change of what is wanted replaces it.
    pub fn is_sound(&self) -> bool {
        self.broken.is_none() && self.dying.is_none()
    }

    fn status(&self, now: Instant) -> Status {
        match self.broken {
            _ if self.dying.is_some() => Status::Pending("deleting".to_owned()),
            _ if now < self.ready => Status::Pending("in progress".to_owned()),
            Some(why) => Status::Failed(why.to_owned()),
            None => Status::Ready,
        }
    }
}

/// The cloud: what every call does when it arrives.
#[derive(Debug, Default)]
pub struct World {
    pub objects: BTreeMap<String, Object>,
    /// Every id that was ever given out.
    pub ever: BTreeSet<String>,
}

pub fn aws(status: Option<u16>, code: Option<&str>) -> Error {
    Error::Aws(AwsError {
        operation: "sim:Call",
        code: code.map(str::to_owned),
        message: "as simulated".to_owned(),
        request_id: None,
        status,
    })
}

fn refused<T>(code: &str) -> Result<T> {
    Err(aws(Some(400), Some(code)))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Up to so many seconds, often none at all.
fn lag(dice: &mut Dice, most: u64) -> Duration {
    if dice.chance(40) { Duration::ZERO } else { dice.millis(0, most * 1000) }
}

impl World {
    /// Deletions that are through are gone.
    fn now(&mut self) -> Instant {
        let now = Instant::now();
        self.objects.retain(|_, object| object.dying.is_none_or(|end| now < end));
        now
    }

    pub fn create(
        &mut self,
        habit: &'static Habit,
        mut inputs: Json,
        owner: Owner,
        twist: Twist,
        dice: &mut Dice,
    ) -> Result<Id> {
        let now = self.now();
        let of_kind = || self.objects.iter().filter(|(_, object)| object.habit.name == habit.name);
        if habit.token
            && let Some((id, _)) = of_kind().find(|(_, object)| object.owner.intent == owner.intent)
        {
            return Ok(Id(id.clone()));
        }
        if habit.named && of_kind().any(|(_, object)| object.inputs["name"] == inputs["name"]) {
            return Err(aws(Some(409), Some("AlreadyExists")));
        }
        if let Some(parent) = inputs["parent"].as_str() {
            match self.objects.get(parent) {
                None => return refused("ParentNotFound"),
                Some(parent) if parent.status(now) != Status::Ready => return refused("ParentNotReady"),
                Some(_) => {}
            }
        }
        if habit.blind {
            inputs["size"] = json!(1);
        }
        if inputs["zone"].is_null() {
            inputs["zone"] = json!("zone-1");
        }
        inputs["secret"] = Json::Null;
        let id = format!("{}-{}", habit.name, self.ever.len() + 1);
        self.ever.insert(id.clone());
        let visible = now + lag(dice, habit.hidden);
        // Longer than any wait, so that the next command has to go on with it.
        let slow = if twist == Twist::Slow { 1500 } else { habit.slow };
        let object = Object {
            habit,
            inputs,
            owner,
            version: 1,
            visible,
            // Within `Pace::AWS.propagation`.
            listed: visible + lag(dice, 12),
            ready: now + seconds(slow).mul_f64(0.5 + 0.1 * dice.below(11) as f64),
            broken: (twist == Twist::Breaks).then_some("it could not be made"),
            stale: None,
            dying: None,
        };
        self.objects.insert(id.clone(), object);
        Ok(Id(id))
    }

    /// Of those with a name only the one that has it; where `owner` has no intent, any.
    pub fn find(&mut self, habit: &Habit, owner: &Owner, inputs: &Json) -> Option<Id> {
        let now = self.now();
        let mut all = self.objects.iter();
        let found = all.find(|(_, object)| {
            object.habit.name == habit.name
                && object.lives()
                && now >= object.listed
                && owner.owns(&object.owner.tags())
                && (!habit.named || object.inputs["name"] == inputs["name"])
        });
        found.map(|(id, _)| Id(id.clone()))
    }

    pub fn read(&mut self, ids: &[Id]) -> HashMap<Id, Observed> {
        let now = self.now();
        let found = ids.iter().filter_map(|id| {
            let object = self.objects.get(&id.0).filter(|object| now >= object.visible)?;
            let inputs = match &object.stale {
                Some((old, fresh)) if now < *fresh => old.clone(),
                _ => object.inputs.clone(),
            };
            let outputs = json!({ "arn": format!("arn:{id}"), "version": object.version.to_string() });
            let owner = Some(object.owner.tags());
            Some((id.clone(), Observed { inputs, outputs, status: object.status(now), owner }))
        });
        found.collect()
    }

    pub fn update(
        &mut self,
        id: &Id,
        before: &Json,
        mut after: Json,
        twist: Twist,
        dice: &mut Dice,
    ) -> Result<()> {
        let now = self.now();
        let Some(object) = self.objects.get_mut(&id.0) else { return refused("NotFound") };
        if object.status(now) != Status::Ready {
            return refused("InvalidState");
        }
        if after["zone"].is_null() {
            after["zone"] = object.inputs["zone"].clone();
        }
        after["secret"] = Json::Null;
        let owned = ownership::take(&object.habit.inputs(), &mut after).unwrap_or_default();
        if let Some(owner) = Address::from_tag(&owned[Owner::ADDRESS]) {
            object.owner =
                Owner { stack: owned[Owner::STACK].clone(), address: owner, ..object.owner.clone() };
        }
        if object.habit.piecemeal {
            let parts = ["size", "peer", "tags", "zone"];
            if let Some(first) = parts.iter().position(|part| before[part] != after[part]) {
                for part in &parts[first + 1..] {
                    after[part] = object.inputs[part].clone();
                }
            }
        }
        let old = std::mem::replace(&mut object.inputs, after);
        object.stale = dice.chance(40).then(|| (old, now + dice.millis(0, 20_000)));
        object.version += 1;
        object.ready = now + seconds(object.habit.settles);
        if twist == Twist::Breaks {
            object.broken = Some("it could not be changed");
        }
        Ok(())
    }

    pub fn delete(&mut self, id: &Id, twist: Twist) -> Result<()> {
        let now = self.now();
        if self.objects.values().any(|child| child.inputs["parent"] == id.0) {
            return refused("DependencyViolation");
        }
        let Some(object) = self.objects.get_mut(&id.0) else { return Ok(()) };
        if twist == Twist::Breaks {
            object.broken = Some("it could not be deleted");
        } else if object.dying.is_none() {
            object.dying = Some(now + seconds(object.habit.fade));
        }
        Ok(())
    }

    /// Someone else deletes, changes or breaks one of the objects; it shows at once.
    pub fn meddle(&mut self, nth: usize, what: Meddling) -> Option<String> {
        let now = self.now();
        let count = self.objects.len();
        let id = self.objects.keys().nth(nth % count.max(1))?.clone();
        let has_children = self.objects.values().any(|child| child.inputs["parent"] == id);
        let object = self.objects.get_mut(&id)?;
        (object.visible, object.listed, object.stale) = (now, now, None);
        match what {
            Meddling::Delete if has_children => return None,
            Meddling::Delete => {
                self.objects.remove(&id);
            }
            Meddling::Resize => object.inputs["size"] = json!(77),
            Meddling::Tag => object.inputs["tags"]["stranger"] = json!("was here"),
            Meddling::Break => object.broken = Some("someone broke it"),
        }
        Some(id)
    }

    /// Objects that live, with whose they are.
    pub fn living(&mut self) -> impl Iterator<Item = (&String, &Object)> {
        self.now();
        self.objects.iter().filter(|(_, object)| object.lives())
    }
}

/// What someone else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meddling {
    Delete,
    Resize,
    Tag,
    Break,
}
