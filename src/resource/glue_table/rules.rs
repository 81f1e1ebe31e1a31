//! What a JSON Schema cannot say about a table.

use crate::path::Path;
use crate::schema::as_unknown;
use serde_json::Value as Json;

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = vec![];
    let mut complain = |path: String, text: String| complaints.push((path, text));
    let names = |list: &'static str| {
        let columns = inputs[list].as_array().into_iter().flatten().enumerate();
        columns.filter_map(move |(at, column)| Some((list, at, column["name"].as_str()?)))
    };
    let mut seen: Vec<(&str, &str)> = vec![];
    for (list, at, name) in names("columns").chain(names("partition_keys")) {
        match seen.iter().find(|(_, known)| *known == name) {
            Some((first, _)) => {
                let text = format!(
                    "the column `{name}` is in `{first}` already: a table has a name once, and what is in the path of a \
                     file is not in the file"
                );
                complain(format!("{list}.{at}.name"), text);
            }
            None => seen.push((list, name)),
        }
    }
    let parameters = &inputs["parameters"];
    for name in parameters.as_object().into_iter().flatten().map(|(name, _)| name) {
        if name.starts_with("stackctl:") {
            complain(Path::key("parameters").with(name).to_string(), "stackctl keeps such names for itself: choose another".to_owned());
        }
    }
    if parameters["projection.enabled"].as_str().is_some_and(|on| on.eq_ignore_ascii_case("true"))
        && as_unknown(&inputs["partition_keys"]).is_none()
    {
        for (_, _, key) in names("partition_keys") {
            let needed = format!("projection.{key}.type");
            if parameters[&needed].is_null() {
                let text = format!(
                    "Athena computes all partition keys or none: add `\"{needed}\"` (integer, date, enum or injected) and \
                     what goes with it"
                );
                complain("parameters".to_owned(), text);
            }
        }
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
    fn names_are_there_once() {
        let column = |name: &str| json!({"name": name, "type": "int"});
        let columns = json!([column("a"), column("b"), column("a"), {"name": {"$unknown": "param.x"}}]);
        let inputs = json!({"columns": columns, "partition_keys": [column("b"), column("c")]});
        assert_eq!(paths(inputs), ["columns.2.name", "partition_keys.0.name"]);
        assert_eq!(paths(json!({"parameters": {"stackctl:stack": "x"}})), [r#"parameters."stackctl:stack""#]);
    }

    #[test]
    fn projection_knows_every_key() {
        let table = |parameters: Json| {
            json!({"partition_keys": [{"name": "year", "type": "int"}, {"name": "day", "type": "int"}],
                "parameters": parameters})
        };
        let half = json!({"projection.enabled": "true", "projection.year.type": "integer"});
        assert_eq!(paths(table(half)), ["parameters"]);
        assert_eq!(paths(table(json!({"projection.enabled": "false"}))), [""; 0]);
        let all = json!({"projection.enabled": "TRUE", "projection.year.type": "integer",
            "projection.day.type": {"$unknown": "param.x"}});
        assert_eq!(paths(table(all)), [""; 0]);
    }
}
