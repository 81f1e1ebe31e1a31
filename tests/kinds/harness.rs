//! What the engine does with one object, in small: create, wait, heal, change, delete.

use crate::watched::during;
use serde_json::{Map, Value as Json};
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use stackctl::diff::{Effect, complete, diff, items_schema};
use stackctl::error::{Error, Result};
use stackctl::permissions::Verb;
use stackctl::resource::ownership;
use stackctl::resource::{self, Create, Id, Kind, Observed, Owner, Status};
use stackctl::schema::{fingerprint, properties};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// No emulator needs longer, whatever the profile allows AWS.
pub const PATIENCE: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(100);

/// One object on its way.
pub struct Subject {
    pub kind: &'static dyn Kind,
    pub cloud: Cloud,
    pub owner: Owner,
    pub id: Id,
    /// The inputs as the user wants them, defaults filled in.
    pub wanted: Json,
}

/// An owner that nobody else is.
pub fn owner(kind: &str) -> Owner {
    Owner {
        stack: "kinds".to_owned(),
        address: Address::keyed(kind, "test", "a"),
        intent: uuid::Uuid::now_v7().to_string(),
        anywhere: false,
    }
}

/// A name that nobody else uses.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::new_v4().simple())
}

/// Creates, finds again, creates the rest by update; then nothing differs from `inputs`.
pub async fn create(kind: &str, cloud: &Cloud, inputs: Json) -> Subject {
    create_as(owner(kind), cloud, inputs).await
}

/// As [`create`], for this owner.
pub async fn create_as(owner: Owner, cloud: &Cloud, inputs: Json) -> Subject {
    let kind = resource::kind(&owner.address.kind).unwrap();
    let wanted = completed(kind, inputs);
    assert_eq!(kind.check(&wanted), vec![], "{}", kind.name());
    let ctx = Create { cloud, owner: &owner };
    let make = || during(kind, Verb::Create, kind.create(&ctx, wanted.clone()));
    let id = retrying(kind, make).await.unwrap();
    let mut subject = Subject { kind, cloud: cloud.clone(), owner, id, wanted };
    subject.converge().await;
    assert_eq!(subject.find(&subject.owner).await, Some(subject.id.clone()), "find by the owner");
    assert_eq!(subject.find(&self::owner(kind.name())).await, None, "find by another owner");
    subject.is_found_by_address().await;
    subject
}

/// The whole life of one object. Each change is a patch of top-level attributes on the wanted inputs.
pub async fn lifecycle(kind: &str, cloud: &Cloud, inputs: Json, changes: &[Json]) {
    let mut subject = create(kind, cloud, inputs).await;
    subject.changes_hands().await;
    for change in changes {
        subject.change(change).await;
    }
    subject.delete().await;
}

impl Subject {
    pub async fn read(&self) -> Option<Observed> {
        let read = self.kind.read(&self.cloud, std::slice::from_ref(&self.id));
        during(self.kind, Verb::Read, read).await.unwrap().remove(&self.id)
    }

    /// Reads until ready.
    pub async fn ready(&self) -> Observed {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let observed = self.read().await;
            match observed {
                Some(observed) if observed.status == Status::Ready => return observed,
                Some(Observed { status: Status::Lost(reason), .. }) => panic!("{}: {reason}", self.id),
                other => assert!(Instant::now() < deadline, "{} is not ready: {other:?}", self.id),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// The ownership tags read back as they were made, and are written again: as after a move to another address, and where
    /// somebody has taken them off.
    pub async fn changes_hands(&self) {
        let Some(made) = self.ready().await.owner else { return };
        assert_eq!(made, self.owner.tags(), "{}", self.kind.name());
        let moved = Owner { address: Address::keyed(self.kind.name(), "moved", "a"), ..self.owner.clone() };
        for owner in [&moved, &self.owner] {
            let schema = self.kind.inputs();
            let observed = self.ready().await;
            let seen = complete(schema, &observed.inputs, &self.wanted);
            let before = ownership::with(schema, &seen, &observed.owner.unwrap_or_default());
            let after = ownership::with(schema, &self.wanted, &owner.tags());
            let update = || {
                let update = self.kind.update(&self.cloud, &self.id, before.clone(), after.clone());
                during(self.kind, Verb::Update, update)
            };
            retrying(self.kind, update).await.unwrap();
            let deadline = Instant::now() + PATIENCE;
            while self.ready().await.owner != Some(owner.tags()) {
                assert!(Instant::now() < deadline, "{}: the new owner is not there", self.kind.name());
                tokio::time::sleep(INTERVAL).await;
            }
            assert_eq!(self.find(owner).await, Some(self.id.clone()), "find by the new owner");
        }
    }

    pub async fn find(&self, owner: &Owner) -> Option<Id> {
        during(self.kind, Verb::Read, self.kind.find(&self.cloud, owner, self.wanted.clone())).await.unwrap()
    }

    /// Without knowing which create made it; tests that share an emulator may have made others at this address.
    async fn is_found_by_address(&self) {
        let any = Owner::any(&self.owner.stack, &self.owner.address);
        match during(self.kind, Verb::Read, self.kind.find(&self.cloud, &any, self.wanted.clone())).await {
            Ok(found) => assert_eq!(found, Some(self.id.clone()), "find by the address"),
            Err(Error::Ambiguous { ids, .. }) => {
                assert!(ids.contains(&self.id.0), "{} not in {ids:?}", self.id)
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Patches the wanted inputs, updates, and sees the change read back.
    pub async fn change(&mut self, patch: &Json) {
        for (name, value) in patch.as_object().unwrap() {
            self.wanted[name] = value.clone();
        }
        for (name, sub) in properties(self.kind.inputs()).unwrap() {
            if sub.get("x-fingerprint").is_some() {
                self.wanted[name] = Json::Null;
            }
        }
        self.wanted = completed(self.kind, self.wanted.take());
        assert_eq!(self.kind.check(&self.wanted), vec![], "{}", self.kind.name());
        self.converge().await;
    }

    /// Updates whatever differs from the wanted inputs, then sees that nothing differs, and that repeating the update
    /// changes nothing.
    pub async fn converge(&mut self) {
        let schema = self.kind.inputs();
        let before = complete(schema, &self.ready().await.inputs, &self.wanted);
        let changes = diff(schema, &before, &self.wanted);
        if changes.is_empty() {
            return;
        }
        assert!(changes.iter().all(|c| c.effect != Effect::Replace), "{}: {changes:#?}", self.kind.name());
        for attempt in ["first", "repeated"] {
            let update = || {
                let update = self.kind.update(&self.cloud, &self.id, before.clone(), self.wanted.clone());
                during(self.kind, Verb::Update, update)
            };
            retrying(self.kind, update).await.unwrap_or_else(|error| panic!("{attempt} update: {error}"));
            let deadline = Instant::now() + PATIENCE;
            loop {
                let now = complete(schema, &self.ready().await.inputs, &self.wanted);
                let left = diff(schema, &now, &self.wanted);
                if left.is_empty() {
                    break;
                }
                assert!(Instant::now() < deadline, "{attempt} update left {left:#?}");
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }

    /// Deletes, waits until absent, deletes again.
    pub async fn delete(self) {
        let live = self.read().await.unwrap();
        for attempt in ["first", "repeated"] {
            let delete = || {
                let delete = self.kind.delete(&self.cloud, &self.id, live.clone());
                during(self.kind, Verb::Delete, delete)
            };
            retrying(self.kind, delete).await.unwrap_or_else(|error| panic!("{attempt} delete: {error}"));
            let deadline = Instant::now() + PATIENCE;
            while let Some(left) = self.read().await {
                assert!(Instant::now() < deadline, "{} is still there: {left:?}", self.id);
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }
}

/// Repeats a verb while its error is one that passes by itself.
pub async fn retrying<T, F: Future<Output = Result<T>>>(kind: &dyn Kind, verb: impl Fn() -> F) -> Result<T> {
    let start = Instant::now();
    loop {
        let error = match verb().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let passes = kind.profile().retries.iter().any(|retry| {
            let said = matches!(&error, Error::Aws(aws) if aws.message.contains(retry.message));
            error.is(&[retry.code]) && said && start.elapsed() < retry.window.min(PATIENCE)
        });
        if !passes {
            return Err(error);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Whether the profile says of this error that it passes by itself.
pub fn passes(kind: &dyn Kind, error: &Error) -> bool {
    let Error::Aws(aws) = error else { return false };
    kind.profile().retries.iter().any(|retry| error.is(&[retry.code]) && aws.message.contains(retry.message))
}

/// One batched read.
pub async fn read(kind: &str, cloud: &Cloud, ids: &[Id]) -> HashMap<Id, Observed> {
    resource::kind(kind).unwrap().read(cloud, ids).await.unwrap()
}

/// The inputs as the engine hands them over.
fn completed(kind: &dyn Kind, inputs: Json) -> Json {
    let mut inputs = with_defaults(kind.inputs(), inputs);
    fingerprint::fill(kind.inputs(), &mut inputs);
    inputs
}

/// The inputs with the defaults of the schema where they are unset.
pub fn with_defaults(schema: &Json, value: Json) -> Json {
    match value {
        Json::Object(mut map) => {
            for (name, sub) in properties(schema).unwrap_or(&Map::new()) {
                let given = map.remove(name).filter(|given| !given.is_null());
                let value = given.or_else(|| sub.get("default").cloned()).unwrap_or(Json::Null);
                map.insert(name.clone(), with_defaults(sub, value));
            }
            Json::Object(map)
        }
        Json::Array(items) => {
            let sub = items_schema(schema);
            Json::Array(items.into_iter().map(|item| with_defaults(sub, item)).collect())
        }
        other => other,
    }
}
