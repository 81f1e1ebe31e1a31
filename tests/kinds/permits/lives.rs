//! The lives in which every verb of every kind makes every call that it has.

use crate::harness::{create, lifecycle, unique};
use crate::{
    alarm, athena_workgroup, bucket, db_instance, db_subnet_group, glue_database, glue_table, iam_role,
    lambda_function, lambda_invocation, log_group, network, queue, schedule, secret, trigger,
};
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;

pub type Life = for<'a> fn(&'a Cloud) -> BoxFuture<'a, ()>;

/// By kind; all of them run on MiniStack.
pub const LIVES: &[(&str, Life)] = &[
    ("alarm", |cloud| Box::pin(alarm::life(cloud))),
    ("athena_workgroup", |cloud| Box::pin(athena_workgroup::life(cloud))),
    ("bucket", |cloud| Box::pin(bucket::life(cloud))),
    ("bucket", |cloud| Box::pin(bucket::end(cloud))),
    ("db_instance", |cloud| Box::pin(db_instance::life(cloud))),
    ("db_instance", |cloud| Box::pin(database_with_a_password(cloud))),
    ("db_subnet_group", |cloud| Box::pin(db_subnet_group::life(cloud))),
    ("iam_role", |cloud| Box::pin(iam_role::life(cloud, json!("of others")))),
    ("iam_role", |cloud| Box::pin(role_in_a_profile(cloud))),
    ("log_group", |cloud| Box::pin(groups_of_logs(cloud))),
    ("queue", |cloud| Box::pin(queue::life(cloud))),
    ("secret", |cloud| Box::pin(secret::life(cloud))),
    ("vpc", |cloud| Box::pin(network::vpc_life(cloud))),
    ("subnet", |cloud| Box::pin(network::subnet_life(cloud))),
    ("internet_gateway", |cloud| Box::pin(network::internet_gateway_life(cloud))),
    ("route_table", |cloud| Box::pin(network::route_table_life(cloud))),
    ("security_group", |cloud| Box::pin(network::security_group_life(cloud))),
    ("security_group_rule", |cloud| Box::pin(network::security_group_rule_life(cloud))),
    ("vpc_endpoint", |cloud| Box::pin(network::gateway_endpoint_life(cloud))),
    ("vpc_endpoint", |cloud| Box::pin(network::interface_endpoint_life(cloud))),
    ("subnet", |cloud| Box::pin(tags(cloud, "subnet", json!({"cidr_block": "10.0.1.0/24"})))),
    ("internet_gateway", |cloud| Box::pin(tags(cloud, "internet_gateway", json!({})))),
    ("route_table", |cloud| Box::pin(tags(cloud, "route_table", json!({})))),
    ("security_group", |cloud| Box::pin(tags(cloud, "security_group", json!({"name": unique("group")})))),
    ("vpc_endpoint", |cloud| Box::pin(tags(cloud, "vpc_endpoint", json!({"service": "s3"})))),
    ("security_group_rule", |cloud| Box::pin(tags_of_a_rule(cloud))),
    ("lambda_function", |cloud| Box::pin(lambda_function::life(cloud))),
    ("lambda_function", |cloud| Box::pin(concurrency(cloud))),
    ("lambda_invocation", |cloud| Box::pin(lambda_invocation::life(cloud))),
    ("trigger", |cloud| Box::pin(trigger::life(cloud))),
    ("schedule", |cloud| Box::pin(schedule::life(cloud))),
    ("glue_database", |cloud| Box::pin(glue_database::life(cloud, &[]))),
    ("glue_table", |cloud| Box::pin(glue_table::life(cloud))),
];

/// Tags that come and go, on something in a VPC.
async fn tags(cloud: &Cloud, kind: &str, mut inputs: Json) {
    let vpc = create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await;
    inputs["vpc_id"] = json!(vpc.id.0);
    lifecycle(kind, cloud, inputs, &[json!({"tags": {"Name": "x"}}), json!({"tags": {}})]).await;
    vpc.delete().await;
}

async fn tags_of_a_rule(cloud: &Cloud) {
    let vpc = create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await;
    let group = create("security_group", cloud, json!({"vpc_id": vpc.id.0, "name": unique("group")})).await;
    let inputs =
        json!({"type": "ingress", "security_group_id": group.id.0, "port": 443, "cidr": "10.0.0.0/16"});
    let changes = [json!({"tags": {"Name": "x"}}), json!({"tags": {}})];
    lifecycle("security_group_rule", cloud, inputs, &changes).await;
    group.delete().await;
    vpc.delete().await;
}

async fn groups_of_logs(cloud: &Cloud) {
    log_group::life(cloud, &log_group::changes()).await;
}

async fn database_with_a_password(cloud: &Cloud) {
    let wanted = json!({"name": unique("loans"), "generate": {"username": "loans"}, "recovery_days": 0});
    let secret = create("secret", cloud, wanted).await;
    let inputs = json!({"identifier": unique("loans"), "instance_class": "db.t4g.micro", "skip_final_snapshot": true,
        "username": "loans", "password_secret": secret.id.0});
    lifecycle("db_instance", cloud, inputs, &[]).await;
    secret.delete().await;
}

/// An instance profile does not stand in the way of the end.
async fn role_in_a_profile(cloud: &Cloud) {
    let (iam, profile) = (cloud.iam(), unique("profile"));
    let role =
        create("iam_role", cloud, json!({"name": unique("x"), "assumed_by": "ec2.amazonaws.com"})).await;
    iam.create_instance_profile().instance_profile_name(&profile).send().await.unwrap();
    let call = iam.add_role_to_instance_profile().instance_profile_name(&profile);
    call.role_name(&role.id.0).send().await.unwrap();
    role.delete().await;
}

/// Not on MiniStack, which has two routes of one destination then.
pub async fn route_elsewhere(cloud: &Cloud) {
    let vpc = create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await;
    let gateway = || create("internet_gateway", cloud, json!({"vpc_id": vpc.id.0}));
    let (one, other) = (gateway().await, create("internet_gateway", cloud, json!({})).await);
    let to = |gateway: &Json| json!([{"destination": "0.0.0.0/0", "gateway_id": gateway}]);
    let inputs = json!({"vpc_id": vpc.id.0, "routes": to(&json!(one.id.0))});
    lifecycle("route_table", cloud, inputs, &[json!({"routes": to(&json!(other.id.0))})]).await;
    for subject in [one, other, vpc] {
        subject.delete().await;
    }
}

async fn concurrency(cloud: &Cloud) {
    let folder = tempfile::TempDir::new().unwrap();
    let base = lambda_function::smallest(cloud, folder.path()).await;
    let inputs = lambda_function::with(&base, &json!({"reserved_concurrency": 3}));
    lifecycle("lambda_function", cloud, inputs, &[json!({"reserved_concurrency": null})]).await;
}
