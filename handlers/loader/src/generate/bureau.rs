//! What credit bureaus report: the many columns from `tot_coll_amt` to `total_il_high_credit_limit`.

use super::dice::Dice;
use super::loan::Loan;

/// Accounts and balances, so far as several columns have to agree on them. Money in whole dollars.
pub struct Bureau {
    pub open: u64,
    pub total: u64,
    pub revolving: u64,
    pub revolving_used: u64,
    pub cards: u64,
    pub instalments: u64,
    pub mortgages: u64,
    pub revolving_balance: u64,
    pub revolving_limit: u64,
    pub instalment_balance: u64,
    pub mortgage_balance: u64,
    pub since_delinquency: Option<u64>,
    pub since_record: Option<u64>,
    pub collections: u64,
}

impl Bureau {
    /// A report that fits the borrower.
    pub fn draw(loan: &Loan, dice: &mut Dice) -> Self {
        let person = &loan.borrower;
        let revolving = 2 + dice.few(6.0);
        let instalments = dice.few(2.5);
        let mortgages = if person.home == "MORTGAGE" { 1 + dice.few(0.5) } else { dice.few(0.3) };
        let open = revolving + instalments + mortgages.min(2);
        let limit = (person.income as f64 * (0.25 + 0.35 * dice.unit())) as u64 / 100 * 100 + 500;
        Self {
            open,
            total: open + dice.few(12.0),
            revolving,
            revolving_used: revolving.min(1 + dice.below(revolving)),
            cards: 1 + revolving / 2,
            instalments,
            mortgages,
            revolving_balance: limit * person.utilisation / 1000,
            revolving_limit: limit,
            instalment_balance: instalments * (1500 + dice.below(14_000)),
            mortgage_balance: mortgages.min(2) * (40_000 + dice.below(person.income * 3)),
            since_delinquency: (person.delinquencies > 0 || dice.chance(0.3)).then(|| 1 + dice.below(83)),
            since_record: (person.records > 0).then(|| 12 + dice.below(107)),
            collections: if dice.chance(0.13) { 50 + dice.below(2500) } else { 0 },
        }
    }

    /// All that is owed.
    pub fn balance(&self) -> u64 {
        self.revolving_balance + self.instalment_balance + self.mortgage_balance
    }
}
