//! Months, the finest time that loan files know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A month, counted from January of the year 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Month(pub i32);

impl Month {
    /// The year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The quarter, from 1.
    pub fn quarter(self) -> i32 {
        self.0.rem_euclid(12) / 3 + 1
    }

    /// The month after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The month before it.
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// Its first day, as Postgres reads it.
    pub fn first_day(self) -> String {
        format!("{self}-01")
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year(), self.0.rem_euclid(12) + 1)
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('-').and_then(|(year, month)| {
            Some((year.parse::<i32>().ok().filter(|_| year.len() == 4)?, month.parse::<i32>().ok()?))
        });
        match parts {
            Some((year, month @ 1..=12)) => Ok(Self(year * 12 + month - 1)),
            _ => Err(format!("{text:?} is no month: expected one like 2011-01")),
        }
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_written() {
        let month = "2011-12".parse::<Month>().unwrap();
        assert_eq!((month.to_string(), month.next().to_string()), ("2011-12".into(), "2012-01".into()));
        assert_eq!((month.year(), month.quarter(), month.first_day()), (2011, 4, "2011-12-01".into()));
        for text in ["2011", "2011-13", "2011-0", "11-01", "2011-01-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
