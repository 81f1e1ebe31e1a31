//! What databases and tables of the Glue catalog share: parameters, of which ours are only some.

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) const CATALOG: &str = "glue:{region}:{account}:catalog";
pub(super) const GONE: &[&str] = &["EntityNotFoundException"];
/// Names without capitals and hyphens, which Athena takes without quotes.
pub(super) const NAME: &str = r"^[a-z0-9_]+$";
/// Names, as a JSON list, the parameters that `stack.toml` gave. All others were written by crawlers and engines, which keep
/// in them where a table's data are: they stay, and are no drift.
const OURS: &str = "stackctl:parameters";

/// Those parameters that `stack.toml` gave.
pub(super) fn ours(all: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    let names = names(all);
    let ours = all.into_iter().flatten().filter(|(name, _)| names.contains(name.as_str()));
    ours.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What to write: `wanted`, and what is there and was not given by `stack.toml`.
pub(super) fn merged(
    there: Option<&HashMap<String, String>>,
    wanted: &BTreeMap<String, String>,
) -> HashMap<String, String> {
    let former = names(there);
    let theirs = there.into_iter().flatten().filter(|(name, _)| !former.contains(name.as_str()));
    let mut all: HashMap<String, String> =
        theirs.map(|(name, value)| (name.clone(), value.clone())).collect();
    all.remove(OURS);
    all.extend(wanted.clone());
    if !wanted.is_empty() {
        let names: Vec<&String> = wanted.keys().collect();
        all.insert(OURS.to_owned(), serde_json::json!(names).to_string());
    }
    all
}

fn names(all: Option<&HashMap<String, String>>) -> BTreeSet<String> {
    let list = all.and_then(|all| all.get(OURS));
    list.and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<M: FromIterator<(String, String)>>(pairs: &[(&str, &str)]) -> M {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn parameters_of_others_stay_and_are_not_seen() {
        let theirs: HashMap<_, _> = map(&[("metadata_location", "s3://x"), ("table_type", "ICEBERG")]);
        let wanted: BTreeMap<_, _> = map(&[("a,b", "1"), ("c", "2")]);
        let first = merged(Some(&theirs), &wanted);
        assert_eq!(ours(Some(&first)), wanted);
        assert_eq!(first["metadata_location"], "s3://x");
        let fewer: BTreeMap<_, _> = map(&[("c", "3")]);
        let second = merged(Some(&first), &fewer);
        assert_eq!(ours(Some(&second)), fewer);
        assert!(!second.contains_key("a,b") && second["table_type"] == "ICEBERG");
        assert_eq!(merged(Some(&second), &BTreeMap::new()), theirs);
        assert_eq!(ours(None), BTreeMap::new());
    }
}
