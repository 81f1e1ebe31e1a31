use super::style::{Paint, doing, done, duration, rendered};
use super::{colour, note};
use crate::address::Address;
use crate::event::Event;
use crate::state::Verb;
use crate::visible::visible;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The progress of an apply: a spinner for everything in flight on a terminal, plain lines in a pipe.
pub struct Progress {
    bars: MultiProgress,
    flying: Mutex<HashMap<(Address, Verb), ProgressBar>>,
    terminal: bool,
}

impl Progress {
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), flying: Mutex::default(), terminal }
    }

    fn say(&self, line: &str) {
        if self.terminal {
            // A line that the terminal does not take is no reason to stop an apply.
            let _ = self.bars.println(rendered(line, colour()));
        } else {
            note(line);
        }
    }

    /// Takes an event of the engine.
    pub fn event(&self, event: Event) {
        match event {
            Event::Moved { from, to } => {
                self.say(&format!("  {} moved: {from} is {to} now", Paint::Good.label("✓")));
            }
            Event::Started { address, verb } => self.started(address, verb),
            Event::Waiting { address, what } => self.waiting(&address, &what),
            Event::Finished { address, verb, took } => {
                self.end(&address, verb);
                let line = format!("{address}: {} in {}", done(verb), duration(took));
                self.say(&format!("  {} {line}", Paint::Good.label("✓")));
            }
            Event::Failed { address, verb, error } => {
                self.end(&address, verb);
                self.say(&format!("  {} {address}: {} failed: {error}", Paint::Bad.label("✗"), doing(verb)));
            }
            Event::Skipped { address, because } => {
                self.say(&format!(
                    "  {} {address}: not started, since {because} failed",
                    Paint::Dim.label("-")
                ));
            }
        }
    }

    fn started(&self, address: Address, verb: Verb) {
        if !self.terminal {
            return;
        }
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.set_message(visible(&format!("{address}: {}", doing(verb))).into_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        self.flying.lock().unwrap_or_else(PoisonError::into_inner).insert((address, verb), bar);
    }

    fn waiting(&self, address: &Address, what: &str) {
        let flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = flying.iter().find(|((flying, _), _)| flying == address);
        match bar {
            Some(((_, verb), bar)) => {
                bar.set_message(visible(&format!("{address}: {}, {what}", doing(*verb))).into_owned())
            }
            None => self.say(&format!("    {address}: {what}")),
        }
    }

    fn end(&self, address: &Address, verb: Verb) {
        let bar = self.flying.lock().unwrap_or_else(PoisonError::into_inner).remove(&(address.clone(), verb));
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}
