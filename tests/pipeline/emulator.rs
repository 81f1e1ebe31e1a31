use crate::listing::{local_cloud, objects};
use crate::project::Project;
use aws_sdk_s3::primitives::ByteStream;
use stackctl::cloud::Cloud;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;

fn cloud(project: &Project) -> Cloud {
    local_cloud(project.path(), &project.endpoint())
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
        Self { project, name: project.bucket() }
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

/// URLs of all queues.
pub fn queues(project: &Project) -> Vec<String> {
    let objects = wait(objects(&cloud(project)));
    objects.into_iter().filter(|object| object.kind == "queue").map(|object| object.id).collect()
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

/// An object's content.
pub fn object(project: &Project, bucket: &str, key: &str) -> Option<Vec<u8>> {
    let s3 = cloud(project).s3();
    wait(async {
        let answer = s3.get_object().bucket(bucket).key(key).send().await.ok()?;
        Some(answer.body.collect().await.unwrap().to_vec())
    })
}

/// Every object below a prefix, into a folder that has the rest of its key.
pub fn download(project: &Project, bucket: &str, prefix: &str, folder: &Path) {
    let s3 = cloud(project).s3();
    let pages = s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    let objects = wait(pages.collect::<Result<Vec<_>, _>>()).unwrap();
    for object in objects.iter().flat_map(|page| page.contents()) {
        let key = object.key().unwrap();
        let path = folder.join(key.strip_prefix(prefix).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, self::object(project, bucket, key).unwrap()).unwrap();
    }
}

pub fn put_object(project: &Project, bucket: &str, key: &str, bytes: &[u8]) {
    let s3 = cloud(project).s3();
    wait(s3.put_object().bucket(bucket).key(key).body(ByteStream::from(bytes.to_vec())).send()).unwrap();
}

/// A state's lease, held and renewed by this process, as by an apply of somebody else.
pub struct Renewed {
    _runtime: tokio::runtime::Runtime,
    _held: stackctl::state::HeldRemote,
}

impl Renewed {
    pub fn hold(project: &Project, bucket: &str, key: &str) -> Self {
        let objects = std::sync::Arc::new(stackctl::state::Bucket::new(&cloud(project), bucket));
        let remote = stackctl::state::Remote::new(objects, &format!("s3://{bucket}/{key}"), key);
        // Renewed every two seconds.
        let remote = remote.lasting(std::time::Duration::from_secs(8));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (_, held) = runtime.block_on(remote.open("apply", std::time::Duration::ZERO)).unwrap();
        Self { _runtime: runtime, _held: held }
    }
}

/// Nothing that stackctl makes is left at the emulator.
pub fn is_empty(project: &Project) {
    assert_left(project, &[]);
}

/// Nothing but the bucket of the states.
pub fn has_only_bucket(project: &Project, name: &str) {
    assert_left(project, &[&format!("bucket {name}")]);
}

fn assert_left(project: &Project, expected: &[&str]) {
    let found = wait(objects(&cloud(project)));
    let left: Vec<String> = found.iter().map(|object| format!("{} {}", object.kind, object.id)).collect();
    assert_eq!(left, expected, "left at the emulator");
}

/// Sets a tag of a VPC behind stackctl's back, or removes it.
pub fn tag_vpc(project: &Project, vpc: &str, key: &str, value: Option<&str>) {
    use aws_sdk_ec2::types::Tag;
    let ec2 = cloud(project).ec2();
    let tag = Tag::builder().key(key);
    match value {
        Some(value) => {
            let call = ec2.create_tags().resources(vpc).tags(tag.value(value).build());
            wait(call.send()).map(drop).unwrap();
        }
        None => wait(ec2.delete_tags().resources(vpc).tags(tag.build()).send()).map(drop).unwrap(),
    }
}

pub fn vpc_tags(project: &Project, vpc: &str) -> BTreeMap<String, String> {
    let found = wait(cloud(project).ec2().describe_vpcs().vpc_ids(vpc).send()).unwrap();
    let tags = found.vpcs.unwrap_or_default().into_iter().flat_map(|vpc| vpc.tags.unwrap_or_default());
    tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect()
}

/// The same for a queue.
pub fn tag_queue(project: &Project, url: &str, key: &str, value: Option<&str>) {
    let sqs = cloud(project).sqs();
    match value {
        Some(value) => wait(sqs.tag_queue().queue_url(url).tags(key, value).send()).map(drop).unwrap(),
        None => wait(sqs.untag_queue().queue_url(url).tag_keys(key).send()).map(drop).unwrap(),
    }
}

pub fn queue_tags(project: &Project, url: &str) -> BTreeMap<String, String> {
    let found = wait(cloud(project).sqs().list_queue_tags().queue_url(url).send()).unwrap();
    found.tags.unwrap_or_default().into_iter().collect()
}
