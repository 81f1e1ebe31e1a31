use crate::play::play;
use crate::story::{Command, Round, Story};

/// Stories that are played at the most to find the shortest.
const TRIES: usize = 500;

/// Leaves out whatever is not needed to break the invariant.
pub fn shrink(story: &Story, invariant: &str) -> Story {
    let mut story = story.clone();
    let mut tries = 0;
    'again: loop {
        for shorter in shorter(&story) {
            tries += 1;
            if tries > TRIES {
                return story;
            }
            if play(&shorter, false).wrong.is_some_and(|wrong| wrong.invariant == invariant) {
                story = shorter;
                continue 'again;
            }
        }
        return story;
    }
}

/// Every story with one thing less, the largest things first.
fn shorter(story: &Story) -> Vec<Story> {
    let mut all = vec![];
    for at in (0..story.rounds.len()).rev() {
        let mut less = story.clone();
        less.rounds.remove(at);
        all.push(less);
    }
    for at in 0..story.rounds.len() {
        all.extend(rounds(&story.rounds[at]).into_iter().map(|round| {
            let mut less = story.clone();
            less.rounds[at] = round;
            less
        }));
    }
    all
}

fn rounds(round: &Round) -> Vec<Round> {
    let mut all = vec![];
    if round.second.is_some() {
        all.push(Round { second: None, ..round.clone() });
    }
    if !round.meddling.is_empty() {
        all.push(Round { meddling: vec![], ..round.clone() });
    }
    if round.storm.is_some() {
        all.push(Round { storm: None, ..round.clone() });
    }
    if round.gap > 0 {
        all.push(Round { gap: 0, ..round.clone() });
    }
    for at in (0..round.edits.len()).rev() {
        let mut less = round.clone();
        less.edits.remove(at);
        all.push(less);
    }
    all.extend(commands(&round.first).into_iter().map(|first| Round { first, ..round.clone() }));
    if let Some((later, second)) = &round.second {
        all.extend(
            commands(second)
                .into_iter()
                .map(|second| Round { second: Some((*later, second)), ..round.clone() }),
        );
    }
    all
}

fn commands(command: &Command) -> Vec<Command> {
    let mut all = vec![];
    if command.trap.is_some() {
        all.push(Command { trap: None, ..command.clone() });
    }
    if !command.targets.is_empty() {
        all.push(Command { targets: vec![], ..command.clone() });
    }
    for at in (0..command.faults.len()).rev() {
        let mut less = command.clone();
        less.faults.remove(at);
        all.push(less);
    }
    all
}
