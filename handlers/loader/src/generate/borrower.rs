//! Who borrows.

use super::dice::Dice;
use super::vocabulary;

/// A person. `quality` is what nobody sees: how well they keep their promises.
pub struct Borrower {
    pub quality: f64,
    pub job: &'static str,
    pub employer: &'static str,
    pub employment: &'static str,
    pub home: &'static str,
    pub income: u64,
    pub verified: &'static str,
    pub state: (&'static str, u64),
    /// Debt payments in hundredths of a percent of the income.
    pub dti: u64,
    /// Use of the cards' limits in tenths of a percent.
    pub utilisation: u64,
    pub inquiries: u64,
    pub delinquencies: u64,
    pub records: u64,
    /// Months since the first credit.
    pub history: u64,
}

impl Borrower {
    /// Somebody.
    pub fn draw(dice: &mut Dice) -> Self {
        let quality = dice.normal();
        let income = (11.02 + 0.12 * quality + 0.48 * dice.normal()).exp();
        let income = ((income / 500.0).round() * 500.0).clamp(8_000.0, 1_200_000.0) as u64;
        let dti = (1850.0 - 150.0 * quality + 820.0 * dice.normal()).clamp(0.0, 3999.0) as u64;
        let utilisation = (510.0 - 90.0 * quality + 235.0 * dice.normal()).clamp(0.0, 1100.0) as u64;
        let home = match dice.below(100) + if income > 80_000 { 12 } else { 0 } {
            0..=42 => "RENT",
            43..=52 => "OWN",
            _ => "MORTGAGE",
        };
        let (state, lowest, codes) = dice.weighted(&vocabulary::STATES);
        Self {
            quality,
            job: dice.pick(&vocabulary::JOBS),
            employer: dice.pick(&vocabulary::EMPLOYERS),
            employment: dice.weighted(&vocabulary::EMPLOYMENT),
            home,
            income,
            verified: dice.weighted(&[("Source Verified", 39), ("Not Verified", 34), ("Verified", 27)]),
            state: (state, lowest + dice.below(codes)),
            dti,
            utilisation,
            inquiries: dice.few((0.65 - 0.2 * quality).max(0.1)).min(8),
            delinquencies: dice.few((0.3 - 0.12 * quality).max(0.03)).min(15),
            records: dice.few((0.2 - 0.08 * quality).max(0.02)).min(6),
            history: (185.0 + 20.0 * quality + 85.0 * dice.normal()).clamp(39.0, 600.0) as u64,
        }
    }
}
