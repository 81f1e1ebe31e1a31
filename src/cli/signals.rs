//! Signals. Whoever is interrupted gives its lease back before it ends, so that nobody else has to wait until it runs out.

use super::report;
use crate::state::give_back_all;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// Who answers a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nobody in particular: the process ends.
    Watched,
    /// An apply, which has something to finish.
    Handled,
    /// It has said how it ended, its exit code too: that stays so.
    Over,
    /// It was answered; nothing more begins.
    Ending,
}

static MODE: Mutex<Mode> = Mutex::new(Mode::Watched);

/// For giving back what is held. Somebody waits at the keyboard, or a supervisor that kills soon.
const PATIENCE: Duration = Duration::from_secs(3);

fn mode() -> MutexGuard<'static, Mode> {
    MODE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on a signal ends the process only after its leases were given back. Called before the first one is taken: a
/// process without any ends as ever.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (Ok(signals), Ok(quit)) = (Signals::new(), signal(SignalKind::quit())) else { return };
        // On a thread of the runtime: the main one may be blocked in a question or a build.
        tokio::spawn(watched(signals, quit));
    });
}

async fn watched(mut signals: Signals, mut quit: Signal) {
    loop {
        let (number, at_once) = tokio::select! {
            number = signals.next() => (number, false),
            _ = quit.recv() => (SignalKind::quit().as_raw_value(), true),
        };
        {
            let mut mode = mode();
            match *mode {
                Mode::Handled if !at_once => continue,
                // Somebody who asks twice does not want to wait for what is given back.
                Mode::Over if !at_once => {
                    *mode = Mode::Watched;
                    continue;
                }
                _ => {}
            }
            *mode = Mode::Ending;
        }
        end(128 + number).await;
    }
}

/// Gives back every lease and ends the process.
pub async fn end(code: i32) -> ! {
    match timeout(PATIENCE, give_back_all()).await {
        Ok(0) => report::last_word("Interrupted."),
        Ok(_) => report::last_word("Interrupted; the lock of the state is given back."),
        Err(_) => report::last_word(
            "Interrupted; the lock of the state could not be given back and runs out by itself.",
        ),
    }
    report::stream::conclude(u8::try_from(code).unwrap_or(u8::MAX));
    std::process::exit(code)
}

/// At the end of a command: does not return while a signal is being answered, which ends the process with a code of its own.
pub async fn wait_for_the_end() {
    if *mode() == Mode::Ending {
        std::future::pending::<()>().await;
    }
}

/// Signals are answered by whoever has this.
#[derive(Debug)]
pub struct Handled(());

/// Takes the signals over.
pub async fn handle() -> Handled {
    {
        let mut mode = mode();
        if *mode != Mode::Ending {
            *mode = Mode::Handled;
            return Handled(());
        }
    }
    // The process is about to end.
    std::future::pending().await
}

impl Handled {
    /// The command says how it ended: a signal that comes now is too late to change that.
    pub fn over(&self) {
        let mut mode = mode();
        if *mode == Mode::Handled {
            *mode = Mode::Over;
        }
    }
}

impl Drop for Handled {
    fn drop(&mut self) {
        let mut mode = mode();
        if *mode == Mode::Handled {
            *mode = Mode::Watched;
        }
    }
}

/// Ctrl-C, SIGTERM, and the end of the terminal.
pub struct Signals([(SignalKind, Signal); 3]);

impl Signals {
    pub fn new() -> std::io::Result<Self> {
        let listen = |kind| Ok::<_, std::io::Error>((kind, signal(kind)?));
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// The number of the next one.
    pub async fn next(&mut self) -> i32 {
        let [interrupt, terminate, hangup] = &mut self.0;
        let kind = tokio::select! {
            _ = interrupt.1.recv() => interrupt.0,
            _ = terminate.1.recv() => terminate.0,
            _ = hangup.1.recv() => hangup.0,
        };
        kind.as_raw_value()
    }
}
