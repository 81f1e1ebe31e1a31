//! Words that stand for a kind of thing: releases differ in their letter case, not in their meaning. The lists hold the
//! spelling of the releases since 2017; a word that is on none of them is kept as it is.

pub const EMPLOYMENT: &[&str] = &[
    "< 1 year",
    "1 year",
    "2 years",
    "3 years",
    "4 years",
    "5 years",
    "6 years",
    "7 years",
    "8 years",
    "9 years",
    "10+ years",
];
pub const HOME: &[&str] = &["RENT", "MORTGAGE", "OWN", "OTHER", "NONE", "ANY"];
pub const VERIFICATION: &[&str] = &["Not Verified", "Verified", "Source Verified"];
pub const STATUS: &[&str] = &[
    "Fully Paid",
    "Current",
    "Charged Off",
    "In Grace Period",
    "Late (16-30 days)",
    "Late (31-120 days)",
    "Default",
    "Issued",
    "Does not meet the credit policy. Status:Fully Paid",
    "Does not meet the credit policy. Status:Charged Off",
];
pub const PURPOSE: &[&str] = &[
    "debt_consolidation",
    "credit_card",
    "home_improvement",
    "other",
    "major_purchase",
    "small_business",
    "car",
    "medical",
    "moving",
    "vacation",
    "house",
    "wedding",
    "renewable_energy",
    "educational",
];
pub const LISTING: &[&str] = &["f", "w"];
pub const APPLICATION: &[&str] = &["Individual", "Joint App"];
pub const HARDSHIP: &[&str] = &["ACTIVE", "COMPLETED", "BROKEN"];
pub const DISBURSEMENT: &[&str] = &["Cash", "DirectPay"];
pub const SETTLEMENT: &[&str] = &["ACTIVE", "COMPLETE", "BROKEN"];
/// Words whose spelling never changed.
pub const OTHERS: &[&str] = &[];

/// The usual spelling of a word, or the word itself.
pub fn usual<'a>(word: &'a [u8], known: &[&'static str]) -> &'a [u8] {
    known.iter().map(|known| known.as_bytes()).find(|known| known.eq_ignore_ascii_case(word)).unwrap_or(word)
}
