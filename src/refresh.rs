//! Reads what is there: kinds at the same time, all resources of a kind in as few calls as its service allows.

use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::{Id, Kind, Observed};
use crate::state::Document;
use futures::future::try_join_all;
use std::collections::{BTreeMap, HashMap};

/// Everything in the state that exists, by address. What is missing in the answer does not exist.
///
/// # Errors
/// The first read that failed. Nothing is ever taken for gone because of an error.
pub async fn refresh(
    cloud: &Cloud,
    document: &Document,
    kind: impl Fn(&str) -> Option<&'static dyn Kind>,
) -> Result<HashMap<Address, Observed>> {
    let mut by_kind: BTreeMap<&str, (&'static dyn Kind, Vec<Id>)> = BTreeMap::new();
    for (address, record) in &document.resources {
        if let Some(kind) = kind(&address.kind) {
            by_kind.entry(&address.kind).or_insert((kind, vec![])).1.push(record.id.clone());
        }
    }
    let reads = by_kind
        .iter()
        .map(|(name, (kind, ids))| async move { kind.read(cloud, ids).await.map(|seen| (*name, seen)) });
    let mut seen: HashMap<&str, HashMap<Id, Observed>> = try_join_all(reads).await?.into_iter().collect();
    let found = document.resources.iter().filter_map(|(address, record)| {
        let observed = seen.get_mut(address.kind.as_str())?.remove(&record.id)?;
        Some((address.clone(), observed))
    });
    Ok(found.collect())
}
