use crate::dice::Dice;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::SystemTime;

/// Whether everything is asked for.
pub fn is_full() -> bool {
    std::env::var("STACKCTL_ATTACK").is_ok_and(|asked| asked == "all")
}

/// How many: of every day, or of a full run.
pub fn size(daily: usize, full: usize) -> usize {
    if is_full() { full } else { daily }
}

/// Of `STACKCTL_SEED`, or another one every day.
pub fn seed() -> u64 {
    let given = std::env::var("STACKCTL_SEED").ok().and_then(|text| text.parse().ok());
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    given.unwrap_or(since.as_secs() / 86_400)
}

/// Dice of their own for each row and worker, so that one row alone is played as it is among the others.
pub fn dice(row: &str, worker: usize) -> Dice {
    let mut hasher = DefaultHasher::new();
    (seed(), row, worker).hash(&mut hasher);
    Dice::new(hasher.finish())
}
