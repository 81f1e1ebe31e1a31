//! `[vpc_endpoint.NAME]`: a private way from a VPC to a service.

use super::ec2::{self, TAGGED, checks};
use super::ec2::retries::NEW;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, Remedy, aws};
use crate::error::{AwsError, Error, Result};
use crate::schema::policy;
use aws_sdk_ec2::types::{self, Filter, ResourceType, VpcEndpointType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};

pub struct VpcEndpoint;

/// A private way from a VPC to a service, past the internet.
///
/// For S3 and DynamoDB a Gateway endpoint costs nothing: it adds a route to each of its route tables. All other services
/// have Interface endpoints: a network interface in each of its subnets, paid by the hour.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The VPC to be in.
    #[schemars(extend("x-replace" = true, "x-ref" = "vpc.id", "x-holds" = true, "x-unique" = "successor"))]
    pub vpc_id: String,
    /// AWS's services in short, such as `s3`, `secretsmanager` or `ecr.api`; others in full
    /// (`com.amazonaws.vpce.eu-west-1.vpce-svc-…`).
    #[schemars(length(min = 1), extend("x-replace" = true, "x-unique" = "successor"))]
    pub service: String,
    /// `Gateway`, `Interface` or `GatewayLoadBalancer`; when unset, `Gateway` for `s3` and `dynamodb` and `Interface`
    /// for all others.
    #[serde(rename = "type")]
    #[schemars(extend("x-replace" = true, "x-computed" = true))]
    pub sort: Option<Sort>,
    /// The route tables that get a route to the service (Gateway).
    #[serde(default)]
    #[schemars(extend("x-ref" = "route_table.id", "x-set" = true, "x-holds" = true, "x-within" = {"place": "vpc_id"}))]
    pub route_table_ids: Vec<String>,
    /// The subnets that get a network interface, one for each availability zone (Interface).
    #[serde(default)]
    #[schemars(extend("x-ref" = "subnet.id", "x-set" = true, "x-holds" = true, "x-within" = {"place": "vpc_id"}))]
    pub subnet_ids: Vec<String>,
    /// The security groups of the network interfaces; the VPC's default one when unset (Interface). They must let in
    /// port 443 from those who call.
    #[schemars(extend(
        "x-ref" = "security_group.id",
        "x-set" = true,
        "x-computed" = true,
        "x-holds" = true,
        "x-within" = {"place": "vpc_id"}
    ))]
    pub security_group_ids: Option<Vec<String>>,
    /// Whether the service's usual name leads to the endpoint inside the VPC; on when unset (Interface). Needs both DNS
    /// attributes of the VPC, and no other endpoint of that service there may have it.
    #[schemars(extend("x-computed" = true))]
    pub private_dns_enabled: Option<bool>,
    /// Who may do what through the endpoint; everything is allowed unless told otherwise.
    #[serde(default = "full_access")]
    #[schemars(extend("x-policy" = true, "x-computed" = true))]
    pub policy: Option<Json>,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// How the endpoint is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Sort {
    Gateway,
    Interface,
    GatewayLoadBalancer,
}

/// As AWS writes it; services without endpoint policies have no other.
fn full_access() -> Option<Json> {
    let all = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
    Some(json!({ "Version": "2008-10-17", "Statement": [all] }))
}

/// What AWS says about the endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the endpoint.
    pub arn: String,
    /// The DNS name that leads to the network interfaces in all zones (Interface).
    pub dns_name: Option<String>,
    /// Ids of the network interfaces (Interface).
    #[schemars(extend("x-volatile" = ["subnet_ids"]))]
    pub network_interface_ids: Vec<String>,
    /// Id of the list of the service's networks, for security group rules (Gateway).
    pub prefix_list_id: Option<String>,
    /// Account that owns it.
    pub owner_id: String,
}

const GONE: &[&str] = &["InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"];

const ENDPOINT: &str = "ec2:{region}:{account}:vpc-endpoint/*";
const JOINED: &[&str] = &[
    "ec2:{region}:{account}:route-table/{route_table_ids}",
    "ec2:{region}:{account}:subnet/{subnet_ids}",
    "ec2:{region}:{account}:security-group/{security_group_ids}",
];

/// Without a group of its own an endpoint gets that of the VPC, which carries no tag.
const DEFAULT_GROUP: Permit =
    Permit::on(&["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"], &["ec2:{region}:{account}:security-group/*"])
        .given("subnet_ids")
        .unless("security_group_ids");

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidVpcEndpointId.NotFound", "", 300),
    // Private DNS of an endpoint that was just replaced lingers.
    Retry::secs("InvalidParameter", "conflicting DNS domain", 300),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for VpcEndpoint {
    const KIND: &'static str = "vpc_endpoint";
    const PROFILE: Profile = Profile {
        create: Wait::secs(2, 5, 1, 600),
        update: Wait::secs(2, 5, 1, 600),
        delete: Wait::secs(2, 5, 1, 600),
        typical: Typical { create: 60, update: 20, delete: 90 },
        gone: GONE,
        retries: &RETRIES,
        fixed_name: true,
        identity: &["vpc_id", "service"],
        actions: Actions {
            arn: ENDPOINT,
            read: &[Permit::on(&["ec2:DescribeVpcEndpoints", "ec2:DescribePrefixLists"], &["*"])],
            create: &[
                Permit::on(&["ec2:CreateVpcEndpoint"], &[ENDPOINT]).tagged(),
                Permit::on(&["ec2:CreateVpcEndpoint"], &["ec2:{region}:{account}:vpc/{vpc_id}"]).ours(),
                Permit::on(&["ec2:CreateVpcEndpoint"], JOINED).ours(),
                DEFAULT_GROUP,
                Permit::on(&["ec2:CreateTags"], &[ENDPOINT]).when(When::Creating(&["CreateVpcEndpoint"])).along(TAGGED),
                Permit::on(&["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"], &["*"])
                    .along("CreateVpcEndpoint looks at where the endpoint goes"),
                Permit::on(&["route53:AssociateVPCWithHostedZone"], &["*"])
                    .given("subnet_ids")
                    .along("CreateVpcEndpoint makes the private DNS name"),
            ],
            update: &[
                Permit::on(&["ec2:ModifyVpcEndpoint", "ec2:CreateTags", "ec2:DeleteTags"], &[ENDPOINT]).ours(),
                Permit::on(&["ec2:ModifyVpcEndpoint"], JOINED).ours(),
                DEFAULT_GROUP,
            ],
            delete: &[Permit::on(&["ec2:DeleteVpcEndpoints"], &[ENDPOINT]).ours()],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let sort = inputs.sort.unwrap_or_else(|| usual(&inputs.service));
        let list = |ids: &[String]| (!ids.is_empty()).then(|| ids.to_vec());
        let document = inputs.policy.as_ref().filter(|policy| !is_full_access(policy));
        let dns = (sort == Sort::Interface).then(|| inputs.private_dns_enabled.unwrap_or(true));
        let call = ctx
            .cloud
            .ec2_once()
            .create_vpc_endpoint()
            .vpc_id(&inputs.vpc_id)
            .service_name(full(&ctx.cloud.region, &inputs.service))
            .vpc_endpoint_type(sort.wire())
            .set_route_table_ids(list(&inputs.route_table_ids))
            .set_subnet_ids(list(&inputs.subnet_ids))
            .set_security_group_ids(inputs.security_group_ids.as_deref().and_then(list))
            .set_private_dns_enabled(dns)
            .set_policy_document(document.map(policy::text))
            .client_token(ctx.token())
            .tag_specifications(ec2::tagged(ResourceType::VpcEndpoint, ctx.tags(&inputs.tags)));
        let made = call.send().await.map_err(aws("ec2:CreateVpcEndpoint"));
        let made = made.remedy(&["InvalidServiceName"], NAMES)?;
        Ok(Id(made.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|e| ec2::owned_by(owner, e.tags()) && state(e) != "deleted");
        owner.only(ours.filter_map(|endpoint| endpoint.vpc_endpoint_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let by_filter = |filters: Vec<Filter>| {
            // moto fails on a filter by id; an emulator's few endpoints are read all.
            let filters = if cloud.emulated { vec![] } else { filters };
            describe(cloud, filters)
        };
        let found = ec2::by_ids("vpc-endpoint-id", ids, by_filter).await?;
        let lists = prefix_lists(cloud, &found).await?;
        let asked = |endpoint: &types::VpcEndpoint| ec2::asked(ids, endpoint.vpc_endpoint_id());
        let there = found.iter().filter(|endpoint| state(endpoint) != "deleted");
        Ok(there.filter_map(|endpoint| Some((asked(endpoint)?, live(cloud, endpoint, &lists)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let none = vec![];
        let groups = |inputs: &Inputs| inputs.security_group_ids.clone().unwrap_or_default();
        let (old_groups, new_groups) = match after.security_group_ids {
            Some(_) => (groups(before), groups(after)),
            None => (none.clone(), none),
        };
        let dns = after.private_dns_enabled.filter(|on| before.private_dns_enabled != Some(*on));
        let document = after.policy.as_ref().filter(|after| {
            !before.policy.as_ref().is_some_and(|before| policy::same(before, after))
        });
        // moto overlooks a reset.
        let reset = document.is_some_and(is_full_access) && !cloud.emulated;
        let call = cloud
            .ec2()
            .modify_vpc_endpoint()
            .vpc_endpoint_id(&id.0)
            .set_add_route_table_ids(beyond(&before.route_table_ids, &after.route_table_ids))
            .set_remove_route_table_ids(beyond(&after.route_table_ids, &before.route_table_ids))
            .set_add_subnet_ids(beyond(&before.subnet_ids, &after.subnet_ids))
            .set_remove_subnet_ids(beyond(&after.subnet_ids, &before.subnet_ids))
            .set_add_security_group_ids(beyond(&old_groups, &new_groups))
            .set_remove_security_group_ids(beyond(&new_groups, &old_groups))
            .set_private_dns_enabled(dns)
            .set_reset_policy(reset.then_some(true))
            .set_policy_document(document.filter(|_| !reset).map(policy::text));
        let nothing = cloud.ec2().modify_vpc_endpoint().vpc_endpoint_id(&id.0);
        if call.as_input() != nothing.as_input() {
            match call.send().await.map_err(aws("ec2:ModifyVpcEndpoint")) {
                // A zone takes one subnet: the old one goes first, and the engine comes back for the new one.
                Err(error) if error.is(&["DuplicateSubnetsInSameZone"]) => {
                    let gone = beyond(&after.subnet_ids, &before.subnet_ids);
                    if gone.is_none() {
                        return Err(error);
                    }
                    let call = cloud.ec2().modify_vpc_endpoint().vpc_endpoint_id(&id.0).set_remove_subnet_ids(gone);
                    call.send().await.map_err(aws("ec2:ModifyVpcEndpoint"))?;
                }
                other => {
                    other?;
                }
            }
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.ec2().delete_vpc_endpoints().vpc_endpoint_ids(&id.0);
        let answer = call.send().await.map_err(aws("ec2:DeleteVpcEndpoints")).gone(GONE);
        // moto, when it deletes a Gateway endpoint again; AWS never says so here.
        let answer = answer.gone(&["InvalidRoute.NotFound"])?.flatten();
        // A batch call: it succeeds, and says inside what did not.
        let failed = answer.and_then(|answer| answer.unsuccessful?.into_iter().next()?.error);
        failed.map_or(Ok(()), |error| Err(unsuccessful(error))).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        let Some(service) = checks::text(inputs, "service") else { return vec![] };
        let mut complaints = vec![];
        if let Some(short) = short_of_any_region(service) {
            let text = format!("write \"{short}\": the region is that of the stack");
            complaints.push(("service".to_owned(), text));
        }
        let sort = match checks::text(inputs, "type") {
            Some("Gateway") => Sort::Gateway,
            Some("Interface") => Sort::Interface,
            Some(_) => Sort::GatewayLoadBalancer,
            None if checks::given(inputs, "type").is_some() => return complaints,
            None => usual(service),
        };
        let unfit: &[&str] = match sort {
            Sort::Gateway => &["subnet_ids", "security_group_ids", "private_dns_enabled"],
            Sort::Interface => &["route_table_ids"],
            Sort::GatewayLoadBalancer => &["route_table_ids", "security_group_ids", "private_dns_enabled"],
        };
        let empty = json!([]);
        for name in checks::which(inputs, unfit) {
            if inputs.get(name) != Some(&empty) {
                let text = format!("an endpoint of type {sort:?} has no {name}: remove it, or set another type");
                complaints.push((name.to_owned(), text));
            }
        }
        complaints
    }
}

impl Sort {
    fn wire(self) -> VpcEndpointType {
        match self {
            Self::Gateway => VpcEndpointType::Gateway,
            Self::Interface => VpcEndpointType::Interface,
            Self::GatewayLoadBalancer => VpcEndpointType::GatewayLoadBalancer,
        }
    }
}

fn usual(service: &str) -> Sort {
    if matches!(service, "s3" | "dynamodb") { Sort::Gateway } else { Sort::Interface }
}

/// How whole names of services begin. Outside of the partition `aws` there are several sorts in one region, and only
/// DescribeVpcEndpointServices says which service has which.
const FULL: [&str; 6] =
    ["com.amazonaws.", "cn.com.amazonaws.", "eu.amazonaws.", "gov.ic.c2s.", "gov.sgov.sc2s.", "aws."];
const NAMES: &str = "write the whole name, as `aws ec2 describe-vpc-endpoint-services --query ServiceNames` has it; in China that of \
    most begins with cn.com.amazonaws";

fn full(region: &str, service: &str) -> String {
    let is_full = FULL.iter().any(|start| service.starts_with(start));
    if is_full { service.to_owned() } else { format!("com.amazonaws.{region}.{service}") }
}

/// `s3` of `com.amazonaws.eu-west-1.s3`, whatever the region.
fn short_of_any_region(service: &str) -> Option<&str> {
    let (region, short) = service.strip_prefix("com.amazonaws.")?.split_once('.')?;
    let is_region = region.ends_with(|c: char| c.is_ascii_digit()) && region.matches('-').count() >= 2;
    is_region.then_some(short)
}

fn is_full_access(document: &Json) -> bool {
    let Some(full) = full_access() else { return false };
    // The version makes no difference to a statement that allows everything.
    let mut document = document.clone();
    document["Version"] = full["Version"].clone();
    policy::same(&document, &full)
}

/// Those of `b` that `a` has not.
fn beyond(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let more: Vec<String> = b.iter().filter(|id| !a.contains(id)).cloned().collect();
    (!more.is_empty()).then_some(more)
}

fn unsuccessful(error: types::UnsuccessfulItemError) -> Error {
    Error::Aws(AwsError {
        operation: "ec2:DeleteVpcEndpoints",
        code: error.code,
        message: error.message.unwrap_or_default(),
        request_id: None,
        status: None,
    })
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<types::VpcEndpoint>> {
    let call = cloud.ec2().describe_vpc_endpoints().set_filters(Some(filters)).into_paginator();
    call.items().send().collect::<std::result::Result<_, _>>().await.map_err(aws("ec2:DescribeVpcEndpoints"))
}

/// Prefix list ids by service name, for the services of Gateway endpoints.
async fn prefix_lists(cloud: &Cloud, endpoints: &[types::VpcEndpoint]) -> Result<HashMap<String, String>> {
    let gateways = endpoints.iter().filter(|endpoint| sort(endpoint) == Sort::Gateway);
    let mut names: Vec<&str> = gateways.filter_map(types::VpcEndpoint::service_name).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let filters = vec![ec2::filter("prefix-list-name", names)];
    let call = cloud.ec2().describe_prefix_lists().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<Vec<_>, _> = call.items().send().collect().await;
    let found = found.map_err(aws("ec2:DescribePrefixLists"))?;
    Ok(found.into_iter().filter_map(|list| Some((list.prefix_list_name?, list.prefix_list_id?))).collect())
}

/// On the wire states are written `available`; the SDK's enum knows `Available` only: compare text.
fn state(endpoint: &types::VpcEndpoint) -> String {
    endpoint.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default()
}

/// Some partitions leave the type of a Gateway endpoint out.
fn sort(endpoint: &types::VpcEndpoint) -> Sort {
    match endpoint.vpc_endpoint_type().map(|sort| sort.as_str().to_lowercase()).as_deref() {
        Some("interface") => Sort::Interface,
        Some("gatewayloadbalancer") => Sort::GatewayLoadBalancer,
        _ => Sort::Gateway,
    }
}

fn live(cloud: &Cloud, endpoint: &types::VpcEndpoint, lists: &HashMap<String, String>) -> Live<VpcEndpoint> {
    let sort = sort(endpoint);
    let is_interface = sort == Sort::Interface;
    let name = endpoint.service_name().unwrap_or_default();
    let ours = format!("com.amazonaws.{}.", cloud.region);
    let groups: Vec<String> = endpoint.groups().iter().filter_map(|group| group.group_id.clone()).collect();
    let inputs = Inputs {
        vpc_id: endpoint.vpc_id().unwrap_or_default().to_owned(),
        service: name.strip_prefix(&ours).unwrap_or(name).to_owned(),
        sort: Some(sort),
        route_table_ids: endpoint.route_table_ids().to_vec(),
        subnet_ids: endpoint.subnet_ids().to_vec(),
        // An Interface endpoint has at least one group: none means that an emulator does not tell.
        security_group_ids: Some(groups).filter(|groups| is_interface && !groups.is_empty()),
        // Emulators have no DNS, and moto answers what was once written.
        private_dns_enabled: endpoint.private_dns_enabled.filter(|_| is_interface && !cloud.emulated),
        policy: endpoint.policy_document().and_then(policy::parse).map(plain),
        tags: ec2::user_tags(endpoint.tags()),
    };
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let outputs = Outputs {
        arn: ec2::arn(cloud, endpoint.owner_id(), &format!("vpc-endpoint/{id}")),
        dns_name: endpoint.dns_entries().first().and_then(|entry| entry.dns_name.clone()),
        network_interface_ids: endpoint.network_interface_ids().to_vec(),
        prefix_list_id: lists.get(name).filter(|_| sort == Sort::Gateway).cloned(),
        owner_id: endpoint.owner_id().unwrap_or(&cloud.account).to_owned(),
    };
    let state = state(endpoint);
    let reason = endpoint.last_error().and_then(|error| error.message()).or(endpoint.failure_reason());
    let said = || reason.map_or(state.clone(), |reason| format!("{state}: {reason}"));
    let status = match state.as_str() {
        // `pendingacceptance` too: the owner of the service may accept it in weeks.
        "available" | "pendingacceptance" | "" => Status::Ready,
        "failed" | "expired" => Status::Lost(said()),
        // They may accept it yet.
        "rejected" => Status::ailing(said(), "ask the owner of the service to accept it"),
        "partial" => Status::ailing(said(), "look at its subnets: not all of them have an interface"),
        _ => Status::Pending(state),
    };
    Live { inputs, outputs, status }
}

/// Full access in one form, since Gateway and Interface endpoints answer it with different versions.
fn plain(document: Json) -> Json {
    if is_full_access(&document) { full_access().unwrap_or(document) } else { document }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_short_names() {
        assert_eq!(full("eu-west-1", "ecr.api"), "com.amazonaws.eu-west-1.ecr.api");
        let private = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123";
        assert_eq!(full("eu-west-1", private), private);
        assert_eq!(short_of_any_region(private), None);
        assert_eq!(short_of_any_region("com.amazonaws.us-gov-west-1.s3"), Some("s3"));
        assert_eq!(short_of_any_region("com.amazonaws.s3-global.accesspoint"), None);
    }

    #[test]
    fn attributes_must_fit_the_type() {
        let paths = |inputs: Json| -> Vec<String> {
            VpcEndpoint::check(&inputs).into_iter().map(|(path, _)| path).collect()
        };
        assert_eq!(paths(json!({"service": "s3", "route_table_ids": ["rtb-1"], "subnet_ids": []})), [""; 0]);
        assert_eq!(paths(json!({"service": "s3", "subnet_ids": ["subnet-1"]})), ["subnet_ids"]);
        assert_eq!(paths(json!({"service": "s3", "type": "Interface", "subnet_ids": ["subnet-1"]})), [""; 0]);
        assert_eq!(paths(json!({"service": "kms", "route_table_ids": ["rtb-1"]})), ["route_table_ids"]);
        assert_eq!(paths(json!({"service": "com.amazonaws.eu-west-1.kms"})), ["service"]);
    }

    #[test]
    fn full_access_is_one_policy() {
        let interface = json!({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]});
        assert_eq!(Some(plain(interface)), full_access());
    }
}
