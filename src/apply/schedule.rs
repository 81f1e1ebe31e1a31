use super::Pace;
use super::gate::{Gate, Pass, Rank};
use super::operation;
use super::outputs::outputs;
use super::reader::Reader;
use super::walk::{Walk, rank};
use crate::address::Address;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::error::{Error, Result};
use crate::event::{Event, Sink};
use crate::plan::{Known, Order, Plan, Value};
use crate::resource::{Id, Kind, Leftover, Observed};
use crate::state::{Digest, Document, Entry, Intent, Journal, Record, Tree, Verb};
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// So many times the parallelism are begun; those that are not at the cloud yet are being announced or wait for it.
const AHEAD: usize = 2;

/// One apply, from its plan to its summary.
pub struct Run<'a> {
    pub cloud: &'a Cloud,
    pub desired: &'a Desired,
    pub plan: &'a Plan,
    /// What was read for the plan: no-ops give their outputs to dependants from it.
    pub observed: &'a HashMap<Address, Observed>,
    pub journal: &'a Journal,
    /// The one that the plan was made with.
    pub digest: &'a Digest,
    pub kind: &'a (dyn Fn(&str) -> Option<&'static dyn Kind> + Sync),
    /// Makes the unique names of intents, which are client tokens too.
    pub new_intent: &'a (dyn Fn() -> String + Sync),
    pub parallelism: usize,
    pub pace: Pace,
    pub events: Sink<'a>,
    /// When to end before everything is done.
    pub stop: watch::Receiver<Stop>,
}

/// How an apply ends before everything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Stop {
    #[default]
    No,
    /// What is in flight is finished, nothing more is started.
    Drain,
    /// What is in flight is left to be settled by the next command.
    Abandon,
}

/// An operation that failed.
#[derive(Debug)]
pub struct Failure {
    pub address: Address,
    pub verb: Verb,
    pub error: Error,
}

/// What came of an apply.
#[derive(Debug)]
pub struct Summary {
    /// The state afterwards, to be written.
    pub document: Document,
    /// How many objects got another address.
    pub moved: usize,
    /// In the order in which they ended.
    pub done: Vec<(Address, Verb)>,
    pub failed: Vec<Failure>,
    /// Waited for something that failed, or came after the stop.
    pub not_started: Vec<Address>,
    /// Begun and not known to have ended: the next command settles them.
    pub unsettled: Vec<Address>,
    /// What stays of deleted objects.
    pub leftovers: Vec<(Address, Leftover)>,
    pub stopped: bool,
}

/// What the operations of a run share.
pub(super) struct Shared<'a> {
    pub run: &'a Run<'a>,
    pub reader: Reader<'a>,
    pub digest: &'a Digest,
    gate: Arc<Gate>,
    document: Mutex<Document>,
    known: Mutex<Known>,
    /// One operation is in flight and no other will begin.
    last: AtomicBool,
    /// Started and not ended, by their place in the order.
    flying: Mutex<BTreeMap<usize, (Address, Verb)>>,
    leftovers: Mutex<Vec<(Address, Leftover)>>,
}

/// An operation's place in the queue for the cloud.
pub(super) struct Turn {
    pub address: Address,
    pub verb: Verb,
    /// Its place in the order.
    pub operation: usize,
    rank: Rank,
}

impl Shared<'_> {
    /// Takes the entry into the state in memory and makes it durable. What is not durable is still in memory: the state
    /// that is written at the end has it, finished or open.
    pub async fn journal(&self, entry: &Entry) -> Result<()> {
        self.document().take(entry);
        self.run.journal.append(entry).await.map_err(Error::from)
    }

    /// Journals the end of an operation. After the last one the state is written at once, which says it as well.
    pub async fn done(&self, entry: &Entry) -> Result<()> {
        if !self.last.load(Ordering::Relaxed) {
            return self.journal(entry).await;
        }
        let mut document = self.document();
        document.take(entry);
        Ok(())
    }

    /// Announces what is about to happen. If that cannot be made durable, it must not happen.
    pub async fn announce(&self, intent: &Intent) -> Result<()> {
        self.journal(&Entry::Intent(intent.clone())).await.inspect_err(|error| {
            self.document().take(&Entry::Void { intent: intent.intent.clone(), reason: error.to_string() });
        })
    }

    /// Announces it, waits for its turn and says that it begins; `None` if the run is stopped before.
    pub async fn begin(&self, intent: &Intent, turn: &Turn) -> Result<Option<Pass>> {
        self.announce(intent).await?;
        let pass = self.gate.pass(turn.rank).await;
        if pass.is_some() {
            self.started(turn.operation, &turn.address, turn.verb);
        } else {
            let reason = "stopped before its turn came".to_owned();
            self.journal(&Entry::Void { intent: intent.intent.clone(), reason }).await?;
        }
        Ok(pass)
    }

    fn flying(&self) -> MutexGuard<'_, BTreeMap<usize, (Address, Verb)>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that it begins, unless that is said already.
    fn started(&self, operation: usize, address: &Address, verb: Verb) {
        if self.flying().insert(operation, (address.clone(), verb)).is_none() {
            (self.run.events)(Event::Started { operation, address: address.clone(), verb });
        }
    }

    /// What stays of an object that is deleted.
    pub fn leaves(&self, address: &Address, leftovers: Vec<Leftover>) {
        for leftover in leftovers {
            (self.run.events)(Event::LeftOver { address: address.clone(), leftover: leftover.clone() });
            let mut all = self.leftovers.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((address.clone(), leftover));
        }
    }

    fn document(&self) -> MutexGuard<'_, Document> {
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn learn(&self, address: &Address, value: Value) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(address.clone(), value);
    }

    pub fn record(&self, address: &Address) -> Option<Record> {
        self.document().resources.get(address).cloned()
    }

    /// The current object or a deposed one, by id.
    pub fn object(&self, address: &Address, id: &Id) -> Option<Record> {
        self.document().resources.get(address)?.objects().find(|object| object.id == *id).cloned()
    }

    /// The ids of its objects; `None` where there was no state before this run.
    pub fn recorded(&self, address: &Address) -> Option<Vec<Id>> {
        (self.run.plan.serial > 0).then(|| self.document().ids(address))
    }
}

/// Carries out the plan: whatever is ready runs, longest remaining path first. A failure stops what depends on it and
/// nothing else.
pub async fn apply(run: &Run<'_>, mut document: Document) -> Summary {
    let order = Order::new(run.plan);
    if let Err(failure) = rename(run, &mut document).await {
        let not_started = run.plan.steps.iter().filter(|step| step.is_pending());
        let not_started = not_started.map(|step| step.address.clone()).collect();
        // The moves are one more operation than the order has.
        let (operation, address, verb) = (order.len(), failure.address.clone(), failure.verb);
        (run.events)(Event::Started { operation, address: address.clone(), verb });
        (run.events)(Event::Failed { operation, address, verb, trouble: (&failure.error).into() });
        let failed = vec![failure];
        return Summary {
            document,
            moved: 0,
            done: vec![],
            failed,
            not_started,
            unsettled: vec![],
            leftovers: vec![],
            stopped: false,
        };
    }
    let shared = Shared {
        run,
        reader: Reader::new(run.cloud),
        digest: run.digest,
        gate: Gate::new(run.parallelism),
        known: Mutex::new(settled(run, &document)),
        last: AtomicBool::new(false),
        flying: Mutex::default(),
        leftovers: Mutex::default(),
        document: Mutex::new(document),
    };
    let mut walk = Walk::new(&order);
    let mut flying = FuturesUnordered::new();
    let (mut done, mut failed, mut not_started) = (vec![], vec![], vec![]);
    let mut stop = run.stop.clone();
    loop {
        let stop_now = *stop.borrow_and_update();
        if stop_now == Stop::Abandon {
            break;
        }
        let stopped = stop_now != Stop::No;
        if stopped {
            shared.gate.close();
        }
        while !stopped
            && flying.len() < run.parallelism.max(1) * AHEAD
            && let Some(index) = walk.next()
        {
            flying.push(fly(&shared, &order, index));
        }
        shared.last.store(flying.len() == 1 && walk.has_begun_all(), Ordering::Relaxed);
        let (index, verb, outcome) = tokio::select! {
            Some(landed) = flying.next(), if !flying.is_empty() => landed,
            Ok(()) = stop.changed(), if !flying.is_empty() => continue,
            else => break,
        };
        let address = order.operation(index).address.clone();
        match outcome {
            Ok(Some(_)) => {
                done.push((address, verb));
                walk.finish(index);
            }
            Ok(None) => not_started.push(address),
            Err(error) => {
                for operation in walk.fail(index) {
                    let (skipped, because) = (order.operation(operation).address.clone(), address.clone());
                    (run.events)(Event::Skipped { operation, address: skipped.clone(), because });
                    not_started.push(skipped);
                }
                failed.push(Failure { address, verb, error });
            }
        }
    }
    let stopped = *stop.borrow() != Stop::No;
    not_started.extend(walk.rest().map(|index| order.operation(index).address.clone()));
    not_started.sort();
    not_started.dedup();
    drop(flying);
    for (operation, (address, verb)) in std::mem::take(&mut *shared.flying()) {
        (run.events)(Event::Left { operation, address, verb });
    }
    let unsettled: Vec<Address> =
        shared.document().open.iter().map(|intent| intent.address.clone()).collect();
    let known = shared.known.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut document = shared.document.into_inner().unwrap_or_else(PoisonError::into_inner);
    let undone: HashSet<&Address> =
        failed.iter().map(|failure| &failure.address).chain(&not_started).chain(&unsettled).collect();
    outputs(run, &known, &undone, &mut document);
    renew(run, &known, &mut document);
    let moved = run.plan.kept().count();
    let leftovers = shared.leftovers.into_inner().unwrap_or_else(PoisonError::into_inner);
    Summary { document, moved, done, failed, not_started, unsettled, leftovers, stopped }
}

/// Carries out the moves of the plan: one entry of the journal, so that they are made together or not at all.
async fn rename(run: &Run<'_>, document: &mut Document) -> Result<(), Failure> {
    let moves: Vec<_> = run.plan.moves.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
    let Some((_, address)) = moves.first().cloned() else { return Ok(()) };
    let entry = Entry::Moved { moves };
    run.journal.append(&entry).await.map_err(|error| Failure {
        address,
        verb: Verb::Update,
        error: error.into(),
    })?;
    document.take(&entry);
    for one in run.plan.kept() {
        (run.events)(Event::Moved { from: one.from.clone(), to: one.to.clone() });
    }
    Ok(())
}

async fn fly(shared: &Shared<'_>, order: &Order, index: usize) -> (usize, Verb, Result<Option<Duration>>) {
    let operation = order.operation(index);
    let Some(step) = shared.run.plan.step(&operation.address) else {
        return (index, Verb::Update, Err(Error::Refused("the plan has no such step".to_owned())));
    };
    let (address, verb) = (step.address.clone(), operation::verb(step, &operation.half));
    let turn = Turn { address: address.clone(), verb, operation: index, rank: rank(order, index) };
    let outcome = operation::run(shared, step, operation, &turn).await;
    let ended = match &outcome {
        Ok(Some(took)) => Event::Finished { operation: index, address, verb, took: *took },
        Ok(None) => return (index, verb, outcome),
        Err(error) => Event::Failed { operation: index, address, verb, trouble: error.into() },
    };
    // What is done in the state alone, or failed before its turn, begins with its end.
    shared.started(index, &turn.address, verb);
    shared.flying().remove(&index);
    (shared.run.events)(ended);
    (index, verb, outcome)
}

/// What is there already and may be referred to. What is left alone is as it is recorded; of the rest the secrets are
/// known as well, since `stack.toml` has them.
fn settled(run: &Run<'_>, document: &Document) -> Known {
    let mut known = Known::default();
    for step in &run.plan.steps {
        if let Some((attribute, _)) = run.desired.derived(&step.address)
            && let Some(name) = step.inputs.get(attribute).and_then(serde_json::Value::as_str)
        {
            known.call(step.address.clone(), name.to_owned());
        }
        let address = &step.address;
        let Some(record) = document.resources.get(address) else { continue };
        let value = match run.observed.get(step.moved_from.as_ref().unwrap_or(address)) {
            _ if step.left_alone => Value::settled(&record.id, &record.inputs, &record.outputs),
            Some(observed) => {
                let wanted = if run.desired.contains(address) {
                    run.desired.inputs(address, &known)
                } else {
                    record.inputs.clone()
                };
                let inputs = crate::schema::tree::merge(&observed.inputs, &wanted);
                Value::settled(&record.id, &inputs, &observed.outputs)
            }
            None => continue,
        };
        known.insert(address.clone(), value);
    }
    known
}

/// What is written has digests of today, also of what this run left as it was.
fn renew(run: &Run<'_>, known: &Known, document: &mut Document) {
    let sensitive = serde_json::json!({ "x-sensitive": true });
    for (name, (value, _)) in run.desired.outputs(known) {
        if let Some(recorded) = document.outputs.get_mut(&name)
            && run.digest.has_older(&sensitive, recorded)
        {
            *recorded = run.digest.renew(&Tree::Output(&name), &sensitive, recorded, &value);
        }
    }
    for (address, record) in
        document.resources.iter_mut().filter(|(address, _)| run.desired.contains(address))
    {
        let (schema, place) = (run.desired.kind(address).inputs(), Tree::Inputs(address));
        if run.digest.has_older(schema, &record.inputs) {
            let plain = run.desired.inputs(address, known);
            record.inputs = run.digest.renew(&place, schema, &record.inputs, &plain);
        }
    }
}
