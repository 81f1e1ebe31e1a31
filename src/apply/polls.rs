use super::converge::Target;
use crate::error::{Error, Result};
use crate::event::Event;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pauses of one wait, with its end and its word to the user.
pub struct Polls<'a> {
    target: &'a Target<'a>,
    started: Instant,
    timeout: Duration,
    told: Option<String>,
}

/// A wait is worth telling after this long.
const TELL_AFTER: Duration = Duration::from_secs(3);

impl<'a> Polls<'a> {
    pub fn new(target: &'a Target<'a>, timeout: Duration) -> Self {
        Self { target, started: Instant::now(), timeout, told: None }
    }

    /// Pauses, since it is `what`.
    ///
    /// # Errors
    /// It has been so for too long.
    pub async fn pause(&mut self, what: &str, pause: Duration) -> Result<()> {
        let elapsed = self.started.elapsed();
        if elapsed >= self.timeout {
            return Err(Error::Refused(format!(
                "it is still \"{what}\" after {} s; the next apply goes on waiting",
                elapsed.as_secs()
            )));
        }
        if elapsed >= TELL_AFTER && self.told.as_deref() != Some(what) {
            self.told = Some(what.to_owned());
            let (address, what) = (self.target.address.clone(), what.to_owned());
            (self.target.events)(Event::Waiting { address, what });
        }
        sleep(pause).await;
        Ok(())
    }
}
