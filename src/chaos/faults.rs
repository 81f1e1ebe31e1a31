use super::dice::Dice;
use super::{Fault, machine, propagation};
use crate::cloud::Call;
use std::collections::HashMap;
use std::time::Duration;

/// Which requests meet which faults: by a script, by a seed, or both.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    seed: Option<u64>,
    script: HashMap<(Call, u64), Fault>,
}

/// Of a thousand requests.
const THROTTLED: u32 = 30;
const INTERNAL: u32 = 25;
const LOST: u32 = 25;
const RESET: u32 = 25;
/// Of those that can meet them.
const PROPAGATION: u32 = 200;
const STALE: u32 = 150;
const SLOW: u32 = 500;
const BROKEN: u32 = 30;
const LATE: u32 = 200;
/// Milliseconds.
const LATEST: u32 = 60;
/// Reads until a slow state machine is through.
const SLOWEST: u32 = 6;

impl Faults {
    /// None, until some are scripted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Faults of every sort, the same for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::default() }
    }

    /// `fault` for the `nth` request (from 1) of this operation.
    #[must_use]
    pub fn on(mut self, service: &str, operation: &str, nth: u64, fault: Fault) -> Self {
        self.script.insert((Call::new(service, operation), nth), fault);
        self
    }

    /// What befalls the `nth` request of `call`.
    pub fn pick(&self, call: &Call, nth: u64) -> Option<Fault> {
        let scripted = self.script.get(&(call.clone(), nth)).cloned();
        scripted.or_else(|| draw(Dice::new(self.seed?, call, nth), call))
    }
}

fn draw(mut dice: Dice, call: &Call) -> Option<Fault> {
    let roll = dice.roll(1000);
    let mut upto = 0;
    for (share, fault) in [
        (THROTTLED, Fault::Throttled),
        (INTERNAL, Fault::Internal),
        (LOST, Fault::LostAnswer),
        (RESET, Fault::Reset),
    ] {
        upto += share;
        if roll < upto {
            return Some(fault);
        }
    }
    let mut chance = |share: u32| dice.roll(1000) < share;
    if call.is_read() && chance(STALE) {
        return Some(Fault::Stale);
    }
    if propagation::refusal(call).is_some() && chance(PROPAGATION) {
        return Some(Fault::Propagation);
    }
    if machine::begun_by(call).is_some() {
        if machine::begun_by(call).is_some_and(|machine| machine.broken.is_some()) && chance(BROKEN) {
            return Some(Fault::Broken);
        }
        if chance(SLOW) {
            return Some(Fault::Slow(1 + dice.roll(SLOWEST)));
        }
    }
    chance(LATE).then(|| Fault::Latency(Duration::from_millis(u64::from(1 + dice.roll(LATEST)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_the_same_again_and_another_one_something_else() {
        let story = |seed: u64| -> Vec<_> {
            let faults = Faults::seeded(seed);
            (1..=200).map(|nth| faults.pick(&Call::new("ec2", "DescribeVpcs"), nth)).collect()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
        let names: std::collections::BTreeSet<_> = story(7).iter().flatten().map(Fault::name).collect();
        assert!(names.len() >= 5, "{names:?}");
    }
}
