//! What is lent, on which terms, and how it ends.

use super::borrower::Borrower;
use super::dice::Dice;
use super::payments::Payments;

/// January 2012, in months from year 0: the first month with loans.
const FIRST_MONTH: u64 = 2012 * 12;

/// Months with loans.
const MONTHS: f64 = 84.0;

/// March 2019: when the file says how things stand.
pub const TODAY: u64 = 2019 * 12 + 2;

/// A loan and its borrower.
pub struct Loan {
    pub borrower: Borrower,
    /// Whole dollars.
    pub amount: u64,
    pub term: u64,
    /// Hundredths of a percent.
    pub rate: u64,
    /// Cents a month.
    pub installment: u64,
    /// 0 is A1, 34 is G5.
    pub sub_grade: u64,
    pub issued: u64,
    pub purpose: (&'static str, &'static str),
    pub joint: bool,
    pub status: &'static str,
    pub payments: Payments,
}

impl Loan {
    /// Some loan.
    pub fn draw(dice: &mut Dice) -> Self {
        let borrower = Borrower::draw(dice);
        let issued = FIRST_MONTH + (MONTHS * dice.unit().sqrt()) as u64;
        let sub_grade = grade(&borrower, dice);
        let affordable = borrower.income as f64 * (0.22 + 0.07 * dice.normal());
        let amount = ((affordable.clamp(1_000.0, 40_000.0) / 25.0) as u64) * 25;
        let long = 0.05 + amount as f64 / 90_000.0 + sub_grade as f64 * 0.011;
        let term = if dice.chance(long.min(0.85)) { 60 } else { 36 };
        let rate = rate(sub_grade, issued);
        let installment = installment(amount, term, rate);
        let default = probability_of_default(&borrower, sub_grade, term, installment);
        let (status, payments) =
            Payments::draw(dice, amount, term, rate, installment, TODAY - issued, default);
        Self {
            amount,
            term,
            rate,
            installment,
            sub_grade,
            issued,
            purpose: dice.weighted(&super::vocabulary::PURPOSES),
            joint: issued >= 2015 * 12 + 9 && dice.chance(0.09),
            status,
            payments,
            borrower,
        }
    }
}

/// What a lender concludes from what it sees, which is not all there is.
fn grade(borrower: &Borrower, dice: &mut Dice) -> u64 {
    let seen = -0.62 * borrower.quality
        + 0.30 * (borrower.utilisation as f64 / 235.0 - 2.2)
        + 0.25 * (borrower.inquiries as f64 - 0.65)
        + 0.20 * (borrower.delinquencies as f64 - 0.3)
        + 0.0002 * (borrower.dti as f64 - 1850.0)
        + 0.45 * dice.normal();
    (10.5 + 7.6 * seen + 1.6 * seen.abs()).clamp(0.0, 34.0) as u64
}

fn rate(sub_grade: u64, issued: u64) -> u64 {
    // The market's rates go up and down by a point within some years.
    let season = issued / 6 % 9;
    532 + 59 * sub_grade + sub_grade * sub_grade * 2 / 5 + 12 * season
}

/// The amortisation formula, in cents.
pub fn installment(amount: u64, term: u64, rate: u64) -> u64 {
    let monthly = rate as f64 / 120_000.0;
    let growth = (0..term).fold(1.0, |growth, _| growth * (1.0 + monthly));
    (amount as f64 * 100.0 * monthly * growth / (growth - 1.0)).round() as u64
}

/// Rises with the grade, which is not all: that is what a model can find.
fn probability_of_default(borrower: &Borrower, sub_grade: u64, term: u64, installment: u64) -> f64 {
    let burden = installment as f64 * 12.0 / (borrower.income as f64 * 100.0);
    let score = -2.95 + 0.068 * sub_grade as f64 + if term == 60 { 0.35 } else { 0.0 }
        - 0.25 * borrower.quality
        + 0.00025 * (borrower.dti as f64 - 1850.0)
        + 0.12 * (borrower.inquiries as f64 - 0.65)
        + 2.2 * (burden - 0.09)
        + if borrower.home == "RENT" { 0.18 } else { 0.0 }
        + if borrower.employment == "n/a" { 0.25 } else { 0.0 };
    1.0 / (1.0 + (-score).exp())
}
