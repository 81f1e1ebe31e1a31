use crate::listing::{local_cloud, objects};
use crate::project::Project;
use stackctl::cloud::Cloud;
use std::collections::BTreeSet;
use std::future::Future;

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn cloud(project: &Project) -> Cloud {
    local_cloud(project.path(), &project.endpoint())
}

/// Keys of a bucket.
pub fn keys(project: &Project, bucket: &str) -> Vec<String> {
    let cloud = cloud(project);
    let listed = wait(cloud.s3().list_objects_v2().bucket(bucket).send());
    listed
        .ok()
        .and_then(|listed| listed.contents)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|o| o.key)
        .collect()
}

/// So many objects carry our ownership tags, each for an address of its own.
pub fn owns_one_each(project: &Project, count: usize) {
    let found = wait(objects(&cloud(project)));
    let owned: Vec<String> = found.into_iter().filter_map(|object| object.address).collect();
    let distinct: BTreeSet<&String> = owned.iter().collect();
    assert_eq!((owned.len(), distinct.len()), (count, count), "{owned:?}");
}

/// What is in every secret, and every password in one.
pub fn secret_values(project: &Project) -> Vec<String> {
    let cloud = cloud(project);
    wait(async {
        let secrets = cloud.secrets().list_secrets().send().await.unwrap().secret_list.unwrap_or_default();
        let mut values = vec![];
        for secret in secrets {
            let got =
                cloud.secrets().get_secret_value().secret_id(secret.arn().unwrap()).send().await.unwrap();
            let text = got.secret_string.unwrap();
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(table) => values.extend(table["password"].as_str().map(str::to_owned)),
                Err(_) => values.push(text),
            }
        }
        values
    })
}
