use super::piece::{Given, Piece};
use serde_json::Value as Json;

pub fn log_group(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("retention_days", "retention_in_days"),
        ("kms_key", "kms_key_id"),
        ("tags", "tags"),
    ];
    vec![Piece::new("aws_cloudwatch_log_group", given, &names)]
}

pub fn alarm(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "alarm_name"),
        ("description", "alarm_description"),
        ("namespace", "namespace"),
        ("metric", "metric_name"),
        ("dimensions", "dimensions"),
        ("period", "period"),
        ("evaluation_periods", "evaluation_periods"),
        ("datapoints_to_alarm", "datapoints_to_alarm"),
        ("threshold", "threshold"),
        ("comparison", "comparison_operator"),
        ("unit", "unit"),
        ("treat_missing_data", "treat_missing_data"),
        ("actions_enabled", "actions_enabled"),
        ("alarm_actions", "alarm_actions"),
        ("ok_actions", "ok_actions"),
        ("insufficient_data_actions", "insufficient_data_actions"),
        ("tags", "tags"),
    ];
    let statistic = given.at("statistic");
    let plain = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    let extended = matches!(&statistic, Json::String(name) if !plain.contains(&name.as_str()));
    let name = if extended { "extended_statistic" } else { "statistic" };
    vec![Piece::new("aws_cloudwatch_metric_alarm", given, &names).with(name, statistic)]
}
