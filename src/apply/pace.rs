use crate::resource::Wait;
use std::time::Duration;

/// How patiently to wait: AWS takes minutes, an emulator on this machine milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before the first repetition; doubled with each, up to `longest`.
    pub first: Duration,
    pub longest: Duration,
    /// Upper bound of every wait and retry window.
    pub limit: Duration,
    /// How long an accepted write may take to read back before it is written once more.
    pub echo: Duration,
    /// How long a created object may stay invisible to a search by tag or name.
    pub propagation: Duration,
    /// How long an object that was seen may be absent from reads before it is gone.
    pub absence: Duration,
    /// Whether delays, intervals and consecutive hits of the profiles count.
    profiles: bool,
}

/// One answer of AWS proves nothing: the next may come from elsewhere.
const SURE: u32 = 2;

impl Pace {
    pub const AWS: Self = Self {
        first: Duration::from_millis(500),
        longest: Duration::from_secs(10),
        limit: Duration::from_secs(2 * 3600),
        echo: Duration::from_secs(60),
        propagation: Duration::from_secs(30),
        absence: Duration::from_secs(60),
        profiles: true,
    };

    /// Some other endpoint than AWS: quick to wait for, but a request may travel to it as long as to AWS.
    pub const ENDPOINT: Self = Self { propagation: Self::AWS.propagation, ..Self::EMULATOR };

    /// An emulator on this machine, which is known to have ended its work on what it was asked for.
    pub const EMULATOR: Self = Self {
        first: Duration::from_millis(20),
        longest: Duration::from_millis(500),
        limit: Duration::from_secs(60),
        echo: Duration::from_secs(3),
        propagation: Duration::ZERO,
        absence: Duration::ZERO,
        profiles: false,
    };

    /// An emulator on a bad day: what was created is not seen at once.
    pub const CHAOS: Self = Self { propagation: Duration::from_millis(1200), ..Self::EMULATOR };

    /// The wait of a profile as it applies here.
    pub fn wait(&self, profile: Wait) -> Wait {
        if self.profiles {
            Wait { equal: profile.equal.max(SURE), ..profile }
        } else {
            Wait {
                delay: Duration::ZERO,
                interval: self.first,
                hits: 1,
                equal: 1,
                apart: self.first,
                timeout: profile.timeout.min(self.limit),
            }
        }
    }

    /// How long what is being deleted may still show that it was not well.
    pub fn grace(&self) -> Duration {
        self.echo * 5
    }

    /// As patient, but for this long at most.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: self.limit.min(limit), ..self }
    }

    /// The pause before the repetition after `pause`.
    pub fn next(&self, pause: Duration) -> Duration {
        (pause * 2).min(self.longest)
    }
}
