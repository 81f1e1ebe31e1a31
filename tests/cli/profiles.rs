//! Whose credentials a command takes, where there are several. Nothing here is AWS.

use crate::invocation::{Answer, Test};
use crate::recorder::Recorder;
use std::process::Command;

const STACK: &str =
    "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n[targets.prod]\nprofile = \"deploy\"\n";
const CONFIG: &str = "[default]\naws_access_key_id = KEYDEFAULT\naws_secret_access_key = x\n\
    [profile deploy]\naws_access_key_id = KEYDEPLOY\naws_secret_access_key = x\n";

/// The keys that signed what was asked.
fn keys(recorder: &Recorder) -> Vec<String> {
    let mut keys: Vec<String> = recorder
        .take()
        .iter()
        .filter_map(|text| Some(text.split_once("Credential=")?.1.split('/').next()?.to_owned()))
        .collect();
    keys.dedup();
    keys
}

fn plan(recorder: &Recorder, config: &str, args: &[&str], variables: &[(&str, &str)]) -> Answer {
    let test = Test::new().stack(STACK).arguments(&[&["plan"], args].concat()).file(".aws/config", config);
    let test = test.env("AWS_ENDPOINT_URL", &recorder.url);
    variables.iter().fold(test, |test, (name, value)| test.env(name, value)).run()
}

const ENVIRONMENT: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "KEYENV"), ("AWS_SECRET_ACCESS_KEY", "x")];

#[test]
fn a_profile_that_is_asked_for_comes_before_keys_that_lie_about() {
    let recorder = Recorder::new();
    let prod: (&str, &str) = ("STACKCTL_TARGET", "prod");
    let deploy: (&str, &str) = ("AWS_PROFILE", "deploy");
    let [id, secret] = ENVIRONMENT;
    for (args, variables, key) in [
        (&["--target", "prod"][..], &[id, secret][..], "KEYDEPLOY"),
        (&[], &[id, secret, prod], "KEYDEPLOY"),
        (&["--target", "prod"], &[id, secret, ("AWS_PROFILE", "default")], "KEYDEPLOY"),
        (&["--target", "prod"], &[id, secret, ("AWS_SESSION_TOKEN", "t")], "KEYDEPLOY"),
        (&["--target", "prod"], &[], "KEYDEPLOY"),
        (&[], &[deploy], "KEYDEPLOY"),
        (&[], &[], "KEYDEFAULT"),
        (&[], &[id, secret], "KEYENV"),
        // As with every AWS tool; and it is said.
        (&[], &[id, secret, deploy], "KEYENV"),
    ] {
        let answer = plan(&recorder, CONFIG, args, variables);
        assert_eq!(
            (answer.code, keys(&recorder)),
            (0, vec![key.to_owned()]),
            "{args:?} {variables:?}: {}",
            answer.stderr
        );
        assert!(
            answer.stdout.contains("account 123456789012 as user/ada, eu-west-1"),
            "whose, where: {}",
            answer.stdout
        );
        let passed_over = variables.contains(&deploy) && key == "KEYENV";
        assert_eq!(
            answer.stderr.contains("AWS_PROFILE=deploy is not used"),
            passed_over,
            "{}",
            answer.stderr
        );
    }
}

/// What only AWS's command line can is said with what to type, and what is to be typed works: a double of it stands in the path.
#[test]
fn what_to_type_for_profiles_that_sign_in_elsewhere_works_as_typed() {
    let login = "[profile deploy]\nlogin_session = arn:aws:iam::123456789012:user/ada\nregion = eu-west-1\n";
    let code = "[profile deploy]\nrole_arn = arn:aws:iam::123456789012:role/Deploy\nsource_profile = base\n\
        mfa_serial = arn:aws:iam::123456789012:mfa/ada\n[profile base]\naws_access_key_id = KEYBASE\naws_secret_access_key = x\n";
    let chained = format!(
        "{code}[profile above]\nrole_arn = arn:aws:iam::123456789012:role/Above\nsource_profile = deploy\n"
    );
    // Roles are refused; whoever has the keys of the double is let in.
    let recorder = || {
        Recorder::answering(|request| {
            if request.contains("AssumeRole") {
                return (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>".to_owned());
            }
            Recorder::usual(request)
        })
    };
    for (config, profile, what) in [
        (login, "deploy", "signs in by `aws login`"),
        (code, "deploy", "wants a code of its `mfa_serial`"),
        (&chained, "above", "wants a code of its `mfa_serial`"),
    ] {
        for named in [false, true] {
            let recorder = recorder();
            let stack = STACK.replace("profile = \"deploy\"", &format!("profile = \"{profile}\""));
            let test = Test::new().stack(&stack).file(".aws/config", config).file("bin/aws", CLI);
            run(&test, "chmod +x bin/aws");
            let test = test.env("AWS_ENDPOINT_URL", &recorder.url);
            let path = format!("{}:{}", test.path("bin").display(), std::env::var("PATH").unwrap());
            let test = test.env("PATH", &path);
            let test = if named { test } else { test.env("AWS_PROFILE", profile) };
            let args: &[&str] = if named { &["plan", "--target", "prod"] } else { &["plan"] };
            let test = test.arguments(args);
            let answer = test.failure(1);
            let said = format!("the profile {profile} {what}");
            assert!(answer.stderr.contains(&said), "{profile} {named}: {}", answer.stderr);

            let help = answer.stderr.split_once(" help: ").unwrap().1.replace("\n       ", " ");
            let typed: Vec<&str> =
                help.split('`').skip(1).step_by(2).filter(|text| !text.starts_with("aws login")).collect();
            let binary = env!("CARGO_BIN_EXE_stackctl");
            let answer = if named {
                let [command, block] = typed[..] else { panic!("{help}") };
                run(&test, command);
                let text = test.read("stack.toml").replace(&format!("profile = \"{profile}\""), block);
                test.file("stack.toml", &text).success()
            } else {
                let [command] = typed[..] else { panic!("{help}") };
                run(&test, &format!("{command} && {binary} plan"))
            };
            assert_eq!((answer.code, answer.stderr.contains("failed")), (0, false), "{}", answer.stderr);
            assert_eq!(keys(&recorder).last().unwrap(), &format!("KEY-{profile}"), "{named}");
        }
    }
}

/// What `aws configure export-credentials` and `aws configure set` do, of AWS's command line.
const CLI: &str = r#"#!/bin/sh
set -eu
[ "$1" = configure ]
case "$2" in
export-credentials)
    [ "$3" = --profile ] && [ "$5" = --format ]
    case "$6" in
    process) printf '{"Version": 1, "AccessKeyId": "KEY-%s", "SecretAccessKey": "x"}' "$4" ;;
    env) printf 'export AWS_ACCESS_KEY_ID=KEY-%s\nexport AWS_SECRET_ACCESS_KEY=x\n' "$4" ;;
    esac ;;
set)
    [ "$5" = --profile ]
    printf '[profile %s]\n%s = %s\n' "$6" "$3" "$4" >> "$HOME/.aws/config" ;;
esac
"#;

fn run(test: &Test, command: &str) -> Answer {
    let answer = test.spawn(Command::new("sh").args(["-c", command]));
    assert_eq!(answer.code, 0, "{command}: {}{}", answer.stdout, answer.stderr);
    answer
}
