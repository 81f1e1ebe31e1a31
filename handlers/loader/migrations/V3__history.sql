-- What the manifest knows of a release: how its versions are put in order, what was unchanged, how it was packed.
alter table ingest.files
    add column rows_unchanged bigint,
    add column as_of date,
    add column modified_at timestamptz,
    add column format text,
    add column values_refused bigint,
    add column trace_id text;

comment on column ingest.files.rows_loaded is 'Rows that are a new version of their loan.';
comment on column ingest.files.rows_unchanged is 'Rows that say what is known already: in master_loan as delivered, in the history as a sighting.';
comment on column ingest.files.rows_read is 'Records read, the header not counted: loaded + unchanged + rejected + left out.';
comment on column ingest.files.as_of is 'Latest month that a row of the file speaks of, but not after modified_at: what decides which version of a loan is the latest.';
comment on column ingest.files.modified_at is 'When the store says that the file was written; decides between files with the same as_of, and after it sha256.';
comment on column ingest.files.format is 'plain, gzip, zstd, bzip2 or zip.';
comment on column ingest.files.values_refused is 'Single values that do not fit their column: null in the history, kept in master_loan.';
comment on column ingest.files.trace_id is 'X-Ray trace, or what else the caller gave to follow a load by.';

alter table ingest.rejects add column column_name text;
comment on column ingest.rejects.column_name is 'The column whose value is at fault, where it is one.';

create table ingest.drift (
    file_id bigint not null references ingest.files (id),
    column_name text not null,
    change text not null check (change in ('added', 'missing', 'renamed', 'reordered', 'retyped')),
    detail text,
    primary key (file_id, column_name, change)
);
comment on table ingest.drift is 'How the columns of each file differ from those that the master table knew.';
comment on column ingest.drift.change is 'added: the master did not have it; missing: null in this file; renamed: delivered under an older name; reordered: first column out of the usual order; retyped: most values do not fit the type, so the history has none of them.';

create table ingest.totals (
    file_id bigint not null references ingest.files (id),
    policy_code bigint not null,
    stated numeric not null,
    found numeric not null,
    line bigint not null,
    primary key (file_id, line)
);
comment on table ingest.totals is 'Totals that the summary lines of a file state, and what its rows add up to.';
comment on column ingest.totals.stated is 'Dollars funded, as the line says.';
comment on column ingest.totals.found is 'Sum of funded_amnt over the loaded rows with that policy code, those after the title "Loans that do not meet the credit policy" left out, as the releases do.';

create schema history;
comment on schema history is 'Every distinct version of every loan, typed. Made by the loader; to be read through schema mart.';

-- What every search looks at stands first, since Postgres takes a row apart from its beginning; then the widest columns, so
-- that none is padded. The views have the usual order.
create table history.version (
    source_file_id bigint not null,
    source_line bigint not null,
    loan_key uuid not null,
    row_hash uuid not null,
    origination uuid,
    id bigint,
    member_id bigint,
    funded_amnt_inv double precision,
    int_rate double precision,
    dti double precision,
    revol_bal bigint,
    revol_util double precision,
    total_pymnt double precision,
    total_pymnt_inv double precision,
    total_rec_late_fee double precision,
    recoveries double precision,
    collection_recovery_fee double precision,
    last_pymnt_amnt double precision,
    dti_joint double precision,
    tot_coll_amt bigint,
    tot_cur_bal bigint,
    total_bal_il bigint,
    il_util double precision,
    max_bal_bc bigint,
    all_util double precision,
    total_rev_hi_lim bigint,
    avg_cur_bal bigint,
    bc_open_to_buy bigint,
    bc_util double precision,
    delinq_amnt bigint,
    pct_tl_nvr_dlq double precision,
    percent_bc_gt_75 double precision,
    tot_hi_cred_lim bigint,
    total_bal_ex_mort bigint,
    total_bc_limit bigint,
    total_il_high_credit_limit bigint,
    revol_bal_joint bigint,
    sec_app_revol_util double precision,
    hardship_amount double precision,
    orig_projected_additional_accrued_interest double precision,
    hardship_payoff_balance_amount double precision,
    hardship_last_payment_amount double precision,
    settlement_amount double precision,
    settlement_percentage double precision,
    issue_d date,
    earliest_cr_line date,
    last_pymnt_d date,
    next_pymnt_d date,
    last_credit_pull_d date,
    sec_app_earliest_cr_line date,
    hardship_start_date date,
    hardship_end_date date,
    payment_plan_start_date date,
    debt_settlement_flag_date date,
    settlement_date date,
    term smallint,
    delinq_2yrs smallint,
    inq_last_6mths smallint,
    mths_since_last_delinq smallint,
    mths_since_last_record smallint,
    open_acc smallint,
    pub_rec smallint,
    total_acc smallint,
    collections_12_mths_ex_med smallint,
    mths_since_last_major_derog smallint,
    policy_code smallint,
    acc_now_delinq smallint,
    open_acc_6m smallint,
    open_act_il smallint,
    open_il_12m smallint,
    open_il_24m smallint,
    mths_since_rcnt_il smallint,
    open_rv_12m smallint,
    open_rv_24m smallint,
    inq_fi smallint,
    total_cu_tl smallint,
    inq_last_12m smallint,
    acc_open_past_24mths smallint,
    chargeoff_within_12_mths smallint,
    mo_sin_old_il_acct smallint,
    mo_sin_old_rev_tl_op smallint,
    mo_sin_rcnt_rev_tl_op smallint,
    mo_sin_rcnt_tl smallint,
    mort_acc smallint,
    mths_since_recent_bc smallint,
    mths_since_recent_bc_dlq smallint,
    mths_since_recent_inq smallint,
    mths_since_recent_revol_delinq smallint,
    num_accts_ever_120_pd smallint,
    num_actv_bc_tl smallint,
    num_actv_rev_tl smallint,
    num_bc_sats smallint,
    num_bc_tl smallint,
    num_il_tl smallint,
    num_op_rev_tl smallint,
    num_rev_accts smallint,
    num_rev_tl_bal_gt_0 smallint,
    num_sats smallint,
    num_tl_120dpd_2m smallint,
    num_tl_30dpd smallint,
    num_tl_90g_dpd_24m smallint,
    num_tl_op_past_12m smallint,
    pub_rec_bankruptcies smallint,
    tax_liens smallint,
    sec_app_inq_last_6mths smallint,
    sec_app_mort_acc smallint,
    sec_app_open_acc smallint,
    sec_app_open_act_il smallint,
    sec_app_num_rev_accts smallint,
    sec_app_chargeoff_within_12_mths smallint,
    sec_app_collections_12_mths_ex_med smallint,
    sec_app_mths_since_last_major_derog smallint,
    deferral_term smallint,
    hardship_length smallint,
    hardship_dpd smallint,
    settlement_term smallint,
    fico_range_low smallint,
    fico_range_high smallint,
    last_fico_range_high smallint,
    last_fico_range_low smallint,
    sec_app_fico_range_low smallint,
    sec_app_fico_range_high smallint,
    loan_amnt numeric(14,2),
    funded_amnt numeric(14,2),
    installment numeric(14,2),
    grade char(1),
    sub_grade char(2),
    emp_title text,
    emp_length text,
    home_ownership text,
    annual_inc numeric(14,2),
    verification_status text,
    loan_status text,
    pymnt_plan char(1),
    url text,
    "desc" text,
    purpose text,
    title text,
    zip_code char(5),
    addr_state char(2),
    initial_list_status text,
    out_prncp numeric(14,2),
    out_prncp_inv numeric(14,2),
    total_rec_prncp numeric(14,2),
    total_rec_int numeric(14,2),
    application_type text,
    annual_inc_joint numeric(14,2),
    verification_status_joint text,
    hardship_flag char(1),
    hardship_type text,
    hardship_reason text,
    hardship_status text,
    hardship_loan_status text,
    disbursement_method text,
    debt_settlement_flag char(1),
    settlement_status text,
    extra jsonb
) partition by list (source_file_id);
create index version_loan_key on history.version (loan_key, row_hash) include (source_file_id, source_line);

comment on table history.version is 'What the releases say of each loan, each distinct version once. One partition per file that brought new versions.';
comment on column history.version.id is 'The lender''s number of the loan; from the url where the file leaves it blank.';
comment on column history.version.member_id is 'The lender''s number of the borrower; blank in every release since 2017.';
comment on column history.version.loan_amnt is 'Amount asked for, in dollars, after any reduction by the lender.';
comment on column history.version.funded_amnt is 'Dollars committed to the loan so far.';
comment on column history.version.funded_amnt_inv is 'Dollars committed by investors so far.';
comment on column history.version.term is 'Number of monthly payments: 36 or 60.';
comment on column history.version.int_rate is 'Yearly interest rate in percent.';
comment on column history.version.installment is 'Monthly payment in dollars, as agreed at the start.';
comment on column history.version.grade is 'The lender''s risk grade, A (best) to G.';
comment on column history.version.sub_grade is 'The grade in five steps, A1 (best) to G5.';
comment on column history.version.emp_title is 'The borrower''s job, in the borrower''s words.';
comment on column history.version.emp_length is 'Years in the job, from ''< 1 year'' to ''10+ years''.';
comment on column history.version.home_ownership is 'How the borrower lives: RENT, OWN, MORTGAGE, OTHER, NONE or ANY.';
comment on column history.version.annual_inc is 'Yearly income in dollars, as the borrower stated it.';
comment on column history.version.verification_status is 'Whether the lender checked the income or its source.';
comment on column history.version.issue_d is 'Month in which the loan was paid out; the first day stands for the month.';
comment on column history.version.loan_status is 'How the loan stands at the time of the release.';
comment on column history.version.pymnt_plan is 'y if a payment plan was agreed, else n.';
comment on column history.version.url is 'Page of the listing.';
comment on column history.version."desc" is 'What the borrower wrote about the loan.';
comment on column history.version.purpose is 'What the loan is for, one of the lender''s categories.';
comment on column history.version.title is 'Heading that the borrower gave the loan.';
comment on column history.version.zip_code is 'First three digits of the borrower''s postcode, then xx.';
comment on column history.version.addr_state is 'Two letters for the borrower''s state.';
comment on column history.version.dti is 'Monthly debt payments, without mortgage and this loan, in percent of monthly income.';
comment on column history.version.delinq_2yrs is 'Times a payment was 30 days late or more in the last two years.';
comment on column history.version.earliest_cr_line is 'Month of the borrower''s first credit line.';
comment on column history.version.inq_last_6mths is 'Credit inquiries in the last six months, car and mortgage left out.';
comment on column history.version.mths_since_last_delinq is 'Months since the last late payment.';
comment on column history.version.mths_since_last_record is 'Months since the last public record.';
comment on column history.version.open_acc is 'Open credit lines.';
comment on column history.version.pub_rec is 'Derogatory public records.';
comment on column history.version.revol_bal is 'Revolving balance in dollars.';
comment on column history.version.revol_util is 'Share of the revolving limit in use, in percent.';
comment on column history.version.total_acc is 'Credit lines ever, open or closed.';
comment on column history.version.initial_list_status is 'How the loan was first offered: w whole, f in fractions.';
comment on column history.version.out_prncp is 'Principal still owed, in dollars.';
comment on column history.version.out_prncp_inv is 'Principal still owed on the investors'' part, in dollars.';
comment on column history.version.total_pymnt is 'Dollars received so far.';
comment on column history.version.total_pymnt_inv is 'Dollars received so far on the investors'' part.';
comment on column history.version.total_rec_prncp is 'Principal received so far, in dollars.';
comment on column history.version.total_rec_int is 'Interest received so far, in dollars.';
comment on column history.version.total_rec_late_fee is 'Late fees received so far, in dollars.';
comment on column history.version.recoveries is 'Dollars recovered after the charge-off, before fees.';
comment on column history.version.collection_recovery_fee is 'Collection fee after the charge-off, in dollars.';
comment on column history.version.last_pymnt_d is 'Month of the last payment.';
comment on column history.version.last_pymnt_amnt is 'Last payment in dollars.';
comment on column history.version.next_pymnt_d is 'Month in which the next payment is due.';
comment on column history.version.last_credit_pull_d is 'Month in which the lender last asked the credit bureau.';
comment on column history.version.collections_12_mths_ex_med is 'Collections in the last twelve months, medical ones left out.';
comment on column history.version.mths_since_last_major_derog is 'Months since the last rating of 90 days late or worse.';
comment on column history.version.policy_code is '1 for loans that anybody may buy, 2 for new products that are not public.';
comment on column history.version.application_type is 'Individual, or Joint App for two borrowers.';
comment on column history.version.annual_inc_joint is 'Yearly income of both borrowers in dollars.';
comment on column history.version.dti_joint is 'As dti, of both borrowers.';
comment on column history.version.verification_status_joint is 'As verification_status, of both borrowers.';
comment on column history.version.acc_now_delinq is 'Accounts on which the borrower is late now.';
comment on column history.version.tot_coll_amt is 'Dollars ever in collections.';
comment on column history.version.tot_cur_bal is 'Balance of all accounts in dollars.';
comment on column history.version.open_acc_6m is 'Credit lines opened in the last six months.';
comment on column history.version.open_act_il is 'Instalment accounts in use; called open_il_6m until 2017.';
comment on column history.version.open_il_12m is 'Instalment accounts opened in the last 12 months.';
comment on column history.version.open_il_24m is 'Instalment accounts opened in the last 24 months.';
comment on column history.version.mths_since_rcnt_il is 'Months since the newest instalment account was opened.';
comment on column history.version.total_bal_il is 'Balance of all instalment accounts in dollars.';
comment on column history.version.il_util is 'Instalment balance in percent of the amounts first lent.';
comment on column history.version.open_rv_12m is 'Revolving accounts opened in the last 12 months.';
comment on column history.version.open_rv_24m is 'Revolving accounts opened in the last 24 months.';
comment on column history.version.max_bal_bc is 'Highest balance on any revolving account, in dollars.';
comment on column history.version.all_util is 'Balance in percent of the limits, over all accounts.';
comment on column history.version.total_rev_hi_lim is 'Revolving limits together, in dollars.';
comment on column history.version.inq_fi is 'Inquiries by personal finance companies.';
comment on column history.version.total_cu_tl is 'Finance accounts.';
comment on column history.version.inq_last_12m is 'Credit inquiries in the last 12 months.';
comment on column history.version.acc_open_past_24mths is 'Accounts opened in the last 24 months.';
comment on column history.version.avg_cur_bal is 'Mean balance of all accounts in dollars.';
comment on column history.version.bc_open_to_buy is 'Dollars still free on revolving bank cards.';
comment on column history.version.bc_util is 'Bank card balance in percent of the limits.';
comment on column history.version.chargeoff_within_12_mths is 'Charge-offs in the last 12 months.';
comment on column history.version.delinq_amnt is 'Dollars past due on the accounts that are late now.';
comment on column history.version.mo_sin_old_il_acct is 'Months since the oldest instalment account was opened.';
comment on column history.version.mo_sin_old_rev_tl_op is 'Months since the oldest revolving account was opened.';
comment on column history.version.mo_sin_rcnt_rev_tl_op is 'Months since the newest revolving account was opened.';
comment on column history.version.mo_sin_rcnt_tl is 'Months since the newest account was opened.';
comment on column history.version.mort_acc is 'Mortgage accounts.';
comment on column history.version.mths_since_recent_bc is 'Months since the newest bank card account was opened.';
comment on column history.version.mths_since_recent_bc_dlq is 'Months since the last late payment on a bank card.';
comment on column history.version.mths_since_recent_inq is 'Months since the last inquiry.';
comment on column history.version.mths_since_recent_revol_delinq is 'Months since the last late payment on a revolving account.';
comment on column history.version.num_accts_ever_120_pd is 'Accounts that were ever 120 days late or more.';
comment on column history.version.num_actv_bc_tl is 'Bank cards in use.';
comment on column history.version.num_actv_rev_tl is 'Revolving accounts in use.';
comment on column history.version.num_bc_sats is 'Bank cards in good standing.';
comment on column history.version.num_bc_tl is 'Bank cards.';
comment on column history.version.num_il_tl is 'Instalment accounts.';
comment on column history.version.num_op_rev_tl is 'Open revolving accounts.';
comment on column history.version.num_rev_accts is 'Revolving accounts.';
comment on column history.version.num_rev_tl_bal_gt_0 is 'Revolving accounts with a balance.';
comment on column history.version.num_sats is 'Accounts in good standing.';
comment on column history.version.num_tl_120dpd_2m is 'Accounts that are 120 days late now, as reported in the last two months.';
comment on column history.version.num_tl_30dpd is 'Accounts that are 30 days late now, as reported in the last two months.';
comment on column history.version.num_tl_90g_dpd_24m is 'Accounts 90 days late or more in the last 24 months.';
comment on column history.version.num_tl_op_past_12m is 'Accounts opened in the last 12 months.';
comment on column history.version.pct_tl_nvr_dlq is 'Accounts that were never late, in percent.';
comment on column history.version.percent_bc_gt_75 is 'Bank cards used to more than 75 % of their limit, in percent.';
comment on column history.version.pub_rec_bankruptcies is 'Bankruptcies on public record.';
comment on column history.version.tax_liens is 'Tax liens.';
comment on column history.version.tot_hi_cred_lim is 'Limits or amounts first lent of all accounts, in dollars.';
comment on column history.version.total_bal_ex_mort is 'Balance of all accounts without mortgages, in dollars.';
comment on column history.version.total_bc_limit is 'Limits of all bank cards in dollars.';
comment on column history.version.total_il_high_credit_limit is 'Amounts first lent on all instalment accounts, in dollars.';
comment on column history.version.revol_bal_joint is 'Revolving balance of both borrowers in dollars, what they share counted once.';
comment on column history.version.sec_app_earliest_cr_line is 'As earliest_cr_line, of the second borrower.';
comment on column history.version.sec_app_inq_last_6mths is 'As inq_last_6mths, of the second borrower.';
comment on column history.version.sec_app_mort_acc is 'As mort_acc, of the second borrower.';
comment on column history.version.sec_app_open_acc is 'As open_acc, of the second borrower.';
comment on column history.version.sec_app_revol_util is 'As revol_util, of the second borrower.';
comment on column history.version.sec_app_open_act_il is 'As open_act_il, of the second borrower; called sec_app_open_il_6m until 2017.';
comment on column history.version.sec_app_num_rev_accts is 'As num_rev_accts, of the second borrower.';
comment on column history.version.sec_app_chargeoff_within_12_mths is 'As chargeoff_within_12_mths, of the second borrower.';
comment on column history.version.sec_app_collections_12_mths_ex_med is 'As collections_12_mths_ex_med, of the second borrower.';
comment on column history.version.sec_app_mths_since_last_major_derog is 'As mths_since_last_major_derog, of the second borrower.';
comment on column history.version.hardship_flag is 'Y if the borrower is on a hardship plan.';
comment on column history.version.hardship_type is 'What the hardship plan offers.';
comment on column history.version.hardship_reason is 'Why it was offered.';
comment on column history.version.hardship_status is 'Whether it is active, completed or broken.';
comment on column history.version.deferral_term is 'Months by which payments are reduced or put off by the plan.';
comment on column history.version.hardship_amount is 'Interest due each month while on the plan, in dollars.';
comment on column history.version.hardship_start_date is 'First month of the plan.';
comment on column history.version.hardship_end_date is 'Last month of the plan.';
comment on column history.version.payment_plan_start_date is 'Month of the first payment under the plan.';
comment on column history.version.hardship_length is 'Months of smaller payments under the plan.';
comment on column history.version.hardship_dpd is 'Days the loan was late when the plan began.';
comment on column history.version.hardship_loan_status is 'Status of the loan when the plan began.';
comment on column history.version.orig_projected_additional_accrued_interest is 'Interest that the plan was expected to add, in dollars.';
comment on column history.version.hardship_payoff_balance_amount is 'Dollars that would have paid off the loan when the plan began.';
comment on column history.version.hardship_last_payment_amount is 'Last payment before the plan, in dollars.';
comment on column history.version.disbursement_method is 'How the borrower got the money: Cash or DirectPay.';
comment on column history.version.debt_settlement_flag is 'Y if a charged-off borrower works with a settlement company.';
comment on column history.version.debt_settlement_flag_date is 'Month in which that flag was last set.';
comment on column history.version.settlement_status is 'ACTIVE, COMPLETE or BROKEN.';
comment on column history.version.settlement_date is 'Month in which the borrower agreed to settle.';
comment on column history.version.settlement_amount is 'Dollars agreed to settle the loan.';
comment on column history.version.settlement_percentage is 'The settlement in percent of what was owed.';
comment on column history.version.settlement_term is 'Months over which the settlement is paid.';
comment on column history.version.fico_range_low is 'Lower end of the borrower''s FICO score when the loan was issued.';
comment on column history.version.fico_range_high is 'Upper end of the borrower''s FICO score when the loan was issued.';
comment on column history.version.last_fico_range_high is 'Upper end of the borrower''s latest FICO score.';
comment on column history.version.last_fico_range_low is 'Lower end of the borrower''s latest FICO score.';
comment on column history.version.sec_app_fico_range_low is 'As fico_range_low, of the second borrower.';
comment on column history.version.sec_app_fico_range_high is 'As fico_range_high, of the second borrower.';
comment on column history.version.extra is 'Columns that have no type yet, as delivered.';
comment on column history.version.source_file_id is 'ingest.files.id of the file from which the version was loaded first.';
comment on column history.version.source_line is 'Line of the row in that file.';
comment on column history.version.loan_key is 'The loan: its number behind eight zero bytes, else the hash of the origination, else (files that lack origination columns) the row itself.';
comment on column history.version.row_hash is 'Hash of all values but id, member_id and url; the same for 3600 and 3600.0, INDIVIDUAL and Individual.';
comment on column history.version.origination is 'Hash of thirteen values that are fixed when a loan is issued; matches releases without numbers to those with.';

create table history.sighting (
    file_id bigint not null references ingest.files (id),
    source_line bigint not null,
    loan_key uuid not null,
    row_hash uuid not null
) partition by list (file_id);
create index sighting_loan_key on history.sighting (loan_key, row_hash);
comment on table history.sighting is 'Files that repeat a version which another file brought.';

create table history.identity (
    origination uuid not null,
    id bigint not null,
    primary key (origination, id)
);
comment on table history.identity is 'Which numbers belong to an origination, from files that have both.';

create table history.alias (
    raw_key uuid primary key,
    id bigint not null,
    loan_key uuid not null
);
create index alias_loan_key on history.alias (loan_key);
comment on table history.alias is 'Loans that a release without numbers names by their origination, and their numbers from other releases.';

create table history.former (
    loan_key uuid not null,
    row_hash uuid not null,
    primary key (loan_key, row_hash)
);
comment on table history.former is 'Versions that are not the latest of their loan. Most loans have one version only, so that the others are few.';

create function history.key_of_id(id bigint) returns uuid
    language sql immutable strict parallel safe
    return lpad(to_hex(id), 32, '0')::uuid;
comment on function history.key_of_id is 'The loan_key of a numbered loan.';

create function history.key_of_occurrence(origination uuid, occurrence bigint) returns uuid
    language sql immutable strict parallel safe
    return case when occurrence = 1 then origination else md5(origination::text || '#' || occurrence)::uuid end;
comment on function history.key_of_occurrence is 'The loan_key of the n-th loan of a file with the same origination and no number.';

create function history.id_of_key(loan_key uuid) returns bigint
    language sql immutable strict parallel safe
    return case when loan_key < '00000000-0000-0001-0000-000000000000'
        then ('x' || right(replace(loan_key::text, '-', ''), 16))::bit(64)::bigint end;
comment on function history.id_of_key is 'The number in the loan_key of a numbered loan, null for other keys.';

create view history.seen as
    select loan_key, row_hash, source_file_id as file_id, source_line from history.version
    union all
    select loan_key, row_hash, file_id, source_line from history.sighting;
comment on view history.seen is 'Every file that shows a version, whether it brought it or repeated it.';

create schema mart;
comment on schema mart is 'Loans for people: typed, and one meaning per column.';

create view mart.loans as
select
    coalesce(a.loan_key, v.loan_key) as loan_key,
    coalesce(v.id, a.id) as id,
    v.member_id,
    v.loan_amnt,
    v.funded_amnt,
    v.funded_amnt_inv,
    v.term,
    v.int_rate,
    v.installment,
    v.grade,
    v.sub_grade,
    v.emp_title,
    v.emp_length,
    v.home_ownership,
    v.annual_inc,
    v.verification_status,
    v.issue_d,
    v.loan_status,
    v.pymnt_plan,
    v.url,
    v."desc",
    v.purpose,
    v.title,
    v.zip_code,
    v.addr_state,
    v.dti,
    v.delinq_2yrs,
    v.earliest_cr_line,
    v.inq_last_6mths,
    v.mths_since_last_delinq,
    v.mths_since_last_record,
    v.open_acc,
    v.pub_rec,
    v.revol_bal,
    v.revol_util,
    v.total_acc,
    v.initial_list_status,
    v.out_prncp,
    v.out_prncp_inv,
    v.total_pymnt,
    v.total_pymnt_inv,
    v.total_rec_prncp,
    v.total_rec_int,
    v.total_rec_late_fee,
    v.recoveries,
    v.collection_recovery_fee,
    v.last_pymnt_d,
    v.last_pymnt_amnt,
    v.next_pymnt_d,
    v.last_credit_pull_d,
    v.collections_12_mths_ex_med,
    v.mths_since_last_major_derog,
    v.policy_code,
    v.application_type,
    v.annual_inc_joint,
    v.dti_joint,
    v.verification_status_joint,
    v.acc_now_delinq,
    v.tot_coll_amt,
    v.tot_cur_bal,
    v.open_acc_6m,
    v.open_act_il,
    v.open_il_12m,
    v.open_il_24m,
    v.mths_since_rcnt_il,
    v.total_bal_il,
    v.il_util,
    v.open_rv_12m,
    v.open_rv_24m,
    v.max_bal_bc,
    v.all_util,
    v.total_rev_hi_lim,
    v.inq_fi,
    v.total_cu_tl,
    v.inq_last_12m,
    v.acc_open_past_24mths,
    v.avg_cur_bal,
    v.bc_open_to_buy,
    v.bc_util,
    v.chargeoff_within_12_mths,
    v.delinq_amnt,
    v.mo_sin_old_il_acct,
    v.mo_sin_old_rev_tl_op,
    v.mo_sin_rcnt_rev_tl_op,
    v.mo_sin_rcnt_tl,
    v.mort_acc,
    v.mths_since_recent_bc,
    v.mths_since_recent_bc_dlq,
    v.mths_since_recent_inq,
    v.mths_since_recent_revol_delinq,
    v.num_accts_ever_120_pd,
    v.num_actv_bc_tl,
    v.num_actv_rev_tl,
    v.num_bc_sats,
    v.num_bc_tl,
    v.num_il_tl,
    v.num_op_rev_tl,
    v.num_rev_accts,
    v.num_rev_tl_bal_gt_0,
    v.num_sats,
    v.num_tl_120dpd_2m,
    v.num_tl_30dpd,
    v.num_tl_90g_dpd_24m,
    v.num_tl_op_past_12m,
    v.pct_tl_nvr_dlq,
    v.percent_bc_gt_75,
    v.pub_rec_bankruptcies,
    v.tax_liens,
    v.tot_hi_cred_lim,
    v.total_bal_ex_mort,
    v.total_bc_limit,
    v.total_il_high_credit_limit,
    v.revol_bal_joint,
    v.sec_app_earliest_cr_line,
    v.sec_app_inq_last_6mths,
    v.sec_app_mort_acc,
    v.sec_app_open_acc,
    v.sec_app_revol_util,
    v.sec_app_open_act_il,
    v.sec_app_num_rev_accts,
    v.sec_app_chargeoff_within_12_mths,
    v.sec_app_collections_12_mths_ex_med,
    v.sec_app_mths_since_last_major_derog,
    v.hardship_flag,
    v.hardship_type,
    v.hardship_reason,
    v.hardship_status,
    v.deferral_term,
    v.hardship_amount,
    v.hardship_start_date,
    v.hardship_end_date,
    v.payment_plan_start_date,
    v.hardship_length,
    v.hardship_dpd,
    v.hardship_loan_status,
    v.orig_projected_additional_accrued_interest,
    v.hardship_payoff_balance_amount,
    v.hardship_last_payment_amount,
    v.disbursement_method,
    v.debt_settlement_flag,
    v.debt_settlement_flag_date,
    v.settlement_status,
    v.settlement_date,
    v.settlement_amount,
    v.settlement_percentage,
    v.settlement_term,
    v.fico_range_low,
    v.fico_range_high,
    v.last_fico_range_high,
    v.last_fico_range_low,
    v.sec_app_fico_range_low,
    v.sec_app_fico_range_high,
    v.extra,
    coalesce(later.as_of, f.as_of) as as_of,
    coalesce(later.source_table, f.source_table) as source_table,
    coalesce(later.source_line, v.source_line) as source_line
from history.version v
join ingest.files f on f.id = v.source_file_id
left join history.alias a on a.raw_key = v.loan_key
left join (
    select distinct on (s.loan_key, s.row_hash) s.loan_key, s.row_hash, s.source_line, g.as_of, g.modified_at, g.sha256, g.source_table
    from history.sighting s
    join ingest.files g on g.id = s.file_id
    order by s.loan_key, s.row_hash, g.as_of desc, g.modified_at desc, g.sha256 desc, s.source_line desc
) later on later.loan_key = v.loan_key and later.row_hash = v.row_hash
    and (later.as_of, later.modified_at, later.sha256) > (f.as_of, f.modified_at, f.sha256)
where not exists (select from history.former o where o.loan_key = v.loan_key and o.row_hash = v.row_hash);

create view mart.loan_history as
select
    coalesce(a.loan_key, v.loan_key) as loan_key,
    seen.first_as_of,
    seen.last_as_of,
    seen.files,
    o.loan_key is null as is_latest,
    coalesce(v.id, a.id) as id,
    v.member_id,
    v.loan_amnt,
    v.funded_amnt,
    v.funded_amnt_inv,
    v.term,
    v.int_rate,
    v.installment,
    v.grade,
    v.sub_grade,
    v.emp_title,
    v.emp_length,
    v.home_ownership,
    v.annual_inc,
    v.verification_status,
    v.issue_d,
    v.loan_status,
    v.pymnt_plan,
    v.url,
    v."desc",
    v.purpose,
    v.title,
    v.zip_code,
    v.addr_state,
    v.dti,
    v.delinq_2yrs,
    v.earliest_cr_line,
    v.inq_last_6mths,
    v.mths_since_last_delinq,
    v.mths_since_last_record,
    v.open_acc,
    v.pub_rec,
    v.revol_bal,
    v.revol_util,
    v.total_acc,
    v.initial_list_status,
    v.out_prncp,
    v.out_prncp_inv,
    v.total_pymnt,
    v.total_pymnt_inv,
    v.total_rec_prncp,
    v.total_rec_int,
    v.total_rec_late_fee,
    v.recoveries,
    v.collection_recovery_fee,
    v.last_pymnt_d,
    v.last_pymnt_amnt,
    v.next_pymnt_d,
    v.last_credit_pull_d,
    v.collections_12_mths_ex_med,
    v.mths_since_last_major_derog,
    v.policy_code,
    v.application_type,
    v.annual_inc_joint,
    v.dti_joint,
    v.verification_status_joint,
    v.acc_now_delinq,
    v.tot_coll_amt,
    v.tot_cur_bal,
    v.open_acc_6m,
    v.open_act_il,
    v.open_il_12m,
    v.open_il_24m,
    v.mths_since_rcnt_il,
    v.total_bal_il,
    v.il_util,
    v.open_rv_12m,
    v.open_rv_24m,
    v.max_bal_bc,
    v.all_util,
    v.total_rev_hi_lim,
    v.inq_fi,
    v.total_cu_tl,
    v.inq_last_12m,
    v.acc_open_past_24mths,
    v.avg_cur_bal,
    v.bc_open_to_buy,
    v.bc_util,
    v.chargeoff_within_12_mths,
    v.delinq_amnt,
    v.mo_sin_old_il_acct,
    v.mo_sin_old_rev_tl_op,
    v.mo_sin_rcnt_rev_tl_op,
    v.mo_sin_rcnt_tl,
    v.mort_acc,
    v.mths_since_recent_bc,
    v.mths_since_recent_bc_dlq,
    v.mths_since_recent_inq,
    v.mths_since_recent_revol_delinq,
    v.num_accts_ever_120_pd,
    v.num_actv_bc_tl,
    v.num_actv_rev_tl,
    v.num_bc_sats,
    v.num_bc_tl,
    v.num_il_tl,
    v.num_op_rev_tl,
    v.num_rev_accts,
    v.num_rev_tl_bal_gt_0,
    v.num_sats,
    v.num_tl_120dpd_2m,
    v.num_tl_30dpd,
    v.num_tl_90g_dpd_24m,
    v.num_tl_op_past_12m,
    v.pct_tl_nvr_dlq,
    v.percent_bc_gt_75,
    v.pub_rec_bankruptcies,
    v.tax_liens,
    v.tot_hi_cred_lim,
    v.total_bal_ex_mort,
    v.total_bc_limit,
    v.total_il_high_credit_limit,
    v.revol_bal_joint,
    v.sec_app_earliest_cr_line,
    v.sec_app_inq_last_6mths,
    v.sec_app_mort_acc,
    v.sec_app_open_acc,
    v.sec_app_revol_util,
    v.sec_app_open_act_il,
    v.sec_app_num_rev_accts,
    v.sec_app_chargeoff_within_12_mths,
    v.sec_app_collections_12_mths_ex_med,
    v.sec_app_mths_since_last_major_derog,
    v.hardship_flag,
    v.hardship_type,
    v.hardship_reason,
    v.hardship_status,
    v.deferral_term,
    v.hardship_amount,
    v.hardship_start_date,
    v.hardship_end_date,
    v.payment_plan_start_date,
    v.hardship_length,
    v.hardship_dpd,
    v.hardship_loan_status,
    v.orig_projected_additional_accrued_interest,
    v.hardship_payoff_balance_amount,
    v.hardship_last_payment_amount,
    v.disbursement_method,
    v.debt_settlement_flag,
    v.debt_settlement_flag_date,
    v.settlement_status,
    v.settlement_date,
    v.settlement_amount,
    v.settlement_percentage,
    v.settlement_term,
    v.fico_range_low,
    v.fico_range_high,
    v.last_fico_range_high,
    v.last_fico_range_low,
    v.sec_app_fico_range_low,
    v.sec_app_fico_range_high,
    v.extra
from history.version v
join (
    select s.loan_key, s.row_hash, min(f.as_of) as first_as_of, max(f.as_of) as last_as_of, count(distinct f.id) as files
    from history.seen s
    join ingest.files f on f.id = s.file_id
    group by s.loan_key, s.row_hash
) seen on seen.loan_key = v.loan_key and seen.row_hash = v.row_hash
left join history.alias a on a.raw_key = v.loan_key
left join history.former o on o.loan_key = v.loan_key and o.row_hash = v.row_hash;

comment on view mart.loans is 'One row per loan: what the latest release that has it says.';
comment on view mart.loan_history is 'One row per distinct version of a loan: how it went over time.';
do $$
declare
    described record;
begin
    for described in
        select attname, col_description(attrelid, attnum) as description
        from pg_attribute
        where attrelid = 'history.version'::regclass and attnum > 0
            and attname not in ('source_file_id', 'source_line', 'row_hash', 'origination')
    loop
        execute format('comment on column mart.loans.%I is %L', described.attname, described.description);
        execute format('comment on column mart.loan_history.%I is %L', described.attname, described.description);
    end loop;
end $$;
comment on column mart.loans.as_of is 'Release month of the row.';
comment on column mart.loans.source_table is 'Table in schema source, and value of master_loan.source_table, with the row as delivered.';
comment on column mart.loans.source_line is 'Its line there.';
comment on column mart.loan_history.first_as_of is 'Month of the first release that shows this version.';
comment on column mart.loan_history.last_as_of is 'Month of the last release that shows this version.';
comment on column mart.loan_history.files is 'How many files show it.';
comment on column mart.loan_history.is_latest is 'Whether it is the row of mart.loans.';
