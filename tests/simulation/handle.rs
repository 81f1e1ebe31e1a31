use crate::objects::Memory;
use crate::place::betrays;
use crate::process::{Process, Trouble};
use crate::story::Point;
use futures::FutureExt;
use futures::future::BoxFuture;
use stackctl::error::{Error, Result};
use stackctl::state::{Condition, Object, Objects, PutError, Version};
use std::sync::Arc;

/// A process's way to the object store.
#[derive(Debug)]
pub struct Handle {
    pub memory: Arc<Memory>,
    pub process: Arc<Process>,
}

fn point(key: &str) -> Point {
    match key.rsplit('.').next() {
        Some("lock") => Point::PutLease,
        Some("journal") => Point::PutJournal,
        _ => Point::PutState,
    }
}

/// The repetition of a conditional write whose answer was lost finds the condition broken.
fn put_error(trouble: Trouble) -> PutError {
    if trouble == Trouble::Taken { PutError::Conflict } else { PutError::Failed(Error::from(trouble)) }
}

impl Objects for Handle {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>>> {
        Box::pin(async move {
            let (memory, name) = (self.memory.clone(), key.to_owned());
            let act = move |_| memory.get(&name).now_or_never().unwrap();
            self.process.call(Point::Get, key.to_owned(), act).await?
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>> {
        Box::pin(async move {
            let sim = self.process.sim.clone();
            if betrays(&bytes) {
                sim.wrong("secret", || format!("{key} would have a secret in it"));
            }
            let takes =
                point(key) == Point::PutLease && String::from_utf8_lossy(&bytes).contains("\"renewals\":0");
            let seizes = takes && condition != Condition::Absent;
            let (memory, name, process) = (self.memory.clone(), key.to_owned(), self.process.clone());
            let act = move |_| {
                let put = memory.put(&name, bytes, condition).now_or_never().unwrap();
                if put.is_ok() && takes {
                    process.takes();
                }
                if put.is_ok() && seizes {
                    sim.count("takeovers");
                }
                put
            };
            self.process.call(point(key), key.to_owned(), act).await.map_err(put_error)?
        })
    }

    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            let (memory, name, tag) = (self.memory.clone(), key.to_owned(), etag.to_owned());
            let act = move |_| memory.delete(&name, &tag).now_or_never().unwrap();
            self.process.call(Point::Remove, key.to_owned(), act).await.map_err(put_error)?
        })
    }

    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>>> {
        self.memory.versions(key, most)
    }

    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        self.memory.version(key, id)
    }
}
