//! How a loan was paid back until today.

use super::dice::Dice;

/// Money in cents, months counted from the issue.
pub struct Payments {
    pub principal: u64,
    pub interest: u64,
    pub late_fees: u64,
    pub recoveries: u64,
    pub collection_fee: u64,
    pub outstanding: u64,
    /// Month of the last payment, if there was one.
    pub last: Option<u64>,
    pub last_amount: u64,
    /// The next one is expected.
    pub more: bool,
    pub settled: bool,
}

impl Payments {
    /// The loan's status after `age` months, and what was paid until then.
    pub fn draw(
        dice: &mut Dice,
        amount: u64,
        term: u64,
        rate: u64,
        installment: u64,
        age: u64,
        default: f64,
    ) -> (&'static str, Self) {
        let stops = if dice.chance(default) {
            Some(1 + (term as f64 * 0.85 * dice.unit().powi(2)) as u64)
        } else {
            None
        };
        let prepaid = 3 + (term as f64 * 1.6 * dice.unit()) as u64;
        let ends = prepaid.min(term);
        let paid = stops.unwrap_or(ends).min(ends).min(age);
        let (mut balance, mut principal, mut interest, mut last_amount) = (amount * 100, 0, 0, 0);
        for month in 1..=paid {
            let due = balance * rate / 120_000;
            let payoff = month == ends && stops.is_none_or(|stops| stops > ends);
            let part = if payoff { balance } else { installment.saturating_sub(due).min(balance) };
            balance -= part;
            principal += part;
            interest += due;
            last_amount = part + due;
        }
        let mut payments = Self {
            principal,
            interest,
            late_fees: if dice.chance(0.02) { 1500 } else { 0 },
            recoveries: 0,
            collection_fee: 0,
            outstanding: balance,
            last: (paid > 0).then_some(paid),
            last_amount,
            more: false,
            settled: false,
        };
        if balance == 0 {
            return ("Fully Paid", payments);
        }
        payments.more = true;
        let Some(overdue) = stops.filter(|&stops| stops < age.min(ends)).map(|stops| age - stops) else {
            return ("Current", payments);
        };
        match overdue {
            0..=1 => ("In Grace Period", payments),
            2 => ("Late (16-30 days)", payments),
            3..=4 => ("Late (31-120 days)", payments),
            5 if dice.chance(0.1) => ("Default", payments),
            _ => {
                payments.charge_off(dice);
                ("Charged Off", payments)
            }
        }
    }

    fn charge_off(&mut self, dice: &mut Dice) {
        self.more = false;
        if dice.chance(0.55) {
            self.recoveries = (self.outstanding as f64 * 0.25 * dice.unit()) as u64;
            self.collection_fee = self.recoveries * 18 / 100;
        }
        self.settled = dice.chance(0.08);
        self.outstanding = 0;
    }
}
