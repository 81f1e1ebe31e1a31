//! What a database asks of IAM.

use crate::resource::rds::role::LINKED;
use crate::resource::{Actions, Permit, When};

const INSTANCE: &str = "rds:{region}:{account}:db:{identifier}";
const SNAPSHOTS: &str = "rds:{region}:{account}:snapshot:*";
/// An instance is made in a subnet group, of a parameter group and an option group; RDS has one of its own for each engine.
const DEFAULTS: Permit = Permit::on(
    &["rds:CreateDBInstance", "rds:ModifyDBInstance"],
    &["rds:{region}:{account}:pg:default*", "rds:{region}:{account}:og:default*"],
)
.along(PARTS);
const SUBNETS: Permit =
    Permit::on(&["rds:CreateDBInstance", "rds:ModifyDBInstance"], &["rds:{region}:{account}:subgrp:{db_subnet_group}"])
        .given("db_subnet_group")
        .along(PARTS);
const PARAMETERS: Permit =
    Permit::on(&["rds:CreateDBInstance", "rds:ModifyDBInstance"], &["rds:{region}:{account}:pg:{parameter_group}"])
        .given("parameter_group")
        .along(PARTS);
const PARTS: &str = "RDS asks for each part of the instance";
const PASSWORD: Permit = Permit::on(&["secretsmanager:GetSecretValue"], &["={password_secret}"]).given("password_secret");
const PASSED: Permit = Permit::on(&["iam:PassRole"], &["={roles.role}"])
    .given("roles")
    .when(When::PassedTo("rds.amazonaws.com"))
    .along("RDS takes on the roles of the database");
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html>
const KEYED: Permit =
    Permit::on(&["kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKey", "kms:Decrypt"], &["={kms_key}"])
        .given("kms_key")
        .when(When::Via("rds"))
        .along("RDS encrypts the storage with that key");

const INSIGHTS: Permit =
    Permit::on(&["kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKey", "kms:Decrypt"], &["={performance_insights_kms_key}"])
        .given("performance_insights_kms_key")
        .when(When::Via("rds"))
        .along("RDS encrypts what performance insights records with that key");
const MONITOR: Permit = Permit::on(&["iam:PassRole"], &["={monitoring_role}"])
    .given("monitoring_role")
    .when(When::PassedTo("monitoring.rds.amazonaws.com"))
    .along("RDS writes the figures of the operating system by that role");
/// What RDS tells of changes that it gave up.
const EVENTS: Permit = Permit::on(&["rds:DescribeEvents"], &["*"]);

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html>
const MANAGED: Permit = Permit::on(
    &["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
    &["secretsmanager:{region}:{account}:secret:rds!*"],
)
.only("manage_master_password", "true")
.along("RDS keeps the password in a secret of its own");

pub(super) const ACTIONS: Actions = Actions {
    arn: INSTANCE,
    read: &[Permit::on(&["rds:DescribeDBInstances"], &[INSTANCE])],
    create: &[
        Permit::on(&["rds:CreateDBInstance"], &[INSTANCE]),
        DEFAULTS,
        SUBNETS,
        PARAMETERS,
        Permit::on(&["rds:AddTagsToResource"], &[INSTANCE]).along("CreateDBInstance tags the instance"),
        LINKED,
        PASSWORD,
        PASSED,
        KEYED,
        INSIGHTS,
        MONITOR,
        MANAGED,
    ],
    update: &[
        Permit::on(
            &[
                "rds:ModifyDBInstance",
                "rds:AddRoleToDBInstance",
                "rds:RemoveRoleFromDBInstance",
                "rds:AddTagsToResource",
                "rds:RemoveTagsFromResource",
            ],
            &[INSTANCE],
        ),
        EVENTS,
        DEFAULTS,
        SUBNETS,
        PARAMETERS,
        PASSWORD,
        PASSED,
        KEYED,
        INSIGHTS,
        MONITOR,
        MANAGED,
    ],
    delete: &[
        Permit::on(&["rds:DeleteDBInstance"], &[INSTANCE]),
        Permit::on(&["rds:CreateDBSnapshot", "rds:AddTagsToResource"], &[INSTANCE, SNAPSHOTS])
            .along("DeleteDBInstance takes the final snapshot"),
    ],
};
