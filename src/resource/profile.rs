use super::Actions;
use std::time::Duration;

/// What the engine must know of a kind to wait, retry, protect and explain.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    pub create: Wait,
    pub update: Wait,
    pub delete: Wait,
    /// Shown in the plan and used to start the longest path first.
    pub typical: Typical,
    /// Error codes that mean "it does not exist" on delete (and, inside `read`, on a lookup of this object).
    pub gone: &'static [&'static str],
    /// Errors that pass by themselves.
    pub retries: &'static [Retry],
    /// Two of the same physical name cannot exist side by side, so `create_before_destroy` cannot work.
    pub fixed_name: bool,
    /// The attributes that together name the object, where AWS lets no two have the same: an object is told by them from
    /// every other of its kind. Empty where AWS gives out the ids.
    pub identity: &'static [&'static str],
    /// What each verb needs of IAM.
    pub actions: Actions,
}

impl Profile {
    /// An object that is there as soon as its create call returns.
    pub const INSTANT: Self = Self {
        create: Wait::INSTANT,
        update: Wait::INSTANT,
        delete: Wait::INSTANT,
        typical: Typical { create: 2, update: 1, delete: 1 },
        gone: &[],
        retries: &[],
        fixed_name: false,
        identity: &[],
        actions: Actions::NONE,
    };
}

/// How to poll until an object is ready, reads back as written, or is gone.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// Before the first poll.
    pub delay: Duration,
    /// Between polls; the local cloud and emulators poll faster.
    pub interval: Duration,
    /// A new object must be seen ready this many times in a row before it is changed.
    pub hits: u32,
    /// It agrees once so many reads in a row say what is wanted; when it is deleted, that it is not there.
    pub equal: u32,
    /// Between those.
    pub apart: Duration,
    pub timeout: Duration,
}

impl Wait {
    pub const INSTANT: Self = Self::secs(0, 1, 1, 300);

    /// Seconds of delay and interval, consecutive hits, and seconds until giving up.
    pub const fn secs(delay: u64, interval: u64, hits: u32, timeout: u64) -> Self {
        Self {
            delay: Duration::from_secs(delay),
            interval: Duration::from_secs(interval),
            hits,
            equal: hits,
            // One is never enough on AWS; the second is not far.
            apart: Duration::from_secs(if hits == 1 && interval > 2 { 2 } else { interval }),
            timeout: Duration::from_secs(timeout),
        }
    }

    /// For services whose answers go on to alternate after the first that is right: so many equal ones in a row, and the
    /// seconds between them.
    pub const fn equal(self, equal: u32, apart: u64) -> Self {
        Self { equal, apart: Duration::from_secs(apart), ..self }
    }
}

/// Seconds that each verb usually takes on AWS, waiting included.
#[derive(Debug, Clone, Copy)]
pub struct Typical {
    pub create: u32,
    pub update: u32,
    pub delete: u32,
}

/// An error that passes by itself: the engine repeats the verb while the code is `code` and the message contains
/// `message` (empty: any), for at most `window`.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    pub code: &'static str,
    pub message: &'static str,
    pub window: Duration,
}

impl Retry {
    pub const fn secs(code: &'static str, message: &'static str, window: u64) -> Self {
        Self { code, message, window: Duration::from_secs(window) }
    }

    /// Tables one after the other: the first that fits an error counts. `N` is how many there are in all of them.
    pub const fn joined<const N: usize>(tables: &[&[Self]]) -> [Self; N] {
        let mut all = [Self::secs("", "", 0); N];
        let (mut table, mut at) = (0, 0);
        while table < tables.len() {
            let mut row = 0;
            while row < tables[table].len() {
                all[at] = tables[table][row];
                at += 1;
                row += 1;
            }
            table += 1;
        }
        assert!(at == N, "N is another number than that of all rows");
        all
    }
}
