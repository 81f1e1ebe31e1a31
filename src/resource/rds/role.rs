//! `AWSServiceRoleForRDS`, which the first call that makes something in an account makes for RDS.

use crate::error::{AwsError, Error, Result};
use crate::resource::{Permit, When};

/// Without it that first call is refused for good.
pub const LINKED: Permit = Permit::on(
    &["iam:CreateServiceLinkedRole"],
    &["iam::{account}:role/aws-service-role/rds.amazonaws.com/*"],
)
.when(When::LinkedTo("rds.amazonaws.com"))
.along("the first that an account has of RDS makes RDS's own role");

/// How RDS says that it has no such role: it says the same whether the role is on its way or may not be made.
const MISSING: &[&str] = &["service linked role", "service-linked role", "Missing necessary credentials"];

/// Says what is missing where the role is.
pub fn explained<T>(made: Result<T>) -> Result<T> {
    match made {
        Err(Error::Aws(error)) if MISSING.iter().any(|text| error.message.contains(text)) => {
            let message = format!(
                "{}: RDS makes the role AWSServiceRoleForRDS with the first call of an account, for which these credentials \
                 need iam:CreateServiceLinkedRole; or somebody makes it once with `aws iam create-service-linked-role \
                 --aws-service-name rds.amazonaws.com`",
                error.message.trim_end_matches('.')
            );
            Err(Error::Aws(AwsError { message, ..error }))
        }
        other => other,
    }
}
