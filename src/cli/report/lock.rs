use super::style::{Paint, table};
use super::{data, document, note};
use crate::state::{Claimed, Holder, Holding};
use serde_json::{Value as Json, json};

/// Who has the lock.
pub fn holding(name: &str, holding: &Holding) {
    let mut rows = vec![vec!["state".to_owned(), name.to_owned()]];
    let mut add = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    match holding {
        Holding::Free => add("lock", "free".to_owned()),
        Holding::Process(holder) => {
            let holder = holder.clone().unwrap_or_else(Holder::unknown);
            add("lock", format!("held by {}", holder));
            add("since", since(&holder));
            add("ends", "with that process".to_owned());
        }
        Holding::Lease(lease) => {
            let word = if lease.left.is_zero() { "free; last held by" } else { "held by" };
            add("lock", format!("{word} {}", lease.holder));
            add("since", since(&lease.holder));
            add("lease", format!("{}, renewed {} times", lease.id, lease.renewals));
            add("good for", left(lease));
        }
    }
    table(&rows).iter().for_each(|line| data(line));
}

/// The same for machines.
pub fn holding_json(name: &str, holding: &Holding) {
    let (held, holder, lease) = match holding {
        Holding::Free => (false, Json::Null, Json::Null),
        Holding::Process(holder) => (true, json!(holder), Json::Null),
        Holding::Lease(lease) => {
            let of = json!({
                "id": lease.id,
                "seconds_left": lease.left.as_secs_f64(),
                "seconds": lease.life.as_secs_f64(),
                "renewals": lease.renewals,
            });
            (!lease.left.is_zero(), json!(lease.holder), of)
        }
    };
    document(&json!({ "state": name, "held": held, "holder": holder, "lease": lease }).to_string());
}

/// Whose lease is about to be taken.
pub fn lease(lease: &Claimed) {
    note(&format!(
        "{} has the lock since {}.",
        Paint::Strong.label(&lease.holder.to_string()),
        since(&lease.holder)
    ));
    note(&format!("Its lease {} is good for {}.", lease.id, left(lease)));
}

fn since(holder: &Holder) -> String {
    let passed = holder.since.parse::<jiff::Timestamp>().ok();
    let passed =
        passed.and_then(|at| std::time::Duration::try_from(at.duration_until(jiff::Timestamp::now())).ok());
    let passed = passed.map(|passed| format!(" ({} ago)", super::style::duration(passed)));
    format!("{}{}", holder.since, passed.unwrap_or_default())
}

fn left(lease: &Claimed) -> String {
    format!("another {} s unless it is renewed", lease.left.as_secs())
}
