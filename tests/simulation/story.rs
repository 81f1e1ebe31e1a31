use crate::draft::Block;
use crate::machine::Broken;
use crate::world::Meddling;

/// Everything that happens under a seed, as data: any part of it can be left out.
#[derive(Debug, Clone)]
pub struct Story {
    pub seed: u64,
    pub kept: Kept,
    pub rounds: Vec<Round>,
}

/// Where the state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Files,
    Objects,
}

/// The user edits, the world changes, one or two processes run.
#[derive(Debug, Clone)]
pub struct Round {
    pub edits: Vec<Edit>,
    pub meddling: Vec<(usize, Meddling)>,
    pub first: Command,
    /// Seconds later.
    pub second: Option<(u64, Command)>,
    /// Seconds until the next round.
    pub gap: u64,
    /// From so many seconds on, for so many, every attempt is throttled, and the SDK makes so many more before it gives up.
    pub storm: Option<(u64, u64, u32)>,
}

impl Round {
    /// Whether one of its processes is stopped on the way.
    pub fn freezes(&self) -> bool {
        let commands = [Some(&self.first), self.second.as_ref().map(|(_, second)| second)];
        let traps = commands.into_iter().flatten().filter_map(|command| command.trap);
        traps.into_iter().any(|trap| matches!(trap.what, What::Freeze(_) | What::Suspend(..)))
    }
}

/// One run of the program.
#[derive(Debug, Clone)]
pub struct Command {
    pub act: Act,
    /// Blocks, by number.
    pub targets: Vec<usize>,
    /// `--lock-timeout`, seconds.
    pub patience: u64,
    pub faults: Vec<Fault>,
    pub trap: Option<Trap>,
    /// The pid namespace that it runs in: processes of another one are not seen from there.
    pub namespace: u64,
}

impl Command {
    /// Nothing goes wrong.
    pub fn smooth(act: Act) -> Self {
        Self { act, targets: vec![], patience: 900, faults: vec![], trap: None, namespace: 0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Plan,
    Apply,
    Destroy,
}

/// What a process does, where something can come in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    Read,
    Find,
    Create,
    Update,
    Delete,
    /// The SDK is about to wait before it repeats an attempt that was throttled.
    Repeat,
    /// An intent is journalled.
    Intent,
    /// What came of it is journalled.
    Done,
    /// A journal is begun, in a folder.
    Start,
    /// The state is written, in a folder.
    Write,
    /// The state is removed, in a folder.
    Clear,
    Get,
    PutState,
    PutJournal,
    PutLease,
    Remove,
}

/// At the nth time that the command comes there, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub at: Point,
    pub nth: usize,
    pub sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Refused for good.
    Refused,
    /// Refused with a code that the profile repeats.
    Throttled,
    /// So many attempts of the SDK are throttled before one gets through.
    Busy(u32),
    /// Lost on the way there.
    LostRequest,
    /// It acted; the answer was lost.
    LostResponse,
    /// It acted, the answer was lost, and the repetition by the SDK was refused: it is there already.
    Taken,
    /// It acted, and answered that it failed inside.
    Late,
    /// It acted, and no answer ever comes.
    Silent,
    /// It is lost on the way there, and no answer ever comes.
    Void,
    /// It is accepted, and the object goes back to what it was.
    Reverts,
    /// The object will fail.
    Breaks,
    /// The object takes ten times as long.
    Slow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    pub at: Point,
    pub nth: usize,
    pub moment: Moment,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Before,
    /// The call has acted, its answer has not arrived.
    Acted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Die,
    /// The process is stopped for so many seconds; it does not know.
    Freeze(u64),
    /// Its machine is suspended for so many seconds, and its timers with it.
    Suspend(u64, Broken),
    /// Ctrl-C once.
    Stop,
    /// Ctrl-C, and again after so many seconds: what is in flight is left.
    Abandon(u64),
}

/// A change of `stack.toml`. Blocks have numbers; a change of one that is not there is none.
#[derive(Debug, Clone)]
pub enum Edit {
    Add(Block),
    Remove(usize),
    /// Takes a removal back.
    Restore(usize),
    Rename(usize),
    /// Gives it a name of its own.
    Pin(usize),
    /// Two blocks exchange the names of their objects.
    Swap(usize, usize),
    Size(usize, u32),
    Label(usize),
    Secret(usize),
    Tag(usize),
    Parent(usize, Option<usize>),
    Peer(usize, Option<usize>),
    After(usize, Option<usize>),
    Protect(usize, bool),
    CreateFirst(usize, bool),
    Ignore(usize, bool),
    Keys(usize, usize),
    Unprotect,
}
