//! What stands on a terminal while something takes its time, and what a pipe gets of it.

use crate::invocation::{Answer, Test};
use crate::queues::Queues;
use std::process::Command;
use std::time::Duration;

const THREE: &str = "[queue.jobs]\nfor_each = [\"a\", \"b\", \"c\"]\n";

/// Runs it at a terminal of so many columns; all that was ever on it is in `stdout`.
fn at_a_terminal(test: &Test, columns: u16, args: &[&str]) -> Answer {
    let terminal = "import fcntl, os, pty, struct, sys, termios\n\
        pid, fd = pty.fork()\n\
        if pid == 0:\n\
        \x20   fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))\n\
        \x20   os.execv(sys.argv[2], sys.argv[2:])\n\
        while True:\n\
        \x20   try: data = os.read(fd, 65536)\n\
        \x20   except OSError: break\n\
        \x20   if not data: break\n\
        \x20   os.write(1, data)\n\
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n";
    let mut command = Command::new("python3");
    command.args(["-c", terminal, &columns.to_string(), env!("CARGO_BIN_EXE_stackctl")]).args(args);
    test.prepare(&mut command);
    Answer::of(command.env_remove("COLUMNS").output().unwrap())
}

/// Without what moves the cursor and paints, one picture after the other.
fn pictures(said: &str) -> String {
    anstream::adapter::strip_str(said).to_string().replace('\r', "\n")
}

fn test(queues: &Queues) -> Test {
    queues.stack(THREE).env("TERM", "xterm-256color")
}

#[test]
fn what_is_asked_and_read_stands_on_the_screen_and_is_gone_afterwards() {
    let queues = Queues::new();
    let test = test(&queues);
    let test = test.args(["apply", "--auto-approve"]);
    test.success();
    queues.pauses("GetCallerIdentity", Duration::from_millis(700));
    queues.pauses("GetQueueAttributes", Duration::from_millis(400));
    queues.pauses("ListQueueTags", Duration::from_millis(400));
    let answer = at_a_terminal(&test, 100, &["plan"]);
    let said = pictures(&answer.stdout);
    assert_eq!(answer.code, 0, "{said}");
    assert!(said.contains("asking AWS whose credentials these are"), "{said}");
    let counts: Vec<usize> = said
        .split("reading what is there: ")
        .skip(1)
        .map(|rest| rest.split_once("/3").unwrap().0.parse().unwrap())
        .collect();
    assert!(
        counts.len() > 3 && counts.is_sorted() && counts.iter().all(|count| *count <= 3),
        "{counts:?}\n{said}"
    );
    assert!(counts.contains(&1) && counts.contains(&2), "it moves: {counts:?}");
    // The last thing that is drawn is the plan.
    let last = said.trim_end().lines().last().unwrap();
    assert!(last.contains("No changes") && !last.contains("reading"), "{said}");
}

#[test]
fn what_is_in_flight_and_how_much_is_left_stands_at_the_foot() {
    let queues = Queues::new();
    queues.pauses("CreateQueue", Duration::from_millis(600));
    let answer = at_a_terminal(&test(&queues), 60, &["apply", "--auto-approve"]);
    let said = pictures(&answer.stdout);
    assert_eq!(answer.code, 0, "{said}");
    assert!(said.contains("queue.jobs[\"a\"]: creating"), "{said}");
    assert!(said.contains("0/3 done, 3 in flight"), "{said}");
    let counts: Vec<usize> =
        said.split("/3 done").filter_map(|before| before.rsplit(' ').next()?.parse().ok()).collect();
    assert!(counts.is_sorted() && counts.iter().all(|count| *count <= 3), "{counts:?}\n{said}");
}

#[test]
fn a_pipe_and_a_dumb_terminal_get_no_picture() {
    let queues = Queues::new();
    queues.pauses("GetCallerIdentity", Duration::from_millis(700));
    let test = test(&queues).args(["plan"]);
    let answer = test.success();
    assert!(!answer.stderr.contains("asking") && !answer.stderr.contains('\u{1b}'), "{}", answer.stderr);
    let test = queues.stack(THREE).env("TERM", "dumb");
    let answer = at_a_terminal(&test, 80, &["plan"]);
    assert!(!answer.stdout.contains("asking"), "{}", answer.stdout);
}

/// At a terminal whatever is said to people breaks at words.
#[test]
fn errors_break_at_words() {
    let queues = Queues::new();
    let test = queues.stack("[queue.deny]\n").env("TERM", "xterm-256color");
    for columns in [40, 60, 100] {
        let answer = at_a_terminal(&test, columns, &["apply", "--auto-approve"]);
        let said = pictures(&answer.stdout);
        let error = said.split_once("✗").unwrap().1;
        let long = error
            .lines()
            .find(|line| line.trim_end().chars().count() > usize::from(columns) && !line.contains('↵'));
        assert_eq!(long, None, "{columns}\n{said}");
        let words: Vec<&str> = error.split_whitespace().collect();
        assert!(words.contains(&"authorized") && words.contains(&"permission,"), "{said}");
    }
}
