//! Whoever is interrupted at the prompt or while planning gives its lease back: nobody else has to wait until it runs out.
//! On a terminal of its own, with the state in S3 on MiniStack.

use crate::project::{all, eventually};
use crate::proxy::Fate;
use crate::stage::Stage;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the user, or who watches over the process, ends it; and the exit code.
const WAYS: [(&str, i32); 4] = [("Ctrl-C", 130), ("Ctrl-\\", 131), ("SIGTERM", 143), ("hang-up", 129)];

/// A command on a terminal.
struct Session {
    child: Child,
    keys: File,
    said: Arc<Mutex<String>>,
    screen: Screen,
}

/// Reads what is shown until it is told to let go of the terminal.
struct Screen {
    done: Arc<AtomicBool>,
    reader: JoinHandle<()>,
}

impl Screen {
    fn of(mut terminal: File, said: Arc<Mutex<String>>) -> Self {
        fcntl(&terminal, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let end = done.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !end.load(Ordering::Relaxed) {
                match terminal.read(&mut buffer) {
                    Ok(count) => said.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count])),
                    // Nothing to read, or nobody there any more.
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        });
        Self { done, reader }
    }

    fn end(self) {
        self.done.store(true, Ordering::Relaxed);
        self.reader.join().unwrap();
    }
}

impl Session {
    fn of(stage: &Stage, args: &[&str]) -> Self {
        let terminal = openpty(None, None).unwrap();
        // A child that had the other end as well would keep the terminal alive.
        for end in [&terminal.master, &terminal.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        }
        let end = |end: &OwnedFd| end.try_clone().unwrap();
        // With the terminal as its own, so that keys become signals, and so does the end of the terminal.
        let mut command = Command::new("setsid");
        stage.settings(command.arg("--ctty").arg(env!("CARGO_BIN_EXE_stackctl")).args(args));
        command
            .stdin(Stdio::from(end(&terminal.slave)))
            .stdout(Stdio::from(end(&terminal.slave)))
            .stderr(Stdio::from(terminal.slave));
        let child = command.spawn().unwrap();
        // What is held of the terminal in this process must go as well.
        drop(command);
        let (keys, said) = (File::from(terminal.master), Arc::new(Mutex::new(String::new())));
        let screen = Screen::of(keys.try_clone().unwrap(), said.clone());
        Self { child, keys, said, screen }
    }

    fn shows(&self, text: &str) -> bool {
        self.said.lock().unwrap().contains(text)
    }

    /// Ends it in one of the ways; the exit code.
    fn end(mut self, way: &str) -> (Option<i32>, String) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let mut screen = Some(self.screen);
        let mut keys = Some(self.keys);
        let mut types = |key: &[u8]| keys.as_mut().unwrap().write_all(key).unwrap();
        match way {
            "Ctrl-C" => types(b"\x03"),
            "Ctrl-\\" => types(b"\x1c"),
            "SIGTERM" => kill(pid, Signal::SIGTERM).unwrap(),
            _ => {
                screen.take().into_iter().for_each(Screen::end);
                drop(keys.take());
            }
        }
        let status = self.child.wait().unwrap();
        screen.into_iter().for_each(Screen::end);
        let said = self.said.lock().unwrap().clone();
        (status.code(), said)
    }
}

fn is_free(stage: &Stage, when: &str) {
    assert!(!stage.is_locked(), "{when}: {:?}", stage.keys());
    let plan = stage.run(&["plan"]);
    assert!(plan.status.success(), "{when}: {}", all(&plan));
}

#[test]
fn the_lease_is_given_back_at_the_prompt() {
    let stage = Stage::of_vpcs(1);
    for (way, code) in WAYS {
        let session = Session::of(&stage, &["apply"]);
        eventually("the question", || session.shows("Carry this out").then_some(()));
        assert!(stage.is_locked(), "{:?}", stage.keys());
        let (ended, said) = session.end(way);
        assert_eq!(ended, Some(code), "{way}: {said}");
        is_free(&stage, way);
    }
    assert!(stage.vpcs().is_empty());
}

#[test]
fn the_lease_is_given_back_while_planning() {
    let stage = Stage::of_vpcs(1);
    stage.says(&["apply", "--auto-approve"]);
    for (way, code) in WAYS {
        for command in [&["plan"][..], &["apply"], &["destroy"]] {
            let before = stage.proxy.count("Action=DescribeVpcs&");
            stage.proxy.decide(|request| match request.contains("Action=DescribeVpcs&") {
                true => Fate::Late(Duration::from_secs(20)),
                false => Fate::Passes,
            });
            let session = Session::of(&stage, command);
            eventually("the read", || (stage.proxy.count("Action=DescribeVpcs&") > before).then_some(()));
            assert!(stage.is_locked(), "{:?}", stage.keys());
            let (ended, said) = session.end(way);
            assert_eq!(ended, Some(code), "{command:?} {way}: {said}");
            stage.proxy.decide(|_| Fate::Passes);
            is_free(&stage, way);
        }
    }
    stage.is_whole(1);
}
