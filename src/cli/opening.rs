use super::report;
use crate::state::{Document, Held, StateError, Store};
use std::time::Duration;

/// Takes the lock and reads the state; where another has the lock, it says who while it waits.
pub async fn open(
    store: &Store,
    command: &str,
    patience: Duration,
) -> Result<(Option<Document>, Held), StateError> {
    let opening = report::during(&format!("reading {}", store.name()));
    match store.open(command, Duration::ZERO).await {
        Err(StateError::Locked { name, holder }) if !patience.is_zero() => {
            drop(opening);
            let holder = holder.map_or_else(|| "another stackctl".to_owned(), |holder| holder.to_string());
            let what = format!("waiting for {name}, which {holder} has ({} s at most)", patience.as_secs());
            let _waiting = report::during(&what);
            store.open(command, patience).await
        }
        opened => opened,
    }
}
