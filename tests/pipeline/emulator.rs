use crate::project::Project;
use aws_sdk_s3::primitives::ByteStream;
use stackctl::cloud::{Cloud, http};
use std::future::Future;
use std::path::Path;

fn cloud(project: &Project) -> Cloud {
    Cloud::emulator(&project.endpoint(), "eu-west-1", http())
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// The loan bucket, as any S3 client sees it.
pub struct Bucket<'a> {
    project: &'a Project,
    name: String,
}

impl<'a> Bucket<'a> {
    pub fn of(project: &'a Project) -> Self {
        let name = project.says("output", &["output", "bucket", "--target", "local"]).trim().to_owned();
        Self { project, name }
    }

    pub fn put(&self, key: &str, file: &Path) {
        let s3 = cloud(self.project).s3();
        wait(async {
            let body = ByteStream::from_path(file).await.unwrap();
            s3.put_object().bucket(&self.name).key(key).body(body).send().await.unwrap();
        });
    }
}

/// Bodies of the messages in a queue.
pub fn messages(project: &Project, url: &str) -> Vec<String> {
    let sqs = cloud(project).sqs();
    let received = wait(sqs.receive_message().queue_url(url).max_number_of_messages(10).send()).unwrap();
    received.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect()
}

/// A VPC that carries the ownership tags of an address, made behind stackctl's back; its id.
pub fn tagged_vpc(project: &Project, stack: &str, address: &str) -> String {
    use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
    let tags = [("stackctl:stack", stack), ("stackctl:address", address), ("stackctl:intent", "another")];
    let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags =
        TagSpecification::builder().resource_type(ResourceType::Vpc).set_tags(Some(tags.to_vec())).build();
    let ec2 = cloud(project).ec2();
    let made = wait(ec2.create_vpc().cidr_block("10.99.0.0/16").tag_specifications(tags).send()).unwrap();
    made.vpc.unwrap().vpc_id.unwrap()
}

pub fn delete_vpc(project: &Project, id: &str) {
    wait(cloud(project).ec2().delete_vpc().vpc_id(id).send()).unwrap();
}

/// Nothing that stackctl makes is left at the emulator.
pub fn is_empty(project: &Project) {
    let cloud = cloud(project);
    let left = wait(async {
        let mut left: Vec<String> = vec![];
        let mut add = |kind: &str, names: Vec<Option<String>>| {
            left.extend(names.into_iter().map(|name| format!("{kind} {}", name.unwrap_or_default())));
        };
        let buckets = cloud.s3().list_buckets().send().await.unwrap().buckets.unwrap_or_default();
        add("bucket", buckets.into_iter().map(|bucket| bucket.name).collect());
        let functions = cloud.lambda().list_functions().send().await.unwrap().functions.unwrap_or_default();
        add("function", functions.into_iter().map(|function| function.function_name).collect());
        let roles = cloud.iam().list_roles().send().await.unwrap().roles;
        add("role", roles.into_iter().map(|role| Some(role.role_name)).collect());
        let queues = cloud.sqs().list_queues().send().await.unwrap().queue_urls.unwrap_or_default();
        add("queue", queues.into_iter().map(Some).collect());
        let groups = cloud.logs().describe_log_groups().send().await.unwrap().log_groups.unwrap_or_default();
        add("log group", groups.into_iter().map(|group| group.log_group_name).collect());
        let secrets = cloud
            .secrets()
            .list_secrets()
            .include_planned_deletion(true)
            .send()
            .await
            .unwrap()
            .secret_list
            .unwrap_or_default();
        add("secret", secrets.into_iter().map(|secret| secret.name).collect());
        let databases =
            cloud.rds().describe_db_instances().send().await.unwrap().db_instances.unwrap_or_default();
        add("database", databases.into_iter().map(|database| database.db_instance_identifier).collect());
        let snapshots =
            cloud.rds().describe_db_snapshots().send().await.unwrap().db_snapshots.unwrap_or_default();
        add("snapshot", snapshots.into_iter().map(|snapshot| snapshot.db_snapshot_identifier).collect());
        let subnets = cloud.rds().describe_db_subnet_groups().send().await.unwrap();
        let subnets = subnets.db_subnet_groups.unwrap_or_default().into_iter();
        add(
            "subnet group",
            subnets.map(|g| g.db_subnet_group_name).filter(|n| n.as_deref() != Some("default")).collect(),
        );
        let endpoints =
            cloud.ec2().describe_vpc_endpoints().send().await.unwrap().vpc_endpoints.unwrap_or_default();
        add("endpoint", endpoints.into_iter().map(|endpoint| endpoint.vpc_endpoint_id).collect());
        // The emulator comes with a default VPC, its subnets and its group, as an AWS account does.
        let vpcs = cloud.ec2().describe_vpcs().send().await.unwrap().vpcs.unwrap_or_default();
        add(
            "vpc",
            vpcs.into_iter().filter(|vpc| vpc.is_default != Some(true)).map(|vpc| vpc.vpc_id).collect(),
        );
        let owned = aws_sdk_ec2::types::Filter::builder().name("tag-key").values("stackctl:stack").build();
        let subnets = cloud.ec2().describe_subnets().filters(owned.clone()).send().await.unwrap();
        add(
            "subnet",
            subnets.subnets.unwrap_or_default().into_iter().map(|subnet| subnet.subnet_id).collect(),
        );
        let groups = cloud.ec2().describe_security_groups().filters(owned.clone()).send().await.unwrap();
        add(
            "group",
            groups.security_groups.unwrap_or_default().into_iter().map(|group| group.group_id).collect(),
        );
        let tables = cloud.ec2().describe_route_tables().filters(owned).send().await.unwrap();
        add(
            "table",
            tables.route_tables.unwrap_or_default().into_iter().map(|table| table.route_table_id).collect(),
        );
        left
    });
    assert!(left.is_empty(), "left at the emulator: {left:#?}");
}
