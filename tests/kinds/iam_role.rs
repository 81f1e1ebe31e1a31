use crate::emulator::{ministack, moto};
use crate::harness::{create, lifecycle, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;

fn allow(action: &str) -> Json {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
}

async fn policy(cloud: &Cloud) -> String {
    let call = cloud.iam().create_policy().policy_name(unique("loans"));
    let made = call.policy_document(allow("s3:GetObject").to_string()).send().await.unwrap();
    made.policy.unwrap().arn.unwrap()
}

pub async fn life(cloud: &Cloud, last_description: Json) {
    let (own, other) = (policy(cloud).await, policy(cloud).await);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}}]});
    let changes = [
        json!({"policies": {"read": allow("S3:getObject"), "write": allow("s3:PutObject")}}),
        json!({"policies": {"read": allow("s3:ListBucket")}}),
        json!({"policies": {}}),
        json!({"managed_policies": [own, other]}),
        json!({"managed_policies": [other]}),
        json!({"managed_policies": []}),
        json!({"assumed_by": null, "trust": trust}),
        json!({"assumed_by": "scheduler.amazonaws.com", "trust": null}),
        json!({"description": "of the loans", "max_session_duration": 7200}),
        json!({"description": last_description, "max_session_duration": 3600}),
        json!({"permissions_boundary": own}),
        json!({"permissions_boundary": null}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}, "policies": {"read": allow("s3:*")}, "managed_policies": [other]}),
    ];
    let inputs = json!({"name": unique("loans"), "assumed_by": "lambda.amazonaws.com", "path": "/loans/",
        "policies": {"read": allow("s3:GetObject")}, "tags": {"owner": "x"}});
    lifecycle("iam_role", cloud, inputs, &changes).await;
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto(), Json::Null).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    // MiniStack takes no empty description.
    life(&ministack(), json!("of others")).await;
}

/// What somebody else attaches is drift, and an instance profile does not stand in the way of the end.
#[tokio::test]
async fn is_exclusive_and_can_be_deleted() {
    for cloud in [moto(), ministack()] {
        let (iam, own) = (cloud.iam(), policy(&cloud).await);
        let mut role =
            create("iam_role", &cloud, json!({"name": unique("x"), "assumed_by": "ec2.amazonaws.com"})).await;
        iam.attach_role_policy().role_name(&role.id.0).policy_arn(own).send().await.unwrap();
        let foreign = iam.put_role_policy().role_name(&role.id.0).policy_name("foreign");
        foreign.policy_document(allow("s3:*").to_string()).send().await.unwrap();
        let seen = role.read().await.unwrap().inputs;
        assert_eq!(seen["policies"]["foreign"]["Statement"]["Action"], "s3:*");
        assert_eq!(seen["managed_policies"].as_array().unwrap().len(), 1);
        role.converge().await;
        let profile = unique("profile");
        iam.create_instance_profile().instance_profile_name(&profile).send().await.unwrap();
        let call = iam.add_role_to_instance_profile().instance_profile_name(&profile);
        call.role_name(&role.id.0).send().await.unwrap();
        let outputs = role.read().await.unwrap().outputs;
        assert!(outputs["arn"].as_str().unwrap().starts_with("arn:aws:iam::"), "{outputs}");
        assert!(outputs["unique_id"].as_str().unwrap().starts_with("AROA"), "{outputs}");
        role.delete().await;
    }
}
