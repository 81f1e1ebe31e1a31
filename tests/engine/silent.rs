//! What no read tells: an update that failed is not taken for made, whatever the kind and the attribute.

use crate::world::{Fault, Test, actions};
use futures::future::BoxFuture;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::error::{AwsError, Error};
use stackctl::resource::{Create, Id, Kind, Observed, Owner, Profile, Status, registry};
use stackctl::schema::{is, properties};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

#[tokio::test(start_paused = true)]
async fn a_secret_whose_update_was_refused_is_updated_by_the_next_apply() {
    let test = Test::new();
    let stack = |secret: &str| format!("[app.a]\nlabel = \"a\"\nsecret = \"{secret}\"\n");
    assert!(test.apply(&stack("one")).await.failed.is_empty());
    test.calls();
    test.fault("update app.a", Fault::Refuse);
    assert_eq!(test.apply(&stack("two")).await.failed.len(), 1);
    assert_eq!(actions(&test.plan(&stack("two")).await.0), ["Update app.a"]);
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    assert_eq!(test.calls().iter().filter(|call| *call == "update app.a").count(), 2);
    assert!(test.plan(&stack("two")).await.0.is_empty());
}

/// The block goes back to what is there: there is nothing left to do but to say so.
#[tokio::test(start_paused = true)]
async fn what_is_taken_back_after_a_failure_is_done() {
    let test = Test::new();
    let stack = |secret: &str| format!("[app.a]\nlabel = \"a\"\nsecret = \"{secret}\"\n");
    assert!(test.apply(&stack("one")).await.failed.is_empty());
    test.fault("update app.a", Fault::Refuse);
    assert_eq!(test.apply(&stack("two")).await.failed.len(), 1);
    assert!(test.apply(&stack("one")).await.failed.is_empty());
    assert!(test.plan(&stack("one")).await.0.is_empty());
}

/// A create that was given up arrives after all, and is taken over by the next one, which wants another secret.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_create_made_has_the_secret_of_that_one() {
    let test = Test::new();
    let stack = |secret: &str| format!("[box.a]\nlabel = \"a\"\nsecret = \"{secret}\"\n");
    assert!(test.apply("[net.other]\nlabel = \"o\"\n").await.failed.is_empty());
    let create = async {
        test.fault("create box.a", Fault::LostAndLate);
        test.apply(&stack("one")).await
    };
    assert_eq!(create.await.failed.len(), 1);
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    test.calls();
    assert!(test.apply(&stack("two")).await.failed.is_empty());
    assert_eq!(test.calls().iter().filter(|call| *call == "update box.a").count(), 1);
    assert_eq!(test.secret("box.a").as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn an_ignored_secret_is_neither_changed_nor_recorded() {
    let test = Test::new();
    let stack = |secret: &str, size: u32, ignore: &str| {
        format!(
            "[app.a]\nlabel = \"a\"\nsecret = \"{secret}\"\nsize = {size}\nlifecycle = {{ ignore_changes = [{ignore}] }}\n"
        )
    };
    let ignoring = "\"secret\"";
    assert!(test.apply(&stack("one", 1, ignoring)).await.failed.is_empty());
    assert!(test.apply(&stack("two", 2, ignoring)).await.failed.is_empty());
    assert_eq!(actions(&test.plan(&stack("two", 2, "")).await.0), ["Update app.a"]);
    assert!(test.plan(&stack("two", 2, ignoring)).await.0.is_empty());
}

/// A kind with the attributes of a real one, whose reads are silent wherever they may be, and whose updates change what
/// differs and nothing else, as those of the real ones do.
struct Silent {
    real: &'static dyn Kind,
    inputs: Json,
    world: Arc<Mutex<Truth>>,
}

#[derive(Default)]
struct Truth {
    object: Option<Json>,
    owner: Option<Owner>,
    /// The next update makes so many of its changes and is refused then.
    refuses_after: Option<usize>,
}

fn may_be_silent(schema: &Json) -> bool {
    ["x-write-only", "x-computed", "x-silent"].iter().any(|keyword| is(schema, keyword))
}

/// What the engine goes by, without what only the real values fit.
fn loose(schema: &Json) -> Json {
    let kept = |key: &str| {
        key.starts_with("x-write")
            || key.starts_with("x-comp")
            || key.starts_with("x-si")
            || key == "x-local"
            || matches!(key, "type" | "required" | "enum" | "default" | "x-sensitive" | "x-set" | "x-replace")
    };
    let Some(map) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in map {
        let value = match (key.as_str(), value) {
            ("properties", Json::Object(all)) => {
                Json::Object(all.iter().map(|(name, sub)| (name.clone(), loose(sub))).collect())
            }
            ("items" | "additionalProperties", value) => loose(value),
            ("anyOf", Json::Array(all)) => Json::Array(all.iter().map(loose).collect()),
            (key, value) if kept(key) => value.clone(),
            _ => continue,
        };
        out.insert(key.clone(), value);
    }
    Json::Object(out)
}

/// One of several values that fit.
fn sample(schema: &Json, nth: usize) -> Json {
    if let Some(all) = schema["enum"].as_array() {
        let all: Vec<&Json> = all.iter().filter(|value| !value.is_null()).collect();
        return all[nth % all.len()].clone();
    }
    if let Some(one) = schema["anyOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"))
    {
        return sample(one, nth);
    }
    let sort = match &schema["type"] {
        Json::Array(all) => all.iter().find(|sort| **sort != "null").and_then(Json::as_str),
        sort => sort.as_str(),
    };
    match sort {
        Some("integer" | "number") => json!(nth + 1),
        Some("boolean") => json!(nth % 2 == 1),
        Some("array") => json!([sample(&schema["items"], nth)]),
        Some("object") => match properties(schema) {
            Some(all) => {
                Json::Object(all.iter().map(|(name, sub)| (name.clone(), sample(sub, nth))).collect())
            }
            None => json!({ "key": sample(&schema["additionalProperties"], nth) }),
        },
        _ => json!(format!("value{nth}")),
    }
}

fn toml(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let all: Vec<String> =
                map.iter().map(|(key, value)| format!("{key:?} = {}", toml(value))).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Json::Array(all) => format!("[{}]", all.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

impl Kind for Silent {
    fn name(&self) -> &'static str {
        self.real.name()
    }
    fn profile(&self) -> &Profile {
        const { &Profile::INSTANT }
    }
    fn inputs(&self) -> &Json {
        &self.inputs
    }
    fn outputs(&self) -> &Json {
        const { &Json::Null }
    }
    fn check(&self, _: &Json) -> Vec<(String, String)> {
        vec![]
    }
    fn create<'a>(&'a self, ctx: &'a Create<'a>, inputs: Json) -> BoxFuture<'a, Result<Id, Error>> {
        Box::pin(async move {
            let mut world = self.world.lock().unwrap();
            (world.object, world.owner) = (Some(inputs), Some(ctx.owner.clone()));
            Ok(Id::from("it"))
        })
    }
    fn find<'a>(&'a self, _: &'a Cloud, _: &'a Owner, _: Json) -> BoxFuture<'a, Result<Option<Id>, Error>> {
        Box::pin(async { Ok(None) })
    }
    fn read<'a>(
        &'a self,
        _: &'a Cloud,
        ids: &'a [Id],
    ) -> BoxFuture<'a, Result<HashMap<Id, Observed>, Error>> {
        Box::pin(async move {
            let world = self.world.lock().unwrap();
            let Some(mut inputs) = world.object.clone() else { return Ok(HashMap::new()) };
            for (name, _) in properties(&self.inputs).unwrap().iter().filter(|(_, sub)| may_be_silent(sub)) {
                inputs[name] = Json::Null;
            }
            let owner = world.owner.as_ref().map(Owner::tags);
            let outputs = json!({});
            Ok(HashMap::from([(ids[0].clone(), Observed { inputs, outputs, status: Status::Ready, owner })]))
        })
    }
    fn update<'a>(
        &'a self,
        _: &'a Cloud,
        _: &'a Id,
        before: Json,
        after: Json,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut world = self.world.lock().unwrap();
            let mut left = world.refuses_after.take();
            let object = world.object.as_mut().unwrap();
            for name in properties(&self.inputs).unwrap().keys().filter(|name| *name != "tags") {
                if before[name] == after[name] {
                    continue;
                }
                if left == Some(0) {
                    return Err(Error::Aws(AwsError {
                        operation: "test:Update",
                        code: Some("InvalidState".to_owned()),
                        message: "not now".to_owned(),
                        request_id: None,
                        status: Some(400),
                    }));
                }
                object[name] = after[name].clone();
                left = left.map(|left| left - 1);
            }
            Ok(())
        })
    }
    fn delete<'a>(&'a self, _: &'a Cloud, _: &'a Id, _: Observed) -> BoxFuture<'a, Result<(), Error>> {
        unreachable!("nothing is deleted")
    }
}

/// A life of one object of a kind: made, changed by an apply that fails on the way, and applied again.
async fn life(real: &'static dyn Kind, first: &[Option<usize>], second: &[Option<usize>], after: usize) {
    let world: Arc<Mutex<Truth>> = Arc::default();
    let inputs = loose(real.inputs());
    let kind: &'static Silent = Box::leak(Box::new(Silent { real, inputs, world: world.clone() }));
    let known = properties(&kind.inputs).unwrap();
    let required: Vec<&str> =
        kind.inputs["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let stack = |values: &[Option<usize>]| {
        let mut text = format!("[{}.a]\n", real.name());
        for (at, (name, sub)) in known.iter().enumerate() {
            let changes = may_be_silent(sub) && !is(sub, "x-replace");
            let nth = if changes { values[at % values.len()] } else { None };
            if let Some(nth) = nth.or(required.contains(&name.as_str()).then_some(0)) {
                text += &format!("{name} = {}\n", toml(&sample(sub, nth)));
            }
        }
        text
    };
    let test = Test::of(vec![kind]);
    assert!(test.apply(&stack(first)).await.failed.is_empty(), "{}", stack(first));
    world.lock().unwrap().refuses_after = Some(after);
    test.apply(&stack(second)).await;
    world.lock().unwrap().refuses_after = None;
    let summary = test.apply(&stack(second)).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    let truth = world.lock().unwrap().object.clone().unwrap();
    let wanted = test
        .desired(&stack(second))
        .inputs(&format!("{}.a", real.name()).parse().unwrap(), &Default::default());
    for (name, sub) in known.iter().filter(|(_, sub)| may_be_silent(sub) && !is(sub, "x-replace")) {
        let no_opinion = is(sub, "x-computed") && wanted[name].is_null();
        assert!(
            no_opinion || truth[name] == wanted[name],
            "{}.{name} is {}, not {}",
            real.name(),
            truth[name],
            wanted[name]
        );
    }
    assert!(test.plan(&stack(second)).await.0.is_empty(), "{}", real.name());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever AWS had made before it refused: after the next apply all is as wanted.
    #[test]
    fn what_failed_is_not_done(
        first in prop::collection::vec(prop::option::of(0_usize..3), 24),
        second in prop::collection::vec(prop::option::of(0_usize..3), 24),
        after in 0_usize..4,
    ) {
        for real in registry() {
            let silent = properties(real.inputs()).unwrap().values().any(may_be_silent);
            if silent {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
                runtime.unwrap().block_on(life(*real, &first, &second, after));
            }
        }
    }
}
