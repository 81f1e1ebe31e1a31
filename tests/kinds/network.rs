//! The EC2 kinds.

use crate::emulator::{ministack, moto};
use crate::harness::{Subject, create, lifecycle, owner, read, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id};

async fn vpc(cloud: &Cloud) -> Subject {
    create("vpc", cloud, json!({"cidr_block": "10.0.0.0/16"})).await
}

async fn subnet(cloud: &Cloud, vpc: &Subject, number: u8) -> Subject {
    let inputs = json!({"vpc_id": vpc.id.0, "cidr_block": format!("10.0.{number}.0/24")});
    create("subnet", cloud, inputs).await
}

async fn table(cloud: &Cloud, vpc: &Subject) -> Subject {
    create("route_table", cloud, json!({"vpc_id": vpc.id.0})).await
}

/// Inputs of a group with a name of its own.
fn group(vpc: &Subject) -> Json {
    json!({"vpc_id": vpc.id.0, "name": unique("group")})
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
    route_table_lives = route_table_life;
    security_group_lives = security_group_life;
    security_group_rule_lives = security_group_rule_life;
    security_groups_refer_to_each_other = mutual_reference;
    prefix_lists_pass = prefix_list_rules;
    gateway_endpoint_lives = gateway_endpoint_life;
    interface_endpoint_lives = interface_endpoint_life;
    missing_ids_are_absent = batch_with_a_missing_id;
}

/// On MiniStack alone: moto keeps the old group.
#[tokio::test]
async fn a_rule_gets_another_group_in_place() {
    another_group(&ministack()).await;
}

pub async fn vpc_life(cloud: &Cloud) {
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

pub async fn subnet_life(cloud: &Cloud) {
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

pub async fn internet_gateway_life(cloud: &Cloud) {
    let (vpc, other) = (vpc(cloud).await, vpc(cloud).await);
    let changes = [json!({"vpc_id": other.id.0, "tags": {"Name": "x"}}), json!({"vpc_id": null})];
    lifecycle("internet_gateway", cloud, json!({"vpc_id": vpc.id.0}), &changes).await;
    lifecycle("internet_gateway", cloud, json!({"vpc_id": vpc.id.0}), &[]).await;
    vpc.delete().await;
    other.delete().await;
}

pub async fn route_table_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let [a, b] = [subnet(cloud, &vpc, 1).await, subnet(cloud, &vpc, 2).await];
    let gateway = create("internet_gateway", cloud, json!({"vpc_id": vpc.id.0})).await;
    let inputs = json!({
        "vpc_id": vpc.id.0,
        "routes": [{"destination": "0.0.0.0/0", "gateway_id": gateway.id.0}],
        "subnet_ids": [a.id.0, b.id.0],
    });
    let changes = [
        json!({"subnet_ids": [b.id.0], "tags": {"Name": "x"}}),
        json!({"routes": [
            {"destination": "172.16.0.0/12", "gateway_id": gateway.id.0},
            {"destination": "192.168.0.0/16", "gateway_id": gateway.id.0},
        ]}),
        json!({"routes": [], "subnet_ids": [a.id.0]}),
        json!({"subnet_ids": []}),
    ];
    lifecycle("route_table", cloud, inputs.clone(), &changes).await;
    lifecycle("route_table", cloud, inputs, &[]).await;
    for subject in [gateway, a, b, vpc] {
        subject.delete().await;
    }
}

/// Not on MiniStack, which forgets destinations other than IPv4.
#[tokio::test]
async fn a_route_goes_to_ipv6() {
    let cloud = &moto();
    let vpc = vpc(cloud).await;
    let gateway = create("internet_gateway", cloud, json!({"vpc_id": vpc.id.0})).await;
    let route = json!({"destination": "::/0", "gateway_id": gateway.id.0});
    let inputs = json!({"vpc_id": vpc.id.0, "routes": [route]});
    lifecycle("route_table", cloud, inputs, &[json!({"routes": []})]).await;
    for subject in [gateway, vpc] {
        subject.delete().await;
    }
}

pub async fn security_group_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let peer = create("security_group", cloud, group(&vpc)).await;
    let mut inputs = group(&vpc);
    inputs["ingress"] = json!([
        {"port": 5432, "cidr": "10.0.0.0/16", "description": "database"},
        {"port": 5432, "security_group": peer.id.0},
        {"protocol": "udp", "from_port": 8000, "to_port": 8100, "cidr_ipv6": "fd00::/8"},
        {"protocol": "icmp", "from_port": 8, "to_port": -1, "cidr": "0.0.0.0/0"},
        {"protocol": "-1", "self": true},
    ]);
    let all = json!([{"protocol": "-1", "cidr": "0.0.0.0/0"}]);
    let changes = [
        json!({"ingress": [{"port": 5432, "cidr": "10.0.0.0/16", "description": "other words"}], "egress": all}),
        json!({"ingress": [{"port": 5432, "cidr": "10.0.0.0/16"}], "tags": {"Name": "x"}}),
        json!({"ingress": [], "egress": [{"protocol": "icmpv6", "cidr_ipv6": "::/0"}]}),
        json!({"egress": []}),
    ];
    lifecycle("security_group", cloud, inputs, &changes).await;
    let mut open = group(&vpc);
    open["egress"] = all;
    lifecycle("security_group", cloud, open, &[]).await;
    peer.delete().await;
    vpc.delete().await;
}

pub async fn security_group_rule_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let [mut a, b] = [
        create("security_group", cloud, group(&vpc)).await,
        create("security_group", cloud, group(&vpc)).await,
    ];
    for (direction, peer, other) in [
        ("ingress", json!({"cidr": "10.0.0.0/16"}), json!({"cidr": "10.1.0.0/16"})),
        // moto overlooks another IPv6 network.
        ("egress", json!({"cidr_ipv6": "::/0"}), json!({})),
        // And another group.
        ("ingress", json!({"security_group": b.id.0}), json!({})),
        ("egress", json!({"security_group": a.id.0}), json!({})),
    ] {
        let mut inputs = json!({"type": direction, "security_group_id": a.id.0, "port": 443});
        inputs.as_object_mut().unwrap().extend(peer.as_object().unwrap().clone());
        let changes = [
            json!({"port": null, "from_port": 443, "to_port": 444, "description": "range"}),
            json!({"description": null, "tags": {"Name": "x"}}),
            // Another peer of the same sort goes in place.
            other,
        ];
        lifecycle("security_group_rule", cloud, inputs, &changes).await;
    }

    // The group leaves the rule alone, whatever else changes inside.
    let inputs = json!({"type": "ingress", "security_group_id": a.id.0, "port": 443, "cidr": "10.0.0.0/16"});
    let rule = create("security_group_rule", cloud, inputs).await;
    assert_eq!(a.ready().await.inputs["ingress"], json!([]));
    a.change(&json!({"ingress": [{"port": 80, "cidr": "10.0.0.0/16"}]})).await;
    a.change(&json!({"ingress": []})).await;
    assert!(rule.read().await.is_some());
    for subject in [rule, a, b, vpc] {
        subject.delete().await;
    }
}

/// In place, for another group as well.
async fn another_group(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let [a, b, c] = [
        create("security_group", cloud, group(&vpc)).await,
        create("security_group", cloud, group(&vpc)).await,
        create("security_group", cloud, group(&vpc)).await,
    ];
    for direction in ["ingress", "egress"] {
        let inputs =
            json!({"type": direction, "security_group_id": a.id.0, "port": 443, "security_group": b.id.0});
        let changes =
            [json!({"security_group": c.id.0}), json!({"security_group": a.id.0, "description": "own"})];
        lifecycle("security_group_rule", cloud, inputs, &changes).await;
    }
    for subject in [a, b, c, vpc] {
        subject.delete().await;
    }
}

async fn mutual_reference(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let [a, b] = [
        create("security_group", cloud, group(&vpc)).await,
        create("security_group", cloud, group(&vpc)).await,
    ];
    let refer = |direction: &str, from: &Subject, to: &Subject| {
        let inputs = json!({"type": direction, "security_group_id": from.id.0, "port": 5432, "security_group": to.id.0});
        async move { create("security_group_rule", cloud, inputs).await }
    };
    let rules =
        [refer("egress", &a, &b).await, refer("ingress", &b, &a).await, refer("ingress", &a, &b).await];
    for rule in rules {
        rule.delete().await;
    }
    for group in [a, b, vpc] {
        group.delete().await;
    }
}

pub async fn prefix_list_rules(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let endpoint = create("vpc_endpoint", cloud, json!({"vpc_id": vpc.id.0, "service": "s3"})).await;
    let list = endpoint.ready().await.outputs["prefix_list_id"].clone();
    assert!(list.as_str().unwrap().starts_with("pl-"), "{list}");
    let mut inputs = group(&vpc);
    inputs["egress"] = json!([{"port": 443, "prefix_list": list}]);
    let other = json!({"egress": [
        {"port": 443, "prefix_list": list},
        {"port": 80, "prefix_list": list},
        {"port": 443, "cidr": "10.0.0.0/16"},
    ]});
    let mut group = create("security_group", cloud, inputs).await;
    group.change(&other).await;
    group.change(&json!({"egress": []})).await;
    let inputs = json!({"type": "egress", "security_group_id": group.id.0, "port": 443, "prefix_list": list});
    lifecycle("security_group_rule", cloud, inputs, &[]).await;
    for subject in [group, endpoint, vpc] {
        subject.delete().await;
    }
}

fn narrow() -> Json {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::loans/*"]},
    ]})
}

pub async fn gateway_endpoint_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let a = table(cloud, &vpc).await;
    let inputs =
        json!({"vpc_id": vpc.id.0, "service": "s3", "route_table_ids": [a.id.0], "policy": narrow()});
    let changes = [json!({"tags": {"Name": "x"}}), json!({"policy": null})];
    let mut endpoint = create("vpc_endpoint", cloud, inputs).await;
    // The route that the endpoint adds is none of the table's own.
    assert_eq!(a.ready().await.inputs["routes"], json!([]));
    for change in &changes {
        endpoint.change(change).await;
    }
    for subject in [endpoint, a, vpc] {
        subject.delete().await;
    }
}

/// Not on moto, which cannot delete an endpoint whose route tables have changed.
#[tokio::test]
async fn a_gateway_endpoint_moves_between_route_tables() {
    let cloud = &ministack();
    let vpc = vpc(cloud).await;
    let [a, b] = [table(cloud, &vpc).await, table(cloud, &vpc).await];
    let inputs = json!({"vpc_id": vpc.id.0, "service": "s3", "route_table_ids": [a.id.0]});
    let changes = [
        json!({"route_table_ids": [b.id.0]}),
        json!({"route_table_ids": [a.id.0, b.id.0]}),
        json!({"route_table_ids": []}),
    ];
    lifecycle("vpc_endpoint", cloud, inputs, &changes).await;
    for subject in [a, b, vpc] {
        subject.delete().await;
    }
}

pub async fn interface_endpoint_life(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let [a, b] = [subnet(cloud, &vpc, 1).await, subnet(cloud, &vpc, 2).await];
    let [one, two] = [
        create("security_group", cloud, group(&vpc)).await,
        create("security_group", cloud, group(&vpc)).await,
    ];
    let inputs = json!({
        "vpc_id": vpc.id.0,
        "service": "secretsmanager",
        "subnet_ids": [a.id.0],
        "security_group_ids": [one.id.0],
    });
    let changes = [
        json!({"security_group_ids": [two.id.0], "private_dns_enabled": false, "tags": {"Name": "x"}}),
        json!({"subnet_ids": [b.id.0], "security_group_ids": null}),
        json!({"policy": narrow(), "private_dns_enabled": null}),
    ];
    lifecycle("vpc_endpoint", cloud, inputs, &changes).await;
    for subject in [a, b, one, two, vpc] {
        subject.delete().await;
    }
}

async fn batch_with_a_missing_id(cloud: &Cloud) {
    let vpc = vpc(cloud).await;
    let subnet = subnet(cloud, &vpc, 1).await;
    let gateway = create("internet_gateway", cloud, json!({})).await;
    let table = table(cloud, &vpc).await;
    let group = create("security_group", cloud, group(&vpc)).await;
    let inputs =
        json!({"type": "ingress", "security_group_id": group.id.0, "port": 443, "cidr": "10.0.0.0/16"});
    let rule = create("security_group_rule", cloud, inputs).await;
    let endpoint = create("vpc_endpoint", cloud, json!({"vpc_id": vpc.id.0, "service": "s3"})).await;
    for subject in [&vpc, &subnet, &gateway, &table, &group, &rule, &endpoint] {
        let (prefix, _) = subject.id.0.split_once('-').unwrap();
        let missing = Id(format!("{prefix}-0123456789abcdef0"));
        let found = read(subject.kind.name(), cloud, &[missing, subject.id.clone()]).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&subject.id]);
    }
    for subject in [endpoint, rule, group, table, gateway, subnet, vpc] {
        subject.delete().await;
    }
}

/// moto is strict where MiniStack is not, so the errors are its own.
#[tokio::test]
async fn a_vpc_in_use_is_not_deleted_and_says_why() {
    let cloud = moto();
    let vpc = vpc(&cloud).await;
    let subnet = subnet(&cloud, &vpc, 1).await;
    let live = vpc.ready().await;
    let error = vpc.kind.delete(&cloud, &vpc.id, live).await.unwrap_err();
    assert_eq!(error.code(), Some("DependencyViolation"));
    let text = error.to_string();
    assert!(text.starts_with("ec2:DeleteVpc: ") && text.contains(&vpc.id.0), "{text}");
    assert!(text.contains("(DependencyViolation), request "), "{text}");
    assert!(vpc.kind.profile().retries.iter().any(|retry| retry.code == "DependencyViolation"));
    subnet.delete().await;
    vpc.delete().await;
}

#[tokio::test]
async fn an_update_of_what_is_gone_fails_with_its_code() {
    let cloud = moto();
    let gone = [
        (
            "vpc",
            json!({"cidr_block": "10.0.0.0/16"}),
            json!({"enable_dns_hostnames": false}),
            "vpc-0123456789abcdef0",
        ),
        (
            "subnet",
            json!({"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16"}),
            json!({"map_public_ip_on_launch": true}),
            "subnet-0123456789abcdef0",
        ),
        ("internet_gateway", json!({}), json!({"vpc_id": "vpc-1"}), "igw-0123456789abcdef0"),
    ];
    for (kind, before, patch, id) in gone {
        let kind = resource::kind(kind).unwrap();
        let mut after = before.clone();
        after.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        let error = kind.update(&cloud, &Id::from(id), before, after).await.unwrap_err();
        assert!(error.is(kind.profile().gone), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_an_error() {
    let cloud = moto();
    let vpc = vpc(&cloud).await;
    let group = create("security_group", &cloud, group(&vpc)).await;
    let (kind, owner) = (group.kind, owner("security_group"));
    let again = kind.create(&Create { cloud: &cloud, owner: &owner }, group.wanted.clone()).await;
    let error = again.unwrap_err().to_string();
    assert!(error.contains("exists already and this stack did not create it"), "{error}");
    group.delete().await;
    vpc.delete().await;
}
