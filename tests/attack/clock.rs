use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A clock that stands still while its machine is suspended, for a process that loads it.
pub struct Clock {
    folder: TempDir,
}

impl Clock {
    /// Compiles it; what is wrong if that cannot be done here.
    pub fn build() -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("LD_PRELOAD is Linux's".to_owned());
        }
        let clock = Self { folder: tempfile::tempdir().unwrap() };
        clock.stood_still_for(Duration::ZERO);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack/clock.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.path("clock.so")).arg(source).arg("-ldl");
        let compiled = compiler.output().map_err(|error| format!("cc: {error}"))?;
        if !compiled.status.success() {
            return Err(format!("cc: {}", String::from_utf8_lossy(&compiled.stderr)));
        }
        Ok(clock)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn preload(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.path("clock.so")).env("STOOD_STILL", self.path("stood"));
    }

    /// From now on, in the processes that have loaded it.
    pub fn stood_still_for(&self, time: Duration) {
        use std::os::unix::fs::FileExt;
        let nanos = i64::try_from(time.as_nanos()).unwrap();
        // In place: the processes look into this very file.
        let file =
            std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.path("stood"));
        file.unwrap().write_all_at(&nanos.to_ne_bytes(), 0).unwrap();
    }
}

#[test]
fn a_clock_stands_still_and_the_others_go_on() {
    let Ok(clock) = Clock::build() else { return };
    let read = |name: &str| {
        let script = format!("import time; print(time.clock_gettime(time.{name}))");
        let mut python = Command::new("python3");
        clock.preload(&mut python);
        let said = python.args(["-c", &script]).output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim().parse::<f64>().unwrap()
    };
    let all = || ["CLOCK_MONOTONIC", "CLOCK_BOOTTIME", "CLOCK_REALTIME"].map(read);
    let before = all();
    clock.stood_still_for(Duration::from_secs(1000));
    let after = all();
    assert!(before[0] - after[0] > 900.0, "{before:?} {after:?}");
    assert!(after[1] >= before[1] && after[2] >= before[2], "{before:?} {after:?}");
}
