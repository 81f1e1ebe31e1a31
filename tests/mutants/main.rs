//! Whether the simulation can fail: the engine is broken on purpose, in each of the ways of `tests/simulation/mutants.toml`,
//! and every time the simulation must say so, by an invariant that is meant for it; for rules that it has no part of, the tests that the
//! mutant names. By default every fourth is tried, others each day; `STACKCTL_MUTANT=all` tries all, `STACKCTL_MUTANT=journal,lease` those with
//! one of these words in their name.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

#[derive(Deserialize)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    file: PathBuf,
    find: String,
    replace: String,
    why: String,
    /// Invariants, one of which breaks.
    #[serde(default)]
    caught_by: Vec<String>,
    /// What the simulation has no part of: the tests of this target (`lib`, or one of `tests`) with that in their name.
    test: Option<(String, String)>,
}

/// In so many days each has had its turn.
const DAYS: usize = 4;
/// So many seeds until a mutant has escaped. Each is caught within a few hundred.
const SEEDS: u64 = 1000;
/// Of the unbroken copy, which shows that a catch is not the copy's fault. The simulation itself plays thousands.
const UNBROKEN: u64 = 50;

/// Past what the test harness keeps to itself: the counts of a run that passed are for people too.
fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

fn mutants() -> Vec<Mutant> {
    let text = std::fs::read_to_string(repository().join("tests/simulation/mutants.toml")).unwrap();
    toml::from_str::<Mutants>(&text).unwrap().mutant
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What cargo needs and what the sources compile into themselves, in a folder that is always the same, so that only what has changed is compiled. Without the program,
/// which the simulation does not need and which takes as long to link as all the rest.
fn copy() -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    std::fs::create_dir_all(&to).unwrap();
    for name in
        ["Cargo.toml", "Cargo.lock", "stack.toml", "src", "handlers", "tests", "benches", "docs", "examples"]
    {
        let from = repository().join(name);
        mirror(&from, &to.join(name));
    }
    std::fs::remove_file(to.join("src/main.rs")).unwrap();
    let manifest = std::fs::read_to_string(to.join("Cargo.toml")).unwrap();
    std::fs::write(to.join("Cargo.toml"), manifest.replace("default-run = \"stackctl\"\n", "")).unwrap();
    rename(&to.join("Cargo.toml"), "\n", "version.workspace = true");
    let version = concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"");
    rename(&to.join("Cargo.lock"), "name = \"stackctl\"\n", version);
    to
}

/// Gives the copy another version. Cargo takes two packages for one that have name, version and place in the workspace in
/// common: in the shared target folder the next build of these sources would go on with what was compiled of a mutant.
fn rename(file: &Path, before: &str, version: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let line = format!("{before}{version}\n");
    assert_eq!(text.matches(&line).count(), 1, "{} does not have {line:?} once", file.display());
    let ours = concat!("version = \"", env!("CARGO_PKG_VERSION"), "-mutant\"\n");
    std::fs::write(file, text.replace(&line, &format!("{before}{ours}"))).unwrap();
}

/// Files that are the same stay as they are, with the time of their last change.
fn mirror(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" && name != ".stackctl" {
                mirror(&from.join(&name), &to.join(&name));
            }
        }
    } else if std::fs::read(to).ok() != Some(std::fs::read(from).unwrap()) {
        std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
    }
}

/// What cargo sets for a test would have crates with build scripts compiled anew; what the user has set, such as CARGO_HOME
/// or a profile's settings, must stay. Source: the Cargo Book, "Environment variables Cargo sets for crates".
fn is_of_outer_cargo(name: &str) -> bool {
    matches!(name, "CARGO" | "CARGO_TARGET_TMPDIR" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE")
        || ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix))
}

fn cargo_test(copy: &Path, args: &[&str], env: &[(&str, String)]) -> (bool, String) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .env_clear()
        .args(["test", "--workspace", "--locked", "--offline"])
        .args(args)
        .current_dir(copy)
        .envs(std::env::vars().filter(|(name, _)| !is_of_outer_cargo(name)))
        .env("CARGO_TARGET_DIR", target)
        .env("RUST_BACKTRACE", "0")
        .envs(env.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

/// Whether the simulation of the copy passes, and what it says. It stops as soon as one of `until` breaks.
fn simulate(copy: &Path, seeds: u64, until: &[String]) -> (bool, String) {
    let env = [("STACKCTL_SEEDS", seeds.to_string()), ("STACKCTL_UNTIL", until.join(","))];
    let (passed, said) = cargo_test(copy, &["--test", "simulation", "--", "--nocapture"], &env);
    assert!(said.contains("simulation: "), "it was not run: {said}");
    (passed, said)
}

/// Whether these tests of the copy pass. Not those that need the program, which is not compiled.
fn passes(copy: &Path, (target, filter): &(String, String)) -> bool {
    let args = if target == "lib" { vec!["--lib"] } else { vec!["--test", target] };
    let (passed, said) = cargo_test(copy, &[&args[..], &[filter.as_str()]].concat(), &[]);
    // One that does not compile is not caught, and one that has no such test neither.
    assert!(said.contains("running ") && !said.contains("could not compile"), "it was not run: {said}");
    assert!(
        !passed
            || said.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed")),
        "{said}"
    );
    passed
}

#[test]
fn every_mutant_fits_the_sources() {
    let mutants = mutants();
    assert!(mutants.len() >= 6);
    for Mutant { name, file, find, .. } in mutants {
        let text = std::fs::read_to_string(repository().join(&file)).unwrap();
        assert_eq!(text.matches(&find).count(), 1, "{name}: {} does not have {find:?} once", file.display());
    }
}

/// The number before `seeds` in the simulation's first line.
fn played(said: &str) -> u64 {
    let line = said.lines().find_map(|line| line.strip_prefix("simulation: ")).unwrap();
    line.split(' ').next().unwrap().parse().unwrap()
}

/// Those of this day, or of `STACKCTL_MUTANT`.
fn asked_for() -> Vec<Mutant> {
    let mutants = mutants().into_iter();
    match std::env::var("STACKCTL_MUTANT") {
        Ok(all) if all == "all" => mutants.collect(),
        Ok(words) => {
            mutants.filter(|mutant| words.split(',').any(|word| mutant.name.contains(word))).collect()
        }
        Err(_) => {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let day = usize::try_from(since.as_secs() / 86_400).unwrap();
            mutants.skip(day % DAYS).step_by(DAYS).collect()
        }
    }
}

#[test]
fn every_mutant_is_caught() {
    let (copy, begun) = (copy(), Instant::now());
    let (whole, said) = simulate(&copy, UNBROKEN, &[]);
    assert!(whole, "unbroken, it must pass: {said}");
    let (mut escaped, mut seeds) = (vec![], 0);
    let mutants = asked_for();
    let count = mutants.len();
    let mut sound = BTreeSet::new();
    for Mutant { name, file, find, replace, why, caught_by, test } in mutants {
        if let Some(test) = test.as_ref().filter(|test| sound.insert((*test).clone())) {
            assert!(passes(&copy, test), "unbroken, it must pass: {test:?}");
        }
        let started = Instant::now();
        let path = copy.join(&file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen(&find, &replace, 1)).unwrap();
        if let Some(test) = test {
            let caught = !passes(&copy, &test);
            std::fs::write(&path, text).unwrap();
            let (word, seconds) =
                (if caught { "caught: " } else { "ESCAPED:" }, started.elapsed().as_secs_f64());
            tell(&format!("{word} {name} ({seconds:.0} s)\n    {why}\n    by {} {}", test.0, test.1));
            if !caught {
                escaped.push(name);
            }
            continue;
        }
        let (passed, said) = simulate(&copy, SEEDS, &caught_by);
        seeds += played(&said);
        std::fs::write(&path, text).unwrap();
        let broken = said.lines().find(|line| line.trim_start().starts_with("broken")).unwrap_or_default();
        let by: Vec<&String> = caught_by
            .iter()
            .filter(|invariant| {
                let counted = broken.split(", ").find_map(|part| {
                    part.trim().trim_start_matches("broken").trim().strip_prefix(invariant.as_str())
                });
                counted.is_some_and(|count| !count.trim().starts_with('0'))
            })
            .collect();
        let caught = !passed && !by.is_empty();
        tell(&format!(
            "{} {name} ({} seeds, {:.0} s)\n    {why}\n    {}",
            if caught { "caught: " } else { "ESCAPED:" },
            played(&said),
            started.elapsed().as_secs_f64(),
            if caught { format!("by {by:?}") } else { broken.to_owned() }
        ));
        if !caught {
            escaped.push(name);
        }
    }
    tell(&format!(
        "mutants, {:.0} s: {count}, of which {} caught, after {seeds} seeds",
        begun.elapsed().as_secs_f64(),
        count - escaped.len()
    ));
    assert!(escaped.is_empty(), "not caught: {escaped:?}");
}
