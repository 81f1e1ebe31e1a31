use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
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

/// What a process with armed points leaves in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// In order; of a process that killed itself the last one is where.
    pub passed: Vec<Passed>,
    pub died: bool,
}

#[derive(Debug)]
struct Armed {
    /// Counted from 1.
    die_at: Option<usize>,
    file: Option<PathBuf>,
    points: Mutex<Points>,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Counts the points that this process passes from now on. It kills itself with SIGKILL at the point `die_at`.
pub fn arm(die_at: Option<usize>, file: Option<PathBuf>) {
    // A second arming would be a mistake of ours; the first one counts.
    let _ = ARMED.set(Armed { die_at, file, points: Mutex::default() });
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
        points.passed.push(passed);
        if self.die_at == Some(points.passed.len()) {
            points.died = true;
            // Without the file the sweep counts a death at an unknown place; the death is what matters.
            let _ = self.write(&points);
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
