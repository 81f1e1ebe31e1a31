//! Invented loan files in the layout of the official releases: for demonstrations, tests and benchmarks of any size.

mod borrower;
mod bureau;
mod dice;
mod loan;
mod payments;
mod row;
mod text;
mod vocabulary;

use std::io::{self, Write};

use crate::layout::COLUMNS;
use dice::Dice;
use loan::Loan;
use text::Text;

/// Written at once.
const BUFFER: usize = 1 << 20;

/// Writes a file with `rows` loans: a notes line, the header, the loans, blank lines and summary lines.
///
/// The same arguments give the same bytes, and a longer file begins with the rows of a shorter one.
pub fn write(rows: u64, seed: u64, target: &mut impl Write) -> io::Result<()> {
    let mut text = Text::new();
    text.line("Notes: every loan in this file is invented (stackctl loader generate)");
    let funded = table(rows, seed, &mut text, target)?;
    text.line("");
    text.line("");
    text.line(&format!("Total amount funded in policy code 1: {funded}"));
    text.line("Total amount funded in policy code 2: 0");
    text.write_to(target)?;
    target.flush()
}

/// Writes the header and the loans and nothing else, which is what `psql` can load too.
pub fn write_plain(rows: u64, seed: u64, target: &mut impl Write) -> io::Result<()> {
    let mut text = Text::new();
    table(rows, seed, &mut text, target)?;
    text.write_to(target)?;
    target.flush()
}

fn table(rows: u64, seed: u64, text: &mut Text, target: &mut impl Write) -> io::Result<u64> {
    let mut dice = Dice::new(seed);
    for column in COLUMNS {
        text.quoted(column);
    }
    text.end();
    let mut funded = 0;
    for _ in 0..rows {
        let loan = Loan::draw(&mut dice);
        funded += loan.amount;
        row::write(&loan, &mut dice, text);
        if text.len() >= BUFFER {
            text.write_to(target)?;
        }
    }
    Ok(funded)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
