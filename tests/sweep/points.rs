use stackctl::chaos::{At, Passed};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// Without `STACKCTL_SWEEP=all`, one of so many points is swept, and one of so many places that these did not meet.
const EVERY: usize = 24;
/// Bad days of a short run, and of a complete one.
const SEEDS: (usize, usize) = (4, 20);

/// What the workers take turns at.
#[derive(Debug)]
pub struct Turns<T> {
    all: Vec<T>,
    next: AtomicUsize,
}

impl Turns<At> {
    /// Of `last` points, those that the environment asks for.
    pub fn points(last: usize) -> Self {
        let asked = std::env::var("STACKCTL_SWEEP").unwrap_or_default();
        let points: Vec<usize> = match range(&asked) {
            // Timing makes some more of them in one run than in another.
            _ if asked == "all" => (1..=last + 12).collect(),
            Some((from, to)) => (from..=to).collect(),
            None if asked == "places" => vec![],
            None => (1 + today() % EVERY..=last).step_by(EVERY).collect(),
        };
        Self::of(points.into_iter().map(At::Nth).collect())
    }

    /// Of the places that no number has met, those that the environment asks for. What runs at the same time comes in
    /// another order each time; a name is met all the same.
    pub fn places(unmet: Vec<Passed>) -> Self {
        let asked = std::env::var("STACKCTL_SWEEP").unwrap_or_default();
        let places = unmet.into_iter().map(At::Place);
        Self::of(match range(&asked) {
            _ if asked == "all" || asked == "places" => places.collect(),
            Some(_) => vec![],
            None => places.skip(today() % EVERY).step_by(EVERY).collect(),
        })
    }
}

impl Turns<usize> {
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
}

impl<T> Turns<T> {
    fn of(all: Vec<T>) -> Self {
        Self { all, next: AtomicUsize::new(0) }
    }

    /// The next one, and its number.
    pub fn next(&self) -> Option<(usize, &T)> {
        let index = self.next.fetch_add(1, Ordering::SeqCst);
        self.all.get(index).map(|turn| (index, turn))
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn workers(&self) -> usize {
        let asked = std::env::var("STACKCTL_SWEEP_WORKERS").ok().and_then(|count| count.parse().ok());
        asked.unwrap_or(3).clamp(1, self.all.len().max(1))
    }
}

impl<T> fmt::Display for Turns<T> {
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
