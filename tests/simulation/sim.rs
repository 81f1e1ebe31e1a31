use crate::counts::Counts;
use crate::dice::Dice;
use crate::machine::Processes;
use crate::place::Place;
use crate::story::{Kept, Point};
use crate::world::World;
use serde_json::Value as Json;
use stackctl::plan::Plan;
use stackctl::resource::{Id, Owner};
use stackctl::state::{Document, Verb};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// What the processes of one story share, and what is watched while they run.
#[derive(Debug)]
pub struct Sim {
    pub place: Place,
    pub processes: Processes,
    world: Mutex<World>,
    dice: Mutex<Dice>,
    counts: Mutex<Counts>,
    wrong: Mutex<Option<Wrong>>,
    /// What happened, for people; kept only while somebody wants to read it.
    log: Option<Mutex<Vec<String>>>,
    began: Instant,
    intents: AtomicU64,
    /// The turn of the process that got the lock last.
    turns: AtomicU64,
    /// What the last apply wants of kinds with names: kind, name, label and parent, as far as they are known.
    wanted: Mutex<Vec<(String, [Json; 3])>>,
    /// Whether a state was removed.
    pub removals: AtomicBool,
    /// From when until when every attempt is throttled, and how many the SDK makes.
    storm: Mutex<Option<(Instant, Instant, u32)>>,
}

/// What must hold, by name: `announced`, a durable intent before every call; `order`, no dependant before what it needs is
/// durable; `stranger`, nothing changed or deleted that somebody else made; `loss`, no object deleted that is wanted under the
/// same name; `second plan`, empty right after an apply; `stuck`, with no more faults an apply and a destroy go through.
pub const INVARIANTS: [&str; 15] = [
    "orphan",
    "duplicate",
    "phantom",
    "announced",
    "order",
    "protected",
    "stranger",
    "state",
    "secret",
    "second plan",
    "destroy",
    "loss",
    "stuck",
    "events",
    "panic",
];

/// A broken invariant.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub invariant: &'static str,
    pub what: String,
}

impl Sim {
    pub fn new(seed: u64, kept: Kept, logged: bool) -> Self {
        Self {
            place: Place::new(kept),
            processes: Processes::default(),
            world: Mutex::default(),
            dice: Mutex::new(Dice::new(seed)),
            counts: Mutex::default(),
            wrong: Mutex::default(),
            log: logged.then(Mutex::default),
            began: Instant::now(),
            intents: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            wanted: Mutex::default(),
            removals: AtomicBool::new(false),
            storm: Mutex::default(),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap()
    }

    pub fn count(&self, what: &str) {
        self.counts.lock().unwrap().add(what, 1);
    }

    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap().clone()
    }

    pub fn log(&self, line: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            let line = format!("{:>9.3} {}", self.began.elapsed().as_secs_f64(), line());
            log.lock().unwrap().push(line);
        }
    }

    pub fn logged(&self) -> Vec<String> {
        self.log.as_ref().map(|log| log.lock().unwrap().clone()).unwrap_or_default()
    }

    /// An invariant is broken. Only the first is told: the rest follows from it.
    pub fn wrong(&self, invariant: &'static str, what: impl FnOnce() -> String) {
        assert!(INVARIANTS.contains(&invariant), "{invariant} is not in the list");
        let mut wrong = self.wrong.lock().unwrap();
        if wrong.is_none() {
            let what = what();
            self.log(|| format!("!! {invariant}: {what}"));
            *wrong = Some(Wrong { invariant, what });
        }
    }

    pub fn broken(&self) -> Option<Wrong> {
        self.wrong.lock().unwrap().clone()
    }

    pub fn new_intent(&self) -> String {
        format!("intent-{}", self.intents.fetch_add(1, Ordering::Relaxed))
    }

    /// Someone gets the lock; the number of the turn.
    pub fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// One way of a call. Long enough now and then that a later call overtakes it.
    pub fn latency(&self, at: Point) -> Duration {
        let mut dice = self.dice();
        match at {
            Point::Get | Point::PutState | Point::PutJournal | Point::PutLease | Point::Remove => {
                dice.millis(5, 60)
            }
            _ if dice.chance(10) => dice.millis(500, 5000),
            _ => dice.millis(10, 300),
        }
    }

    /// A round begins, with a storm or none.
    pub fn brew(&self, storm: Option<(u64, u64, u32)>) {
        let storm = storm.map(|(after, long, budget)| {
            let from = Instant::now() + Duration::from_secs(after);
            (from, from + Duration::from_secs(long), budget)
        });
        *self.storm.lock().unwrap() = storm;
    }

    /// The budget of the SDK, while a storm is on.
    pub fn storm(&self) -> Option<u32> {
        let (from, until, budget) = (*self.storm.lock().unwrap())?;
        let now = Instant::now();
        (from <= now && now < until).then_some(budget)
    }

    /// An apply begins.
    pub fn wants(&self, plan: &Plan) {
        let steps = plan.steps.iter().filter(|step| step.inputs["name"].is_string());
        let wanted = steps.map(|step| {
            (step.address.kind.clone(), ["name", "label", "parent"].map(|part| step.inputs[part].clone()))
        });
        *self.wanted.lock().unwrap() = wanted.collect();
    }

    fn durable(&self) -> Document {
        self.place.durable().unwrap_or_else(|| Document::new("test", "", ""))
    }

    /// Before a create call: its intent is durable, and so is the end of all that it depends on.
    pub fn creates(&self, owner: &Owner) {
        let durable = self.durable();
        let address = &owner.address;
        let Some(intent) = durable.open.iter().find(|open| open.intent == owner.intent) else {
            return self.wrong("announced", || format!("{address} is created, and no journal says so"));
        };
        for dependency in &intent.depends_on {
            let begun =
                durable.open.iter().any(|open| open.address == *dependency && open.verb != Verb::Delete);
            let done = durable.resources.get(dependency).is_some_and(|record| !record.incomplete);
            if begun || !done {
                self.wrong("order", || {
                    format!("{address} is created before the journal says that {dependency} is done")
                });
            }
        }
    }

    /// Before an update call.
    pub fn updates(&self, id: &Id) {
        let durable = self.durable();
        let made_by = self.world().objects.get(&id.0).map(|object| object.owner.intent.clone());
        let announced = durable.open.iter().any(|open| match open.verb {
            Verb::Create => Some(&open.intent) == made_by.as_ref(),
            Verb::Update => open.id.as_ref() == Some(id),
            Verb::Delete => false,
        });
        if !announced {
            self.wrong("announced", || format!("{id} is changed, and no journal says so"));
        }
        if self.world().is_of_others(id) {
            self.wrong("stranger", || format!("{id} is changed, and somebody else made it"));
        }
    }

    /// Before a delete call.
    pub fn deletes(&self, id: &Id) {
        let durable = self.durable();
        let mut open = durable.open.iter();
        if !open.any(|open| open.verb == Verb::Delete && open.id.as_ref() == Some(id)) {
            self.wrong("announced", || format!("{id} is deleted, and no journal says so"));
        }
        let world = self.world();
        if world.is_of_others(id) {
            self.wrong("stranger", || format!("{id} is deleted, and somebody else made it"));
        }
        if let Some(object) = world.objects.get(&id.0).filter(|object| object.is_sound()) {
            let parts = ["name", "label", "parent"].map(|part| object.inputs[part].clone());
            let wanted = self.wanted.lock().unwrap();
            if wanted.iter().any(|(kind, wanted)| kind == object.habit.name && *wanted == parts) {
                self.wrong("loss", || format!("{id} is deleted, although {parts:?} is wanted"));
            }
        }
        drop(world);
        if durable.resources.values().any(|record| record.id == *id && record.protected) {
            self.wrong("protected", || format!("{id} is deleted, although it is protected"));
        }
    }
}
