//! What the trainer makes of a load, unasked.

use crate::people::reads;
use crate::project::{Project, eventually};

/// Trainings so far, as `outcome` of each.
pub fn trainings(project: &Project) -> Vec<String> {
    let sql = "select coalesce(outcome, 'running') from ml.runs where kind = 'train' order by id";
    reads(project, "analyst", sql).lines().map(ToOwned::to_owned).collect()
}

/// Waits until so many trainings ended and none runs.
pub fn trained(project: &Project, times: usize) {
    eventually(&format!("{times} trainings"), || {
        let trainings = trainings(project);
        let bad = trainings.iter().find(|outcome| matches!(outcome.as_str(), "failed" | "abandoned"));
        assert!(bad.is_none(), "{trainings:?}: {}", logs(project));
        (trainings.iter().filter(|outcome| *outcome == "trained").count() == times
            && !trainings.contains(&"running".to_owned()))
        .then_some(())
    });
}

fn logs(project: &Project) -> String {
    project.says("logs", &["logs", "lambda_function.trainer", "--target", "local"])
}

/// Registered, evaluated, promoted; its report is a page that can be fetched; the open loans have scores.
pub fn is_registered_with_its_report(project: &Project) {
    let sql = "select e.report from ml.champion m join ml.evaluations e on e.model_id = m.id \
               where e.auc between 0.5 and 1 order by e.id desc limit 1";
    let report = reads(project, "analyst", sql);
    let key = report.strip_prefix("s3://").and_then(|place| Some(place.split_once('/')?.1)).unwrap();
    project.says("cp", &["cp", &format!("bucket.loans/{key}"), "report.html", "--target", "local"]);
    let page = std::fs::read_to_string(project.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"), "{}", &page[..200]);
    let scored = "select count(*) from mart.loan_features f join ml.predictions p using (loan_key) where f.label is null";
    let open = "select count(*) from mart.loan_features where label is null and issue_d is not null";
    eventually("every open loan to be scored", || {
        (reads(project, "analyst", scored) == reads(project, "analyst", open)).then_some(())
    });
}

/// Waits until the last training has learned from every file that was loaded, and none runs: whatever came in between, the
/// last data are not forgotten.
pub fn knows_all_files(project: &Project) {
    let known = "select coalesce(max(jsonb_array_length(m.data -> 'files')), 0) from ml.runs r \
                 join ml.models m on m.id = r.model_id where r.kind = 'train' and r.outcome = 'trained'";
    let loaded = reads(project, "analyst", "select count(*) from ingest.files where status = 'loaded'");
    eventually("the last data to be learned from", || {
        let settled = !trainings(project).contains(&"running".to_owned());
        (settled && reads(project, "analyst", known) == loaded).then_some(())
    });
}
