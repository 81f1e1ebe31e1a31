use super::Holder;
use std::fmt::Debug;

/// What the kernel says of this process and of the others that it can see.
pub trait Kernel: Debug + Send + Sync {
    /// This process, doing `command`.
    fn holder(&self, command: &str) -> Holder;
    /// The process of that number, in this process's own pid namespace.
    fn process(&self, pid: u32) -> Seen;
}

/// What there is of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Gone,
    /// When it started, where that can be read; see [`Holder::started`].
    There {
        started: Option<u64>,
    },
}

/// The kernel that this program runs on.
#[derive(Debug, Clone, Copy)]
pub struct ThisKernel;

impl Kernel for ThisKernel {
    fn holder(&self, command: &str) -> Holder {
        let host =
            nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        Holder {
            pid: std::process::id(),
            host,
            user: user.map(|user| user.name).unwrap_or_default(),
            command: command.to_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            boot: boot(),
            namespace: namespace(),
            started: started(std::process::id()),
        }
    }

    fn process(&self, pid: u32) -> Seen {
        let missing = i32::try_from(pid).is_ok_and(|pid| {
            let asked = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
            pid > 0 && asked == Err(nix::errno::Errno::ESRCH)
        });
        if missing { Seen::Gone } else { Seen::There { started: started(pid) } }
    }
}

/// Differs after every boot.
#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// The inode of the namespace: `man 7 pid_namespaces`.
#[cfg(target_os = "linux")]
fn namespace() -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(std::fs::metadata("/proc/self/ns/pid").ok()?.ino())
}

/// Field 22 of `/proc/PID/stat`: `man 5 proc_pid_stat`.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything: fields count from the last one.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

// Elsewhere a holder is never taken for dead; its lease runs out.
#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn namespace() -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn started(_: u32) -> Option<u64> {
    None
}
