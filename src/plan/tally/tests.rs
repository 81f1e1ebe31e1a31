use super::*;
use crate::address::Address;
use crate::plan::{OutputChange, Step, sample};
use crate::resource::Id;
use proptest::prelude::*;
use serde_json::Value as Json;

/// What may become of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Right,
    LeftAlone,
    LeftOver(usize),
    Create,
    Update,
    Replace,
    CreateFirst,
    Delete,
    NotMade,
}

fn step(at: usize, fate: Fate) -> Option<Step> {
    let action = match fate {
        Fate::NotMade => return None,
        Fate::Right | Fate::LeftAlone | Fate::LeftOver(_) => Action::Noop,
        Fate::Create => Action::Create,
        Fate::Update => Action::Update,
        Fate::Replace => Action::Replace,
        Fate::CreateFirst => Action::ReplaceCreateFirst,
        Fate::Delete => Action::Delete,
    };
    let deposed = if let Fate::LeftOver(count) = fate { count } else { 0 };
    Some(Step {
        deposed: vec![Id::from("old"); deposed],
        left_alone: fate == Fate::LeftAlone,
        ..sample::step(Address::keyed("queue", "q", &at.to_string()), action)
    })
}

fn plan(fates: &[Fate], outputs: usize) -> Plan {
    let output =
        OutputChange { name: String::new(), before: Json::Null, after: Json::Null, sensitive: false };
    let not_made = fates.iter().filter(|fate| **fate == Fate::NotMade);
    Plan {
        left_out: not_made.map(|_| Address::new("queue", "new")).collect(),
        outputs: vec![output; outputs],
        ..sample::plan(fates.iter().enumerate().filter_map(|(at, fate)| step(at, *fate)).collect())
    }
}

/// All that a plan says at its end.
fn said(plan: &Plan) -> String {
    let tally = Tally::of(plan);
    match plan.is_empty() {
        true => tally.to_string(),
        false => tally.work().into_iter().chain(tally.rest()).collect::<Vec<_>>().join(", "),
    }
}

/// The number before these words; 0 where they are not said.
fn number(said: &str, words: &[&str]) -> usize {
    let parts: Vec<&str> = said.split([',', ';', '.', ':']).map(str::trim).collect();
    let found = parts.iter().find_map(|part| {
        let (number, rest) = part.split_once(' ')?;
        words.contains(&rest).then(|| number.parse().unwrap())
    });
    found.unwrap_or(0)
}

proptest! {
    /// Every number that is said is that of what happens, nothing that is not 0 is left unsaid, and one is one.
    #[test]
    fn the_sentence_says_what_is_counted(
        fates in prop::collection::vec(
            prop::sample::select(vec![
                Fate::Right, Fate::Right, Fate::LeftAlone, Fate::LeftOver(1), Fate::LeftOver(2), Fate::Create, Fate::Update,
                Fate::Replace, Fate::CreateFirst, Fate::Delete, Fate::NotMade,
            ]),
            0..7,
        ),
        outputs in 0..3usize,
        narrow in any::<bool>(),
    ) {
        let quiet = |fate: &Fate| matches!(fate, Fate::Right | Fate::LeftAlone | Fate::NotMade);
        let fates: Vec<Fate> = fates.into_iter().filter(|fate| !narrow || quiet(fate)).collect();
        let plan = plan(&fates, if narrow { 0 } else { outputs });
        let said = said(&plan);
        let count = |wanted: &[Fate]| fates.iter().filter(|fate| wanted.contains(fate)).count();
        let leftovers = count(&[Fate::LeftOver(1)]) + 2 * count(&[Fate::LeftOver(2)]);
        prop_assert_eq!(number(&said, &["to create"]), count(&[Fate::Create]), "{}", said);
        prop_assert_eq!(number(&said, &["to update"]), count(&[Fate::Update]), "{}", said);
        prop_assert_eq!(number(&said, &["to replace"]), count(&[Fate::Replace, Fate::CreateFirst]), "{}", said);
        prop_assert_eq!(number(&said, &["to delete"]), count(&[Fate::Delete]), "{}", said);
        prop_assert_eq!(number(&said, &["left over to delete"]), leftovers, "{}", said);
        prop_assert_eq!(number(&said, &["output to change", "outputs to change"]), plan.outputs.len(), "{}", said);
        let left = count(&[Fate::LeftAlone, Fate::NotMade]);
        prop_assert_eq!(number(&said, &["resource was left out", "resources were left out"]), left, "{}", said);
        if plan.is_empty() {
            let right = number(&said, &["resource is as it should be", "resources are as they should be"]);
            prop_assert_eq!(right, count(&[Fate::Right]), "{}", said);
        }
        // Programs are told the same numbers.
        let told = Tally::of(&plan).counts();
        for (name, words) in [
            ("create", &["to create"][..]),
            ("update", &["to update"]),
            ("replace", &["to replace"]),
            ("delete", &["to delete"]),
            ("leftover", &["left over to delete"]),
            ("output", &["output to change", "outputs to change"]),
            ("left_out", &["resource was left out", "resources were left out"]),
        ] {
            prop_assert_eq!(told.get(name).copied().unwrap_or(0), number(&said, words), "{} of {:?}: {}", name, told, said);
        }
        prop_assert_eq!(told.get("unchanged").copied().unwrap_or(0), count(&[Fate::Right]), "{}", said);
        prop_assert!(told.values().all(|count| *count > 0), "{:?}", told);
        prop_assert!(!said.is_empty());
        let words: Vec<&str> = said.split([' ', ',', ';', '.']).collect();
        for pair in words.windows(2).filter(|pair| pair[1].starts_with("resource") || pair[1].starts_with("output")) {
            if let Ok(count) = pair[0].parse::<usize>() {
                prop_assert_eq!(count == 1, !pair[1].ends_with('s'), "{}", said);
            }
        }
    }
}

#[test]
fn sentences() {
    let of = |fates: &[Fate]| Tally::of(&plan(fates, 0)).to_string();
    assert_eq!(of(&[]), "There is no resource to look at.");
    assert_eq!(of(&[Fate::Right]), "1 resource is as it should be.");
    assert_eq!(of(&[Fate::Right, Fate::Right]), "2 resources are as they should be.");
    assert_eq!(of(&[Fate::LeftAlone, Fate::NotMade]), "Nothing was looked at: 2 resources were left out.");
    assert_eq!(of(&[Fate::Right, Fate::NotMade]), "1 resource is as it should be; 1 resource was left out.");
}
