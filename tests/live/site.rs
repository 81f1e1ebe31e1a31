use crate::bootstrap;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// This repository's stack under a name of its own, in a folder and on a cloud. What it has made is deleted when this goes,
/// however the test ends.
pub struct Site {
    folder: TempDir,
    place: Place,
    limit: Instant,
    begun: Instant,
    /// Something may be there.
    dirty: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// With no other cloud than what the environment's credentials say, which must be this account.
    Aws {
        account: String,
    },
    Local,
    /// None at all.
    Nowhere,
}

/// How a command ended.
struct Ended {
    code: i32,
    data: String,
    notes: String,
}

/// Beside the limit, for the deletion.
const CLEANING: Duration = Duration::from_secs(90 * 60);

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() && self.dirty {
            self.try_clean();
        }
        if self.place == Place::Local {
            drop(self.command(&["local", "down", "--purge"]).output());
        }
    }
}

impl Site {
    /// Where `STACKCTL_LIVE` says, if it says anything.
    pub fn of_environment(limit: Duration) -> Option<Self> {
        let place = match std::env::var("STACKCTL_LIVE").ok()?.as_str() {
            "local" => Place::Local,
            "1" => {
                let account = std::env::var("STACKCTL_LIVE_ACCOUNT");
                let account =
                    account.expect("STACKCTL_LIVE_ACCOUNT says in which account it may spend money");
                Place::Aws { account }
            }
            other => panic!("STACKCTL_LIVE is {other:?}: neither 1 (an AWS account) nor local"),
        };
        Some(Self::at(place, limit))
    }

    /// For what needs no cloud.
    pub fn offline() -> Self {
        let site = Self::at(Place::Nowhere, Duration::from_secs(600));
        std::fs::write(site.path().join("rds-ca.pem"), "").unwrap();
        site
    }

    fn at(place: Place, limit: Duration) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::Builder::new().prefix("stackctl-live-").tempdir().unwrap();
        let begun = Instant::now();
        let site = Self { folder, place, limit: begun + limit, begun, dirty: false };
        std::fs::copy(repository.join("stack.toml"), site.path().join("stack.toml")).unwrap();
        std::os::unix::fs::symlink(repository.join("handlers"), site.path().join("handlers")).unwrap();
        let name = format!("loans-live-{}", jiff::Timestamp::now().as_second() % 1_000_000);
        site.edit(
            "[stack]\nname = \"loans\"\n",
            &format!("[stack]\nfiles = [\"handlers/loader/lake\"]\nname = \"{name}\"\n"),
        );
        // What the other target has anyway: nothing may stay.
        site.edit(
            "destroy_without_snapshot = { type = \"bool\", default = false,",
            "destroy_without_snapshot = { type = \"bool\", default = true,",
        );
        site.edit(
            "empty_bucket = { type = \"bool\", default = false,",
            "empty_bucket = { type = \"bool\", default = true,",
        );
        site.edit(
            "secret_recovery_days = { type = \"integer\", default = 7,",
            "secret_recovery_days = { type = \"integer\", default = 0,",
        );
        site.edit("default = \"db.t4g.medium\"", "default = \"db.t4g.micro\"");
        if let Ok(region) = std::env::var("AWS_REGION") {
            site.edit("region = \"eu-west-1\"", &format!("region = \"{region}\""));
        }
        site
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(args).current_dir(self.path()).env("NO_COLOR", "1").env_remove("AWS_ENDPOINT_URL");
        let with_place = !matches!(args, ["validate" | "local", ..]);
        if self.place == Place::Local && with_place {
            command.args(["--target", "local"]);
        }
        command.env_remove("STACKCTL_TARGET");
        command
    }

    /// Runs a command that ends before `until`.
    fn run(&self, args: &[&str], until: Instant) -> Ended {
        eprintln!("{:>7.1} s  stackctl {}", self.begun.elapsed().as_secs_f64(), args.join(" "));
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        });
        let notes = BufReader::new(child.stderr.take().unwrap());
        let listener = std::thread::spawn(move || {
            let tell = |line: String| {
                eprintln!("{line}");
                line + "\n"
            };
            notes.lines().map_while(Result::ok).map(tell).collect::<String>()
        });
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() >= until {
                // As a person would: it finishes what is in flight, and the state knows the rest.
                drop(Command::new("kill").args(["-INT", &child.id().to_string()]).status());
                let status = child.wait().unwrap();
                panic!("stackctl {args:?} was stopped by the limit of time: {status}");
            }
            std::thread::sleep(Duration::from_millis(200));
        };
        let (data, notes) = (reader.join().unwrap().unwrap(), listener.join().unwrap());
        Ended { code: status.code().unwrap_or(-1), data, notes }
    }

    /// Runs a command that must succeed.
    pub fn says(&self, args: &[&str]) -> String {
        let ended = self.run(args, self.limit);
        assert_eq!(ended.code, 0, "stackctl {args:?}:\n{}", ended.data);
        ended.data
    }

    /// Changes `stack.toml`; the text must be there once.
    pub fn edit(&self, from: &str, to: &str) {
        let path = self.path().join("stack.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "stack.toml has no {from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// The local cloud, where it is that, and the certificates of its database.
    pub fn up(&self) {
        if self.place == Place::Local {
            self.says(&["local", "up"]);
            self.edit("default = \"rds-ca.pem\"", "default = \".stackctl/local/ca.pem\"");
        } else {
            let given = std::env::var_os("STACKCTL_LIVE_CERTIFICATES");
            let given = given.expect("STACKCTL_LIVE_CERTIFICATES names the file of RDS's root certificates");
            std::fs::copy(given, self.path().join("rds-ca.pem")).unwrap();
        }
    }

    pub fn plan(&self) -> Json {
        serde_json::from_str(&self.says(&["plan", "--json"])).unwrap()
    }

    /// The plan is for the account that may be spent on, and for an empty place.
    pub fn is_meant(&self, plan: &Json) {
        if let Place::Aws { account } = &self.place {
            assert_eq!(
                plan["account"].as_str(),
                Some(account.as_str()),
                "these credentials are of another account"
            );
        }
        let steps = plan["steps"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["action"] == "create"), "something of this name is there");
    }

    pub fn applies(&mut self, what: &str) {
        self.dirty = true;
        self.says(&["apply", "--auto-approve"]);
        self.is_calm(what);
    }

    /// The plan is empty.
    pub fn is_calm(&self, when: &str) {
        let plan = self.plan();
        let steps: Vec<&Json> =
            plan["steps"].as_array().unwrap().iter().filter(|step| step["action"] != "noop").collect();
        assert_eq!(plan["changes"], false, "{when}: {steps:#?}");
    }

    /// A change of `stack.toml` goes through, and is all there is.
    pub fn changes(&mut self, edits: Vec<(&str, String)>) {
        for (from, to) in &edits {
            self.edit(from, to);
        }
        self.applies("after the change");
    }

    /// On AWS; an emulator's clock has nothing to wait for.
    pub fn waits(&self, time: Duration) {
        if matches!(self.place, Place::Aws { .. }) {
            std::thread::sleep(time);
        }
    }

    /// A loan file goes in, and the lake has its loans: event, function, database, export.
    pub fn loads(&self) {
        let file = self.path().join("loans.csv");
        self.generates(&file);
        self.says(&["cp", file.to_str().unwrap(), "bucket.loans/incoming/"]);
        let manifest = self.path().join("_manifest.json");
        let until = Instant::now() + Duration::from_secs(15 * 60);
        let args = ["cp", "bucket.loans/lake/loan_features/_manifest.json", manifest.to_str().unwrap()];
        while self.run(&args, self.limit).code != 0 {
            assert!(
                Instant::now() < until,
                "the file was not loaded: look at `stackctl logs lambda_function.loader`"
            );
            std::thread::sleep(Duration::from_secs(5));
        }
        let manifest: Json = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
        assert_eq!(manifest["files"].as_array().unwrap().len(), 1, "{manifest:#}");
    }

    /// By the loader's own program, out of the zip that was deployed.
    fn generates(&self, file: &Path) {
        let shown: Json =
            serde_json::from_str(&self.says(&["show", "lambda_function.loader", "--json"])).unwrap();
        let zip = shown["lambda_function.loader"]["inputs"]["artifact"].as_str().unwrap().to_owned();
        let program = self.path().join("loader");
        bootstrap::extract(&self.path().join(zip), &program);
        let args = ["generate", "--rows", "5000", "--seed", "1", "--output"];
        assert!(Command::new(program).args(args).arg(file).status().unwrap().success());
    }

    /// Deletes all of it.
    pub fn clean(&mut self) {
        assert!(self.try_clean(), "something is left: see above, and `stackctl state recover --from-tags`");
        self.dirty = false;
    }

    /// By the state, and where that does not do, by the tags that each object carries.
    fn try_clean(&self) -> bool {
        let until = Instant::now() + CLEANING;
        let destroy = ["destroy", "--auto-approve", "--allow-data-loss", "all"];
        for _ in 0..3 {
            if self.run(&destroy, until).code == 0 {
                break;
            }
        }
        // Whatever the state has forgotten: found by its tags, nothing else counts.
        let found = self.run(&["state", "recover", "--from-tags", "--force", "--auto-approve"], until);
        found.notes.contains("There is nothing to recover") || self.run(&destroy, until).code == 0
    }
}
