use aws_sdk_ec2::types::{Filter, Tag};
use stackctl::cloud::{Cloud, http};
use stackctl::local::{self, Layout};
use std::collections::HashMap;
use std::path::Path;

/// An object at the emulator that somebody has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// In the words of people.
    pub kind: &'static str,
    /// As the state has it.
    pub id: String,
    /// Its ownership tag.
    pub address: Option<String>,
}

const ADDRESS: &str = "stackctl:address";

fn object(kind: &'static str, id: Option<String>, address: Option<String>) -> Object {
    Object { kind, id: id.unwrap_or_default(), address }
}

fn ec2(kind: &'static str, id: Option<String>, tags: Option<Vec<Tag>>) -> Object {
    let tags = tags.unwrap_or_default();
    object(kind, id, tags.into_iter().find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value))
}

fn of_map(tags: Option<HashMap<String, String>>) -> Option<String> {
    tags.and_then(|mut tags| tags.remove(ADDRESS))
}

/// The local cloud of a project, for its owner.
pub fn local_cloud(project: &Path, endpoint: &str) -> Cloud {
    let keys = local::keys(&Layout::new(project)).unwrap().unwrap();
    Cloud::emulator(endpoint, "eu-west-1", http()).keyed(&keys.id, &keys.secret)
}

/// Everything that is there, but for what the emulator comes with, as an AWS account does: a default VPC and what is in
/// it, and what every VPC brings along.
pub async fn objects(cloud: &Cloud) -> Vec<Object> {
    let (mut all, global, data, buckets, lake) =
        futures::join!(network(cloud), global(cloud), databases(cloud), buckets(cloud), lake(cloud));
    all.extend(global.into_iter().chain(data).chain(buckets).chain(lake));
    all
}

async fn network(cloud: &Cloud) -> Vec<Object> {
    let ec2_client = cloud.ec2();
    let mut all = vec![];
    let vpcs = ec2_client.describe_vpcs().send().await.unwrap().vpcs.unwrap_or_default();
    let vpcs: Vec<_> = vpcs.into_iter().filter(|vpc| vpc.is_default != Some(true)).collect();
    let ids: Vec<String> = vpcs.iter().filter_map(|vpc| vpc.vpc_id.clone()).collect();
    all.extend(vpcs.into_iter().map(|vpc| ec2("vpc", vpc.vpc_id, vpc.tags)));
    // Also what is tagged as ours and in no VPC of ours any more.
    let ours = |vpc: Option<&str>, tags: &[Tag]| {
        ids.iter().any(|id| Some(id.as_str()) == vpc) || tags.iter().any(|tag| tag.key() == Some(ADDRESS))
    };
    let subnets = ec2_client.describe_subnets().send().await.unwrap().subnets.unwrap_or_default();
    let subnets = subnets.into_iter().filter(|subnet| ours(subnet.vpc_id(), subnet.tags()));
    all.extend(subnets.map(|subnet| ec2("subnet", subnet.subnet_id, subnet.tags)));
    let tables = ec2_client.describe_route_tables().send().await.unwrap().route_tables.unwrap_or_default();
    let main =
        |table: &aws_sdk_ec2::types::RouteTable| table.associations().iter().any(|a| a.main == Some(true));
    let tables = tables.into_iter().filter(|table| ours(table.vpc_id(), table.tags()) && !main(table));
    all.extend(tables.map(|table| ec2("table", table.route_table_id, table.tags)));
    let groups =
        ec2_client.describe_security_groups().send().await.unwrap().security_groups.unwrap_or_default();
    let groups = groups.into_iter().filter(|group| group.group_name() != Some("default"));
    let groups: Vec<_> = groups.filter(|group| ours(group.vpc_id(), group.tags())).collect();
    let names: Vec<String> = groups.iter().filter_map(|group| group.group_id.clone()).collect();
    all.extend(groups.into_iter().map(|group| ec2("group", group.group_id, group.tags)));
    if !names.is_empty() {
        let filter = Filter::builder().name("group-id").set_values(Some(names)).build();
        let rules = ec2_client.describe_security_group_rules().filters(filter).send().await.unwrap();
        let rules = rules.security_group_rules.unwrap_or_default().into_iter();
        all.extend(rules.map(|rule| ec2("rule", rule.security_group_rule_id, rule.tags)));
    }
    let gateways = ec2_client.describe_internet_gateways().send().await.unwrap().internet_gateways;
    let gateways = gateways.unwrap_or_default().into_iter().filter(|gateway| {
        let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id());
        ours(vpc, gateway.tags())
    });
    all.extend(gateways.map(|gateway| ec2("gateway", gateway.internet_gateway_id, gateway.tags)));
    let endpoints =
        ec2_client.describe_vpc_endpoints().send().await.unwrap().vpc_endpoints.unwrap_or_default();
    all.extend(
        endpoints.into_iter().map(|endpoint| ec2("endpoint", endpoint.vpc_endpoint_id, endpoint.tags)),
    );
    all
}

async fn global(cloud: &Cloud) -> Vec<Object> {
    let mut all = vec![];
    let iam = cloud.iam();
    for role in iam.list_roles().send().await.unwrap().roles {
        let tags = iam.list_role_tags().role_name(&role.role_name).send().await.unwrap().tags;
        let address = tags.into_iter().find(|tag| tag.key == ADDRESS).map(|tag| tag.value);
        all.push(object("role", Some(role.role_name), address));
    }
    let lambda = cloud.lambda();
    for function in lambda.list_functions().send().await.unwrap().functions.unwrap_or_default() {
        let arn = function.function_arn().unwrap();
        let tags = lambda.list_tags().resource(arn).send().await.unwrap().tags;
        // The record of a call is a tag; its id in the state is made of function and key.
        let keys = tags.iter().flatten().map(|(key, _)| key);
        let calls = keys.filter(|key| key.starts_with("stackctl:invocation:"));
        all.extend(calls.map(|key| object("call", Some(format!("{arn},{key}")), None)));
        all.push(object("function", function.function_name, of_map(tags)));
    }
    let schedules = cloud.scheduler().list_schedules().send().await.unwrap().schedules;
    all.extend(schedules.into_iter().map(|schedule| {
        let id = format!("{}/{}", schedule.group_name.unwrap(), schedule.name.unwrap());
        object("schedule", Some(id), None)
    }));
    let sqs = cloud.sqs();
    for url in sqs.list_queues().send().await.unwrap().queue_urls.unwrap_or_default() {
        let tags = sqs.list_queue_tags().queue_url(&url).send().await.unwrap().tags;
        all.push(object("queue", Some(url), of_map(tags)));
    }
    let cloudwatch = cloud.cloudwatch();
    for alarm in cloudwatch.describe_alarms().send().await.unwrap().metric_alarms.unwrap_or_default() {
        let arn = alarm.alarm_arn().unwrap();
        let tags = cloudwatch.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags;
        let mut tags = tags.unwrap_or_default().into_iter();
        let address = tags.find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value);
        all.push(object("alarm", alarm.alarm_name, address));
    }
    let logs = cloud.logs();
    for group in logs.describe_log_groups().send().await.unwrap().log_groups.unwrap_or_default() {
        let arn = group.arn().unwrap().trim_end_matches(":*");
        let tags = logs.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags;
        all.push(object("log group", group.log_group_name, of_map(tags)));
    }
    all
}

async fn databases(cloud: &Cloud) -> Vec<Object> {
    let mut all = vec![];
    let secrets = cloud.secrets().list_secrets().include_planned_deletion(true).send().await.unwrap();
    for secret in secrets.secret_list.unwrap_or_default() {
        let mut tags = secret.tags.unwrap_or_default().into_iter();
        let address = tags.find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value);
        all.push(object("secret", secret.arn, address));
    }
    let rds = cloud.rds();
    for instance in rds.describe_db_instances().send().await.unwrap().db_instances.unwrap_or_default() {
        let mut tags = instance.tag_list.unwrap_or_default().into_iter();
        let address = tags.find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value);
        all.push(object("database", instance.db_instance_identifier, address));
    }
    for snapshot in rds.describe_db_snapshots().send().await.unwrap().db_snapshots.unwrap_or_default() {
        all.push(object("snapshot", snapshot.db_snapshot_identifier, None));
    }
    let groups = rds.describe_db_subnet_groups().send().await.unwrap().db_subnet_groups.unwrap_or_default();
    for group in groups.into_iter().filter(|group| group.db_subnet_group_name() != Some("default")) {
        let arn = group.db_subnet_group_arn().unwrap();
        let tags = rds.list_tags_for_resource().resource_name(arn).send().await.unwrap().tag_list;
        let mut tags = tags.unwrap_or_default().into_iter();
        let address = tags.find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value);
        all.push(object("subnet group", group.db_subnet_group_name, address));
    }
    all
}

async fn buckets(cloud: &Cloud) -> Vec<Object> {
    let mut all = vec![];
    let s3 = cloud.s3();
    for bucket in s3.list_buckets().send().await.unwrap().buckets.unwrap_or_default() {
        let name = bucket.name.unwrap_or_default();
        let tags = s3.get_bucket_tagging().bucket(&name).send().await.map(|answer| answer.tag_set);
        let address =
            tags.unwrap_or_default().into_iter().find(|tag| tag.key == ADDRESS).map(|tag| tag.value);
        let told = s3.get_bucket_notification_configuration().bucket(&name).send().await.unwrap();
        // A notification has no tags; its id in the state is made of what it connects.
        for told in told.lambda_function_configurations.unwrap_or_default() {
            let id = format!("{name},{},{}", told.lambda_function_arn, told.id.unwrap_or_default());
            all.push(object("notification", Some(id), None));
        }
        all.push(object("bucket", Some(name), address));
    }
    all
}

async fn lake(cloud: &Cloud) -> Vec<Object> {
    let (glue, athena) = (cloud.glue(), cloud.athena());
    let (account, region) = (&cloud.account, &cloud.region);
    let mut all = vec![];
    for database in glue.get_databases().send().await.unwrap().database_list {
        let name = database.name;
        let arn = format!("arn:aws:glue:{region}:{account}:database/{name}");
        let tags = glue.get_tags().resource_arn(arn).send().await.unwrap().tags;
        let tables = glue.get_tables().database_name(&name).send().await.unwrap().table_list;
        all.extend(tables.unwrap_or_default().into_iter().map(|table| {
            object("catalog table", Some(format!("{name}/{}", table.name)), of_map(table.parameters))
        }));
        all.push(object("catalog", Some(name), of_map(tags)));
    }
    let groups = athena.list_work_groups().send().await.unwrap().work_groups.unwrap_or_default();
    for name in groups.into_iter().filter_map(|group| group.name).filter(|name| name != "primary") {
        let arn = format!("arn:aws:athena:{region}:{account}:workgroup/{name}");
        let tags = athena.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags;
        let mut tags = tags.unwrap_or_default().into_iter();
        let address = tags.find(|tag| tag.key() == Some(ADDRESS)).and_then(|tag| tag.value);
        all.push(object("workgroup", Some(name), address));
    }
    all
}
