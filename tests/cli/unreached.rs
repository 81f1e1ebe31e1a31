//! Nobody answers: it is said soon, by name and by attempt, and each cause has its own way out. Nothing here is AWS.

use crate::invocation::Test;
use crate::recorder::Recorder;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n";

fn plan(endpoint: &str) -> Test {
    let test = Test::new().stack(STACK).args(["plan"]);
    test.env("AWS_ACCESS_KEY_ID", "A").env("AWS_SECRET_ACCESS_KEY", "x").env("AWS_ENDPOINT_URL", endpoint)
}

/// What is said, each line with the time at which it came.
fn lines(endpoint: &str) -> (Vec<(Duration, String)>, i32, Duration) {
    let test = plan(endpoint);
    let started = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    let command = command.arg("plan").current_dir(test.path(".")).env_clear();
    let command = command
        .env("HOME", test.path("."))
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_ENDPOINT_URL", endpoint);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = told.map(|line| (started.elapsed(), line.unwrap())).collect();
    (told, child.wait().unwrap().code().unwrap(), started.elapsed())
}

#[test]
fn a_port_that_refuses() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (told, code, took) = lines(&format!("http://{free}"));
    let text: Vec<&str> = told.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(
        text,
        [
            format!("{free} refuses the connection; asking again (attempt 2 of 3) …"),
            format!("{free} refuses the connection; asking again (attempt 3 of 3) …"),
            format!("error: failed to connect to AWS: {free} refuses the connection, asked 3 times"),
            format!(
                " help: Nobody listens at {free}: start what should, or correct `endpoint_url` of the target or \
                 AWS_ENDPOINT_URL."
            ),
        ]
    );
    assert!(told[0].0 < Duration::from_secs(2) && took < Duration::from_secs(8), "{told:?}");
    assert_eq!(code, 1);
}

#[test]
fn a_port_that_never_answers() {
    // Nobody accepts: the system takes the connection.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let (told, code, took) = lines(&format!("http://{at}"));
    let text: Vec<&str> = told.iter().map(|(_, line)| line.as_str()).collect();
    // How long it goes on, for who reads a pipe.
    let text: Vec<&str> = text.into_iter().filter(|line| !line.ends_with(" s)")).collect();
    assert_eq!(text[0], format!("Asking {at} whose credentials these are (attempt 1) …"));
    assert!(told[0].0 < Duration::from_secs(3), "{told:?}");
    assert_eq!(text[1], format!("{at} does not answer; asking again (attempt 2 of 2) …"));
    assert_eq!(text[2], format!("Asking {at} whose credentials these are (attempt 2) …"));
    assert!(text[3].ends_with("does not answer, asked 2 times"), "{text:?}");
    assert!(text[4].contains("Something swallows what is sent to"), "{text:?}");
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert_eq!(code, 1);
}

#[test]
fn a_name_that_does_not_resolve() {
    let answer = plan("http://nobody.invalid").failure(1);
    assert!(answer.stderr.contains("nobody.invalid cannot be found"), "{}", answer.stderr);
    assert!(answer.stderr.contains("help: Check the name in `endpoint_url`"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("dispatch failure"), "{}", answer.stderr);
}

/// Who answers that it cannot is asked again; who refuses is not.
#[test]
fn an_answer_is_no_silence() {
    for (status, asked) in [(503, 3), (429, 3), (403, 1)] {
        let body = "<ErrorResponse><Error><Code>X</Code><Message>not now</Message></Error></ErrorResponse>";
        let recorder = Recorder::answering(move |_| (status, body.to_owned()));
        let answer = plan(&recorder.url).failure(1);
        assert_eq!(recorder.take().len(), asked, "{status}: {}", answer.stderr);
        assert!(answer.stderr.contains("sts:GetCallerIdentity: not now"), "{}", answer.stderr);
    }
}

/// AWS's own SDK passes over it, and takes whatever credentials it finds elsewhere.
#[test]
fn a_profile_that_does_not_exist() {
    let recorder = Recorder::new();
    let files = |test: Test| {
        let test = test.file(".aws/config", "[profile deploy]\nregion = eu-west-1\n[profile other]\n");
        test.file(".aws/credentials", "[keys]\naws_access_key_id = A\naws_secret_access_key = x\n")
    };
    let asks = || Test::new().stack(STACK).args(["plan"]).env("AWS_ENDPOINT_URL", &recorder.url);
    for (name, said) in [
        ("nope", "AWS_PROFILE names it. There are: "),
        ("deplyo", "Did you mean deploy? AWS_PROFILE names it."),
    ] {
        let answer = files(asks()).env("AWS_PROFILE", name).failure(1);
        let error = format!(
            "failed to connect to AWS: there is no profile {name} in ~/.aws/config or ~/.aws/credentials"
        );
        assert!(answer.stderr.contains(&error) && answer.stderr.contains(said), "{}", answer.stderr);
    }
    let none = asks().env("AWS_PROFILE", "nope").failure(1);
    assert!(none.stderr.contains("there are no profiles at all"), "{}", none.stderr);

    // A target's own is meant whatever is in the environment; one of the environment's is not asked for beside keys.
    let target = format!("{STACK}[targets.prod]\nprofile = \"nope\"\nendpoint_url = \"{}\"\n", recorder.url);
    let keyed = |test: Test| files(test).env("AWS_ACCESS_KEY_ID", "A").env("AWS_SECRET_ACCESS_KEY", "x");
    let answer = keyed(Test::new().stack(&target)).args(["plan", "-t", "prod"]).failure(1);
    assert!(answer.stderr.contains("there is no profile nope"), "{}", answer.stderr);
    assert!(answer.stderr.contains("stack.toml names it"), "{}", answer.stderr);
    assert_eq!(recorder.take(), Vec::<String>::new());
    keyed(asks()).env("AWS_PROFILE", "nope").success();
    files(asks()).env("AWS_PROFILE", "keys").success();
    assert!(!recorder.take().is_empty());
}
