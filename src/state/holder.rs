use super::kernel::{Kernel, Seen, ThisKernel};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub user: String,
    pub command: String,
    /// RFC 3339.
    pub since: String,
    /// The kernel's boot id. Not known on every system, and not of locks that older versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Which pid namespace `pid` counts in. Containers have their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<u64>,
    /// When the process started, in ticks since the boot: a pid is given out again, with another start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
}

impl Holder {
    /// This process, doing `command`.
    pub fn this(command: &str) -> Self {
        ThisKernel.holder(command)
    }

    /// Whether its process is gone for certain: it ran on the very kernel and in the very pid namespace in which we look, and
    /// there is no process of its number, or one that started at another time.
    ///
    /// A host name proves nothing: containers and cloned machines share it, and do not see each other's processes.
    pub fn is_dead(&self, kernel: &dyn Kernel) -> bool {
        let here = kernel.holder("");
        let known = self.boot.is_some() && self.namespace.is_some() && self.started.is_some();
        let same = (&self.host, &self.boot, self.namespace) == (&here.host, &here.boot, here.namespace);
        known
            && same
            && match kernel.process(self.pid) {
                Seen::Gone => true,
                Seen::There { started } => started.is_some() && started != self.started,
            }
    }

    /// Somebody who left no readable word.
    pub fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            pid: 0,
            host: unknown(),
            user: unknown(),
            command: unknown(),
            since: unknown(),
            boot: None,
            namespace: None,
            started: None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, user, command, .. } = self;
        write!(f, "`stackctl {command}` of {user}@{host} (process {pid})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sees one process, or none.
    #[derive(Debug)]
    struct Sees(Option<u64>);

    impl Kernel for Sees {
        fn holder(&self, command: &str) -> Holder {
            holder(command)
        }
        fn process(&self, _: u32) -> Seen {
            self.0.map_or(Seen::Gone, |started| Seen::There { started: Some(started) })
        }
    }

    fn holder(command: &str) -> Holder {
        Holder {
            pid: 7,
            host: "vm".to_owned(),
            boot: Some("b".to_owned()),
            namespace: Some(1),
            started: Some(99),
            command: command.to_owned(),
            ..Holder::unknown()
        }
    }

    #[test]
    fn only_who_is_seen_from_the_same_place_is_seen_to_be_dead() {
        let apply = holder("apply");
        assert!(apply.is_dead(&Sees(None)));
        assert!(apply.is_dead(&Sees(Some(100))), "its number was given to another");
        assert!(!apply.is_dead(&Sees(Some(99))));
        let elsewhere = [
            Holder { boot: Some("another".to_owned()), ..apply.clone() },
            Holder { namespace: Some(2), ..apply.clone() },
            Holder { host: "other".to_owned(), ..apply.clone() },
            Holder { boot: None, ..apply.clone() },
            Holder { namespace: None, ..apply.clone() },
            Holder { started: None, ..apply },
            Holder::unknown(),
        ];
        for holder in elsewhere {
            assert!(!holder.is_dead(&Sees(None)), "{holder:?}");
        }
    }

    #[test]
    fn a_lock_of_an_older_version_can_be_read() {
        let text = r#"{"pid":1,"host":"h","user":"u","command":"apply","since":"2026-01-01T00:00:00Z"}"#;
        let holder: Holder = serde_json::from_str(text).unwrap();
        assert_eq!((holder.boot.clone(), holder.namespace, holder.started), (None, None, None));
        assert_eq!(serde_json::to_string(&holder).unwrap(), text);
    }

    #[test]
    fn this_process_is_not_dead_and_one_that_has_ended_is() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let started = match ThisKernel.process(child.id()) {
            Seen::There { started } => started,
            Seen::Gone => panic!("it is there"),
        };
        let other = Holder { pid: child.id(), started, ..Holder::this("apply") };
        assert!(!Holder::this("apply").is_dead(&ThisKernel) && !other.is_dead(&ThisKernel));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(other.is_dead(&ThisKernel), cfg!(target_os = "linux"));
    }
}
