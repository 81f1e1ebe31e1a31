use super::Pace;
use crate::address::Address;
use crate::error::{Error, Result};
use crate::event::{Event, Sink};
use crate::resource::{Profile, Retry};
use crate::state::Journal;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// After this long a repetition is worth telling: it may hide a genuine mistake, such as a misspelt role.
const TELL_AFTER: Duration = Duration::from_secs(10);

/// Makes a call that changes something, as long as the journal is ours, and repeats it while it fails in a way that the
/// profile says passes by itself. What does not pass ends with what AWS said last.
pub async fn retry<T, F: Future<Output = Result<T>>>(
    journal: &Journal,
    pace: &Pace,
    profile: &Profile,
    address: &Address,
    events: Sink<'_>,
    mut call: impl FnMut() -> F,
) -> Result<T> {
    let started = Instant::now();
    let mut pause = pace.first;
    let mut told = false;
    loop {
        journal.check().await?;
        let error = match call().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let window = passing(profile.retries, &error).map(|retry| retry.window.min(pace.limit));
        let Some(window) = window else { return Err(error) };
        if started.elapsed() >= window {
            return Err(lasting(error, started.elapsed()));
        }
        if !told && started.elapsed() >= TELL_AFTER {
            told = true;
            events(Event::Waiting { address: address.clone(), what: format!("AWS still answers: {error}") });
        }
        sleep(pause).await;
        pause = pace.next(pause);
    }
}

/// AWS's last words, and how long it said so.
fn lasting(error: Error, elapsed: Duration) -> Error {
    match error {
        Error::Aws(mut aws) => {
            let said = aws.message.trim_end_matches('.');
            aws.message = format!("{said}; AWS said so for {} s", elapsed.as_secs());
            Error::Aws(aws)
        }
        other => other,
    }
}

fn passing<'a>(retries: &'a [Retry], error: &Error) -> Option<&'a Retry> {
    let Error::Aws(aws) = error else { return None };
    let code = aws.code.as_deref()?;
    retries.iter().find(|retry| retry.code == code && aws.message.contains(retry.message))
}
