//! What a JSON Schema cannot say about an alarm.

use serde_json::Value as Json;

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = vec![];
    let mut complain = |path: &str, text: String| complaints.push((path.to_owned(), text));
    let number = |name: &str| inputs[name].as_u64();
    if let Some(period) = number("period")
        && !matches!(period, 10 | 20 | 30)
        && period % 60 != 0
    {
        complain("period", format!("is {period} s, which CloudWatch does not know: write 10, 20, 30 or a multiple of 60"));
    }
    if let (Some(period), Some(periods)) = (number("period"), number("evaluation_periods")) {
        let (most, words) = if period < HOUR { (DAY, "a day") } else { (7 * DAY, "seven days") };
        if period * periods > most {
            let fits = (most / period).max(1);
            complain(
                "evaluation_periods",
                format!(
                    "{periods} periods of {period} s are longer than {words}, which is all that CloudWatch looks back: \
                     write {fits} at most, or make the periods longer"
                ),
            );
        }
    }
    if let (Some(points), Some(periods)) = (number("datapoints_to_alarm"), number("evaluation_periods"))
        && points > periods
    {
        complain(
            "datapoints_to_alarm",
            format!("is {points}, and only {periods} periods are looked at: raise `evaluation_periods`, or lower it"),
        );
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(inputs: Json) -> Vec<String> {
        check(&inputs).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn what_cloudwatch_would_refuse_is_refused() {
        assert_eq!(paths(json!({"period": 45, "evaluation_periods": 1})), ["period"]);
        assert_eq!(paths(json!({"period": 300, "evaluation_periods": 289})), ["evaluation_periods"]);
        assert_eq!(paths(json!({"period": 86_400, "evaluation_periods": 8})), ["evaluation_periods"]);
        let points = json!({"period": 60, "evaluation_periods": 2, "datapoints_to_alarm": 3});
        assert_eq!(paths(points), ["datapoints_to_alarm"]);
    }

    #[test]
    fn what_it_takes_passes() {
        for inputs in [
            json!({"period": 10, "evaluation_periods": 3, "datapoints_to_alarm": null}),
            json!({"period": 300, "evaluation_periods": 288, "datapoints_to_alarm": 288}),
            json!({"period": 86_400, "evaluation_periods": 7}),
            json!({"period": {"$unknown": "param.x"}, "evaluation_periods": 99}),
        ] {
            assert_eq!(paths(inputs), [""; 0]);
        }
    }
}
