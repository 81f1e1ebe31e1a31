use crate::book::Book;
use crate::draft::Draft;
use crate::kind::{kind, kinds};
use crate::place::Snapshot;
use crate::process::Process;
use crate::story::{Act, Moment, Point};
use stackctl::address::Address;
use stackctl::apply::{Finding, Pace, Run, Stop, Summary, apply, settle};
use stackctl::cloud::{Cloud, http};
use stackctl::config::{self, Options, Source};
use stackctl::desired::Desired;
use stackctl::error::Error;
use stackctl::event::Event;
use stackctl::plan::{self, Plan, Selection};
use stackctl::refresh::refresh;
use stackctl::state::{Cost, Digest, Document, Held, StateError};
use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

const ACCOUNT: &str = "000000000000";
const REGION: &str = "eu-west-1";

/// How a command that was not killed ended.
#[derive(Debug)]
pub enum End {
    Locked,
    /// With an error, before or after the apply itself.
    Failed(String),
    /// Something protected would be deleted.
    Refused,
    Planned(Box<Plan>),
    /// There was nothing to do.
    Nothing,
    Applied(Box<Summary>),
}

impl End {
    /// What was wanted is done.
    pub fn is_success(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Applied(summary) => {
                summary.failed.is_empty() && summary.not_started.is_empty() && !summary.stopped
            }
            _ => false,
        }
    }
}

pub fn desired(draft: &Draft) -> Desired {
    let source = Source::new("stack.toml", draft.text());
    let stack = config::parse(source, &Options::default(), kinds())
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(100, false)));
    Desired::new(stack, ACCOUNT, REGION, HashMap::new())
}

fn cloud() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    CLOUD.get_or_init(|| Cloud::emulator("http://127.0.0.1:1", REGION, http()))
}

/// Either of what a command can fail with.
enum Fail {
    State(StateError),
    Cloud(Error),
}

impl From<StateError> for Fail {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::Cloud(error)
    }
}

/// As `stackctl` does it: see `cli::session` and `cli::apply`.
pub async fn run(process: Arc<Process>, draft: &Draft) -> End {
    let sim = &process.sim;
    let patience = Duration::from_secs(process.command.patience);
    let name = format!("{:?}", process.command.act).to_lowercase();
    let (document, held) = match sim.place.store(&process).open(&name, patience).await {
        Ok(open) => open,
        Err(StateError::Locked { .. }) => return End::Locked,
        Err(error) => return End::Failed(error.to_string()),
    };
    if let Held::Files(_) = held {
        process.takes();
    }
    let document = document.unwrap_or_else(|| Document::new("test", ACCOUNT, REGION));
    let end = match carry_out(&process, draft, document, &held).await {
        Ok(end) => end,
        Err(Fail::State(error)) => {
            if matches!(error, StateError::Lost { .. }) {
                sim.count("zombies turned away");
            }
            End::Failed(error.to_string())
        }
        Err(Fail::Cloud(error)) => End::Failed(error.to_string()),
    };
    if let Held::Remote(held) = &held {
        held.release().await;
    }
    end
}

async fn carry_out(
    process: &Arc<Process>,
    draft: &Draft,
    mut document: Document,
    held: &Held,
) -> Result<End, Fail> {
    let sim = &process.sim;
    let cloud = &match held.warrant() {
        Some(warrant) => cloud().clone().under(warrant),
        None => cloud().clone(),
    };
    if !document.open.is_empty() {
        let findings = settle(cloud, &mut document, &Pace::AWS, kind).await?;
        for finding in &findings {
            sim.count(match finding {
                Finding::Adopted { .. } => "settled adopted",
                Finding::Nothing { .. } => "settled nothing",
                Finding::Deleted { .. } => "settled deleted",
                Finding::Interrupted { .. } => "settled interrupted",
            });
        }
        sim.log(|| format!("{} settles {findings:?}", process.name));
        write(process, held, &mut document).await?;
    }
    // Who was stopped while it opened the state may hold an old one by now; it will not get further.
    if process.holds() {
        crate::check::settled(sim, &document);
    }
    let observed = refresh(cloud, &document, &Pace::AWS, kind).await?;
    let desired = desired(draft);
    let digest = Digest::new(&document).costing(Cost::TRIVIAL);
    let plan = plan::build(&plan::Inputs {
        desired: &desired,
        state: &document,
        observed: &observed,
        selection: &selection(process, draft, &document),
        destroy: process.command.act == Act::Destroy,
        kind: &kind,
        digest: &digest,
    });
    sim.log(|| format!("{} plans {}", process.name, steps(&plan)));
    sim.wants(&plan);
    if process.command.act == Act::Plan {
        return Ok(End::Planned(Box::new(plan)));
    }
    if plan.steps.iter().any(|step| step.action.deletes() && step.protected) {
        return Ok(End::Refused);
    }
    if plan.is_empty() {
        if document.serial > 0 && document.is_of_nothing() {
            clear(process, held).await?;
        }
        return Ok(End::Nothing);
    }
    if document.serial == 0 {
        write(process, held, &mut document).await?;
    }
    let journal = start(process, held, &document).await?;
    let lock = held.lost().map(|mut lost| {
        let process = process.clone();
        tokio::spawn(async move {
            if lost.wait_for(|lost| *lost).await.is_ok() {
                process.stop.send_replace(Stop::Drain);
            }
        })
    });
    let (book, began) = (Mutex::new(Book::new(&plan)), Instant::now());
    let run = Run {
        cloud,
        desired: &desired,
        plan: &plan,
        observed: &observed,
        journal: &journal,
        digest: &digest,
        kind: &kind,
        new_intent: &|| {
            process.touch(Point::Intent);
            process.sim.new_intent()
        },
        parallelism: 16,
        pace: Pace::AWS,
        events: &|event| {
            process.sim.log(|| format!("{} says {event:?}", process.name));
            book.lock().unwrap().take(&event, began.elapsed());
            if matches!(event, Event::Finished { .. } | Event::Failed { .. }) {
                process.touch(Point::Done);
            }
        },
        stop: process.stop.subscribe(),
    };
    let mut summary = apply(&run, document).await;
    if let Some(wrong) = book.into_inner().unwrap().end(&summary) {
        sim.wrong("events", || wrong);
    }
    if let Some(lock) = lock {
        lock.abort();
    }
    write(process, held, &mut summary.document).await?;
    if summary.document.is_of_nothing() {
        clear(process, held).await?;
    }
    Ok(End::Applied(Box::new(summary)))
}

async fn start(
    process: &Arc<Process>,
    held: &Held,
    document: &Document,
) -> Result<stackctl::state::Journal, StateError> {
    let before = process.sim.place.snapshot();
    let journal = held.journal(document, "apply").await?;
    if let Some(before) = before {
        dies_within(process, Point::Start, &before).await;
        process.journals(true);
    }
    Ok(journal)
}

async fn write(process: &Arc<Process>, held: &Held, document: &mut Document) -> Result<(), StateError> {
    let before = process.sim.place.snapshot();
    process.journals(false);
    held.write(document).await?;
    if let Some(before) = before {
        dies_within(process, Point::Write, &before).await;
    }
    crate::check::written(&process.sim, document);
    Ok(())
}

async fn clear(process: &Arc<Process>, held: &Held) -> Result<(), StateError> {
    let before = process.sim.place.snapshot();
    process.sim.removals.store(true, Ordering::Relaxed);
    held.remove().await?;
    if let Some(before) = before {
        dies_within(process, Point::Clear, &before).await;
    }
    Ok(())
}

/// Files change one after the other, in code that does not wait: a death in its midst undoes the later ones.
async fn dies_within(process: &Arc<Process>, at: Point, before: &Snapshot) {
    if let Some(moment) = process.dies_at(at) {
        let done = process.sim.dice().below(3);
        before.restore_after(if moment == Moment::Before { done } else { 3 });
        pending::<()>().await;
    }
}

/// `--only`, as far as stack or state have it.
fn selection(process: &Process, draft: &Draft, document: &Document) -> Selection {
    let named = process.command.targets.iter().filter_map(|number| {
        let block = draft.blocks.get(number).map(|block| Address::new(block.kind(), &block.name()));
        let prefix = format!("b{number}");
        block.or_else(|| {
            let recorded = document.resources.keys();
            let mut recorded = recorded.filter(|address| address.name.trim_end_matches('x') == prefix);
            recorded.next().cloned()
        })
    });
    Selection { targets: named.collect(), ..Selection::default() }
}

fn steps(plan: &Plan) -> String {
    let pending = plan.steps.iter().filter(|step| step.is_pending());
    let steps: Vec<String> = pending
        .map(|step| format!("{:?} {} ({:?})", step.action, step.address, step.reason))
        .chain(plan.moves.iter().map(|one| format!("move {} to {}", one.from, one.to)))
        .chain(plan.outputs.iter().map(|output| format!("output {}", output.name)))
        .collect();
    if steps.is_empty() { "nothing".to_owned() } else { steps.join(", ") }
}
