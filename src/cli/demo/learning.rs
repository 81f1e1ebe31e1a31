//! What the trainer makes of the load: waited for, shown, and its report fetched.

use super::super::cp;
use super::super::failure::{Failure, Outcome};
use super::super::report;
use super::{database, rows};
use crate::cloud::Cloud;
use crate::folder::Folder;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const TIMEOUT: Duration = Duration::from_secs(900);
/// The loader announces new data within seconds of the load; where it does not, features and outcomes are what they were.
const QUIET: Duration = Duration::from_secs(60);

/// A training.
struct Run {
    outcome: Option<String>,
    reason: String,
    seconds: f64,
}

/// Waits until the training that the load has caused is over, if it has caused one.
pub async fn wait(client: &Client, bucket: &str, key: &str) -> Outcome<()> {
    let started = Instant::now();
    let mut said = false;
    loop {
        match last(client, bucket, key).await? {
            None if started.elapsed() < QUIET => {}
            None => {
                report::note("nothing new to learn: features and outcomes are what they were");
                return Ok(());
            }
            Some(Run { outcome: None, .. }) => {
                if !said {
                    report::note(
                        "training: logistic regression and boosted trees, tuned, calibrated and tested by time",
                    );
                    said = true;
                }
            }
            Some(Run { outcome: Some(outcome), reason, seconds }) if outcome == "failed" => {
                return Err(Failure::user(
                    format!("the trainer failed after {seconds:.0} s: {reason}"),
                    "`stackctl logs lambda_function.trainer --target local` has its log.",
                ));
            }
            Some(Run { outcome: Some(outcome), reason, seconds }) => {
                report::note(&format!("{outcome} in {seconds:.1} s: {reason}"));
                return Ok(());
            }
        }
        if started.elapsed() > TIMEOUT {
            return Err(Failure::user(
                format!("the training did not end within {} s", TIMEOUT.as_secs()),
                "`stackctl logs lambda_function.trainer --target local` has what happened.",
            ));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The last training that began after the file was loaded.
async fn last(client: &Client, bucket: &str, key: &str) -> Outcome<Option<Run>> {
    let sql = "select r.outcome, coalesce(r.reason, ''), coalesce(r.seconds, 0) from ml.runs r \
               where r.kind = 'train' and r.outcome is distinct from 'abandoned' and r.started_at >= \
               (select max(finished_at) from ingest.files where bucket = $1 and key = $2 and status = 'loaded') \
               order by r.id desc limit 1";
    let row = client.query_opt(sql, &[&bucket, &key]).await.map_err(|error| database(&error))?;
    Ok(row.map(|row| Run { outcome: row.get(0), reason: row.get(1), seconds: row.get(2) }))
}

/// All models of the champion's run and the lender's own grade, on the same test period.
const CONTESTANTS: &str = "
    with last as (
        select e.* from ml.champion m join ml.evaluations e on e.model_id = m.id order by e.id desc limit 1
    ), figures as (
        select c.place, c.entry ->> 'title' as title, (c.entry ->> 'chosen')::boolean as chosen, c.entry -> 'ahead' as ahead, f.name,
            (f.value ->> 'figure')::numeric as figure, (f.value ->> 'low')::numeric as low, (f.value ->> 'high')::numeric as high
        from last, jsonb_array_elements(details -> 'contestants') with ordinality c (entry, place),
            lateral (select pair ->> 0 as name, pair -> 1 as value from jsonb_array_elements(c.entry -> 'figures') pair) f
    )
    select case when bool_or(chosen) then '*' else '' end as \" \", title as model,
        max(case name when 'auc' then format('%s (%s-%s)', round(figure, 4), round(low, 4), round(high, 4)) end) as \"AUC (95 %)\",
        max(case name when 'ks' then round(figure, 3)::text end) as \"KS\",
        max(case name when 'log_loss' then round(figure, 4)::text end) as \"log loss\",
        max(case name when 'brier' then round(figure, 4)::text end) as \"Brier\",
        coalesce(to_char((ahead ->> 'figure')::numeric, 'SG0.0000'), '') as \"AUC ahead of grade\"
    from figures group by place, title, ahead order by place";

/// Prints what the champion does better than the lender's grade, and fetches its report. Returns where it lies; nothing
/// if there is no champion yet.
pub async fn show(client: &Client, cloud: &Cloud, root: &Path) -> Outcome<Option<PathBuf>> {
    let sql = "select format('Model %s (%s): tested on %s loans issued %s to %s, %s of them bad. * is the champion.', m.id, \
               m.algorithm, e.rows, to_char(e.test_from, 'YYYY-MM'), to_char(e.test_until - 1, 'YYYY-MM'), e.bad), e.report \
               from ml.champion m join ml.evaluations e on e.model_id = m.id order by e.id desc limit 1";
    let Some(row) = client.query_opt(sql, &[]).await.map_err(|error| database(&error))? else {
        report::note(
            "There is no champion: no model was better than the lender's own grade by more than the noise.",
        );
        return Ok(None);
    };
    report::note("");
    report::note(&row.get::<_, String>(0));
    for line in report::table(&rows(client, CONTESTANTS).await?) {
        report::data(&format!("  {line}"));
    }
    let location: Option<String> = row.get(1);
    let place = location.as_deref().and_then(|place| place.strip_prefix("s3://")?.split_once('/'));
    let Some((bucket, key)) = place else { return Ok(None) };
    let made = Folder::open(root).and_then(|root| root.make(".stackctl/reports", 0o755));
    let folder =
        made.map_err(Failure::io(format!("failed to make {}", root.join(".stackctl/reports").display())))?;
    let path = folder.path().join(key.rsplit('/').next().unwrap_or(key));
    cp::fetch(cloud, bucket, key, &path).await?;
    Ok(Some(std::path::absolute(&path).unwrap_or(path)))
}
