//! Where a command line goes: every command that clap knows, with every flag that it has.

use super::*;
use crate::cli::site::Way;
use crate::config::{self, Options};
use crate::resource::registry;
use clap::{Arg, ArgAction};
use std::cell::RefCell;

const STACK: &str = r#"
[stack]
name = "demo"
region = "eu-west-1"
[params]
size = 1
[queue.jobs]
visibility_timeout = "${param.size}"
[targets.prod]
profile = "prod"
[targets.local]
"#;

/// What no flag but `--target` changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Aws,
    Prod,
    Local,
}

/// Where these words go, asked as the commands ask. The variables that were looked at are noted.
fn way(words: &[String], variable: Option<&str>, asked: &RefCell<Vec<String>>) -> Result<There, String> {
    let cli = parse(words.iter().map(OsString::from)).map_err(|error| error.to_string())?;
    let args = cli.command.stack().expect("it has --target and no stack");
    let env = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        (name == "STACKCTL_TARGET").then(|| variable.map(OsString::from)).flatten()
    };
    let target = args.target(env).map_err(|failure| failure.to_string())?;
    let options = Options { target, set: args.set.clone(), ..Options::default() };
    let stack = config::parse(config::Source::new("stack.toml", STACK), &options, registry());
    let stack = stack.map_err(|mistakes| mistakes.to_string())?;
    Ok(match Way::of(&stack) {
        Way::Local => There::Local,
        Way::Aws(to) if to.profile.as_deref() == Some("prod") => There::Prod,
        Way::Aws(to) => {
            assert_eq!((to.profile, to.endpoint), (None, None));
            There::Aws
        }
    })
}

/// A command without subcommands: the words that call it, and all its arguments.
struct Leaf {
    path: Vec<String>,
    needed: Vec<String>,
    flags: Vec<Arg>,
}

fn leaves(command: &Command, path: &[String], found: &mut Vec<Leaf>) {
    let path = [path, &[command.get_name().to_owned()]].concat();
    let subcommands: Vec<&Command> =
        command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    if subcommands.is_empty() {
        let (positionals, flags): (Vec<&Arg>, Vec<&Arg>) =
            command.get_arguments().partition(|arg| arg.is_positional());
        let mut needed: Vec<String> =
            positionals.iter().filter(|arg| arg.is_required_set()).map(|_| "bucket.x".to_owned()).collect();
        // One end of a copy is in a bucket, the other is not; a move has one of its two places.
        match path.last().map(String::as_str) {
            Some("cp") => needed = vec!["file.csv".to_owned(), "bucket.x/".to_owned()],
            Some("migrate") => needed = vec!["--to".to_owned(), "elsewhere".to_owned()],
            _ => {}
        }
        let told = ["help", "version", "targets"];
        let flags = flags.into_iter().filter(|arg| !told.contains(&arg.get_id().as_str())).cloned().collect();
        found.push(Leaf { path: path.clone(), needed, flags });
    }
    subcommands.iter().for_each(|sub| leaves(sub, &path, found));
}

/// The flag with a value that it takes.
fn words(arg: &Arg) -> Vec<String> {
    let flag = format!("--{}", arg.get_long().expect("every flag has a long form"));
    if matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count) {
        return vec![flag];
    }
    let possible = arg.get_possible_values();
    if let Some(value) = possible.first() {
        return vec![format!("{flag}={}", value.get_name())];
    }
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.to_string());
    let value = match name.as_deref().unwrap_or_default() {
        "NAME=VALUE" => "size=2",
        "NAME=PATH" => "size=size.txt",
        "ADDRESS" | "ADDRESS|all" => "queue.jobs",
        "SPAN" => "1h",
        "BOOL" => "false",
        "ID" => "123456789012",
        name if name.contains("SECONDS") || name.contains("SEED") || name == "N" => "1",
        "" if arg.get_id() == "lines" => "1",
        _ => "prod",
    };
    vec![format!("{flag}={value}")]
}

/// The place by `--target`, which wins, or by the variable; whatever else is said, before the subcommand or behind it.
#[test]
fn only_the_place_says_where() {
    let mut command = Cli::command();
    command.build();
    let mut all = vec![];
    leaves(&command, &[], &mut all);
    let with_place = |leaf: &Leaf| {
        let found = leaf.path[1..].iter().fold(&command, |at, name| at.find_subcommand(name).unwrap());
        found.get_arguments().any(|arg| arg.get_id() == "targets")
    };
    let (placed, others): (Vec<Leaf>, Vec<Leaf>) = all.into_iter().partition(with_place);
    let named = |leaf: &Leaf| leaf.path[1..].join(" ");
    // Who goes nowhere, or to the local cloud by its own name. A new command is in one list or the other.
    let nowhere: Vec<String> = others.iter().map(named).collect();
    let known = [
        "init",
        "local up",
        "local status",
        "local logs",
        "local down",
        "local supervise",
        "demo",
        "completions",
        "schema",
    ];
    assert_eq!(nowhere, known);
    assert!(placed.len() >= 22, "{:?}", placed.iter().map(named).collect::<Vec<_>>());

    let asked = RefCell::new(vec![]);
    let mut count = 0;
    for leaf in &placed {
        let bare = [&leaf.path[..], &leaf.needed].concat();
        assert_eq!(way(&bare, None, &asked), Ok(There::Aws), "how is {} called?", named(leaf));
        let mut sets: Vec<Vec<String>> = vec![vec![]];
        for flag in &leaf.flags {
            // `migrate` has its one place already.
            if named(leaf) == "state migrate" && flag.get_id() == "from" || flag.get_id() == "to" {
                continue;
            }
            let one = words(flag);
            let told = way(&[&bare[..], &one].concat(), None, &asked);
            assert_eq!(told, Ok(There::Aws), "{} {one:?} does not go where it went", named(leaf));
            // With the flag before it, too.
            let pair = sets.last().map(|last| [&last[..], &one].concat()).filter(|pair| pair.len() == 2);
            sets.push(one);
            sets.extend(pair);
        }
        for set in &sets {
            for variable in [None, Some("prod"), Some("local")] {
                for flag in [None, Some("prod"), Some("local")] {
                    let wanted = match flag.or(variable) {
                        None => There::Aws,
                        Some("prod") => There::Prod,
                        Some(_) => There::Local,
                    };
                    let spellings = lines(leaf, set, flag);
                    let some = spellings.len().min(2 + 4 * usize::from(set.is_empty()));
                    for index in 0..some {
                        // Others each time, all of them where there is no other flag.
                        let line = &spellings[(count + index) % spellings.len()];
                        count += 1;
                        match way(line, variable, &asked) {
                            Err(error) if error.contains("cannot be used with") && set.len() == 2 => {}
                            told => assert_eq!(told, Ok(wanted), "{line:?} with {variable:?}"),
                        }
                    }
                }
            }
        }
    }
    assert!(asked.borrow().iter().all(|name| name == "STACKCTL_TARGET"));
    assert!(count > 3_000, "{count}");
}

/// The place in every spelling, at every level that takes it, before the other flags and behind them.
fn lines(leaf: &Leaf, set: &[String], place: Option<&str>) -> Vec<Vec<String>> {
    let whole = |parts: &[&[String]]| parts.concat();
    let Some(place) = place else { return vec![whole(&[&leaf.path, set, &leaf.needed])] };
    let spelt = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let joined = format!("--target={place}");
    let short = format!("-t{place}");
    let mut lines = vec![
        whole(&[&leaf.path, set, &leaf.needed, &spelt(&["--target", place])]),
        whole(&[&leaf.path, &spelt(&["-t", place]), set, &leaf.needed]),
        whole(&[&leaf.path, &spelt(&[&joined]), &leaf.needed, set]),
        whole(&[&leaf.path, &spelt(&[&short, &joined]), &leaf.needed, set]),
    ];
    if let [program, command, rest @ ..] = leaf.path.as_slice()
        && !rest.is_empty()
    {
        let head = [program.clone(), command.clone()];
        lines.push(whole(&[&head, &spelt(&[&joined]), rest, set, &leaf.needed]));
        lines.push(whole(&[&head, &spelt(&[&joined]), rest, set, &leaf.needed, &spelt(&["-t", place])]));
    }
    lines
}

#[test]
fn two_places_are_refused_at_whatever_level_they_stand() {
    let told = |line: &str, variable| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        way(&words, variable, &RefCell::default())
    };
    for line in [
        "stackctl plan -t prod -t local",
        "stackctl state -t prod list -t local",
        "stackctl state -t prod -t local list",
        "stackctl lock --target=prod status --target local",
        "stackctl state --set size=1 list --set size=2",
        "stackctl state --file a.toml list --file b.toml",
    ] {
        assert!(
            told(line, None).is_err_and(|error| error.contains("two places") || error.contains("twice")),
            "{line}"
        );
        assert!(told(line, Some("local")).is_err(), "{line}");
    }
    assert_eq!(told("stackctl state -t prod list -t prod", Some("local")), Ok(There::Prod));
    assert_eq!(told("stackctl state --set size=1 list", None), Ok(There::Aws));
    for line in
        ["stackctl plan -t queue.jobs", "stackctl plan --only local", "stackctl plan -t prod,queue.jobs"]
    {
        assert!(told(line, Some("local")).is_err(), "{line}");
    }
    for variable in ["queue.jobs", "", "prod,local", "nowhere"] {
        assert!(told("stackctl plan", Some(variable)).is_err(), "{variable}");
        assert_eq!(told("stackctl plan -t prod", Some(variable)), Ok(There::Prod), "{variable}");
    }
}
