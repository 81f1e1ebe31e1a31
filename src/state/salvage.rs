use super::fold::Misfit;
use super::lines;
use super::{Cipher, Document, Entry, Unreadable};

/// What can still be used of a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Salvage {
    /// The newest that verifies, with what fits of the journal folded in; none if nothing verifies.
    pub document: Option<Document>,
    /// Where it comes from, for people.
    pub source: String,
    /// Entries of the journal that were folded in.
    pub folded: usize,
    /// What could not be used, and why.
    pub left_out: Vec<String>,
    /// Changes may have been recorded that are not in `document`.
    pub behind: bool,
    /// It comes from another place than the state itself, which does not know as much.
    pub elsewhere: bool,
    /// What only a newer stackctl can read: it is whole, and a recovery would undo it.
    pub newer: Option<String>,
}

/// A file or an object that should hold a state.
pub(super) struct Candidate {
    pub name: String,
    pub content: Result<Document, Unreadable>,
    /// The state itself, and not a backup or an older version.
    pub current: bool,
}

impl Salvage {
    /// Takes the newest candidate that verifies. `journal` is its name and its content.
    ///
    /// # Errors
    /// Nothing can be decrypted; the text says what is missing.
    pub(super) fn new(
        cipher: &Cipher,
        candidates: Vec<Candidate>,
        journal: Option<(String, Vec<u8>)>,
    ) -> Result<Self, String> {
        if !candidates.iter().any(|candidate| candidate.content.is_ok()) {
            for candidate in &candidates {
                if let Err(Unreadable::Sealed(what)) = &candidate.content {
                    return Err(what.clone());
                }
            }
        }
        let mut newer = candidates.iter().find_map(|candidate| match &candidate.content {
            Err(Unreadable::Newer(what)) if candidate.current => Some(what.clone()),
            _ => None,
        });
        if let Some((_, text)) = &journal
            && let Err(Unreadable::Newer(what)) = Entry::lines(cipher, text)
        {
            newer = newer.or(Some(format!("its journal: {what}")));
        }
        let mut left_out = vec![];
        let lost = !candidates.iter().any(|candidate| candidate.current && candidate.content.is_ok());
        let mut best: Option<(String, Document)> = None;
        let mut elsewhere = false;
        for Candidate { name, content, current } in candidates {
            match content {
                Err(what) => left_out.push(format!("{name}: {}", what.into_text())),
                // Serials of another lineage, from before a recovery by tags, say nothing.
                Ok(document)
                    if best.as_ref().is_none_or(|(_, best)| {
                        document.lineage == best.lineage && document.serial > best.serial
                    }) =>
                {
                    best = Some((name, document));
                    elsewhere = !current;
                }
                Ok(_) => {}
            }
        }
        let mut whole = true;
        let Some((mut source, mut document)) = best else {
            let journal =
                journal.map(|(name, _)| format!("{name}: there is no state that it could build on"));
            left_out.extend(journal);
            let source = String::new();
            return Ok(Self {
                document: None,
                source,
                folded: 0,
                left_out,
                behind: true,
                elsewhere: false,
                newer,
            });
        };
        // A state is newer than its backup by exactly what its journal held when it was folded.
        let mut behind = lost;
        let mut folded = 0;
        if let Some((name, text)) = journal {
            let (entries, damage) = Entry::verifiable(cipher, &text);
            match document.suits(&entries) {
                Err(what) => {
                    left_out.push(format!("{name}: {what}"));
                    whole = false;
                }
                Ok(()) if builds_on(&document, &entries) => {
                    let (whole_entries, misfit) = match document.fold(&entries) {
                        Ok(()) => (entries.len(), None),
                        Err(Misfit { index, why }) => {
                            (index, Some(lines::left_out(cipher, &text, index, &why)))
                        }
                    };
                    folded = whole_entries - 1;
                    source = format!("{source} with {folded} entries of {name}");
                    behind = false;
                    if let Some(what) = misfit.or(damage) {
                        left_out.push(format!("{name}: {what}"));
                        whole = false;
                    }
                }
                Ok(()) => {}
            }
        }
        let behind = behind || !whole;
        Ok(Self { document: Some(document), source, folded, left_out, behind, elsewhere, newer })
    }

    /// Nothing is wrong: there is nothing to recover.
    pub fn is_sound(&self) -> bool {
        self.document.is_some() && !self.behind && !self.elsewhere && self.left_out.is_empty()
    }
}

/// The journal builds on exactly this state.
fn builds_on(document: &Document, entries: &[Entry]) -> bool {
    matches!(entries.first(), Some(Entry::Base { serial, .. }) if *serial == document.serial)
}

#[cfg(test)]
mod tests {
    use super::super::{Intent, Record, Verb};
    use super::*;
    use serde_json::json;

    fn at(serial: u64) -> Document {
        let mut document = Document::new("demo", "000000000000", "eu-west-1");
        (document.lineage, document.serial) = ("l".to_owned(), serial);
        document
    }

    fn candidate(name: &str, content: Result<Document, &str>) -> Candidate {
        let content = content.map_err(|what| Unreadable::Damaged(what.to_owned()));
        Candidate { name: name.to_owned(), content, current: name == "state" }
    }

    fn salvage(candidates: Vec<Candidate>, journal: Option<(String, Vec<u8>)>) -> Salvage {
        Salvage::new(&Cipher::default(), candidates, journal).unwrap()
    }

    fn journal(serial: u64, damaged: bool) -> Option<(String, Vec<u8>)> {
        let address: crate::address::Address = "queue.jobs".parse().unwrap();
        let intent = Intent {
            intent: "i".to_owned(),
            address: address.clone(),
            verb: Verb::Create,
            id: None,
            inputs: json!({}),
            depends_on: vec![],
            deposes: false,
            protected: false,
        };
        let record = Record {
            id: "url".into(),
            inputs: json!({}),
            outputs: json!({}),
            depends_on: vec![],
            protected: false,
            intent: "i".to_owned(),
            incomplete: false,
            deposed: vec![],
        };
        let done = Entry::Done { intent: "i".to_owned(), address, record: Some(record) };
        let lines = [Entry::base(&at(serial), "apply", None), Entry::Intent(intent), done];
        let text = Entry::journal(&Cipher::default(), &lines).unwrap();
        let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        if damaged {
            lines.insert(2, b"{\"entry\": \"don\n");
        }
        Some(("journal".to_owned(), lines.concat()))
    }

    #[test]
    fn a_backup_and_the_journal_on_top_of_it_are_the_lost_state() {
        let torn = || candidate("state", Err("it is not valid JSON"));
        let found = salvage(vec![torn(), candidate("backup", Ok(at(4)))], journal(4, false));
        assert_eq!(found.document.unwrap().resources.len(), 1);
        assert!(!found.behind && found.folded == 2 && found.left_out.len() == 1, "{:?}", found.left_out);

        let found = salvage(vec![torn(), candidate("backup", Ok(at(3)))], journal(4, false));
        assert!(found.behind && found.document.unwrap().resources.is_empty());
        assert!(found.left_out[1].contains("builds on serial 4"), "{:?}", found.left_out);
    }

    #[test]
    fn of_a_damaged_journal_the_part_before_the_damage_is_used() {
        let found = salvage(vec![candidate("state", Ok(at(4)))], journal(4, true));
        assert_eq!((found.folded, found.behind), (1, true));
        assert_eq!(found.document.unwrap().open.len(), 1, "the intent is open and will be settled");
        assert!(found.left_out[0].contains("line 3") && found.left_out[0].contains("queue.jobs"));
    }

    #[test]
    fn a_whole_state_is_sound_and_nothing_at_all_is_none() {
        assert!(salvage(vec![candidate("state", Ok(at(4)))], journal(4, false)).is_sound());
        assert!(salvage(vec![candidate("state", Ok(at(4)))], journal(3, false)).is_sound());
        let mut old = at(9);
        old.lineage = "before a recovery by tags".to_owned();
        let found = salvage(vec![candidate("state", Ok(at(1))), candidate("backup", Ok(old))], None);
        assert!(found.is_sound() && found.document.is_some_and(|document| document.serial == 1));
        let nothing = salvage(vec![], journal(3, false));
        assert!(nothing.document.is_none() && nothing.behind && nothing.left_out.len() == 1);
    }
}
