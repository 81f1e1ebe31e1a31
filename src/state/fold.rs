use super::{Cipher, Document, Entry, Intent, Record, Unreadable, Verb};
use crate::address::Address;
use crate::resource::Id;

/// An entry that does not fit what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Of the line, counted from 0.
    pub index: usize,
    pub why: String,
}

impl Document {
    /// Whether a journal can lie beside this state: on top of it, or folded already and not yet removed.
    ///
    /// # Errors
    /// It announces what this state does not know of; the text says why.
    pub fn suits(&self, entries: &[Entry]) -> Result<(), String> {
        let Some(Entry::Base { lineage, serial, .. }) = entries.first() else {
            return Err("its journal has no first line, which says what it builds on".to_owned());
        };
        if *lineage != self.lineage {
            return Err(format!(
                "its journal belongs to another state (lineage {lineage}, this one has {})",
                self.lineage
            ));
        }
        if *serial > self.serial {
            return Err(format!(
                "its journal builds on serial {serial}, this is serial {}: an older state was put in its place",
                self.serial
            ));
        }
        Ok(())
    }

    /// Takes in the journal that lies beside this state, and returns its entries.
    ///
    /// # Errors
    /// It cannot be read, or does not suit this state.
    pub(super) fn fold_text(&mut self, cipher: &Cipher, journal: &[u8]) -> Result<Vec<Entry>, Unreadable> {
        let entries = Entry::lines(cipher, journal).map_err(Unreadable::of_journal)?;
        self.suits(&entries).map_err(Unreadable::Damaged)?;
        self.fold(&entries)
            .map_err(|Misfit { index, why }| Unreadable::Damaged(why).of_line(index + 1).of_journal())?;
        Ok(entries)
    }

    /// Takes in a whole journal. One of an older serial was folded already; the crash came before it was removed.
    ///
    /// # Errors
    /// An entry that no run writes after those before it; up to there they are taken in.
    pub fn fold(&mut self, entries: &[Entry]) -> Result<(), Misfit> {
        if let Some(Entry::Base { lineage, serial, .. }) = entries.first()
            && (lineage, serial) == (&self.lineage, &self.serial)
        {
            for (index, entry) in entries.iter().enumerate() {
                self.fits(entry).map_err(|why| Misfit { index, why })?;
                self.take(entry);
            }
        }
        Ok(())
    }

    /// Whether a run writes this entry next. Nothing is done that was not announced: whatever says otherwise was damaged, or
    /// was not written by a run.
    fn fits(&self, entry: &Entry) -> Result<(), String> {
        let begun = |intent: &String| self.open.iter().find(|open| open.intent == *intent);
        match entry {
            Entry::Base { .. } => Ok(()),
            Entry::Intent(intent) => match begun(&intent.intent) {
                Some(_) => Err(format!("it announces {} a second time", intent.intent)),
                None => Ok(()),
            },
            Entry::Id { intent, .. } | Entry::Void { intent, .. } if begun(intent).is_some() => Ok(()),
            Entry::Done { intent, address, record } => match (begun(intent), record) {
                (Some(begun), _) if begun.address == *address => Ok(()),
                (Some(begun), _) => Err(format!("it ends {} as if it were of {address}", begun.address)),
                (None, Some(record)) if self.only_notes(address, record) => Ok(()),
                (None, _) => Err(format!("it ends {intent}, which nothing before it announces")),
            },
            Entry::Moved { moves } => self.can_rename(moves),
            Entry::Id { intent, .. } | Entry::Void { intent, .. } => {
                Err(format!("it is about {intent}, which nothing before it announces"))
            }
        }
    }

    /// Whether the record is of the object that is there, as it is: what only the state knows of it (its protection, the order of
    /// deletion, what is wanted) changes without an intent, since nothing happens to the object.
    fn only_notes(&self, address: &Address, record: &Record) -> bool {
        self.resources.get(address).is_some_and(|old| {
            let (inputs, depends_on) = (record.inputs.clone(), record.depends_on.clone());
            Record { inputs, depends_on, protected: record.protected, ..old.clone() } == *record
        })
    }

    /// Takes in a journal entry: the one place where the state changes, in memory during a run as from the journal of a
    /// run that died.
    pub fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Base { .. } => {}
            Entry::Intent(intent) => self.open.push(intent.clone()),
            Entry::Id { intent, id } => {
                if let Some(open) = self.open.iter_mut().find(|open| open.intent == *intent) {
                    open.id = Some(id.clone());
                }
            }
            Entry::Done { intent, address, record } => {
                let begun = self.close(intent);
                match record {
                    Some(record) => self.keep(begun.as_ref(), address, record),
                    None => self.forget(address, begun.as_ref().and_then(|intent| intent.id.as_ref())),
                }
            }
            Entry::Moved { moves } => self.rename(moves),
            Entry::Void { intent, .. } => {
                self.close(intent);
            }
        }
    }

    fn close(&mut self, intent: &str) -> Option<Intent> {
        let at = self.open.iter().position(|open| open.intent == intent)?;
        Some(self.open.remove(at))
    }

    /// Records an object; with `deposes`, the one before it stays until it is deleted.
    pub fn keep(&mut self, begun: Option<&Intent>, address: &Address, record: &Record) {
        let mut record = record.clone();
        let old = self.resources.remove(address).filter(|old| old.id != record.id);
        if let (Some(mut old), Some(Intent { verb: Verb::Create, deposes, .. })) = (old, begun) {
            let older = std::mem::take(&mut old.deposed);
            let still_there = older.into_iter().chain(deposes.then_some(old));
            for left in still_there {
                if left.id != record.id && !record.deposed.iter().any(|known| known.id == left.id) {
                    record.deposed.push(left);
                }
            }
        }
        self.resources.insert(address.clone(), record);
    }

    /// Takes an object out: the current one (an older one moves up, if there is one) or a deposed one.
    fn forget(&mut self, address: &Address, id: Option<&Id>) {
        let Some(mut current) = self.resources.remove(address) else { return };
        if Some(&current.id) == id {
            if !current.deposed.is_empty() {
                let mut next = current.deposed.remove(0);
                next.deposed = current.deposed;
                self.resources.insert(address.clone(), next);
            }
        } else {
            current.deposed.retain(|old| Some(&old.id) != id);
            self.resources.insert(address.clone(), current);
        }
    }
}
