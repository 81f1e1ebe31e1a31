//! The totals that summary lines state, against what the rows add up to.

use std::collections::BTreeMap;

use crate::records::Record;
use crate::typed::encoder::Funded;

const TOTAL: &str = "total amount funded in policy code";
const SECTION: &str = "loans that do not meet the credit policy";

/// A total, and whether the rows agree with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Total {
    /// Line on which it stands.
    pub line: u64,
    /// Of which loans.
    pub policy: i64,
    /// Cents that the line states.
    pub stated: i64,
    /// Cents that the rows add up to.
    pub found: i64,
}

impl std::fmt::Display for Total {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dollars = |cents: i64| cents as f64 / 100.0;
        write!(
            formatter,
            "line {} states {} dollars for policy code {}, the rows add up to {}",
            self.line,
            dollars(self.stated),
            self.policy,
            dollars(self.found)
        )
    }
}

/// Sums of a file that is being read.
#[derive(Debug, Default)]
pub struct Totals {
    sums: BTreeMap<i64, i64>,
    /// The totals of the releases leave out what stands below the section's title.
    closed: bool,
    stated: Vec<(u64, i64, i64)>,
}

impl Totals {
    /// Adds a row.
    pub fn add(&mut self, funded: Funded) {
        if !self.closed {
            *self.sums.entry(funded.policy).or_default() += funded.cents;
        }
    }

    /// Takes note of a title or a summary line.
    pub fn furniture(&mut self, record: Record<'_>) {
        let fields = record.fields().take(8).map(String::from_utf8_lossy).collect::<Vec<_>>();
        self.line(record.line, &fields.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    }

    fn line(&mut self, line: u64, fields: &[&str]) {
        let first = fields.first().map(|field| field.trim().to_ascii_lowercase()).unwrap_or_default();
        if first.starts_with(SECTION) {
            self.closed = true;
        }
        let Some((policy, amount)) = first.strip_prefix(TOTAL).and_then(|rest| rest.split_once(':')) else {
            return;
        };
        // An amount with commas was split into fields.
        let mut digits = amount.trim().trim_start_matches('$').to_owned();
        for group in fields.iter().skip(1) {
            if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            digits.push_str(group);
        }
        let cents = crate::typed::cents(digits.replace(',', "").as_bytes());
        if let (Ok(policy), Some(cents)) = (policy.trim().parse(), cents) {
            self.stated.push((line, policy, cents));
        }
    }

    /// Every total that was stated, with what was found.
    pub fn compare(&self) -> Vec<Total> {
        let compared = self.stated.iter().map(|&(line, policy, stated)| Total {
            line,
            policy,
            stated,
            found: self.sums.get(&policy).copied().unwrap_or_default(),
        });
        compared.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_of_the_rows_above_the_section_title() {
        let mut totals = Totals::default();
        totals.add(Funded { policy: 1, cents: 500_000 });
        totals.add(Funded { policy: 2, cents: 100 });
        totals.line(4, &["Loans that do not meet the credit policy"]);
        totals.add(Funded { policy: 1, cents: 700 });
        totals.line(6, &["Total amount funded in policy code 1: 5", "000", "000", "11"]);
        totals.line(7, &["Total amount funded in policy code 2: $1.00", "", ""]);
        totals.line(8, &["Total amount funded in policy code x: 1"]);
        assert_eq!(
            totals.compare(),
            [
                Total { line: 6, policy: 1, stated: 500_000_000, found: 500_000 },
                Total { line: 7, policy: 2, stated: 100, found: 100 },
            ]
        );
    }
}
