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
    flicker: Option<Flicker>,
    /// What it goes back to, and when.
    revert: Option<(Json, Instant)>,
    /// When it was absent from a read although it is there.
    blinked: Option<Instant>,
    /// When a deletion is through.
    dying: Option<Instant>,
}

/// Answers come from several places, which are asked in turn: some of them do not know yet.
#[derive(Debug, Clone)]
struct Flicker {
    /// What those answer; `None`: that it is not there.
    old: Option<Json>,
    until: Instant,
    /// Who has got an old answer last.
    told: BTreeSet<&'static str>,
}

impl Flicker {
    fn new(old: Option<Json>, long: Duration) -> Self {
        Self { old, until: Instant::now() + long, told: BTreeSet::new() }
    }

    /// The old answer, if it is its turn.
    fn answer(&mut self, who: &'static str, now: Instant) -> Option<&Option<Json>> {
        if now >= self.until || self.told.remove(who) {
            return None;
        }
        self.told.insert(who);
        Some(&self.old)
    }
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

    /// What a read is answered with; `None`: that it is not there.
    fn answer(
        &mut self,
        who: &'static str,
        now: Instant,
        dice: &mut Dice,
        old_answers: &mut u64,
    ) -> Option<Observed> {
        if now < self.visible {
            return None;
        }
        let old = self.flicker.as_mut().and_then(|flicker| flicker.answer(who, now).cloned());
        if let Some(old) = old {
            self.blinked = Some(now);
            *old_answers += 1;
            return old.map(|inputs| self.observed(inputs, now));
        }
        // Any answer may come from a place that does not know it, but not twice in a row.
        let rested = self.blinked.is_none_or(|last| now >= last + seconds(BLINK));
        if self.habit.flickers > 0 && rested && dice.chance(4) {
            self.blinked = Some(now);
            *old_answers += 1;
            return None;
        }
        let inputs = match &self.stale {
            Some((old, fresh)) if now < *fresh => old.clone(),
            _ => self.inputs.clone(),
        };
        Some(self.observed(inputs, now))
    }

    fn observed(&self, inputs: Json, now: Instant) -> Observed {
        let outputs = json!({ "arn": "", "version": self.version.to_string() });
        Observed { inputs, outputs, status: self.status(now), owner: Some(self.owner.tags()) }
    }

    fn status(&self, now: Instant) -> Status {
        match self.broken {
            _ if self.dying.is_some() => Status::Pending("deleting".to_owned()),
            _ if now < self.ready => Status::Pending("in progress".to_owned()),
            Some(why) => Status::Lost(why.to_owned()),
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
    /// Deleted objects that some places still know.
    ghosts: BTreeMap<String, (Object, Flicker)>,
    made: usize,
    /// So many reads were answered with what had been, or that nothing is there.
    pub old_answers: u64,
}

/// Whose objects are not ours.
const STRANGER: &str = "elsewhere";

/// An object blinks at most once in so many seconds.
const BLINK: u64 = 40;

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
        self.ghosts.retain(|_, (_, flicker)| now < flicker.until);
        for object in self.objects.values_mut() {
            if let Some((old, _)) = object.revert.take_if(|(_, at)| now >= *at) {
                object.inputs = old;
            }
        }
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
        self.made += 1;
        let id = match inputs["name"].as_str().filter(|_| habit.by_name) {
            Some(name) => format!("{}:{name}", habit.name),
            None => format!("{}-{}", habit.name, self.made),
        };
        self.ever.insert(id.clone());
        self.ghosts.remove(&id);
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
            flicker: dice.chance(30).then(|| {
                let long = visible + lag(dice, habit.flickers) - now;
                Flicker::new(None, long)
            }),
            revert: None,
            blinked: None,
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

    pub fn read(&mut self, ids: &[Id], who: &'static str, dice: &mut Dice) -> HashMap<Id, Observed> {
        let now = self.now();
        let mut found = HashMap::new();
        for id in ids {
            let seen = match (self.objects.get_mut(&id.0), self.ghosts.get_mut(&id.0)) {
                (Some(object), _) => object.answer(who, now, dice, &mut self.old_answers),
                (None, Some((object, flicker))) => {
                    flicker.answer(who, now).is_some().then(|| object.observed(object.inputs.clone(), now))
                }
                (None, None) => None,
            };
            if let Some(mut seen) = seen {
                seen.outputs["arn"] = json!(format!("arn:{id}"));
                found.insert(id.clone(), seen);
            }
        }
        found
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
        object.version += 1;
        object.ready = now + seconds(object.habit.settles);
        if twist == Twist::Reverts {
            object.revert = Some((old, object.ready));
            return Ok(());
        }
        (object.stale, object.flicker) = match dice.below(10) {
            0..4 => (Some((old, now + dice.millis(0, 20_000))), None),
            4..7 => (None, Some(Flicker::new(Some(old), lag(dice, object.habit.flickers)))),
            _ => (None, None),
        };
        if twist == Twist::Breaks {
            object.broken = Some("it could not be changed");
        }
        Ok(())
    }

    pub fn delete(&mut self, id: &Id, twist: Twist, dice: &mut Dice) -> Result<()> {
        let now = self.now();
        if self.objects.values().any(|child| child.inputs["parent"] == id.0) {
            return refused("DependencyViolation");
        }
        let Some(object) = self.objects.get_mut(&id.0) else { return Ok(()) };
        if twist == Twist::Breaks {
            object.broken = Some("it could not be deleted");
        } else if object.dying.is_none() {
            let fade = seconds(object.habit.fade);
            object.dying = Some(now + fade);
            if dice.chance(30) {
                let flicker = Flicker::new(None, fade + lag(dice, object.habit.flickers));
                self.ghosts.insert(id.0.clone(), (object.clone(), flicker));
            }
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
        (object.visible, object.listed, object.stale, object.flicker) = (now, now, None, None);
        match what {
            // Of those with a name somebody else makes another one, which is his.
            Meddling::Remake if has_children || !object.habit.named => return None,
            Meddling::Remake => {
                object.owner = Owner { stack: STRANGER.to_owned(), ..object.owner.clone() };
                (object.broken, object.dying, object.revert) = (None, None, None);
                let theirs = object.clone();
                if !object.habit.by_name {
                    self.made += 1;
                    self.objects.remove(&id);
                    self.objects.insert(format!("{}-{}", theirs.habit.name, self.made), theirs);
                }
            }
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

    /// Objects of ours that live.
    pub fn living(&mut self) -> impl Iterator<Item = (&String, &Object)> {
        self.now();
        self.objects.iter().filter(|(_, object)| object.lives() && object.owner.stack != STRANGER)
    }

    /// Whether somebody else made what is there now.
    pub fn is_of_others(&self, id: &Id) -> bool {
        self.objects.get(&id.0).is_some_and(|object| object.owner.stack == STRANGER)
    }

    /// Others take away what is theirs.
    pub fn strangers_leave(&mut self) {
        self.objects.retain(|_, object| object.owner.stack != STRANGER);
    }
}

/// What someone else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meddling {
    Delete,
    Resize,
    Tag,
    Break,
    /// It is deleted, and made again under the same name by another stack.
    Remake,
}
