use super::ledger::{Ledger, Tip};
use super::lines::Scroll;
use super::salvage::Candidate;
use super::tenure::Tenure;
use super::{
    Cipher, Claimed, Condition, Document, Entry, Holder, Host, Journal, JournalObject, Lease, Moved, Object,
    Objects, Past, PutError, Salvage, StateError, Terms, Unreadable,
};
use crate::cloud::Warrant;
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
    host: Host,
    cipher: Cipher,
    /// Whose state it must be.
    stack: Option<String>,
}

/// State in an object store, under lease.
#[derive(Debug)]
pub struct HeldRemote {
    ledger: Arc<Ledger>,
    lease: Lease,
}

/// State and journal as they were read.
#[derive(Default)]
struct Snapshot {
    document: Option<Document>,
    /// With the journal folded in the document is newer than what lies there.
    dirty: bool,
    entries: Vec<Entry>,
    state: Option<String>,
    journal: Option<String>,
    /// What lies there instead of a state.
    moved: Option<Moved>,
}

/// How often a takeover is tried again while the one before goes on writing.
const TAKEOVERS: usize = 20;

impl Remote {
    pub fn new(objects: Arc<dyn Objects>, name: &str, key: &str) -> Self {
        Self {
            objects,
            name: name.to_owned(),
            key: key.to_owned(),
            lease: Lease::LIFE,
            host: Host::default(),
            cipher: Cipher::default(),
            stack: None,
        }
    }

    /// Refuses the state of another stack.
    pub fn of_stack(self, stack: &str) -> Self {
        Self { stack: Some(stack.to_owned()), ..self }
    }

    /// With a lease of another life than [`Lease::LIFE`].
    pub fn lasting(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// On another machine than this one, for tests.
    pub fn on(self, host: Host) -> Self {
        Self { host, ..self }
    }

    /// Encrypts what is written, decrypts what is read.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
    }

    pub(super) fn cipher(&self) -> &Cipher {
        &self.cipher
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

    fn damaged(&self, what: String) -> StateError {
        let name = self.name.clone();
        StateError::Damaged { backup: format!("an older version of {name}"), name, what }
    }

    fn unreadable(&self, what: Unreadable) -> StateError {
        match what {
            Unreadable::Damaged(what) => self.damaged(what),
            Unreadable::Sealed(what) => StateError::Sealed { name: self.name.clone(), what },
            Unreadable::Newer(what) => StateError::Newer { name: self.name.clone(), what },
        }
    }

    /// Both at the same time. Where they do not fit, somebody may have written between the two requests, so that is no
    /// damage yet; they are read one after the other then, the journal first: the state is the newer one and contains it.
    /// What is out of date otherwise cannot be built on: its ETag is no more that of the object.
    async fn snapshot(&self) -> Result<Snapshot, StateError> {
        let key = self.journal_key();
        let (journal, state) = futures::try_join!(self.object(&key), self.object(&self.key))?;
        match self.fitting(journal, state).await {
            Err(StateError::Damaged { .. }) => {
                let journal = self.object(&key).await?;
                let state = self.object(&self.key).await?;
                self.fitting(journal, state).await
            }
            fitting => fitting,
        }
    }

    async fn fitting(&self, journal: Option<Object>, state: Option<Object>) -> Result<Snapshot, StateError> {
        let Some(state) = state else {
            // Unless both were removed between the two requests.
            if journal.is_some() && self.object(&self.journal_key()).await?.is_some() {
                let what = "it is not there although its journal is: it was deleted, or a write was cut off";
                return Err(self.damaged(what.to_owned()));
            }
            return Ok(Snapshot::default());
        };
        if let Some(moved) = Moved::parse(&state.bytes) {
            let (state, journal) = (Some(state.etag), journal.map(|object| object.etag));
            return Ok(Snapshot { moved: Some(moved), state, journal, ..Snapshot::default() });
        }
        let mut document = self.cipher.read(&state.bytes).map_err(|what| self.unreadable(what))?;
        if let Some(stack) = &self.stack {
            document.is_of(stack, &self.name)?;
        }
        let before = document.clone();
        let entries = match &journal {
            None => vec![],
            Some(journal) => {
                let folded = document.fold_text(&self.cipher, &journal.bytes);
                folded.map_err(|what| self.unreadable(what))?
            }
        };
        Ok(Snapshot {
            dirty: document != before,
            document: Some(document),
            entries,
            state: Some(state.etag),
            journal: journal.map(|object| object.etag),
            moved: None,
        })
    }

    async fn object(&self, key: &str) -> Result<Option<Object>, StateError> {
        self.objects.get(key).await.map_err(self.failed("read"))
    }

    pub async fn read(&self) -> Result<Option<Document>, StateError> {
        let Snapshot { document, moved, .. } = self.snapshot().await?;
        moved.map_or(Ok(document), |moved| Err(moved.error(&self.name)))
    }

    /// Who has the lease, if anybody has; and for how long it is good without being renewed.
    pub async fn holder(&self) -> Result<Option<(Holder, Duration)>, StateError> {
        Ok(self.claimed().await?.map(|claimed| (claimed.holder, claimed.left)))
    }

    /// The lease, if there is one.
    pub async fn claimed(&self) -> Result<Option<Claimed>, StateError> {
        Lease::look(&*self.objects, &self.lock_key()).await.map_err(self.failed("read"))
    }

    /// Takes the lease and reads the state. What a dead run left in the journal is written into the state first, so
    /// that it cannot come back to life.
    pub async fn open(
        &self,
        command: &str,
        patience: Duration,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        let lease = self.lease(command, patience).await?;
        self.open_under(lease, command, None).await
    }

    /// As `open`, where a state of this lineage may have been moved away from.
    pub async fn open_onto(
        &self,
        command: &str,
        patience: Duration,
        lineage: &str,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        let lease = self.lease(command, patience).await?;
        self.open_under(lease, command, Some(lineage)).await
    }

    /// The versions of the state, newest first; one that holds no state says why.
    pub async fn history(&self, limit: usize) -> Result<Vec<Past>, StateError> {
        let versions = self.objects.versions(&self.key, limit).await.map_err(self.failed("read"))?;
        let mut history = vec![];
        for version in versions {
            let read = self.objects.version(&self.key, &version.id).await.map_err(self.failed("read"))?;
            // Expired between the two requests.
            let Some(bytes) = read else { continue };
            history.push(Past::new(&self.cipher, version.id, version.modified, &bytes));
        }
        Ok(history)
    }

    /// As `open`, whoever has the lease: for `unlock`.
    pub async fn seize(&self, command: &str) -> Result<(Option<Document>, HeldRemote), StateError> {
        self.seize_from(command, None).await
    }

    /// As `seize`, from the acquisition `only` and no other.
    pub async fn seize_from(
        &self,
        command: &str,
        only: Option<&str>,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        let taken = Lease::seize(&self.terms(), command, only).await;
        self.open_under(taken.map_err(self.failed("locked"))?, command, None).await
    }

    /// Takes the lease and looks for everything that is left, for a recovery.
    pub async fn salvage(
        &self,
        command: &str,
        patience: Duration,
    ) -> Result<(Salvage, HeldRemote), StateError> {
        let lease = self.lease(command, patience).await?;
        let journal = self.object(&self.journal_key()).await?;
        let state = self.object(&self.key).await?;
        if let Some(moved) = state.as_ref().and_then(|object| Moved::parse(&object.bytes)) {
            return Err(moved.error(&self.name));
        }
        let current = state.as_ref().map(|object| self.cipher.read(&object.bytes));
        let mut candidates = vec![];
        let whole = matches!(current, Some(Ok(_)));
        candidates.extend(current.map(|content| Candidate {
            name: self.name.clone(),
            content,
            current: true,
        }));
        if !whole {
            candidates.extend(self.newest_whole_version().await?);
        }
        let tip = Tip {
            state: state.map(|object| object.etag),
            journal: journal.as_ref().map(|object| object.etag.clone()),
            ..Tip::default()
        };
        let journal = journal.map(|object| (format!("{}.journal", self.name), object.bytes));
        let held = HeldRemote { ledger: Arc::new(Ledger::new(self.clone(), tip)), lease };
        held.confirm().await?;
        let salvage = Salvage::new(&self.cipher, candidates, journal)
            .map_err(|what| self.unreadable(Unreadable::Sealed(what)))?;
        if let (Some(stack), Some(document)) = (&self.stack, &salvage.document) {
            document.is_of(stack, &self.name)?;
        }
        Ok((salvage, held))
    }

    async fn newest_whole_version(&self) -> Result<Option<Candidate>, StateError> {
        let versions = self.objects.versions(&self.key, usize::MAX).await.map_err(self.failed("read"))?;
        for version in versions {
            let read = self.objects.version(&self.key, &version.id).await.map_err(self.failed("read"))?;
            if let Some(Ok(document)) = read.map(|bytes| self.cipher.read(&bytes)) {
                let name = format!("version {} of {} ({})", version.id, self.name, version.modified);
                return Ok(Some(Candidate { name, content: Ok(document), current: false }));
            }
        }
        Ok(None)
    }

    fn terms(&self) -> Terms {
        let (objects, host) = (self.objects.clone(), self.host.clone());
        Terms { objects, key: self.lock_key(), life: self.lease, host }
    }

    async fn lease(&self, command: &str, patience: Duration) -> Result<Lease, StateError> {
        let taken = Lease::take(&self.terms(), command, patience).await;
        taken
            .map_err(self.failed("locked"))?
            .map_err(|holder| StateError::Locked { name: self.name.clone(), holder: Some(holder) })
    }

    async fn open_under(
        &self,
        lease: Lease,
        command: &str,
        onto: Option<&str>,
    ) -> Result<(Option<Document>, HeldRemote), StateError> {
        for _ in 0..TAKEOVERS {
            let Snapshot { mut document, dirty, mut entries, state, journal, moved } =
                self.snapshot().await?;
            if let Some(moved) = moved.filter(|moved| Some(moved.lineage.as_str()) != onto) {
                return Err(moved.error(&self.name));
            }
            let serial = document.as_ref().map_or(0, |document| document.serial);
            let ledger = Ledger::new(self.clone(), Tip { state, journal, serial, ..Tip::default() });
            let held = HeldRemote { ledger: Arc::new(ledger), lease: lease.share() };
            held.confirm().await?;
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
        // Without a takeover's text, whose entries are in the state.
        self.ledger.tip().await.text = Scroll::default();
        let (ledger, tenure) = (self.ledger.clone(), self.tenure());
        Ok(Journal::Object(Box::new(JournalObject::new(ledger, tenure, document.clone(), command))))
    }

    /// After the objects were read: that they were read under the lease. Whoever slept before that, and has lost it, may have
    /// read what its successor is in the midst of changing, and could write it, since it is what lies there.
    async fn confirm(&self) -> Result<(), StateError> {
        self.tenure().check().await
    }

    fn tenure(&self) -> Tenure {
        Tenure::new(self.ledger.clone(), self.lease.claim())
    }

    /// What calls need that are made under this lease.
    pub fn warrant(&self) -> Arc<dyn Warrant> {
        Arc::new(self.tenure())
    }

    pub async fn write(&self, document: &mut Document) -> Result<(), StateError> {
        self.ledger.write(document).await
    }

    pub async fn remove(&self) -> Result<(), StateError> {
        self.ledger.remove().await
    }

    /// Leaves a marker in the place of the state, which stays as `.backup` beside it.
    pub async fn retire(&self, moved: &Moved) -> Result<(), StateError> {
        let remote = self.remote();
        let key = format!("{}.backup", remote.key);
        let there = remote.object(&key).await?.map(|object| object.etag);
        if let Some(state) = remote.object(&remote.key).await? {
            let condition = Condition::unchanged(there.as_deref());
            let kept = match Cipher::is_sealed(&state.bytes) {
                true => state.bytes,
                false => remote
                    .cipher
                    .seal(&state.bytes)
                    .map_err(|error| remote.failed("written")(Error::Refused(error.to_string())))?,
            };
            match remote.objects.put(&key, kept, condition).await {
                // By the first attempt of this very write.
                Ok(_) | Err(PutError::Conflict) => {}
                Err(PutError::Failed(error)) => return Err(remote.failed("written")(error)),
            }
        }
        self.ledger.retire(moved).await
    }

    /// Writes what was rebuilt. What lay there stays under keys of its own, which are returned.
    pub async fn replace(&self, document: &mut Document) -> Result<Vec<String>, StateError> {
        let remote = self.remote();
        let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut aside = vec![];
        for key in [remote.key.clone(), remote.journal_key()] {
            let Some(object) = remote.object(&key).await? else { continue };
            let kept = format!("{key}.damaged-{stamp}");
            match remote.objects.put(&kept, object.bytes, Condition::Absent).await {
                // Kept by the first attempt of this very write.
                Ok(_) | Err(PutError::Conflict) => aside.push(kept),
                Err(PutError::Failed(error)) => return Err(remote.failed("set aside")(error)),
            }
        }
        self.write(document).await?;
        Ok(aside)
    }

    pub fn lost(&self) -> watch::Receiver<bool> {
        self.lease.lost()
    }

    /// Gives the lease back; a dropped one is given back too where the runtime allows it, else it expires.
    pub async fn release(&self) {
        self.lease.release().await;
    }
}
