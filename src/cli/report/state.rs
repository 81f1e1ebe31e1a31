use super::style::{Paint, table};
use super::{data, document, note, warning, width};
use crate::address::Address;
use crate::census::Census;
use crate::cli::former::Former;
use crate::cli::whereabouts::Whereabouts;
use crate::config::Stack;
use crate::resource::Id;
use crate::state::{Document, Past};
use serde_json::{Value as Json, json};
use std::path::Path;

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

/// That the next write turns encryption on or off.
pub fn encryption(name: &str, is: bool, wanted: bool) {
    match (is, wanted) {
        (false, true) => note(&format!("{name} is not encrypted yet; the next write encrypts it.")),
        (true, false) => note(&format!(
            "{name} is encrypted, and stack.toml names no `encryption` any more: the next write is plain."
        )),
        _ => {}
    }
}

/// That the file is left aside.
pub fn by_the_state(file: &Path, stack: &Stack, place: &str, what: &str) {
    let target = stack.target.as_ref().map(|target| format!(", target {}", target.name)).unwrap_or_default();
    let account = stack.account.as_ref().map(|account| format!(", account {account}")).unwrap_or_default();
    warning(&format!(
        "`{what}` goes by the state {place} alone, and not by {}: stack {}{target}, region {}{account}.",
        file.display(),
        stack.name,
        stack.region
    ));
}

/// That this checkout has had another state before.
pub fn elsewhere(now: &Whereabouts, before: Option<&Whereabouts>, is_new: bool) {
    let Some(before) = before else { return };
    if is_new && before.name != now.name {
        warning(&format!(
            "there is no state in {}, and the state of this stack was {} last. If `state` was changed in stack.toml: `stackctl state \
             migrate --from {}` brings it here. An apply without it makes everything a second time.",
            now.name, before.name, before.place
        ));
    } else if !is_new && before.name == now.name && before.lineage != now.lineage {
        note(&format!(
            "{} is another state than this checkout saw last: its lineage is {}, and was {}. Either the stack was destroyed and made \
             anew, or another state was put in its place.",
            now.name, now.lineage, before.lineage
        ));
    }
}

/// That the stack was probably called otherwise.
pub fn former(former: &Former, stack: &str, place: &str) {
    let Former { stack: name, state, place: at, common, all } = former;
    let from = if at == place { String::new() } else { format!(" --from {at}") };
    warning(&format!(
        "there is no state of the stack {stack}, and {state} is that of the stack {name}, with {common} of its {} at the addresses \
         of blocks here. If {name} is what this stack was called, `stackctl state migrate{from} --from-stack {name}` takes its state \
         over. An apply without it makes everything a second time.",
        resources(*all)
    ));
}

/// Objects with the names that blocks give, which another stack has made at the same addresses.
pub fn namesakes(found: &[(Address, Id, String)], stack: &str) {
    let Some((address, id, theirs)) = found.first() else { return };
    let more = match found.len() {
        1 => String::new(),
        count => format!(" and {} others", count - 1),
    };
    warning(&format!(
        "{address} ({id}){more} carry the tags of the stack {theirs}, and this is {stack}. If {theirs} is what this stack was called, \
         its state should come along: `stackctl state migrate --from-stack {theirs}`. An apply without it makes a second set, and \
         fails where a name is taken."
    ));
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
    for (address, id, said) in &census.elsewhere {
        let sign = Paint::Change.label("~");
        note(&format!(
            "  {sign} {address}: found {id} by its name; its tags say {said}, which the next apply writes anew"
        ));
    }
    for (address, ids) in &census.ambiguous {
        note(&format!("  {} {address}: several carry its tags: {}", Paint::Bad.label("?"), ids.join(", ")));
    }
    for (address, id) in &census.strays {
        let sign = Paint::Change.label("?");
        note(&format!(
            "  {sign} {address}: {id} carries the tags of this stack, and stack.toml has no such block: it is left out. Put the block \
             back and call this again, or delete it by hand"
        ));
    }
    for address in &census.missing {
        note(&format!("  {} {address}: not found, the next apply creates it", Paint::Dim.label("-")));
    }
}

/// Objects of a stack whose state is not there.
pub fn lost(found: &[(Address, Id)], stack: &str) {
    let Some((address, id)) = found.first() else { return };
    let more = match found.len() {
        1 => String::new(),
        count => format!(" and {} others", count - 1),
    };
    warning(&format!(
        "there is no state, but {address} ({id}){more} carry the tags of the stack {stack}. If its state is lost, \
         `stackctl state recover --from-tags` finds them; if it lies elsewhere, `state` in stack.toml should say so"
    ));
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

/// The states that were.
pub fn history(history: &[Past]) {
    let mut rows = vec![["VERSION", "SERIAL", "WRITTEN", "RESOURCES"].map(str::to_owned).to_vec()];
    for Past { version, written, content } in history {
        let (serial, count) = match content {
            Ok(document) => (document.serial.to_string(), document.resources.len().to_string()),
            Err(what) => ("-".to_owned(), super::cut(what, 60)),
        };
        rows.push(vec![version.clone(), serial, written.clone(), count]);
    }
    table(&rows).iter().for_each(|line| data(line));
}

/// The same for machines.
pub fn history_json(history: &[Past]) {
    let one = |Past { version, written, content }: &Past| match content {
        Ok(document) => json!({
            "version": version,
            "written": written,
            "serial": document.serial,
            "lineage": document.lineage,
            "resources": document.resources.len(),
        }),
        Err(what) => json!({ "version": version, "written": written, "unusable": what }),
    };
    document(&history.iter().map(one).collect::<Json>().to_string());
}

/// What an older state would change.
pub fn rollback(current: &Document, old: &Document) {
    note(&format!("From serial {} back to serial {}:", current.serial, old.serial));
    let mut same = true;
    let mut say = |line: String| {
        same = false;
        note(&format!("  {line}"));
    };
    for (address, record) in &current.resources {
        match old.resources.get(address) {
            None => say(format!(
                "{} {address}: forgotten; {} would be nobody's",
                Paint::Bad.label("-"),
                record.id
            )),
            Some(older) if older.id != record.id => {
                say(format!("{} {address}: {} instead of {}", Paint::Change.label("~"), older.id, record.id));
            }
            Some(older) if older != record => {
                say(format!("{} {address}: as it was recorded then", Paint::Change.label("~")))
            }
            Some(_) => {}
        }
    }
    for (address, record) in
        old.resources.iter().filter(|(address, _)| !current.resources.contains_key(*address))
    {
        say(format!("{} {address}: {} reappears", Paint::Good.label("+"), record.id));
    }
    if same {
        note("  no resource differs");
    }
}

/// `1 resource`, `12 resources`.
pub fn resources(count: usize) -> String {
    if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") }
}
