use super::*;
use crate::cloud::http;
use crate::resource::{Create, Observed, Profile};
use futures::future::{BoxFuture, FutureExt};
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashMap;

/// A kind that finds by tags alone, as subnets are: what it is told of is there.
struct Tagged {
    profile: Profile,
    schema: Json,
    /// The ids and intents of what says this stack and this address.
    there: Vec<(String, String)>,
}

impl Tagged {
    fn with(there: Vec<(String, String)>) -> &'static dyn Kind {
        let profile = Profile { fixed_name: true, ..Profile::INSTANT };
        Box::leak(Box::new(Self { profile, schema: json!({}), there }))
    }
}

impl Kind for Tagged {
    fn name(&self) -> &'static str {
        "tagged"
    }
    fn profile(&self) -> &Profile {
        &self.profile
    }
    fn inputs(&self) -> &Json {
        &self.schema
    }
    fn outputs(&self) -> &Json {
        &self.schema
    }
    fn check(&self, _: &Json) -> Vec<(String, String)> {
        vec![]
    }
    fn create<'a>(&'a self, _: &'a Create<'a>, _: Json) -> BoxFuture<'a, Result<Id>> {
        unreachable!("it is only looked for")
    }
    fn find<'a>(&'a self, _: &'a Cloud, owner: &'a Owner, _: Json) -> BoxFuture<'a, Result<Option<Id>>> {
        let own = |intent: &str| Owner { intent: intent.to_owned(), ..owner.clone() }.tags();
        let found = self.there.iter().filter(|(_, intent)| owner.owns(&own(intent)));
        futures::future::ready(owner.only(found.map(|(id, _)| id.clone()))).boxed()
    }
    fn read<'a>(&'a self, _: &'a Cloud, _: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>> {
        unreachable!("it is only looked for")
    }
    fn update<'a>(&'a self, _: &'a Cloud, _: &'a Id, _: Json, _: Json) -> BoxFuture<'a, Result<()>> {
        unreachable!("it is only looked for")
    }
    fn delete<'a>(&'a self, _: &'a Cloud, _: &'a Id, _: Observed) -> BoxFuture<'a, Result<()>> {
        unreachable!("it is only looked for")
    }
}

proptest! {
    /// What this create made is found whatever else says the same address; what is recorded is never taken for it; and of several
    /// others none is guessed.
    #[test]
    fn it_is_what_this_create_made_or_the_only_one_that_nobody_knows(
        made in any::<bool>(),
        replaced in 0_usize..3,
        strays in 0_usize..3,
        known in any::<bool>(),
    ) {
        let named = |what: &str, count: usize| -> Vec<(String, String)> {
            (0..count).map(|at| (format!("{what}-{at}"), format!("intent-of-{what}-{at}"))).collect()
        };
        let recorded: Vec<Id> = named("replaced", replaced).into_iter().map(|(id, _)| Id(id)).collect();
        let mut there = [named("replaced", replaced), named("stray", strays)].concat();
        if made {
            there.push(("made".to_owned(), "intent".to_owned()));
        }
        let owner = Owner { intent: "intent".to_owned(), ..Owner::any("test", &"tagged.a".parse().unwrap()) };
        let cloud = Cloud::emulator("http://127.0.0.1:1", "eu-west-1", http());
        let inputs = json!({});
        let found = find(&cloud, Tagged::with(there), &owner, known.then_some(&recorded[..]), &inputs);
        let found = found.now_or_never().unwrap().unwrap().map(|found| found.id.0);
        let wanted = match (made, known, replaced, strays) {
            (true, ..) => Some("made".to_owned()),
            (false, true, 0, 1) => Some("stray-0".to_owned()),
            _ => None,
        };
        prop_assert_eq!(found, wanted);
    }
}
