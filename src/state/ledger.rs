use super::lines::Scroll;
use super::{Condition, Document, Entry, Moved, PutError, Remote, StateError};
use crate::error::Error;
use tokio::sync::{Mutex, MutexGuard};

/// The two objects that a writer changes, and how it saw them last.
#[derive(Debug)]
pub(super) struct Ledger {
    remote: Remote,
    /// Names this writer in its journal.
    writer: String,
    tip: Mutex<Tip>,
}

/// The newest content that this writer knows of.
#[derive(Debug, Default)]
pub(super) struct Tip {
    /// ETag of the state; none if there is none.
    pub state: Option<String>,
    /// ETag of the journal.
    pub journal: Option<String>,
    /// Of the state.
    pub serial: u64,
    /// What the journal says.
    pub text: Scroll,
    /// A state that may have been written although an error said otherwise.
    pub doubtful: Vec<u8>,
    /// So may a journal.
    pub doubtful_journal: bool,
}

/// How often one write is tried against what this writer itself may have written.
const ATTEMPTS: usize = 4;

impl Ledger {
    pub fn new(remote: Remote, tip: Tip) -> Self {
        Self { remote, writer: uuid::Uuid::new_v4().to_string(), tip: Mutex::new(tip) }
    }

    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    pub fn writer(&self) -> &str {
        &self.writer
    }

    pub async fn tip(&self) -> MutexGuard<'_, Tip> {
        self.tip.lock().await
    }

    /// Makes the journal of a dead run, or of one that is thought dead, ours; then writes what it says into the state.
    /// After the first step that run can announce nothing more, after the second it cannot write the state. The entries
    /// stay; they are of an older serial than the state and are not folded again.
    pub async fn take_over(&self, entries: &[Entry], document: &mut Document) -> Result<(), StateError> {
        let mut tip = self.tip().await;
        tip.text = self.scroll(entries)?;
        self.put_journal(&mut tip).await?;
        self.put_state(&mut tip, document).await
    }

    /// What the journal says next is on top of `document`.
    pub fn begin(&self, tip: &mut Tip, document: &Document, command: &str) -> Result<(), StateError> {
        tip.text = self.scroll(&[Entry::base(document, command, Some(&self.writer))])?;
        Ok(())
    }

    /// Writes the state. Its serial is newer than the journal's then, which is folded no more.
    pub async fn write(&self, document: &mut Document) -> Result<(), StateError> {
        let mut tip = self.tip().await;
        self.put_state(&mut tip, document).await
    }

    /// Puts a marker in the place of the state, then removes the journal.
    pub async fn retire(&self, moved: &Moved) -> Result<(), StateError> {
        let mut tip = self.tip().await;
        let bytes = moved.to_bytes().map_err(|error| self.failed("written", plain(error)))?;
        self.put(self.remote.key(), &mut tip.state, bytes, |_| false).await?;
        self.remove_journal(&mut tip).await
    }

    /// The journal first: a state without one is whole, a journal without its state is not.
    pub async fn remove(&self) -> Result<(), StateError> {
        let mut tip = self.tip().await;
        self.remove_journal(&mut tip).await?;
        self.delete(self.remote.key(), &mut tip.state).await
    }

    /// Where none is known, there may be one all the same: of a write whose answer was lost, or of somebody else.
    async fn remove_journal(&self, tip: &mut Tip) -> Result<(), StateError> {
        let key = self.remote.journal_key();
        if tip.journal.is_none() || tip.doubtful_journal {
            let there =
                self.remote.objects().get(&key).await.map_err(|error| self.failed("removed", error))?;
            tip.journal = match there {
                Some(object) if tip.journal.as_ref() == Some(&object.etag) || self.wrote(&object.bytes) => {
                    Some(object.etag)
                }
                Some(_) => return Err(self.lost().await),
                None => None,
            };
        }
        self.delete(&key, &mut tip.journal).await
    }

    /// Whether a journal is this writer's.
    fn wrote(&self, journal: &[u8]) -> bool {
        let first = Entry::first(journal);
        matches!(first, Some(Entry::Base { writer: Some(writer), .. }) if writer == self.writer)
    }

    /// Deletes an object that is as this writer saw it last; done as well if there was none.
    async fn delete(&self, key: &str, etag: &mut Option<String>) -> Result<(), StateError> {
        let Some(etag) = etag.take() else { return Ok(()) };
        match self.remote.objects().delete(key, &etag).await {
            Ok(()) => Ok(()),
            Err(PutError::Conflict) => Err(self.lost().await),
            Err(PutError::Failed(error)) => Err(self.failed("removed", error)),
        }
    }

    /// Writes `document` as the next serial.
    pub async fn put_state(&self, tip: &mut Tip, document: &mut Document) -> Result<(), StateError> {
        document.advance(tip.serial.max(document.serial) + 1);
        document.writer = Some(self.writer.clone());
        let written = self.remote.cipher().write(document);
        let bytes = written.map_err(|error| self.failed("written", plain(error)))?;
        let doubtful = std::mem::replace(&mut tip.doubtful, bytes.clone());
        let ours = |there: &[u8]| !doubtful.is_empty() && there == doubtful;
        self.put(self.remote.key(), &mut tip.state, bytes, ours).await?;
        tip.serial = document.serial;
        tip.doubtful.clear();
        Ok(())
    }

    /// Writes `tip.text` as the journal.
    pub async fn put_journal(&self, tip: &mut Tip) -> Result<(), StateError> {
        let (key, ours) = (self.remote.journal_key(), |there: &[u8]| self.wrote(there));
        let written = self.put(&key, &mut tip.journal, tip.text.text().to_vec(), ours).await;
        tip.doubtful_journal = written.is_err();
        written
    }

    /// Writes if the object is as this writer saw it last. A conflict may be with ourselves: the SDK repeats a write
    /// whose answer was lost, and the repetition finds the work of the first.
    async fn put(
        &self,
        key: &str,
        etag: &mut Option<String>,
        bytes: Vec<u8>,
        ours: impl Fn(&[u8]) -> bool,
    ) -> Result<(), StateError> {
        let objects = self.remote.objects();
        for _ in 0..ATTEMPTS {
            match objects.put(key, bytes.clone(), Condition::unchanged(etag.as_deref())).await {
                Ok(new) => {
                    *etag = Some(new);
                    return Ok(());
                }
                Err(PutError::Failed(error)) => return Err(self.failed("written", error)),
                Err(PutError::Conflict) => {
                    let there = objects.get(key).await.map_err(|error| self.failed("written", error))?;
                    match there {
                        Some(object) if object.bytes == bytes => {
                            *etag = Some(object.etag);
                            return Ok(());
                        }
                        Some(object) if ours(&object.bytes) => *etag = Some(object.etag),
                        _ => return Err(self.lost().await),
                    }
                }
            }
        }
        Err(self.lost().await)
    }

    fn scroll(&self, entries: &[Entry]) -> Result<Scroll, StateError> {
        let scroll = Scroll::new(self.remote.cipher(), entries);
        scroll.map_err(|error| self.failed("written", plain(error)))
    }

    /// Adds an entry to what the journal will say.
    pub fn add(&self, text: &mut Scroll, entry: &Entry) -> Result<(), StateError> {
        text.push(self.remote.cipher(), entry).map_err(|error| self.failed("written", plain(error)))
    }

    pub fn failed(&self, verb: &'static str, source: Error) -> StateError {
        StateError::Objects {
            name: self.remote.name().to_owned(),
            verb,
            hint: "What was done up to then is in its journal; the next command settles the rest".to_owned(),
            source: Box::new(source),
        }
    }

    pub async fn lost(&self) -> StateError {
        // Who has it now is only for the message.
        let holder = self.remote.holder().await.ok().flatten().map(|(holder, _)| holder);
        StateError::Lost { name: self.remote.name().to_owned(), holder }
    }
}

/// An error of which only the text goes on.
pub(super) fn plain(error: impl std::fmt::Display) -> Error {
    Error::Refused(error.to_string())
}
