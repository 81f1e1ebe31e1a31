//! What a database is asked for and says of itself.

use super::roles::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Postgres database in RDS: encrypted, private, backed up, with a final snapshot when it goes, and a password that
/// RDS manages, unless told otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the instance; from stack and address when unset. Lower case, a letter first, no two hyphens in a row. Another
    /// one renames the instance in place and at once.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z][0-9a-z-]*$"),
        extend(
            "x-renames" = true,
            "x-interrupts" = "the database restarts under another address",
            "x-name" = {"max": 63, "single": true},
            "examples" = ["loans"]
        )
    )]
    pub identifier: Option<String>,
    /// The engine as RDS spells it.
    #[serde(default = "postgres")]
    #[schemars(extend("enum" = ["postgres"], "x-replace" = true))]
    pub engine: String,
    /// Version, as exact as it shall be pinned: `16` lets RDS choose and raise the minor version, `16.4` does not and needs
    /// `auto_minor_version_upgrade = false`. RDS's default when unset. A newer one that runs already stays, since RDS knows
    /// no way back. The output `engine_version` is what runs.
    #[schemars(
        regex(pattern = r"^\d+(\.\d+)*(-[Rr]\d+)?$"),
        extend("x-computed" = true, "x-rises" = true, "x-fact" = "postgres", "x-interrupts" = "the database restarts; a major version cannot be taken back")
    )]
    pub engine_version: Option<String>,
    /// Machine type, such as `db.t4g.micro`.
    #[schemars(
        regex(pattern = r"^db\.[0-9a-z.-]+$"),
        extend("x-fact" = "db_class", "x-interrupts" = "the database is away for some minutes while it moves to another machine")
    )]
    pub instance_class: String,
    /// Storage in GiB, 20 when unset. Only grows, by a tenth at least; more that is there stays. With
    /// `max_allocated_storage` it is the size to begin with. RDS takes one change of the storage in six hours.
    #[schemars(range(min = 20, max = 65_536), extend("x-computed" = true, "x-rises" = true))]
    pub allocated_storage: Option<u32>,
    /// GiB up to which RDS grows the storage by itself; it stays as it is when unset.
    #[schemars(range(min = 22, max = 65_536))]
    pub max_allocated_storage: Option<u32>,
    /// `gp3` or `gp2`.
    #[serde(default = "gp3")]
    #[schemars(extend("enum" = ["gp3", "gp2"]))]
    pub storage_type: String,
    /// Operations a second of `gp3` from 400 GiB on, 12000 when unset; below that it has 3000, and none can be asked for.
    #[schemars(range(min = 12_000, max = 64_000), extend("x-computed" = true))]
    pub iops: Option<u32>,
    /// MiB a second of `gp3` from 400 GiB on, 500 when unset; below that it has 125, and none can be asked for.
    #[schemars(range(min = 500, max = 4000), extend("x-computed" = true))]
    pub storage_throughput: Option<u32>,
    /// Encrypts storage, backups and snapshots.
    #[serde(default = "yes")]
    #[schemars(extend("x-replace" = true))]
    pub storage_encrypted: bool,
    /// ARN of the KMS key of the storage (an id or alias would differ from what RDS stores); `aws/rds` when unset.
    #[schemars(regex(pattern = r"^arn:"), extend("x-computed" = true, "x-replace" = true, "x-key" = true))]
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
    #[schemars(extend(
        "x-ref" = "secret.arn",
        "x-write-only" = true,
        "x-asks" = {"of": "generate.length", "most": 128, "why": "RDS takes passwords of 8 to 128 characters"}
    ))]
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
    /// The zone to live in, without `multi_az`; RDS chooses one of the subnet group when unset.
    #[schemars(extend("x-computed" = true, "x-replace" = true, "x-fact" = "zone"))]
    pub availability_zone: Option<String>,
    /// `IPV4`, or `DUAL` for addresses of both sorts; `IPV4` when unset.
    #[schemars(extend("x-computed" = true, "enum" = ["IPV4", "DUAL", null]))]
    pub network_type: Option<String>,
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
    /// Days that those records are kept: 7, 731, or a multiple of 31 in between; 7 when unset.
    #[schemars(range(min = 7, max = 731), extend("x-computed" = true))]
    pub performance_insights_retention_days: Option<u32>,
    /// ARN of the KMS key of those records; `aws/rds` when unset. RDS takes no other one later.
    #[schemars(regex(pattern = r"^arn:"), extend("x-computed" = true, "x-key" = true))]
    pub performance_insights_kms_key: Option<String>,
    /// Seconds between two figures of the operating system: 1, 5, 10, 15, 30, 60, or 0 for none; 0 when unset. With
    /// another than 0 goes `monitoring_role`.
    #[schemars(extend("x-computed" = true, "enum" = [0, 1, 5, 10, 15, 30, 60, null]))]
    pub monitoring_interval: Option<u32>,
    /// ARN of the role that writes those figures to CloudWatch. It must be assumed by `monitoring.rds.amazonaws.com`.
    #[schemars(extend("x-computed" = true, "x-ref" = "iam_role.arn"))]
    pub monitoring_role: Option<String>,
    /// RDS goes on maintaining a major version after its end of life, which costs extra by the hour. Off, it is upgraded
    /// then. RDS's default, which is on, when unset.
    #[schemars(extend("x-computed" = true))]
    pub extended_support: Option<bool>,
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
    /// Name of the parameter group; RDS's default of the version when unset. A new one takes effect at the next restart,
    /// which nothing does by itself: the output `restart_due` tells that it waits. One for another major version goes with
    /// `engine_version`.
    #[schemars(extend("x-computed" = true))]
    pub parameter_group: Option<String>,
    /// Changes now, and with it whatever waits for the maintenance window. Otherwise changes that restart the database wait
    /// for that window and count as made.
    #[serde(default = "at_once")]
    #[schemars(extend("x-computed" = true))]
    pub apply_immediately: Option<bool>,
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
    #[schemars(extend("x-light" = true))]
    pub tags: BTreeMap<String, String>,
}

pub(super) fn postgres() -> String {
    "postgres".to_owned()
}
pub(super) fn gp3() -> String {
    "gp3".to_owned()
}
pub(super) fn yes() -> bool {
    true
}
pub(super) fn week() -> u32 {
    7
}
fn at_once() -> Option<bool> {
    Some(true)
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    #[schemars(extend("x-volatile" = ["identifier"]))]
    pub arn: String,
    #[schemars(extend("x-volatile" = ["identifier"]))]
    pub identifier: String,
    /// `db-ABC…`, for IAM policies about logins; another one after the instance was made anew.
    pub resource_id: String,
    /// Host name.
    #[schemars(extend("x-volatile" = ["identifier"]))]
    pub address: Option<String>,
    #[schemars(extend("x-volatile" = ["port"]))]
    pub port: Option<u16>,
    /// `HOST:PORT`.
    #[schemars(extend("x-volatile" = ["identifier", "port"]))]
    pub endpoint: Option<String>,
    /// Name of the master user.
    pub username: String,
    /// ARN of the secret with the master password, where RDS manages it.
    #[schemars(extend("x-volatile" = ["manage_master_password", "password_secret"]))]
    pub master_secret_arn: Option<String>,
    /// The version that runs.
    #[schemars(extend("x-volatile" = ["engine_version"]))]
    pub engine_version: Option<String>,
    /// Changes that wait for the maintenance window, by their attributes.
    #[serde(default)]
    #[schemars(extend("x-volatile" = true))]
    pub scheduled: Vec<String>,
    /// Whether the parameter group waits for a restart.
    #[serde(default)]
    #[schemars(extend("x-volatile" = true))]
    pub restart_due: bool,
    /// Id of the VPC.
    #[serde(default)]
    #[schemars(extend("x-volatile" = ["db_subnet_group"]))]
    pub vpc_id: Option<String>,
    /// Where it lives: one zone, or two with `multi_az`.
    #[serde(default)]
    #[schemars(extend("x-volatile" = ["db_subnet_group", "multi_az"]))]
    pub availability_zones: Vec<String>,
}
