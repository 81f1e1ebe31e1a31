//! `[security_group_rule.NAME]`: one rule of a security group, on its own.

use super::ec2::permission::{self, Peer, Permission, Ports};
use super::ec2::retries::NEW;
use super::ec2::{self, TAGGED, checks, rules};
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use aws_sdk_ec2::types::{ResourceType, SecurityGroupRule as Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct SecurityGroupRule;

/// One rule of a security group, on its own. This is how two groups refer to each other: both exist first, then the
/// rules, and on destroy the rules go first. The `ingress` and `egress` of the group leave it alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-traffic" = "type"))]
pub struct Inputs {
    /// `ingress` for what comes in, `egress` for what goes out.
    #[serde(rename = "type")]
    #[schemars(extend("x-replace" = true, "x-unique" = true))]
    pub direction: Direction,
    /// The group that gets the rule.
    #[schemars(extend("x-replace" = true, "x-ref" = "security_group.id", "x-unique" = true))]
    pub security_group_id: String,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of another protocol, or `-1` for all.
    #[serde(default = "tcp")]
    #[schemars(extend("x-unique" = true))]
    pub protocol: String,
    /// The one port (tcp and udp).
    #[schemars(range(min = 0, max = 65_535), extend("x-unique" = true))]
    pub port: Option<i32>,
    /// First of a range of ports; the type with ICMP, where -1 is any.
    #[schemars(range(min = -1, max = 65_535), extend("x-unique" = true))]
    pub from_port: Option<i32>,
    /// Last of a range of ports; the code with ICMP, where -1 is any.
    #[schemars(range(min = -1, max = 65_535), extend("x-unique" = true))]
    pub to_port: Option<i32>,
    /// IPv4 network, such as `10.0.0.0/16`. Exactly one of this, `cidr_ipv6`, `security_group` and `prefix_list`.
    #[schemars(extend("x-replace" = "sort", "x-unique" = true))]
    pub cidr: Option<String>,
    /// IPv6 network, such as `::/0`.
    #[schemars(extend("x-replace" = "sort", "x-unique" = true))]
    pub cidr_ipv6: Option<String>,
    /// Members of a group, which may be the same one (`sg-…`, or `123456789012/sg-…` in another account).
    #[schemars(extend("x-replace" = "sort", "x-ref" = "security_group.id", "x-holds" = true, "x-unique" = true))]
    pub security_group: Option<String>,
    /// The networks of a prefix list (`pl-…`), such as those of S3.
    #[schemars(extend("x-replace" = "sort", "x-ref" = "vpc_endpoint.prefix_list_id", "x-unique" = true))]
    pub prefix_list: Option<String>,
    /// What it is for.
    #[schemars(length(min = 1, max = 255))]
    pub description: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Which way the traffic starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Ingress,
    Egress,
}

const PEERS: &[&str] = &["cidr", "cidr_ipv6", "security_group", "prefix_list"];

fn tcp() -> String {
    "tcp".to_owned()
}

/// What AWS says about the rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the rule.
    pub arn: String,
}

const GROUP: &str = "ec2:{region}:{account}:security-group/{security_group_id}";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // A rule that moves between a group and this kind: the other one lets it go in the same apply.
    Retry::secs("InvalidPermission.Duplicate", "", 30),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for SecurityGroupRule {
    const KIND: &'static str = "security_group_rule";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 1, 300),
        update: Wait::secs(0, 1, 2, 300),
        delete: Wait::secs(0, 1, 1, 300),
        typical: Typical { create: 2, update: 2, delete: 1 },
        gone: rules::REVOKED,
        retries: &RETRIES,
        // AWS refuses the same rule twice, so the old one goes first.
        fixed_name: true,
        identity: &[
            "type",
            "security_group_id",
            "protocol",
            "port",
            "from_port",
            "to_port",
            "cidr",
            "cidr_ipv6",
            "security_group",
            "prefix_list",
        ],
        actions: Actions {
            arn: rules::RULE,
            read: &[Permit::on(&["ec2:DescribeSecurityGroupRules"], &["*"])],
            create: &[
                Permit::on(&["ec2:AuthorizeSecurityGroupIngress"], &[GROUP]).ours().only("type", "ingress"),
                Permit::on(&["ec2:AuthorizeSecurityGroupIngress"], &[rules::RULE]).tagged().only("type", "ingress"),
                Permit::on(&["ec2:AuthorizeSecurityGroupEgress"], &[GROUP]).ours().only("type", "egress"),
                Permit::on(&["ec2:AuthorizeSecurityGroupEgress"], &[rules::RULE]).tagged().only("type", "egress"),
                Permit::on(&["ec2:CreateTags"], &[rules::RULE])
                    .when(When::Creating(&["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"]))
                    .along(TAGGED),
            ],
            update: &[
                Permit::on(&["ec2:ModifySecurityGroupRules"], &[GROUP, rules::RULE]).ours(),
                Permit::on(&["ec2:ModifySecurityGroupRules"], &[rules::LIST]),
                Permit::on(&["ec2:CreateTags", "ec2:DeleteTags"], &[rules::RULE]).ours(),
            ],
            delete: &[
                Permit::on(&["ec2:RevokeSecurityGroupIngress"], &[GROUP]).ours().only("type", "ingress"),
                Permit::on(&["ec2:RevokeSecurityGroupEgress"], &[GROUP]).ours().only("type", "egress"),
            ],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let permission = inputs.permission().grant(inputs.description.as_deref());
        let tags = ec2::tagged(ResourceType::SecurityGroupRule, ctx.tags(&inputs.tags));
        let egress = inputs.direction == Direction::Egress;
        let group = &inputs.security_group_id;
        let made = rules::authorize(ctx.cloud, group, egress, vec![permission], Some(tags), Some(ctx.owner)).await?;
        let id = made.into_iter().next().and_then(|rule| rule.security_group_rule_id);
        // Without an answer the rule is there all the same, and `find` finds it by its tags.
        let missing = || Error::Refused(format!("AWS made a rule in {group} and did not say which: apply again"));
        id.map(Id).ok_or_else(missing)
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = rules::describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|rule| ec2::owned_by(owner, rule.tags()));
        owner.only(ours.filter_map(|rule| rule.security_group_rule_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let describe = |filters| rules::describe(cloud, filters);
        let found = ec2::by_ids("security-group-rule-id", ids, describe).await?;
        let asked = |rule: &Rule| ec2::asked(ids, rule.security_group_rule_id());
        Ok(found.iter().filter_map(|rule| Some((asked(rule)?, live(cloud, rule)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        if before.permission() != after.permission() || before.description != after.description {
            let update = rules::update(cloud, &id.0, &after.permission(), after.description.as_deref());
            rules::modify(cloud, &after.security_group_id, vec![update]).await?;
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let egress = live.inputs.direction == Direction::Egress;
        rules::revoke(cloud, &live.inputs.security_group_id, egress, vec![id.0.clone()]).await
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        permission::check(inputs, "", PEERS)
    }
}

impl Inputs {
    fn permission(&self) -> Permission {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let peer = match self {
            Self { cidr: Some(_), .. } => Peer::Ipv4(text(&self.cidr)),
            Self { cidr_ipv6: Some(_), .. } => Peer::Ipv6(text(&self.cidr_ipv6)),
            Self { prefix_list: Some(_), .. } => Peer::PrefixList(text(&self.prefix_list)),
            _ => Peer::Group(text(&self.security_group)),
        };
        let ports = Ports { one: self.port, from: self.from_port, to: self.to_port };
        Permission::wanted(&self.protocol, ports, peer)
    }
}

fn live(cloud: &Cloud, rule: &Rule) -> Live<SecurityGroupRule> {
    let permission = Permission::read(rule, rule.group_owner_id());
    let Ports { one, from, to } = permission.as_ref().map(Permission::spelled).unwrap_or_default();
    let mut inputs = Inputs {
        direction: if rule.is_egress == Some(true) { Direction::Egress } else { Direction::Ingress },
        security_group_id: rule.group_id().unwrap_or_default().to_owned(),
        protocol: permission.as_ref().map(|p| p.protocol.clone()).unwrap_or_default(),
        port: one,
        from_port: from,
        to_port: to,
        cidr: None,
        cidr_ipv6: None,
        security_group: None,
        prefix_list: None,
        description: rules::description(rule),
        tags: ec2::user_tags(rule.tags()),
    };
    match permission.map(|permission| permission.peer) {
        Some(Peer::Ipv4(cidr)) => inputs.cidr = Some(cidr),
        Some(Peer::Ipv6(cidr)) => inputs.cidr_ipv6 = Some(cidr),
        Some(Peer::Group(group)) => inputs.security_group = Some(group),
        Some(Peer::PrefixList(list)) => inputs.prefix_list = Some(list),
        None => {}
    }
    let id = rule.security_group_rule_id().unwrap_or_default();
    let made_up = || ec2::arn(cloud, rule.group_owner_id(), &format!("security-group-rule/{id}"));
    let outputs = Outputs { arn: rule.security_group_rule_arn.clone().unwrap_or_else(made_up) };
    Live { inputs, outputs, status: Status::Ready }
}
