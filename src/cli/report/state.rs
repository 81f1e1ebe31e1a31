use super::style::{Paint, table};
use super::{note, width};
use crate::census::Census;
use crate::state::Document;

/// What can be used of a damaged state, and what not.
pub fn salvage(name: &str, best: Option<(&str, &Document)>, left_out: &[String]) {
    note(&Paint::Strong.label(&format!("Recovering {name}")));
    match best {
        Some((source, document)) => {
            note(&format!(
                "  from {source}: serial {}, {}",
                document.serial,
                resources(document.resources.len())
            ));
        }
        None => note("  from the ownership tags in the cloud"),
    }
    for what in left_out {
        note(&format!("  {} left out: {what}", Paint::Change.label("!")));
    }
}

/// What the ownership tags told.
pub fn census(census: &Census) {
    for (address, id) in &census.found {
        note(&format!("  {} {address}: found {id} by its tags", Paint::Good.label("+")));
    }
    for (address, id) in &census.replaced {
        note(&format!(
            "  {} {address}: the recorded one is gone, found {id} by its tags",
            Paint::Change.label("~")
        ));
    }
    for (address, ids) in &census.ambiguous {
        note(&format!("  {} {address}: several carry its tags: {}", Paint::Bad.label("?"), ids.join(", ")));
    }
    for address in &census.missing {
        note(&format!("  {} {address}: not found, the next apply creates it", Paint::Dim.label("-")));
    }
}

/// The state as it would be written.
pub fn recovered(document: &Document) {
    let (all, open) = (document.resources.len(), document.open.len());
    let open = match open {
        0 => String::new(),
        _ => format!(", and {open} begun by a run that died, which the next command settles"),
    };
    note(&format!("The state would have {}{open}:", resources(all)));
    let rows: Vec<Vec<String>> = document
        .resources
        .iter()
        .map(|(address, record)| {
            vec![format!("  {address}"), super::cut(&record.id.0, width().saturating_sub(40))]
        })
        .collect();
    table(&rows).iter().for_each(|line| note(line));
}

/// `1 resource`, `12 resources`.
pub fn resources(count: usize) -> String {
    if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") }
}
