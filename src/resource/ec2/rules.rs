//! Calls about security group rules that `security_group` and `security_group_rule` share.

use super::permission::Permission;
use super::{all_tags, lock};
use crate::cloud::{Cloud, aws};
use crate::error::{AwsError, Error, Result};
use crate::resource::Owner;
use aws_sdk_ec2::types::{
    Filter, IpPermission, SecurityGroupRule, SecurityGroupRuleUpdate, TagSpecification,
};

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
        silent_prefix_lists(cloud, &mut rules).await?;
    }
    Ok(rules)
}

/// MiniStack leaves the prefix list out of a rule, but not out of the group.
async fn silent_prefix_lists(cloud: &Cloud, rules: &mut [SecurityGroupRule]) -> Result<()> {
    for rule in rules.iter_mut().filter(|rule| Permission::read(rule, None).is_none()) {
        let call =
            cloud.ec2().describe_security_groups().set_group_ids(rule.group_id.clone().map(|id| vec![id]));
        let Ok(found) = call.send().await.map_err(aws("ec2:DescribeSecurityGroups")) else { continue };
        let group = found.security_groups().iter().find(|group| group.group_id == rule.group_id);
        let permissions = group.map_or(&[][..], |group| match rule.is_egress {
            Some(true) => group.ip_permissions_egress(),
            _ => group.ip_permissions(),
        });
        let same = |p: &&IpPermission| {
            (&p.ip_protocol, p.from_port, p.to_port) == (&rule.ip_protocol, rule.from_port, rule.to_port)
        };
        let lists = permissions.iter().filter(same).flat_map(IpPermission::prefix_list_ids);
        let list = lists.into_iter().next();
        rule.prefix_list_id = list.and_then(|list| list.prefix_list_id.clone());
        rule.description = list.and_then(|list| list.description.clone());
    }
    Ok(())
}

/// The `security_group_rule` that owns the rule, as the ownership tags on it say.
pub fn owner(rule: &SecurityGroupRule) -> Option<String> {
    all_tags(rule.tags()).remove(Owner::ADDRESS)
}

/// Lets traffic through. Returns the rules that AWS made of it.
pub async fn authorize(
    cloud: &Cloud,
    group: &str,
    egress: bool,
    permissions: Vec<IpPermission>,
    tags: Option<TagSpecification>,
) -> Result<Vec<SecurityGroupRule>> {
    let _alone = lock::lock(group).await;
    let tags = tags.map(|tags| vec![tags]);
    let made = if egress {
        let call = cloud.ec2().authorize_security_group_egress().group_id(group);
        let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
        call.send()
            .await
            .map_err(aws("ec2:AuthorizeSecurityGroupEgress"))
            .map(|made| made.security_group_rules)
    } else {
        let call = cloud.ec2().authorize_security_group_ingress().group_id(group);
        let call = call.set_ip_permissions(Some(permissions)).set_tag_specifications(tags);
        call.send()
            .await
            .map_err(aws("ec2:AuthorizeSecurityGroupIngress"))
            .map(|made| made.security_group_rules)
    };
    made.map(Option::unwrap_or_default).map_err(explained)
}

/// Two owners of one rule would fight for it.
fn explained(error: Error) -> Error {
    match error {
        Error::Aws(aws) if aws.code.as_deref() == Some("InvalidPermission.Duplicate") => {
            let message = format!(
                "{}. The same rule is written twice, inline in a security_group and as a security_group_rule, or \
                 somebody made it by hand: keep one of them",
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
    if updates.is_empty() {
        return Ok(());
    }
    let _alone = lock::lock(group).await;
    let call =
        cloud.ec2().modify_security_group_rules().group_id(group).set_security_group_rules(Some(updates));
    call.send().await.map_err(aws("ec2:ModifySecurityGroupRules"))?;
    Ok(())
}

/// One of the updates that [`modify`] takes.
pub fn update(id: &str, permission: &Permission, description: Option<&str>) -> SecurityGroupRuleUpdate {
    let rule = permission.request(description);
    SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(rule).build()
}

/// A description as read; AWS and emulators answer an absent one as an empty one at times.
pub fn description(rule: &SecurityGroupRule) -> Option<String> {
    rule.description.clone().filter(|text| !text.is_empty())
}
