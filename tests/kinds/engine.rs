//! What a command does, without the command line: plan and apply of one stack with the kinds that there are, on an emulator.

use crate::harness::PATIENCE;
use serde_json::{Map, Value as Json, json};
use stackctl::address::Address;
use stackctl::apply::{Pace, Run, Stop, Summary, apply, settle};
use stackctl::cloud::Cloud;
use stackctl::config::{self, Options, Source};
use stackctl::desired::{Built, Desired};
use stackctl::plan::{self, Selection};
use stackctl::refresh::refresh;
use stackctl::resource;
use stackctl::state::{Cost, Digest, Document, Store};
use std::collections::HashMap;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

/// A stack of one resource, with a state of its own.
pub struct Stack<'a> {
    cloud: &'a Cloud,
    name: String,
    address: Address,
    text: String,
    built: HashMap<Address, Built>,
    folder: TempDir,
    pace: Pace,
}

impl<'a> Stack<'a> {
    pub fn new(name: &str, address: Address, inputs: &Json, cloud: &'a Cloud) -> Self {
        let mut inputs = without_nulls(inputs);
        let text = |inputs: &Json, name: &str| inputs[name].as_str().map(str::to_owned);
        let built = text(&inputs, "artifact").zip(text(&inputs, "code_sha256"));
        let built = built.map(|(artifact, code_sha256)| Built { artifact, code_sha256 });
        inputs.as_object_mut().unwrap().remove("code_sha256");
        let text = self::text(name, &address, &inputs);
        let built = built.map(|built| (address.clone(), built)).into_iter().collect();
        let mut pace = Pace::EMULATOR;
        pace.limit = Duration::from_secs(8);
        Self { cloud, name: name.to_owned(), address, text, built, folder: TempDir::new().unwrap(), pace }
    }

    /// As patient as with AWS: for virtual time.
    pub fn with_the_patience_for_aws(self) -> Self {
        Self { pace: Pace::AWS, ..self }
    }

    /// From now on.
    pub fn wants(&mut self, inputs: &Json) {
        self.text = text(self.name.as_str(), &self.address, &without_nulls(inputs));
    }

    /// What the state has of it.
    pub fn record(&self, summary: &Summary) -> stackctl::state::Record {
        summary.document.resources[&self.address].clone()
    }

    fn desired(&self) -> Desired {
        let source = Source::new("stack.toml", self.text.clone());
        let stack = config::parse(source, &Options::default(), resource::registry())
            .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(100, false)));
        Desired::new(stack, &self.cloud.account, &self.cloud.region, self.built.clone())
    }

    pub async fn apply(&self) -> Summary {
        self.carry_out(false).await
    }

    pub async fn destroy(&self) -> Summary {
        self.carry_out(true).await
    }

    async fn carry_out(&self, destroy: bool) -> Summary {
        let desired = self.desired();
        let store = Store::files(self.folder.path(), desired.stack(), None);
        let (document, held) = store.open("apply", PATIENCE).await.unwrap();
        let new = || Document::new(desired.stack(), &self.cloud.account, &self.cloud.region);
        let mut document = document.unwrap_or_else(new);
        let pace = self.pace;
        settle(self.cloud, &mut document, &pace, resource::kind).await.unwrap();
        let observed = refresh(self.cloud, &document, &pace, resource::kind).await.unwrap();
        let digest = Digest::new(&document).costing(Cost::TRIVIAL);
        let plan = plan::build(&plan::Inputs {
            desired: &desired,
            state: &document,
            observed: &observed,
            selection: &Selection::default(),
            destroy,
            kind: &resource::kind,
            digest: &digest,
        });
        // As the command does: after the plan, so that it knows whether there was a state before.
        held.write(&mut document).await.unwrap();
        let journal = held.journal(&document, "apply").await.unwrap();
        let run = Run {
            cloud: self.cloud,
            desired: &desired,
            plan: &plan,
            observed: &observed,
            journal: &journal,
            digest: &digest,
            kind: &resource::kind,
            new_intent: &|| uuid::Uuid::new_v4().to_string(),
            parallelism: 16,
            pace,
            events: &|_| (),
            stop: watch::channel(Stop::No).1,
        };
        let mut summary = apply(&run, document).await;
        held.write(&mut summary.document).await.unwrap();
        held.release().await;
        summary
    }

    /// The id of what the state has of it.
    pub fn id(&self, summary: &Summary) -> Option<String> {
        summary.document.resources.get(&self.address).map(|record| record.id.0.clone())
    }
}

/// The `stack.toml`.
fn text(name: &str, address: &Address, inputs: &Json) -> String {
    let blocks = json!({
        "stack": {"name": name, "region": "eu-west-1"},
        address.kind.clone(): {address.name.clone(): inputs},
    });
    toml::to_string(&blocks).unwrap()
}

/// TOML has none.
fn without_nulls(json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let set = map.iter().filter(|(_, value)| !value.is_null());
            Json::Object(set.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map<_, _>>())
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
