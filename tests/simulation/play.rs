use crate::check::{self, Watch};
use crate::command::{self, End};
use crate::counts::Counts;
use crate::draft::Draft;
use crate::process::Process;
use crate::sim::{Sim, Wrong};
use crate::story::{Act, Command, Edit, Round, Story};
use stackctl::address::Address;
use stackctl::state::Held;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// What came of a story.
#[derive(Debug)]
pub struct Played {
    pub counts: Counts,
    pub wrong: Option<Wrong>,
    pub log: Vec<String>,
}

/// Plays a story in virtual time.
pub fn play(story: &Story, logged: bool) -> Played {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let sim = Arc::new(Sim::new(story.seed, story.kept, logged));
        let acted = AssertUnwindSafe(tell(&sim, story));
        if let Err(panic) = futures::FutureExt::catch_unwind(acted).await {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            sim.wrong("panic", || text.unwrap_or_default());
        }
        let mut counts = sim.counts();
        counts.add("old answers", sim.world().old_answers);
        Played { counts, wrong: sim.broken(), log: sim.logged() }
    })
}

async fn tell(sim: &Arc<Sim>, story: &Story) {
    let mut draft = Draft::default();
    let mut watch = Watch::default();
    for (number, round) in story.rounds.iter().enumerate() {
        round.edits.iter().for_each(|edit| draft.take(edit));
        meddle(sim, round).await;
        sim.brew(round.storm);
        sim.log(|| format!("── round {number}\n{}", draft.text()));
        let ends = commands(sim, &draft, round).await;
        watch.round(sim);
        // Who was frozen may have worked after whoever got the lock later; the end of the story judges that.
        if !round.freezes()
            && let Some((command, end)) = ends.last()
        {
            judge(sim, &draft, command, end.as_ref()).await;
        }
        if sim.broken().is_some() {
            return;
        }
        sleep(Duration::from_secs(round.gap)).await;
    }
    ending(sim, draft, &mut watch).await;
}

async fn meddle(sim: &Arc<Sim>, round: &Round) {
    for (nth, what) in &round.meddling {
        let done = sim.world().meddle(*nth, *what);
        if let Some(id) = done {
            sim.count("changes from outside");
            sim.log(|| format!("someone: {what:?} {id}"));
        }
    }
}

/// The commands of a round, in the order in which they got the lock; one that died has no end.
async fn commands<'a>(sim: &Arc<Sim>, draft: &Draft, round: &'a Round) -> Vec<(&'a Command, Option<End>)> {
    let one = async |name: &'static str, command: &'a Command| {
        sim.count("commands");
        let process = Process::new(name, sim.clone(), command.clone());
        sim.log(|| format!("{name} {:?} {:?}", command.act, command.targets));
        let end = process.live(command::run(process.clone(), draft)).await;
        sim.log(|| format!("{name} ends: {}", end.as_ref().map_or("dead".to_owned(), told)));
        (process.turn(), (command, end))
    };
    let mut ends = vec![];
    match &round.second {
        None => ends.push(one("first", &round.first).await),
        Some((later, second)) => {
            let second = async {
                sleep(Duration::from_secs(*later)).await;
                one("second", second).await
            };
            let (first, second) = tokio::join!(one("first", &round.first), second);
            ends.extend([first, second]);
        }
    }
    for (_, (_, end)) in &ends {
        sim.count(match end {
            None => "ended dead",
            Some(End::Locked) => "ended locked",
            Some(End::Failed(_)) => "ended failed",
            Some(End::Refused) => "ended refused",
            Some(End::Planned(_)) => "ended planned",
            Some(end) if end.is_success() => "ended well",
            Some(_) => "ended partly",
        });
    }
    ends.sort_by_key(|(turn, _)| *turn);
    ends.into_iter().map(|(_, end)| end).collect()
}

fn told(end: &End) -> String {
    match end {
        End::Applied(summary) => format!(
            "done {:?}, failed {:?}, not started {:?}, stopped {}",
            summary.done, summary.failed, summary.not_started, summary.stopped
        ),
        End::Planned(_) => "planned".to_owned(),
        End::Failed(why) => format!("failed: {why}"),
        other => format!("{other:?}"),
    }
}

/// What must hold after a command that went well.
async fn judge(sim: &Arc<Sim>, draft: &Draft, command: &Command, end: Option<&End>) {
    if !end.is_some_and(End::is_success) || !command.targets.is_empty() {
        return;
    }
    match command.act {
        Act::Plan => {}
        Act::Destroy => check::destroyed(sim),
        Act::Apply => {
            check::applied(sim, draft);
            again(sim, draft).await;
        }
    }
}

/// A plan right after an apply that went well is empty.
async fn again(sim: &Arc<Sim>, draft: &Draft) {
    // A storm that is still on could end the plan itself.
    sim.brew(None);
    match smooth(sim, draft, Act::Plan).await {
        Some(End::Planned(plan)) if plan.is_empty() => {}
        Some(End::Planned(plan)) => {
            let steps = plan.steps.iter().filter(|step| step.is_pending());
            let steps: Vec<String> = steps
                .map(|step| {
                    format!("{:?} {} {:?} {:?}", step.action, step.address, step.reason, step.changes)
                })
                .collect();
            sim.wrong("second plan", || {
                format!("a plan right after an apply has {steps:?}, outputs {:?}", plan.outputs)
            });
        }
        other => sim.wrong("second plan", || format!("the plan after an apply ended with {other:?}")),
    }
}

async fn smooth(sim: &Arc<Sim>, draft: &Draft, act: Act) -> Option<End> {
    sim.count("commands");
    let process = Process::new("then", sim.clone(), Command::smooth(act));
    let end = process.live(command::run(process.clone(), draft)).await;
    sim.log(|| format!("then {act:?} ends: {}", end.as_ref().map_or("dead".to_owned(), told)));
    end
}

/// However it went: when nothing goes wrong any more, one apply makes what is wanted, and a destroy leaves nothing.
async fn ending(sim: &Arc<Sim>, mut draft: Draft, watch: &mut Watch) {
    sim.log(|| "── the end".to_owned());
    // What is slow becomes ready, storms are over, and others take away what they had put in the place of ours.
    sleep(Duration::from_secs(2500)).await;
    sim.brew(None);
    sim.world().strangers_leave();
    let acts = [(false, Act::Apply), (true, Act::Apply), (true, Act::Destroy)];
    for (free, act) in acts {
        if free {
            draft.take(&Edit::Unprotect);
        }
        if free {
            set_free(sim, &draft).await;
        }
        let end = smooth(sim, &draft, act).await;
        if !free && matches!(end, Some(End::Refused)) {
            continue;
        }
        watch.round(sim);
        match &end {
            Some(end) if end.is_success() => judge(sim, &draft, &Command::smooth(act), Some(end)).await,
            Some(end) => {
                sim.wrong("stuck", || format!("nothing goes wrong, but {act:?} ends: {}", told(end)))
            }
            None => sim.wrong("stuck", || format!("{act:?} never ended")),
        }
        if sim.broken().is_some() {
            return;
        }
    }
}

/// A block that takes the protection back sets its object free. What has no block any more would need it back for that; it
/// is set free in the state.
async fn set_free(sim: &Arc<Sim>, draft: &Draft) {
    let process = Process::new("owner", sim.clone(), Command::smooth(Act::Plan));
    let edit = async {
        let (document, held) =
            sim.place.store(&process).open("state", Duration::from_secs(900)).await.unwrap();
        if let Some(mut document) = document {
            let desired = command::desired(draft);
            let blockless = |address: &Address| !desired.contains(address);
            for (address, record) in &mut document.resources {
                record.protected &= !blockless(address);
            }
            for intent in &mut document.open {
                intent.protected &= !blockless(&intent.address);
            }
            held.write(&mut document).await.unwrap();
        }
        if let Held::Remote(held) = &held {
            held.release().await;
        }
    };
    process.live(edit).await;
}
