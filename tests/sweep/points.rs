use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// Without `STACKCTL_SWEEP=all`, one of so many points is swept.
const EVERY: usize = 16;
/// Bad days of a short run, and of a complete one.
const SEEDS: (usize, usize) = (4, 20);

/// What the workers take turns at.
#[derive(Debug)]
pub struct Points {
    all: Vec<usize>,
    next: AtomicUsize,
}

impl Points {
    /// Of `last` points, those that the environment asks for.
    pub fn chosen(last: usize) -> Self {
        let asked = std::env::var("STACKCTL_SWEEP").unwrap_or_default();
        Self::of(match range(&asked) {
            // Timing makes some more of them in one run than in another.
            _ if asked == "all" => (1..=last + 12).collect(),
            Some((from, to)) => (from..=to).collect(),
            None => (1 + today() % EVERY..=last).step_by(EVERY).collect(),
        })
    }

    /// Seeds of bad days; others every day unless the environment names them.
    pub fn seeds() -> Self {
        let asked = std::env::var("STACKCTL_SWEEP_SEEDS").unwrap_or_default();
        let complete = std::env::var("STACKCTL_SWEEP").is_ok_and(|asked| asked == "all");
        let count = if complete { SEEDS.1 } else { SEEDS.0 };
        Self::of(match range(&asked) {
            Some((from, to)) => (from..=to).collect(),
            None => (0..count).map(|index| today() * 100 + index).collect(),
        })
    }

    fn of(all: Vec<usize>) -> Self {
        Self { all, next: AtomicUsize::new(0) }
    }

    pub fn next(&self) -> Option<usize> {
        self.all.get(self.next.fetch_add(1, Ordering::SeqCst)).copied()
    }

    pub fn workers(&self) -> usize {
        let asked = std::env::var("STACKCTL_SWEEP_WORKERS").ok().and_then(|count| count.parse().ok());
        asked.unwrap_or(3).clamp(1, self.all.len().max(1))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of them are swept by {} workers", self.all.len(), self.workers())
    }
}

/// `17` or `17-40`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// Days since 1970.
fn today() -> usize {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    usize::try_from(since.as_secs() / 86_400).unwrap()
}
