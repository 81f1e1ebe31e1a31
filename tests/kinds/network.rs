//! The EC2 kinds.

use crate::emulator::{ministack, moto};
use crate::harness::{Subject, create, lifecycle, read};
use serde_json::json;
use stackctl::cloud::Cloud;
use stackctl::resource::Id;

async fn vpc(cloud: &Cloud) -> Subject {
    create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await
}

/// A test on both emulators.
macro_rules! on_both {
    ($($name:ident = $test:ident;)*) => {
        $(mod $name {
            #[tokio::test]
            async fn moto() {
                super::$test(&super::moto()).await;
            }
            #[tokio::test]
            async fn ministack() {
                super::$test(&super::ministack()).await;
            }
        })*
    };
}

on_both! {
    vpc_lives = vpc_life;
    subnet_lives = subnet_life;
    internet_gateway_lives = internet_gateway_life;
    missing_ids_are_absent = batch_with_a_missing_id;
}

async fn vpc_life(cloud: &Cloud) {
    let inputs = json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "test", "old": "1"}});
    let changes = [
        json!({"enable_dns_hostnames": false, "tags": {"Name": "other", "new": "x"}}),
        json!({"enable_dns_support": false, "tags": {}}),
        json!({"enable_dns_support": true, "enable_dns_hostnames": true}),
    ];
    lifecycle("vpc", cloud, inputs, &changes).await;
    let vpc = vpc(cloud).await;
    let outputs = vpc.ready().await.outputs;
    assert!(outputs["default_security_group_id"].as_str().unwrap().starts_with("sg-"), "{outputs}");
    assert!(outputs["main_route_table_id"].as_str().unwrap().starts_with("rtb-"), "{outputs}");
    assert!(outputs["arn"].as_str().unwrap().ends_with(&format!("vpc/{}", vpc.id)), "{outputs}");
    vpc.delete().await;
}

async fn subnet_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let inputs = json!({"vpc_id": vpc.id.0, "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1b"});
    let changes = [
        json!({"map_public_ip_on_launch": true, "enable_resource_name_dns_a_record_on_launch": true}),
        json!({"map_public_ip_on_launch": false, "tags": {"Name": "x"}}),
    ];
    lifecycle("subnet", cloud, inputs, &changes).await;
    let by_zone_id =
        json!({"vpc_id": vpc.id.0, "cidr_block": "10.0.2.0/24", "availability_zone_id": "euw1-az2"});
    lifecycle("subnet", cloud, by_zone_id, &[]).await;
    vpc.delete().await;
}

async fn internet_gateway_life(cloud: &Cloud) {
    let (vpc, other) = (vpc(cloud).await, vpc(cloud).await);
    let changes = [json!({"vpc_id": other.id.0, "tags": {"Name": "x"}}), json!({"vpc_id": null})];
    lifecycle("internet_gateway", cloud, json!({"vpc_id": vpc.id.0}), &changes).await;
    lifecycle("internet_gateway", cloud, json!({"vpc_id": vpc.id.0}), &[]).await;
    vpc.delete().await;
    other.delete().await;
}

async fn batch_with_a_missing_id(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let subnet = create("subnet", cloud, json!({"vpc_id": vpc.id.0, "cidr_block": "10.0.1.0/24"})).await;
    let gateway = create("internet_gateway", cloud, json!({})).await;
    for subject in [&vpc, &subnet, &gateway] {
        let (prefix, _) = subject.id.0.split_once('-').unwrap();
        let missing = Id(format!("{prefix}-0123456789abcdef0"));
        let found = read(subject.kind.name(), cloud, &[missing, subject.id.clone()]).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&subject.id]);
    }
    for subject in [gateway, subnet, vpc] {
        subject.delete().await;
    }
}
