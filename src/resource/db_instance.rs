//! `[db_instance.NAME]`: a Postgres database in RDS.

mod live;
mod modify;
mod password;
mod permits;
mod roles;
mod rules;

use super::taken::Taken;
use super::{Change, Create, Holds, Id, Leftover, Live, Owner, Profile, Resource, Retry, Typical, Wait};
use super::db_subnet_group::{from_rds, rds_tags, retag};
use crate::cloud::{Cloud, Gone, Remedy, aws, tags};
use crate::error::{Error, Result};
use roles::Role;
use aws_sdk_rds::types::{DbInstance as Found, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct DbInstance;

/// A Postgres database in RDS: encrypted, private, backed up, with a final snapshot when it goes, and a password that
/// RDS manages, unless told otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the instance; from stack and address when unset. Lower case, a letter first, no two hyphens in a row.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z][0-9a-z-]*$"),
        extend("x-replace" = true, "x-name" = {"max": 63}, "examples" = ["loans"])
    )]
    pub identifier: Option<String>,
    /// The engine as RDS spells it.
    #[serde(default = "postgres")]
    #[schemars(extend("enum" = ["postgres"], "x-replace" = true))]
    pub engine: String,
    /// Version, as exact as it shall be pinned: `16` lets RDS choose and raise the minor version, `16.4` does not (set
    /// `auto_minor_version_upgrade = false` with it). RDS's default when unset. The output `engine_version` is what runs.
    #[schemars(
        regex(pattern = r"^\d+(\.\d+)*(-[Rr]\d+)?$"),
        extend("x-computed" = true, "x-fact" = "postgres", "x-interrupts" = "the database restarts; a major version cannot be taken back")
    )]
    pub engine_version: Option<String>,
    /// Machine type, such as `db.t4g.micro`.
    #[schemars(
        regex(pattern = r"^db\.[0-9a-z.-]+$"),
        extend("x-fact" = "db_class", "x-interrupts" = "the database is away for some minutes while it moves to another machine")
    )]
    pub instance_class: String,
    /// Storage in GiB, 20 when unset. Only grows. With `max_allocated_storage` it is the size to begin with.
    #[schemars(range(min = 20, max = 65_536), extend("x-computed" = true))]
    pub allocated_storage: Option<u32>,
    /// GiB up to which RDS grows the storage by itself; it stays as it is when unset.
    #[schemars(range(min = 22, max = 65_536))]
    pub max_allocated_storage: Option<u32>,
    /// `gp3` or `gp2`.
    #[serde(default = "gp3")]
    #[schemars(extend("enum" = ["gp3", "gp2"]))]
    pub storage_type: String,
    /// Encrypts storage, backups and snapshots.
    #[serde(default = "yes")]
    #[schemars(extend("x-replace" = true))]
    pub storage_encrypted: bool,
    /// ARN of the KMS key of the storage (an id or alias would differ from what RDS stores); `aws/rds` when unset.
    #[schemars(regex(pattern = r"^arn:"), extend("x-computed" = true, "x-replace" = true))]
    pub kms_key: Option<String>,
    /// Database to make beside `postgres`; none when unset.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][0-9A-Za-z_]*$"),
        extend("x-computed" = true, "x-replace" = true)
    )]
    pub database_name: Option<String>,
    /// Name of the master user. When unset, that of the JSON in `password_secret`, else `postgres`.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z][0-9A-Za-z_]*$"),
        extend("x-computed" = true, "x-replace" = true)
    )]
    pub username: Option<String>,
    /// ARN of the secret that holds the master password, bare or as JSON with `password` (and `username`). Read when the
    /// database is made and when `password_secret_version` changes; never stored. RDS manages a password when unset.
    #[schemars(extend("x-ref" = "secret.arn", "x-write-only" = true))]
    pub password_secret: Option<String>,
    /// Version of the secret's value; a change sets the password again. Refer to the secret's `version_id`.
    #[schemars(extend("x-ref" = "secret.version_id", "x-write-only" = true))]
    pub password_secret_version: Option<String>,
    /// RDS makes the master password, keeps it in Secrets Manager and rotates it: so it is when no `password_secret` is
    /// given. Its ARN is the output `master_secret_arn`.
    #[schemars(extend("x-computed" = true))]
    pub manage_master_password: Option<bool>,
    /// Name of the subnet group, which decides the VPC; the default VPC when unset. A group of another VPC moves the
    /// database there, unless it is `multi_az`; RDS knows no way from one group to another in the same VPC, so that the
    /// database is replaced.
    #[schemars(extend(
        "x-computed" = true,
        "x-ref" = "db_subnet_group.id",
        "x-holds" = true,
        "x-within" = {
            "place": "vpc_id",
            "replaces": "here",
            "while": {"multi_az": false},
            "why": "RDS does not move a database from one subnet group to another in the same VPC",
            "why_not": "RDS moves a database to another VPC only while multi_az is off"
        },
        "x-seat" = {
            "members": "subnet_ids",
            "own": "availability_zones",
            "by": "availability_zone",
            "why": "RDS does not move a database from one subnet to another"
        },
        "x-interrupts" = "the database moves to another VPC and is away meanwhile"
    ))]
    pub db_subnet_group: Option<String>,
    /// Ids of the security groups; the VPC's default group when unset.
    #[schemars(
        length(min = 1),
        extend(
            "x-computed" = true,
            "x-set" = true,
            "x-ref" = "security_group.id",
            "x-holds" = true,
            "x-within" = {"place": "vpc_id"}
        )
    )]
    pub security_group_ids: Option<Vec<String>>,
    /// Gives it an address that the internet can reach.
    #[serde(default)]
    #[schemars(extend("x-widens" = {
        "true": "the database has an address that the internet can reach; its security groups alone keep others out"
    }))]
    pub publicly_accessible: bool,
    /// Keeps a standby in another availability zone.
    #[serde(default)]
    pub multi_az: bool,
    /// Port; 5432 when unset.
    #[schemars(range(min = 1150, max = 65_535), extend("x-computed" = true, "x-interrupts" = "the database restarts"))]
    pub port: Option<u16>,
    /// Days that automatic backups are kept; 0 for none. A change from or to 0 restarts the database.
    #[serde(default = "week")]
    #[schemars(range(min = 0, max = 35))]
    pub backup_retention_days: u32,
    /// When backups are made, in UTC: `02:00-03:00`. At least half an hour; RDS chooses when unset.
    #[schemars(regex(pattern = r"^\d\d:\d\d-\d\d:\d\d$"), extend("x-computed" = true))]
    pub backup_window: Option<String>,
    /// When RDS may restart it, in UTC: `sun:04:00-sun:05:00`. Must not overlap with `backup_window`.
    #[schemars(regex(pattern = r"^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$"), extend("x-computed" = true))]
    pub maintenance_window: Option<String>,
    /// RDS installs new minor versions in the maintenance window.
    #[serde(default = "yes")]
    pub auto_minor_version_upgrade: bool,
    /// Copies the tags to snapshots.
    #[serde(default = "yes")]
    pub copy_tags_to_snapshot: bool,
    /// RDS refuses to delete it, whoever asks. stackctl asks before it destroys a database in any case.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Leaves no snapshot behind when it is destroyed: the data are gone then.
    #[serde(default)]
    #[schemars(extend("x-local" = true))]
    pub skip_final_snapshot: bool,
    /// Name of the final snapshot; from the identifier and the instance's own id when unset, so that it is always new.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^[A-Za-z](-?[0-9A-Za-z])*$"),
        extend("x-local" = true)
    )]
    pub final_snapshot_identifier: Option<String>,
    /// Deletes the automatic backups with the database.
    #[serde(default = "yes")]
    #[schemars(extend("x-local" = true))]
    pub delete_automated_backups: bool,
    /// Records what the database waits for; seven days are free.
    #[serde(default)]
    pub performance_insights: bool,
    /// Lets IAM users and roles log in with tokens, as database users with the role `rds_iam`.
    #[serde(default)]
    pub iam_authentication: bool,
    /// Logs that go to CloudWatch: `postgresql`, `upgrade`, `iam-db-auth-error`. They stay as they are when unset, and
    /// none goes with an empty list.
    #[schemars(
        inner(regex(pattern = r"^(postgresql|upgrade|iam-db-auth-error)$")),
        extend("x-computed" = true, "x-set" = true)
    )]
    pub log_exports: Option<Vec<String>>,
    /// Name of the parameter group; RDS's default of the version when unset. A new one takes effect at the next restart.
    #[schemars(extend("x-computed" = true))]
    pub parameter_group: Option<String>,
    /// Changes now. Otherwise those that restart the database wait for the maintenance window and count as made.
    #[serde(default = "yes")]
    #[schemars(extend("x-local" = true))]
    pub apply_immediately: bool,
    /// Roles that the database itself takes on, one a feature, as in
    /// `[{ role = "${iam_role.database.arn}", feature = "s3Import" }]`.
    #[serde(default)]
    #[schemars(extend("x-set" = true))]
    pub roles: Vec<Role>,
    /// Certificate authority of the server's certificate, such as `rds-ca-rsa2048-g1`.
    #[schemars(extend("x-computed" = true, "x-interrupts" = "the database may restart"))]
    pub ca_certificate: Option<String>,
    /// Path of the root certificates by which `stackctl connect` knows the server, relative to `stack.toml`: those that
    /// AWS publishes at <https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem>. When unset the connection is
    /// encrypted, and by whom is not asked. The local cloud has its own and needs none.
    #[schemars(extend("x-local" = true))]
    pub root_certificates: Option<String>,
    /// Tags of the instance.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn postgres() -> String {
    "postgres".to_owned()
}
fn gp3() -> String {
    "gp3".to_owned()
}
fn yes() -> bool {
    true
}
fn week() -> u32 {
    7
}

/// The smallest that `gp3` can be.
const SMALLEST: u32 = 20;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub identifier: String,
    /// `db-ABC…`, for IAM policies about logins; another one after the instance was made anew.
    pub resource_id: String,
    /// Host name.
    pub address: Option<String>,
    #[schemars(extend("x-volatile" = ["port"]))]
    pub port: Option<u16>,
    /// `HOST:PORT`.
    #[schemars(extend("x-volatile" = ["port"]))]
    pub endpoint: Option<String>,
    /// Name of the master user.
    pub username: String,
    /// ARN of the secret with the master password, where RDS manages it.
    #[schemars(extend("x-volatile" = ["manage_master_password", "password_secret"]))]
    pub master_secret_arn: Option<String>,
    /// The version that runs.
    #[schemars(extend("x-volatile" = ["engine_version"]))]
    pub engine_version: Option<String>,
    /// Id of the VPC.
    #[serde(default)]
    #[schemars(extend("x-volatile" = ["db_subnet_group"]))]
    pub vpc_id: Option<String>,
    /// Where it lives: one zone, or two with `multi_az`.
    #[serde(default)]
    #[schemars(extend("x-volatile" = ["db_subnet_group", "multi_az"]))]
    pub availability_zones: Vec<String>,
}

const GONE: &[&str] = &["DBInstanceNotFound"];

impl Resource for DbInstance {
    const KIND: &'static str = "db_instance";
    const PROFILE: Profile = Profile {
        create: Wait::secs(60, 30, 2, 2400),
        // After a change the state stays `available` for tens of seconds before it becomes `modifying`.
        update: Wait::secs(60, 30, 3, 4800),
        delete: Wait::secs(30, 30, 1, 3600),
        typical: Typical { create: 420, update: 300, delete: 360 },
        gone: GONE,
        retries: &[
            // It is being backed up or still busy with the change before.
            Retry::secs("InvalidDBInstanceState", "not in available state", 1800),
            Retry::secs("InvalidDBInstanceState", "your request later", 1800),
            Retry::secs("InvalidParameterCombination", "previous storage change is being optimized", 4800),
            // The protection was lifted a moment ago; where it is on, the kind does not even ask.
            Retry::secs("InvalidParameterCombination", "disable deletion pro", 300),
            // The secret is there, its value not everywhere yet.
            Retry::secs("ResourceNotFoundException", "secret value", 60),
            // The role was made a moment ago.
            Retry::secs("InvalidParameterValue", "IAM role ARN value is invalid or does not include the required", 120),
        ],
        fixed_name: true,
        identity: &["identifier"],
        actions: permits::ACTIONS,
    };
    const HOLDS: Holds = Holds::Data("its databases");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let master = password::wanted(ctx.cloud, inputs).await?;
        let call = ctx
            .cloud
            .rds()
            .create_db_instance()
            .set_db_instance_identifier(inputs.identifier.clone())
            .engine(&inputs.engine)
            .set_engine_version(inputs.engine_version.clone())
            .db_instance_class(&inputs.instance_class)
            .allocated_storage(inputs.allocated_storage.unwrap_or(SMALLEST).cast_signed())
            .set_max_allocated_storage(inputs.max_allocated_storage.map(u32::cast_signed))
            .storage_type(&inputs.storage_type)
            .storage_encrypted(inputs.storage_encrypted)
            .set_kms_key_id(inputs.kms_key.clone())
            .set_db_name(inputs.database_name.clone())
            .master_username(master.username)
            .set_manage_master_user_password(master.password.is_none().then_some(true))
            .set_master_user_password(master.password)
            .set_db_subnet_group_name(inputs.db_subnet_group.clone())
            .set_vpc_security_group_ids(inputs.security_group_ids.clone())
            .publicly_accessible(inputs.publicly_accessible)
            .multi_az(inputs.multi_az)
            .set_port(inputs.port.map(i32::from))
            .backup_retention_period(inputs.backup_retention_days.cast_signed())
            .set_preferred_backup_window(inputs.backup_window.clone())
            .set_preferred_maintenance_window(inputs.maintenance_window.clone())
            .auto_minor_version_upgrade(inputs.auto_minor_version_upgrade)
            .copy_tags_to_snapshot(inputs.copy_tags_to_snapshot)
            .deletion_protection(inputs.deletion_protection)
            .enable_performance_insights(inputs.performance_insights)
            .enable_iam_database_authentication(inputs.iam_authentication)
            .set_enable_cloudwatch_logs_exports(
                inputs.log_exports.clone().filter(|logs| !logs.is_empty()),
            )
            .set_db_parameter_group_name(inputs.parameter_group.clone())
            .set_ca_certificate_identifier(inputs.ca_certificate.clone())
            .set_tags(Some(rds_tags(ctx.tags(&inputs.tags))));
        let made = call.send().await.map_err(aws("rds:CreateDBInstance")).taken(
            &["DBInstanceAlreadyExists"],
            "a DB instance",
            inputs.identifier.as_deref(),
            "identifier",
        )?;
        let identifier = made.db_instance.and_then(|made| made.db_instance_identifier);
        Ok(Id(identifier.or_else(|| inputs.identifier.clone()).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.identifier.clone().unwrap_or_default());
        let found = list(cloud, std::slice::from_ref(&id)).await?.pop();
        let all = found.map(|found| from_rds(found.tag_list.unwrap_or_default()));
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = list(cloud, ids).await?;
        Ok(found.into_iter().map(|found| (live::id(&found), live::live(found, cloud.emulated))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let Some(found) = list(cloud, std::slice::from_ref(id)).await?.pop() else {
            return Err(Error::Refused(format!("the database {id} is gone: run `stackctl plan` again")));
        };
        if let Some(call) = modify::request(cloud, &found, before, after).await? {
            // RDS takes one change at a time: for the roles the engine comes back.
            call.db_instance_identifier(&id.0)
                .apply_immediately(after.apply_immediately)
                .send()
                .await
                .map_err(aws("rds:ModifyDBInstance"))?;
        } else {
            roles::change(cloud, id, &found, after).await?;
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        retag(cloud, found.db_instance_arn.as_deref().unwrap_or_default(), removed, set).await
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let inputs = &live.inputs;
        if inputs.deletion_protection {
            return Err(Error::Refused(format!(
                "RDS protects the database {id} from deletion: set deletion_protection = false, apply, and try again"
            )));
        }
        let snapshot = (!inputs.skip_final_snapshot).then(|| final_snapshot(id, live));
        let call = cloud
            .rds()
            .delete_db_instance()
            .db_instance_identifier(&id.0)
            .skip_final_snapshot(inputs.skip_final_snapshot)
            .set_final_db_snapshot_identifier(snapshot)
            .delete_automated_backups(inputs.delete_automated_backups);
        let deleted = call
            .send()
            .await
            .map_err(aws("rds:DeleteDBInstance"))
            .remedy(&["DBSnapshotAlreadyExists"], "set another `final_snapshot_identifier`")
            .gone(GONE);
        match deleted {
            Err(Error::Aws(error))
                if error.code.as_deref() == Some("InvalidDBInstanceState")
                    && error.message.contains("already being deleted") =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    fn leaves(id: &Id, live: &Live<Self>) -> Vec<Leftover> {
        let snapshot = (!live.inputs.skip_final_snapshot).then(|| {
            let name = final_snapshot(id, live);
            let delete = format!("aws rds delete-db-snapshot --db-snapshot-identifier {name}");
            Leftover { what: "final snapshot", name, delete }
        });
        let backups = (!live.inputs.delete_automated_backups).then(|| {
            let name = live.outputs.resource_id.clone();
            let delete = format!("aws rds delete-db-instance-automated-backup --dbi-resource-id {name}");
            Leftover { what: "automated backups", name, delete }
        });
        snapshot.into_iter().chain(backups).collect()
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// The same at every attempt to delete this instance, and never that of an earlier one of the same name.
fn final_snapshot(id: &Id, live: &Live<DbInstance>) -> String {
    live.inputs.final_snapshot_identifier.clone().unwrap_or_else(|| {
        let unique = live.outputs.resource_id.trim_start_matches("db-").to_lowercase();
        let unique: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{id}-final-{unique}")
    })
}

/// One call for all; a filter does not mind names that are gone, a lookup by name does.
async fn list(cloud: &Cloud, ids: &[Id]) -> Result<Vec<Found>> {
    let names = ids.iter().map(|id| id.0.clone()).collect();
    let filter = Filter::builder().name("db-instance-id").set_values(Some(names)).build();
    let mut pages = cloud.rds().describe_db_instances().filters(filter).into_paginator().items().send();
    let mut found = vec![];
    while let Some(one) = pages.next().await {
        let Some(one) = one.map_err(aws("rds:DescribeDBInstances")).gone(GONE)? else { break };
        // Not every emulator filters.
        if ids.iter().any(|id| one.db_instance_identifier.as_ref() == Some(&id.0)) {
            found.push(one);
        }
    }
    Ok(found)
}
