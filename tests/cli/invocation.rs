use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// One call of stackctl in a folder of its own: `Test::new().stack("…").args(["plan"]).success()`.
pub struct Test {
    folder: PathBuf,
    /// Gone with the test, if it made the folder.
    _made: Option<TempDir>,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

/// What came of it.
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Answer {
    pub fn of(output: std::process::Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            // As a shell tells a death by a signal.
            code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap()),
        }
    }
}

impl Test {
    pub fn new() -> Self {
        let made = tempfile::tempdir().unwrap();
        Self { folder: made.path().to_owned(), _made: Some(made), args: vec![], env: vec![] }
    }

    /// In a folder that is there already.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, _made: None, args: vec![], env: vec![] }
    }

    pub fn stack(self, text: &str) -> Self {
        self.file("stack.toml", text)
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.map(str::to_owned).to_vec();
        self
    }

    pub fn arguments(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names and contents of the files of a folder, in order.
    pub fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap());
        let entries = entries.filter(|entry| entry.path().is_file());
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    }

    pub fn run(&self) -> Answer {
        self.spawn(Command::new(env!("CARGO_BIN_EXE_stackctl")).args(&self.args))
    }

    /// Any command, in this folder.
    pub fn spawn(&self, command: &mut Command) -> Answer {
        self.prepare(command);
        Answer::of(command.output().unwrap())
    }

    pub fn prepare(&self, command: &mut Command) {
        command
            .current_dir(&self.folder)
            // Hermetic: nobody's credentials, settings or colours.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.folder)
            .env("COLUMNS", "100")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
    }

    /// At a terminal at which somebody types `line`; all that is on it is in `stdout`.
    pub fn typed(&self, args: &[&str], line: &str) -> Answer {
        let terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let script =
            "line=$1; terminal=$2; shift 2; printf '%s\\n' \"$line\" | python3 -c \"$terminal\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", line, terminal, env!("CARGO_BIN_EXE_stackctl")]).args(args);
        self.spawn(&mut command)
    }

    pub fn success(&self) -> Answer {
        let answer = self.run();
        assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
        answer
    }

    pub fn failure(&self, code: i32) -> Answer {
        let answer = self.run();
        assert_eq!(answer.code, code, "{}{}", answer.stdout, answer.stderr);
        answer
    }
}
