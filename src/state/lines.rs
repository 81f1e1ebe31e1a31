use super::chain::Chain;
use super::{Cipher, Entry, Unreadable};
use std::collections::BTreeSet;
use std::io;

/// Version of the journal format that this build writes: since 2 its lines have checksums.
pub(super) const FORMAT: u32 = 2;

/// The text of a journal while it is written.
#[derive(Debug, Clone)]
pub(super) struct Scroll {
    text: Vec<u8>,
    chain: Chain,
}

/// A place in a scroll, to go back to.
pub(super) struct Mark {
    length: usize,
    chain: Chain,
}

impl Default for Scroll {
    fn default() -> Self {
        Self { text: vec![], chain: Chain::new() }
    }
}

impl Scroll {
    /// A whole journal; the first entry is its base.
    pub fn new(cipher: &Cipher, entries: &[Entry]) -> io::Result<Self> {
        let mut scroll = Self::default();
        entries.iter().try_for_each(|entry| scroll.push(cipher, entry))?;
        Ok(scroll)
    }

    pub fn push(&mut self, cipher: &Cipher, entry: &Entry) -> io::Result<()> {
        let line = self.chain.seal(&cipher.object(entry)?);
        self.text.extend(line);
        Ok(())
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn mark(&self) -> Mark {
        Mark { length: self.text.len(), chain: self.chain.clone() }
    }

    pub fn rewind(&mut self, mark: Mark) {
        self.text.truncate(mark.length);
        self.chain = mark.chain;
    }
}

/// The lines of a journal, read one by one. Nothing comes after the first damaged one.
struct Lines<'a> {
    cipher: &'a Cipher,
    rest: &'a [u8],
    /// None of a journal of format 1.
    chain: Option<Chain>,
    /// Of the next line, counted from 1.
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(cipher: &'a Cipher, text: &'a [u8]) -> Self {
        Self { cipher, rest: text, chain: Chain::is_in(text).then(Chain::new), number: 1 }
    }

    fn entry(&mut self, line: &[u8]) -> Result<Entry, Unreadable> {
        if self.number == 1
            && let Ok(Entry::Base { format, .. }) = serde_json::from_slice(line)
            && format > FORMAT
        {
            return Err(Unreadable::newer(format, FORMAT));
        }
        let object = match &mut self.chain {
            Some(chain) => &chain.open(line).map_err(Unreadable::Damaged)?,
            None => line,
        };
        let entry = self.cipher.entry(object)?;
        let damaged = |why: &str| Err(Unreadable::Damaged(why.to_owned()));
        match &entry {
            Entry::Base { .. } if self.number > 1 && self.chain.is_some() => {
                damaged("it says what the journal builds on, which only the first line does")
            }
            Entry::Base { format, .. } if (*format > 1) != self.chain.is_some() => {
                damaged("it lacks the checksum that its format has")
            }
            _ if self.chain.is_none() && Chain::is_in(line) => {
                damaged("it has a checksum, the first line has none")
            }
            _ => Ok(entry),
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Entry, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match self.rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let (line, rest) = self.rest.split_at(end);
                self.rest = &rest[1..];
                self.entry(line)
            }
            // A last line that was cut off by a crash never announced anything that happened, so it is left out. One that
            // is whole with another byte in the place of its line break was not cut off.
            None => {
                let (_, whole) = std::mem::take(&mut self.rest).split_last()?;
                self.chain.as_mut()?.open(whole).ok()?;
                Err(Unreadable::Damaged("its line break was changed".to_owned()))
            }
        };
        if item.is_err() {
            self.rest = &[];
        }
        self.number += 1;
        Some(item)
    }
}

impl Entry {
    /// The text of a whole journal; the first entry is its base.
    pub fn journal(cipher: &Cipher, entries: &[Self]) -> io::Result<Vec<u8>> {
        Ok(Scroll::new(cipher, entries)?.text)
    }

    /// Parses and verifies the whole lines of a journal.
    pub(super) fn lines(cipher: &Cipher, text: &[u8]) -> Result<Vec<Self>, Unreadable> {
        let lines = Lines::new(cipher, text).enumerate();
        lines.map(|(index, entry)| entry.map_err(|why| why.of_line(index + 1))).collect()
    }

    /// The first line, which is never encrypted.
    pub(super) fn first(text: &[u8]) -> Option<Self> {
        let line = text.split_inclusive(|byte| *byte == b'\n').next()?;
        serde_json::from_slice(line).ok()
    }

    /// The entries before the first damaged line, and what is wrong with the rest.
    pub(super) fn verifiable(cipher: &Cipher, text: &[u8]) -> (Vec<Self>, Option<String>) {
        let mut entries = vec![];
        for (index, entry) in Lines::new(cipher, text).enumerate() {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(why) => return (entries, Some(left_out(cipher, text, index, &why.into_text()))),
            }
        }
        (entries, None)
    }
}

/// From which line on (counted from 0) a journal is left out, and which resources the readable lines behind it speak of.
pub(super) fn left_out(cipher: &Cipher, text: &[u8], index: usize, error: &str) -> String {
    let rest: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').skip(index + 1).collect();
    let addresses: BTreeSet<String> = rest
        .iter()
        .filter_map(|line| match cipher.entry(line).ok()? {
            Entry::Intent(intent) => Some(intent.address.to_string()),
            Entry::Done { address, .. } => Some(address.to_string()),
            _ => None,
        })
        .collect();
    let names = match addresses.is_empty() {
        true => String::new(),
        false => format!("; they speak of {}", addresses.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let line = index + 1;
    match rest.len() {
        0 => format!("its last line ({line}) is damaged: {error}"),
        more => format!("line {line} is damaged ({error}), so it and {more} behind it are left out{names}"),
    }
}
