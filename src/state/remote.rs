use super::ledger::{Ledger, Tip};
use super::{Document, Entry, Holder, Journal, JournalObject, Lease, Objects, StateError};
use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// State in an object store: the object itself, `.journal` and `.lock` beside it.
///
/// The lease (`.lock`) is for politeness. What makes a writer safe is that every write of state and journal is
/// conditional on what this writer saw last, and that a takeover changes both before anything else happens: whoever
/// lost the lock, however late it wakes up, cannot announce another call and cannot write the state.
#[derive(Debug, Clone)]
pub struct Remote {
    objects: Arc<dyn Objects>,
    name: String,
    key: String,
    lease: Duration,
}

/// State in an object store, under lease.
#[derive(Debug)]
pub struct HeldRemote {
    ledger: Arc<Ledger>,
    lease: Lease,
}

/// State and journal as they were read.
struct Snapshot {
    document: Option<Document>,
    /// With the journal folded in the document is newer than what lies there.
    dirty: bool,
    entries: Vec<Entry>,
    state: Option<String>,
    journal: Option<String>,
}

/// How often a takeover is tried again while the one before goes on writing.
const TAKEOVERS: usize = 20;

impl Remote {
    pub fn new(objects: Arc<dyn Objects>, name: &str, key: &str) -> Self {
        Self { objects, name: name.to_owned(), key: key.to_owned(), lease: Lease::LIFE }
    }

    /// With a lease of another life than [`Lease::LIFE`].
    pub fn lasting(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn objects(&self) -> &dyn Objects {
        &*self.objects
    }

    pub fn journal_key(&self) -> String {
        format!("{}.journal", self.key)
    }

    pub fn lock_key(&self) -> String {
        format!("{}.lock", self.key)
    }

    fn failed(&self, verb: &'static str) -> impl Fn(Error) -> StateError {
        let name = self.name.clone();
        move |source| StateError::Objects {
            name: name.clone(),
            verb,
            hint: "Nothing was changed".to_owned(),
            source: Box::new(source),
        }
    }

    fn damaged(&self) -> impl Fn(String) -> StateError {
        let name = self.name.clone();
        move |what| StateError::Damaged {
            backup: format!("an older version of {name}: `stackctl state history`"),
            name: name.clone(),
            what,
        }
    }

    /// One after the other, the journal first: if somebody writes meanwhile, the state is the newer one and contains
    /// it, and the journal's ETag is out of date, so nothing can be built on the two. The other way round, entries would
    /// be appended to a journal whose state is older than they think.
    async fn snapshot(&self) -> Result<Snapshot, StateError> {
        let journal = self.objects.get(&self.journal_key()).await.map_err(self.failed("read"))?;
        let state = self.objects.get(&self.key).await.map_err(self.failed("read"))?;
        let text = journal.as_ref().map_or(&[][..], |object| &object.bytes);
        let entries = Entry::lines(text).map_err(|what| self.damaged()(format!("its journal's {what}")))?;
        let mut document = match &state {
            None => None,
            Some(object) => {
                let text = std::str::from_utf8(&object.bytes)
                    .map_err(|error| self.damaged()(format!("it is not text: {error}")))?;
                Some(Document::from_text(text).map_err(self.damaged())?)
            }
        };
        let before = document.clone();
        if let Some(document) = &mut document {
            document.fold(&entries);
        }
        Ok(Snapshot {
            dirty: document != before,
            document,
            entries,
            state: state.map(|object| object.etag),
            journal: journal.map(|object| object.etag),
        })
    }

    pub async fn read(&self) -> Result<Option<Document>, StateError> {
        Ok(self.snapshot().await?.document)
    }

    /// Who has the lease, if anybody has; and for how long it is good without being renewed.
    pub async fn holder(&self) -> Result<Option<(Holder, Duration)>, StateError> {
        Lease::look(&*self.objects, &self.lock_key()).await.map_err(self.failed("read"))
    }

    /// Takes the lease and reads the state. What a dead run left in the journal is written into the state first, so
    /// that it cannot come back to life.
    pub async fn open(
        &self,
        command: &str,
        patience: Duration,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        let taken = Lease::take(self.objects.clone(), &self.lock_key(), command, self.lease, patience).await;
        let lease = taken
            .map_err(self.failed("locked"))?
            .map_err(|holder| StateError::Locked { name: self.name.clone(), holder: Some(holder) })?;
        self.open_under(lease, command).await
    }

    /// As `open`, whoever has the lease: for `unlock`.
    pub async fn seize(&self, command: &str) -> Result<(Option<Document>, HeldRemote), StateError> {
        let taken = Lease::seize(self.objects.clone(), &self.lock_key(), command, self.lease).await;
        self.open_under(taken.map_err(self.failed("locked"))?, command).await
    }

    async fn open_under(
        &self,
        lease: Lease,
        command: &str,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        for _ in 0..TAKEOVERS {
            let Snapshot { mut document, dirty, mut entries, state, journal } = self.snapshot().await?;
            let serial = document.as_ref().map_or(0, |document| document.serial);
            let ledger = Ledger::new(self.clone(), Tip { state, journal, serial, ..Tip::default() });
            let held = HeldRemote { ledger: Arc::new(ledger), lease: lease.share() };
            let Some(document) = document.as_mut().filter(|_| dirty) else {
                return Ok((document, held));
            };
            entries[0] = Entry::base(document, command, Some(held.ledger.writer()));
            let taken = held.ledger.take_over(&entries, document).await;
            match taken {
                Ok(()) => return Ok((Some(document.clone()), held)),
                Err(StateError::Lost { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let holder = self.holder().await?.map(|(holder, _)| holder);
        Err(StateError::Lost { name: self.name.clone(), holder })
    }
}

impl HeldRemote {
    pub fn remote(&self) -> &Remote {
        self.ledger.remote()
    }

    pub async fn journal(&self, document: &Document, command: &str) -> Result<Journal, StateError> {
        self.ledger.start(document, command).await?;
        Ok(Journal::Object(JournalObject::new(self.ledger.clone(), document.clone())))
    }

    pub async fn write(&self, document: &mut Document) -> Result<(), StateError> {
        self.ledger.write(document).await
    }

    pub async fn remove(&self) -> Result<(), StateError> {
        self.ledger.remove().await
    }

    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lease.lost()
    }

    /// Gives the lease back; a dropped one is given back too where the runtime allows it, else it expires.
    pub async fn release(&self) {
        self.lease.release().await;
    }
}
