//! A cloud in memory. Its kinds are real implementations of `Kind`; what they do can be disturbed.

use crate::objects::Memory;
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::apply::{Finding, Pace, Run, Stop, Summary, apply, settle};
use stackctl::cloud::{Cloud, doubt, http};
use stackctl::config::{self, Options, Source};
use stackctl::desired::Desired;
use stackctl::error::{AwsError, Error};
use stackctl::event::Event;
use stackctl::plan::{self, Plan, Selection};
use stackctl::refresh::refresh;
use stackctl::resource::ownership;
use stackctl::resource::{Create, Id, Kind, Observed, Owner, Profile, Retry, Status, Typical, Wait};
use stackctl::state::{Cost, Digest, Document, Journal, StateError, Store};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// An object of the cloud.
#[derive(Debug, Clone)]
pub struct Object {
    pub kind: &'static str,
    pub inputs: Json,
    pub owner: BTreeMap<String, String>,
    /// When reads see it.
    pub visible: tokio::time::Instant,
    /// When lists show it.
    pub listed: tokio::time::Instant,
    /// When it is ready.
    pub ready: tokio::time::Instant,
    /// What reads return until `fresh`.
    pub stale: Option<(Json, tokio::time::Instant)>,
    /// Until then every other read is answered as it was before; `None`: that it is not there.
    pub flicker: Option<(Option<Json>, tokio::time::Instant)>,
    /// Seconds for which it is not seen any more after it was seen once, and until when that is.
    hides: u64,
    hidden: Option<tokio::time::Instant>,
    /// So many next reads say that it is not there.
    pub absent: u32,
    /// It is deleted, and shows in reads only.
    pub ghost: bool,
    reads: u32,
    /// No other object has it, whatever it is called.
    pub identity: String,
    /// When it is gone.
    pub until: Option<tokio::time::Instant>,
}

/// What goes wrong at the next call of a verb on a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// AWS refuses; nothing happened.
    Refuse,
    /// It happened, and the answer was lost.
    LostResponse,
    /// As before, and lists show what was created only some seconds later.
    LostAndUnseen,
    /// The answer was lost on the way there: nothing happened.
    NeverArrived,
    /// It happened, the answer was lost, and the SDK's own repetition is refused: the name is taken.
    Taken,
    /// AWS refuses at once: something of that name is there, or there is no room for more. Nothing happened.
    Exists,
    Limit,
    /// The kind refuses by itself.
    Own,
    /// AWS refuses, and quotes what it got.
    Quote,
    /// As `Taken`, and lists show what was created only some seconds later.
    TakenAndUnseen,
    /// It happened, the answer was lost, and lists show it only when everybody has given up.
    LostAndLate,
    /// AWS takes it, and gives it up afterwards; reads show it as if it had been made.
    GivesUp,
    /// An error that the profile says passes by itself.
    Passing,
    /// The call happens and never returns: the process dies here.
    Hang,
    /// The process dies before the call.
    HangBefore,
}

/// Longer than the lease of a dead process lasts.
pub const PATIENCE: Duration = Duration::from_secs(100);

const RETRIES: &[Retry] = &[Retry::secs("DependencyViolation", "", 60)];

#[derive(Debug, Default)]
pub struct World {
    pub objects: BTreeMap<String, Object>,
    /// `create vpc.main`, in the order of the calls.
    pub calls: Vec<String>,
    pub reads: usize,
    pub faults: Vec<(String, Fault)>,
    /// Seconds for which a write does not read back.
    pub staleness: u64,
    /// Every secret that a create call was given.
    pub secrets: Vec<String>,
    /// The secret of each object, which no read tells.
    pub kept: BTreeMap<String, Json>,
    /// What AWS says of the objects with these labels.
    pub states: BTreeMap<String, Status>,
    /// Seconds for which what was deleted and was not well still shows as it was.
    pub lingering: u64,
    /// What deletions were given.
    pub deleted: Vec<Json>,
    /// Seconds for which a new object cannot be read, although lists show it.
    pub unseen: u64,
    /// Seconds for which reads are answered old and new in turn after a change: also absent and there, after a creation and
    /// after a deletion.
    pub flickers: u64,
    /// Seconds for which a new object is not seen any more after it was seen once.
    pub hides: u64,
    /// Of every call and read.
    pub latency: Duration,
    next: u64,
}

impl Object {
    /// One that everybody sees at once.
    pub fn new(
        kind: &'static str,
        inputs: Json,
        owner: BTreeMap<String, String>,
        now: tokio::time::Instant,
    ) -> Self {
        Self {
            kind,
            inputs,
            owner,
            visible: now,
            listed: now,
            ready: now,
            stale: None,
            flicker: None,
            hides: 0,
            hidden: None,
            absent: 0,
            ghost: false,
            reads: 0,
            identity: String::new(),
            until: None,
        }
    }

    /// The inputs that a read is answered with; `None`: that it is not there.
    fn answer(&mut self, now: tokio::time::Instant) -> Option<Json> {
        self.reads += 1;
        if self.absent > 0 {
            self.absent -= 1;
            return None;
        }
        if self.hidden.is_some_and(|until| now < until) {
            return None;
        }
        if self.hides > 0 && self.hidden.is_none() {
            self.hidden = Some(now + Duration::from_secs(self.hides));
        }
        if let Some((old, until)) = &self.flicker
            && now < *until
        {
            if self.reads.is_multiple_of(2) != self.ghost {
                return old.clone();
            }
        } else if self.ghost {
            return None;
        }
        match &self.stale {
            Some((old, fresh)) if now < *fresh => Some(old.clone()),
            _ => Some(self.inputs.clone()),
        }
    }
}

impl World {
    fn flickering(&self) -> Option<tokio::time::Instant> {
        (self.flickers > 0).then(|| tokio::time::Instant::now() + Duration::from_secs(self.flickers))
    }
}

/// What planning gives: what an apply needs, and what was settled before.
pub type Planned = (Plan, Document, HashMap<Address, Observed>, Vec<Finding>);

pub type Shared = Arc<Mutex<World>>;

/// A kind with inputs that replace, interrupt, are computed, are secret.
struct Scripted {
    name: &'static str,
    inputs: Json,
    outputs: Json,
    profile: Profile,
    /// Seconds until a new object is ready.
    slow: u64,
    /// Has a name that no two may share.
    named: bool,
    world: Shared,
}

impl Scripted {
    fn fault(&self, verb: &str, name: &str) -> Option<Fault> {
        let mut world = self.world.lock().unwrap();
        let call = format!("{verb} {}.{name}", self.name);
        world.calls.push(call.clone());
        let at = world.faults.iter().position(|(planned, _)| *planned == call)?;
        Some(world.faults.remove(at).1)
    }

    async fn travel(&self) {
        let latency = self.world.lock().unwrap().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
    }

    async fn act<T>(&self, fault: Option<Fault>, act: impl FnOnce(&mut World) -> T) -> Result<T, Error> {
        self.travel().await;
        let aws = |status: Option<u16>, code: Option<&str>| {
            Err(Error::Aws(AwsError {
                operation: "test:Call",
                code: code.map(str::to_owned),
                message: "as scripted".to_owned(),
                request_id: None,
                status,
            }))
        };
        match fault {
            Some(Fault::HangBefore) => std::future::pending().await,
            Some(Fault::Refuse | Fault::Quote) => aws(Some(400), Some("InvalidParameter")),
            Some(Fault::Exists) => aws(Some(409), Some("AlreadyExists")),
            Some(Fault::Limit) => aws(Some(400), Some("LimitExceeded")),
            Some(Fault::Own) => Err(Error::Refused("it is another's".to_owned())),
            Some(Fault::Passing) => aws(Some(400), Some("DependencyViolation")),
            Some(Fault::NeverArrived) => aws(None, None),
            Some(Fault::LostResponse | Fault::LostAndUnseen | Fault::LostAndLate) => {
                act(&mut self.world.lock().unwrap());
                aws(None, None)
            }
            Some(Fault::Taken | Fault::TakenAndUnseen) => {
                act(&mut self.world.lock().unwrap());
                doubt();
                aws(Some(409), Some("AlreadyExists"))
            }
            Some(Fault::Hang) => {
                act(&mut self.world.lock().unwrap());
                std::future::pending().await
            }
            None | Some(Fault::GivesUp) => Ok(act(&mut self.world.lock().unwrap())),
        }
    }
}

fn quoting(inputs: &Json) -> Error {
    let text = inputs["secret"].as_str().unwrap_or_default();
    Error::Aws(AwsError {
        operation: "test:Call",
        code: Some("ValidationException".to_owned()),
        message: format!("Value '{text}' in {inputs} failed to satisfy constraint: no quotes"),
        request_id: None,
        status: Some(400),
    })
}

fn name_of(inputs: &Json) -> String {
    inputs["label"].as_str().unwrap_or_default().to_owned()
}

impl Kind for Scripted {
    fn name(&self) -> &'static str {
        self.name
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

    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id, Error>> {
        Box::pin(async move {
            let fault = self.fault("create", &name_of(&inputs));
            if fault == Some(Fault::Quote) {
                return Err(quoting(&inputs));
            }
            let owner = ctx.owner.tags();
            let now = tokio::time::Instant::now();
            let ready = now + Duration::from_secs(self.slow);
            let unseen = match fault {
                Some(Fault::LostAndUnseen | Fault::TakenAndUnseen) => 12,
                Some(Fault::LostAndLate) => 3000,
                _ => 0,
            };
            let listed = now + Duration::from_secs(unseen);
            let taken = |object: &Object| {
                object.kind == self.name && object.inputs["name"] == inputs["name"] && !object.ghost
            };
            if self.named && self.world.lock().unwrap().objects.values().any(taken) {
                return Err(Error::Aws(AwsError {
                    operation: "test:Create",
                    code: Some("AlreadyExists".to_owned()),
                    message: "the name is taken".to_owned(),
                    request_id: None,
                    status: Some(409),
                }));
            }
            self.act(fault, |world| {
                world.next += 1;
                world.secrets.extend(inputs["secret"].as_str().map(str::to_owned));
                let visible = now + Duration::from_secs(world.unseen);
                let id = format!("{}-{}", self.name, world.next);
                // The create call cannot set `size`: the engine must update to it.
                let mut inputs = inputs.clone();
                inputs["size"] = json!(1);
                inputs["zone"] = json!("zone-1");
                world.kept.insert(id.clone(), inputs["secret"].take());
                let object = Object {
                    visible,
                    listed,
                    ready,
                    flicker: world.flickering().map(|until| (None, until)),
                    hides: world.hides,
                    identity: id.clone(),
                    ..Object::new(self.name, inputs, owner, now)
                };
                world.objects.insert(id.clone(), object);
                Id(id)
            })
            .await
        })
    }

    fn find<'a>(
        &'a self,
        _: &'a Cloud,
        owner: &'a Owner,
        inputs: Json,
    ) -> BoxFuture<'a, Result<Option<Id>, Error>> {
        Box::pin(async move {
            let fault = self.fault("find", &name_of(&inputs));
            self.act(fault, |world| {
                let now = tokio::time::Instant::now();
                let mut listed =
                    world.objects.iter().filter(|(_, object)| object.listed <= now && !object.ghost);
                let found = listed.find(|(_, object)| owner.owns(&object.owner));
                found.map(|(id, _)| Id(id.clone()))
            })
            .await
        })
    }

    fn read<'a>(
        &'a self,
        _: &'a Cloud,
        ids: &'a [Id],
    ) -> BoxFuture<'a, Result<HashMap<Id, Observed>, Error>> {
        Box::pin(async move {
            self.travel().await;
            let mut world = self.world.lock().unwrap();
            world.reads += 1;
            let now = tokio::time::Instant::now();
            let said = world.states.clone();
            world.objects.retain(|_, object| object.until.is_none_or(|until| now < until));
            let found = ids.iter().filter_map(|id| {
                let object = world.objects.get_mut(&id.0).filter(|object| now >= object.visible)?;
                let inputs = object.answer(now)?;
                let status = match said.get(&name_of(&object.inputs)).cloned() {
                    Some(said) => said,
                    None if now < object.ready => Status::Pending("creating".into()),
                    None => Status::Ready,
                };
                let outputs = json!({
                    "arn": format!("arn:{id}"),
                    "version": object.inputs["size"].to_string(),
                    "role": format!("arn:role/{}", name_of(&object.inputs)),
                    "identity": object.identity,
                });
                let owner = Some(object.owner.clone());
                Some((id.clone(), Observed { inputs, outputs, status, owner }))
            });
            Ok(found.collect())
        })
    }

    fn update<'a>(
        &'a self,
        _: &'a Cloud,
        id: &'a Id,
        _: Json,
        mut after: Json,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let owner = ownership::take(&self.inputs, &mut after).unwrap_or_default();
            let fault = self.fault("update", &name_of(&after));
            if fault == Some(Fault::Quote) {
                return Err(quoting(&after));
            }
            let label = name_of(&after);
            self.act(fault, |world| {
                if world.states.get(&label).and_then(Status::ailment).is_some_and(|ailment| ailment.undone) {
                    world.states.remove(&label);
                }
                if fault == Some(Fault::GivesUp) {
                    world.states.insert(label, Status::undone("no room", "make room"));
                }
                let fresh = tokio::time::Instant::now() + Duration::from_secs(world.staleness);
                world.kept.insert(id.0.clone(), after["secret"].take());
                let flickers = world.flickering();
                if let Some(object) = world.objects.get_mut(&id.0) {
                    object.stale = Some((object.inputs.clone(), fresh));
                    object.flicker = flickers.map(|until| (Some(object.inputs.clone()), until));
                    let zone = object.inputs["zone"].clone();
                    object.owner.extend(owner);
                    object.inputs = after;
                    if object.inputs["zone"].is_null() {
                        object.inputs["zone"] = zone;
                    }
                }
            })
            .await
        })
    }

    fn delete<'a>(&'a self, _: &'a Cloud, id: &'a Id, live: Observed) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let fault = self.fault("delete", &name_of(&live.inputs));
            self.act(fault, |world| {
                let until = tokio::time::Instant::now() + Duration::from_secs(world.lingering);
                let lingers = world.lingering > 0 && world.states.contains_key(&name_of(&live.inputs));
                world.deleted.push(live.inputs);
                match (world.flickering(), world.objects.get_mut(&id.0)) {
                    (Some(until), Some(object)) => {
                        (object.ghost, object.flicker) = (true, Some((None, until)));
                    }
                    (None, Some(object)) if lingers => object.until = Some(until),
                    _ => drop(world.objects.remove(&id.0)),
                }
            })
            .await
        })
    }
}

/// A test's cloud, its kinds and its state folder.
pub struct Test {
    pub world: Shared,
    kinds: Vec<&'static dyn Kind>,
    pub folder: tempfile::TempDir,
    /// The state lies in a folder of this name in that folder.
    pub below: &'static str,
    /// The state lies here and not in the folder.
    pub memory: Option<Arc<Memory>>,
    pub selection: Selection,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub pace: Pace,
}

impl Test {
    pub fn new() -> Self {
        let world = Shared::default();
        let kind = |name: &'static str, slow: u64, fixed_name: bool| -> &'static dyn Kind {
            let named = name == "box";
            let mut inputs = json!({"type": "object", "additionalProperties": false, "properties": {
                "label": {"type": "string", "x-replace": true},
                "parent": {"type": ["string", "null"], "x-replace": true},
                "peer": {"type": ["string", "null"]},
                "size": {"type": "integer", "default": 1},
                "zone": {"type": ["string", "null"], "x-computed": true},
                "secret": {"type": ["string", "null"], "x-sensitive": true, "x-write-only": true},
                "force": {"type": "boolean", "default": false, "x-local": true},
                "tags": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
            }, "required": ["label"]});
            if name == "fun" {
                inputs["properties"]["policy"] = json!({"x-policy": true});
                inputs["properties"]["peer_identity"] = json!({
                    "type": ["string", "null"],
                    "x-write-only": true,
                    "x-identity": {"of": "peer", "output": "identity"},
                });
            }
            if named {
                inputs["properties"]["name"] =
                    json!({"type": ["string", "null"], "x-replace": true, "x-name": {"max": 63}});
            }
            let outputs = json!({"type": "object", "properties": {
                "arn": {"type": "string"},
                "version": {"type": "string", "x-volatile": true},
                "role": {"type": "string"},
                "identity": {"type": "string"},
            }});
            let profile = Profile {
                create: Wait::secs(0, 10, 1, 7200),
                update: if name == "far" { Wait::secs(90, 30, 1, 7200) } else { Profile::INSTANT.update },
                typical: Typical { create: u32::try_from(slow).unwrap() + 1, update: 1, delete: 1 },
                retries: RETRIES,
                fixed_name,
                identity: if named { &["name"] } else { &[] },
                ..Profile::INSTANT
            };
            Box::leak(Box::new(Scripted {
                name,
                inputs,
                outputs,
                profile,
                slow,
                named,
                world: world.clone(),
            }))
        };
        let kinds = vec![
            kind("net", 0, false),
            kind("db", 600, true),
            kind("app", 0, false),
            kind("box", 0, true),
            kind("fun", 0, false),
            // Looked at seldom.
            kind("far", 0, false),
        ];
        Self {
            world,
            kinds,
            folder: tempfile::tempdir().unwrap(),
            below: "",
            memory: None,
            selection: Selection::default(),
            events: Arc::default(),
            pace: Pace::AWS,
        }
    }

    /// With other kinds.
    pub fn of(kinds: Vec<&'static dyn Kind>) -> Self {
        Self { kinds, ..Self::new() }
    }

    /// With its state in an object store that takes 20 ms for a request.
    pub fn remote() -> Self {
        let memory = Memory::slow(Duration::from_millis(20));
        Self { memory: Some(Arc::new(memory)), ..Self::new() }
    }

    /// The same cloud, by a copy of the stack with a state of its own.
    pub fn beside(&self) -> Self {
        let (world, kinds) = (self.world.clone(), self.kinds.clone());
        Self { world, kinds, ..Self::new() }
    }

    pub fn store(&self) -> Store {
        match &self.memory {
            None => Store::files(&self.folder.path().join(self.below), "test", None),
            Some(memory) => Store::remote(memory.clone(), "memory://test", "team/test.json"),
        }
    }

    fn cloud() -> Cloud {
        Cloud::emulator("http://127.0.0.1:1", "eu-west-1", http())
    }

    fn kind(&self) -> impl Fn(&str) -> Option<&'static dyn Kind> + Sync + use<> {
        let kinds = self.kinds.clone();
        move |name| kinds.iter().copied().find(|kind| kind.name() == name)
    }

    pub fn desired(&self, body: &str) -> Desired {
        let text = format!("[stack]\nname = \"test\"\nregion = \"eu-west-1\"\n{body}");
        let source = Source::new("stack.toml", text);
        let stack = config::parse(source, &Options::default(), &self.kinds)
            .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(100, false)));
        Desired::new(stack, "000000000000", "eu-west-1", HashMap::new())
    }

    /// Opens the state as a command does: settles, refreshes, plans.
    pub async fn plan(&self, body: &str) -> Planned {
        self.try_plan(body, false).await.unwrap()
    }

    async fn try_plan(&self, body: &str, destroy: bool) -> Result<Planned, StateError> {
        let (document, held) = self.store().open("plan", PATIENCE).await?;
        let mut document = document.unwrap_or_else(|| Document::new("test", "000000000000", "eu-west-1"));
        let findings = settle(&Self::cloud(), &mut document, &self.pace, self.kind()).await.unwrap();
        if !findings.is_empty() {
            held.write(&mut document).await?;
        }
        let observed = refresh(&Self::cloud(), &document, &self.pace, self.kind()).await.unwrap();
        let desired = self.desired(body);
        let digest = digest(&document);
        let plan = plan::build(&plan::Inputs {
            desired: &desired,
            state: &document,
            observed: &observed,
            selection: &self.selection,
            destroy,
            kind: &self.kind(),
            digest: &digest,
        });
        // The journal builds on a state that is there.
        if document.serial == 0 {
            held.write(&mut document).await?;
        }
        held.release().await;
        Ok((plan, document, observed, findings))
    }

    pub async fn apply(&self, body: &str) -> Summary {
        self.apply_as(body, false, watch::channel(Stop::No).1).await
    }

    pub async fn destroy(&self, body: &str) -> Summary {
        self.apply_as(body, true, watch::channel(Stop::No).1).await
    }

    pub async fn apply_as(&self, body: &str, destroy: bool, stop: watch::Receiver<Stop>) -> Summary {
        self.try_apply_as(body, destroy, stop).await.unwrap()
    }

    /// An apply whose state may be out of reach.
    pub async fn try_apply(&self, body: &str) -> Result<Summary, StateError> {
        self.try_apply_as(body, false, watch::channel(Stop::No).1).await
    }

    async fn try_apply_as(
        &self,
        body: &str,
        destroy: bool,
        stop: watch::Receiver<Stop>,
    ) -> Result<Summary, StateError> {
        let (plan, document, observed, _) = self.try_plan(body, destroy).await?;
        let (_, held) = self.store().open("apply", PATIENCE).await?;
        let journal = held.journal(&document, "apply").await?;
        let mut summary = self.carry_out(body, &plan, document, &observed, &journal, stop).await;
        held.write(&mut summary.document).await?;
        held.release().await;
        Ok(summary)
    }

    pub async fn carry_out(
        &self,
        body: &str,
        plan: &Plan,
        document: Document,
        observed: &HashMap<Address, Observed>,
        journal: &Journal,
        stop: watch::Receiver<Stop>,
    ) -> Summary {
        let (desired, cloud, kind) = (self.desired(body), Self::cloud(), self.kind());
        let events = self.events.clone();
        let run = Run {
            cloud: &cloud,
            desired: &desired,
            plan,
            observed,
            journal,
            digest: &digest(&document),
            kind: &kind,
            new_intent: &|| uuid::Uuid::new_v4().to_string(),
            parallelism: 16,
            pace: self.pace,
            events: &|event| events.lock().unwrap().push(event),
            stop,
        };
        apply(&run, document).await
    }

    /// Applies until the process "dies" in a call that hangs.
    pub async fn apply_and_die(&self, body: &str) {
        let died = tokio::time::timeout(Duration::from_secs(100_000), self.apply(body)).await;
        assert!(died.is_err(), "nothing hung");
    }

    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.world.lock().unwrap().calls)
    }

    pub fn fault(&self, call: &str, fault: Fault) {
        self.world.lock().unwrap().faults.push((call.to_owned(), fault));
    }

    /// The secret that the object of an address has.
    pub fn secret(&self, address: &str) -> Option<String> {
        let world = self.world.lock().unwrap();
        let says = |object: &Object| object.owner.get(Owner::ADDRESS).is_some_and(|said| said == address);
        let (id, _) = world.objects.iter().find(|(_, object)| says(object))?;
        world.kept[id].as_str().map(str::to_owned)
    }

    pub fn count(&self) -> usize {
        self.world.lock().unwrap().objects.values().filter(|object| !object.ghost).count()
    }

    /// Everything that was written to the state folder.
    pub fn written(&self) -> String {
        let mut all = String::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            all += &read(&entry.unwrap().path());
        }
        all
    }
}

/// No secret of a test is one.
fn digest(document: &Document) -> Digest {
    Digest::new(document).costing(Cost::TRIVIAL)
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// `action address`, no-ops left out.
pub fn actions(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.is_pending());
    steps.map(|step| format!("{:?} {}", step.action, step.address)).collect()
}
