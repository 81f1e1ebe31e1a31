//! Kinds of columns: the type in Postgres, what its values look like in a file, and their binary form in `COPY`.

use super::{month, number, words};

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A number that fits into 16 bits.
    Small,
    /// A number.
    Big,
    /// Dollars and cents.
    Money,
    /// A measured number, or a percentage with or without its sign.
    Float,
    /// A month, kept as its first day.
    Month,
    /// `36 months`.
    Term,
    /// One letter.
    Letter,
    /// `A` to `G`.
    Grade,
    /// `A1` to `G5`.
    SubGrade,
    /// `940xx`.
    Postcode,
    /// Two letters.
    State,
    /// One of a few words, whose usual spellings these are.
    Word(&'static [&'static str]),
    /// Any text.
    Prose,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Parsed {
    /// It is empty, or says that there is no value.
    Null,
    /// It has a value: the number, cents or days where it is one, else 0.
    Value(i64),
    /// It has a value that its kind does not take.
    Refused,
}

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

impl Kind {
    /// The type in Postgres.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Small | Self::Term => "smallint",
            Self::Big => "bigint",
            Self::Money => "numeric(14,2)",
            Self::Float => "double precision",
            Self::Month => "date",
            Self::Letter | Self::Grade => "char(1)",
            Self::SubGrade | Self::State => "char(2)",
            Self::Postcode => "char(5)",
            Self::Word(_) | Self::Prose => "text",
        }
    }

    /// Where Postgres would pad a value for its alignment: 8 bytes, 4, 2, or, since it is short and has a length, nowhere.
    pub fn alignment(self) -> usize {
        match self {
            Self::Big | Self::Float => 8,
            Self::Month => 4,
            Self::Small | Self::Term => 2,
            _ => 1,
        }
    }

    /// What is said when a value is refused.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Small => "a whole number up to 32767",
            Self::Big => "a whole number",
            Self::Money => "an amount of money",
            Self::Float => "a number",
            Self::Month => "a month as Dec-2018",
            Self::Term => "a number of months",
            Self::Letter => "one letter",
            Self::Grade => "a grade from A to G",
            Self::SubGrade => "a grade from A1 to G5",
            Self::Postcode => "a postcode as 940xx",
            Self::State => "two letters",
            Self::Word(_) | Self::Prose => "text",
        }
    }

    /// Appends the field to `row` as `COPY BINARY` wants it, null unless it has a value, and to `canon` what is the same
    /// for all ways in which this value is written: `3600` and `3600.0`, `INDIVIDUAL` and `Individual`.
    pub fn encode(self, field: &[u8], fold: bool, row: &mut Vec<u8>, canon: &mut Vec<u8>) -> Parsed {
        let field = trim(field);
        if field.is_empty() || (self != Self::Prose && is_missing(field)) {
            row.extend_from_slice(&NULL);
            return Parsed::Null;
        }
        let value = match self {
            Self::Small => number::whole(field).and_then(|number| small(number, row, canon)),
            Self::Term => number::whole(months(field)).and_then(|number| small(number, row, canon)),
            Self::Big => number::whole(field).map(|number| fixed(number, number.to_be_bytes(), row, canon)),
            Self::Money => number::cents(field).inspect(|&cents| {
                money(cents, row);
                canon.extend_from_slice(&cents.to_be_bytes());
            }),
            Self::Float => number::percent(field).map(|number| fixed(0, number.to_be_bytes(), row, canon)),
            Self::Month => {
                month::days(field).map(|days| fixed(i64::from(days), days.to_be_bytes(), row, canon))
            }
            Self::Letter => {
                matches!(field, [b'a'..=b'z' | b'A'..=b'Z']).then(|| text(field, fold, row, canon))
            }
            Self::Grade => matches!(field, [b'A'..=b'G']).then(|| text(field, fold, row, canon)),
            Self::SubGrade => {
                matches!(field, [b'A'..=b'G', b'1'..=b'5']).then(|| text(field, fold, row, canon))
            }
            Self::Postcode => {
                matches!(field, [a, b, c, b'x', b'x'] if [a, b, c].iter().all(|byte| byte.is_ascii_digit()))
                    .then(|| text(field, fold, row, canon))
            }
            Self::State => matches!(field, [b'A'..=b'Z', b'A'..=b'Z']).then(|| text(field, fold, row, canon)),
            Self::Word(known) => Some(text(words::usual(field, known), fold, row, canon)),
            Self::Prose => Some(text(field, fold, row, canon)),
        };
        match value {
            Some(value) => Parsed::Value(value),
            None => {
                row.extend_from_slice(&NULL);
                Parsed::Refused
            }
        }
    }
}

/// Without white space at the ends, no-break spaces included.
pub fn trim(mut field: &[u8]) -> &[u8] {
    loop {
        field = match field {
            [first, rest @ ..] if first.is_ascii_whitespace() => rest,
            [0xc2, 0xa0, rest @ ..] => rest,
            _ => break,
        };
    }
    loop {
        field = match field {
            [rest @ .., last] if last.is_ascii_whitespace() => rest,
            [rest @ .., 0xc2, 0xa0] => rest,
            _ => break field,
        };
    }
}

fn is_missing(field: &[u8]) -> bool {
    field.len() == 3 && (field.eq_ignore_ascii_case(b"n/a") || field.eq_ignore_ascii_case(b"nan"))
}

fn months(field: &[u8]) -> &[u8] {
    let bare = field.strip_suffix(b"months").or_else(|| field.strip_suffix(b"month")).unwrap_or(field);
    trim(bare)
}

fn small(number: i64, row: &mut Vec<u8>, canon: &mut Vec<u8>) -> Option<i64> {
    let small = i16::try_from(number).ok()?;
    Some(fixed(number, small.to_be_bytes(), row, canon))
}

fn fixed<const N: usize>(value: i64, bytes: [u8; N], row: &mut Vec<u8>, canon: &mut Vec<u8>) -> i64 {
    row.extend_from_slice(&(N as u32).to_be_bytes());
    row.extend_from_slice(&bytes);
    canon.extend_from_slice(&bytes);
    value
}

/// The length goes before the text, so that no two rows run together into the same bytes.
fn text(text: &[u8], fold: bool, row: &mut Vec<u8>, canon: &mut Vec<u8>) -> i64 {
    let length = (text.len() as u32).to_be_bytes();
    row.extend_from_slice(&length);
    row.extend_from_slice(text);
    canon.extend_from_slice(&length);
    canon.extend(text.iter().map(|byte| if fold { byte.to_ascii_lowercase() } else { *byte }));
    0
}

/// A `numeric` with two decimals: digits to the base 10,000, zeros at the end left out.
fn money(cents: i64, row: &mut Vec<u8>) {
    let (dollars, fraction) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100 * 100);
    let digits = [
        dollars / 10_000 / 10_000 / 10_000,
        dollars / 10_000 / 10_000 % 10_000,
        dollars / 10_000 % 10_000,
        dollars % 10_000,
        fraction,
    ];
    let first = digits.iter().position(|&digit| digit != 0).unwrap_or(digits.len());
    let last = digits.iter().rposition(|&digit| digit != 0).map_or(first, |last| last + 1);
    let weight = if first == digits.len() { 0 } else { 3 - first as i16 };
    let sign: u16 = if cents < 0 { 0x4000 } else { 0 };
    row.extend_from_slice(&(8 + 2 * (last - first) as u32).to_be_bytes());
    row.extend_from_slice(&((last - first) as u16).to_be_bytes());
    row.extend_from_slice(&weight.to_be_bytes());
    row.extend_from_slice(&sign.to_be_bytes());
    row.extend_from_slice(&2_u16.to_be_bytes());
    for digit in &digits[first..last] {
        row.extend_from_slice(&(*digit as u16).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(kind: Kind, field: &str) -> (Parsed, Vec<u8>) {
        let (mut row, mut canon) = (Vec::new(), Vec::new());
        let parsed = kind.encode(field.as_bytes(), true, &mut row, &mut canon);
        let length = i32::from_be_bytes(row[..4].try_into().unwrap());
        assert_eq!(row.len(), 4 + usize::try_from(length).unwrap_or(0), "{field}: the length is right");
        (parsed, canon)
    }

    #[test]
    fn ways_to_write_one_value_are_one_value() {
        for (kind, one, other) in [
            (Kind::Money, "3600", "3600.0"),
            (Kind::Small, "36", " 36.00 "),
            (Kind::Term, " 36 months", "\u{a0}36\u{a0}months"),
            (Kind::Term, " 36 months", "36"),
            (Kind::Float, " 10.65%", "10.65"),
            (Kind::Month, "Dec-2015", "15-Dec"),
            (Kind::Word(words::APPLICATION), "INDIVIDUAL", "Individual"),
            (Kind::Prose, " Car Loan", "car loan "),
        ] {
            assert_eq!(canon(kind, one), canon(kind, other), "{one}");
            assert!(matches!(canon(kind, one).0, Parsed::Value(_)), "{one}");
        }
        assert_ne!(canon(Kind::Money, "3600").1, canon(Kind::Money, "3600.01").1);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_says_nothing_is_null() {
        for (kind, field) in [
            (Kind::Small, "70000"),
            (Kind::Small, "1.5"),
            (Kind::Big, "n"),
            (Kind::Grade, "H"),
            (Kind::SubGrade, "A6"),
            (Kind::Postcode, "94086"),
            (Kind::State, "Calif"),
            (Kind::Letter, "no"),
            (Kind::Month, "36 months"),
            (Kind::Term, "long"),
            (Kind::Money, "5,000"),
        ] {
            assert_eq!(canon(kind, field), (Parsed::Refused, vec![]), "{field}");
        }
        for (kind, field) in
            [(Kind::Small, ""), (Kind::Float, "n/a"), (Kind::Month, "NaN"), (Kind::Prose, " \u{a0}")]
        {
            assert_eq!(canon(kind, field), (Parsed::Null, vec![]), "{field}");
        }
        assert!(matches!(canon(Kind::Prose, "n/a").0, Parsed::Value(0)));
    }

    #[test]
    fn money_is_a_numeric_of_postgres() {
        let encoded = |cents| {
            let mut row = Vec::new();
            money(cents, &mut row);
            row.chunks(2).skip(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>()
        };
        assert_eq!(encoded(0), [0, 0, 0, 2]);
        assert_eq!(encoded(12_345_678), [3, 1, 0, 2, 12, 3456, 7800]);
        assert_eq!(encoded(-5), [1, 0xffff, 0x4000, 2, 500]);
        assert_eq!(encoded(1_000_000_000), [1, 1, 0, 2, 1000]);
    }
}
