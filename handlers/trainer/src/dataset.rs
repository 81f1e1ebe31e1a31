//! Loans in memory, column by column.

use std::collections::HashMap;

use crate::month::Month;

/// More different words than this in one column become one word, "other".
const MOST_WORDS: usize = 4096;

/// The code of a value that is not there.
pub const NO_WORD: u16 = 0;

/// A loan's key, the bytes of a UUID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(pub [u8; 16]);

/// Loans, ordered by month of issue and then by key.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Which loan.
    pub keys: Vec<Key>,
    /// When it was issued.
    pub months: Vec<Month>,
    /// Whether it went bad; none while that is not known.
    pub labels: Vec<Option<bool>>,
    /// What was known of it.
    pub columns: Vec<Column>,
}

/// One thing that was known of each loan.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The columns of `mart.loan_features` that it is made of.
    pub sources: Vec<String>,
    /// What it means.
    pub comment: String,
    /// A value per loan.
    pub values: Values,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers; NaN where there is none. Loan files have at most seven digits that matter, so single precision halves the memory.
    Numbers(Vec<f32>),
    /// Words, numbered from 1 in the order in which they were met.
    Words(Words),
}

/// Words by number.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The number of each loan's word.
    pub codes: Vec<u16>,
    /// The words; that of code 1 comes first.
    pub words: Vec<String>,
    known: HashMap<String, u16>,
}

impl Words {
    /// Appends a loan's word.
    pub fn push(&mut self, word: Option<&str>) {
        let code = match word.map(str::trim).filter(|word| !word.is_empty()) {
            None => NO_WORD,
            Some(word) => self.code(word),
        };
        self.codes.push(code);
    }

    fn code(&mut self, word: &str) -> u16 {
        if let Some(code) = self.known.get(word) {
            return *code;
        }
        let word = if self.words.len() < MOST_WORDS { word } else { "other" };
        if let Some(code) = self.known.get(word) {
            return *code;
        }
        self.words.push(word.to_owned());
        let code = self.words.len() as u16;
        self.known.insert(word.to_owned(), code);
        code
    }

    /// A loan's word.
    pub fn word(&self, row: usize) -> Option<&str> {
        let code = usize::from(self.codes[row]);
        code.checked_sub(1).map(|position| self.words[position].as_str())
    }
}

impl Dataset {
    /// Number of loans.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The numbers of a column, if it has numbers.
    pub fn numbers(&self, name: &str) -> Option<&[f32]> {
        match &self.column(name)?.values {
            Values::Numbers(numbers) => Some(numbers),
            Values::Words(_) => None,
        }
    }

    /// The words of a column, if it has words.
    pub fn words(&self, name: &str) -> Option<&Words> {
        match &self.column(name)?.values {
            Values::Words(words) => Some(words),
            Values::Numbers(_) => None,
        }
    }

    /// Outcomes of loans that have one: 1 for bad.
    pub fn outcomes(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().map(|&row| self.labels[row] == Some(true)).collect()
    }

    /// Appends what can be reckoned from other columns.
    ///
    /// What a loan costs its borrower says more as a share of the income; a linear model cannot divide.
    pub fn derive(&mut self) {
        const SHARES: [(&str, &str, &str, f32, &str); 3] = [
            (
                "loan_to_income",
                "loan_amnt",
                "annual_inc",
                1.0,
                "Amount asked for, as a share of the yearly income.",
            ),
            (
                "payment_to_income",
                "installment",
                "annual_inc",
                12.0,
                "A year's payments, as a share of the yearly income.",
            ),
            (
                "revolving_to_income",
                "revol_bal",
                "annual_inc",
                1.0,
                "Revolving balance, as a share of the yearly income.",
            ),
        ];
        for (name, over, under, factor, comment) in SHARES {
            let (Some(overs), Some(unders)) = (self.numbers(over), self.numbers(under)) else { continue };
            let share =
                |(over, under): (&f32, &f32)| if *under > 0.0 { over / under * factor } else { f32::NAN };
            let numbers = overs.iter().zip(unders).map(share).collect();
            self.columns.push(Column {
                name: name.to_owned(),
                sources: vec![over.to_owned(), under.to_owned()],
                comment: comment.to_owned(),
                values: Values::Numbers(numbers),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbered_as_they_come_and_the_rest_is_other() {
        let mut words = Words::default();
        for word in [Some("RENT"), None, Some("OWN"), Some(" RENT "), Some("")] {
            words.push(word);
        }
        assert_eq!(words.codes, [1, 0, 2, 1, 0]);
        assert_eq!((words.word(0), words.word(1)), (Some("RENT"), None));
        for number in 0..2 * MOST_WORDS {
            words.push(Some(&number.to_string()));
        }
        assert_eq!(words.words.len(), MOST_WORDS + 1);
        assert_eq!(words.word(words.codes.len() - 1), Some("other"));
    }
}
