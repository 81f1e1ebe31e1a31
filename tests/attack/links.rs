//! A cloned repository has links in place of what a command makes, and of the folders on the way there. Whatever the command makes
//! of that, nothing outside of the project changes.

use crate::emulator::Emulator;
use crate::process::{ends_within, output, spawn, text};
use crate::project::{Project, Way};
use crate::size::{dice, is_full};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

const STACK: &str = r#"
[stack]
name = "links"
region = "eu-west-1"
[params]
size = 30
[bucket.b]
force_destroy = true
[queue.q]
visibility_timeout = "${param.size}"
[outputs]
url = "${queue.q.url}"
"#;

/// How each command is called; none of those that `elsewhere` has.
const CALLS: [&[&str]; 26] = [
    &["init", "new/project"],
    &["validate"],
    &["plan", "--out", "plans/next"],
    &["apply", "--auto-approve", "--set", "size=31"],
    &["destroy", "--auto-approve", "--allow-data-loss", "all"],
    &["show"],
    &["output"],
    &["state", "list"],
    &["state", "show", "queue.q"],
    &["state", "history"],
    &["state", "pull"],
    &["state", "push", "pulled.json", "--force"],
    &["state", "mv", "queue.q", "queue.other"],
    &["state", "rm", "queue.q"],
    &["state", "rollback", "--auto-approve", "backup"],
    &["state", "recover", "--from-tags", "--auto-approve"],
    &["state", "migrate", "--to", "elsewhere/states", "--auto-approve"],
    &["lock", "status"],
    &["unlock"],
    &["cp", "bucket.b/key", "here/report.txt"],
    &["cp", "bucket.b/key", "here"],
    &["env"],
    &["preflight"],
    &["permissions", "--out", "policies"],
    &["completions", "bash"],
    &["schema"],
];

/// Commands that are not called here, and why.
const ELSEWHERE: [(&str, &str); 8] = [
    ("local up", "tests/local/life.rs plants links in place of all that it makes"),
    ("local status", "as local up"),
    ("local logs", "as local up"),
    ("local down", "as local up"),
    ("local supervise", "as local up"),
    ("connect", "starts psql and makes nothing"),
    ("logs", "prints, of functions"),
    ("demo", "local up, apply, and a report by way of the folder that src/folder.rs tests"),
];

/// Of a hundred links, those that are planted every day.
const DAILY: usize = 15;

/// Names and contents of all below a folder; links are not followed.
fn tree(top: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![top.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let is = if meta.is_dir() {
                left.push(path.clone());
                "a folder".to_owned()
            } else if meta.is_symlink() {
                format!("to {}", fs::read_link(&path).unwrap().display())
            } else {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            };
            found.insert(path.strip_prefix(top).unwrap().to_owned(), is);
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (name, is) in tree(from) {
        let to = to.join(&name);
        if is == "a folder" {
            fs::create_dir(&to).unwrap()
        } else {
            fs::copy(from.join(&name), &to).map(|_| ()).unwrap()
        }
    }
}

/// Somebody's project, and what of the user lies beside it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(template: &Path) -> Self {
        let place = Self { folder: tempfile::Builder::new().prefix("stackctl-links-").tempdir().unwrap() };
        fs::create_dir_all(place.user().join("den")).unwrap();
        fs::write(place.user().join("victim"), "precious").unwrap();
        fs::write(place.user().join("den/kept"), "mine").unwrap();
        fs::create_dir(place.project()).unwrap();
        copy(template, &place.project());
        place
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    /// Puts a link there, in the place of what there is.
    fn plant(&self, name: &Path, to: &str) {
        let path = self.project().join(name);
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(&path).unwrap(),
            Ok(_) => fs::remove_file(&path).unwrap(),
            Err(_) => fs::create_dir_all(path.parent().unwrap()).unwrap(),
        }
        symlink(self.user().join(to), &path).unwrap();
    }
}

struct World {
    project: Project,
    _emulator: Emulator,
}

impl World {
    fn new() -> Self {
        let emulator = Emulator::start("ministack", &|_| vec![]);
        let project = Project::away(STACK, Way::Target(emulator.endpoint.clone()));
        Self { project, _emulator: emulator }
    }

    /// Everything is applied, twice so that there is a backup, and nothing is left of a command before.
    fn prepared(&self) -> &Path {
        let folder = self.project.folder();
        for made in ["state", "plans", "here", "new", "elsewhere", "policies"] {
            let _ = fs::remove_dir_all(folder.join(made));
        }
        // What the command before left in the cloud is known again, or there is nothing.
        let recover = ["state", "recover", "--from-tags", "--auto-approve"];
        let _ = self.project.to_cloud(&recover).output().unwrap();
        for command in [self.project.destroy(), self.project.apply(), self.project.apply()] {
            let mut command = command;
            if fs::exists(folder.join("state")).unwrap() {
                command.args(["--set", "size=29"]);
            }
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", text(&output));
        }
        fs::write(folder.join("file.txt"), "an object").unwrap();
        for args in [&["cp", "file.txt", "bucket.b/key"][..], &["state", "pull"]] {
            let output = self.project.to_cloud(args).output().unwrap();
            assert!(output.status.success(), "{}", text(&output));
            fs::write(folder.join("pulled.json"), &output.stdout).unwrap();
        }
        for made in ["plans", "here", "log"] {
            fs::create_dir_all(folder.join(made)).unwrap();
        }
        let _ = fs::remove_file(folder.join("log/run.log"));
        folder
    }

    /// Runs it in a place; its exit code and what it said.
    fn run(&self, place: &Place, call: &[&str]) -> (Option<i32>, String) {
        let nowhere = matches!(call[0], "init" | "completions" | "schema");
        let mut command = if nowhere { self.project.command(call) } else { self.project.to_cloud(call) };
        command.args(["--log-file", "log/run.log"]).current_dir(place.project());
        // What it keeps of the user's own is not the project's.
        command.env("HOME", self.project.folder().join("home"));
        if nowhere {
            // They wait for nothing, and say more than a pipe holds that nobody reads.
            let output = command.output().unwrap();
            return (output.status.code(), text(&output));
        }
        let mut child = spawn(command);
        if !ends_within(&mut child, Duration::from_secs(120)) {
            child.kill().unwrap();
            return (None, "it did not end".to_owned());
        }
        let output = output(child);
        (output.status.code(), text(&output))
    }
}

fn leaves(command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
    let subcommands: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    for sub in &subcommands {
        leaves(sub, format!("{above} {}", sub.get_name()).trim(), found);
    }
    if subcommands.is_empty() {
        found.insert(above.to_owned());
    }
}

#[test]
fn every_command_is_called_here_or_said_to_be_elsewhere() {
    let mut all = BTreeSet::new();
    leaves(&stackctl::cli::command(), "", &mut all);
    let called = |name: &str| {
        let words: Vec<&str> = name.split(' ').collect();
        CALLS.iter().any(|call| call.starts_with(&words)) || ELSEWHERE.iter().any(|(other, _)| *other == name)
    };
    let missing: Vec<&String> = all.iter().filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "say how they are called: {missing:?}");
}

#[test]
fn nothing_outside_of_the_project_changes() {
    let world = World::new();
    let (mut planted, mut faults, mut dice) = (0, vec![], dice("links", 0));
    let template = tempfile::tempdir().unwrap();
    let mut stale = true;
    let kept = template.path().join("project");
    for call in CALLS {
        // What a command changes in the cloud is changed back only for those whose next call would do something else then.
        let changes = matches!(call[0], "apply" | "destroy");
        let mut prepared = || {
            if stale || changes {
                let _ = fs::remove_dir_all(&kept);
                fs::create_dir(&kept).unwrap();
                copy(world.prepared(), &kept);
            }
            stale = changes;
            kept.clone()
        };
        let clean = Place::new(&prepared());
        let before = tree(&clean.project());
        let (code, said) = world.run(&clean, call);
        if code != Some(0) {
            faults.push(format!("{call:?} on a clean project: {code:?}\n{said}"));
            continue;
        }
        let after = tree(&clean.project());
        let mut names: BTreeSet<PathBuf> = after
            .iter()
            .filter(|(name, is)| before.get(*name) != Some(*is))
            .map(|(name, _)| name.clone())
            .collect();
        names.extend(before.keys().filter(|name| !after.contains_key(*name)).cloned());
        for name in names.clone() {
            names
                .extend(name.ancestors().skip(1).filter(|above| *above != Path::new("")).map(Path::to_owned));
        }
        assert!(names.contains(Path::new("log/run.log")), "{call:?}: {names:?}");
        for name in &names {
            for to in ["victim", "den", "nowhere"] {
                // Others each day.
                if !is_full() && !dice.chance(DAILY) {
                    continue;
                }
                let place = Place::new(&prepared());
                place.plant(name, to);
                let before = tree(&place.user());
                let (code, said) = world.run(&place, call);
                planted += 1;
                let after = tree(&place.user());
                if before != after || code.is_none_or(|code| code == 70) {
                    let changed: Vec<_> =
                        after.iter().filter(|(name, is)| before.get(*name) != Some(*is)).collect();
                    faults
                        .push(format!("{call:?}, {} -> {to}: {code:?} {changed:?}\n{said}", name.display()));
                }
            }
        }
    }
    eprintln!("{planted} links planted, {} faults", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
