create table ml.runs (
    id bigint generated always as identity primary key,
    kind text not null check (kind in ('train', 'score')),
    caller text not null check (caller in ('event', 'schedule', 'command')),
    request_id text,
    source text not null,
    data text,
    settings text,
    code_version text not null,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    seconds double precision,
    outcome text check (outcome in ('trained', 'scored', 'skipped', 'failed', 'abandoned')),
    reason text,
    model_id bigint references ml.models (id),
    promoted boolean,
    rows bigint,
    auc double precision,
    auc_ahead double precision,
    log_loss double precision,
    score_psi double precision,
    features_moved integer,
    drift jsonb,
    check ((outcome is null) = (finished_at is null))
);
create index runs_data on ml.runs (kind, data);
comment on table ml.runs is 'Every training and every scoring: on which data, with which settings, and what came of it. Data that was trained on is not trained on again with the same settings.';
comment on column ml.runs.id is 'Their order.';
comment on column ml.runs.kind is 'train, or score: open loans, by the champion.';
comment on column ml.runs.caller is 'event (new data), schedule, or command (a person).';
comment on column ml.runs.request_id is 'AWS request; null for a command.';
comment on column ml.runs.source is 'Where the loans were read: postgres, or the place of the lake.';
comment on column ml.runs.data is 'SHA-256 that names the loans: changes with the loaded files and with the features.';
comment on column ml.runs.settings is 'SHA-256 that names what the user decided and the code.';
comment on column ml.runs.code_version is 'Version of the trainer.';
comment on column ml.runs.started_at is 'When it began.';
comment on column ml.runs.finished_at is 'When it ended; null while it runs.';
comment on column ml.runs.seconds is 'How long it took.';
comment on column ml.runs.outcome is 'trained, scored, skipped (too few loans), failed, or abandoned (whoever ran it is gone); null while it runs.';
comment on column ml.runs.reason is 'Why it failed or was skipped, or why the model was promoted or not.';
comment on column ml.runs.model_id is 'The model that was trained, or that scored.';
comment on column ml.runs.promoted is 'Whether the model became champion.';
comment on column ml.runs.rows is 'Loans read, or loans scored.';
comment on column ml.runs.auc is 'Of the trained model, on its test period.';
comment on column ml.runs.auc_ahead is 'Its AUC minus that of the lender''s own grade.';
comment on column ml.runs.log_loss is 'Of the trained model, on its test period.';
comment on column ml.runs.score_psi is 'How far the scores moved since training (population stability index): on the test period, or on the open loans.';
comment on column ml.runs.features_moved is 'Features whose index is above 0.1.';
comment on column ml.runs.drift is 'The index of the scores and of each feature.';

alter table ml.models drop constraint models_algorithm_check;
alter table ml.models add constraint models_algorithm_check check (algorithm in ('logistic', 'boosted', 'blend', 'lightgbm'));
comment on column ml.models.algorithm is 'logistic: regularised logistic regression; boosted: gradient-boosted trees; blend: the mean of both, in log-odds; lightgbm: boosted trees by LightGBM, of a trainer that has it.';
comment on column ml.champion.algorithm is 'logistic: regularised logistic regression; boosted: gradient-boosted trees; blend: the mean of both, in log-odds; lightgbm: boosted trees by LightGBM, of a trainer that has it.';
comment on column ml.models.location is 'Where the artifact was written: a file, or an object in S3.';
comment on column ml.champion.location is 'Where the artifact was written: a file, or an object in S3.';

do $$
begin
    alter table ml.runs owner to loan_loader;
    grant select, insert, update on ml.runs to loan_trainer;
    -- The number of a run names its lock, which is taken before its row is there.
    grant usage on sequence ml.runs_id_seq to loan_trainer;
    grant select on ml.runs to loan_analyst;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'no rights were given: %', sqlerrm;
end $$;
