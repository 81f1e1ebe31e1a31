use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A moment between two steps that belong together, at which a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    BeforeEntry,
    AfterEntry,
    BeforeCall,
    /// The answer has arrived and nothing has looked at it.
    AfterCall,
    BeforeState,
    AfterState,
}

/// A point that was passed, such as before the call of `ec2:CreateVpc`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Passed {
    pub moment: Moment,
    pub what: String,
}

impl Passed {
    /// Without the ids, which differ from run to run.
    pub fn place(&self) -> Self {
        let words = self.what.split(' ').filter(|word| !word.contains(['-', '/']));
        Self { moment: self.moment, what: words.collect::<Vec<_>>().join(" ") }
    }
}

/// Which point is the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Counted from 1.
    Nth(usize),
    /// The first one there: see [`Passed::place`].
    Place(Passed),
}

/// `17`, or `before_call ec2:CreateVpc`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nth(nth) => write!(f, "{nth}"),
            Self::Place(Passed { moment, what }) => {
                let moment = serde_json::to_value(moment).map_err(|_| fmt::Error)?;
                write!(f, "{} {what}", moment.as_str().unwrap_or_default())
            }
        }
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(nth) = text.parse() {
            return Ok(Self::Nth(nth));
        }
        let (moment, what) = text.split_once(' ').ok_or("neither a number nor `MOMENT WHAT`")?;
        let moment = serde_json::from_value(moment.into()).map_err(|error| error.to_string())?;
        Ok(Self::Place(Passed { moment, what: what.to_owned() }))
    }
}

/// What a process with armed points leaves in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// In order; of a process that killed itself the last one is where.
    pub passed: Vec<Passed>,
    pub died: bool,
}

/// How a process ends at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By SIGKILL.
    Kill,
    Panic,
}

#[derive(Debug)]
struct Armed {
    die_at: Option<At>,
    end: End,
    file: Option<PathBuf>,
    points: Mutex<Points>,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Counts the points that this process passes from now on. It ends at the point `die_at`.
pub fn arm(die_at: Option<At>, end: End, file: Option<PathBuf>) {
    // A second arming would be a mistake of ours; the first one counts.
    let _ = ARMED.set(Armed { die_at, end, file, points: Mutex::default() });
}

/// Whether this process counts its points.
pub fn is_armed() -> bool {
    ARMED.get().is_some()
}

/// A point. Costs one load where nothing is armed.
pub fn point(moment: Moment, what: impl fmt::Display) {
    if let Some(armed) = ARMED.get() {
        armed.pass(Passed { moment, what: what.to_string() });
    }
}

/// Writes the file of a process that ends by itself.
///
/// # Errors
/// The file cannot be written.
pub fn disarm() -> std::io::Result<()> {
    ARMED
        .get()
        .map_or(Ok(()), |armed| armed.write(&armed.points.lock().unwrap_or_else(PoisonError::into_inner)))
}

impl Armed {
    fn pass(&self, passed: Passed) {
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match &self.die_at {
            None => false,
            Some(At::Nth(nth)) => *nth == points.passed.len() + 1,
            Some(At::Place(place)) => *place == passed.place(),
        };
        points.passed.push(passed);
        if last {
            points.died = true;
            // Without the file the sweep counts a death at an unknown place; the death is what matters.
            let _ = self.write(&points);
            if self.end == End::Panic {
                // With something in it that is nobody's business: the text of a panic is not for printing.
                panic!("{:?} as asked for", points.passed);
            }
            let _ = kill(Pid::this(), Signal::SIGKILL);
            // Under the lock, so that no other thread passes a point; the signal is under way.
            loop {
                std::thread::park();
            }
        }
    }

    fn write(&self, points: &Points) -> std::io::Result<()> {
        match &self.file {
            Some(file) => std::fs::write(file, serde_json::to_vec(points)?),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_named_by_number_or_by_place() {
        for text in ["17", "before_call ec2:CreateVpc", "after_entry done vpc.main"] {
            assert_eq!(text.parse::<At>().unwrap().to_string(), text);
        }
        assert!("ec2:CreateVpc".parse::<At>().is_err() && "sometime vpc.main".parse::<At>().is_err());
        let passed = Passed { moment: Moment::AfterEntry, what: "done vpc.main vpc-1a2b".to_owned() };
        assert_eq!(At::Place(passed.place()).to_string(), "after_entry done vpc.main");
    }
}
