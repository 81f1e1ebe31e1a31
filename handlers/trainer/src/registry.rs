//! Schema `ml`: models, evaluations, promotions, predictions. Made by the loader's migrations.

use serde_json::{Value, json};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use tokio_postgres::{Client, GenericClient, Row, Transaction};

use crate::dataset::Key;
use crate::error::{Doing, Error};
use crate::judge::evaluation::Evaluation;
use crate::judge::measure::Measure;
use crate::learn::model::Model;
use crate::record::Record;

/// One promotion at a time.
const LOCK: i64 = 0x7472_6169_6e65_0001;

/// Loans per statement.
const AT_ONCE: usize = 20_000;

/// What code made a model.
pub const CODE_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("TRAINER_SOURCES"));

/// A registered model.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `ml.models.id`.
    pub id: i64,
    /// As in `ml.models`.
    pub algorithm: String,
    /// Its hash.
    pub artifact: String,
    /// Where the artifact was written.
    pub location: String,
    /// When it was registered.
    pub trained_at: String,
    /// First month after all that it has seen.
    pub validate_until: String,
    /// Of its latest evaluation: AUC, KS, log loss, loans, test period.
    pub evaluation: Option<(f64, f64, f64, i64, String)>,
}

/// The reign of a champion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Promotion {
    /// The model.
    pub model: i64,
    /// `promotion` or `rollback`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: String,
}

/// Registers a model. The same artifact is registered once; whether it is new comes back with its id.
pub async fn register(
    client: &impl GenericClient,
    model: &Model,
    record: &Record,
) -> Result<(i64, bool), Error> {
    let parameters = json!({ "chosen": model.parameters, "pricing": model.pricing, "trials": record.trials });
    let data = json!({ "files": record.files, "periods": model.periods, "fingerprint": model.fingerprint });
    let row = client
        .query_opt(
            "insert into ml.models (algorithm, artifact, location, features, parameters, data, seed, train_until, validate_until,
                                    code_version)
             values ($1, $2, $3, $4, $5, $6, $7, $8::text::date, $9::text::date, $10)
             on conflict (artifact) do nothing returning id",
            &[
                &model.algorithm.name(),
                &record.artifact,
                &record.location,
                &model.features,
                &parameters,
                &data,
                // Postgres has no unsigned numbers; the bits are the same.
                &model.seed.cast_signed(),
                &model.train_until.first_day(),
                &model.validate_until.first_day(),
                &record.code_version,
            ],
        )
        .await
        .doing("register the model")?;
    if let Some(row) = row {
        return Ok((row.get(0), true));
    }
    let row = client
        .query_one("select id from ml.models where artifact = $1", &[&record.artifact])
        .await
        .doing("look up the model")?;
    Ok((row.get(0), false))
}

/// Keeps an evaluation; one of the same model on the same test is replaced.
pub async fn keep_evaluation(
    client: &impl GenericClient,
    model: i64,
    evaluation: &Evaluation,
    report: &str,
) -> Result<(), Error> {
    let Some(chosen) = evaluation.chosen() else {
        return Err(Error::Registry("the evaluation is of no model".to_owned()));
    };
    let Some(test) = evaluation.periods.last() else {
        return Err(Error::Registry("the evaluation has no test period".to_owned()));
    };
    let details = serde_json::to_value(evaluation).unwrap_or(Value::Null);
    let figure = |measure| chosen.figure(measure).figure;
    client
        .execute(
            "insert into ml.evaluations (model_id, test_from, test_until, fingerprint, rows, bad, auc, ks, log_loss, brier,
                                         calibration_error, details, report)
             values ($1, $2::text::date, $3::text::date, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (model_id, fingerprint) do update
             set auc = excluded.auc, ks = excluded.ks, log_loss = excluded.log_loss, brier = excluded.brier,
                 calibration_error = excluded.calibration_error, details = excluded.details, report = excluded.report,
                 evaluated_at = now()",
            &[
                &model,
                &evaluation.test_from.first_day(),
                &evaluation.test_until.first_day(),
                &evaluation.fingerprint,
                &(test.rows as i64),
                &(test.bad as i64),
                &figure(Measure::Auc),
                &figure(Measure::Ks),
                &figure(Measure::LogLoss),
                &figure(Measure::Brier),
                &figure(Measure::CalibrationError),
                &details,
                &report,
            ],
        )
        .await
        .doing("keep the evaluation")?;
    Ok(())
}

/// All models, the oldest first.
pub async fn models(client: &impl GenericClient) -> Result<Vec<Entry>, Error> {
    let rows = client.query(&select("true"), &[]).await.doing("read ml.models")?;
    Ok(rows.iter().map(entry).collect())
}

/// One model.
pub async fn model(client: &impl GenericClient, id: i64) -> Result<Entry, Error> {
    let row = client.query_opt(&select("m.id = $1"), &[&id]).await.doing("read ml.models")?;
    row.as_ref().map(entry).ok_or_else(|| {
        Error::Registry(format!("there is no model {id}: `trainer list` shows those that there are"))
    })
}

fn select(condition: &str) -> String {
    format!(
        "select m.id, m.algorithm, m.artifact, to_char(m.trained_at, 'YYYY-MM-DD HH24:MI'), to_char(m.validate_until, 'YYYY-MM'),
                e.auc, e.ks, e.log_loss, e.rows, to_char(e.test_from, 'YYYY-MM') || ' to ' || to_char(e.test_until - 1, 'YYYY-MM'),
                m.location
         from ml.models m
         left join lateral (
             select * from ml.evaluations e where e.model_id = m.id order by e.evaluated_at desc, e.id desc limit 1
         ) e on true
         where {condition} order by m.id"
    )
}

fn entry(row: &Row) -> Entry {
    let evaluation =
        row.get::<_, Option<f64>>(5).map(|auc| (auc, row.get(6), row.get(7), row.get(8), row.get(9)));
    Entry {
        id: row.get(0),
        algorithm: row.get(1),
        artifact: row.get(2),
        location: row.get(10),
        trained_at: row.get(3),
        validate_until: row.get(4),
        evaluation,
    }
}

/// All promotions, the oldest first.
pub async fn promotions(client: &impl GenericClient) -> Result<Vec<Promotion>, Error> {
    let query = "select model_id, kind, reason, to_char(promoted_at, 'YYYY-MM-DD HH24:MI') from ml.promotions order by id";
    let rows = client.query(query, &[]).await.doing("read ml.promotions")?;
    let promotion =
        |row: &Row| Promotion { model: row.get(0), kind: row.get(1), reason: row.get(2), at: row.get(3) };
    Ok(rows.iter().map(promotion).collect())
}

/// Champions of the past, the present one last: a rollback takes the last one away.
pub fn champions(promotions: &[Promotion]) -> Vec<i64> {
    let mut champions = Vec::new();
    for promotion in promotions {
        if promotion.kind == "rollback" {
            champions.pop();
        } else {
            champions.push(promotion.model);
        }
    }
    champions
}

/// Makes a model the champion as part of a transaction, unless the champion is another one than `expected` by now: that one
/// comes back.
pub async fn promote(
    transaction: &Transaction<'_>,
    model: i64,
    expected: Option<i64>,
    reason: &str,
) -> Result<Result<(), Option<i64>>, Error> {
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await.doing("lock the promotions")?;
    let champion = champion(transaction).await?;
    if champion != expected {
        return Ok(Err(champion));
    }
    insert(transaction, model, champion, "promotion", reason).await?;
    Ok(Ok(()))
}

/// The champion, if there is one.
pub async fn champion(client: &impl GenericClient) -> Result<Option<i64>, Error> {
    Ok(champions(&promotions(client).await?).pop())
}

/// Makes the champion before the present one the champion again. Returns (from, to).
pub async fn roll_back(client: &mut Client, reason: &str) -> Result<(i64, i64), Error> {
    let transaction = client.transaction().await.doing("roll back")?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await.doing("lock the promotions")?;
    let champions = champions(&promotions(&transaction).await?);
    let [.., before, present] = champions[..] else {
        return Err(Error::Registry(match champions.last() {
            Some(only) => format!(
                "there was no champion before model {only}: `trainer promote ID` makes another one champion"
            ),
            None => "there is no champion to roll back from: `trainer train` makes the first one".to_owned(),
        }));
    };
    insert(&transaction, before, Some(present), "rollback", reason).await?;
    transaction.commit().await.doing("roll back")?;
    Ok((present, before))
}

async fn insert(
    transaction: &Transaction<'_>,
    model: i64,
    replaced: Option<i64>,
    kind: &str,
    reason: &str,
) -> Result<(), Error> {
    transaction
        .execute(
            "insert into ml.promotions (model_id, replaced, kind, reason) values ($1, $2, $3, $4)",
            &[&model, &replaced, &kind, &reason],
        )
        .await
        .doing("write ml.promotions")?;
    Ok(())
}

/// Keeps what a model says of loans, in place of what it said before.
pub async fn keep_predictions(
    transaction: &Transaction<'_>,
    model: i64,
    keys: &[Key],
    probabilities: &[f64],
) -> Result<(), Error> {
    for (keys, probabilities) in keys.chunks(AT_ONCE).zip(probabilities.chunks(AT_ONCE)) {
        transaction
            .execute(
                "insert into ml.predictions (loan_key, model_id, probability)
                 select loan_key, $1, probability from unnest($2::uuid[], $3::float8[]) as said (loan_key, probability)
                 on conflict (loan_key, model_id) do update
                 set probability = excluded.probability, scored_at = excluded.scored_at",
                &[&model, &keys, &probabilities],
            )
            .await
            .doing("write ml.predictions")?;
    }
    Ok(())
}

impl ToSql for Key {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    tokio_postgres::types::to_sql_checked!();
}

impl std::fmt::Display for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "model {} ({}, {})", self.id, self.algorithm, crate::store::short(&self.artifact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_takes_the_last_champion_away() {
        let promotion = |kind: &str, model| Promotion {
            model,
            kind: kind.to_owned(),
            reason: String::new(),
            at: String::new(),
        };
        let mut history =
            vec![promotion("promotion", 1), promotion("promotion", 2), promotion("promotion", 3)];
        assert_eq!(champions(&history), [1, 2, 3]);
        history.push(promotion("rollback", 2));
        assert_eq!(champions(&history), [1, 2]);
        history.push(promotion("rollback", 1));
        assert_eq!(champions(&history), [1]);
        history.push(promotion("promotion", 3));
        assert_eq!(champions(&history), [1, 3]);
    }
}
