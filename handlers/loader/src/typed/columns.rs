//! The columns whose type is known.

use super::kind::Kind;
use super::words;

/// Name and kind of every typed column. A column's place in this list is part of every row's hash, so it is only ever
/// appended to.
///
/// The first 145 are the layout of 2017Q3 to 2019 (and of Kaggle's `loan.csv`), then what other releases have. Checked
/// against four releases of 2007-2018 and migration `V3__history.sql`.
pub const COLUMNS: [(&str, Kind); 151] = [
    ("id", Kind::Big),
    ("member_id", Kind::Big),
    ("loan_amnt", Kind::Money),
    ("funded_amnt", Kind::Money),
    ("funded_amnt_inv", Kind::Float),
    ("term", Kind::Term),
    ("int_rate", Kind::Float),
    ("installment", Kind::Money),
    ("grade", Kind::Grade),
    ("sub_grade", Kind::SubGrade),
    ("emp_title", Kind::Prose),
    ("emp_length", Kind::Word(words::EMPLOYMENT)),
    ("home_ownership", Kind::Word(words::HOME)),
    ("annual_inc", Kind::Money),
    ("verification_status", Kind::Word(words::VERIFICATION)),
    ("issue_d", Kind::Month),
    ("loan_status", Kind::Word(words::STATUS)),
    ("pymnt_plan", Kind::Letter),
    ("url", Kind::Prose),
    ("desc", Kind::Prose),
    ("purpose", Kind::Word(words::PURPOSE)),
    ("title", Kind::Prose),
    ("zip_code", Kind::Postcode),
    ("addr_state", Kind::State),
    ("dti", Kind::Float),
    ("delinq_2yrs", Kind::Small),
    ("earliest_cr_line", Kind::Month),
    ("inq_last_6mths", Kind::Small),
    ("mths_since_last_delinq", Kind::Small),
    ("mths_since_last_record", Kind::Small),
    ("open_acc", Kind::Small),
    ("pub_rec", Kind::Small),
    ("revol_bal", Kind::Big),
    ("revol_util", Kind::Float),
    ("total_acc", Kind::Small),
    ("initial_list_status", Kind::Word(words::LISTING)),
    ("out_prncp", Kind::Money),
    ("out_prncp_inv", Kind::Money),
    ("total_pymnt", Kind::Float),
    ("total_pymnt_inv", Kind::Float),
    ("total_rec_prncp", Kind::Money),
    ("total_rec_int", Kind::Money),
    ("total_rec_late_fee", Kind::Float),
    ("recoveries", Kind::Float),
    ("collection_recovery_fee", Kind::Float),
    ("last_pymnt_d", Kind::Month),
    ("last_pymnt_amnt", Kind::Float),
    ("next_pymnt_d", Kind::Month),
    ("last_credit_pull_d", Kind::Month),
    ("collections_12_mths_ex_med", Kind::Small),
    ("mths_since_last_major_derog", Kind::Small),
    ("policy_code", Kind::Small),
    ("application_type", Kind::Word(words::APPLICATION)),
    ("annual_inc_joint", Kind::Money),
    ("dti_joint", Kind::Float),
    ("verification_status_joint", Kind::Word(words::VERIFICATION)),
    ("acc_now_delinq", Kind::Small),
    ("tot_coll_amt", Kind::Big),
    ("tot_cur_bal", Kind::Big),
    ("open_acc_6m", Kind::Small),
    ("open_act_il", Kind::Small),
    ("open_il_12m", Kind::Small),
    ("open_il_24m", Kind::Small),
    ("mths_since_rcnt_il", Kind::Small),
    ("total_bal_il", Kind::Big),
    ("il_util", Kind::Float),
    ("open_rv_12m", Kind::Small),
    ("open_rv_24m", Kind::Small),
    ("max_bal_bc", Kind::Big),
    ("all_util", Kind::Float),
    ("total_rev_hi_lim", Kind::Big),
    ("inq_fi", Kind::Small),
    ("total_cu_tl", Kind::Small),
    ("inq_last_12m", Kind::Small),
    ("acc_open_past_24mths", Kind::Small),
    ("avg_cur_bal", Kind::Big),
    ("bc_open_to_buy", Kind::Big),
    ("bc_util", Kind::Float),
    ("chargeoff_within_12_mths", Kind::Small),
    ("delinq_amnt", Kind::Big),
    ("mo_sin_old_il_acct", Kind::Small),
    ("mo_sin_old_rev_tl_op", Kind::Small),
    ("mo_sin_rcnt_rev_tl_op", Kind::Small),
    ("mo_sin_rcnt_tl", Kind::Small),
    ("mort_acc", Kind::Small),
    ("mths_since_recent_bc", Kind::Small),
    ("mths_since_recent_bc_dlq", Kind::Small),
    ("mths_since_recent_inq", Kind::Small),
    ("mths_since_recent_revol_delinq", Kind::Small),
    ("num_accts_ever_120_pd", Kind::Small),
    ("num_actv_bc_tl", Kind::Small),
    ("num_actv_rev_tl", Kind::Small),
    ("num_bc_sats", Kind::Small),
    ("num_bc_tl", Kind::Small),
    ("num_il_tl", Kind::Small),
    ("num_op_rev_tl", Kind::Small),
    ("num_rev_accts", Kind::Small),
    ("num_rev_tl_bal_gt_0", Kind::Small),
    ("num_sats", Kind::Small),
    ("num_tl_120dpd_2m", Kind::Small),
    ("num_tl_30dpd", Kind::Small),
    ("num_tl_90g_dpd_24m", Kind::Small),
    ("num_tl_op_past_12m", Kind::Small),
    ("pct_tl_nvr_dlq", Kind::Float),
    ("percent_bc_gt_75", Kind::Float),
    ("pub_rec_bankruptcies", Kind::Small),
    ("tax_liens", Kind::Small),
    ("tot_hi_cred_lim", Kind::Big),
    ("total_bal_ex_mort", Kind::Big),
    ("total_bc_limit", Kind::Big),
    ("total_il_high_credit_limit", Kind::Big),
    ("revol_bal_joint", Kind::Big),
    ("sec_app_earliest_cr_line", Kind::Month),
    ("sec_app_inq_last_6mths", Kind::Small),
    ("sec_app_mort_acc", Kind::Small),
    ("sec_app_open_acc", Kind::Small),
    ("sec_app_revol_util", Kind::Float),
    ("sec_app_open_act_il", Kind::Small),
    ("sec_app_num_rev_accts", Kind::Small),
    ("sec_app_chargeoff_within_12_mths", Kind::Small),
    ("sec_app_collections_12_mths_ex_med", Kind::Small),
    ("sec_app_mths_since_last_major_derog", Kind::Small),
    ("hardship_flag", Kind::Letter),
    ("hardship_type", Kind::Word(words::OTHERS)),
    ("hardship_reason", Kind::Word(words::OTHERS)),
    ("hardship_status", Kind::Word(words::HARDSHIP)),
    ("deferral_term", Kind::Small),
    ("hardship_amount", Kind::Float),
    ("hardship_start_date", Kind::Month),
    ("hardship_end_date", Kind::Month),
    ("payment_plan_start_date", Kind::Month),
    ("hardship_length", Kind::Small),
    ("hardship_dpd", Kind::Small),
    ("hardship_loan_status", Kind::Word(words::STATUS)),
    ("orig_projected_additional_accrued_interest", Kind::Float),
    ("hardship_payoff_balance_amount", Kind::Float),
    ("hardship_last_payment_amount", Kind::Float),
    ("disbursement_method", Kind::Word(words::DISBURSEMENT)),
    ("debt_settlement_flag", Kind::Letter),
    ("debt_settlement_flag_date", Kind::Month),
    ("settlement_status", Kind::Word(words::SETTLEMENT)),
    ("settlement_date", Kind::Month),
    ("settlement_amount", Kind::Float),
    ("settlement_percentage", Kind::Float),
    ("settlement_term", Kind::Small),
    ("fico_range_low", Kind::Small),
    ("fico_range_high", Kind::Small),
    ("last_fico_range_high", Kind::Small),
    ("last_fico_range_low", Kind::Small),
    ("sec_app_fico_range_low", Kind::Small),
    ("sec_app_fico_range_high", Kind::Small),
];

/// Columns that every loan has: a row without one of them, in a file that has the column, is a bad row.
pub const REQUIRED: [&str; 6] = ["loan_amnt", "term", "int_rate", "installment", "issue_d", "loan_status"];

/// What a loan was when it was issued. No two loans of a release agree on all of them, so they stand for the number
/// where a release leaves it blank.
pub const ORIGINATION: [&str; 13] = [
    "issue_d",
    "loan_amnt",
    "term",
    "int_rate",
    "installment",
    "zip_code",
    "annual_inc",
    "dti",
    "earliest_cr_line",
    "revol_bal",
    "addr_state",
    "purpose",
    "total_acc",
];

/// Columns that name the loan and say nothing of how it stands: they are no part of a row's hash.
pub const IDENTITY: [&str; 3] = ["id", "member_id", "url"];

/// Months up to which a release can be right: the latest of them is the release's own.
pub const AS_OF: [&str; 3] = ["issue_d", "last_pymnt_d", "last_credit_pull_d"];

/// The columns as the history's tables have them: the widest first, so that none is padded.
pub fn physical() -> [(&'static str, Kind); 151] {
    let mut columns = COLUMNS;
    columns.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.alignment()));
    columns
}

/// Number and kind of a typed column.
pub fn find(name: &str) -> Option<(u16, Kind)> {
    let number = COLUMNS.iter().position(|(known, _)| *known == name)?;
    Some((u16::try_from(number).ok()?, COLUMNS[number].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_master_begins_with_the_same_columns_and_the_history_has_them_all() {
        let names = COLUMNS.map(|(name, _)| name);
        assert_eq!(names[..145], crate::layout::COLUMNS);
        let sql = include_str!("../../migrations/V3__history.sql");
        let (_, table) = sql.split_once("create table history.version (").unwrap();
        let (_, table) = table.split_once("origination uuid,").unwrap();
        let (table, _) = table.split_once("extra jsonb").unwrap();
        let created = table
            .lines()
            .filter_map(|line| line.trim().trim_end_matches(',').split_once(' '))
            .map(|(name, kind)| format!("{} {kind}", name.trim_matches('"')))
            .collect::<Vec<_>>();
        assert_eq!(created, physical().map(|(name, kind)| format!("{name} {}", kind.sql())));
    }

    #[test]
    fn every_column_that_is_named_is_there() {
        for name in REQUIRED.iter().chain(&ORIGINATION).chain(&IDENTITY).chain(&AS_OF) {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
