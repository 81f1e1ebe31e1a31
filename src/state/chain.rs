use sha2::{Digest as _, Sha256};

/// The checksums of a journal: that of each line is over its content and the checksum of the line before, so a line that was
/// changed, removed, doubled or moved shows at that line or the next.
///
/// A line is the JSON object of its entry with a member in front, `{"chain":"…",`, and a line break behind. Everything is
/// compared byte by byte, and nothing is parsed before that: no change can hide in what a parser passes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// Of the line before; in hexadecimal.
    last: String,
}

const OPENING: &str = "{\"chain\":\"";
/// Half of a SHA-256 in hexadecimal: this is against damage, not against who can write the file.
const LENGTH: usize = 32;
const CLOSING: &str = "\",";

impl Chain {
    /// Before the first line.
    pub fn new() -> Self {
        Self { last: "stackctl journal".to_owned() }
    }

    /// Whether that line has a checksum. Those of format 1 had none.
    pub fn is_in(line: &[u8]) -> bool {
        line.starts_with(OPENING.as_bytes())
    }

    /// The next line, for an object `{…}` without line breaks.
    pub fn seal(&mut self, object: &[u8]) -> Vec<u8> {
        self.last = self.of(object);
        let members = object.strip_prefix(b"{").unwrap_or(object);
        [OPENING.as_bytes(), self.last.as_bytes(), CLOSING.as_bytes(), members, b"\n"].concat()
    }

    /// The object of the next line, which is given without its line break.
    ///
    /// # Errors
    /// Its checksum does not hold.
    pub fn open(&mut self, line: &[u8]) -> Result<Vec<u8>, String> {
        let parts = line.strip_prefix(OPENING.as_bytes()).and_then(|rest| rest.split_at_checked(LENGTH));
        let parts =
            parts.and_then(|(checksum, rest)| Some((checksum, rest.strip_prefix(CLOSING.as_bytes())?)));
        let Some((checksum, members)) = parts else { return Err("it has no checksum".to_owned()) };
        let object = [b"{", members].concat();
        let expected = self.of(&object);
        if checksum != expected.as_bytes() {
            return Err(
                "its checksum does not hold: it was changed, or the line before it was changed, removed, doubled or moved"
                    .to_owned(),
            );
        }
        self.last = expected;
        Ok(object)
    }

    fn of(&self, object: &[u8]) -> String {
        let sum = Sha256::new().chain_update(&self.last).chain_update([0]).chain_update(object).finalize();
        hex::encode(&sum[..LENGTH / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut chain = Chain::new();
        text.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| chain.open(line))
            .collect()
    }

    #[test]
    fn every_flipped_bit_shows_and_so_does_every_line_that_is_moved() {
        let (mut chain, objects) = (Chain::new(), [&b"{\"id\":\"vpc-1\"}"[..], b"{\"id\":\"vpc-2\"}", b"{}"]);
        let lines: Vec<Vec<u8>> = objects.iter().map(|object| chain.seal(object)).collect();
        let whole = lines.concat();
        assert_eq!(reads(&whole).unwrap(), objects);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = reads(&flipped);
            // A line break that is none any more makes one line of two.
            assert!(read.is_err() || read.unwrap().concat() == objects.concat(), "bit {bit}");
        }
        let [a, b, c] = [&lines[0], &lines[1], &lines[2]];
        for wrong in [[b, a, c], [a, c, b], [a, a, b], [b, b, c]] {
            assert!(reads(&wrong.map(Vec::as_slice).concat()).is_err());
        }
    }
}
