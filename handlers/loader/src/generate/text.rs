//! The text of a file: quoted fields, numbers and months as the official releases write them.

use std::io::{self, Write};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Text that waits to be written.
pub struct Text {
    bytes: Vec<u8>,
    begun: bool,
}

impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { bytes: Vec::new(), begun: false }
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes what waits.
    pub fn write_to(&mut self, target: &mut impl Write) -> io::Result<()> {
        target.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    /// A line as it is.
    pub fn line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
    }

    /// Ends a row.
    pub fn end(&mut self) {
        self.bytes.push(b'\n');
        self.begun = false;
    }

    /// A field without quotes in it.
    pub fn quoted(&mut self, field: &str) {
        self.open();
        self.bytes.extend_from_slice(field.as_bytes());
        self.bytes.push(b'"');
    }

    /// A field that may have quotes in it.
    pub fn escaped(&mut self, field: &str) {
        self.open();
        for &byte in field.as_bytes() {
            if byte == b'"' {
                self.bytes.push(b'"');
            }
            self.bytes.push(byte);
        }
        self.bytes.push(b'"');
    }

    /// So many fields without a value.
    pub fn blank(&mut self, fields: usize) {
        for _ in 0..fields {
            self.quoted("");
        }
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        self.open();
        self.digits(number);
        self.bytes.push(b'"');
    }

    /// A whole number, or nothing.
    pub fn optional(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => self.quoted(""),
        }
    }

    /// An amount of money in cents, without zeros at the end.
    pub fn cents(&mut self, cents: u64) {
        self.open();
        self.digits(cents / 100);
        match (cents / 10 % 10, cents % 10) {
            (0, 0) => {}
            (tens, 0) => self.bytes.extend_from_slice(&[b'.', b'0' + tens as u8]),
            (tens, ones) => self.bytes.extend_from_slice(&[b'.', b'0' + tens as u8, b'0' + ones as u8]),
        }
        self.bytes.push(b'"');
    }

    /// A number in tenths, without a zero at the end, and what follows it.
    pub fn tenths(&mut self, tenths: u64, unit: &str) {
        self.open();
        self.digits(tenths / 10);
        if !tenths.is_multiple_of(10) {
            self.bytes.extend_from_slice(&[b'.', b'0' + (tenths % 10) as u8]);
        }
        self.bytes.extend_from_slice(unit.as_bytes());
        self.bytes.push(b'"');
    }

    /// An interest rate in hundredths of a percent, padded: ` 10.65%`.
    pub fn rate(&mut self, hundredths: u64) {
        self.open();
        self.bytes.extend_from_slice(if hundredths < 1000 { b"  " } else { b" " });
        self.digits(hundredths / 100);
        self.bytes.extend_from_slice(&[
            b'.',
            b'0' + (hundredths / 10 % 10) as u8,
            b'0' + (hundredths % 10) as u8,
            b'%',
            b'"',
        ]);
    }

    /// A month, counted from January of year 0: `Dec-2015`.
    pub fn month(&mut self, month: u64) {
        self.open();
        self.bytes.extend_from_slice(MONTHS[(month % 12) as usize].as_bytes());
        self.bytes.push(b'-');
        self.digits(month / 12);
        self.bytes.push(b'"');
    }

    /// A month, or nothing.
    pub fn optional_month(&mut self, month: Option<u64>) {
        match month {
            Some(month) => self.month(month),
            None => self.quoted(""),
        }
    }

    fn open(&mut self) {
        if self.begun {
            self.bytes.push(b',');
        }
        self.begun = true;
        self.bytes.push(b'"');
    }

    fn digits(&mut self, mut number: u64) {
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
        self.bytes.extend_from_slice(&digits[start..]);
    }
}
