//! Roles that the database takes on: associations of their own, which come and go while the instance is available.

use super::Inputs;
use crate::cloud::{Cloud, Gone, Remedy, aws};
use crate::error::Result;
use crate::resource::Id;
use aws_sdk_rds::types::{DbInstance as Found, DbInstanceRole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role and what the database does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// ARN of the role. It must be assumed by `rds.amazonaws.com`.
    #[schemars(extend("x-ref" = "iam_role.arn"))]
    pub role: String,
    /// `s3Import` (the extension `aws_s3` reads objects), `s3Export` (it writes some), `Lambda` (`aws_lambda` invokes
    /// functions).
    #[schemars(extend("enum" = ["s3Import", "s3Export", "Lambda"]))]
    pub feature: String,
}

const GONE: &[&str] = &["DBInstanceRoleNotFound", "DBInstanceRoleNotFoundFault"];
const THERE: &[&str] = &["DBInstanceRoleAlreadyExists", "DBInstanceRoleAlreadyExistsFault"];
const PENDING: &str = "PENDING";
const INVALID: &str = "INVALID";

/// The roles that the database can take on. One that it cannot (`INVALID`: the role went, or its trust) is none, so that it
/// is associated anew; as a failure it would have the plan replace the database.
pub(super) fn there(found: &Found) -> Vec<Role> {
    let good = found.associated_roles().iter().filter(|role| role.status() != Some(INVALID));
    good.map(of).collect()
}

/// What the instance waits for: an association that comes or goes.
pub(super) fn pending(found: &Found) -> Option<String> {
    let waits = found.associated_roles().iter().find(|role| role.status() == Some(PENDING))?;
    Some(format!("the role for {}", waits.feature_name().unwrap_or_default()))
}

/// One change: RDS refuses the next until this one is through, and the engine comes back for it. First those that are not
/// wanted, since a feature has one role at a time.
pub(super) async fn change(cloud: &Cloud, id: &Id, found: &Found, after: &Inputs) -> Result<()> {
    // The engine has waited, but this one may be a repetition.
    if pending(found).is_some() {
        return Ok(());
    }
    let good = there(found);
    let unwanted = |role: &Role| !(after.roles.contains(role) && good.contains(role));
    if let Some(role) = found.associated_roles().iter().map(of).find(unwanted) {
        let call = cloud.rds().remove_role_from_db_instance().db_instance_identifier(&id.0);
        let call = call.role_arn(&role.role).feature_name(&role.feature);
        call.send().await.map_err(aws("rds:RemoveRoleFromDBInstance")).gone(GONE)?;
        return Ok(());
    }
    if let Some(role) = after.roles.iter().find(|role| !good.contains(role)) {
        let call = cloud.rds().add_role_to_db_instance().db_instance_identifier(&id.0);
        let call = call.role_arn(&role.role).feature_name(&role.feature);
        let added = call.send().await.map_err(aws("rds:AddRoleToDBInstance")).remedy(
            &["InvalidParameterValue"],
            "the role needs `assumed_by = \"rds.amazonaws.com\"`, and the engine version must know the feature",
        );
        // The answer to an earlier attempt may have been lost on the way; another role would read back as a difference.
        added.gone(THERE)?;
    }
    Ok(())
}

fn of(role: &DbInstanceRole) -> Role {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Role { role: text(role.role_arn()), feature: text(role.feature_name()) }
}
