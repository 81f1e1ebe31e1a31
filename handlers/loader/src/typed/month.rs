//! Months as loan files write them: `Dec-2018`, what spreadsheets make of them (`15-Dec`, `3-Aug`, `Oct-99`), and ISO dates.

const NAMES: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Two digits from here on are years of the last century.
const PIVOT: i32 = 40;

/// Days from 2000-01-01, as Postgres counts, to the first of the month (or to the day that an ISO date names).
pub fn days(text: &[u8]) -> Option<i32> {
    if let [year @ .., b'-', m1, m2, b'-', d1, d2] = text.get(..10).unwrap_or(text)
        && let (Some(year), Some(month), Some(day)) = (number(year), number(&[*m1, *m2]), number(&[*d1, *d2]))
    {
        let midnight = text[10..].iter().all(|byte| matches!(byte, b'T' | b' ' | b'0' | b':' | b'.' | b'Z'));
        let plain = year >= 1900 && (1..=12).contains(&month) && (1..=31).contains(&day);
        return (plain && midnight).then(|| count(year, month, day));
    }
    let dash = text.iter().position(|&byte| byte == b'-')?;
    let (left, right) = (&text[..dash], &text[dash + 1..]);
    if let Some(month) = month(left) {
        let year = number(right)?;
        let year = match right.len() {
            4 => year,
            1 | 2 if year < PIVOT => 2000 + year,
            2 => 1900 + year,
            _ => return None,
        };
        return (1900..2200).contains(&year).then(|| count(year, month, 1));
    }
    // `Dec-15` was taken for a day of December: the number is the year.
    let year = number(left).filter(|_| left.len() <= 2)?;
    Some(count(if year < PIVOT { 2000 + year } else { 1900 + year }, month(right)?, 1))
}

fn month(text: &[u8]) -> Option<i32> {
    let text = <[u8; 3]>::try_from(text).ok()?.map(|byte| byte.to_ascii_lowercase());
    NAMES.iter().position(|name| **name == text).map(|month| month as i32 + 1)
}

fn number(text: &[u8]) -> Option<i32> {
    let digits = (1..=4).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    digits.then(|| text.iter().fold(0, |number, byte| number * 10 + i32::from(byte - b'0')))
}

/// Howard Hinnant's days_from_civil, counted from 2000-01-01.
fn count(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730_425
}

/// The date as ISO writes it.
pub fn iso(days: i32) -> String {
    let start = jiff::civil::date(2000, 1, 1);
    start.checked_add(jiff::Span::new().days(days)).map_or_else(|_| String::new(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_files_and_spreadsheets_write_them() {
        let read = |text: &str| days(text.as_bytes()).map(iso);
        for (text, date) in [
            ("Dec-2018", "2018-12-01"),
            ("dec-2018", "2018-12-01"),
            ("Jan-1946", "1946-01-01"),
            ("Feb-2000", "2000-02-01"),
            ("15-Dec", "2015-12-01"),
            ("3-Aug", "2003-08-01"),
            ("Oct-99", "1999-10-01"),
            ("62-Jan", "1962-01-01"),
            ("2018-12-01", "2018-12-01"),
            ("2018-12-31", "2018-12-31"),
            ("2018-12-01 00:00:00", "2018-12-01"),
            ("2018-12-01T00:00:00.000Z", "2018-12-01"),
        ] {
            assert_eq!(read(text).as_deref(), Some(date), "{text}");
        }
        for text in [
            "",
            "-",
            "Dec",
            "Dec-",
            "December-2018",
            "Dec-20188",
            "2018-13-01",
            "12-2018",
            "Dec-218",
            "a-Dec",
            "36 months",
            "12:30",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
