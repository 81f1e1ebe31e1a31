//! `ml.runs`: what was trained on and scored when, and locks that keep two from doing it at once.

use access::lock;
use serde_json::Value;
use tokio_postgres::{Client, GenericClient};

use crate::drift::Drift;
use crate::error::{Doing, Error};
use crate::registry::CODE_VERSION;

/// Whoever trains on new data by itself holds it.
const TRAIN: i64 = 0x7472_6169_6e65_0002;

/// Whoever scores holds it.
const SCORE: i64 = 0x7472_6169_6e65_0003;

/// With the number of a run: held as long as the run lives.
const RUN: i32 = 0x7472_0001;

/// Who asked for a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller {
    /// New data.
    Event,
    /// The time of day.
    Schedule,
    /// A person.
    Command,
}

impl Caller {
    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Schedule => "schedule",
            Self::Command => "command",
        }
    }
}

/// What a run is about.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// `train` or `score`.
    pub kind: &'static str,
    /// Who asked for it.
    pub caller: Caller,
    /// AWS request.
    pub request_id: Option<&'a str>,
    /// Where the loans are read.
    pub source: String,
    /// Which.
    pub data: String,
    /// What the user decided; none for scores.
    pub settings: Option<String>,
}

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// `trained`, `scored`, `skipped` or `failed`.
    pub outcome: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// The model.
    pub model: Option<i64>,
    /// Whether it became champion.
    pub promoted: Option<bool>,
    /// Which loans were read in the end.
    pub data: Option<String>,
    /// How many loans.
    pub rows: Option<i64>,
    /// AUC, AUC ahead of the lender's grade, log loss.
    pub figures: Option<(f64, Option<f64>, f64)>,
    /// Of the test period or of the open loans.
    pub drift: Option<Drift>,
}

/// Takes the lock of training, if nobody has it.
pub async fn try_train(client: &Client) -> Result<bool, Error> {
    let query = "select pg_try_advisory_lock($1)";
    Ok(client.query_one(query, &[&TRAIN]).await.doing("lock the training")?.get(0))
}

/// Gives it back.
pub async fn leave_train(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_unlock($1)", &[&TRAIN]).await.doing("unlock the training")?;
    Ok(())
}

/// Waits for the lock of scoring. It ends with the session, or with [`leave_score`].
pub async fn score(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_lock($1)", &[&SCORE]).await.doing("wait for another scoring")?;
    Ok(())
}

/// Gives it back.
pub async fn leave_score(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_unlock($1)", &[&SCORE]).await.doing("unlock the scoring")?;
    Ok(())
}

/// Files that are being loaded now. A load whose lock nobody holds is dead, and is not counted.
pub async fn loading(client: &Client) -> Result<usize, Error> {
    let doing = "look for loads that are running";
    let query = "select bucket, key from ingest.files where status = 'loading'";
    let rows = client.query(query, &[]).await.doing(doing)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let locks = rows.iter().map(|row| lock::of_file(row.get(0), row.get(1))).collect::<Vec<_>>();
    let query = "
        select count(distinct (classid, objid)) from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1
            and database = (select oid from pg_database where datname = current_database())
            and ((classid::bigint << 32) | objid::bigint) = any ($1)";
    let held: i64 = client.query_one(query, &[&locks]).await.doing(doing)?.get(0);
    Ok(usize::try_from(held).unwrap_or_default())
}

/// The run that has trained on this data with these settings, or found it too small: its number and what it said.
pub async fn trained(client: &Client, data: &str, settings: &str) -> Result<Option<(i64, String)>, Error> {
    let query = "
        select id, case outcome when 'skipped' then 'it was skipped: ' || coalesce(reason, '') else 'model ' || model_id end
        from ml.runs where kind = 'train' and data = $1 and settings = $2 and outcome in ('trained', 'skipped')
        order by id desc limit 1";
    let row = client.query_opt(query, &[&data, &settings]).await.doing("read ml.runs")?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// The run in which this model has scored this data.
pub async fn scored(client: &Client, data: &str, model: i64) -> Result<Option<i64>, Error> {
    let query = "
        select id from ml.runs where kind = 'score' and data = $1 and model_id = $2 and outcome = 'scored'
        order by id desc limit 1";
    let row = client.query_opt(query, &[&data, &model]).await.doing("read ml.runs")?;
    Ok(row.map(|row| row.get(0)))
}

/// Writes down that a run begins, and of runs whose sessions are gone that they are abandoned.
pub async fn begin(client: &Client, intent: &Intent<'_>) -> Result<i64, Error> {
    let doing = "write ml.runs";
    let abandoned = "
        update ml.runs set outcome = 'abandoned', finished_at = clock_timestamp(), reason = 'whoever ran it is gone'
        where outcome is null and not exists (
            select from pg_locks
            where locktype = 'advisory' and objsubid = 2 and classid = $1::int4::oid and objid = (runs.id % 2147483647)::int4::oid
                and database = (select oid from pg_database where datname = current_database()))";
    client.execute(abandoned, &[&RUN]).await.doing(doing)?;
    // The lock comes first, in the same statement: nobody sees the row without it.
    let insert = "
        with run as (select nextval(pg_get_serial_sequence('ml.runs', 'id')) as id),
             held as materialized (select id, pg_advisory_lock($1::int4, (id % 2147483647)::int4) from run)
        insert into ml.runs (id, kind, caller, request_id, source, data, settings, code_version)
        overriding system value
        select id, $2, $3, $4, $5, $6, $7, $8 from held
        returning id";
    let row = client
        .query_one(
            insert,
            &[
                &RUN,
                &intent.kind,
                &intent.caller.name(),
                &intent.request_id,
                &intent.source,
                &intent.data,
                &intent.settings,
                &CODE_VERSION,
            ],
        )
        .await
        .doing(doing)?;
    Ok(row.get(0))
}

/// Writes down how a run ended, unless that is written already.
pub async fn finish(client: &impl GenericClient, run: i64, end: &End) -> Result<(), Error> {
    let (score_psi, moved, drift) = match &end.drift {
        Some(drift) => {
            let moved = i32::try_from(drift.moved()).unwrap_or(i32::MAX);
            (Some(drift.score), Some(moved), Some(serde_json::to_value(drift).unwrap_or(Value::Null)))
        }
        None => (None, None, None),
    };
    let (auc, ahead, log_loss) = match end.figures {
        Some((auc, ahead, log_loss)) => (Some(auc), ahead, Some(log_loss)),
        None => (None, None, None),
    };
    client
        .execute(
            "update ml.runs
             set outcome = $2, reason = $3, model_id = $4, promoted = $5, rows = $6, auc = $7, auc_ahead = $8, log_loss = $9,
                 score_psi = $10, features_moved = $11, drift = $12, data = coalesce($13, data), finished_at = clock_timestamp(),
                 seconds = extract(epoch from clock_timestamp() - started_at)
             where id = $1 and outcome is null",
            &[
                &run,
                &end.outcome,
                &end.reason,
                &end.model,
                &end.promoted,
                &end.rows,
                &auc,
                &ahead,
                &log_loss,
                &score_psi,
                &moved,
                &drift,
                &end.data,
            ],
        )
        .await
        .doing("write ml.runs")?;
    Ok(())
}
