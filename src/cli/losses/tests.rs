use super::*;
use crate::plan::Action;
use crate::plan::sample::{self, plan};
use proptest::prelude::*;

fn step(address: Address, action: Action, holds_data: bool, protected: bool) -> Step {
    Step { protected, holds_data, ..sample::step(address, action) }
}

/// Addresses of few kinds, names and keys, so that blocks have several of them.
fn address() -> impl Strategy<Value = Address> {
    let kind = crate::resource::registry().iter().map(|kind| kind.name()).collect::<Vec<_>>();
    let kind = prop::sample::select(kind);
    let key = prop::option::of(prop::sample::select(vec!["a", "eu,west", "ö\"x\""]));
    (kind, prop::sample::select(vec!["one", "two"]), key)
        .prop_map(|(kind, name, key)| Address { key: key.map(str::to_owned), ..Address::new(kind, name) })
}

/// A plan whose steps hold data as their kinds say.
fn plans() -> impl Strategy<Value = Plan> {
    let action = prop::sample::select(vec![
        Action::Noop,
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::ReplaceCreateFirst,
        Action::Delete,
    ]);
    prop::collection::btree_map(address(), action, 1..40).prop_map(|steps| {
        let holds =
            |address: &Address| crate::resource::kind(&address.kind).unwrap().holds().data().is_some();
        plan(
            steps
                .into_iter()
                .map(|(address, action)| step(address.clone(), action, holds(&address), false))
                .collect(),
        )
    })
}

proptest! {
    /// Nothing that holds data goes unnamed; what the help says allows exactly what was refused, in one go.
    #[test]
    fn what_is_lost_is_named_all_at_once_and_the_help_allows_it(plan in plans(), some in prop::collection::vec(any::<bool>(), 40)) {
        let losing: Vec<&Address> =
            plan.steps.iter().filter(|step| step.holds_data && step.action.deletes()).map(|step| &step.address).collect();
        let given: Vec<Allowed> = losing
            .iter()
            .zip(some)
            .filter(|(_, given)| *given)
            .map(|(address, _)| address.to_string().parse().unwrap())
            .collect();
        let left: Vec<&&Address> = losing.iter().filter(|address| !allows(&given, address)).collect();
        let unnamed = unnamed(&plan, &given).unwrap();
        prop_assert_eq!(unnamed.iter().map(|step| &step.address).collect::<Vec<_>>(), left.iter().map(|left| **left).collect::<Vec<_>>());
        if !unnamed.is_empty() {
            let (message, help) = complaint(&unnamed, &losses(&unnamed));
            for address in left {
                let named = message.contains(&address.to_string()) || message.contains(&address.block().to_string());
                prop_assert!(named, "{message}");
            }
            let said = help.split("--allow-data-loss '").nth(1).unwrap().split("' (or").next().unwrap();
            let all: Vec<Allowed> = given.into_iter().chain([said.parse().unwrap()]).collect();
            prop_assert!(super::unnamed(&plan, &all).unwrap().is_empty(), "{help}");
        }
        prop_assert!(super::unnamed(&plan, &[Allowed::All]).unwrap().is_empty());
    }
}

fn allowed(text: &str) -> Vec<Allowed> {
    vec![text.parse().unwrap()]
}

#[test]
fn an_allowance_for_nothing_says_what_was_meant() {
    let lake = |key| Address::keyed("bucket", "lake", key);
    let steps = vec![
        step(lake("raw"), Action::Delete, true, false),
        step(lake("clean"), Action::Delete, true, false),
        step(Address::new("queue", "lakes"), Action::Noop, true, false),
    ];
    let plan = plan(steps);
    assert_eq!(unnamed(&plan, &allowed("bucket.lake")).unwrap(), Vec::<&Step>::new());
    assert_eq!(unnamed(&plan, &allowed("bucket.lake[raw]")).unwrap().len(), 1);
    // It is there, and nothing of it is lost: no harm in it.
    assert_eq!(unnamed(&plan, &allowed("bucket.lake,queue.lakes")).unwrap(), Vec::<&Step>::new());
    for (typed, meant) in [("bucket.lak", "bucket.lake"), ("bucket.lake[row]", r#"bucket.lake["raw"]"#)] {
        let Err(Failure::User { message, help }) = unnamed(&plan, &allowed(typed)) else { panic!("{typed}") };
        assert!(message.contains("neither stack.toml nor the state has that"), "{message}");
        assert_eq!(help, format!("Did you mean {meant}?"));
    }
    assert!("lake".parse::<Allowed>().is_err());
}

#[test]
fn all_that_is_protected_is_said_at_once() {
    let plan = plan(vec![
        step(Address::new("queue", "a"), Action::Delete, true, true),
        step(Address::new("queue", "b"), Action::Replace, true, true),
        step(Address::new("queue", "c"), Action::Update, true, true),
    ]);
    let Err(Failure::User { message, .. }) = unnamed(&plan, &[Allowed::All]) else { panic!() };
    assert!(message.ends_with("would be deleted: queue.a, queue.b"), "{message}");
}

#[test]
fn of_very_many_the_blocks_are_counted() {
    let steps = (0..50)
        .map(|key| step(Address::keyed("queue", "jobs", &key.to_string()), Action::Delete, true, false));
    let plan = plan(steps.chain([step(Address::new("bucket", "b"), Action::Delete, true, false)]).collect());
    let unnamed = unnamed(&plan, &[]).unwrap();
    let (message, help) = complaint(&unnamed, &losses(&unnamed));
    assert_eq!(
        message,
        "51 resources hold data, and nobody has allowed to lose it: bucket.b (1), queue.jobs (50)"
    );
    assert_eq!(help, "Add --allow-data-loss 'bucket.b,queue.jobs' (or `all`) if that is what you want.");
}

#[test]
fn the_docs_say_what_holds_data() {
    let docs = include_str!("../../../docs/reliability.md");
    let section = docs.split("## What holds data").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut told: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let kinds = crate::resource::registry().iter();
    let mut held: Vec<String> =
        kinds.filter_map(|kind| Some(format!("| `{}` | {} |", kind.name(), kind.holds().data()?))).collect();
    held.sort();
    told.sort_unstable();
    assert_eq!(told, held);
}
