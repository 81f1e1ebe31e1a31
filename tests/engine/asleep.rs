//! A process that sleeps between taking the lease of a remote state and reading it.

use crate::objects::Memory;
use crate::remote::{LEASE, address, intent};
use crate::world::Test;
use futures::future::BoxFuture;
use stackctl::error::Error;
use stackctl::state::{Condition, Object, Objects, PutError, Remote, StateError, Version};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The store as a process sees it that falls asleep at its first look at `key`: nothing that it asks for goes out, renewals
/// of its lease neither, before it wakes up.
#[derive(Debug)]
struct Asleep {
    memory: Arc<Memory>,
    key: String,
    wakes: OnceLock<Instant>,
    sleeps: Duration,
}

impl Asleep {
    async fn awake(&self) {
        if let Some(at) = self.wakes.get() {
            sleep_until(*at).await;
        }
    }
}

impl Objects for Asleep {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>> {
        Box::pin(async move {
            if key == self.key {
                self.wakes.get_or_init(|| Instant::now() + self.sleeps);
            }
            self.awake().await;
            self.memory.get(key).await
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>> {
        Box::pin(async move {
            self.awake().await;
            self.memory.put(key, bytes, condition).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            self.awake().await;
            self.memory.delete(key, etag).await
        })
    }

    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>, Error>> {
        self.memory.versions(key, most)
    }

    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        self.memory.version(key, id)
    }
}

/// What it reads then is what its successor is in the midst of: it lies there, so that no condition on a write would hold it
/// back, and the successor would be the one who is thrown out.
#[tokio::test(start_paused = true)]
async fn what_is_read_after_the_lease_was_lost_is_not_built_upon() {
    let test = Test::remote();
    test.apply("").await;
    let memory = test.memory.clone().unwrap();
    let key = "team/test.json".to_owned();
    let asleep = Asleep { memory, key: key.clone(), wakes: OnceLock::new(), sleeps: 4 * LEASE };
    let sleeper = Remote::new(Arc::new(asleep), "sleeper", &key);
    let successor = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (document, held) = test.store().open("apply", 3 * LEASE).await.unwrap();
        let journal = held.journal(&document.unwrap(), "apply").await.unwrap();
        journal.append(&intent("first")).await.unwrap();
        tokio::time::sleep(4 * LEASE).await;
        journal.append(&intent("second")).await.expect("it has the lease, and its journal is its own");
        held.release().await;
    };
    let (refused, ()) = tokio::join!(sleeper.open("apply", Duration::ZERO), successor);
    let refused = refused.map(|_| ()).unwrap_err();
    assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
    let document = test.store().peek().await.unwrap().unwrap();
    assert_eq!(document.open.len(), 2);
    assert!(document.open.iter().any(|intent| intent.address == address("net.second")));
}
