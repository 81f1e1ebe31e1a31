//! An object store in memory, as S3 behaves: conditional writes, versions, answers that get lost.

use futures::future::BoxFuture;
use stackctl::error::{AwsError, Error};
use stackctl::state::{Condition, Object, Objects, PutError, Version};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// What goes wrong at a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It was written, the answer was lost, and so the SDK's repetition finds the condition broken.
    Repeated,
    /// It was written, and the answer was lost for good.
    LostResponse,
    /// It never arrived.
    LostRequest,
}

#[derive(Debug, Default)]
struct Held {
    objects: BTreeMap<String, Vec<(String, Vec<u8>, Instant)>>,
    present: BTreeMap<String, bool>,
    writes: u64,
    requests: usize,
    trouble: VecDeque<(u64, Trouble)>,
}

/// Time of a request is `latency`; the writes to come can be disturbed.
#[derive(Debug, Default)]
pub struct Memory {
    held: Mutex<Held>,
    latency: Duration,
}

impl Memory {
    /// Every request takes `latency`.
    pub fn slow(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    /// Disturbs the write that comes after `after` others.
    pub fn trouble(&self, after: u64, trouble: Trouble) {
        let mut held = self.held.lock().unwrap();
        let at = held.writes + after;
        held.trouble.push_back((at, trouble));
    }

    /// Whether all the trouble that was planned has come.
    pub fn untroubled(&self) -> bool {
        self.held.lock().unwrap().trouble.is_empty()
    }

    /// No more trouble.
    pub fn calm(&self) {
        self.held.lock().unwrap().trouble.clear();
    }

    pub fn requests(&self) -> usize {
        self.held.lock().unwrap().requests
    }

    /// Keys that exist.
    pub fn keys(&self) -> Vec<String> {
        let held = self.held.lock().unwrap();
        held.present.iter().filter(|(_, present)| **present).map(|(key, _)| key.clone()).collect()
    }

    async fn request(&self) {
        self.held.lock().unwrap().requests += 1;
        tokio::time::sleep(self.latency).await;
    }
}

impl Held {
    fn current(&self, key: &str) -> Option<&(String, Vec<u8>, Instant)> {
        if *self.present.get(key)? { self.objects.get(key)?.last() } else { None }
    }

    fn holds(&self, key: &str, condition: &Condition) -> bool {
        match (condition, self.current(key)) {
            (Condition::Absent, there) => there.is_none(),
            (Condition::Match(etag), Some((there, ..))) => etag == there,
            (Condition::Match(_), None) => false,
        }
    }
}

fn lost() -> Error {
    Error::Aws(AwsError {
        operation: "s3:PutObject",
        code: None,
        message: "no answer".to_owned(),
        request_id: None,
        status: None,
    })
}

impl Objects for Memory {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>> {
        Box::pin(async move {
            self.request().await;
            let held = self.held.lock().unwrap();
            Ok(held.current(key).map(|(etag, bytes, written)| Object {
                bytes: bytes.clone(),
                etag: etag.clone(),
                age: written.elapsed(),
            }))
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>> {
        Box::pin(async move {
            self.request().await;
            let mut held = self.held.lock().unwrap();
            held.writes += 1;
            let write = held.writes;
            let at = held.trouble.iter().position(|(at, _)| *at < write);
            let trouble = at.and_then(|at| held.trouble.remove(at)).map(|(_, trouble)| trouble);
            if trouble == Some(Trouble::LostRequest) {
                return Err(PutError::Failed(lost()));
            }
            if !held.holds(key, &condition) {
                return Err(PutError::Conflict);
            }
            let etag = format!("\"{write}\"");
            held.objects.entry(key.to_owned()).or_default().push((etag.clone(), bytes, Instant::now()));
            held.present.insert(key.to_owned(), true);
            match trouble {
                Some(Trouble::Repeated) => Err(PutError::Conflict),
                Some(_) => Err(PutError::Failed(lost())),
                None => Ok(etag),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            self.request().await;
            let mut held = self.held.lock().unwrap();
            match held.current(key) {
                None => Ok(()),
                Some((there, ..)) if there == etag => {
                    held.present.insert(key.to_owned(), false);
                    Ok(())
                }
                Some(_) => Err(PutError::Conflict),
            }
        })
    }

    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>, Error>> {
        Box::pin(async move {
            self.request().await;
            let held = self.held.lock().unwrap();
            let all = held.objects.get(key).map(Vec::as_slice).unwrap_or_default();
            let version = |(etag, bytes, _): &(String, Vec<u8>, Instant)| Version {
                id: etag.clone(),
                modified: "2026-01-01T00:00:00Z".to_owned(),
                size: bytes.len() as u64,
            };
            Ok(all.iter().rev().take(most).map(version).collect())
        })
    }

    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move {
            self.request().await;
            let held = self.held.lock().unwrap();
            let all = held.objects.get(key).map(Vec::as_slice).unwrap_or_default();
            Ok(all.iter().find(|(etag, ..)| etag == id).map(|(_, bytes, _)| bytes.clone()))
        })
    }
}
