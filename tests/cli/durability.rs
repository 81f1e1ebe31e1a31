//! The disk is full, the folder is read-only, a write was cut off: a clear error, nothing lost, and the next command
//! works once the cause is gone.

use crate::invocation::{Answer, Test};
use crate::states::{BACKUP, JOURNAL, LOCK, STACK, STATE, document, journal, text};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const RM: [&str; 5] = ["state", "rm", "queue.jobs", "--target", "local"];

fn stack() -> Test {
    Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs", "more"])))
}

/// State, backup and journal, as bytes: what must survive.
fn kept(test: &Test) -> Vec<(String, Vec<u8>)> {
    test.files("state").into_iter().filter(|(name, _)| !name.ends_with(".lock")).collect()
}

fn says_where(told: &str) {
    assert!(
        told.contains("last good state is in") && told.contains(STATE) && told.contains(BACKUP),
        "{told}"
    );
}

fn then_it_works(test: Test) {
    let test = test.args(RM);
    test.success();
    let listed = test.args(["state", "list", "--target", "local"]).success().stdout;
    assert!(listed.contains("queue.more") && !listed.contains("queue.jobs"), "{listed}");
}

/// As with a full disk, for whoever may not mount: files may not grow beyond half a kilobyte.
#[test]
fn a_write_that_the_system_cuts_off_leaves_the_old_state() {
    let test = stack();
    let before = kept(&test);
    let script = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" {}", RM.join(" "));
    let mut shell = Command::new("sh");
    let answer = test.spawn(shell.args(["-c", &script, env!("CARGO_BIN_EXE_stackctl")]));
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("File too large"), "{}", answer.stderr);
    says_where(&answer.stderr);
    assert_eq!(kept(&test), before);
    then_it_works(test);
}

/// A file system of a few kilobytes, if this user may mount one.
struct Small {
    at: std::path::PathBuf,
}

impl Small {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,nr_inodes=64,mode=755", "none"])
            .arg(at)
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then(|| Self { at: at.to_owned() })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.at).output().unwrap();
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_full_disk_leaves_the_old_state() {
    let test = Test::new().stack(STACK).file("state/.keep", "");
    let Some(_small) = Small::mount(&test.path("state")) else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    let test = test.file(STATE, &text(&document(4, &["jobs", "more"])));
    let full = test.path("state/full");
    let mut fill = std::fs::File::create(&full).unwrap();
    while std::io::Write::write_all(&mut fill, &[0; 512]).is_ok() {}
    drop(fill);
    let before = kept(&test);
    let test = test.args(RM);
    let answer = test.failure(1);
    assert!(answer.stderr.contains("No space left"), "{}", answer.stderr);
    says_where(&answer.stderr);
    assert_eq!(kept(&test), before);
    // Looking is possible all the same.
    let test = test.args(["state", "list", "--target", "local"]);
    assert!(test.success().stdout.contains("queue.jobs"));
    std::fs::remove_file(full).unwrap();
    then_it_works(test);
}

/// Runs it as somebody whom permissions concern, which they do not for root.
fn as_nobody(test: &Test, args: &[&str]) -> Answer {
    let mut command;
    if nix::unistd::getuid().is_root() {
        let program = test.path("stackctl");
        if !program.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_stackctl"), &program).unwrap();
        }
        command = Command::new(program);
        command.uid(65534).gid(65534);
    } else {
        command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    }
    test.spawn(command.args(args))
}

fn allow(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_folder_is_told_and_can_still_be_read() {
    let test = stack();
    allow(&test.path("."), 0o755);
    allow(&test.path("state"), 0o555);
    let before = kept(&test);
    let answer = as_nobody(&test, &RM);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("could not be locked: Permission denied"), "{}", answer.stderr);
    says_where(&answer.stderr);
    let listed = as_nobody(&test, &["state", "list", "--target", "local"]);
    assert!(listed.code == 0 && listed.stdout.contains("queue.jobs"), "{}", listed.stderr);
    assert_eq!(kept(&test), before);

    // A lock that can be taken in a folder that takes no new file: the write itself is refused.
    let test = test.file(LOCK, "");
    allow(&test.path(LOCK), 0o666);
    let answer = as_nobody(&test, &RM);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("could not be written: Permission denied"), "{}", answer.stderr);
    says_where(&answer.stderr);
    assert_eq!(kept(&test), before);
    allow(&test.path("state"), 0o755);
    then_it_works(test);
}

#[test]
fn leftovers_of_a_cut_off_write_are_cleaned_away() {
    let test = stack()
        .file("state/.demo.local.json.Ab12Cd.tmp", "{\"format\": 1, \"lin")
        .file("state/.demo.local.journal.Ab12Cd.tmp", "{\"entry\":")
        .file("state/.other.json.Ab12Cd.tmp", "of another state, which somebody may be writing");
    then_it_works(stack_of(&test));
    let names: Vec<String> = test.files("state").into_iter().map(|(name, _)| name).collect();
    let expected = [".other.json.Ab12Cd.tmp", "demo.local.json", "demo.local.json.backup", "demo.local.lock"];
    assert_eq!(names, expected);
}

/// The same folder once more, so that it can be looked at afterwards.
fn stack_of(test: &Test) -> Test {
    Test::at(test.path("."))
}

/// Wherever a crash cuts the journal, whole lines count and the cut one does not; nothing is announced by half a line.
#[test]
fn a_journal_that_is_cut_anywhere_is_read_up_to_there() {
    let base = document(4, &["jobs"]);
    let whole = journal(&base, "more", true);
    let folder = tempfile::tempdir().unwrap();
    let files = stackctl::state::Files::new(folder.path(), "demo", None);
    std::fs::write(files.path(), text(&base)).unwrap();
    let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..=whole.len() {
        std::fs::write(files.journal_path(), &whole[..cut]).unwrap();
        let lines = ends.iter().filter(|end| **end <= cut).count();
        let read = files.read();
        let queues = |document: &stackctl::state::Document| document.resources.len();
        match lines {
            // A journal is made whole with its first line: one without it has lost more than a tail.
            0 => assert!(read.unwrap_err().to_string().contains("stackctl state recover"), "cut at {cut}"),
            1 => assert_eq!(text(&read.unwrap().unwrap()), text(&base), "cut at {cut}"),
            2 | 3 => {
                let read = read.unwrap().unwrap();
                assert_eq!((queues(&read), read.open.len()), (1, 1), "cut at {cut}");
                assert_eq!(read.open[0].id.is_some(), lines == 3, "cut at {cut}");
            }
            _ => assert_eq!(queues(&read.unwrap().unwrap()), 2, "cut at {cut}"),
        }
    }
}

/// Wherever the state itself is cut, that is noticed, and the backup has the last good one.
#[test]
fn a_state_that_is_cut_anywhere_is_noticed() {
    let (old, new) = (document(4, &["jobs"]), text(&document(5, &["jobs", "more"])));
    let folder = tempfile::tempdir().unwrap();
    let files = stackctl::state::Files::new(folder.path(), "demo", None);
    std::fs::write(files.backup_path(), text(&old)).unwrap();
    // Without its last line break it is whole.
    for cut in 0..new.len() - 1 {
        std::fs::write(files.path(), &new[..cut]).unwrap();
        let told = files.read().unwrap_err().to_string();
        assert!(told.contains("stackctl state recover") && told.contains(".backup"), "cut at {cut}: {told}");
        let salvage = files.salvage().unwrap();
        assert_eq!(text(&salvage.document.unwrap()), text(&old), "cut at {cut}");
        assert!(salvage.behind, "cut at {cut}");
    }
}

#[test]
fn a_journal_that_was_folded_already_is_harmless() {
    let folded = journal(&document(3, &["jobs"]), "old", true);
    let test = stack().file(JOURNAL, &folded);
    let test = test.args(["state", "list", "--target", "local"]);
    assert!(!test.success().stdout.contains("queue.old"));
    then_it_works(test);
}
