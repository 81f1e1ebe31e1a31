use crate::dice::Dice;
use crate::draft::Block;
use crate::habit::HABITS;
use crate::machine::Broken;
use crate::story::{Act, Command, Edit, Fault, Kept, Moment, Point, Round, Sort, Story, Trap, What};
use crate::world::Meddling;

/// Writes the story of a seed.
pub fn story(seed: u64) -> Story {
    // Not the dice of the world: a story that is cut must not change what is left of it.
    let mut author = Author { dice: Dice::new(seed ^ 0x5_7041), habits: vec![], kept: Kept::Files };
    author.kept = if author.dice.chance(50) { Kept::Files } else { Kept::Objects };
    let rounds = 2 + author.dice.below(4);
    let rounds = (0..rounds).map(|number| author.round(number)).collect();
    Story { seed, kept: author.kept, rounds }
}

struct Author {
    dice: Dice,
    /// Of each block by number.
    habits: Vec<usize>,
    kept: Kept,
}

const FAULTS: [(Point, &[Sort]); 5] = [
    (
        Point::Create,
        &[
            Sort::Refused,
            Sort::Throttled,
            Sort::LostRequest,
            Sort::LostResponse,
            Sort::Taken,
            Sort::Late,
            Sort::Silent,
            Sort::Void,
            Sort::Breaks,
            Sort::Slow,
        ],
    ),
    (
        Point::Update,
        &[
            Sort::Refused,
            Sort::Throttled,
            Sort::LostRequest,
            Sort::LostResponse,
            Sort::Late,
            Sort::Silent,
            Sort::Void,
            Sort::Reverts,
            Sort::Reverts,
            Sort::Breaks,
        ],
    ),
    (
        Point::Delete,
        &[
            Sort::Refused,
            Sort::Throttled,
            Sort::LostRequest,
            Sort::LostResponse,
            Sort::Late,
            Sort::Silent,
            Sort::Void,
            Sort::Breaks,
        ],
    ),
    (Point::Find, &[Sort::Refused, Sort::LostRequest, Sort::Void]),
    (Point::Read, &[Sort::Refused, Sort::LostRequest, Sort::Void]),
];

const WRITES: &[Sort] = &[Sort::Refused, Sort::LostRequest, Sort::LostResponse, Sort::Taken];

const STORE_FAULTS: [(Point, &[Sort]); 5] = [
    (Point::Get, &[Sort::Refused, Sort::LostRequest]),
    (Point::PutState, WRITES),
    (Point::PutJournal, WRITES),
    (Point::PutLease, WRITES),
    (Point::Remove, &[Sort::LostRequest, Sort::LostResponse]),
];

const CALLS: [Point; 5] = [Point::Read, Point::Find, Point::Create, Point::Update, Point::Delete];
const IN_FILES: [Point; 5] = [Point::Intent, Point::Done, Point::Start, Point::Write, Point::Clear];
const IN_OBJECTS: [Point; 5] =
    [Point::Get, Point::PutState, Point::PutJournal, Point::PutLease, Point::Remove];

impl Author {
    fn round(&mut self, number: usize) -> Round {
        let mut edits = vec![];
        if number == 0 {
            for _ in 0..2 + self.dice.below(6) {
                edits.push(Edit::Add(self.block()));
            }
        } else {
            for _ in 0..self.dice.below(4) {
                edits.push(self.edit());
            }
        }
        let outside = [Meddling::Delete, Meddling::Resize, Meddling::Tag, Meddling::Break, Meddling::Remake];
        let meddles = number > 0 && self.dice.chance(30);
        let meddling = if meddles { vec![(self.dice.below(9), self.dice.pick(&outside))] } else { vec![] };
        let two = self.dice.chance(if self.kept == Kept::Objects { 40 } else { 15 });
        let first = self.command(number, two);
        let second = two.then(|| (self.dice.low(400) as u64, self.command(number, false)));
        let gap = if self.dice.chance(50) { 0 } else { self.dice.low(200) as u64 };
        let storm = self
            .dice
            .chance(8)
            .then(|| (self.dice.low(60) as u64, 5 + self.dice.low(200) as u64, self.dice.below(30) as u32));
        Round { edits, meddling, first, second, gap, storm }
    }

    fn command(&mut self, number: usize, two: bool) -> Command {
        let act = match self.dice.below(100) {
            0..8 => Act::Plan,
            8..22 if number > 0 => Act::Destroy,
            _ => Act::Apply,
        };
        let targets = if self.dice.chance(12) { vec![self.dice.below(self.habits.len())] } else { vec![] };
        let patience = self.dice.pick(&[0, 30, 200, 900, 900]);
        let mut faults: Vec<Fault> = (0..self.dice.low(4)).map(|_| self.fault()).collect();
        let trap = self.dice.chance(65).then(|| self.trap(two));
        if trap.is_some_and(|trap| trap.at == Point::Repeat) || self.dice.chance(5) {
            let at =
                self.dice.pick(&[Point::Create, Point::Create, Point::Create, Point::Update, Point::Delete]);
            let sort = Sort::Busy(1 + self.dice.below(6) as u32);
            faults.push(Fault { at, nth: self.dice.low(3), sort });
        }
        let namespace = if self.dice.chance(70) { 0 } else { 1 };
        Command { act, targets, patience, faults, trap, namespace }
    }

    fn fault(&mut self) -> Fault {
        let of_store = self.kept == Kept::Objects && self.dice.chance(30);
        let (at, sorts) = self.dice.pick(if of_store { &STORE_FAULTS } else { &FAULTS });
        Fault { at, nth: self.nth(at), sort: self.dice.pick(sorts) }
    }

    fn nth(&mut self, at: Point) -> usize {
        match at {
            Point::Read | Point::PutJournal | Point::PutLease => self.dice.low(25),
            Point::Repeat | Point::Start | Point::Write | Point::Clear => self.dice.low(2),
            _ => self.dice.low(8),
        }
    }

    fn trap(&mut self, two: bool) -> Trap {
        let own = if self.kept == Kept::Files { IN_FILES } else { IN_OBJECTS };
        let at = match self.dice.below(100) {
            0..25 if two => Point::Repeat,
            0..55 => self.dice.pick(&CALLS),
            _ => self.dice.pick(&own),
        };
        let broken = self.dice.pick(&[Broken::None, Broken::Boot, Broken::Wall]);
        let what = match self.dice.below(100) {
            0..30 if two => What::Freeze(20 + self.dice.below(400) as u64),
            0..55 if two => What::Suspend(20 + self.dice.below(400) as u64, broken),
            0..7 => What::Freeze(self.dice.below(200) as u64),
            7..10 => What::Suspend(self.dice.below(200) as u64, broken),
            10..16 => What::Stop,
            16..19 => What::Abandon(self.dice.below(40) as u64),
            _ => What::Die,
        };
        let calls = !matches!(at, Point::Intent | Point::Done | Point::Repeat);
        let moment = if calls && self.dice.chance(50) { Moment::Acted } else { Moment::Before };
        Trap { at, nth: self.nth(at), moment, what }
    }

    fn block(&mut self) -> Block {
        let number = self.habits.len();
        let habit = self.dice.below(HABITS.len());
        self.habits.push(habit);
        let parent = self.parent(number);
        let mut other = |percent| self.dice.chance(percent).then(|| self.dice.below(number.max(1)));
        let (peer, after) = (other(50), other(15));
        Block {
            number,
            habit,
            renames: 0,
            pin: self.dice.chance(50).then_some(number),
            size: self.dice.chance(50).then(|| 1 + self.dice.below(5) as u32),
            label: 0,
            secret: usize::from(self.dice.chance(30)),
            tag: usize::from(self.dice.chance(30)),
            parent,
            peer,
            after,
            protect: self.dice.chance(8),
            create_first: self.dice.chance(25),
            ignore: self.dice.chance(8),
            keys: if self.dice.chance(12) { 1 + self.dice.below(2) } else { 0 },
        }
    }

    /// A block of the kind that this one wants, usually.
    fn parent(&mut self, number: usize) -> Option<usize> {
        let wants = HABITS[self.habits[number]].parent?;
        let fitting: Vec<usize> =
            (0..number).filter(|other| HABITS[self.habits[*other]].name == wants).collect();
        (!fitting.is_empty() && self.dice.chance(90)).then(|| self.dice.pick(&fitting))
    }

    fn edit(&mut self) -> Edit {
        let number = self.dice.below(self.habits.len());
        let on = self.dice.chance(50);
        match self.dice.below(23) {
            0 | 1 => Edit::Add(self.block()),
            2 | 3 => Edit::Remove(number),
            4 => Edit::Restore(number),
            5 => Edit::Rename(number),
            6 | 7 => Edit::Size(number, 1 + self.dice.below(9) as u32),
            8 | 9 => Edit::Label(number),
            10 => Edit::Secret(number),
            11 => Edit::Tag(number),
            12 => Edit::Parent(number, self.parent(number)),
            13 => Edit::Peer(number, on.then(|| self.dice.below(number.max(1)))),
            14 => Edit::Protect(number, on),
            15 => Edit::CreateFirst(number, on),
            17 | 18 => Edit::Rename(number),
            19 => Edit::Pin(number),
            20 | 21 => Edit::Swap(number, self.dice.below(self.habits.len())),
            16 => Edit::After(number, on.then(|| self.dice.below(number.max(1)))),
            _ if on => Edit::Ignore(number, self.dice.chance(50)),
            _ => Edit::Keys(number, self.dice.below(3)),
        }
    }
}
