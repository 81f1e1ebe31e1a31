use crate::Story;
use crate::double::{Double, Shared};
use crate::law::KINDS;
use crate::objects::Memory;
use crate::world::World;
use stackctl::address::Address;
use stackctl::apply::{Pace, Run, Stop, Summary, apply};
use stackctl::cloud::{Cloud, http};
use stackctl::config::{self, Options, Source};
use stackctl::desired::Desired;
use stackctl::plan::{self, Plan, Selection};
use stackctl::refresh::refresh;
use stackctl::resource::{Kind, Observed};
use stackctl::state::{Cost, Digest, Document, Store};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What came of a story.
#[derive(Debug, Default)]
pub struct Outcome {
    pub wrong: Option<String>,
    pub counts: BTreeMap<&'static str, usize>,
    pub log: Vec<String>,
}

pub struct Stage {
    pub world: Shared,
    pub selection: Selection,
    pub kinds: Vec<&'static dyn Kind>,
    memory: Arc<Memory>,
    pub cloud: Cloud,
    intents: AtomicUsize,
}

/// No secret is in these stacks.
fn digest(document: &Document) -> Digest {
    Digest::new(document).costing(Cost::TRIVIAL)
}

pub type Planned = (Desired, Document, HashMap<Address, Observed>, Plan);

impl Stage {
    pub fn new() -> Self {
        let world = Shared::new(std::sync::Mutex::new(World::default()));
        let kinds = KINDS.iter().map(|law| Double::kind(law, &world)).collect();
        let cloud = Cloud::emulator("http://127.0.0.1:1", "eu-west-1", http());
        Self {
            world,
            selection: Selection::default(),
            kinds,
            memory: Arc::default(),
            cloud,
            intents: AtomicUsize::new(0),
        }
    }

    fn kind(&self) -> impl Fn(&str) -> Option<&'static dyn Kind> + Sync + use<> {
        let kinds = self.kinds.clone();
        move |name| kinds.iter().copied().find(|kind| kind.name() == name)
    }

    fn store(&self) -> Store {
        Store::remote(self.memory.clone(), "memory://test", "team/test.json")
    }

    /// `None`: the file itself is refused.
    pub fn desired(&self, text: &str) -> Result<Desired, String> {
        let source = Source::new("stack.toml", text.to_owned());
        let stack = config::parse(source, &Options::default(), &self.kinds)
            .map_err(|mistakes| mistakes.render(100, false))?;
        Ok(Desired::new(stack, "000000000000", "eu-west-1", HashMap::new()))
    }

    pub async fn plan(&self, text: &str, destroy: bool) -> Result<Planned, String> {
        self.plan_part(text, destroy, &self.selection).await
    }

    async fn plan_part(&self, text: &str, destroy: bool, selection: &Selection) -> Result<Planned, String> {
        let desired = self.desired(text)?;
        let (document, held) = self.store().open("plan", Duration::from_secs(100)).await.unwrap();
        let mut document = document.unwrap_or_else(|| Document::new("test", "000000000000", "eu-west-1"));
        if document.serial == 0 {
            held.write(&mut document).await.unwrap();
        }
        held.release().await;
        let observed = refresh(&self.cloud, &document, &Pace::AWS, self.kind()).await.unwrap();
        let plan = plan::build(&plan::Inputs {
            desired: &desired,
            state: &document,
            observed: &observed,
            selection,
            destroy,
            kind: &self.kind(),
            digest: &digest(&document),
        });
        Ok((desired, document, observed, plan))
    }

    pub async fn apply(&self, (desired, document, observed, plan): &Planned) -> Summary {
        let (_, held) = self.store().open("apply", Duration::from_secs(100)).await.unwrap();
        let journal = held.journal(document, "apply").await.unwrap();
        let run = Run {
            cloud: &self.cloud,
            desired,
            plan,
            observed,
            journal: &journal,
            kind: &self.kind(),
            new_intent: &|| format!("intent-{}", self.intents.fetch_add(1, Ordering::Relaxed)),
            parallelism: 16,
            pace: Pace::AWS,
            events: &|_| {},
            stop: watch::channel(Stop::No).1,
            digest: &digest(document),
        };
        let mut summary = apply(&run, document.clone()).await;
        held.write(&mut summary.document).await.unwrap();
        held.release().await;
        summary
    }
}

/// Plays a story to its end or to the first thing that goes wrong.
pub fn play(story: &Story, logged: bool) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut outcome = Outcome::default();
    let stage = Stage::new();
    let wrong = runtime.block_on(act(&stage, story, &mut outcome));
    outcome.wrong = wrong.err();
    if logged && let Some(wrong) = &outcome.wrong {
        outcome.log.push(format!("!! {wrong}"));
    }
    outcome
}

async fn act(stage: &Stage, story: &Story, outcome: &mut Outcome) -> Result<(), String> {
    let mut draft = story.first.clone();
    // What was applied last: a refused edit is taken back.
    let mut applied = None;
    for round in 0..=story.rounds.len() {
        let mut edited = draft.clone();
        if round > 0 {
            story.rounds[round - 1].iter().for_each(|edit| edited.take(edit));
        }
        let text = edited.text();
        outcome.log.push(format!("---- round {round}\n{text}"));
        // Now and then one call of an apply is refused, and the next apply goes on.
        let unlucky = (story.seed + round as u64).is_multiple_of(4);
        let luck = (story.seed as usize / 4 + round * 5) % 17;
        // Or a part of it goes first.
        let part = (story.seed + round as u64 * 3) % 5 == 1;
        match step(stage, &text, outcome, unlucky.then_some(luck), part.then_some(luck)).await? {
            true => {
                draft = edited;
                applied = Some(text);
            }
            // A first stack of which nothing can be made.
            false if applied.is_none() => return Ok(()),
            false => {}
        }
    }
    let Some(text) = applied else { return Ok(()) };
    outcome.log.push("---- destroy".to_owned());
    let planned = stage.plan(&text, true).await?;
    finish(stage, &planned, outcome).await?;
    let world = stage.world.lock().unwrap();
    match world.objects.keys().next() {
        Some(left) => Err(format!("{left} is left after a destroy")),
        None => Ok(()),
    }
}

fn told(plan: &Plan) -> String {
    let pending = plan.steps.iter().filter(|step| step.is_pending());
    let steps: Vec<String> =
        pending.map(|step| format!("{:?} {} ({:?})", step.action, step.address, step.reason)).collect();
    steps.join("\n     ")
}

fn innocent(plan: &Plan) -> Result<(), String> {
    match (plan.steps.iter().find(|step| !step.drift.is_empty()), plan.gone.first()) {
        (Some(step), _) => Err(format!("{} is called changed outside: {:?}", step.address, step.drift)),
        (_, Some(gone)) => Err(format!("{} is called deleted outside", gone.address)),
        _ => Ok(()),
    }
}

/// One edit: whether it was applied.
async fn step(
    stage: &Stage,
    text: &str,
    outcome: &mut Outcome,
    fault: Option<usize>,
    part: Option<usize>,
) -> Result<bool, String> {
    let planned = match stage.plan(text, false).await {
        Ok(planned) => planned,
        Err(mistakes) => {
            outcome.log.push(mistakes);
            *outcome.counts.entry("mistaken").or_default() += 1;
            return Ok(false);
        }
    };
    outcome.log.push(format!("plan {}", told(&planned.3)));
    innocent(&planned.3)?;
    if let Some(refusal) = planned.3.refused.first() {
        outcome.log.push(format!("refused: {} {}", refusal.why, refusal.help));
        *outcome.counts.entry("refused").or_default() += 1;
        return Ok(false);
    }
    let planned = match part {
        None => planned,
        Some(luck) => {
            first(stage, text, &planned.3, luck, outcome).await?;
            stage.plan(text, false).await?
        }
    };
    if let Some(refusal) = planned.3.refused.first() {
        return Err(format!("after a part, it is refused: {} {}", refusal.why, refusal.help));
    }
    *outcome.counts.entry("applied").or_default() += 1;
    for step in &planned.3.steps {
        let name = match step.action {
            plan::Action::Replace => "replaced",
            plan::Action::ReplaceCreateFirst => "replaced create-first",
            _ => continue,
        };
        *outcome.counts.entry(name).or_default() += 1;
    }
    if let Some(luck) = fault {
        stage.world.lock().unwrap().fault = Some(luck);
        let summary = stage.apply(&planned).await;
        let untouched = stage.world.lock().unwrap().fault.take().is_some();
        tell(stage, outcome);
        if !untouched {
            outcome.log.push(format!("cut short: {:?}", summary.failed));
            *outcome.counts.entry("cut short").or_default() += 1;
        }
        let planned = stage.plan(text, false).await?;
        outcome.log.push(format!("plan {}", told(&planned.3)));
        innocent(&planned.3)?;
        if let Some(refusal) = planned.3.refused.first() {
            return Err(format!("half done, it is refused: {} {}", refusal.why, refusal.help));
        }
        finish(stage, &planned, outcome).await?;
    } else {
        finish(stage, &planned, outcome).await?;
    }
    let (.., plan) = stage.plan(text, false).await?;
    innocent(&plan)?;
    if plan.is_empty() {
        Ok(true)
    } else {
        Err(format!("the plan after an apply is not empty: {}", told(&plan)))
    }
}

/// One of the steps goes first with what it needs, or all but one and what needs it; or that is refused beforehand.
async fn first(
    stage: &Stage,
    text: &str,
    plan: &Plan,
    luck: usize,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let pending: Vec<&Address> =
        plan.steps.iter().filter(|step| step.is_pending()).map(|step| &step.address).collect();
    let Some(one) = pending.get(luck % pending.len().max(1)) else { return Ok(()) };
    let one = vec![(*one).clone()];
    let selection = if luck.is_multiple_of(2) {
        Selection { targets: one, ..Selection::default() }
    } else {
        Selection { excludes: one, ..Selection::default() }
    };
    let planned = stage.plan_part(text, false, &selection).await?;
    outcome.log.push(format!("part {selection:?}: {}", told(&planned.3)));
    innocent(&planned.3)?;
    if let Some(refusal) = planned.3.refused.first() {
        outcome.log.push(format!("refused: {} {}", refusal.why, refusal.help));
        *outcome.counts.entry("parts refused").or_default() += 1;
        return Ok(());
    }
    *outcome.counts.entry("parts").or_default() += 1;
    finish(stage, &planned, outcome).await
}

fn tell(stage: &Stage, outcome: &mut Outcome) {
    outcome.log.append(&mut stage.world.lock().unwrap().log);
}

async fn finish(stage: &Stage, planned: &Planned, outcome: &mut Outcome) -> Result<(), String> {
    let summary = stage.apply(planned).await;
    tell(stage, outcome);
    if let Some(failure) = summary.failed.first() {
        return Err(format!("{} {}: {}", failure.verb, failure.address, failure.error));
    }
    if let Some(left) = summary.not_started.first() {
        return Err(format!("{left} was not started"));
    }
    match stage.world.lock().unwrap().disorder.take() {
        Some(disorder) => Err(disorder),
        None => Ok(()),
    }
}
