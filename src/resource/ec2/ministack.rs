//! MiniStack forgets the prefix list of a security group rule when it authorizes the rule, though not when it modifies
//! it; and answers it with the group, though not with the rule. A rule that is there already it answers as if it had just made
//! it, and another group for a rule it wants under another name than AWS. Only for emulators: AWS needs none of this.

use super::permission::Permission;
use super::{filter, owned_by, rules};
use crate::cloud::{Cloud, aws};
use crate::error::{AwsError, Error, Result};
use crate::resource::Owner;
use aws_sdk_ec2::types::{
    IpPermission, PrefixListId, SecurityGroupRule, SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

/// What ModifySecurityGroupRules must be told again after `wanted` was authorized and `made` answered.
pub fn forgotten(wanted: &[IpPermission], made: &[SecurityGroupRule]) -> Vec<SecurityGroupRuleUpdate> {
    let lists =
        wanted.iter().filter_map(|permission| Some((permission, permission.prefix_list_ids().first()?)));
    let without = made.iter().filter(|rule| Permission::read(rule, None).is_none());
    let update = |((permission, list), rule): ((&IpPermission, &PrefixListId), &SecurityGroupRule)| {
        let request = SecurityGroupRuleRequest::builder()
            .set_ip_protocol(permission.ip_protocol.clone())
            .set_from_port(permission.from_port)
            .set_to_port(permission.to_port)
            .set_prefix_list_id(list.prefix_list_id.clone())
            .set_description(list.description.clone());
        SecurityGroupRuleUpdate::builder()
            .set_security_group_rule_id(rule.security_group_rule_id.clone())
            .security_group_rule(request.build())
            .build()
    };
    lists.zip(without).map(update).collect()
}

/// Refuses, in the words of AWS, a rule that was there before `owner` wanted it.
pub async fn is_new(cloud: &Cloud, owner: &Owner, rule: &SecurityGroupRule) -> Result<()> {
    let id = rule.security_group_rule_id.as_ref();
    let found = rules::describe(cloud, vec![filter("security-group-rule-id", id)]).await?;
    let found = found.iter().find(|found| found.security_group_rule_id.as_ref() == id);
    if found.is_none_or(|found| owned_by(owner, found.tags())) {
        return Ok(());
    }
    Err(Error::Aws(AwsError {
        operation: "ec2:AuthorizeSecurityGroupIngress",
        code: Some("InvalidPermission.Duplicate".to_owned()),
        message: "the specified rule already exists".to_owned(),
        request_id: None,
        status: Some(400),
    }))
}

/// Completes rules without a peer from their groups.
pub async fn complete(cloud: &Cloud, rules: &mut [SecurityGroupRule]) -> Result<()> {
    for rule in rules.iter_mut().filter(|rule| Permission::read(rule, None).is_none()) {
        let Some(group) = rule.group_id.clone() else { continue };
        let call = cloud.ec2().describe_security_groups().group_ids(&group);
        let found = call.send().await.map_err(aws("ec2:DescribeSecurityGroups"))?;
        let Some(group) = found.security_groups().iter().find(|found| found.group_id() == Some(&group))
        else {
            continue;
        };
        let permissions =
            if rule.is_egress == Some(true) { group.ip_permissions_egress() } else { group.ip_permissions() };
        let same = |p: &&IpPermission| {
            (&p.ip_protocol, p.from_port, p.to_port) == (&rule.ip_protocol, rule.from_port, rule.to_port)
        };
        let list = permissions.iter().filter(same).find_map(|p| p.prefix_list_ids().first());
        rule.prefix_list_id = list.and_then(|list| list.prefix_list_id.clone());
    }
    Ok(())
}

/// Says the group of a changed rule under the name that MiniStack knows as well.
pub fn rename_group(request: &mut HttpRequest) {
    let Some(body) = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
    let groups = body.split('&').filter_map(|pair| pair.split_once(".ReferencedGroupId="));
    let more: Vec<String> =
        groups.map(|(rule, group)| format!("&{rule}.ReferencedGroupInfo.GroupId={group}")).collect();
    if !more.is_empty() {
        let body = body.to_owned() + &more.concat();
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body);
    }
}
