//! Rows in the binary format of `COPY`, each with the key of its loan and the hash of what it says.

use super::columns::{AS_OF, COLUMNS, IDENTITY, ORIGINATION, REQUIRED, find};
use super::key::{self, Key};
use super::kind::{Kind, Parsed, trim};
use super::month;

/// So many values that do not fit their columns are no accident: the row is shifted.
const SHIFTED: usize = 2;

/// A column whose values are refused more often than not, and at least so often, has another type in this file.
const RETYPED: u64 = 100;

/// Rows by which it is guessed whether a file brings anything new.
const SAMPLE: usize = 100;

/// Columns that follow those of the file.
pub const TAIL: [&str; 5] = ["source_line", "loan_key", "row_hash", "origination", "extra"];

/// Types the rows of one file.
pub struct Encoder {
    slots: Vec<Slot>,
    /// Places of the slots in the order of the list of columns, where the file has another.
    order: Option<Vec<usize>>,
    /// Places of the origination columns, if the file has them all.
    origination: Option<Vec<usize>>,
    /// The number of the row's loan.
    loan: Option<i64>,
    funded: Option<usize>,
    policy: Option<usize>,
    as_of: Vec<usize>,
    latest: Option<i32>,
    numbered: bool,
    sample: Vec<(Key, Key)>,
    fold: bool,
    extras: bool,
    scratch: Scratch,
}

struct Slot {
    name: String,
    known: Option<(u16, Kind)>,
    required: bool,
    identity: bool,
    seen: u64,
    refused: u64,
    example: Option<String>,
}

/// Memory that is used again for each row.
#[derive(Default)]
struct Scratch {
    parsed: Vec<Parsed>,
    spans: Vec<(usize, usize)>,
    canon: Vec<u8>,
    sorted: Vec<u8>,
    extra: Vec<u8>,
    refused: Vec<(usize, String)>,
}

/// Why a row is a bad one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bad {
    /// The column at fault, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// What the totals of a file are checked with.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Funded {
    /// `policy_code`, 1 where the file has none.
    pub policy: i64,
    /// `funded_amnt` in cents.
    pub cents: i64,
}

/// A column whose values mostly do not have its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retyped {
    /// Its name.
    pub name: String,
    /// What a value should have been.
    pub expected: &'static str,
    /// Values.
    pub seen: u64,
    /// Values that were refused.
    pub refused: u64,
    /// One of them.
    pub example: String,
}

impl Encoder {
    /// For a file with these columns, in its order. `fold`: letter case is no difference.
    pub fn new(columns: &[String], fold: bool) -> Self {
        let slots = columns.iter().map(|name| Slot {
            name: name.clone(),
            known: find(name),
            required: REQUIRED.contains(&name.as_str()),
            identity: IDENTITY.contains(&name.as_str()),
            seen: 0,
            refused: 0,
            example: None,
        });
        let slots = slots.collect::<Vec<_>>();
        let place = |name: &str| columns.iter().position(|column| column == name);
        let mut order = (0..slots.len()).collect::<Vec<_>>();
        order.sort_by_key(|&place| {
            let slot = &slots[place];
            (slot.known.map_or(COLUMNS.len(), |(number, _)| usize::from(number)), slot.name.clone())
        });
        Self {
            order: (!order.is_sorted()).then_some(order),
            origination: ORIGINATION.iter().map(|name| place(name)).collect(),
            loan: None,
            funded: place("funded_amnt"),
            policy: place("policy_code"),
            as_of: AS_OF.iter().filter_map(|name| place(name)).collect(),
            latest: None,
            numbered: false,
            sample: Vec::new(),
            fold,
            extras: slots.iter().any(|slot| slot.known.is_none()),
            slots,
            scratch: Scratch::default(),
        }
    }

    /// Names of the columns that the encoded rows have.
    pub fn columns(&self) -> Vec<&str> {
        let known = self.slots.iter().filter(|slot| slot.known.is_some()).map(|slot| slot.name.as_str());
        known.chain(TAIL[..if self.extras { 5 } else { 4 }].iter().copied()).collect()
    }

    /// Appends a row, or says why it is a bad one; then nothing is appended.
    pub fn encode<'a>(
        &mut self,
        line: u64,
        fields: impl Iterator<Item = &'a [u8]>,
        out: &mut Vec<u8>,
    ) -> Result<Funded, Bad> {
        let start = out.len();
        let row = self.fields(fields, out).and_then(|()| self.tail(line, out));
        if row.is_err() {
            out.truncate(start);
        }
        row
    }

    fn fields<'a>(&mut self, fields: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) -> Result<(), Bad> {
        let Scratch { parsed, spans, canon, extra, refused, .. } = &mut self.scratch;
        parsed.clear();
        self.loan = None;
        spans.clear();
        canon.clear();
        extra.clear();
        refused.clear();
        let known = self.slots.iter().filter(|slot| slot.known.is_some()).count();
        let columns = known + if self.extras { 5 } else { 4 };
        out.extend_from_slice(&(columns as u16).to_be_bytes());
        for (place, (slot, field)) in self.slots.iter_mut().zip(fields).enumerate() {
            let begin = canon.len();
            let Some((number, kind)) = slot.known else {
                unknown(&slot.name, trim(field), self.fold, canon, extra);
                spans.push((begin, canon.len()));
                parsed.push(Parsed::Null);
                continue;
            };
            canon.extend_from_slice(&number.to_be_bytes());
            let outcome = kind.encode(field, self.fold, out, canon);
            match outcome {
                Parsed::Value(_) => {
                    slot.seen += 1;
                    if slot.identity {
                        canon.truncate(begin);
                        self.loan = self.loan.or_else(|| slot.loan(outcome, field));
                    }
                }
                Parsed::Null => {
                    canon.truncate(begin);
                    if slot.required {
                        return Err(slot.bad("empty".to_owned()));
                    }
                }
                Parsed::Refused => {
                    canon.truncate(begin);
                    slot.seen += 1;
                    slot.refused += 1;
                    let shown = shown(field);
                    if slot.required {
                        return Err(slot.bad(format!("{shown} is not {}", kind.expected())));
                    }
                    if slot.example.is_none() {
                        slot.example = Some(shown.clone());
                    }
                    if !slot.is_retyped() {
                        refused.push((place, shown));
                    }
                }
            }
            spans.push((begin, canon.len()));
            parsed.push(outcome);
        }
        if refused.len() < SHIFTED {
            return Ok(());
        }
        let first =
            refused.iter().take(3).map(|(place, shown)| format!("{} {shown}", self.slots[*place].name));
        let first = first.collect::<Vec<_>>().join(", ");
        let column = Some(self.slots[refused[0].0].name.clone());
        let reason = format!("{} values do not fit their columns ({first}): a shifted row?", refused.len());
        Err(Bad { column, reason })
    }

    fn tail(&mut self, line: u64, out: &mut Vec<u8>) -> Result<Funded, Bad> {
        let row_hash = self.row_hash();
        let origination = self.origination();
        let value = |place: Option<usize>| match place.map(|place| self.scratch.parsed[place]) {
            Some(Parsed::Value(value)) => Some(value),
            _ => None,
        };
        let key = match self.loan {
            Some(id) => key::of_id(id),
            // What cannot be matched stands for itself, so that no row hides another.
            None => origination.unwrap_or(row_hash),
        };
        self.numbered |= self.loan.is_some();
        if self.sample.len() < SAMPLE {
            self.sample.push((key, row_hash));
        }
        for place in &self.as_of {
            if let Some(days) = value(Some(*place)) {
                self.latest = self.latest.max(i32::try_from(days).ok());
            }
        }
        let funded =
            Funded { policy: value(self.policy).unwrap_or(1), cents: value(self.funded).unwrap_or(0) };
        out.extend_from_slice(&8_u32.to_be_bytes());
        out.extend_from_slice(&line.to_be_bytes());
        uuid(Some(key), out);
        uuid(Some(row_hash), out);
        uuid(origination, out);
        if self.extras {
            json(&self.scratch.extra, out);
        }
        Ok(funded)
    }

    fn row_hash(&mut self) -> Key {
        let Scratch { spans, canon, sorted, .. } = &mut self.scratch;
        let Some(order) = &self.order else { return key::hash(canon) };
        sorted.clear();
        for &place in order {
            let (begin, end) = spans[place];
            sorted.extend_from_slice(&canon[begin..end]);
        }
        key::hash(sorted)
    }

    fn origination(&mut self) -> Option<Key> {
        let places = self.origination.as_ref()?;
        let Scratch { spans, canon, sorted, .. } = &mut self.scratch;
        sorted.clear();
        for &place in places {
            let (begin, end) = spans[place];
            sorted.extend_from_slice(&canon[begin..end]);
        }
        Some(key::hash(sorted))
    }

    /// The latest month that any row speaks of, as Postgres' days: what the release is as of.
    pub fn latest(&self) -> Option<i32> {
        self.latest
    }

    /// Whether any loan has a number.
    pub fn numbered(&self) -> bool {
        self.numbered
    }

    /// Loans and hashes of the first rows.
    pub fn sample(&self) -> &[(Key, Key)] {
        &self.sample
    }

    /// Columns whose values mostly do not have their type.
    pub fn retyped(&self) -> Vec<Retyped> {
        let retyped = self.slots.iter().filter(|slot| slot.is_retyped());
        let report = retyped.filter_map(|slot| {
            Some(Retyped {
                name: slot.name.clone(),
                expected: slot.known?.1.expected(),
                seen: slot.seen,
                refused: slot.refused,
                example: slot.example.clone()?,
            })
        });
        report.collect()
    }

    /// Values that were left out of the typed rows since they do not fit, and are in the master as they came.
    pub fn refused(&self) -> u64 {
        self.slots.iter().filter(|slot| !slot.is_retyped()).map(|slot| slot.refused).sum()
    }
}

impl Slot {
    /// The loan's number, in the columns that have it. The number goes before the url, as in all releases.
    fn loan(&self, outcome: Parsed, field: &[u8]) -> Option<i64> {
        match (self.name.as_str(), outcome) {
            ("id", Parsed::Value(id)) => Some(id).filter(|&id| id > 0),
            ("url", _) => key::id_in_url(field),
            _ => None,
        }
    }

    fn bad(&self, problem: String) -> Bad {
        Bad { column: Some(self.name.clone()), reason: format!("{}: {problem}", self.name) }
    }

    fn is_retyped(&self) -> bool {
        self.refused >= RETYPED && self.refused * 2 > self.seen
    }
}

/// What a message shows of a field.
fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    format!("{:?}", text.chars().take(40).collect::<String>())
}

fn unknown(name: &str, field: &[u8], fold: bool, canon: &mut Vec<u8>, extra: &mut Vec<u8>) {
    if field.is_empty() {
        return;
    }
    extra.push(if extra.is_empty() { b'{' } else { b',' });
    // Writing to a vector does not fail.
    let _ = serde_json::to_writer(&mut *extra, name);
    extra.push(b':');
    let _ = serde_json::to_writer(&mut *extra, &String::from_utf8_lossy(field));
    for (text, fold) in [(name.as_bytes(), false), (field, fold)] {
        canon.extend_from_slice(&(text.len() as u32).to_be_bytes());
        canon.extend(text.iter().map(|byte| if fold { byte.to_ascii_lowercase() } else { *byte }));
    }
}

fn uuid(key: Option<Key>, out: &mut Vec<u8>) {
    match key {
        Some(key) => {
            out.extend_from_slice(&16_u32.to_be_bytes());
            out.extend_from_slice(&key);
        }
        None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
}

/// `jsonb` is sent as a version number and text.
fn json(members: &[u8], out: &mut Vec<u8>) {
    if members.is_empty() {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    }
    out.extend_from_slice(&(members.len() as u32 + 2).to_be_bytes());
    out.push(1);
    out.extend_from_slice(members);
    out.push(b'}');
}

/// The date that [`Encoder::latest`] means.
pub fn as_of(latest: Option<i32>) -> Option<String> {
    latest.map(month::iso)
}

#[cfg(test)]
#[path = "encoder_tests.rs"]
mod tests;
