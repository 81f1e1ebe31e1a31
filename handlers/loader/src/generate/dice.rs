//! Chance, the same for the same seed.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of chance. ChaCha and not the default generator, whose algorithm may change with the library.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        (u64::from(self.0.next_u32()) * limit) >> 32
    }

    /// True as often as `probability` says.
    pub fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) < probability * 4_294_967_296.0
    }

    /// Nearly normal, with mean 0 and deviation 1: the sum of four sixteen-bit numbers.
    pub fn normal(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum::<u64>();
        (sum as f64 / 65_536.0 - 2.0) * 1.732_050_8
    }

    /// Small numbers often, large ones seldom: geometric with the given mean.
    pub fn few(&mut self, mean: f64) -> u64 {
        let again = mean / (1.0 + mean);
        let mut number = 0;
        while number < 40 && self.chance(again) {
            number += 1;
        }
        number
    }

    /// One of them.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// One of them, as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, choices: &[(T, u64)]) -> T {
        let total = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for (choice, weight) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0].0
    }
}
