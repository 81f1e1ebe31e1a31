//! Where a command goes, shown by who is asked: servers stand for AWS and for two targets. Nothing here is AWS.

use crate::invocation::Test;
use crate::recorder::Recorder;

const AWS: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"),
    ("AWS_SECRET_ACCESS_KEY", "x"),
    ("AWS_PROFILE", "elsewhere"),
    ("AWS_REGION", "us-west-2"),
    ("AWS_DEFAULT_REGION", "us-west-2"),
];

/// One stack, three places to go, and everything in the environment that may lead AWS's own tools astray.
struct Places {
    aws: Recorder,
    one: Recorder,
    two: Recorder,
    test: Test,
}

impl Places {
    fn new(state: &str) -> Self {
        let [aws, one, two] = std::array::from_fn(|_| Recorder::new());
        let stack = format!(
            "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\nstate = \"{state}\"\n[queue.jobs]\n[targets.one]\n\
             endpoint_url = \"{}\"\n[targets.two]\nendpoint_url = \"{}\"\nprotected = true\n[targets.local]\n",
            one.url, two.url
        );
        let mut test = Test::new().stack(&stack);
        for (name, value) in AWS {
            test = test.env(name, value);
        }
        for name in
            ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"]
        {
            test = test.env(name, &aws.url);
        }
        Self { aws, one, two, test }
    }

    /// How many requests each has had: AWS, one, two.
    fn asked(&self) -> [usize; 3] {
        [&self.aws, &self.one, &self.two].map(|recorder| recorder.take().len())
    }
}

/// The words of every command that has a place.
fn commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            walk(sub, &path, found);
            if sub.has_subcommands() || !sub.get_arguments().any(|arg| arg.get_long() == Some("target")) {
                continue;
            }
            let needed = sub.get_arguments().filter(|arg| arg.is_positional() && arg.is_required_set());
            let needed = match sub.get_name() {
                "cp" => vec!["stack.toml".to_owned(), "bucket.x/".to_owned()],
                "migrate" => vec!["--to".to_owned(), "elsewhere".to_owned()],
                _ => needed.map(|_| "bucket.x".to_owned()).collect(),
            };
            found.push([path, needed].concat());
        }
    }
    let mut command = stackctl::cli::command();
    command.build();
    let mut found = vec![];
    walk(&command, &[], &mut found);
    found
}

/// With the state in a bucket every command that has a stack asks somebody.
#[test]
fn every_command_asks_the_place_that_is_named_and_nobody_else() {
    let commands = commands();
    assert!(commands.len() >= 22, "{commands:?}");
    std::thread::scope(|scope| {
        for part in commands.chunks(commands.len().div_ceil(4)) {
            scope.spawn(move || part.iter().for_each(|words| goes_where_it_is_told(words)));
        }
    });
}

fn goes_where_it_is_told(words: &[String]) {
    // These ask nobody, or have no file to push.
    let silent = ["validate", "permissions"].contains(&words[0].as_str())
        || words[1..].starts_with(&["push".to_owned()]);
    for variable in [None, Some("one"), Some("two"), Some("local")] {
        let mut places = Places::new("s3://team/states");
        if let Some(variable) = variable {
            places.test = places.test.env("STACKCTL_TARGET", variable);
        }
        for flag in [None, Some("one"), Some("two"), Some("local")] {
            let target = flag.map(|flag| format!("--target={flag}"));
            let words: Vec<&str> = words.iter().map(String::as_str).chain(target.as_deref()).collect();
            places.test = places.test.arguments(&words);
            let answer = places.test.run();
            let asked = places.asked();
            let said = format!("{words:?} with {variable:?}: {asked:?}\n{}", answer.stderr);
            let wanted = match flag.or(variable) {
                None => 0,
                Some("one") => 1,
                Some("two") => 2,
                // It is not up.
                Some(_) => {
                    assert_eq!(asked, [0; 3], "{said}");
                    continue;
                }
            };
            assert!((0..3).all(|place| place == wanted || asked[place] == 0), "{said}");
            assert!(silent || asked[wanted] > 0, "{said}");
        }
    }
}

/// What took a resource for a place, and dropped the place for it.
#[test]
fn a_selection_never_moves_a_command() {
    let mut places = Places::new("state");
    places.test = places.test.env("STACKCTL_TARGET", "one");
    for flags in [
        vec!["--only", "queue.jobs"],
        vec!["--only=queue.jobs", "--refresh=false"],
        vec!["--exclude", "queue.jobs"],
        vec!["--replace", "queue.jobs", "--lock-timeout", "1"],
        vec!["-f", "."],
    ] {
        places.test = places.test.arguments(&[&["plan"], &flags[..]].concat());
        let answer = places.test.success();
        let [aws, one, two] = places.asked();
        assert!(aws == 0 && one > 0 && two == 0, "{flags:?}: {aws} {one} {two}");
        assert!(answer.stdout.starts_with("On one: "), "{}", answer.stdout);
    }
    for (flags, meant) in [
        (["--target", "queue.jobs"], "`--only queue.jobs`"),
        (["-t", "queue.jobs"], "`--only queue.jobs`"),
        (["-target=queue.jobs", "--refresh=true"], "`--only ADDRESS`"),
        (["--only", "one"], "--target"),
        (["-tone", "-ttwo"], "two places"),
    ] {
        places.test = places.test.arguments(&[&["destroy", "--auto-approve"], &flags[..]].concat());
        let answer = places.test.failure(2);
        assert!(answer.stderr.contains(meant), "{flags:?}: {}", answer.stderr);
        assert_eq!(places.asked(), [0; 3]);
    }
}

#[test]
fn a_variable_that_is_no_place_stops_every_command() {
    for words in commands() {
        for (variable, meant) in [("queue.jobs", "`--only queue.jobs`"), ("", "it is empty")] {
            let mut places = Places::new("s3://team/states").with("STACKCTL_TARGET", variable);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            places.test = places.test.arguments(&words);
            let answer = places.test.failure(2);
            assert!(
                answer.stderr.contains("STACKCTL_TARGET") && answer.stderr.contains(meant),
                "{}",
                answer.stderr
            );
            assert_eq!(places.asked(), [0; 3]);
        }
    }
}

impl Places {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.test = self.test.env(name, value);
        self
    }
}

/// Keys that lie about in a shell are those of another account as a rule.
#[test]
fn the_profile_of_a_target_wins_over_keys_in_the_environment() {
    let recorder = Recorder::new();
    let stack = format!(
        "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[targets.prod]\nprofile = \"deploy\"\nendpoint_url = \"{}\"\n",
        recorder.url
    );
    let keys = "[deploy]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n";
    let mut test = Test::new().stack(&stack).file(".aws/credentials", keys).args(["plan", "-t", "prod"]);
    for (name, value) in AWS {
        test = test.env(name, value);
    }
    test.success();
    let requests = recorder.take();
    assert!(requests.iter().any(|request| request.contains("AKIAPROFILE")), "{requests:?}");
    assert!(!requests.iter().any(|request| request.contains("AKIAENVIRONMENT")), "{requests:?}");
}

/// What cannot be approved, and a saved plan, which need not be: it is refused by the server then.
fn saved_and_refused(mut test: Test, line: &str) -> Test {
    for words in [&["apply", "-t", "two"][..], &["destroy", "-t", "two"], &["apply", "-t", "two", "x.plan"]] {
        test = test.arguments(words);
        assert_eq!(test.run().stdout.lines().next(), Some(line));
    }
    test
}

#[test]
fn plan_says_first_where_it_is() {
    let places = Places::new("state");
    let url = &places.two.url;
    let line = format!(
        "On two (protected): {url}, account 123456789012 as user/ada, eu-west-1, state state/demo.two.json"
    );
    let mut test = places.test;
    for words in [
        &["plan", "-t", "two"][..],
        &["plan", "--out", "x.plan", "-t", "two"],
        &["plan", "--destroy", "-t", "two"],
    ] {
        test = test.arguments(words);
        assert_eq!(test.success().stdout.lines().next(), Some(line.as_str()));
    }
    test = test.arguments(&["plan", "-t", "two", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&test.success().stdout).unwrap();
    let on = serde_json::json!({
        "target": "two", "local": false, "endpoint": url, "account": "123456789012",
        "identity": "arn:aws:iam::123456789012:user/ada", "region": "eu-west-1",
        "state": "state/demo.two.json", "protected": true,
    });
    assert_eq!(plan["on"], on);
    let test = saved_and_refused(test, &line).args(["plan"]);
    let head =
        format!("On {}, account 123456789012 as user/ada, eu-west-1, state state/demo.json", places.aws.url);
    assert_eq!(test.success().stdout.lines().next(), Some(head.as_str()));
}

#[test]
fn a_protected_place_has_its_name_typed() {
    let places = Places::new("state");
    let apply = ["apply", "-t", "two"];
    for wrong in ["y", "yes", "one", ""] {
        let answer = places.test.typed(&apply, wrong);
        assert_eq!(answer.code, 1, "{}", answer.stdout);
        let prompt = format!(
            "two ({}, account 123456789012, eu-west-1) is protected. Type its name, two,",
            places.two.url
        );
        assert!(answer.stdout.contains(&prompt), "{}", answer.stdout);
        assert!(answer.stdout.contains("its name was not typed; nothing was changed"), "{}", answer.stdout);
    }
    let asked = places.two.take();
    let reads = |request: &String| request.contains("GetCallerIdentity") || request.contains("GetQueueUrl");
    assert!(asked.iter().all(reads), "{asked:?}");

    // Whoever types it goes on, and is told at the end where that was.
    let answer = places.test.typed(&apply, "two");
    assert!(places.two.take().iter().any(|request| request.contains("CreateQueue")), "{}", answer.stdout);
    assert!(answer.stdout.contains(", on two (http://"), "{}", answer.stdout);

    // Anywhere else a `y` will do.
    assert_eq!(places.test.typed(&["apply", "-t", "one"], "n").code, 130);
    let answer = places.test.typed(&["apply", "-t", "one"], "y");
    assert!(answer.stdout.contains("Carry this out on one (http://"), "{}", answer.stdout);
    assert!(places.one.take().iter().any(|request| request.contains("CreateQueue")), "{}", answer.stdout);
}
