//! What a state tells of a secret to who has nothing else.

use crate::world::{Test, actions};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

const PIN: &str = "493817";

fn stack(names: &[&str], pin: &str) -> String {
    let blocks = names.iter().map(|name| format!("[app.{name}]\nlabel = \"{name}\"\nsecret = \"{pin}\"\n"));
    blocks.collect::<String>() + &format!("[outputs]\npin = {{ value = \"{pin}\", sensitive = true }}\n")
}

/// Every way to take a guess for right by hashes alone: with any word of the text as key or salt, before or behind, once or twice.
fn confirms(text: &str, guess: &str) -> bool {
    let mut words: BTreeSet<&str> = text.split(['"', ':', ',', '=', '\n', ' ', '{', '}']).collect();
    words.insert("");
    let sum = |parts: &[&[u8]]| {
        parts.iter().fold(Sha256::new(), |sum, part| sum.chain_update(part)).finalize().to_vec()
    };
    let found = |bytes: &[u8]| text.contains(&hex::encode(&bytes[..16]));
    let raw = |word: &str| hex::decode(word).unwrap_or_default();
    words.iter().any(|word| {
        [word.as_bytes().to_vec(), raw(word)].iter().any(|key| {
            ["", "\0", ":"].iter().any(|between| {
                let once = [
                    sum(&[key, between.as_bytes(), guess.as_bytes()]),
                    sum(&[guess.as_bytes(), between.as_bytes(), key]),
                ];
                // As digests of format 1 were made.
                let twice = once.iter().map(|inner| sum(&[key, &[1], inner]));
                once.iter().any(|sum| found(sum)) || twice.into_iter().any(|sum| found(&sum))
            })
        })
    })
}

#[tokio::test(start_paused = true)]
async fn no_guess_is_confirmed_by_hashes_alone_and_equal_secrets_do_not_look_equal() {
    let test = Test::new();
    let body = stack(&["one", "two"], PIN);
    assert!(test.apply(&body).await.failed.is_empty());
    assert!(test.plan(&body).await.0.is_empty(), "an unchanged secret is no change");
    let written = test.written();
    assert!(!written.contains(PIN) && !confirms(&written, PIN));
    let digests: Vec<&str> = written.split('"').filter(|word| word.starts_with("$digest:2:m=")).collect();
    let different: BTreeSet<&&str> = digests.iter().collect();
    assert!(digests.len() >= 3 && different.len() == digests.len(), "{digests:?}");

    // Who tries this way has read a state of format 1.
    let lineage = "3e8f1b1c-5a3e-4e0b-9b57-1df1b9a3f7aa";
    let inner = Sha256::new().chain_update(lineage).chain_update([0]).chain_update(PIN).finalize();
    let outer = Sha256::new().chain_update(lineage).chain_update([1]).chain_update(inner).finalize();
    let old = format!("{{\"lineage\":\"{lineage}\",\"value\":\"$digest:{}\"}}", hex::encode(outer));
    assert!(confirms(&old, PIN) && !confirms(&old, "493818"));
}

#[tokio::test(start_paused = true)]
async fn a_renamed_resource_keeps_its_secret_and_a_changed_one_is_seen() {
    let test = Test::new();
    assert!(test.apply(&stack(&["one"], PIN)).await.failed.is_empty());
    // As `stackctl state mv` does it.
    let (document, held) = test.store().open("state mv", crate::world::PATIENCE).await.unwrap();
    let mut document = document.unwrap();
    let record = document.resources.remove(&"app.one".parse().unwrap()).unwrap();
    document.resources.insert("app.other".parse().unwrap(), record);
    held.write(&mut document).await.unwrap();
    held.release().await;
    let moved = stack(&["one"], PIN).replace("[app.one]", "[app.other]");
    let (plan, ..) = test.plan(&moved).await;
    // The object's own tag still says the old address: that is written, and nothing of the secret.
    let changes = || plan.steps.iter().flat_map(|step| &step.changes);
    assert!(changes().all(|change| !change.sensitive), "{:?}", actions(&plan));
    assert!(test.apply(&moved).await.failed.is_empty());
    assert!(test.plan(&moved).await.0.is_empty());
    let changed = moved.replace(PIN, "111111");
    assert_eq!(actions(&test.plan(&changed).await.0), ["Update app.other"]);
    assert!(test.apply(&changed).await.failed.is_empty());
    assert!(test.plan(&changed).await.0.is_empty());
}

/// What an older stackctl wrote: no change, and after the next apply of anything nothing is left of it.
#[tokio::test(start_paused = true)]
async fn a_digest_of_format_1_is_no_change_and_goes_with_the_next_write() {
    let test = Test::new();
    let body = stack(&["one", "two"], PIN);
    assert!(test.apply(&body).await.failed.is_empty());
    let (document, held) = test.store().open("test", crate::world::PATIENCE).await.unwrap();
    let mut document = document.unwrap();
    let inner = Sha256::new().chain_update(&document.lineage).chain_update([0]).chain_update(PIN).finalize();
    let outer =
        Sha256::new().chain_update(&document.lineage).chain_update([1]).chain_update(inner).finalize();
    let old = serde_json::json!(format!("$digest:{}", hex::encode(outer)));
    for record in document.resources.values_mut() {
        record.inputs["secret"] = old.clone();
    }
    document.outputs.insert("pin".to_owned(), old);
    held.write(&mut document).await.unwrap();
    held.release().await;
    let (plan, ..) = test.plan(&body).await;
    assert!(plan.is_empty(), "{:?}", actions(&plan));
    let more = format!("{body}[net.more]\nlabel = \"more\"\n");
    assert!(test.apply(&more).await.failed.is_empty());
    let state = std::fs::read_to_string(test.folder.path().join("test.json")).unwrap();
    assert!(!confirms(&state, PIN), "{state}");
    assert!(test.plan(&more).await.0.is_empty());
}
