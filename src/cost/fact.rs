use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The price of one dimension.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub what: String,
    /// The unit, after "a" or "for each".
    pub per: String,
    /// Until when it is known to have held: `2026-09-30`.
    pub date: String,
    /// Where it can be read.
    pub source: String,
    /// US dollars, by region and sort.
    pub prices: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Fact {
    pub fn price(&self, region: &str, sort: &str) -> Option<f64> {
        self.prices.get(region)?.get(sort).copied()
    }
}

macro_rules! facts {
    ($($name:ident),* $(,)?) => {
        static FACTS: LazyLock<BTreeMap<&'static str, Fact>> = LazyLock::new(|| {
            let texts = [$((stringify!($name), include_str!(concat!("facts/", stringify!($name), ".toml")))),*];
            texts.into_iter().filter_map(|(name, text)| Some((name, toml::from_str(text).ok()?))).collect()
        });
        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

facts! {
    alarm, bucket_storage, bucket_write, db_instance, db_storage, endpoint_data, function_call, function_time,
    interface_endpoint, log_ingestion, log_storage, queue_request, secret, secret_call,
}

/// The fact of that name.
pub fn fact(name: &str) -> Option<&'static Fact> {
    FACTS.get(name)
}

/// The oldest date of all facts: until then all of them held.
pub fn date() -> &'static str {
    FACTS.values().map(|fact| fact.date.as_str()).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_read_and_says_where_it_is_from_and_when_it_held() {
        for name in NAMES {
            let fact = fact(name).unwrap_or_else(|| panic!("{name} cannot be read"));
            assert!(fact.source.contains('.') && fact.date.len() == 10, "{name}");
            let prices = fact.prices.values().flat_map(BTreeMap::values);
            assert!(prices.clone().count() > 0 && prices.clone().all(|price| *price > 0.0), "{name}");
        }
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cost/facts")).unwrap();
        assert_eq!(files.count(), NAMES.len(), "every file of facts is one of them");
    }
}
