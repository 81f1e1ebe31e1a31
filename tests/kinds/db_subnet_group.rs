use crate::answers::query;
use crate::emulator::{ministack, moto};
use crate::harness::{create, lifecycle, read, unique};
use aws_sdk_ec2::Client;
use serde_json::json;
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Id, Status};

/// Subnets in three zones of a VPC of their own.
pub async fn subnets(cloud: &Cloud) -> Vec<String> {
    let ec2: Client = cloud.ec2();
    let vpc = ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc.unwrap().vpc_id.unwrap();
    let mut ids = vec![];
    for (at, zone) in ["a", "b", "c"].iter().enumerate() {
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(format!("10.9.{at}.0/24"));
        let made = call.availability_zone(format!("eu-west-1{zone}")).send().await.unwrap();
        ids.push(made.subnet.unwrap().subnet_id.unwrap());
    }
    ids
}

#[tokio::test]
async fn lives_on_both() {
    for (cloud, strict) in [(moto(), true), (ministack(), false)] {
        let subnets = subnets(&cloud).await;
        let mut changes = vec![json!({"tags": {"owner": "y", "new": "2"}}), json!({"tags": {}})];
        // moto's ModifyDBSubnetGroup deletes the group.
        if !strict {
            changes.push(json!({"subnet_ids": [subnets[2], subnets[0], subnets[1]]}));
            changes.push(json!({"subnet_ids": [subnets[0], subnets[2]], "description": "of the loans"}));
        }
        let inputs =
            json!({"name": unique("loans"), "subnet_ids": [subnets[1], subnets[0]], "tags": {"owner": "x"}});
        lifecycle("db_subnet_group", &cloud, inputs, &changes).await;
    }
}

pub async fn life(cloud: &Cloud) {
    let subnets = subnets(cloud).await;
    let changes =
        [json!({"tags": {"owner": "y"}}), json!({"tags": {}}), json!({"description": "of the loans"})];
    let inputs =
        json!({"name": unique("loans"), "subnet_ids": [subnets[1], subnets[0]], "tags": {"owner": "x"}});
    lifecycle("db_subnet_group", cloud, inputs, &changes).await;
}

#[tokio::test]
async fn many_are_read_at_once() {
    for cloud in [moto(), ministack()] {
        let subnets = subnets(&cloud).await;
        let one =
            create("db_subnet_group", &cloud, json!({"name": unique("a"), "subnet_ids": subnets})).await;
        let two =
            create("db_subnet_group", &cloud, json!({"name": unique("b"), "subnet_ids": subnets})).await;
        let ids = [one.id.clone(), Id::from("missing"), two.id.clone()];
        let found = read("db_subnet_group", &cloud, &ids).await;
        assert_eq!(found.len(), 2);
        assert!(found[&one.id].outputs["vpc_id"].as_str().unwrap().starts_with("vpc-"));
        one.delete().await;
        two.delete().await;
    }
}

/// RDS says `Complete` once every zone knows the group; some emulators say nothing.
#[tokio::test]
async fn a_group_is_ready_when_rds_says_so() {
    for (word, ready) in [("Complete", true), ("", true), ("Creating", false)] {
        let (cloud, _) = query(move |action, _| match action {
            "DescribeDBSubnetGroups" => {
                let group = format!(
                    "<DBSubnetGroupName>loans</DBSubnetGroupName><SubnetGroupStatus>{word}</SubnetGroupStatus>"
                );
                let groups =
                    format!("<DBSubnetGroups><DBSubnetGroup>{group}</DBSubnetGroup></DBSubnetGroups>");
                (
                    200,
                    format!("<{action}Response><{action}Result>{groups}</{action}Result></{action}Response>"),
                )
            }
            _ => (200, format!("<{action}Response><{action}Result/></{action}Response>")),
        });
        let id = Id::from("loans");
        let kind = resource::kind("db_subnet_group").unwrap();
        let found = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
        assert_eq!(found.status == Status::Ready, ready, "{word}: {:?}", found.status);
    }
}
