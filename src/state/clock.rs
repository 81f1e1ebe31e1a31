use futures::future::BoxFuture;
use nix::time::{ClockId, clock_gettime};
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep};

/// Tells how much time has gone by, also while this process or its machine was asleep.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> Reading;

    /// Waits for so long at least. The wait is longer where the machine sleeps meanwhile: ask the clock afterwards.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(time))
    }

    /// Since `then`.
    fn since(&self, then: &Reading) -> Duration {
        then.until(&self.now())
    }
}

/// The same moment by three clocks, none of which can be trusted alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Goes on while the machine is suspended.
    pub boot: Duration,
    /// Goes on whatever happens, and may be set.
    pub wall: Duration,
    /// Of the runtime, by which everything waits: stands still while the machine is suspended. In a test that plays time it
    /// is the only one that moves.
    pub run: Instant,
}

impl Reading {
    /// How much later `later` is, by the clock that says the most: one that stood still or was set back does not make
    /// anything younger.
    pub fn until(&self, later: &Self) -> Duration {
        let boot = later.boot.saturating_sub(self.boot);
        let wall = later.wall.saturating_sub(self.wall);
        let run = later.run.saturating_duration_since(self.run);
        boot.max(wall).max(run)
    }
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

/// <https://man7.org/linux/man-pages/man2/clock_gettime.2.html>: `CLOCK_MONOTONIC` does not count suspend, `CLOCK_BOOTTIME`
/// does.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
/// macOS counts the time asleep in `CLOCK_MONOTONIC` (and leaves it out in `CLOCK_UPTIME_RAW`): `man clock_gettime` there.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

impl Clock for SystemClock {
    fn now(&self) -> Reading {
        Reading {
            // A kernel without it leaves the word to the others.
            boot: clock_gettime(BOOT).map_or(Duration::ZERO, Duration::from),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            run: Instant::now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What each clock says has gone by, in seconds; negative for one that was set back.
    fn later(then: Reading, boot: i64, wall: i64, run: i64) -> Reading {
        let moved = |clock: Duration, by: i64| {
            let by_abs = Duration::from_secs(by.unsigned_abs());
            if by < 0 { clock.saturating_sub(by_abs) } else { clock + by_abs }
        };
        let run = then.run + Duration::from_secs(run.unsigned_abs());
        Reading { boot: moved(then.boot, boot), wall: moved(then.wall, wall), run }
    }

    proptest! {
        /// Whichever clocks stand still or are set back: as long as one of them has counted, nothing is younger than it is.
        #[test]
        fn nothing_is_younger_than_any_clock_says(boot in 0i64..4000, wall in -9000i64..9000, run in 0i64..4000) {
            let then = SystemClock.now();
            let elapsed = then.until(&later(then, boot, wall, run));
            let most = run.max(wall).max(boot);
            prop_assert_eq!(elapsed, Duration::from_secs(most.unsigned_abs()));
        }
    }

    #[test]
    fn the_clocks_of_this_machine_go() {
        let then = SystemClock.now();
        std::thread::sleep(Duration::from_millis(5));
        let now = SystemClock.now();
        assert!(now.boot > then.boot && now.run > then.run, "{then:?} {now:?}");
        assert!(SystemClock.since(&then) >= Duration::from_millis(5));
    }
}
