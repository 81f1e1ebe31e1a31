//! A state that is encrypted with age, without a cloud.

use crate::invocation::Test;
use crate::states::{BACKUP, JOURNAL, STATE, document, journal, text};
use age::secrecy::ExposeSecret;
use age::x25519::Identity;

const RM: [&str; 5] = ["state", "rm", "queue.jobs", "--target", "local"];
const LIST: [&str; 4] = ["state", "list", "--target", "local"];

fn stack(encryption: &str) -> String {
    format!(
        "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n{encryption}\n[queue.jobs]\n[queue.more]\n[queue.late]\n"
    )
}

fn on(keys: &[&Identity]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.to_public())).collect();
    stack(&format!("encryption = [{}]", keys.join(", ")))
}

fn secret(key: &Identity) -> String {
    key.to_string().expose_secret().to_owned()
}

fn raw(test: &Test, name: &str) -> Vec<u8> {
    std::fs::read(test.path(name)).unwrap()
}

fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/v1\n") && !String::from_utf8_lossy(bytes).contains("demo-")
}

#[test]
fn it_is_turned_on_read_changed_and_turned_off_again() {
    let (alice, bob) = (Identity::generate(), Identity::generate());
    // A plain state is accepted; the next write encrypts it, and the backup of it too.
    let test = Test::new().stack(&on(&[&alice])).file(STATE, &text(&document(4, &["jobs", "more", "late"])));
    let test = test.env("STACKCTL_AGE_IDENTITY", &secret(&alice)).args(RM);
    test.success();
    assert!(is_sealed(&raw(&test, STATE)) && is_sealed(&raw(&test, BACKUP)));

    // A whole age file: any age tool opens it.
    let plain = age::decrypt(&alice, &raw(&test, STATE)).unwrap();
    assert!(stackctl::state::Document::from_bytes(&plain).unwrap().serial == 5);
    let test = test.args(LIST);
    assert!(test.success().stdout.contains("queue.more"));
    let test = test.args(["state", "history", "--target", "local"]);
    assert!(test.success().stdout.lines().count() == 3);

    // Other recipients from the next write on.
    let test = test.file("stack.toml", &on(&[&alice, &bob])).args([
        "state",
        "rm",
        "queue.more",
        "--target",
        "local",
    ]);
    test.success();
    let test = test.env("STACKCTL_AGE_IDENTITY", &secret(&bob)).args(LIST);
    assert!(test.success().stdout.contains("queue.late"));

    // Off: plain again.
    let test = test.file("stack.toml", &stack("")).args([
        "state",
        "mv",
        "queue.late",
        "queue.jobs",
        "--target",
        "local",
    ]);
    test.success();
    assert!(test.read(STATE).contains("queue.jobs"));
}

#[test]
fn without_the_key_it_says_what_is_missing_and_touches_nothing() {
    let (alice, eve) = (Identity::generate(), Identity::generate());
    let sealed = age::encrypt(&alice.to_public(), text(&document(4, &["jobs"])).as_bytes()).unwrap();
    let new = || {
        let test = Test::new().stack(&on(&[&alice])).file("state/.keep", "");
        std::fs::write(test.path(STATE), &sealed).unwrap();
        test
    };
    let commands: [&[&str]; 3] = [&RM, &LIST, &["state", "recover", "--target", "local", "--auto-approve"]];
    for command in commands {
        for (name, value, told) in [
            ("UNRELATED", String::new(), "STACKCTL_AGE_IDENTITY_FILE"),
            ("STACKCTL_AGE_IDENTITY", secret(&eve), "other keys"),
            ("STACKCTL_AGE_IDENTITY", "age-secret-nonsense".to_owned(), "age-keygen"),
            ("STACKCTL_AGE_IDENTITY_FILE", "nowhere.txt".to_owned(), "nowhere.txt: No such file"),
        ] {
            let test = new().env(name, &value).arguments(command);
            let answer = test.failure(1);
            assert!(answer.stderr.contains(told) && answer.stderr.contains(STATE), "{}", answer.stderr);
            assert!(
                !answer.stderr.contains("damaged") && !answer.stderr.contains("nonsense"),
                "{}",
                answer.stderr
            );
            assert_eq!(raw(&test, STATE), sealed);
        }
    }
    let file = format!("# created: today\n{}\n", secret(&alice));
    let test = new().file("key.txt", &file).env("STACKCTL_AGE_IDENTITY_FILE", "key.txt").args(LIST);
    assert!(test.success().stdout.contains("queue.jobs"));
}

#[test]
fn a_damaged_one_is_recovered_from_its_encrypted_backup_and_journal() {
    let alice = Identity::generate();
    let old = document(4, &["jobs"]);
    let sealed = age::encrypt(&alice.to_public(), text(&old).as_bytes()).unwrap();
    let test =
        Test::new().stack(&on(&[&alice])).env("STACKCTL_AGE_IDENTITY", &secret(&alice)).file(STATE, "{");
    std::fs::write(test.path(BACKUP), &sealed).unwrap();
    // Lines of a journal may be plain, from before it was turned on.
    let test = test.file(JOURNAL, &journal(&old, "more", true)).args(LIST);
    assert!(test.failure(1).stderr.contains("stackctl state recover"));
    let test = test.args(["state", "recover", "--target", "local", "--auto-approve"]);
    test.success();
    assert!(is_sealed(&raw(&test, STATE)));
    let test = test.args(LIST);
    assert!(test.success().stdout.contains("queue.more"));
    // And a cut one is damage, not a wrong key.
    let state = raw(&test, STATE);
    std::fs::write(test.path(STATE), &state[..state.len() - 20]).unwrap();
    assert!(test.failure(1).stderr.contains("does not decrypt"));
}

#[test]
fn a_wrong_public_key_is_told_with_its_place() {
    let answer = Test::new().stack(&stack("encryption = \"age1nonsense\"")).args(["validate"]).failure(1);
    assert!(
        answer.stderr.contains("stack.toml:4:") && answer.stderr.contains("age-keygen"),
        "{}",
        answer.stderr
    );
    let secret = secret(&Identity::generate());
    let answer =
        Test::new().stack(&stack(&format!("encryption = [\"{secret}\"]"))).args(["validate"]).failure(1);
    assert!(
        answer.stderr.contains("holds a secret key") && !answer.stderr.contains(&secret),
        "{}",
        answer.stderr
    );
}
