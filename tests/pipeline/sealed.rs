//! An encrypted state in a bucket: nothing readable is stored, and everything works as with a plain one. On MiniStack.

use crate::emulator;
use crate::project::{Project, all};
use age::secrecy::ExposeSecret;
use std::process::Output;

#[test]
fn nothing_readable_lies_in_the_bucket() {
    let key = age::x25519::Identity::generate();
    let stack = format!(
        "[stack]\nname = \"sealed\"\nregion = \"eu-west-1\"\nstate = \"s3://states/team\"\nencryption = \"{}\"\n\
         [queue.jobs]\n",
        key.to_public()
    );
    let project = Project::of(&stack);
    std::fs::write(project.path().join("key.txt"), key.to_string().expose_secret()).unwrap();
    let run = |args: &[&str]| -> Output {
        project.command(args).env("STACKCTL_AGE_IDENTITY_FILE", "key.txt").output().unwrap()
    };
    let says = |args: &[&str]| {
        let output = run(args);
        assert!(output.status.success(), "{args:?}: {}", all(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    says(&["local", "up"]);
    says(&["plan", "--target", "local", "--out", "first.plan"]);
    says(&["apply", "first.plan", "--target", "local"]);
    project.edit("[queue.jobs]", "[queue.jobs]\n[queue.more]");
    says(&["apply", "--target", "local", "--auto-approve"]);

    // State and every version of it, the saved plan; the journal's first line says lineage and serial and no more.
    let state = emulator::object(&project, "states", "team/sealed.local.json").unwrap();
    let plan = std::fs::read(project.path().join("first.plan")).unwrap();
    for sealed in [&state, &plan] {
        assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
        assert!(!String::from_utf8_lossy(sealed).contains("queue."));
    }
    assert!(String::from_utf8(age::decrypt(&key, &state).unwrap()).unwrap().contains("queue.more"));
    let journal = emulator::object(&project, "states", "team/sealed.local.json.journal").unwrap();
    assert!(!String::from_utf8_lossy(&journal).contains("queue."));
    assert!(says(&["state", "pull", "--target", "local"]).contains("queue.more"));
    assert!(says(&["plan", "--target", "local", "--json"]).contains("\"changes\":false"));

    // Without the key nothing is read, written or created.
    let refused = project.run(&["apply", "--target", "local", "--auto-approve"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(all(&refused).contains("STACKCTL_AGE_IDENTITY"), "{}", all(&refused));
    assert_eq!(emulator::object(&project, "states", "team/sealed.local.json").unwrap(), state);
    says(&["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::has_only_bucket(&project, "states");
}
