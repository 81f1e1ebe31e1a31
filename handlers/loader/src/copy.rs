//! Rows in the text format of `COPY`, with nothing for null.

use crate::records::Record;

const fn specials() -> [bool; 256] {
    let mut table = [false; 256];
    table[b'\\' as usize] = true;
    table[b'\n' as usize] = true;
    table[b'\r' as usize] = true;
    table[b'\t' as usize] = true;
    table
}

/// Bytes that mean something to `COPY` and are escaped.
const SPECIAL: [bool; 256] = specials();

/// Appends a row: its line number, then its fields.
///
/// An empty field is null, whether it was quoted or not: these files quote all fields in one release and none in
/// the next, so the quotes say nothing about the value.
pub fn append(row: Record<'_>, target: &mut Vec<u8>) {
    append_number(row.line, target);
    let plain = memchr::memchr3(b'\\', b'\t', b'\n', row.bytes).is_none()
        && memchr::memchr(b'\r', row.bytes).is_none();
    if plain {
        for field in row.fields() {
            target.push(b'\t');
            target.extend_from_slice(field);
        }
        target.push(b'\n');
        return;
    }
    for field in row.fields() {
        target.push(b'\t');
        append_escaped(field, target);
    }
    target.push(b'\n');
}

fn append_escaped(field: &[u8], target: &mut Vec<u8>) {
    if !field.iter().any(|&byte| SPECIAL[usize::from(byte)]) {
        target.extend_from_slice(field);
        return;
    }
    for &byte in field {
        match byte {
            b'\n' => target.extend_from_slice(b"\\n"),
            b'\r' => target.extend_from_slice(b"\\r"),
            b'\t' => target.extend_from_slice(b"\\t"),
            b'\\' => target.extend_from_slice(b"\\\\"),
            _ => target.push(byte),
        }
    }
}

fn append_number(mut number: u64, target: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    target.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_escaped_and_empty_ones_are_null() {
        let bytes = b"a\\b\tc\nd\re\\.";
        let ends = [3, 3, 5, 9, 11];
        let mut target = Vec::new();
        append(Record { line: 1230, bytes, ends: &ends, unclosed: false }, &mut target);
        assert_eq!(&target[..], b"1230\ta\\\\b\t\t\\tc\t\\nd\\re\t\\\\.\n");
    }
}
