use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// The only source of chance: the same seed, the same story and the same world.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    /// Small numbers often, large ones seldom.
    pub fn low(&mut self, end: usize) -> usize {
        let end = self.below(end) + 1;
        self.below(end)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.0.random_range(from..=to))
    }
}
