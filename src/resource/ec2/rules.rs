//! Calls about security group rules that `security_group` and `security_group_rule` share.

use super::permission::Permission;
use super::{all_tags, lock, ministack};
use crate::cloud::{Cloud, aws};
use crate::error::{AwsError, Error, Result};
use crate::resource::Owner;
use aws_sdk_ec2::types::{
    Filter, IpPermission, SecurityGroupRule, SecurityGroupRuleUpdate, TagSpecification,
};

pub const RULE: &str = "ec2:{region}:{account}:security-group-rule/*";
/// Those of AWS belong to no account.
pub const LIST: &str = "ec2:{region}:*:prefix-list/*";

/// What is gone already when a rule is to be revoked.
pub const REVOKED: &[&str] = &[
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidPermission.NotFound",
    "InvalidGroup.NotFound",
    "InvalidSecurityGroupID.NotFound",
];

/// All rules that the filters let through.
pub async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<SecurityGroupRule>> {
    let call = cloud.ec2().describe_security_group_rules().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<Vec<_>, _> = call.items().send().collect().await;
    let mut rules = found.map_err(aws("ec2:DescribeSecurityGroupRules"))?;
    if cloud.emulated {
        ministack::complete(cloud, &mut rules).await?;
    }
    Ok(rules)
}

/// The `security_group_rule` that owns the rule, as the ownership tags on it say.
pub fn owner(rule: &SecurityGroupRule) -> Option<String> {
    all_tags(rule.tags()).remove(Owner::ADDRESS)
}

/// Lets traffic through; `owner` is whose the one rule is that comes with `tags`. Returns the rules that AWS made of it.
pub async fn authorize(
    cloud: &Cloud,
    group: &str,
    egress: bool,
    permissions: Vec<IpPermission>,
    tags: Option<TagSpecification>,
    owner: Option<&Owner>,
) -> Result<Vec<SecurityGroupRule>> {
    let _alone = lock::lock(group).await;
    let tags = tags.map(|tags| vec![tags]);
    let wanted = permissions.clone();
    let made = if egress {
        let call = cloud.ec2_once().authorize_security_group_egress().group_id(group);
        let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
        call.send()
            .await
            .map_err(aws("ec2:AuthorizeSecurityGroupEgress"))
            .map(|made| made.security_group_rules)
    } else {
        let call = cloud.ec2_once().authorize_security_group_ingress().group_id(group);
        let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
        call.send()
            .await
            .map_err(aws("ec2:AuthorizeSecurityGroupIngress"))
            .map(|made| made.security_group_rules)
    };
    let made = made.map(Option::unwrap_or_default).map_err(explained)?;
    if cloud.emulated {
        if let (Some(owner), Some(rule)) = (owner, made.first()) {
            ministack::is_new(cloud, owner, rule).await.map_err(explained)?;
        }
        send(cloud, group, ministack::forgotten(&wanted, &made)).await?;
    }
    Ok(made)
}

/// Two owners of one rule would fight for it.
fn explained(error: Error) -> Error {
    match error {
        Error::Aws(aws) if aws.code.as_deref() == Some("InvalidPermission.Duplicate") => {
            let message = format!(
                "{}. The same rule is written twice, inline in a security_group and as a security_group_rule, or \
                 this stack did not create it, but somebody by hand: keep one of them",
                aws.message
            );
            Error::Aws(AwsError { message, ..aws })
        }
        other => other,
    }
}

/// Stops traffic, by rule ids. Those that are gone already are a success.
pub async fn revoke(cloud: &Cloud, group: &str, egress: bool, ids: Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    match revoke_together(cloud, group, egress, ids.clone()).await {
        // One that is gone fails all.
        Err(error) if error.is(REVOKED) && ids.len() > 1 => {
            for id in ids {
                let revoked = revoke_together(cloud, group, egress, vec![id]).await;
                revoked.or_else(|error| if error.is(REVOKED) { Ok(()) } else { Err(error) })?;
            }
            Ok(())
        }
        Err(error) if error.is(REVOKED) => Ok(()),
        other => other,
    }
}

async fn revoke_together(cloud: &Cloud, group: &str, egress: bool, ids: Vec<String>) -> Result<()> {
    let _alone = lock::lock(group).await;
    if egress {
        let call =
            cloud.ec2().revoke_security_group_egress().group_id(group).set_security_group_rule_ids(Some(ids));
        call.send().await.map_err(aws("ec2:RevokeSecurityGroupEgress"))?;
    } else {
        let call = cloud
            .ec2()
            .revoke_security_group_ingress()
            .group_id(group)
            .set_security_group_rule_ids(Some(ids));
        call.send().await.map_err(aws("ec2:RevokeSecurityGroupIngress"))?;
    }
    Ok(())
}

/// Changes rules in place, without a gap. The kind of peer cannot change.
pub async fn modify(cloud: &Cloud, group: &str, updates: Vec<SecurityGroupRuleUpdate>) -> Result<()> {
    let _alone = lock::lock(group).await;
    send(cloud, group, updates).await
}

async fn send(cloud: &Cloud, group: &str, updates: Vec<SecurityGroupRuleUpdate>) -> Result<()> {
    if updates.is_empty() {
        return Ok(());
    }
    let call =
        cloud.ec2().modify_security_group_rules().group_id(group).set_security_group_rules(Some(updates));
    let sent = if cloud.emulated {
        call.customize().mutate_request(ministack::rename_group).send().await
    } else {
        call.send().await
    };
    sent.map_err(aws("ec2:ModifySecurityGroupRules"))?;
    Ok(())
}

/// One of the updates that [`modify`] takes.
pub fn update(
    cloud: &Cloud,
    id: &str,
    permission: &Permission,
    description: Option<&str>,
) -> SecurityGroupRuleUpdate {
    // An empty text removes a description; MiniStack overlooks it, and AWS takes a blank for the same.
    let removed = if cloud.emulated { " " } else { "" };
    let rule = permission.request(description.unwrap_or(removed));
    SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(rule).build()
}

/// A description as read; an absent one may be answered as an empty one.
pub fn description(rule: &SecurityGroupRule) -> Option<String> {
    rule.description.clone().filter(|text| !text.trim().is_empty())
}
