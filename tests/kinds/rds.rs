//! An RDS with one instance, `loans`, as RDS documents it: what is asked of it is noted, and made, kept for later or refused.

use crate::answers::{Calls, query};
use crate::harness::with_defaults;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::error::Result;
use stackctl::resource::{self, Id, Kind, Observed};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const ID: &str = "loans";

/// What RDS says of it, by the names of its answers.
pub type Fields = BTreeMap<String, String>;

/// The instance, what is pending, and what else RDS has to say.
#[derive(Clone, Default)]
pub struct Instance {
    pub fields: Fields,
    pub pending: Fields,
    /// More of the instance, as it stands in the answer.
    pub more: String,
    /// Seconds since 1970 and message.
    pub events: Vec<(i64, String)>,
}

pub type Shared = Arc<Mutex<Instance>>;

/// How RDS takes a request: fields of the request by their names; an error is its code and message.
pub type Take = fn(&mut Instance, &Fields) -> std::result::Result<(), (&'static str, &'static str)>;

pub fn instance(fields: &[(&str, &str)]) -> Shared {
    let plain = [
        ("DBInstanceIdentifier", ID),
        ("DBInstanceStatus", "available"),
        ("DBInstanceClass", "db.t4g.micro"),
        ("DBInstanceArn", "arn:aws:rds:eu-west-1:1:db:loans"),
        ("DbiResourceId", "db-ABC"),
        ("Engine", "postgres"),
        ("EngineVersion", "15.4"),
        ("StorageType", "gp3"),
        ("AllocatedStorage", "20"),
        ("Iops", "3000"),
        ("StorageThroughput", "125"),
        ("StorageEncrypted", "true"),
        ("BackupRetentionPeriod", "7"),
        ("AutoMinorVersionUpgrade", "true"),
        ("CopyTagsToSnapshot", "true"),
    ];
    let all = plain.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Arc::new(Mutex::new(Instance { fields: all.collect(), ..Instance::default() }))
}

/// Everything is made at once.
pub fn makes(
    instance: &mut Instance,
    asked: &Fields,
) -> std::result::Result<(), (&'static str, &'static str)> {
    let known = instance.fields.keys().cloned().collect::<Vec<_>>();
    let made = asked.iter().filter(|(name, _)| known.contains(name));
    instance.fields.extend(made.map(|(name, value)| (name.clone(), value.clone())));
    Ok(())
}

pub fn rds(shared: &Shared, take: Take) -> (Cloud, Calls) {
    let shared = shared.clone();
    query(move |action, body| {
        let asked: Fields = body
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut instance = shared.lock().unwrap();
        let result = |inner: &str| {
            (200, format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"))
        };
        match action {
            "DescribeDBInstances" => result(&format!("<DBInstances>{}</DBInstances>", instance.text())),
            "DescribeEvents" => result(&format!("<Events>{}</Events>", instance.told())),
            "ModifyDBInstance" => match take(&mut instance, &asked) {
                Ok(()) => result(""),
                Err((code, message)) => refused(code, message),
            },
            _ => result(""),
        }
    })
}

impl Instance {
    fn text(&self) -> String {
        let tags = |fields: &Fields| -> String {
            fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect()
        };
        let pending = tags(&self.pending);
        format!(
            "<DBInstance>{}<Endpoint><Address>loans.invalid</Address><Port>5432</Port></Endpoint>\
             <PendingModifiedValues>{pending}</PendingModifiedValues>{}</DBInstance>",
            tags(&self.fields),
            self.more
        )
    }

    fn told(&self) -> String {
        let one = |(when, message): &(i64, String)| {
            let date = aws_smithy_types::DateTime::from_secs(*when);
            let date = date.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap();
            format!(
                "<Event><SourceIdentifier>{ID}</SourceIdentifier><Message>{message}</Message><Date>{date}</Date></Event>"
            )
        };
        self.events.iter().map(one).collect()
    }
}

pub fn refused(code: &str, message: &str) -> (u16, String) {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (400, format!("<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>"))
}

pub fn kind() -> &'static dyn Kind {
    resource::kind("db_instance").unwrap()
}

/// The block, defaults filled in.
pub fn wanted(more: Json) -> Json {
    let mut inputs = json!({"identifier": ID, "instance_class": "db.t4g.micro"});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_defaults(kind().inputs(), inputs)
}

pub async fn read(cloud: &Cloud) -> Observed {
    let id = Id::from(ID);
    kind().read(cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap()
}

/// The attributes that a plan would show, in the order of the schema.
pub async fn differences(cloud: &Cloud, wanted: &Json) -> Vec<String> {
    let seen = complete(kind().inputs(), &read(cloud).await.inputs, wanted);
    diff(kind().inputs(), &seen, wanted).iter().map(|change| change.path.to_string()).collect()
}

/// One update from what is there, as the engine makes it.
pub async fn update(cloud: &Cloud, wanted: &Json) -> Result<()> {
    let seen = complete(kind().inputs(), &read(cloud).await.inputs, wanted);
    kind().update(cloud, &Id::from(ID), seen, wanted.clone()).await
}

/// The bodies of the requests that changed something, without what all of them have, in order of the fields.
pub fn changes(calls: &Calls) -> Vec<String> {
    let plain = |field: &&str| {
        !["Action", "Version", "DBInstanceIdentifier", "ApplyImmediately"]
            .contains(&field.split('=').next().unwrap())
    };
    let one = |call: String| {
        let mut fields: Vec<&str> = call.split('&').filter(plain).collect();
        fields.sort_unstable();
        fields.join("&")
    };
    calls.of("ModifyDBInstance").into_iter().map(one).collect()
}
