-- What a model may know: the values that stood when the loan was issued, and how the loan ended.
create table mart.leaking_columns (
    column_name text primary key,
    reason text not null
);
comment on table mart.leaking_columns is 'Columns of mart.loans that were not known when the loan was issued, or were restated since. A model that reads one of them knows the outcome beforehand; the trainer refuses it.';
comment on column mart.leaking_columns.column_name is 'Column of mart.loans.';
comment on column mart.leaking_columns.reason is 'What in it tells how the loan ended.';
insert into mart.leaking_columns (column_name, reason) values
    ('funded_amnt_inv', 'Restated after the issue: the releases of 2017 and 2018 differ on 14 of 42,535 loans.'),
    ('loan_status', 'The outcome itself; the label is made of it.'),
    ('pymnt_plan', 'Agreed after the borrower fell behind.'),
    ('out_prncp', 'What is still owed: zero once the outcome is known.'),
    ('out_prncp_inv', 'As out_prncp.'),
    ('total_pymnt', 'Payments received since: a loan that paid everything back was paid back.'),
    ('total_pymnt_inv', 'As total_pymnt.'),
    ('total_rec_prncp', 'As total_pymnt: all of the principal came back, or not.'),
    ('total_rec_int', 'Interest received since: grows with the months that were paid.'),
    ('total_rec_late_fee', 'Fees for late payments since the issue.'),
    ('recoveries', 'Exists only after a charge-off.'),
    ('collection_recovery_fee', 'Exists only after a charge-off.'),
    ('last_pymnt_d', 'Falls before the end of the term where payments stopped.'),
    ('last_pymnt_amnt', 'A large last payment is an early pay-off.'),
    ('next_pymnt_d', 'Empty once the loan has ended.'),
    ('last_credit_pull_d', 'The lender goes on asking the bureau as long as the loan lives.'),
    ('hardship_flag', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_type', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_reason', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_status', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('deferral_term', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_amount', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_start_date', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_end_date', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('payment_plan_start_date', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_length', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_dpd', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_loan_status', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('orig_projected_additional_accrued_interest', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_payoff_balance_amount', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('hardship_last_payment_amount', 'Part of a hardship plan, which a borrower asks for when payments become hard.'),
    ('debt_settlement_flag', 'Part of a settlement, which follows a charge-off.'),
    ('debt_settlement_flag_date', 'Part of a settlement, which follows a charge-off.'),
    ('settlement_status', 'Part of a settlement, which follows a charge-off.'),
    ('settlement_date', 'Part of a settlement, which follows a charge-off.'),
    ('settlement_amount', 'Part of a settlement, which follows a charge-off.'),
    ('settlement_percentage', 'Part of a settlement, which follows a charge-off.'),
    ('settlement_term', 'Part of a settlement, which follows a charge-off.'),
    ('last_fico_range_high', 'The score of today: it fell because of the default.'),
    ('last_fico_range_low', 'As last_fico_range_high.'),
    ('extra', 'Columns that nobody has looked at yet; whether they were known at issue is not known.');

-- The label is null as long as a loan is neither paid back nor given up: such a loan is no example of either. The prefix marks
-- loans that a later policy would have refused; they ended like the others.
create view mart.loan_features as
select
    loan_key,
    issue_d,
    case regexp_replace(loan_status, '^Does not meet the credit policy\.\s*Status:\s*', '')
        when 'Charged Off' then 1
        when 'Default' then 1
        when 'Fully Paid' then 0
    end::smallint as label,
    loan_amnt,
    funded_amnt,
    term,
    int_rate,
    installment,
    grade,
    sub_grade,
    emp_title,
    emp_length,
    home_ownership,
    annual_inc,
    verification_status,
    "desc",
    purpose,
    title,
    zip_code,
    addr_state,
    dti,
    delinq_2yrs,
    earliest_cr_line,
    inq_last_6mths,
    mths_since_last_delinq,
    mths_since_last_record,
    open_acc,
    pub_rec,
    revol_bal,
    revol_util,
    total_acc,
    initial_list_status,
    collections_12_mths_ex_med,
    mths_since_last_major_derog,
    policy_code,
    application_type,
    annual_inc_joint,
    dti_joint,
    verification_status_joint,
    acc_now_delinq,
    tot_coll_amt,
    tot_cur_bal,
    open_acc_6m,
    open_act_il,
    open_il_12m,
    open_il_24m,
    mths_since_rcnt_il,
    total_bal_il,
    il_util,
    open_rv_12m,
    open_rv_24m,
    max_bal_bc,
    all_util,
    total_rev_hi_lim,
    inq_fi,
    total_cu_tl,
    inq_last_12m,
    acc_open_past_24mths,
    avg_cur_bal,
    bc_open_to_buy,
    bc_util,
    chargeoff_within_12_mths,
    delinq_amnt,
    mo_sin_old_il_acct,
    mo_sin_old_rev_tl_op,
    mo_sin_rcnt_rev_tl_op,
    mo_sin_rcnt_tl,
    mort_acc,
    mths_since_recent_bc,
    mths_since_recent_bc_dlq,
    mths_since_recent_inq,
    mths_since_recent_revol_delinq,
    num_accts_ever_120_pd,
    num_actv_bc_tl,
    num_actv_rev_tl,
    num_bc_sats,
    num_bc_tl,
    num_il_tl,
    num_op_rev_tl,
    num_rev_accts,
    num_rev_tl_bal_gt_0,
    num_sats,
    num_tl_120dpd_2m,
    num_tl_30dpd,
    num_tl_90g_dpd_24m,
    num_tl_op_past_12m,
    pct_tl_nvr_dlq,
    percent_bc_gt_75,
    pub_rec_bankruptcies,
    tax_liens,
    tot_hi_cred_lim,
    total_bal_ex_mort,
    total_bc_limit,
    total_il_high_credit_limit,
    revol_bal_joint,
    sec_app_earliest_cr_line,
    sec_app_inq_last_6mths,
    sec_app_mort_acc,
    sec_app_open_acc,
    sec_app_revol_util,
    sec_app_open_act_il,
    sec_app_num_rev_accts,
    sec_app_chargeoff_within_12_mths,
    sec_app_collections_12_mths_ex_med,
    sec_app_mths_since_last_major_derog,
    disbursement_method,
    fico_range_low,
    fico_range_high,
    sec_app_fico_range_low,
    sec_app_fico_range_high
from mart.loans;

comment on view mart.loan_features is 'One row per loan: what was known when it was issued, and how it ended. What leaks the end is listed in mart.leaking_columns.';
do $$
declare
    described record;
begin
    for described in
        select f.attname, col_description(l.attrelid, l.attnum) as description
        from pg_attribute f
        join pg_attribute l on l.attrelid = 'mart.loans'::regclass and l.attname = f.attname
        where f.attrelid = 'mart.loan_features'::regclass and f.attnum > 0
    loop
        execute format('comment on column mart.loan_features.%I is %L', described.attname, described.description);
    end loop;
end $$;
comment on column mart.loan_features.label is '1 if the loan was charged off or is in default, 0 if it was paid back, null while that is not known.';

create schema ml;
comment on schema ml is 'Models, how well they do, and what they say of open loans. Written by the trainer.';

create table ml.models (
    id bigint generated always as identity primary key,
    algorithm text not null check (algorithm in ('logistic', 'boosted', 'blend')),
    artifact text not null unique check (artifact ~ '^[0-9a-f]{64}$'),
    location text not null,
    features text[] not null,
    parameters jsonb not null,
    data jsonb not null,
    seed bigint not null,
    train_until date not null,
    validate_until date not null,
    code_version text not null,
    trained_at timestamptz not null default now()
);
comment on table ml.models is 'Every trained model, once: the same data, settings and seed give the same artifact.';
comment on column ml.models.id is 'Number by which the commands name it.';
comment on column ml.models.algorithm is 'logistic: regularised logistic regression; boosted: gradient-boosted trees; blend: the mean of both, in log-odds.';
comment on column ml.models.artifact is 'SHA-256 of the artifact, which names it in the store.';
comment on column ml.models.location is 'Where the artifact was written: a file.';
comment on column ml.models.features is 'Columns of mart.loan_features that the model reads.';
comment on column ml.models.parameters is 'What tuning chose.';
comment on column ml.models.data is 'What it learned from: files, rows, bad loans, first and last month of each period.';
comment on column ml.models.seed is 'Start of all random numbers.';
comment on column ml.models.train_until is 'First month after those on which candidates were trained while tuning.';
comment on column ml.models.validate_until is 'First month after those that the model has seen at all: it may be judged from here on.';
comment on column ml.models.code_version is 'Version of the trainer.';
comment on column ml.models.trained_at is 'When it was registered.';

create table ml.evaluations (
    id bigint generated always as identity primary key,
    model_id bigint not null references ml.models (id),
    test_from date not null,
    test_until date not null,
    fingerprint text not null,
    rows bigint not null,
    bad bigint not null,
    auc double precision not null,
    ks double precision not null,
    log_loss double precision not null,
    brier double precision not null,
    calibration_error double precision not null,
    details jsonb not null,
    report text,
    evaluated_at timestamptz not null default now(),
    unique (model_id, fingerprint)
);
comment on table ml.evaluations is 'How well a model does on loans that were issued after all that it has seen.';
comment on column ml.evaluations.id is 'Number of the evaluation.';
comment on column ml.evaluations.model_id is 'The model.';
comment on column ml.evaluations.test_from is 'First month of issue that was tested.';
comment on column ml.evaluations.test_until is 'First month after the last one.';
comment on column ml.evaluations.fingerprint is 'SHA-256 of the loans and labels that were tested: equal exactly if two evaluations are of the same test.';
comment on column ml.evaluations.rows is 'Loans tested, all with a known outcome.';
comment on column ml.evaluations.bad is 'Those that went bad.';
comment on column ml.evaluations.auc is 'Chance that a bad loan gets a higher score than a good one.';
comment on column ml.evaluations.ks is 'Largest distance between the shares of bad and of good loans above a score.';
comment on column ml.evaluations.log_loss is 'Mean of minus the logarithm of the probability that the model gave to what happened.';
comment on column ml.evaluations.brier is 'Mean squared difference between probability and outcome.';
comment on column ml.evaluations.calibration_error is 'Mean distance between probability and share of bad loans, over ten groups of equal size by score.';
comment on column ml.evaluations.details is 'Intervals, baselines, the other models of the run, lift by decile, grade and year, drift.';
comment on column ml.evaluations.report is 'Where report.html was written.';
comment on column ml.evaluations.evaluated_at is 'When.';

create table ml.promotions (
    id bigint generated always as identity primary key,
    model_id bigint not null references ml.models (id),
    replaced bigint references ml.models (id),
    kind text not null check (kind in ('promotion', 'rollback')),
    reason text not null,
    promoted_by text not null default session_user,
    promoted_at timestamptz not null default now()
);
comment on table ml.promotions is 'Which model was champion from when on, and why. The last row is the champion.';
comment on column ml.promotions.id is 'Their order.';
comment on column ml.promotions.model_id is 'The champion from here on.';
comment on column ml.promotions.replaced is 'The champion before; null for the first one.';
comment on column ml.promotions.kind is 'promotion, or rollback to the champion before.';
comment on column ml.promotions.reason is 'The comparison, or what a person said.';
comment on column ml.promotions.promoted_by is 'Who was connected.';
comment on column ml.promotions.promoted_at is 'When.';

create view ml.champion as
select m.*, p.promoted_at, p.reason
from ml.promotions p
join ml.models m on m.id = p.model_id
order by p.id desc
limit 1;
comment on view ml.champion is 'The model in use: one row, or none before the first promotion.';

create table ml.predictions (
    loan_key uuid not null,
    model_id bigint not null references ml.models (id),
    probability double precision not null check (probability between 0 and 1),
    scored_at timestamptz not null default now(),
    primary key (loan_key, model_id)
);
comment on table ml.predictions is 'What a model says of loans whose outcome is not yet known.';
comment on column ml.predictions.loan_key is 'The loan, as in mart.loans.';
comment on column ml.predictions.model_id is 'The model.';
comment on column ml.predictions.probability is 'Probability that the loan goes bad, as seen when it was issued.';
comment on column ml.predictions.scored_at is 'When.';

do $$
declare
    described record;
begin
    for described in
        select c.attname, col_description(m.attrelid, m.attnum) as description
        from pg_attribute c
        join pg_attribute m on m.attrelid in ('ml.models'::regclass, 'ml.promotions'::regclass) and m.attname = c.attname
            and (m.attrelid = 'ml.models'::regclass or m.attname in ('promoted_at', 'reason'))
        where c.attrelid = 'ml.champion'::regclass and c.attnum > 0
    loop
        execute format('comment on column ml.champion.%I is %L', described.attname, described.description);
    end loop;
end $$;

-- As in V4. loan_trainer reads what models learn from and writes what they say; it can change neither loans nor the list of
-- leaking columns, nor what was registered and promoted.
do $$
declare
    owned record;
begin
    if not exists (select from pg_roles where rolname = 'loan_trainer') then
        begin
            create role loan_trainer nologin;
        exception
            when duplicate_object or unique_violation then null;
        end;
    end if;
    if not pg_has_role('loan_trainer', 'member') then
        execute format('grant loan_trainer to %I', current_user);
    end if;
    alter schema ml owner to loan_loader;
    alter table mart.leaking_columns owner to loan_loader;
    alter view mart.loan_features owner to loan_loader;
    for owned in
        select oid::regclass as name, relkind from pg_class where relnamespace = 'ml'::regnamespace and relkind in ('r', 'v')
    loop
        execute format('alter %s %s owner to loan_loader', case owned.relkind when 'v' then 'view' else 'table' end, owned.name);
    end loop;

    grant usage on schema mart, ingest, ml to loan_trainer;
    grant select on all tables in schema mart to loan_trainer;
    grant select on ingest.files to loan_trainer;
    grant select on all tables in schema ml to loan_trainer;
    grant insert on ml.models, ml.evaluations, ml.promotions, ml.predictions to loan_trainer;
    grant update on ml.evaluations, ml.predictions to loan_trainer;
    grant delete on ml.predictions to loan_trainer;
    alter default privileges for role loan_loader in schema mart grant select on tables to loan_trainer;
    alter default privileges for role loan_loader in schema ml grant select on tables to loan_trainer;

    grant usage on schema ml to loan_analyst;
    grant select on mart.leaking_columns, mart.loan_features to loan_analyst;
    grant select on all tables in schema ml to loan_analyst;
    alter default privileges for role loan_loader in schema ml grant select on tables to loan_analyst;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'no roles were made: %', sqlerrm;
end $$;
