use super::ledger::{Ledger, Tip, plain};
use super::tenure::Tenure;
use super::{Document, Entry, StateError};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The journal in an object store: one object, written anew with every batch of entries.
///
/// While one write is under way, the entries of other operations gather for the next, so a wide apply costs few
/// requests. When the object has grown to [`FULL`], it is folded into the state and begins anew: the bytes written stay
/// proportional to the number of entries.
///
/// The first write is folded as well, whatever its size: both objects have changed then before anything is done, and whoever
/// has read them before, and wakes up now, can neither announce nor write. The journal is the first of the two: if it were the
/// second, entries could be appended to one whose state is newer than they think.
#[derive(Debug)]
pub struct JournalObject {
    ledger: Arc<Ledger>,
    tenure: Tenure,
    command: String,
    waiting: Mutex<Vec<Waiting>>,
    durable: tokio::sync::Mutex<Durable>,
}

#[derive(Debug)]
struct Durable {
    /// The state as of what is durable.
    document: Document,
    /// Whether state and journal are this writer's.
    ours: bool,
}

#[derive(Debug)]
struct Waiting {
    entry: Entry,
    answer: oneshot::Sender<Result<(), StateError>>,
}

/// Bytes.
const FULL: usize = 256 * 1024;

impl JournalObject {
    /// On top of `document`; nothing is written before the first entry.
    pub(super) fn new(ledger: Arc<Ledger>, tenure: Tenure, document: Document, command: &str) -> Self {
        let durable = tokio::sync::Mutex::new(Durable { document, ours: false });
        Self { ledger, tenure, command: command.to_owned(), waiting: Mutex::default(), durable }
    }

    /// Appends an entry and waits until it is in the object store, alone or with others.
    pub async fn append(&self, entry: &Entry) -> Result<(), StateError> {
        let (answer, mut mine) = oneshot::channel();
        self.waiting().push(Waiting { entry: entry.clone(), answer });
        // Who begins at the same moment comes along.
        tokio::task::yield_now().await;
        let mut tip = self.ledger.tip().await;
        if let Ok(answered) = mine.try_recv() {
            return answered;
        }
        let batch = std::mem::take(&mut *self.waiting());
        let outcome = self.write(&mut tip, &batch).await;
        for Waiting { answer, .. } in batch {
            // One that was cancelled has dropped its end.
            let _ = answer.send(outcome.as_ref().map_err(repeated).copied());
        }
        // Mine was in the batch.
        outcome
    }

    /// That what was announced may still be done.
    pub async fn check(&self) -> Result<(), StateError> {
        self.tenure.check().await
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, tip: &mut Tip, batch: &[Waiting]) -> Result<(), StateError> {
        let mut durable = self.durable.lock().await;
        if tip.text.text().is_empty() {
            self.ledger.begin(tip, &durable.document, &self.command)?;
        }
        let before = tip.text.mark();
        let added = batch.iter().try_for_each(|waiting| self.ledger.add(&mut tip.text, &waiting.entry));
        if added.is_err() {
            tip.text.rewind(before);
            return added;
        }
        let written = self.ledger.put_journal(tip).await;
        if written.is_err() {
            // What has happened is said again with the next write; what was only announced will not happen.
            tip.text.rewind(before);
            for Waiting { entry, .. } in batch.iter().filter(|waiting| happened(&waiting.entry)) {
                self.ledger.add(&mut tip.text, entry)?;
            }
            return written;
        }
        batch.iter().for_each(|waiting| durable.document.take(&waiting.entry));
        if !durable.ours || tip.text.text().len() >= FULL {
            self.ledger.put_state(tip, &mut durable.document).await?;
            self.ledger.begin(tip, &durable.document, &self.command)?;
            durable.ours = true;
        }
        Ok(())
    }
}

fn happened(entry: &Entry) -> bool {
    !matches!(entry, Entry::Intent(_))
}

/// The same error for everyone who waited for the write; the cause as text, since errors cannot be shared.
fn repeated(error: &StateError) -> StateError {
    match error {
        StateError::Lost { name, holder } => StateError::Lost { name: name.clone(), holder: holder.clone() },
        StateError::Objects { name, verb, hint, source } => StateError::Objects {
            name: name.clone(),
            verb,
            hint: hint.clone(),
            source: Box::new(plain(source)),
        },
        other => StateError::Objects {
            name: String::new(),
            verb: "written",
            hint: String::new(),
            source: Box::new(plain(other)),
        },
    }
}
