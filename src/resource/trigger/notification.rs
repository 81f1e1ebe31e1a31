//! A bucket's notification configuration: one document that AWS only takes whole, and of which a trigger owns one entry.

use super::{Inputs, Parts};
use crate::cloud::{Cloud, Gone, aws};
use crate::error::{Error, Result};
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, LambdaFunctionConfiguration as Entry, NotificationConfiguration,
    NotificationConfigurationFilter, S3KeyFilter,
};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

const GONE: &[&str] = &["NoSuchBucket"];

/// How long a read may still show what was there before a write.
const STALE: Duration = Duration::from_secs(60);

/// What this process wrote to a bucket lately, by id of the entry; `None` was removed. S3 makes these configurations
/// consistent late, so without this the second of two triggers would write back a document that lacks the first.
type Recent = HashMap<String, (Instant, Option<Entry>)>;

/// One writer at a time for each bucket, by account, region and name.
static BUCKETS: LazyLock<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Recent>>>>> = LazyLock::new(Default::default);

fn lock(cloud: &Cloud, bucket: &str) -> Arc<tokio::sync::Mutex<Recent>> {
    let key = format!("{}/{}/{bucket}", cloud.account, cloud.region);
    let mut buckets = BUCKETS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(buckets.entry(key).or_default())
}

/// The whole document.
#[derive(Debug)]
pub(super) struct Notification(NotificationConfiguration);

impl Default for Notification {
    fn default() -> Self {
        Self(NotificationConfiguration::builder().build())
    }
}

/// The document of a bucket; none of a bucket that is not there.
pub(super) async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Notification>> {
    fetch(cloud, bucket).await.gone(GONE)
}

async fn fetch(cloud: &Cloud, bucket: &str) -> Result<Notification> {
    let call = cloud.s3().get_bucket_notification_configuration().bucket(bucket);
    let found = match call.send().await.map_err(aws("s3:GetBucketNotification")) {
        // moto's answer for a bucket without notifications, which the SDK cannot parse.
        Err(error) if cloud.emulated && error.to_string().contains("GetBucketNotificationResponse") => {
            return Ok(Notification::default());
        }
        found => found?,
    };
    let whole = NotificationConfiguration::builder()
        .set_topic_configurations(found.topic_configurations)
        .set_queue_configurations(found.queue_configurations)
        .set_lambda_function_configurations(found.lambda_function_configurations)
        .set_event_bridge_configuration(found.event_bridge_configuration);
    Ok(Notification(whole.build()))
}

/// Puts the entry in place, or removes it, and leaves everything else as it is.
pub(super) async fn change(cloud: &Cloud, bucket: &str, entry_id: &str, wanted: Option<Entry>) -> Result<()> {
    let lock = lock(cloud, bucket);
    let mut recent = lock.lock().await;
    let mut whole = match fetch(cloud, bucket).await {
        Err(error) if wanted.is_none() && error.is(GONE) => return Ok(()),
        other => other?,
    };
    recent.retain(|_, (at, _)| at.elapsed() < STALE);
    for (id, (_, entry)) in recent.iter() {
        whole.set(id, entry.clone());
    }
    let removing = wanted.is_none();
    if !whole.set(entry_id, wanted.clone()) {
        return Ok(());
    }
    // A removal must not fail for a function of somebody else's that is gone.
    write(cloud, bucket, whole.0, removing).await?;
    recent.insert(entry_id.to_owned(), (Instant::now(), wanted));
    Ok(())
}

async fn write(
    cloud: &Cloud,
    bucket: &str,
    whole: NotificationConfiguration,
    without_validation: bool,
) -> Result<()> {
    let call = cloud.s3().put_bucket_notification_configuration().bucket(bucket).notification_configuration(whole);
    let call = if without_validation { call.skip_destination_validation(true) } else { call };
    call.send().await.map_err(aws("s3:PutBucketNotification"))?;
    Ok(())
}

impl Notification {
    /// The entry of this id.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.lambda_function_configurations().iter().find(|entry| entry.id() == Some(id))
    }

    /// Ids that start like this, and the functions that they call.
    pub fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (String, String)> {
        self.0.lambda_function_configurations().iter().filter_map(move |entry| {
            let id = entry.id().filter(|id| id.starts_with(prefix))?;
            Some((id.to_owned(), entry.lambda_function_arn.clone()))
        })
    }

    /// Whether that changed anything.
    fn set(&mut self, id: &str, wanted: Option<Entry>) -> bool {
        if self.entry(id) == wanted.as_ref() {
            return false;
        }
        let entries = self.0.lambda_function_configurations.get_or_insert_default();
        entries.retain(|entry| entry.id() != Some(id));
        entries.extend(wanted);
        true
    }

    /// The other entries that take objects of `inputs`, in words.
    pub fn overlapping(&self, own: &str, inputs: &Inputs) -> Vec<String> {
        let functions = self.0.lambda_function_configurations().iter().map(|entry| {
            (entry.id(), entry.lambda_function_arn.as_str(), &entry.events, entry.filter.as_ref())
        });
        let queues = self.0.queue_configurations().iter();
        let queues = queues.map(|entry| (entry.id(), entry.queue_arn.as_str(), &entry.events, entry.filter.as_ref()));
        let topics = self.0.topic_configurations().iter();
        let topics = topics.map(|entry| (entry.id(), entry.topic_arn.as_str(), &entry.events, entry.filter.as_ref()));
        functions
            .chain(queues)
            .chain(topics)
            .filter(|(id, _, events, filter)| {
                let starts = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
                let ends = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
                *id != Some(own)
                    && events.iter().any(|a| inputs.events.iter().any(|b| same_event(a.as_str(), b)))
                    && starts(&rule(*filter, "prefix").unwrap_or_default(), inputs.prefix.as_deref().unwrap_or_default())
                    && ends(&rule(*filter, "suffix").unwrap_or_default(), inputs.suffix.as_deref().unwrap_or_default())
            })
            .map(|(id, target, _, _)| format!("`{}` (to {target})", id.unwrap_or("without id")))
            .collect()
    }
}

/// `s3:ObjectCreated:*` covers `s3:ObjectCreated:Put`.
fn same_event(a: &str, b: &str) -> bool {
    let covers = |a: &str, b: &str| a.strip_suffix('*').is_some_and(|stem| b.starts_with(stem));
    a == b || covers(a, b) || covers(b, a)
}

/// The entry as it is wanted.
pub(super) fn build(parts: &Parts, inputs: &Inputs) -> Result<Entry> {
    let rule = |name: FilterRuleName, value: &Option<String>| {
        value.as_ref().map(|value| FilterRule::builder().name(name).value(value).build())
    };
    let rules: Vec<_> = [rule(FilterRuleName::Prefix, &inputs.prefix), rule(FilterRuleName::Suffix, &inputs.suffix)]
        .into_iter()
        .flatten()
        .collect();
    let filter = (!rules.is_empty()).then(|| {
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        NotificationConfigurationFilter::builder().key(key).build()
    });
    Entry::builder()
        .id(&parts.entry)
        .lambda_function_arn(&parts.function)
        .set_events(Some(inputs.events.iter().map(|event| Event::from(event.as_str())).collect()))
        .set_filter(filter)
        .build()
        .map_err(|error| Error::Refused(error.to_string()))
}

/// The events of an entry, in the words of S3.
pub(super) fn events(entry: &Entry) -> Vec<String> {
    entry.events.iter().map(|event| event.as_str().to_owned()).collect()
}

/// The value of the filter `prefix` or `suffix`.
pub(super) fn filter(entry: &Entry, name: &str) -> Option<String> {
    rule(entry.filter.as_ref(), name)
}

fn rule(filter: Option<&NotificationConfigurationFilter>, name: &str) -> Option<String> {
    let rules = filter?.key()?.filter_rules().iter();
    // S3 takes `prefix` and answers `Prefix`.
    let mut named = rules.filter(|rule| rule.name().is_some_and(|found| found.as_str().eq_ignore_ascii_case(name)));
    named.next()?.value().filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(entry: &str) -> Parts {
        Parts { bucket: "b".to_owned(), function: "arn:f".to_owned(), entry: entry.to_owned() }
    }

    fn inputs(prefix: Option<&str>, suffix: Option<&str>) -> Inputs {
        Inputs {
            bucket: "b".to_owned(),
            function: "arn:f".to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: prefix.map(str::to_owned),
            suffix: suffix.map(str::to_owned),
        }
    }

    #[test]
    fn an_entry_reads_back_as_built() {
        let entry = build(&parts("a"), &inputs(Some("in/"), Some(".csv"))).unwrap();
        assert_eq!(events(&entry), ["s3:ObjectCreated:*"]);
        assert_eq!(filter(&entry, "prefix").as_deref(), Some("in/"));
        assert_eq!(filter(&entry, "suffix").as_deref(), Some(".csv"));
        let open = build(&parts("a"), &inputs(None, None)).unwrap();
        assert_eq!((open.filter.is_none(), filter(&open, "prefix")), (true, None));
    }

    #[test]
    fn only_the_own_entry_changes() {
        let mut whole = Notification::default();
        let entry = |id| build(&parts(id), &inputs(None, None)).unwrap();
        assert!(whole.set("a", Some(entry("a"))) && whole.set("b", Some(entry("b"))));
        assert!(!whole.set("a", Some(entry("a"))));
        assert!(whole.set("a", None));
        assert!(!whole.set("a", None));
        assert!(whole.entry("a").is_none() && whole.entry("b").is_some());
    }

    #[test]
    fn what_collides_is_named() {
        let mut whole = Notification::default();
        whole.set("other", Some(build(&parts("other"), &inputs(Some("in/"), Some(".csv"))).unwrap()));
        let of = |prefix, suffix| whole.overlapping("own", &inputs(prefix, suffix));
        assert_eq!(of(None, None), ["`other` (to arn:f)"]);
        assert_eq!(of(Some("in/new/"), None).len(), 1);
        assert_eq!(of(Some("out/"), None).len(), 0);
        assert_eq!(of(Some("in/"), Some(".json")).len(), 0);
        let mut removals = inputs(None, None);
        removals.events = vec!["s3:ObjectRemoved:Delete".to_owned()];
        assert_eq!(whole.overlapping("own", &removals).len(), 0);
    }
}
