//! Tags that somebody else puts on our objects, with keys of every sort, and `ignore_changes` for them.

use crate::world::Test;
use serde_json::{Value as Json, json};

const KEYS: [&str; 6] =
    ["owner", "kubernetes.io/cluster/dev", "a.b", "deploy.example.com/revision", "0", "odd \"key\" [é].x"];

/// What is done to the tag behind stackctl's back.
#[derive(Debug, Clone, Copy)]
enum Hand {
    Set(&'static str),
    Remove,
}

fn stack(key: &str, spelled: &str, own: Option<&str>, label: &str) -> String {
    let own = own.map(|value| format!("{} = {value:?}, ", json!(key))).unwrap_or_default();
    format!(
        "[app.web]\nlabel = \"web\"\ntags = {{ {own}team = {label:?} }}\n\
         [app.web.lifecycle]\nignore_changes = [{}]\n",
        json!(spelled)
    )
}

fn tags(test: &Test) -> Json {
    test.world.lock().unwrap().objects.values().next().unwrap().inputs["tags"].clone()
}

/// Whatever is done to an ignored tag stays done; the rest is as the block says.
async fn play(key: &str, spelled: &str, own: Option<&str>, hands: &[Hand]) {
    let test = Test::new();
    let what = format!("{key:?} as {spelled:?}, {own:?} in the block, {hands:?}");
    assert!(test.apply(&stack(key, spelled, own, "a")).await.failed.is_empty(), "{what}");
    assert!(test.plan(&stack(key, spelled, own, "a")).await.0.is_empty(), "{what}: second plan");
    let mut expected = own.map_or(json!({}), |value| json!({ key: value }));
    for (round, hand) in hands.iter().enumerate() {
        {
            let mut world = test.world.lock().unwrap();
            let tags = world.objects.values_mut().next().unwrap().inputs["tags"].as_object_mut().unwrap();
            match hand {
                Hand::Set(value) => {
                    tags.insert(key.to_owned(), json!(value));
                    expected[key] = json!(value);
                }
                Hand::Remove => {
                    tags.remove(key);
                    expected.as_object_mut().unwrap().remove(key);
                }
            }
        }
        let label = format!("team-{round}");
        let before = stack(
            key,
            spelled,
            own,
            &if round == 0 { "a".to_owned() } else { format!("team-{}", round - 1) },
        );
        let (plan, ..) = test.plan(&before).await;
        assert!(plan.is_empty(), "{what}: {plan:#?}");
        assert!(plan.steps.iter().all(|step| step.drift.is_empty()), "{what}: told as drift");
        // Our own change to the same table leaves theirs alone.
        let after = stack(key, spelled, own, &label);
        let summary = test.apply(&after).await;
        assert!(summary.failed.is_empty(), "{what}: {:?}", summary.failed);
        expected["team"] = json!(label);
        assert_eq!(tags(&test), expected, "{what}");
        assert!(test.plan(&after).await.0.is_empty(), "{what}: plan after the apply");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ignored_tag_is_left_alone_whatever_its_key_is() {
    let hands = [
        [Hand::Set("shared"), Hand::Set("owned"), Hand::Remove],
        [Hand::Remove, Hand::Set("shared"), Hand::Remove],
        [Hand::Set("owned"), Hand::Remove, Hand::Set("shared")],
    ];
    for key in KEYS {
        let quoted = format!("tags.{}", json!(key));
        let bare = format!("tags.{key}");
        let mut spellings = vec![quoted, format!("tags[{}]", json!(key))];
        if key.contains('/') || key == "owner" || key == "0" {
            spellings.push(bare);
        }
        for spelled in spellings {
            for own in [None, Some("1")] {
                for hands in &hands {
                    play(key, &spelled, own, hands).await;
                }
            }
        }
    }
}
