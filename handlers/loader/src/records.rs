//! Records of a CSV file from a stream of byte chunks: `csv-core`, plus what it does not report (blank lines,
//! physical line numbers, an unclosed quote).

use csv_core::{ReadRecordResult, Reader};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One record: its fields unquoted, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Physical line on which the record starts, the first being 1.
    pub line: u64,
    /// The fields' bytes, one after another.
    pub bytes: &'a [u8],
    /// Where in `bytes` each field ends.
    pub ends: &'a [usize],
    /// The file ended within a quoted field of this record.
    pub unclosed: bool,
}

impl<'a> Record<'a> {
    /// The fields in order.
    pub fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let field = &self.bytes[start..end];
            start = end;
            field
        })
    }

    /// The fields joined by commas, for people to read: what is no UTF-8, and NUL, becomes U+FFFD.
    pub fn joined(self) -> String {
        let mut joined = Vec::with_capacity(self.bytes.len() + self.ends.len());
        for (position, field) in self.fields().enumerate() {
            if position > 0 {
                joined.push(b',');
            }
            joined.extend_from_slice(field);
        }
        String::from_utf8_lossy(&joined).replace('\0', "\u{fffd}")
    }
}

/// What the stream of a file consists of.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A line with nothing on it, outside quotes.
    Blank {
        /// Its number.
        line: u64,
    },
    /// A line, or several where a quoted field holds line breaks.
    Row(Record<'a>),
}

/// A record is longer than the limit: nearly always a quote that is never closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong {
    /// Line on which the record starts.
    pub line: u64,
    /// The limit in bytes.
    pub limit: usize,
}

/// The parser. Its memory is bounded by the longest record.
pub struct Records {
    reader: Reader,
    buffer: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    fields: usize,
    limit: usize,
    line: u64,
    start: u64,
    within: bool,
    after_return: bool,
    mark: Option<usize>,
}

impl Records {
    /// A parser that refuses records of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let mut reader = Reader::new();
        // csv-core drops a byte-order mark only if the first chunk holds all of it. It is done here instead, and
        // this line break, which it ignores, makes it believe that the beginning is over.
        reader.read_record(b"\n", &mut [0; 4], &mut [0; 4]);
        Self {
            reader,
            buffer: vec![0; 4096.min(limit.max(1))],
            filled: 0,
            ends: vec![0; 256],
            fields: 0,
            limit,
            line: 1,
            start: 1,
            within: false,
            after_return: false,
            mark: Some(0),
        }
    }

    /// Parses the next chunk, and hands on what is complete.
    pub fn feed<E: From<TooLong>>(
        &mut self,
        mut chunk: &[u8],
        take: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let (Some(matched), Some((&byte, rest))) = (self.mark, chunk.split_first()) {
            if byte == BYTE_ORDER_MARK[matched] {
                chunk = rest;
                self.mark = (matched + 1 < BYTE_ORDER_MARK.len()).then_some(matched + 1);
            } else {
                self.mark = None;
                self.parse(&BYTE_ORDER_MARK[..matched], take)?;
            }
        }
        self.parse(chunk, take)
    }

    /// Hands on the last record, if the file does not end with a line break.
    pub fn finish<E: From<TooLong>>(
        &mut self,
        take: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(matched) = self.mark.take() {
            self.parse(&BYTE_ORDER_MARK[..matched], take)?;
        }
        if !self.within {
            return Ok(());
        }
        // A line break ends the record, unless a quote is open: then it is data, which goes nowhere.
        let (mut input, mut unclosed) = (b"\n".as_slice(), false);
        loop {
            let free = &mut self.ends[self.fields..];
            let (outcome, _, _, ends) = self.reader.read_record(input, &mut [0; 4], free);
            self.fields += ends;
            match outcome {
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    for end in &mut self.ends[..self.fields] {
                        *end = self.filled.min(*end);
                    }
                    return self.hand_on(unclosed, take);
                }
                ReadRecordResult::InputEmpty if !unclosed => (input, unclosed) = (&[], true),
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {
                    return Ok(());
                }
            }
        }
    }

    fn parse<E: From<TooLong>>(
        &mut self,
        mut input: &[u8],
        take: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(&byte) = input.first() {
            if !self.within {
                if self.after_return {
                    self.after_return = false;
                    self.line += 1;
                    if byte == b'\n' {
                        input = &input[1..];
                        continue;
                    }
                }
                if matches!(byte, b'\n' | b'\r') {
                    take(Item::Blank { line: self.line })?;
                    self.after_return = byte == b'\r';
                    self.line += u64::from(byte == b'\n');
                    input = &input[1..];
                    continue;
                }
                self.start = self.line;
                if let Some(read) = self.plain(input) {
                    self.line += count_lines(&input[..read]);
                    self.after_return = input[read - 1] == b'\r';
                    self.hand_on(false, take)?;
                    input = &input[read..];
                    continue;
                }
                self.within = true;
            }
            let (outcome, read, written, ends) = self.reader.read_record(
                input,
                &mut self.buffer[self.filled..],
                &mut self.ends[self.fields..],
            );
            self.line += count_lines(&input[..read]);
            self.filled += written;
            self.fields += ends;
            match outcome {
                ReadRecordResult::Record => {
                    self.after_return = input[..read].last() == Some(&b'\r');
                    self.hand_on(false, take)?;
                }
                ReadRecordResult::OutputFull if self.buffer.len() >= self.limit => {
                    return Err(TooLong { line: self.start, limit: self.limit }.into());
                }
                ReadRecordResult::OutputFull => {
                    self.buffer.resize((self.buffer.len() * 2).min(self.limit), 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() > self.limit => {
                    return Err(TooLong { line: self.start, limit: self.limit }.into());
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
            input = &input[read..];
        }
        Ok(())
    }

    /// Takes a record that is whole and has no quote within its fields, which nearly all are, in half the time that
    /// csv-core needs. Anything else is left to csv-core from the record's beginning on.
    fn plain(&mut self, input: &[u8]) -> Option<usize> {
        let (mut at, mut filled, mut fields) = (0, 0, 0);
        loop {
            let (begin, end, after) = if *input.get(at)? == b'"' {
                let end = at + 1 + until_quote(&input[at + 1..])?;
                (at + 1, end, end + 1)
            } else {
                let end =
                    at + input[at..].iter().position(|&byte| matches!(byte, b',' | b'\n' | b'\r' | b'"'))?;
                (at, end, end)
            };
            let field = &input[begin..end];
            self.buffer.get_mut(filled..filled + field.len())?.copy_from_slice(field);
            filled += field.len();
            *self.ends.get_mut(fields)? = filled;
            fields += 1;
            match input.get(after)? {
                b',' => at = after + 1,
                b'\n' | b'\r' => {
                    (self.filled, self.fields) = (filled, fields);
                    return Some(after + 1);
                }
                _ => return None,
            }
        }
    }

    fn hand_on<E>(
        &mut self,
        unclosed: bool,
        take: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let record = Record {
            line: self.start,
            bytes: &self.buffer[..self.filled],
            ends: &self.ends[..self.fields],
            unclosed,
        };
        self.within = false;
        self.filled = 0;
        self.fields = 0;
        take(Item::Row(record))
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Most fields are short: a search that begins with a call would take longer than the field.
fn until_quote(bytes: &[u8]) -> Option<usize> {
    let near = bytes.len().min(16);
    bytes[..near]
        .iter()
        .position(|&byte| byte == b'"')
        .or_else(|| memchr::memchr(b'"', &bytes[near..]).map(|place| near + place))
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
