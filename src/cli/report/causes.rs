use crate::trouble::Trouble;
use std::collections::HashMap;

/// How many of one cause are told one by one.
const SHOWN: usize = 5;

/// What was told already: an error is told in full once, however many fail for its reason.
#[derive(Debug, Default)]
pub struct Causes(HashMap<String, (String, usize)>);

/// How an error is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Telling {
    Full,
    /// As with that one.
    Same(String),
    /// Counted only; the last one that is told says so.
    Silent,
    More(String),
}

impl Causes {
    pub fn take(&mut self, name: &str, trouble: &Trouble) -> Telling {
        let (first, count) = self.0.entry(trouble.cause()).or_insert((name.to_owned(), 0));
        *count += 1;
        match *count {
            1 => Telling::Full,
            count if count < SHOWN => Telling::Same(first.clone()),
            SHOWN => Telling::More(first.clone()),
            _ => Telling::Silent,
        }
    }
}
