//! `[security_group.NAME]`: a firewall around network interfaces.

use super::ec2::permission::{self, Peer, Permission, Ports};
use super::ec2::retries::NEW;
use super::ec2::{self, TAGGED, checks, enis, rules};
use super::taken::Taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use aws_sdk_ec2::types::{Filter, IpPermission, ResourceType, SecurityGroupRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct SecurityGroup;

/// A firewall around network interfaces: what is not allowed does not pass. Answers to what passed do.
///
/// `ingress` and `egress` are all the rules there are, but for those that a `security_group_rule` owns: others are
/// removed, and so is AWS's own rule that lets everything out. Two groups that refer to each other would be a cycle:
/// write at least one side as a `security_group_rule`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the group, unique in the VPC; from stack and address when unset. Must not start with `sg-`.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]+$"),
        extend("x-replace" = true, "x-unique" = true, "x-name" = {"max": 255}, "examples" = ["loans-database"])
    )]
    pub name: Option<String>,
    /// What it is for; AWS cannot change it later.
    #[serde(default = "managed")]
    #[schemars(length(min = 1, max = 255), extend("x-replace" = true))]
    pub description: String,
    /// The VPC to be in.
    #[schemars(extend("x-replace" = true, "x-ref" = "vpc.id", "x-holds" = true, "x-unique" = true))]
    pub vpc_id: String,
    /// What may come in.
    #[serde(default)]
    #[schemars(extend("x-set" = true, "x-traffic" = "ingress"))]
    pub ingress: Vec<Rule>,
    /// What may go out; nothing unless told otherwise, other than in AWS.
    #[serde(default)]
    #[schemars(extend("x-set" = true, "x-traffic" = "egress"))]
    pub egress: Vec<Rule>,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A protocol, ports, and exactly one peer: `cidr`, `cidr_ipv6`, `security_group`, `prefix_list` or `self`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of another protocol, or `-1` for all.
    #[serde(default = "tcp")]
    pub protocol: String,
    /// The one port (tcp and udp).
    #[schemars(range(min = 0, max = 65_535))]
    pub port: Option<i32>,
    /// First of a range of ports; the type with ICMP, where -1 is any.
    #[schemars(range(min = -1, max = 65_535))]
    pub from_port: Option<i32>,
    /// Last of a range of ports; the code with ICMP, where -1 is any.
    #[schemars(range(min = -1, max = 65_535))]
    pub to_port: Option<i32>,
    /// IPv4 network, such as `10.0.0.0/16`.
    pub cidr: Option<String>,
    /// IPv6 network, such as `::/0`.
    pub cidr_ipv6: Option<String>,
    /// Members of another group (`sg-…`, or `123456789012/sg-…` in another account).
    #[schemars(extend("x-ref" = "security_group.id", "x-holds" = true))]
    pub security_group: Option<String>,
    /// The networks of a prefix list (`pl-…`), such as those of S3.
    #[schemars(extend("x-ref" = "vpc_endpoint.prefix_list_id"))]
    pub prefix_list: Option<String>,
    /// Members of this very group.
    #[serde(default, rename = "self")]
    pub itself: bool,
    /// What it is for.
    #[schemars(length(min = 1, max = 255))]
    pub description: Option<String>,
}

const PEERS: &[&str] = &["cidr", "cidr_ipv6", "security_group", "prefix_list", "self"];

fn managed() -> String {
    "Managed by stackctl".to_owned()
}
fn tcp() -> String {
    "tcp".to_owned()
}

/// What AWS says about the group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the group.
    pub arn: String,
    /// Name of the group.
    pub name: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Account that owns it.
    pub owner_id: String,
}

const GONE: &[&str] = &["InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound"];

const GROUP: &str = "ec2:{region}:{account}:security-group/*";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidGroup.NotFound", "", 300),
    Retry::secs("InvalidSecurityGroupID.NotFound", "", 300),
    Retry::secs("InvalidSecurityGroupId.NotFound", "", 300),
    // Network interfaces of Lambda functions and endpoints hold it for long.
    Retry::secs("DependencyViolation", "", enis::WINDOW),
    Retry::secs("InvalidGroup.InUse", "", enis::WINDOW),
    // A rule that moves between a group and a security_group_rule: the other one lets it go in the same apply.
    Retry::secs("InvalidPermission.Duplicate", "", 30),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for SecurityGroup {
    const KIND: &'static str = "security_group";
    const PROFILE: Profile = Profile {
        // A new group is not known everywhere at once.
        create: Wait::secs(0, 1, 3, 600),
        update: Wait::secs(0, 1, 2, 300),
        delete: Wait::secs(0, 2, 1, 300),
        typical: Typical { create: 6, update: 3, delete: 3 },
        gone: GONE,
        retries: &RETRIES,
        fixed_name: true,
        identity: &["vpc_id", "name"],
        actions: Actions {
            arn: GROUP,
            read: &[Permit::on(&["ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"], &["*"])],
            create: &[
                Permit::on(&["ec2:CreateSecurityGroup"], &[GROUP]).tagged(),
                Permit::on(&["ec2:CreateSecurityGroup"], &["ec2:{region}:{account}:vpc/{vpc_id}"]).ours(),
                Permit::on(&["ec2:CreateTags"], &[GROUP]).when(When::Creating(&["CreateSecurityGroup"])).along(TAGGED),
            ],
            update: &[
                Permit::on(
                    &[
                        "ec2:AuthorizeSecurityGroupIngress",
                        "ec2:AuthorizeSecurityGroupEgress",
                        "ec2:ModifySecurityGroupRules",
                        "ec2:RevokeSecurityGroupIngress",
                        "ec2:RevokeSecurityGroupEgress",
                        "ec2:CreateTags",
                        "ec2:DeleteTags",
                    ],
                    &[GROUP],
                )
                .ours(),
                // Inline rules have no tags. That the group is ours is asked in the same call.
                Permit::on(
                    &[
                        "ec2:AuthorizeSecurityGroupIngress",
                        "ec2:AuthorizeSecurityGroupEgress",
                        "ec2:ModifySecurityGroupRules",
                    ],
                    &[rules::RULE],
                ),
                Permit::on(&["ec2:ModifySecurityGroupRules"], &[rules::LIST]),
            ],
            delete: &[Permit::on(&["ec2:DeleteSecurityGroup"], &[GROUP]).ours(), enis::SEEN, enis::SWEPT],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let call = ctx
            .cloud
            .ec2_once()
            .create_security_group()
            .set_group_name(inputs.name.clone())
            .description(&inputs.description)
            .vpc_id(&inputs.vpc_id)
            .tag_specifications(ec2::tagged(ResourceType::SecurityGroup, ctx.tags(&inputs.tags)));
        let made = call.send().await.map_err(aws("ec2:CreateSecurityGroup"));
        let made = made.taken(&["InvalidGroup.Duplicate"], "a security group", inputs.name.as_deref(), "name")?;
        Ok(Id(made.group_id.unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|group| ec2::owned_by(owner, group.tags()));
        owner.only(ours.filter_map(|group| group.group_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let (groups, all) = futures::try_join!(
            ec2::by_ids("group-id", ids, |filters| describe(cloud, filters)),
            ec2::by_ids("group-id", ids, |filters| rules::describe(cloud, filters)),
        )?;
        let asked = |group: &aws_sdk_ec2::types::SecurityGroup| ec2::asked(ids, group.group_id());
        Ok(groups.iter().filter_map(|group| Some((asked(group)?, live(cloud, group, &all)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let all = rules::describe(cloud, vec![ec2::filter("group-id", [&id.0])]).await?;
        for (egress, wanted) in [(false, &after.ingress), (true, &after.egress)] {
            settle(cloud, id, egress, &all, wanted).await?;
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    /// Rules of other groups that name this one hold it. Those of the stack are gone by now, since they depend on this
    /// group; those of others are not ours to revoke.
    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let holders = enis::sweep(cloud, "group-id", &id.0).await?;
        let call = cloud.ec2().delete_security_group().group_id(&id.0);
        let deleted = call.send().await.map_err(aws("ec2:DeleteSecurityGroup")).gone(GONE);
        deleted.map_err(|error| holders.explain(error))?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        let mut complaints = vec![];
        if let Some(name) = checks::text(inputs, "name") {
            let reserved = name.to_lowercase().starts_with("sg-") || name == "default";
            if reserved {
                let text = format!("AWS keeps `{name}` to itself: choose a name other than default and sg-…");
                complaints.push(("name".to_owned(), text));
            }
        }
        if let Some(text) = checks::text(inputs, "description").and_then(permission::description) {
            complaints.push(("description".to_owned(), text));
        }
        for direction in ["ingress", "egress"] {
            let given = inputs.get(direction).and_then(Json::as_array).into_iter().flatten();
            let mut seen: Vec<Json> = vec![];
            for (index, rule) in given.enumerate() {
                complaints.extend(permission::check(rule, &format!("{direction}.{index}."), PEERS));
                // AWS tells rules apart by what they let through, not by what is said about them.
                let mut bare = rule.clone();
                bare.as_object_mut().and_then(|rule| rule.remove("description"));
                if seen.contains(&bare) {
                    let text = "the same rule stands above: remove one of them".to_owned();
                    complaints.push((format!("{direction}.{index}"), text));
                }
                seen.push(bare);
            }
        }
        complaints
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<aws_sdk_ec2::types::SecurityGroup>> {
    let call = cloud.ec2().describe_security_groups().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<_, _> = call.items().send().collect().await;
    found.map_err(aws("ec2:DescribeSecurityGroups"))
}

impl Rule {
    fn permission(&self, group: &str) -> Permission {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let peer = match self {
            Self { cidr: Some(_), .. } => Peer::Ipv4(text(&self.cidr)),
            Self { cidr_ipv6: Some(_), .. } => Peer::Ipv6(text(&self.cidr_ipv6)),
            Self { prefix_list: Some(_), .. } => Peer::PrefixList(text(&self.prefix_list)),
            Self { security_group: Some(_), .. } => Peer::Group(text(&self.security_group)),
            _ => Peer::Group(group.to_owned()),
        };
        let ports = Ports { one: self.port, from: self.from_port, to: self.to_port };
        Permission::wanted(&self.protocol, ports, peer)
    }

    fn of(permission: &Permission, description: Option<String>, group: &str) -> Self {
        let Ports { one, from, to } = permission.spelled();
        let mut rule = Self {
            protocol: permission.protocol.clone(),
            port: one,
            from_port: from,
            to_port: to,
            description,
            ..Self::default()
        };
        match permission.peer.clone() {
            Peer::Ipv4(cidr) => rule.cidr = Some(cidr),
            Peer::Ipv6(cidr) => rule.cidr_ipv6 = Some(cidr),
            Peer::PrefixList(list) => rule.prefix_list = Some(list),
            Peer::Group(id) if id == group => rule.itself = true,
            Peer::Group(id) => rule.security_group = Some(id),
        }
        rule
    }
}

/// The rules of one direction that this kind looks after: a `security_group_rule` has its name on its own.
fn inline<'a>(
    all: &'a [SecurityGroupRule],
    group: &'a str,
    egress: bool,
) -> impl Iterator<Item = (&'a SecurityGroupRule, Permission)> {
    all.iter()
        .filter(move |rule| rule.group_id() == Some(group) && rule.is_egress.unwrap_or(false) == egress)
        .filter(|rule| rules::owner(rule).is_none())
        .filter_map(|rule| Some((rule, Permission::read(rule, rule.group_owner_id())?)))
}

/// Authorizes before it revokes, so that what stays allowed is never stopped in between.
async fn settle(
    cloud: &Cloud,
    id: &Id,
    egress: bool,
    all: &[SecurityGroupRule],
    wanted: &[Rule],
) -> Result<()> {
    let mut present: HashMap<Permission, &SecurityGroupRule> =
        inline(all, &id.0, egress).map(|(rule, permission)| (permission, rule)).collect();
    let (mut new, mut changed) = (vec![], vec![]);
    for rule in wanted {
        let (permission, text) = (rule.permission(&id.0), rule.description.as_deref());
        match present.remove(&permission) {
            None => new.push(permission.grant(text)),
            Some(old) if rules::description(old).as_deref() == text => {}
            Some(old) => {
                let rule = old.security_group_rule_id().unwrap_or_default();
                changed.push(rules::update(cloud, rule, &permission, text));
            }
        }
    }
    if !new.is_empty() {
        rules::authorize(cloud, &id.0, egress, new, None, None).await?;
    }
    rules::modify(cloud, &id.0, changed).await?;
    let old = present.into_values().filter_map(|rule| rule.security_group_rule_id.clone());
    rules::revoke(cloud, &id.0, egress, old.collect()).await
}

fn live(
    cloud: &Cloud,
    group: &aws_sdk_ec2::types::SecurityGroup,
    all: &[SecurityGroupRule],
) -> Live<SecurityGroup> {
    let id = group.group_id().unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let read = |egress: bool| {
        inline(all, id, egress)
            .map(|(rule, permission)| Rule::of(&permission, rules::description(rule), id))
            .collect()
    };
    let inputs = Inputs {
        name: group.group_name.clone(),
        description: text(group.description()),
        vpc_id: text(group.vpc_id()),
        ingress: read(false),
        egress: read(true),
        tags: ec2::user_tags(group.tags()),
    };
    let made_up = || ec2::arn(cloud, group.owner_id(), &format!("security-group/{id}"));
    let outputs = Outputs {
        arn: group.security_group_arn.clone().unwrap_or_else(made_up),
        name: text(group.group_name()),
        vpc_id: text(group.vpc_id()),
        owner_id: group.owner_id().unwrap_or(&cloud.account).to_owned(),
    };
    // The rules of a new group may be listed later than the group itself: it would look as if it let nothing out.
    let unlisted = |egress: bool, permissions: &[IpPermission]| {
        let mut rules = all.iter().filter(|rule| rule.group_id() == Some(id));
        !permissions.is_empty() && !rules.any(|rule| rule.is_egress.unwrap_or(false) == egress)
    };
    let status = if unlisted(true, group.ip_permissions_egress()) || unlisted(false, group.ip_permissions()) {
        Status::Pending("its rules are not listed yet".to_owned())
    } else {
        Status::Ready
    };
    Live { inputs, outputs, status }
}
