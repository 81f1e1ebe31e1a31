//! Reads what is there: kinds at the same time, all resources of a kind in as few calls as its service allows.

use crate::address::Address;
use crate::apply::Pace;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Observed};
use crate::state::{Document, Record};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So many looks in a row at the most show that an object is gone which agreed once: it does not flicker for long any more.
const LOOKS: u32 = 3;

/// Everything in the state that exists, by address. What is missing in the answer does not exist.
///
/// An object whose creation was never seen to end may not show yet, and would be made twice if it were taken for gone:
/// it is looked for until `pace.propagation` has passed. No object is gone that is absent once. One that is being deleted, by a run that died or by someone else,
/// is waited for: a plan that took it for there would leave it out.
///
/// # Errors
/// The first read that failed. Nothing is ever taken for gone because of an error.
pub async fn refresh(
    cloud: &Cloud,
    document: &Document,
    pace: &Pace,
    kind: impl Fn(&str) -> Option<&'static dyn Kind>,
) -> Result<HashMap<Address, Observed>> {
    let mut left: BTreeMap<&Address, &Record> = document.resources.iter().collect();
    cloud.gauge.begin("reading what is there", left.len());
    let mut found = HashMap::new();
    let started = Instant::now();
    let mut absent: HashMap<&Address, u32> = HashMap::new();
    loop {
        let seen = read(cloud, &left, &kind).await?;
        cloud.gauge.finish();
        let elapsed = started.elapsed();
        // How soon to look again.
        let mut pause = Duration::ZERO;
        left.retain(|address, record| {
            let Some(kind) = kind(&address.kind) else { return false };
            let wait = pace.wait(kind.profile().delete);
            let times = absent.entry(*address).or_default();
            *times = if seen.contains_key(*address) { 0 } else { *times + 1 };
            let (again, after) = match seen.get(*address) {
                Some(there) => (there.status.is_leaving() && elapsed < wait.timeout, pace.longest),
                None if record.incomplete && elapsed < pace.propagation => (true, pace.longest),
                None => (*times < wait.equal.min(LOOKS), wait.apart),
            };
            if again {
                pause = pause.max(after);
            }
            again
        });
        let seen_leaving: BTreeSet<Address> = left
            .keys()
            .filter(|address| seen.contains_key(**address))
            .map(|address| (*address).clone())
            .collect();
        found.extend(seen.into_iter().filter(|(address, _)| !left.contains_key(address)));
        if left.is_empty() {
            return Ok(found);
        }
        let leaving = left.keys().filter(|address| seen_leaving.contains(**address)).count();
        cloud.gauge.begin(&waiting(leaving, left.len() - leaving), 0);
        sleep(pause).await;
    }
}

/// What is waited for: objects on their way out, and some that may not show yet.
fn waiting(leaving: usize, hidden: usize) -> String {
    let many = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 object {what}")),
        _ => Some(format!("{count} objects {what}")),
    };
    let parts = [many(leaving, "to be gone"), many(hidden, "that may not show yet")];
    format!("waiting for {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

async fn read(
    cloud: &Cloud,
    records: &BTreeMap<&Address, &Record>,
    kind: impl Fn(&str) -> Option<&'static dyn Kind>,
) -> Result<HashMap<Address, Observed>> {
    let mut by_kind: BTreeMap<&str, (&'static dyn Kind, Vec<Id>)> = BTreeMap::new();
    for (address, record) in records {
        if let Some(kind) = kind(&address.kind) {
            by_kind.entry(&address.kind).or_insert((kind, vec![])).1.push(record.id.clone());
        }
    }
    let reads = by_kind.iter().map(|(name, (kind, ids))| async move {
        let part = cloud.clone().counting(cloud.gauge.part(ids.len()));
        let seen = kind.read(&part, ids).await?;
        part.gauge.finish();
        Ok::<_, Error>((*name, seen))
    });
    let mut seen: HashMap<&str, HashMap<Id, Observed>> = try_join_all(reads).await?.into_iter().collect();
    let found = records.iter().filter_map(|(address, record)| {
        let observed = seen.get_mut(address.kind.as_str())?.remove(&record.id)?;
        Some(((*address).clone(), observed))
    });
    Ok(found.collect())
}
