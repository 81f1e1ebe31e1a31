//! A loan as a row: 145 fields in the order of the layout.

use super::bureau::Bureau;
use super::dice::Dice;
use super::loan::{Loan, TODAY};
use super::text::Text;
use super::vocabulary;

/// Since December 2015 the files say more about instalment loans and inquiries.
const MORE_COLUMNS: u64 = 2015 * 12 + 11;

/// Writes one row.
pub fn write(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    let bureau = Bureau::draw(loan, dice);
    terms(loan, dice, text);
    history(loan, &bureau, text);
    payments(loan, dice, text);
    joint(loan, dice, text);
    accounts(loan, &bureau, dice, text);
    months(loan, &bureau, dice, text);
    counts(loan, &bureau, dice, text);
    second_applicant(loan, &bureau, dice, text);
    hardship(loan, dice, text);
    settlement(loan, dice, text);
    text.end();
}

/// `id` to `dti`.
fn terms(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    let person = &loan.borrower;
    text.blank(2);
    text.number(loan.amount);
    text.number(loan.amount);
    text.number(if dice.chance(0.08) { loan.amount - 25 } else { loan.amount });
    text.quoted(if loan.term == 36 { " 36 months" } else { " 60 months" });
    text.rate(loan.rate);
    text.cents(loan.installment);
    let grade = b"ABCDEFG"[(loan.sub_grade / 5) as usize] as char;
    let number = (b'1' + (loan.sub_grade % 5) as u8) as char;
    let mut buffer = [0; 8];
    text.quoted(grade.encode_utf8(&mut buffer));
    text.quoted(&format!("{grade}{number}"));
    if person.employment == "n/a" {
        text.blank(1);
    } else {
        text.quoted(&format!("{}{}", person.job, person.employer));
    }
    text.quoted(person.employment);
    text.quoted(person.home);
    text.number(person.income);
    text.quoted(person.verified);
    text.month(loan.issued);
    text.quoted(loan.status);
    text.quoted("n");
    text.blank(1);
    if dice.chance(0.03) {
        let wish = dice.pick(&vocabulary::WISHES);
        let promise = dice.pick(&vocabulary::PROMISES);
        text.escaped(&format!("  {wish} {promise}"));
    } else {
        text.blank(1);
    }
    let (purpose, title) = loan.purpose;
    text.quoted(purpose);
    text.quoted(title);
    let (state, postcode) = person.state;
    text.quoted(&format!("{postcode:03}xx"));
    text.quoted(state);
    text.cents(person.dti);
}

/// `delinq_2yrs` to `initial_list_status`.
fn history(loan: &Loan, bureau: &Bureau, text: &mut Text) {
    let person = &loan.borrower;
    text.number(person.delinquencies);
    text.month(loan.issued - person.history);
    text.number(person.inquiries);
    text.optional(bureau.since_delinquency);
    text.optional(bureau.since_record);
    text.number(bureau.open);
    text.number(person.records);
    text.number(bureau.revolving_balance);
    text.tenths(person.utilisation, "%");
    text.number(bureau.total);
    text.quoted(if loan.amount.is_multiple_of(3) { "f" } else { "w" });
}

/// `out_prncp` to `policy_code`.
fn payments(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    let payments = &loan.payments;
    let total = payments.principal + payments.interest + payments.late_fees + payments.recoveries;
    text.cents(payments.outstanding);
    text.cents(payments.outstanding);
    text.cents(total);
    text.cents(total);
    text.cents(payments.principal);
    text.cents(payments.interest);
    text.cents(payments.late_fees);
    text.cents(payments.recoveries);
    text.cents(payments.collection_fee);
    text.optional_month(payments.last.map(|month| loan.issued + month));
    text.cents(payments.last_amount);
    text.optional_month(payments.more.then_some(TODAY + 1));
    text.month(TODAY - dice.few(1.5).min(TODAY - loan.issued));
    text.number(u64::from(dice.chance(0.015)));
    text.optional(dice.chance(0.26).then(|| 1 + dice.below(83)));
    text.number(1);
}

/// `application_type` to `acc_now_delinq`.
fn joint(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    let person = &loan.borrower;
    if loan.joint {
        text.quoted("Joint App");
        text.number(person.income + 12_000 + dice.below(60) * 1000);
        text.cents(person.dti * 4 / 5);
        text.quoted(person.verified);
    } else {
        text.quoted("Individual");
        text.blank(3);
    }
    text.number(u64::from(dice.chance(0.004)));
}

/// `tot_coll_amt` to `bc_util`.
fn accounts(loan: &Loan, bureau: &Bureau, dice: &mut Dice, text: &mut Text) {
    let recent = loan.issued >= MORE_COLUMNS;
    text.number(bureau.collections);
    text.number(bureau.balance());
    if recent {
        text.number(dice.few(0.9));
        text.number(bureau.instalments.min(1 + dice.below(4)));
        text.number(dice.few(0.7));
        text.number(dice.few(1.5));
        text.optional((bureau.instalments > 0).then(|| 1 + dice.below(40)));
        text.number(bureau.instalment_balance);
        text.optional((bureau.instalments > 0).then(|| 20 + dice.below(80)));
        text.number(dice.few(1.3));
        text.number(dice.few(2.7));
        text.number(bureau.revolving_balance / 2);
        text.number(20 + dice.below(70));
    } else {
        text.blank(11);
    }
    text.number(bureau.revolving_limit);
    if recent {
        text.number(dice.few(1.0));
        text.number(dice.few(1.4));
        text.number(loan.borrower.inquiries + dice.few(1.3));
    } else {
        text.blank(3);
    }
    text.number(dice.few(4.5));
    text.number(bureau.balance() / bureau.open);
    text.number((bureau.revolving_limit - bureau.revolving_balance.min(bureau.revolving_limit)) / 2);
    text.tenths(loan.borrower.utilisation * 21 / 20, "");
}

/// `chargeoff_within_12_mths` to `mths_since_recent_revol_delinq`.
fn months(loan: &Loan, bureau: &Bureau, dice: &mut Dice, text: &mut Text) {
    let history = loan.borrower.history;
    text.number(u64::from(dice.chance(0.008)));
    text.number(if dice.chance(0.003) { 40 + dice.below(4000) } else { 0 });
    text.optional((bureau.instalments > 0).then(|| dice.below(history)));
    text.number(history);
    let newest = dice.few(13.0);
    text.number(newest);
    text.number(newest.min(dice.few(8.0)));
    text.number(bureau.mortgages);
    text.number(newest + dice.few(10.0));
    text.optional(dice.chance(0.23).then(|| 1 + dice.below(83)));
    text.optional(dice.chance(0.89).then(|| dice.below(25)));
    text.optional(dice.chance(0.33).then(|| 1 + dice.below(83)));
}

/// `num_accts_ever_120_pd` to `total_il_high_credit_limit`.
fn counts(loan: &Loan, bureau: &Bureau, dice: &mut Dice, text: &mut Text) {
    text.number(dice.few(0.5));
    text.number(bureau.cards.min(bureau.revolving_used));
    text.number(bureau.revolving_used);
    text.number(bureau.cards);
    text.number(bureau.cards + dice.few(3.0));
    text.number(bureau.instalments + dice.few(4.0));
    text.number(bureau.revolving);
    text.number(bureau.revolving + dice.few(5.0));
    text.number(bureau.revolving_used);
    text.number(bureau.open);
    text.number(0);
    text.number(u64::from(dice.chance(0.003)));
    text.number(u64::from(dice.chance(0.07)));
    text.number(dice.few(2.0));
    text.tenths(if dice.chance(0.5) { 1000 } else { 750 + dice.below(250) }, "");
    text.tenths(dice.below(5) * 250, "");
    text.number(loan.borrower.records);
    text.number(u64::from(dice.chance(0.03)));
    text.number(
        bureau.revolving_limit + bureau.instalment_balance * 13 / 10 + bureau.mortgage_balance * 11 / 10,
    );
    text.number(bureau.revolving_balance + bureau.instalment_balance);
    text.number(bureau.revolving_limit / 2);
    text.number(bureau.instalment_balance * 13 / 10);
}

/// `revol_bal_joint` to `sec_app_mths_since_last_major_derog`.
fn second_applicant(loan: &Loan, bureau: &Bureau, dice: &mut Dice, text: &mut Text) {
    if !loan.joint {
        text.blank(11);
        return;
    }
    text.number(bureau.revolving_balance + dice.below(20_000));
    text.month(loan.issued - 36 - dice.below(300));
    text.number(dice.few(0.6));
    text.number(dice.few(1.5));
    text.number(1 + dice.few(10.0));
    text.tenths(dice.below(1000), "%");
    text.number(dice.few(2.5));
    text.number(1 + dice.few(11.0));
    text.number(u64::from(dice.chance(0.03)));
    text.number(u64::from(dice.chance(0.05)));
    text.optional(dice.chance(0.3).then(|| 1 + dice.below(83)));
}

/// `hardship_flag` to `hardship_last_payment_amount`.
fn hardship(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    if loan.issued < 2015 * 12 || loan.status == "Fully Paid" || !dice.chance(0.006) {
        text.quoted("N");
        text.blank(14);
        return;
    }
    let start = TODAY - dice.below(12).min(TODAY - loan.issued);
    let reasons = ["UNEMPLOYMENT", "MEDICAL", "REDUCED HOURS", "NATURAL DISASTER"];
    text.quoted("Y");
    text.quoted("INTEREST ONLY-3 MONTHS DEFERRAL");
    text.quoted(dice.pick(&reasons));
    text.quoted(dice.pick(&["ACTIVE", "COMPLETED", "BROKEN"]));
    text.number(3);
    text.cents(loan.installment / 3);
    text.month(start);
    text.month(start + 3);
    text.month(start);
    text.number(3);
    text.number(dice.below(31));
    text.quoted(if loan.payments.more { "In Grace Period" } else { "Late (31-120 days)" });
    text.cents(loan.installment);
    text.cents(loan.payments.outstanding);
    text.cents(loan.payments.last_amount);
}

/// `disbursement_method` to `settlement_term`.
fn settlement(loan: &Loan, dice: &mut Dice, text: &mut Text) {
    text.quoted(if dice.chance(0.1) { "DirectPay" } else { "Cash" });
    if !loan.payments.settled {
        text.quoted("N");
        text.blank(6);
        return;
    }
    let month = TODAY - dice.below(10).min(TODAY - loan.issued);
    text.quoted("Y");
    text.month(month);
    text.quoted(dice.pick(&["ACTIVE", "COMPLETE", "BROKEN"]));
    text.month(month);
    text.cents(loan.amount * 100 * 45 / 100);
    text.tenths(450 + dice.below(200), "");
    text.number(dice.below(25));
}
