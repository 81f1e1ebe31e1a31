//! What is there: objects with what they name, and what still uses what.

use serde_json::{Value as Json, json};
use stackctl::error::{AwsError, Error, Result};
use stackctl::resource::{Id, Owner};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub struct Object {
    pub kind: &'static str,
    pub inputs: Json,
    pub outputs: Json,
    pub owner: Owner,
    pub ready: Instant,
    /// When a deletion is through; until then it uses what it used.
    pub dying: Option<Instant>,
}

/// Network interfaces that outlive what they were made for.
#[derive(Debug)]
pub struct Left {
    pub until: Instant,
    /// Subnets and security groups.
    pub uses: Vec<String>,
}

#[derive(Debug, Default)]
pub struct World {
    pub objects: BTreeMap<String, Object>,
    pub left: Vec<Left>,
    pub made: usize,
    /// Every call that changes something, for people.
    pub log: Vec<String>,
    /// The call that is refused without a reason, counted from now.
    pub fault: Option<usize>,
    /// Something was to be deleted while a living object used it: an order that AWS does not let through.
    pub disorder: Option<String>,
}

pub fn refuse<T>(code: &str, message: impl Into<String>) -> Result<T> {
    Err(Error::Aws(AwsError {
        operation: "double:Call",
        code: Some(code.to_owned()),
        message: message.into(),
        request_id: None,
        status: Some(400),
    }))
}

pub fn text<'a>(value: &'a Json, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

pub fn list<'a>(value: &'a Json, name: &str) -> Vec<&'a str> {
    value.get(name).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

impl World {
    pub fn now(&mut self) -> Instant {
        let now = Instant::now();
        self.objects.retain(|_, object| object.dying.is_none_or(|end| now < end));
        self.left.retain(|left| now < left.until);
        now
    }

    /// The object of that kind, unless it is gone.
    pub fn get(&self, kind: &str, id: &str) -> Option<&Object> {
        self.objects.get(id).filter(|object| object.kind == kind)
    }

    pub fn all(&self, kind: &str) -> impl Iterator<Item = (&String, &Object)> {
        self.objects.iter().filter(move |(_, object)| object.kind == kind)
    }

    /// Where a subnet, group, table lies.
    pub fn vpc_of(&self, id: &str) -> Option<&str> {
        let object = self.objects.get(id)?;
        text(&object.inputs, "vpc_id").or_else(|| text(&object.outputs, "vpc_id"))
    }

    pub fn zone(&self, subnet: &str) -> &str {
        self.objects.get(subnet).and_then(|object| text(&object.outputs, "availability_zone")).unwrap_or("")
    }

    /// An interface stays for some minutes.
    pub fn leave(&mut self, uses: Vec<String>) {
        if !uses.is_empty() {
            self.left.push(Left { until: Instant::now() + Duration::from_secs(900), uses });
        }
    }

    /// Refuses a deletion because of what uses the object. One that lives makes it a disorder: the order of the plan was
    /// wrong, whatever patience may make of it.
    pub fn held(&mut self, id: &str, users: Vec<String>, code: &str) -> Result<()> {
        let lives = |user: &&String| self.objects.get(*user).is_none_or(|object| object.dying.is_none());
        if let Some(user) = users.iter().find(lives)
            && self.disorder.is_none()
        {
            self.disorder = Some(format!("{id} was to be deleted while {user} used it"));
        }
        let lingers = self.left.iter().any(|left| left.uses.iter().any(|used| used == id));
        match users.first() {
            Some(user) => refuse(code, format!("{id} is used by {user}")),
            None if lingers => refuse(code, format!("{id} is used by an interface")),
            None => Ok(()),
        }
    }

    pub fn insert(
        &mut self,
        kind: &'static str,
        id: String,
        inputs: Json,
        outputs: Json,
        owner: Owner,
        wait: u64,
    ) -> Id {
        let ready = Instant::now() + Duration::from_secs(wait);
        self.objects.insert(id.clone(), Object { kind, inputs, outputs, owner, ready, dying: None });
        Id(id)
    }

    pub fn new_id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{}", self.made)
    }
}

/// The outputs of a kind that nobody looks at are there all the same.
pub fn outputs(schema: &Json, id: &str, inputs: &Json, more: Json) -> Json {
    let mut all = json!({});
    for (name, sub) in schema["properties"].as_object().into_iter().flatten() {
        let kind = &sub["type"];
        let plain = if *kind == "array" { json!([]) } else { json!(format!("{name}:{id}")) };
        let optional = kind.as_array().is_some();
        let echo = inputs.get(name).filter(|value| !value.is_null()).cloned();
        all[name] = echo.unwrap_or(if optional { Json::Null } else { plain });
    }
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}
